//! One row against one background row: the leaf is reached by exactly those hybrids that take E from the row and R from
//! the background row, a game whose values have a closed form.

/// E: players whose conditions only the row satisfies; R: only the background row.
pub(super) struct Sides {
    only_row: Vec<usize>,
    only_background: Vec<usize>,
}

impl Sides {
    /// None if some player's conditions neither satisfies: no hybrid comes to the leaf.
    pub(super) fn new(row: &[bool], background: &[bool]) -> Option<Self> {
        let mut sides = Self { only_row: Vec::new(), only_background: Vec::new() };
        for (player, sat) in row.iter().zip(background).enumerate() {
            match sat {
                (false, false) => return None,
                (true, false) => sides.only_row.push(player),
                (false, true) => sides.only_background.push(player),
                (true, true) => {}
            }
        }
        Some(sides)
    }

    /// `(e-1)! r! / (e+r)!` for players of E, `-e! (r-1)! / (e+r)!` for those of R.
    pub(super) fn values(&self, mut add: impl FnMut(usize, f64)) {
        let (e, r) = (self.only_row.len(), self.only_background.len());
        for &i in &self.only_row {
            add(i, share(e + r, e - 1));
        }
        for &i in &self.only_background {
            add(i, -share(e + r, e));
        }
    }

    /// `a! (e+r-2-a)! / (e+r-1)!`, with a the others of E; positive for two of one side, negative across.
    pub(super) fn pairs(&self, mut add: impl FnMut(usize, usize, f64)) {
        let e = self.only_row.len();
        let n_players = e + self.only_background.len();
        let player = |k: usize| if k < e { self.only_row[k] } else { self.only_background[k - e] };
        for first in 0..n_players {
            for second in first + 1..n_players {
                let of_row = usize::from(first < e) + usize::from(second < e);
                let sign = if of_row == 1 { -1.0 } else { 1.0 };
                add(player(first), player(second), sign * share(n_players - 1, e - of_row));
            }
        }
    }
}

/// `s! (n-1-s)! / n!`, by `1/n * prod k / (n-1-s+k)`.
fn share(n: usize, s: usize) -> f64 {
    let ratio: f64 = (1..=s).map(|k| k as f64 / (n - 1 - s + k) as f64).product();
    ratio / n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_factorials() {
        let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
        for n in 1..15 {
            for s in 0..n {
                let want = factorial(s) * factorial(n - 1 - s) / factorial(n);
                assert!((share(n, s) - want).abs() <= 1e-14 * want, "n = {n}, s = {s}");
            }
        }
    }
}
