//! Fewer rows in place of many: a random choice that keeps every weighted mean as it was on average.

use crate::random::{Purpose, Stream, mix};

/// Keeps lists at `n_samples` entries.
///
/// Of `m > n` weighted rows, those that weigh more than some `c` stay as they are, and the others are taken with
/// probability `w / c` and then weigh `c`; `c` is such that `n` remain. Which of the others are taken is decided by
/// one uniform number: they are laid side by side by their weights, in the order given, and every `c`-th place is a
/// hit. (Fearnhead, Clifford 2003, "On-line inference for hidden Markov models via particle filters", section 4.)
#[derive(Debug, Clone, Copy)]
pub(in crate::impute) struct Thinning {
    /// The most entries of a list.
    pub(in crate::impute) n_samples: usize,
    /// Where the uniform numbers come from.
    pub(in crate::impute) seed: u64,
}

impl Thinning {
    /// The stream of one list, which [`list_key`] and [`row_key`] number.
    pub(in crate::impute) fn stream(&self, row: u64, list: u64) -> Stream {
        Stream::new(self.seed, Purpose::Conditional, row, list)
    }

    /// Thin a list, where it is longer than allowed. `offset` is uniform in `[0, 1)`.
    pub(in crate::impute) fn thin(
        &self,
        rows: &mut Vec<u32>,
        weights: &mut Vec<f64>,
        offset: impl FnOnce() -> f64,
    ) {
        if rows.len() <= self.n_samples {
            return;
        }
        let limit = limit(weights, self.n_samples);
        let (mut kept, mut hits, mut sum) = (0, 0_u64, offset());
        for entry in 0..rows.len() {
            let weight = weights[entry];
            let is_heavy = weight > limit;
            sum += if is_heavy { 0.0 } else { weight / limit };
            let is_hit = sum >= (hits + 1) as f64;
            hits += u64::from(is_hit);
            (rows[kept], weights[kept]) = (rows[entry], weight.max(limit));
            kept += usize::from(is_heavy | is_hit);
            if kept == self.n_samples {
                break; // rounding may make a hit too many
            }
        }
        rows.truncate(kept);
        weights.truncate(kept);
    }
}

/// The `c` for which the sum of `min(w / c, 1)` is `n`: what is heavier than the mean share of the others is set
/// aside, until nothing is.
fn limit(weights: &[f64], n: usize) -> f64 {
    let mut limit = f64::INFINITY;
    loop {
        let (mut n_heavy, mut light) = (0, 0.0);
        for &weight in weights {
            if weight > limit {
                n_heavy += 1;
            } else {
                light += weight;
            }
        }
        if n_heavy >= n {
            return limit; // by rounding alone
        }
        let next = light / (n - n_heavy) as f64;
        if next >= limit {
            return limit;
        }
        limit = next;
    }
}

/// The number of an explained row in random streams: what it says, not where it stands.
pub(in crate::impute) fn row_key(values: impl Iterator<Item = f64>) -> u64 {
    values.fold(0, |key, value| mix(key.rotate_left(1) ^ mix(value.to_bits())))
}

/// The number of a coalition in random streams.
pub(in crate::impute) fn list_key(coalition: &[u64]) -> u64 {
    coalition.iter().fold(1, |key, &word| mix(key.rotate_left(1) ^ mix(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thinned(weights: &[f64], n_samples: usize, offset: f64) -> (Vec<u32>, Vec<f64>) {
        let mut rows: Vec<u32> = (0..).take(weights.len()).collect();
        let mut weights = weights.to_vec();
        Thinning { n_samples, seed: 0 }.thin(&mut rows, &mut weights, || offset);
        (rows, weights)
    }

    #[test]
    fn sums_stay_and_heavy_rows_stay_as_they_are() {
        let weights = [5.0, 0.1, 0.4, 3.0, 0.3, 0.2, 0.5, 0.25, 0.25];
        for step in 0..100 {
            let (rows, kept) = thinned(&weights, 4, f64::from(step) / 100.0);
            assert_eq!(rows.len(), 4);
            assert!(rows.contains(&0) && rows.contains(&3));
            assert_eq!((kept[0], kept[rows.iter().position(|&row| row == 3).unwrap()]), (5.0, 3.0));
            let (before, after): (f64, f64) = (weights.iter().sum(), kept.iter().sum());
            assert!((before - after).abs() <= 20.0 * f64::EPSILON * before);
        }
        assert_eq!(thinned(&weights, 9, 0.5).1, weights, "nothing to do");
        assert_eq!(thinned(&weights, 1, 0.5).0.len(), 1);
    }

    #[test]
    fn every_row_is_kept_as_often_as_it_weighs() {
        let weights = [0.1, 0.4, 0.3, 0.2, 4.0, 0.5, 0.25, 0.25];
        let mut means = [0.0; 8];
        let n_offsets = 4000;
        for step in 0..n_offsets {
            let (rows, kept) = thinned(&weights, 3, (f64::from(step) + 0.5) / f64::from(n_offsets));
            rows.iter().zip(&kept).for_each(|(&row, weight)| means[row as usize] += weight);
        }
        for (mean, weight) in means.iter().zip(weights) {
            // Offsets on a grid of 4000: each row may be hit once too often or too seldom, and weighs 1.
            assert!((mean / f64::from(n_offsets) - weight).abs() <= 2.0 / f64::from(n_offsets));
        }
    }
}
