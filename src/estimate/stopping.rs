//! When a run may stop: its errors are small enough, and stay so.
//!
//! One rule for every method. A run is looked at whenever it has spent one of
//!
//! $$ m \in \{3n,\; 4n,\; 6n,\; 8n,\; 12n,\; 16n,\; \dots\} $$
//!
//! evaluations, rounded down to whole units (pairs of coalitions, orders), but not before eight units can tell of
//! errors; and at the end of its budget. With
//! one standard error `s_i` for each value, the half-width of its interval of 90 % is `t s_i`, and the ratio
//!
//! $$ \rho = \max_{\text{outputs}} \; \max_i t s_i \Big/
//!    \max\big(\tau\,(\max_i \phi_i - \min_i \phi_i),\; \epsilon\big) $$
//!
//! compares the largest with the share `tau` of the values' range that was asked for; `epsilon` is rounding, so
//! that constant games stop at once. The run has converged when `rho <= 1` at two consecutive looks, or
//! `rho <= 1/3` at one: the errors are estimates themselves, and one lucky look in ten looks would stop too many
//! runs. The rule is that of Covert and Lee (2021), "Improving KernelSHAP: practical Shapley value estimation via linear
//! regression", section 4.1, with intervals for standard errors, and a second look.
//!
//! Nothing past the next look is asked before all that was asked is told, so what a run decides depends on the worths of
//! a fixed prefix alone: not on batches, threads or the order of arrival.

use super::auto::{Method, every_coalition};
use super::screened::Screening;
use super::unbiased::{Fit, Training};
use super::{Batch, Estimate, Estimator, Interactions, Problem, Status, owen, unbiased};
use crate::error::Error;
use crate::parallel::Workers;

/// Units before the first look, beyond the `n` pairs that any regression spends on its `n` values: the spread of
/// fewer says little.
const LEAST_UNITS: u64 = 8;
/// One look that is this much better than asked for is as good as two.
const AT_ONCE: f64 = 1.0 / 3.0;
/// Errors that are this small a share of the worths are rounding.
const ROUNDING: f64 = 1e-12;
/// How errors may fall with evaluations, as powers of them: never slower than averages of independent terms do.
const SLOPES: (f64, f64) = (-3.0, -0.5);
/// Looks that are nearer to each other than this tell nothing of how errors fall.
const APART: f64 = 1.2;

/// A method that stops by itself.
pub struct Stopping {
    inner: Box<dyn Estimator>,
    tolerance: f64,
    n_outputs: usize,
    checkpoints: Checkpoints,
    /// Evaluations asked and told, and those of known endpoints.
    asked: u64,
    told: u64,
    /// Nothing beyond this is asked before a look.
    limit: u64,
    looks: Vec<Look>,
    /// What the last look found, while nothing was asked since.
    found: Option<Estimate>,
    /// Neither the budget nor the game has anything left.
    is_exhausted: bool,
    is_done: bool,
}

/// What was seen at a checkpoint.
#[derive(Debug, Clone, Copy)]
struct Look {
    n_evaluations: u64,
    /// The largest half-width over what is allowed; infinite where errors are unknown.
    ratio: f64,
}

/// A run of `method`, or of what it gives way to, that ends as soon as no value's interval of 90 % reaches further than
/// `tolerance` times the range of the values. The budget is the ceiling.
///
/// Methods that know no errors (all coalitions, singles first) run to their end. A surrogate from outside is
/// refused: nobody could fit it at a look.
pub fn start(method: Method, problem: Problem, tolerance: f64) -> Result<Box<dyn Estimator>, Error> {
    if !(tolerance > 0.0 && tolerance.is_finite()) {
        let got = tolerance.to_string();
        return Err(Error::Parameter { argument: "tol", got, accepted: "a positive number" });
    }
    if let Method::Unbiased(options) = &method
        && options.surrogate == unbiased::Surrogate::Given
    {
        let accepted = "None where the surrogate is an object: it is fitted once, at the end";
        return Err(Error::Parameter { argument: "tol", got: tolerance.to_string(), accepted });
    }
    let method = method.or_smaller(problem.n_players, problem.granted(), problem.n_blocks());
    let Some(checkpoints) = Checkpoints::of(&method, &problem) else { return method.start(problem) };
    let n_known = problem.granted() - problem.budget;
    Ok(Box::new(Stopping {
        tolerance,
        n_outputs: problem.n_outputs,
        limit: checkpoints.after(0),
        checkpoints,
        asked: n_known,
        told: n_known,
        looks: Vec::new(),
        found: None,
        is_exhausted: false,
        is_done: false,
        inner: method.start(problem)?,
    }))
}

impl Stopping {
    /// Is everything told that a look is waiting for?
    fn is_due(&self) -> bool {
        !self.is_done && self.told == self.asked && (self.asked == self.limit || self.is_exhausted)
    }

    /// The values as known now, what a look at them sees, and whether the run ends with it.
    fn judged(&self, workers: &Workers<'_>) -> Result<(Estimate, Look, bool), Error> {
        let mut estimate = self.inner.estimate(workers)?;
        let look = Look { n_evaluations: self.told, ratio: ratio(&estimate, self.tolerance) };
        let was_small = self.looks.last().is_some_and(|before| before.ratio <= 1.0);
        let is_exact = estimate.status == Status::Exact;
        let has_converged = !is_exact && (look.ratio <= AT_ONCE || (look.ratio <= 1.0 && was_small));
        if has_converged {
            estimate.status = Status::Converged;
            estimate.predicted_budget = Some(look.n_evaluations);
        } else if !is_exact {
            let before = self.looks.iter().rev().find(|before| before.is_well_before(look));
            estimate.predicted_budget = self.forecast(before.copied(), look);
        }
        let is_last = self.is_exhausted || self.limit == self.checkpoints.end;
        Ok((estimate, look, is_exact || has_converged || is_last))
    }

    /// The least checkpoint at which the rule should hold, if `ln ratio` goes on against `ln m` as it did.
    fn forecast(&self, before: Option<Look>, last: Look) -> Option<u64> {
        if !last.ratio.is_finite() {
            return None;
        }
        let all = self.checkpoints.all;
        let slope = before.map_or(SLOPES.1, |before| before.slope(last)).clamp(SLOPES.0, SLOPES.1);
        let (mut at, mut was_small) = (last.n_evaluations, last.ratio <= 1.0);
        while at < all {
            at = self.checkpoints.on_the_ladder(at)?;
            let ratio = last.ratio * (at as f64 / last.n_evaluations as f64).powf(slope);
            if ratio <= AT_ONCE || (ratio <= 1.0 && was_small) {
                return Some(at.min(all));
            }
            was_small = ratio <= 1.0;
        }
        Some(all)
    }
}

impl Look {
    fn is_well_before(&self, other: Self) -> bool {
        self.ratio.is_finite()
            && self.ratio > 0.0
            && APART * self.n_evaluations as f64 <= other.n_evaluations as f64
    }

    fn slope(self, later: Self) -> f64 {
        (later.ratio / self.ratio).ln() / (later.n_evaluations as f64 / self.n_evaluations as f64).ln()
    }
}

impl Estimator for Stopping {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        self.look(workers)?;
        let left = if self.is_done { 0 } else { self.limit.saturating_sub(self.asked) };
        let count = max.min(usize::try_from(left).unwrap_or(usize::MAX));
        let batch = self.inner.ask(count, workers)?;
        self.asked += batch.coalitions.len() as u64;
        if count > 0 && batch.coalitions.is_empty() && self.told == self.asked {
            self.is_exhausted = true;
            self.look(workers)?;
        }
        Ok(batch)
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        self.inner.tell(first, worths)?;
        self.found = None;
        self.told += (worths.len() / self.n_outputs) as u64;
        Ok(())
    }

    fn look(&mut self, workers: &Workers<'_>) -> Result<(), Error> {
        if !self.is_due() {
            return Ok(());
        }
        let (estimate, look, is_done) = self.judged(workers)?;
        self.found = Some(estimate);
        self.looks.push(look);
        self.is_done = is_done;
        if !is_done {
            self.limit = self.checkpoints.after(self.limit);
        }
        Ok(())
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        if let Some(found) = &self.found {
            return Ok(found.clone());
        }
        if self.is_due() {
            return Ok(self.judged(workers)?.0);
        }
        let mut estimate = self.inner.estimate(workers)?;
        if let Some((&last, before)) = self.looks.split_last() {
            let before = before.iter().rev().find(|before| before.is_well_before(last));
            estimate.predicted_budget = self.forecast(before.copied(), last);
        }
        Ok(estimate)
    }

    fn training(&self) -> Option<Training> {
        self.inner.training()
    }

    /// Whether to stop was decided without the surrogates, whose errors are smaller.
    fn estimate_with(&self, fits: Vec<Fit>, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let Estimate { status, predicted_budget, .. } = self.estimate(workers)?;
        Ok(Estimate { status, predicted_budget, ..self.inner.estimate_with(fits, workers)? })
    }

    fn interactions(&self, workers: &Workers<'_>) -> Result<Option<Interactions>, Error> {
        self.inner.interactions(workers)
    }

    fn screening(&self, workers: &Workers<'_>) -> Result<Option<Screening>, Error> {
        self.inner.screening(workers)
    }
}

/// Where a run is looked at, endpoints counted.
#[derive(Debug, Clone, Copy)]
struct Checkpoints {
    n_players: u64,
    /// Evaluations of a unit.
    unit: u64,
    /// The first look is not before this.
    least: u64,
    /// Evaluations after which nothing is unknown; orders never know everything.
    all: u64,
    /// The last look: what the budget buys, or the game has.
    end: u64,
}

impl Checkpoints {
    /// Those of a method; None for one that states no errors on the way.
    fn of(method: &Method, problem: &Problem) -> Option<Self> {
        let (n, n_blocks) = (problem.n_players as u64, u64::from(problem.n_blocks()));
        let (unit, before, all) = match method {
            Method::Exact | Method::SinglesFirst | Method::Screened => return None,
            Method::Owen(options) if options.sampling != owen::Sampling::Orders => return None,
            Method::Precedence(options)
                if options.is_exact(problem.n_players, problem.granted(), problem.n_blocks()) =>
            {
                return None;
            }
            Method::Precedence(_) => (n.saturating_sub(1), 2, u64::MAX),
            Method::Permutation | Method::Owen(_) => (2 * n.saturating_sub(1), 2, u64::MAX),
            _ => {
                // Where the background is in blocks, all pairs meet each of them, the star first.
                let all = every_coalition(problem.n_players)
                    .and_then(|all| all.saturating_sub(2).checked_mul(n_blocks));
                (2, 2 + 2 * n * n_blocks, all.map_or(u64::MAX, |all| all.saturating_add(2)))
            }
        };
        let unit = unit.max(1);
        let checkpoints = Self { n_players: n.max(1), unit, least: before + LEAST_UNITS * unit, all, end: 0 };
        let end = checkpoints.rounded(problem.granted()).min(all);
        Some(Self { end, ..checkpoints })
    }

    /// The next look after one at `m`.
    fn after(&self, m: u64) -> u64 {
        self.on_the_ladder(m).map_or(self.end, |next| next.min(self.end))
    }

    /// The next look if the budget had no end; None where that is beyond all numbers.
    fn on_the_ladder(&self, m: u64) -> Option<u64> {
        let mut targets = [self.n_players.checked_mul(3)?, self.n_players.checked_mul(4)?];
        loop {
            let found =
                targets.iter().map(|&target| self.rounded(target)).find(|&at| at > m && at >= self.least);
            if found.is_some() {
                return found;
            }
            targets = [targets[0].checked_mul(2)?, targets[1].checked_mul(2)?];
        }
    }

    /// Both endpoints and whole units.
    fn rounded(&self, m: u64) -> u64 {
        2 + m.saturating_sub(2) / self.unit * self.unit
    }
}

/// The largest half-width of an interval of 90 %, over what `tolerance` allows; infinite where an error is unknown.
fn ratio(estimate: &Estimate, tolerance: f64) -> f64 {
    let (n_outputs, n_rows) = (estimate.base.len(), estimate.interval_df.len());
    let per_row = (n_outputs / n_rows.max(1)).max(1);
    let of_output = |output: usize| {
        let column =
            |array: &[f64]| -> Vec<f64> { array.iter().skip(output).step_by(n_outputs).copied().collect() };
        let (values, errors) = (column(&estimate.values), column(&estimate.std_errors));
        if errors.iter().any(|error| error.is_nan()) {
            return f64::INFINITY;
        }
        let error = errors.iter().copied().fold(0.0, f64::max);
        if error == 0.0 {
            return 0.0;
        }
        let (least, most) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
        let full = estimate.base[output] + values.iter().sum::<f64>();
        let scale = estimate.base[output].abs().max(full.abs()).max(most.abs()).max(least.abs());
        let half_width = student_90(estimate.interval_df[output / per_row]) * error;
        let ratio = half_width / (tolerance * (most - least)).max(ROUNDING * scale);
        if ratio.is_nan() { f64::INFINITY } else { ratio }
    };
    (0..n_outputs).map(of_output).fold(0.0, f64::max)
}

/// The quantile of Student's distribution for a two-sided interval of 90 %, with `df` degrees of freedom.
///
/// Four terms of the expansion about the normal quantile (Abramowitz and Stegun 1964, 26.7.5): to 1e-5 from 7
/// degrees of freedom on, which are the fewest at a first look; 5 % too small at 1. (Intervals, at any level, are
/// `ferroshap.explanation`'s.)
fn student_90(df: f64) -> f64 {
    const Z: f64 = 1.644_853_626_951_472_2;
    const Z2: f64 = Z * Z;
    let terms = [
        Z * (Z2 + 1.0) / 4.0,
        Z * ((5.0 * Z2 + 16.0) * Z2 + 3.0) / 96.0,
        Z * (((3.0 * Z2 + 19.0) * Z2 + 17.0) * Z2 - 15.0) / 384.0,
        Z * ((((79.0 * Z2 + 776.0) * Z2 + 1482.0) * Z2 - 1920.0) * Z2 - 945.0) / 92160.0,
    ];
    Z + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / df)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_at_whole_units_and_never_before_eight_of_them() {
        let problem = |n_players, budget| Problem {
            n_players,
            n_outputs: 1,
            n_rows: 1,
            budget,
            seed: 0,
            row_key: 0,
            endpoints: None,
        };
        let ladder = |method: &Method, n, budget| -> Vec<u64> {
            let checkpoints = Checkpoints::of(method, &problem(n, budget)).unwrap();
            let mut looks = vec![checkpoints.after(0)];
            while looks[looks.len() - 1] < checkpoints.end {
                looks.push(checkpoints.after(looks[looks.len() - 1]));
            }
            looks
        };
        let leverage = Method::Leverage(crate::sample::Sequence::Leverage);
        assert_eq!(ladder(&leverage, 30, 501), [90, 120, 180, 240, 360, 480, 500]);
        assert_eq!(ladder(&leverage, 9, 1 << 40), [36, 54, 72, 108, 144, 216, 288, 432, 512]);
        // An order of ten players is 18 evaluations: 8, 13, 17 and 21 of them.
        assert_eq!(ladder(&Method::Permutation, 10, 380), [146, 236, 308, 380]);
        assert_eq!(ladder(&Method::Permutation, 10, 100), [92]);
        assert!(Checkpoints::of(&Method::Exact, &problem(9, 512)).is_none());
        let huge = Checkpoints::of(&leverage, &problem(1000, u64::MAX)).unwrap();
        assert!(huge.on_the_ladder(u64::MAX).is_none());
    }

    #[test]
    fn the_quantile_is_that_of_the_tables() {
        // Scipy 1.17: t.ppf(0.95, df).
        for (df, t) in [
            (7.0, 1.894_578_605_090_006),
            (20.0, 1.724_718_242_920_787),
            (100.0, 1.660_234_326_085_339),
            (f64::INFINITY, 1.644_853_626_951_472_2),
        ] {
            assert!((student_90(df) / t - 1.0).abs() < 1e-5, "{df}");
        }
        assert!((student_90(1.0) / 6.313_751_514_675_037 - 1.0).abs() < 0.05);
        assert!(student_90(f64::NAN).is_nan());
    }
}
