//! What one row and one background row give to the players who tell them apart on the path to a leaf.

/// The numbers `a! b! / (a + b + 1)!`, the integral of `t^a (1 - t)^b` over `[0, 1]`.
///
/// With `e` players whose conditions only the row meets and `r` players whose conditions only the background row
/// meets, a leaf of value `V` gives `V (e-1)! r! / (e+r)!` to each of the former and `-V e! (r-1)! / (e+r)!` to each of
/// the latter; a pair of them has `+-V a! (e+r-2-a)! / (e+r-1)!`, where `a` of the former are outside the pair.
///
/// Filled by recurrence: `(0, 0)` is 1, `(0, b)` is `1 / (b + 1)`, and `(a, b + 1) = (a, b) (b + 1) / (a + b + 2)`. Numbers below the
/// smallest double are 0. At most `O(d^2)` of them; rows end where they vanish.
#[derive(Debug)]
pub(in crate::tree) struct ClosedForm {
    rows: Vec<Vec<f64>>, // [a][b - a], a <= b
}

impl ClosedForm {
    /// For `a + b < n_players`.
    pub(in crate::tree) fn new(n_players: usize) -> Self {
        let mut rows: Vec<Vec<f64>> = Vec::new();
        let mut diagonal = 1.0; // (a, a)
        for a in 0..n_players.div_ceil(2) {
            let mut weight = diagonal;
            let row: Vec<f64> = (a..n_players - a)
                .map_while(|b| {
                    let this = weight;
                    weight *= (b + 1) as f64 / (a + b + 2) as f64;
                    (this > 0.0).then_some(this)
                })
                .collect();
            if row.is_empty() {
                break;
            }
            rows.push(row);
            // (a, a) -> (a, a + 1) -> (a + 1, a + 1)
            diagonal *= (a + 1) as f64 / (2 * a + 2) as f64 * ((a + 1) as f64 / (2 * a + 3) as f64);
        }
        Self { rows }
    }

    /// `a! b! / (a + b + 1)!`
    #[inline]
    pub(in crate::tree) fn at(&self, a: usize, b: usize) -> f64 {
        let (low, high) = (a.min(b), a.max(b));
        self.rows.get(low).and_then(|row| row.get(high - low)).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 / ((a + b + 1) C(a + b, a)), by products of small fractions.
    fn by_binomial(a: usize, b: usize) -> f64 {
        (1..=a).fold(1.0 / (a + b + 1) as f64, |w, i| w * i as f64 / (b + i) as f64)
    }

    #[test]
    fn the_recurrence_meets_the_binomials() {
        let table = ClosedForm::new(700);
        for a in 0..700 {
            for b in 0..700 - a {
                let want = by_binomial(a.min(b), a.max(b));
                let rounding = 4.0 * (a + b + 2) as f64 * f64::EPSILON * want;
                let error = (table.at(a, b) - want).abs();
                assert!(error <= rounding + 1e-300, "({a}, {b}): {} against {want}", table.at(a, b));
            }
        }
    }

    #[test]
    fn depth_4096_neither_overflows_nor_wastes_memory() {
        let table = ClosedForm::new(4096);
        assert!((table.at(0, 4095) * 4096.0 - 1.0).abs() < 1e-11);
        assert!((table.at(1, 4094) * (4095.0 * 4096.0) - 1.0).abs() < 1e-11);
        assert!(table.at(2047, 2048) < f64::MIN_POSITIVE, "1e-1232");
        assert!(table.rows.iter().map(Vec::len).sum::<usize>() < 2_000_000);
    }
}
