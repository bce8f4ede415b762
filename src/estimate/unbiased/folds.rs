//! Surrogates, cross-fitted: what they predict is taken off, and their own values are put back.

use super::strata::Sample;
use crate::error::Error;

/// A surrogate's game `f`, fitted without one fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// What it predicts of every unit told, of those that it was fitted to too: half-differences of pairs, worths
    /// beyond that of nobody of single coalitions. `(units, outputs)`.
    pub predictions: Vec<f64>,
    /// `f(N) - f({})`: `(outputs)`.
    pub grand: Vec<f64>,
    /// The values of `f`: `(players, outputs)`.
    pub values: Vec<f64>,
}

/// Which units each surrogate is not fitted to.
///
/// Each fold holds back some units of every stratum: without one nothing would be known of what the surrogate
/// misses there. The units of a stratum take turns, each held back once where they are at least as many as the
/// folds, else by several folds. Their order is random, so that what is held back is a fair sample of all that is
/// not fitted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    /// Number of each unit within its stratum, modulo the folds where these are fewer.
    turns: Vec<u32>,
    /// Units of each unit's stratum, up to `n_folds`.
    rounds: Vec<u32>,
    /// At least 2.
    pub n_folds: u32,
}

impl Folds {
    /// `n_folds` folds of the units.
    pub(super) fn new(sample: &Sample<'_>, n_folds: u32) -> Self {
        let counts = sample.counts();
        let rounds_of = |stratum: u32| {
            let count = u32::try_from(counts[stratum as usize]).unwrap_or(u32::MAX);
            count.min(n_folds)
        };
        let mut next = vec![0; counts.len()];
        let turns = sample.strata.iter().map(|&stratum| {
            let next: &mut u32 = &mut next[stratum as usize];
            let turn = *next;
            *next = (turn + 1) % rounds_of(stratum);
            turn
        });
        let turns = turns.collect();
        Self { turns, rounds: sample.strata.iter().map(|&stratum| rounds_of(stratum)).collect(), n_folds }
    }

    /// Is a unit held back by `fold`?
    pub fn holds(&self, fold: u32, unit: usize) -> bool {
        fold % self.rounds[unit] == self.turns[unit]
    }

    /// How many folds hold a unit back: at least one.
    fn times(&self, unit: usize) -> u32 {
        let (rounds, turn) = (self.rounds[unit], self.turns[unit]);
        self.n_folds / rounds + u32::from(turn < self.n_folds % rounds)
    }

    /// The units that the surrogate of `fold` is fitted to.
    pub(super) fn training(&self, fold: u32) -> impl Iterator<Item = usize> + '_ {
        (0..self.turns.len()).filter(move |&unit| !self.holds(fold, unit))
    }

    /// By how much turns that do not come out even raise the variance of a stratum's mean, by stratum: `c_k` times
    /// the sum of the squared shares.
    fn inflation(&self, sample: &Sample<'_>) -> Vec<f64> {
        let mut inflation = vec![0.0; sample.pools.len()];
        let counts = sample.counts();
        for (unit, &stratum) in sample.strata.iter().enumerate() {
            let k = stratum as usize;
            inflation[k] = if u64::from(self.rounds[unit]) < u64::from(self.n_folds) {
                let share = f64::from(self.times(unit)) / f64::from(self.n_folds);
                inflation[k] + counts[k] as f64 * share * share
            } else {
                1.0
            };
        }
        inflation
    }
}

/// What remains of the units once the surrogates are taken off.
#[derive(Debug)]
pub(super) struct Remainder {
    /// Weighted for the sum that estimates the rest of the values: `(units, outputs)`.
    pub(super) y: Vec<f64>,
    /// What the surrogates that did not see a unit missed of it: `(units, outputs)`.
    pub(super) d: Vec<f64>,
    /// What the variance of each stratum's mean is multiplied by.
    pub(super) inflation: Vec<f64>,
    /// The values of the surrogates, and what the worth of everybody adds that they miss: `(players, outputs)`.
    pub(super) values: Vec<f64>,
}

/// What is estimated from: units, their targets, and what two games of sizes alone make of these.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) sample: &'a Sample<'a>,
    /// `(units, outputs)`.
    pub(super) targets: &'a [f64],
    /// `D = v(N) - v({})`: `(outputs)`.
    pub(super) grand: Vec<f64>,
    /// Targets of the game in which all players share `D = 1` equally, by stratum.
    pub(super) equal: Vec<f64>,
    /// Targets of a game that bends between endpoints that are worth nothing, by stratum.
    pub(super) bend: Vec<f64>,
    /// What each player gets in that game.
    pub(super) bend_value: f64,
}

impl<'a> Told<'a> {
    /// `grand` is `D`, an output.
    pub(super) fn new(sample: &'a Sample<'a>, targets: &'a [f64], grand: Vec<f64>) -> Self {
        let n = sample.coalitions.n_players() as f64;
        let is_paired = sample.terms.is_paired;
        // Pairs see what is odd in the share of players present: so the second game is odd where these are drawn.
        let equal = |k: usize| if is_paired { k as f64 / n - 0.5 } else { k as f64 / n };
        let bend = |k: usize| {
            let share = k as f64 / n;
            share * (1.0 - share) * if is_paired { 2.0 * share - 1.0 } else { 1.0 }
        };
        Self {
            equal: (0..sample.pools.len()).map(equal).collect(),
            bend: (0..sample.pools.len()).map(bend).collect(),
            bend_value: sample.terms.value_of_sizes(bend),
            sample,
            targets,
            grand,
        }
    }

    /// Refuse a surrogate of another shape, or one that is not finite.
    pub(super) fn check(&self, fit: &Fit) -> Result<(), Error> {
        let n_values = self.sample.coalitions.n_players() * self.sample.n_outputs;
        let parts = [
            ("predictions", &fit.predictions, self.targets.len()),
            ("grand", &fit.grand, self.sample.n_outputs),
            ("values", &fit.values, n_values),
        ];
        for (argument, numbers, want) in parts {
            if numbers.len() != want {
                return Err(Error::Length { argument, got: numbers.len(), want });
            }
            if let Some(bad) = numbers.iter().find(|number| !number.is_finite()) {
                return Err(Error::Parameter { argument, got: bad.to_string(), accepted: "finite" });
            }
        }
        Ok(())
    }

    /// Let a surrogate from elsewhere meet both endpoints: equal shares of what it misses of `D` join it.
    pub(super) fn complete(&self, fit: &mut Fit) {
        let n_outputs = self.sample.n_outputs;
        let n_players = self.sample.coalitions.n_players() as f64;
        for output in 0..n_outputs {
            let missed = self.grand[output] - fit.grand[output];
            fit.grand[output] = self.grand[output];
            let own = fit.predictions.iter_mut().skip(output).step_by(n_outputs);
            for (prediction, &stratum) in own.zip(self.sample.strata) {
                *prediction += missed * self.equal[stratum as usize];
            }
            fit.values
                .iter_mut()
                .skip(output)
                .step_by(n_outputs)
                .for_each(|value| *value += missed / n_players);
        }
    }

    /// Without a surrogate: equal shares alone are taken off, and every unit of a stratum of `c_k` weighs `1 / c_k`.
    pub(super) fn bare(&self) -> Remainder {
        let counts = self.sample.counts();
        let n_outputs = self.sample.n_outputs;
        let mut d = self.targets.to_vec();
        for (row, &stratum) in d.chunks_exact_mut(n_outputs).zip(self.sample.strata) {
            let equal = self.equal[stratum as usize];
            row.iter_mut().zip(&self.grand).for_each(|(d, grand)| *d -= equal * grand);
        }
        let mut y = d.clone();
        for (row, &stratum) in y.chunks_exact_mut(n_outputs).zip(self.sample.strata) {
            for y in row {
                *y /= counts[stratum as usize] as f64;
            }
        }
        let n_players = self.sample.coalitions.n_players();
        let share: Vec<f64> = self.grand.iter().map(|grand| grand / n_players as f64).collect();
        Remainder { y, d, inflation: vec![1.0; counts.len()], values: share.repeat(n_players) }
    }

    /// With a surrogate for each fold, all of which count alike.
    ///
    /// Fold `l`, with `t_k` units of stratum `k` held back, `r_k` in training and residuals `r_a = o_a - f_l(S_a)`,
    /// estimates the values as `phi_i(f_l) + p_{n-1} (D - f_l(N) + f_l({}))` and
    /// `sum_k (1 / N_k) [ sum over training of r_a w_i + ((N_k - r_k) / t_k) sum over held back of r_a w_i ]`: what
    /// is in training is known, and what is held back is a fair sample of all else. Hence unbiased for any `f_l`,
    /// and exact where all units are told.
    pub(super) fn cross_fitted(&self, folds: &Folds, fits: &[Fit]) -> Remainder {
        let n_outputs = self.sample.n_outputs;
        let mut rest = Remainder {
            y: vec![0.0; self.targets.len()],
            d: vec![0.0; self.targets.len()],
            inflation: folds.inflation(self.sample),
            values: vec![0.0; self.sample.coalitions.n_players() * n_outputs],
        };
        let share = 1.0 / f64::from(folds.n_folds);
        for (fold, fit) in (0..).zip(fits) {
            let weights = self.weights(folds, fold);
            for (unit, &stratum) in self.sample.strata.iter().enumerate() {
                let is_held = folds.holds(fold, unit);
                let weight = weights[stratum as usize][usize::from(is_held)] * share;
                let times = f64::from(folds.times(unit));
                for place in unit * n_outputs..(unit + 1) * n_outputs {
                    let residual = self.targets[place] - fit.predictions[place];
                    rest.y[place] += weight * residual;
                    if is_held {
                        rest.d[place] += residual / times;
                    }
                }
            }
            let end = self.sample.terms.end();
            let ends: Vec<f64> = self.grand.iter().zip(&fit.grand).map(|(d, f)| end * (d - f)).collect();
            for (row, fit) in rest.values.chunks_exact_mut(n_outputs).zip(fit.values.chunks_exact(n_outputs))
            {
                for ((value, fit), end) in row.iter_mut().zip(fit).zip(&ends) {
                    *value += share * (fit + end);
                }
            }
        }
        rest
    }

    /// Weights of a training unit and of one held back, by stratum.
    fn weights(&self, folds: &Folds, fold: u32) -> Vec<[f64; 2]> {
        let mut counts = vec![[0_u64; 2]; self.equal.len()];
        for (unit, &stratum) in self.sample.strata.iter().enumerate() {
            counts[stratum as usize][usize::from(folds.holds(fold, unit))] += 1;
        }
        let weights = |([training, held], pool): (&[u64; 2], &Option<u64>)| match pool {
            None => [0.0, 1.0 / *held as f64],
            Some(pool) => {
                let all = *pool as f64;
                [1.0 / all, (pool - training) as f64 / (all * *held as f64)]
            }
        };
        counts.iter().zip(&self.sample.pools).map(weights).collect()
    }
}
