//! Unbiased values: sums of means over coalitions drawn by size.
//!
//! Every semivalue is a sum over sizes of means of worths, with weights that depend on the size and on whether the
//! player is in (`terms`). Drawn by size without replacement, means of the drawn estimate them without bias,
//! whatever the game, and with variances that are estimated without bias too (`strata`). Semivalues that weigh
//! coalitions of `t` others as those of `n - 1 - t`, Shapley's and Banzhaf's among them, see the half-differences
//! `(v(S) - v(N \ S)) / 2` of complementary pairs alone (`pairs`), others are drawn one by one (`coalitions`).
//!
//! From every worth the share of the players who are in is taken off, as if all of them got `D / n`: that game's
//! values are known, so nothing is biased, and most of what the worths of one size have in common is gone. (Taking
//! off their mean instead, which costs a degree of freedom a size, was worse at every budget: 0.51 against 0.36 of
//! squared error relative to the values at `4 n` evaluations, 0.16 against 0.14 at `8 n`, in 48 games of nine
//! players.) A surrogate takes off more, and stays unbiased when every unit is judged by a surrogate that was not
//! fitted to it (`folds`, `linear`).
//!
//! For Shapley on pairs this is the closed form of unbiased KernelSHAP (Covert, Lee 2021, "Improving KernelSHAP",
//! section 3.2; Fumagalli and others 2023, "SHAP-IQ", arXiv 2303.01179), stratified. Surrogates: Witter and others
//! 2025, "Regression-adjusted Monte Carlo estimators", arXiv 2506.11849, without what biases them there.

mod coalitions;
#[cfg(test)]
mod designs;
mod folds;
mod kriging;
mod linear;
mod pairs;
mod strata;
mod terms;

use self::coalitions::Singles;
use self::folds::{Remainder, Told};
use self::pairs::Pairs;
use self::strata::Sample;
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::estimate::auto::every_coalition;
use crate::estimate::exact::Exact;
use crate::estimate::{Estimate, Estimator, Problem};
use crate::index::Semivalue;
use crate::parallel::Workers;

pub use self::folds::{Fit, Folds};

/// What takes the predictable part of the worths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surrogate {
    /// Nothing but equal shares.
    None,
    /// An additive game fitted by least squares.
    Linear,
    /// Kriging on half-differences.
    Kriging,
    /// A model from outside: see [`Estimator::training`].
    Given,
}

/// What surrogates from outside are fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// The smaller halves of the pairs told.
    pub coalitions: Coalitions,
    /// `(v(S) - v(S^c)) / 2`: `(pairs, outputs)`.
    pub half_differences: Vec<f64>,
    /// `v(N) - v({})`: `(outputs)`.
    pub grand: Vec<f64>,
    /// Which pairs the surrogate of each fold must not see.
    pub folds: Folds,
}

/// What is estimated, and with which help.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The semivalue.
    pub semivalue: Semivalue,
    /// Which surrogate, fitted on other folds, takes the predictable part.
    pub surrogate: Surrogate,
    /// Number of folds.
    pub folds: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { semivalue: Semivalue::Shapley, surrogate: Surrogate::None, folds: 5 }
    }
}

impl Options {
    /// The folds, where a surrogate is wanted and units are enough for one: with fewer than 5/4 of the players, of
    /// which each fold sees about half, it misses more than it explains. (Squared error with an additive one over
    /// that with none, in 72 games each of 9, 12 and 14 players: 0.9, 2.4, 1.1 at `n` pairs; 0.9, 0.8, 0.7 at
    /// `5/4 n`, 0.4 at `3/2 n`, 0.16 at `2 n`.)
    fn folds_of(&self, sample: &Sample<'_>) -> Option<Folds> {
        let is_enough = 4 * (sample.strata.len() + 1) >= 5 * sample.coalitions.n_players();
        (self.surrogate != Surrogate::None && is_enough).then(|| Folds::new(sample, self.folds))
    }

    /// Evaluations, endpoints counted, below which the budget is refused: two for each player and the endpoints,
    /// or all coalitions.
    pub fn least(n_players: usize) -> u64 {
        let some = 2 * n_players as u64 + 2;
        every_coalition(n_players).map_or(some, |all| all.min(some))
    }
}

/// A run: on all coalitions where the budget pays for them, else on pairs or on single coalitions.
pub fn start(problem: Problem, options: &Options) -> Result<Box<dyn Estimator>, Error> {
    let granted = problem.granted();
    let least = Options::least(problem.n_players);
    if granted < least {
        let n_players = problem.n_players;
        return Err(Error::Budget { method: "unbiased", got: granted, least, n_players });
    }
    options.check()?;
    Ok(if every_coalition(problem.n_players).is_some_and(|all| all <= granted) {
        Box::new(Exact::of(problem, options.semivalue.clone())?)
    } else if terms::is_symmetric(&options.semivalue) {
        Box::new(Pairs::new(problem, options)?)
    } else {
        Box::new(Singles::new(problem, options)?)
    })
}

impl Options {
    fn check(&self) -> Result<(), Error> {
        if self.folds < 2 {
            let got = self.folds.to_string();
            return Err(Error::Parameter { argument: "folds", got, accepted: "at least 2" });
        }
        let knows_shapley_alone = matches!(self.surrogate, Surrogate::Kriging | Surrogate::Given);
        if knows_shapley_alone && self.semivalue != Semivalue::Shapley {
            let got = "one that knows its Shapley values alone".to_owned();
            let accepted = "\"linear\" or None for a semivalue other than Shapley's";
            return Err(Error::Parameter { argument: "surrogate", got, accepted });
        }
        Ok(())
    }
}

/// The estimate of a run that was told no unit: equal shares, which are efficient; of semivalues that are not, nothing.
fn without_units(nothing: Estimate, semivalue: &Semivalue) -> Estimate {
    if *semivalue == Semivalue::Shapley {
        return nothing;
    }
    let (values, gap) = (vec![f64::NAN; nothing.values.len()], vec![f64::NAN; nothing.gap.len()]);
    Estimate { values, gap, ..nothing }
}

/// Values, errors and gap from what remains of the units; `nothing` brings the rest.
///
/// Shapley values sum to `D` but for rounding, since the weights of every unit sum to zero over the players; that
/// rounding is shared equally. What other semivalues sum to is nobody's business: their gap is NaN.
fn assemble(
    told: &Told<'_>,
    rest: &Remainder,
    nothing: Estimate,
    semivalue: &Semivalue,
    workers: &Workers<'_>,
) -> Result<Estimate, Error> {
    let sample = told.sample;
    let sums = sample.sums(rest, workers)?;
    let counts = sample.counts();
    let is_whole = sample.terms.masses.iter().zip(&counts).all(|(&mass, &count)| mass == 0.0 || count > 0);
    let is_exhausted =
        sample.unseen(&counts).iter().zip(&sample.terms.masses).all(|(u, m)| *u == 0.0 || *m == 0.0);
    let df = sample.degrees_of_freedom();
    let mut estimate = without_units(nothing, semivalue);
    if is_whole || *semivalue == Semivalue::Shapley {
        estimate.values = rest.values.iter().zip(&sums.values).map(|(value, sum)| value + sum).collect();
    }
    if is_whole && (df > 0 || is_exhausted) {
        estimate.std_errors = sums.variances.iter().map(|variance| variance.sqrt()).collect();
        estimate.interval_df.fill(if is_exhausted { f64::NAN } else { df as f64 });
    }
    if *semivalue == Semivalue::Shapley {
        let n_players = estimate.values.len() / sample.n_outputs;
        for (output, gap) in estimate.gap.iter_mut().enumerate() {
            let own = estimate.values.iter_mut().skip(output).step_by(sample.n_outputs);
            *gap = told.grand[output] - own.map(|value| *value).sum::<f64>();
            let own = estimate.values.iter_mut().skip(output).step_by(sample.n_outputs);
            own.for_each(|value| *value += *gap / n_players as f64);
        }
    }
    Ok(estimate)
}
