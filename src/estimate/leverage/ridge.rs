//! Fits near and below full rank, where the bare normal equations would be garbage.

use super::ROWS_TO_SPARE;
use super::design::Design;
use super::errors::{left_out, leverages};
use super::solve::{Fit, System, Targets, equal_shares};
use crate::error::Error;
use crate::linalg::{LANES, Lanes, Square};
use crate::parallel::Workers;

/// Steps of the bare fit: two to mend what rounding spoils where the condition is bad.
const BARE_STEPS: usize = 3;
/// A bare fit that leaves less than this share of the root mean square is exact.
const EXACT: f64 = 1e-10;

/// A fit is implausible whose values are farther from equal shares, in squares, than this many times what the
/// half-differences tell of values that know nothing of the design. In 20,000 random games of 4 to 33 players
/// the true values were at most 10.4 times as far at `n` pairs; fits to accidents reach 50 times.
const LONGEST: f64 = 12.0;

/// The ridges tried, in units of the mean eigenvalue: 1e-10, then half decades from 1e-4 to 10.
///
/// With fewer than eight pairs to spare only those from `10^-1.5` on: what is left out then says little about
/// the directions that the pairs do not see. Measured on random dense and three-additive games of 6 to 14
/// players at `n` pairs: squared error relative to the values 0.09 and 0.23, with the whole grid 0.12 and 0.28.
fn ridges(to_spare: bool) -> impl Iterator<Item = f64> {
    let half_decades = (0..=10).map(|half_decade| 10_f64.powf(0.5 * f64::from(half_decade) - 4.0));
    std::iter::once(1e-10).chain(half_decades).skip(if to_spare { 0 } else { 6 })
}

/// The fits chosen, and the bare fits with their system where it is not singular.
pub(super) struct Ridged<'a> {
    /// One a group of outputs.
    pub(super) fits: Vec<Fit>,
    /// The system without a ridge, and its residuals.
    pub(super) bare: Option<(System<'a>, Vec<Vec<Lanes>>)>,
}

/// Fit each output with the ridge that predicts best the pairs left out, one at a time.
///
/// The values are shrunk towards equal shares: by the ridges of the grid, or all the way. Every output chooses
/// for itself; the factorisations are shared. An output that the bare fit explains to rounding, with pairs to
/// spare, keeps it: so two-additive games are exact from `n` pairs on.
///
/// Limit: worths that take few values may by chance agree with an additive game that is far from theirs. A
/// voting game in which hardly any smaller half wins looks like a dictator who was in none of them; until `2n`
/// pairs or so the error is then often larger than that of no values at all.
pub(super) fn fit<'a>(
    design: &Design<'_>,
    gram: &Square,
    targets: &[Targets],
    players: &'a [usize],
    workers: &Workers<'_>,
) -> Result<Ridged<'a>, Error> {
    let mut choices = Vec::with_capacity(targets.len());
    for targets in targets {
        choices.push(Choice::new(design, equal_shares(design, targets, players, workers)?));
    }
    let mut bare = None;
    if design.n_pairs() >= design.n_players()
        && let Some(system) = System::new(gram, players, 0.0, workers)?
    {
        let mut all_residuals = Vec::with_capacity(targets.len());
        for (choice, targets) in choices.iter_mut().zip(targets) {
            let fit = system.fit(design, targets, BARE_STEPS, workers)?;
            choice.settle(&fit, prediction_error(design, &fit.residuals, None));
            all_residuals.push(fit.residuals);
        }
        bare = Some((system, all_residuals));
    }
    for ridge in ridges(design.n_pairs() + 1 >= design.n_players() + ROWS_TO_SPARE) {
        if choices.iter().all(|choice| choice.settled == [true; LANES]) {
            break;
        }
        let Some(system) = System::new(gram, players, ridge, workers)? else { continue };
        let leverages = leverages(design, &system.inverse, workers)?;
        for (choice, targets) in choices.iter_mut().zip(targets) {
            let fit = system.fit(design, targets, 1, workers)?;
            choice.consider(&fit, prediction_error(design, &fit.residuals, Some(&leverages)));
        }
    }
    Ok(Ridged { fits: choices.into_iter().map(|choice| choice.best).collect(), bare })
}

/// The best fit so far of up to eight outputs; first equal shares.
struct Choice {
    best: Fit,
    best_error: Lanes,
    equal_value: Lanes,
    equal_error: Lanes,
    /// The largest plausible sum of squared distances from equal shares.
    longest: Lanes,
    /// Outputs whose choice is final.
    settled: [bool; LANES],
}

impl Choice {
    fn new(design: &Design<'_>, equal: Fit) -> Self {
        let equal_error = prediction_error(design, &equal.residuals, None);
        let scale = design.projected_trace() / (design.n_players() - 1) as f64;
        Self {
            best_error: equal_error,
            equal_value: equal.values[0],
            best: equal,
            equal_error,
            longest: equal_error.map(|error| LONGEST * 4.0 * error / scale),
            // An output that equal shares explain, the padding among them, needs no other fit.
            settled: equal_error.map(|error| error == 0.0),
        }
    }

    /// Keep the bare fit for good where its residuals are rounding.
    fn settle(&mut self, bare: &Fit, left: Lanes) {
        let open = self.plausible(bare);
        for lane in (0..LANES).filter(|&lane| open[lane]) {
            if left[lane] <= EXACT * EXACT * self.equal_error[lane] {
                self.take(bare, lane);
                self.settled[lane] = true;
            }
        }
    }

    fn consider(&mut self, fit: &Fit, error: Lanes) {
        let open = self.plausible(fit);
        for lane in (0..LANES).filter(|&lane| open[lane]) {
            if error[lane] < self.best_error[lane] {
                self.take(fit, lane);
                self.best_error[lane] = error[lane];
            }
        }
    }

    /// For which outputs the fit may be chosen: those not settled whose values are not too far out.
    fn plausible(&self, fit: &Fit) -> [bool; LANES] {
        let mut squares = [0.0; LANES];
        for values in &fit.values {
            for lane in 0..LANES {
                let distance = values[lane] - self.equal_value[lane];
                squares[lane] += distance * distance;
            }
        }
        std::array::from_fn(|lane| !self.settled[lane] && squares[lane] <= self.longest[lane])
    }

    fn take(&mut self, fit: &Fit, lane: usize) {
        for (best, new) in self.best.values.iter_mut().zip(&fit.values) {
            best[lane] = new[lane];
        }
    }
}

/// `sum_a w_a (r_a / (1 - h_a))^2`; without leverages the squared residuals themselves.
fn prediction_error(design: &Design<'_>, residuals: &[Lanes], leverages: Option<&[f64]>) -> Lanes {
    let mut error = [0.0; LANES];
    for (pair, (residual, weight)) in residuals.iter().zip(&design.weights).enumerate() {
        let leverage = leverages.map_or(0.0, |leverages| leverages[pair]);
        for lane in 0..LANES {
            let left_out = left_out(residual[lane], leverage);
            error[lane] += weight * left_out * left_out;
        }
    }
    error
}
