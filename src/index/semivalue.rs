//! Semivalues: one weight for each size of the coalition that a player joins.

use super::scaled::Scaled;
use super::size_weights::SizeWeights;
use crate::error::Error;

/// How a player's marginal contributions are averaged.
///
/// $$ \phi_i = \sum_{T \not\ni i} p_{|T|} \, (v(T \cup \{i\}) - v(T)), \qquad \sum_{t=0}^{n-1} \binom{n-1}{t} p_t = 1 $$
///
/// Dubey, Neyman, Weber (1981), "Value theory without efficiency". Only Shapley's shares out exactly
/// `v(N) - v({})`.
#[derive(Debug, Clone, PartialEq)]
pub enum Semivalue {
    /// `p_t = 1 / (n C(n-1, t))`: every size is equally likely. Shapley (1953).
    Shapley,
    /// `p_t = 2^(1-n)`: every coalition is equally likely. Banzhaf (1965).
    Banzhaf,
    /// `p_t = B(t + beta, n - 1 - t + alpha) / B(alpha, beta)`; Shapley at (1, 1). A large `alpha` favours small
    /// coalitions: at (16, 1) their mean size is `(n - 1) / 17`. Kwon, Zou (2022), "Beta Shapley".
    Beta {
        /// Weight on small coalitions, `1e-100` to `1e100`.
        alpha: f64,
        /// Weight on large coalitions, `1e-100` to `1e100`.
        beta: f64,
    },
    /// `p_t` for `t = 0..n`, none negative, all coalitions together weighing one within `1e-9`.
    Weights(Vec<f64>),
}

impl Semivalue {
    /// The weights for a game of `n_players`, at least one.
    pub fn size_weights(&self, n_players: usize) -> Result<SizeWeights, Error> {
        if n_players == 0 {
            return Err(refuse("n_players", &0, "at least 1"));
        }
        let others = n_players - 1;
        match self {
            Self::Shapley => Ok(SizeWeights::beta(others, 1.0, 1.0)),
            Self::Banzhaf => Ok(SizeWeights::half(others)),
            Self::Beta { alpha, beta } => {
                for (argument, &got) in [("alpha", alpha), ("beta", beta)] {
                    if !(1e-100..=1e100).contains(&got) {
                        return Err(refuse(argument, &got, "a number from 1e-100 to 1e100"));
                    }
                }
                Ok(SizeWeights::beta(others, *beta, *alpha))
            }
            Self::Weights(weights) => given(weights, n_players),
        }
    }
}

fn given(weights: &[f64], n_players: usize) -> Result<SizeWeights, Error> {
    if weights.len() != n_players {
        return Err(Error::Length { argument: "weights", got: weights.len(), want: n_players });
    }
    if let Some(&got) = weights.iter().find(|w| !w.is_finite() || **w < 0.0) {
        return Err(refuse("weights", &got, "finite and not negative"));
    }
    let weights = SizeWeights::new(weights.iter().map(|&w| Scaled::new(w)).collect());
    let total: f64 = weights.masses().iter().sum();
    if (total - 1.0).abs() <= 1e-9 {
        Ok(weights)
    } else {
        let got = format!("weights of all coalitions that sum to {total}");
        Err(refuse("weights", &got, "one for all coalitions together: the sum of C(n-1, t) p_t"))
    }
}

fn refuse(argument: &'static str, got: &impl ToString, accepted: &'static str) -> Error {
    Error::Parameter { argument, got: got.to_string(), accepted }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "correctly rounded: equal to the last bit")]
mod tests {
    use super::*;

    const SIZES: [usize; 9] = [1, 2, 3, 17, 500, 1000, 1021, 1030, 10_000];

    fn kinds() -> [Semivalue; 6] {
        [
            Semivalue::Shapley,
            Semivalue::Banzhaf,
            Semivalue::Beta { alpha: 1.0, beta: 1.0 },
            Semivalue::Beta { alpha: 16.0, beta: 1.0 },
            Semivalue::Beta { alpha: 0.3, beta: 7.7 },
            Semivalue::Beta { alpha: 1e-3, beta: 1e3 },
        ]
    }

    #[test]
    fn weights_of_all_coalitions_sum_to_one() {
        for n in SIZES {
            for kind in kinds() {
                let total: f64 = kind.size_weights(n).unwrap().masses().iter().sum();
                // n masses, each rounded once, summed in n - 1 roundings of half an EPSILON.
                assert!((total - 1.0).abs() <= n as f64 * f64::EPSILON, "n = {n}, {kind:?}: {total:e}");
            }
        }
    }

    /// `ln C(n-1, t)` by a plain sum of logarithms, as an independent road to the masses.
    #[test]
    fn logarithms_agree_with_the_masses_at_any_size() {
        for n in SIZES {
            for kind in kinds() {
                let weights = kind.size_weights(n).unwrap();
                let mut ln_count = 0.0_f64;
                for (t, (ln_w, mass)) in weights.ln_weights().into_iter().zip(weights.masses()).enumerate() {
                    // t logarithms up to ln n, partial sums up to n ln 2, each step rounded twice; then ln w.
                    let rounding = (t as f64 + 4.0) * (n as f64 + ln_w.abs()) * f64::EPSILON;
                    if mass >= f64::MIN_POSITIVE {
                        assert!(
                            (ln_w + ln_count - mass.ln()).abs() <= rounding,
                            "n = {n}, t = {t}, {kind:?}"
                        );
                    }
                    ln_count += ((n - 1 - t) as f64 / (t + 1) as f64).ln();
                }
            }
        }
    }

    #[test]
    fn shapley_gives_every_size_the_same_mass_and_banzhaf_every_coalition_the_same_weight() {
        for n in SIZES {
            let masses = Semivalue::Shapley.size_weights(n).unwrap().masses();
            assert!(masses.iter().all(|&mass| mass == 1.0 / n as f64), "n = {n}");
            let ln_weights = Semivalue::Banzhaf.size_weights(n).unwrap().ln_weights();
            let expected = -((n - 1) as f64) * std::f64::consts::LN_2;
            assert!(ln_weights.iter().all(|&w| (w - expected).abs() <= expected.abs() * f64::EPSILON));
        }
    }

    #[test]
    fn weights_equal_exact_fractions_of_small_games() {
        let factorial = |k: usize| (1..=k).map(|i| i as u64).product::<u64>();
        for n in 1..=20 {
            let weights = Semivalue::Shapley.size_weights(n).unwrap().weights();
            for (t, w) in weights.into_iter().enumerate() {
                let count = factorial(n) / factorial(t) / factorial(n - 1 - t); // n C(n-1, t), exact in 64 bits
                assert_eq!(w, 1.0 / count as f64, "n = {n}, t = {t}");
            }
        }
        // Beta(16, 1) at n = 3: B(t+1, 2-t+16) / B(16, 1) = 16 t! (17-t)! / 18!.
        let weights = Semivalue::Beta { alpha: 16.0, beta: 1.0 }.size_weights(3).unwrap().weights();
        assert_eq!(weights, [16.0 / 18.0, 16.0 / (18.0 * 17.0), 2.0 * 16.0 / (18.0 * 17.0 * 16.0)]);
    }

    #[test]
    fn plain_weights_leave_the_range_where_the_documentation_says() {
        let least = |n: usize| Semivalue::Shapley.size_weights(n).unwrap().weights()[(n - 1) / 2];
        assert!(least(1018) >= f64::MIN_POSITIVE && least(1019) < f64::MIN_POSITIVE);
        assert!(least(1071) > 0.0 && least(1072) == 0.0);
    }

    #[test]
    fn the_mean_size_of_beta_follows_its_parameters() {
        let masses = Semivalue::Beta { alpha: 16.0, beta: 1.0 }.size_weights(1001).unwrap().masses();
        let mean: f64 = masses.iter().enumerate().map(|(t, mass)| t as f64 * mass).sum();
        assert!((mean - 1000.0 / 17.0).abs() < 1001.0 * f64::EPSILON * 1000.0, "{mean}");
    }

    #[test]
    fn given_weights_are_checked_and_kept() {
        let kept = Semivalue::Weights(vec![0.5, 0.0, 0.5]).size_weights(3).unwrap();
        assert_eq!(kept.weights(), [0.5, 0.0, 0.5]);
        let refused = |weights: Vec<f64>, n| Semivalue::Weights(weights).size_weights(n).unwrap_err();
        assert_eq!(refused(vec![1.0], 2), Error::Length { argument: "weights", got: 1, want: 2 });
        for weights in [vec![0.5, 0.6], vec![1.5, -0.5], vec![f64::NAN, 1.0], vec![f64::INFINITY, 0.0]] {
            assert!(matches!(refused(weights, 2), Error::Parameter { argument: "weights", .. }));
        }
        let beta = Semivalue::Beta { alpha: 0.0, beta: 1.0 };
        assert!(matches!(beta.size_weights(2), Err(Error::Parameter { argument: "alpha", .. })));
        assert!(matches!(
            Semivalue::Shapley.size_weights(0),
            Err(Error::Parameter { argument: "n_players", .. })
        ));
    }
}
