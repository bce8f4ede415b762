//! Fits near and below full rank, where the bare normal equations would be garbage.

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

/// The ridges tried, in units of the mean eigenvalue: 1e-10, then half decades from 1e-4 to 10.
fn ridges() -> impl Iterator<Item = f64> {
    std::iter::once(1e-10).chain((0..=10).map(|half_decade| 10_f64.powf(0.5 * f64::from(half_decade) - 4.0)))
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
/// The values are shrunk towards equal shares: by the ridges of the grid, and all the way, which wins ties
/// last. Every output chooses for itself; the factorisations are shared. An output that the bare fit
/// explains to rounding, with pairs to spare, keeps it: so two-additive games are exact from `n` pairs on.
/// The least ridge takes part only from `n` pairs on; below, its leverages are lost in rounding.
pub(super) fn fit<'a>(
    design: &Design<'_>,
    gram: &Square,
    targets: &[Targets],
    players: &'a [usize],
    workers: &Workers<'_>,
) -> Result<Ridged<'a>, Error> {
    let overdetermined = design.n_pairs() >= design.n_players();
    let mut choices = Vec::with_capacity(targets.len());
    for targets in targets {
        choices.push(Choice::new(design, equal_shares(design, targets, players, workers)?));
    }
    let mut bare = None;
    if overdetermined && let Some(system) = System::new(gram, players, 0.0, workers)? {
        let mut all_residuals = Vec::with_capacity(targets.len());
        for (choice, targets) in choices.iter_mut().zip(targets) {
            let fit = system.fit(design, targets, BARE_STEPS, workers)?;
            choice.settle(design, &fit);
            all_residuals.push(fit.residuals);
        }
        bare = Some((system, all_residuals));
    }
    for ridge in ridges().skip(usize::from(!overdetermined)) {
        if choices.iter().all(|choice| choice.settled == [true; LANES]) {
            break;
        }
        let Some(system) = System::new(gram, players, ridge, workers)? else { continue };
        let leverages = leverages(design, &system.inverse, workers)?;
        for (choice, targets) in choices.iter_mut().zip(targets) {
            let fit = system.fit(design, targets, 1, workers)?;
            choice.consider(&fit, prediction_error(design, &fit.residuals, &leverages));
        }
    }
    let fits = choices.into_iter().map(|choice| choice.equal_unless_better()).collect();
    Ok(Ridged { fits, bare })
}

/// The best fit so far of up to eight outputs.
struct Choice {
    equal: Fit,
    equal_error: Lanes,
    best: Fit,
    best_error: Lanes,
    /// Outputs whose choice is final.
    settled: [bool; LANES],
}

impl Choice {
    fn new(design: &Design<'_>, equal: Fit) -> Self {
        let equal_error = prediction_error(design, &equal.residuals, &vec![0.0; design.n_pairs()]);
        // An output that equal shares explain, the padding among them, needs no other fit.
        let settled = equal_error.map(|error| error == 0.0);
        Self { best: equal.clone(), equal, equal_error, best_error: [f64::INFINITY; LANES], settled }
    }

    /// Keep the bare fit for good where its residuals are rounding.
    fn settle(&mut self, design: &Design<'_>, bare: &Fit) {
        let left = prediction_error(design, &bare.residuals, &vec![0.0; design.n_pairs()]);
        let exact = std::array::from_fn(|lane| {
            left[lane] <= EXACT * EXACT * self.equal_error[lane] && !self.settled[lane]
        });
        self.take(bare, exact);
        for lane in (0..LANES).filter(|&lane| exact[lane]) {
            self.settled[lane] = true;
            self.best_error[lane] = left[lane];
        }
    }

    fn consider(&mut self, fit: &Fit, error: Lanes) {
        let better = std::array::from_fn(|lane| error[lane] < self.best_error[lane] && !self.settled[lane]);
        self.take(fit, better);
        (0..LANES).filter(|&lane| better[lane]).for_each(|lane| self.best_error[lane] = error[lane]);
    }

    fn take(&mut self, fit: &Fit, lanes: [bool; LANES]) {
        let pairs = self.best.residuals.iter_mut().zip(&fit.residuals);
        for (best, new) in self.best.values.iter_mut().zip(&fit.values).chain(pairs) {
            (0..LANES).filter(|&lane| lanes[lane]).for_each(|lane| best[lane] = new[lane]);
        }
    }

    fn equal_unless_better(mut self) -> Fit {
        let equal = std::mem::replace(&mut self.equal, Fit { values: Vec::new(), residuals: Vec::new() });
        let error = self.equal_error;
        self.consider(&equal, error);
        self.best
    }
}

/// `sum_a w_a (r_a / (1 - h_a))^2`.
fn prediction_error(design: &Design<'_>, residuals: &[Lanes], leverages: &[f64]) -> Lanes {
    let mut error = [0.0; LANES];
    for ((residual, &leverage), weight) in residuals.iter().zip(leverages).zip(&design.weights) {
        for lane in 0..LANES {
            let left_out = left_out(residual[lane], leverage);
            error[lane] += weight * left_out * left_out;
        }
    }
    error
}
