//! Butterflies over a table, in place: all `2^n` coefficients of a game at once.
//!
//! Each costs `n 2^(n-1)` additions, or two for each in Walsh's case, and no memory.

use crate::error::Error;

/// Moebius: `a(T) = sum_{S in T} (-1)^(|T|-|S|) v(S)`, Harsanyi's dividends. The inverse of [`zeta`].
///
/// Digits are lost as coalitions grow: `a(T)` sums `2^|T|` worths of both signs.
pub fn moebius(worths: &mut [f64]) -> Result<(), Error> {
    butterfly(worths, |out, joined| (out, joined - out))
}

/// Zeta: `v(T) = sum_{S in T} a(S)`, worths from dividends. The inverse of [`moebius`].
pub fn zeta(dividends: &mut [f64]) -> Result<(), Error> {
    butterfly(dividends, |out, joined| (out, joined + out))
}

/// Walsh: `beta_U = 2^-n sum_S v(S) (-1)^|U & S|`. Orthogonal, so it loses no digits; see [`inverse_walsh`].
pub fn walsh(worths: &mut [f64]) -> Result<(), Error> {
    let scale = 1.0 / worths.len() as f64;
    inverse_walsh(worths)?;
    for worth in worths {
        *worth *= scale;
    }
    Ok(())
}

/// `v(S) = sum_U beta_U (-1)^|U & S|`, worths from Walsh coefficients.
pub fn inverse_walsh(coefficients: &mut [f64]) -> Result<(), Error> {
    butterfly(coefficients, |out, joined| (out + joined, out - joined))
}

/// Replace each pair of entries that differ in one player, for one player after another.
///
/// Blocks that fit the cache are finished before the players above them begin.
fn butterfly(table: &mut [f64], pair: impl Fn(f64, f64) -> (f64, f64) + Copy) -> Result<(), Error> {
    /// Entries of a block: 256 KiB, within the second-level cache.
    const BLOCK: usize = 1 << 15;
    if !table.len().is_power_of_two() {
        return Err(Error::NotAllCoalitions { argument: "worths", got: table.len() });
    }
    let stages = |table: &mut [f64], mut half: usize| {
        while half < table.len() {
            for block in table.chunks_exact_mut(2 * half) {
                let (out, joined) = block.split_at_mut(half);
                for (out, joined) in out.iter_mut().zip(joined) {
                    (*out, *joined) = pair(*out, *joined);
                }
            }
            half *= 2;
        }
    };
    let block = BLOCK.min(table.len());
    table.chunks_exact_mut(block).for_each(|block| stages(block, 1));
    stages(table, block);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn worths(n_players: usize, stream: u64) -> Vec<f64> {
        let mut stream = Stream::new(stream, Purpose::Order, 0, n_players as u64);
        (0..1 << n_players).map(|_| stream.below(1 << 53) as f64 / (1_u64 << 52) as f64 - 1.0).collect()
    }

    #[test]
    fn transforms_equal_their_definitions() {
        let sign = |bits: usize| if bits.count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
        for n in 0..=7 {
            let v = worths(n, 3);
            let (mut a, mut z, mut b) = (v.clone(), v.clone(), v.clone());
            moebius(&mut a).unwrap();
            zeta(&mut z).unwrap();
            walsh(&mut b).unwrap();
            for t in 0..1_usize << n {
                let below = || (0..1_usize << n).filter(move |s| s & !t == 0);
                let moebius: f64 = below().map(|s| sign(s ^ t) * v[s]).sum();
                let zeta: f64 = below().map(|s| v[s]).sum();
                let walsh: f64 = (0..1_usize << n).map(|s| sign(s & t) * v[s]).sum::<f64>() / v.len() as f64;
                // Sums of at most 128 terms of size 1, on both roads.
                let rounding = 128.0 * 128.0 * f64::EPSILON;
                assert!((a[t] - moebius).abs() <= rounding && (z[t] - zeta).abs() <= rounding);
                assert!((b[t] - walsh).abs() <= 128.0 * f64::EPSILON, "n = {n}, t = {t}");
            }
        }
    }

    #[test]
    fn inverses_give_the_worths_back_beyond_the_cache_block() {
        for n in [0, 1, 9, 16, 17] {
            let v = worths(n, 4);
            let mut table = v.clone();
            walsh(&mut table).unwrap();
            inverse_walsh(&mut table).unwrap();
            // 2n additions of numbers that stay below 2, up to sqrt(2^n) terms each.
            let rounding = 2.0 * n as f64 * f64::EPSILON * (v.len() as f64).sqrt();
            assert!(table.iter().zip(&v).all(|(got, want)| (got - want).abs() <= rounding), "n = {n}");
            // Whole numbers are added without rounding.
            let whole: Vec<f64> = v.iter().map(|x| (x * 1000.0).round()).collect();
            let mut table = whole.clone();
            moebius(&mut table).unwrap();
            zeta(&mut table).unwrap();
            assert_eq!(table, whole);
        }
    }

    #[test]
    fn a_table_without_all_coalitions_is_refused() {
        for rows in [0, 3, 5] {
            let refused = Err(Error::NotAllCoalitions { argument: "worths", got: rows });
            assert_eq!(moebius(&mut vec![0.0; rows]), refused);
            assert_eq!(walsh(&mut vec![0.0; rows]), refused);
        }
    }
}
