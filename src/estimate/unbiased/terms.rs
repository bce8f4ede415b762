//! What one evaluation contributes to the values: weights by size.

use crate::error::Error;
use crate::index::Semivalue;

/// Strata whose weight is below this share of the largest, and of the number of players, are left out: together
/// they change no value by more than rounding does.
const NEGLIGIBLE: f64 = 1.0 / (1_u64 << 60) as f64;

/// The weights of a semivalue, sorted by the strata from which coalitions are drawn.
///
/// With `q_t = C(n-1, t) p_t`, what all coalitions of `t` others weigh, a semivalue is a sum of means over sizes,
///
/// $$ \phi_i = p_{n-1} u(N) + \sum_{k=1}^{n-1} \frac{1}{\binom nk} \sum_{|S| = k} u(S)
///    \cdot \begin{cases} A_k & i \in S \\ -B_k & i \notin S \end{cases}, \qquad
///    A_k = \frac{n q_{k-1}}{k}, \quad B_k = \frac{n q_k}{n-k}, \quad u = v - v(\emptyset) $$
///
/// and where `p_t = p_(n-1-t)` a sum of means over pairs: `g_k` times the mean of `o(S)` in place of `u(S)`, `k` the
/// size of the smaller half, `g_k = 2`, but 1 at half the players. (Shapley: `A_k = 1/k`, `B_k = 1/(n-k)`.) No
/// binomial is formed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    /// `q_t` for `t = 0..n`.
    pub(super) of_size: Vec<f64>,
    /// Are the strata those of pairs?
    pub(super) is_paired: bool,
    /// Does a change of what everybody is worth change more than equal shares? It does not for Shapley's value.
    pub(super) sees_slopes: bool,
    /// `A_k`, times `g_k` for pairs; entry 0 is unused.
    pub(super) inside: Vec<f64>,
    /// `B_k`, times `g_k` for pairs.
    pub(super) outside: Vec<f64>,
    /// Root mean square over players of the two, times `sqrt(n)`: what sizes are drawn in proportion to. Zero
    /// where a stratum is left out.
    pub(super) masses: Vec<f64>,
}

impl Terms {
    /// Strata `1..=n/2` of pairs.
    pub(super) fn of_pairs(semivalue: &Semivalue, n_players: usize) -> Result<Self, Error> {
        Self::new(semivalue, n_players, true)
    }

    /// Strata `1..n` of single coalitions.
    pub(super) fn of_coalitions(semivalue: &Semivalue, n_players: usize) -> Result<Self, Error> {
        Self::new(semivalue, n_players, false)
    }

    fn new(semivalue: &Semivalue, n_players: usize, is_paired: bool) -> Result<Self, Error> {
        let of_size = semivalue.size_weights(n_players)?.masses();
        let n = n_players as f64;
        let (inside, outside, masses) = (vec![0.0], vec![0.0], vec![0.0]);
        let sees_slopes = *semivalue != Semivalue::Shapley;
        let mut terms = Self { of_size, is_paired, sees_slopes, inside, outside, masses };
        let last = if is_paired { n_players / 2 } else { n_players - 1 };
        for k in 1..=last {
            let multiplicity = if is_paired && 2 * k != n_players { 2.0 } else { 1.0 };
            let (present, absent) = (k as f64, (n_players - k) as f64);
            let inside = multiplicity * n * terms.of_size[k - 1] / present;
            let outside = multiplicity * n * terms.of_size[k] / absent;
            terms.inside.push(inside);
            terms.outside.push(outside);
            terms.masses.push((present * inside * inside + absent * outside * outside).sqrt());
        }
        let largest = terms.masses.iter().fold(0.0_f64, |largest, &mass| largest.max(mass));
        for mass in &mut terms.masses {
            if *mass < NEGLIGIBLE * largest / n {
                *mass = 0.0;
            }
        }
        Ok(terms)
    }

    /// `p_(n-1)`, what the worth of everybody weighs.
    pub(super) fn end(&self) -> f64 {
        self.of_size.last().copied().unwrap_or(0.0)
    }

    /// What each player gets in the game that is worth `h(k)` to every coalition of size `k`.
    pub(super) fn value_of_sizes(&self, h: impl Fn(usize) -> f64) -> f64 {
        self.of_size.iter().enumerate().map(|(t, weight)| weight * (h(t + 1) - h(t))).sum()
    }

    /// Strata that are drawn from.
    #[cfg(test)]
    fn n_strata(&self) -> usize {
        self.masses.iter().filter(|mass| **mass > 0.0).count()
    }
}

/// Does the semivalue weigh coalitions of `t` others as those of `n - 1 - t`? Then it sees half-differences alone.
pub(super) fn is_symmetric(semivalue: &Semivalue) -> bool {
    match semivalue {
        Semivalue::Shapley | Semivalue::Banzhaf => true,
        #[expect(clippy::float_cmp, reason = "the same parameter twice, or not")]
        Semivalue::Beta { alpha, beta } => alpha == beta,
        Semivalue::Weights(weights) => weights.iter().eq(weights.iter().rev()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_shapley_are_one_over_the_sizes() {
        for n in [4, 5, 49, 1000] {
            let pairs = Terms::of_pairs(&Semivalue::Shapley, n).unwrap();
            for k in 1..=n / 2 {
                let g = if 2 * k == n { 1.0 } else { 2.0 };
                // Four roundings.
                assert!((pairs.inside[k] - g / k as f64).abs() <= 4.0 * f64::EPSILON * pairs.inside[k]);
                let absent = (n - k) as f64;
                assert!((pairs.outside[k] - g / absent).abs() <= 4.0 * f64::EPSILON * pairs.outside[k]);
            }
            assert_eq!(pairs.n_strata(), n / 2);
        }
    }

    #[test]
    fn sizes_that_weigh_nothing_are_left_out_and_nothing_overflows() {
        for (semivalue, most) in [
            (Semivalue::Shapley, 10_000),
            (Semivalue::Banzhaf, 2_000),
            (Semivalue::Beta { alpha: 16.0, beta: 1.0 }, 10_000),
        ] {
            let terms = Terms::of_coalitions(&semivalue, 10_000).unwrap();
            assert!(terms.n_strata() < most, "{semivalue:?}: {}", terms.n_strata());
            let all = terms.inside.iter().chain(&terms.outside).chain(&terms.masses);
            assert!(all.clone().all(|weight| weight.is_finite()));
        }
    }
}
