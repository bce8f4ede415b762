//! Leverage-weighted least squares.
//!
//! The Shapley values are the solution of a weighted regression on all coalitions,
//!
//! $$ \phi = \arg\min_{\sum\phi = D} \sum_{0<|S|<n} \frac{1}{k(n-k)\binom nk}
//!    \Big(v(S) - v(\emptyset) - \sum_{i \in S}\phi_i\Big)^2, \quad k = |S|,\; D = v(N) - v(\emptyset) $$
//!
//! (Charnes, Golany, Keane, Rousseau 1988; as KernelSHAP: Lundberg, Lee 2017, arXiv 1705.07874). Here it runs
//! on complementary pairs, of which only the half-differences `o_a = (v(S_a) - v(S_a^c)) / 2` matter: minimise
//! `sum_a w_a (o_a + x_a' phi / 2)^2`, `x_aj = -1` where `j` is in `S_a`, else `+1`, under the same
//! constraint. Pairs are drawn without replacement, all sizes alike, which are the leverage scores of the
//! regression (Musco, Witter 2024, "Provably accurate Shapley value estimation via leverage score sampling",
//! arXiv 2410.01917).
//!
//! Rooms: `signs` multiplies by the sign matrix, `design` weighs the pairs and forms the Gram matrix,
//! `solve` solves under the constraint, `ridge` below full rank, `conjugate` for very many players;
//! `errors` says how far off the values may be.

mod conjugate;
pub mod contrasts;
mod design;
mod errors;
mod ridge;
mod signs;
mod solve;
mod targets;

pub(super) use self::design::{Design, Group};
pub(super) use self::errors::variances;
pub(super) use self::solve::{Fit, System, Targets};
use self::solve::{share_gap, weighted_signs};
use self::targets::targets;
use super::paired::Paired;
use super::{Batch, Estimate, Estimator, Problem};
use crate::error::Error;
use crate::linalg::{LANES, Lanes};
use crate::parallel::Workers;
use crate::sample::sizes::Sequence;

/// Squared standard errors: `(outputs, players)`.
type Variances = Vec<Vec<f64>>;

/// With more players than this the Gram matrix, above 128 MB, is never formed.
const LARGEST_DENSE: usize = 4096;
/// Pairs beyond the `n - 1` free values from which errors are stated, and the whole grid of ridges is tried.
const ROWS_TO_SPARE: usize = 8;

/// Values by leverage-weighted least squares on complementary pairs.
///
/// Evaluations 0 and 1 are the endpoints, unless they are known; then `S_0`, its complement, `S_1`, ... An
/// odd evaluation at the end of the budget is not spent. The values are efficient, consistent and exact once
/// all pairs are told, and exact for games without interactions above order 2 from `n` pairs on (a budget of
/// `2n + 2`), but not unbiased. Below `2n` pairs they are shrunk towards equal shares by a ridge chosen by
/// leave-one-out.
///
/// Standard errors are HC3 with the factor of finite populations and `p - n + 1` degrees of freedom (`p` pairs
/// told), those of the fit without ridge; NaN below `n + 7` pairs, and above 4096 players. (A size of which all pairs are
/// known adds nothing, unless it still stands for sizes without a pair, as the star does at first.)
///
/// `p n K / 8 + p n^2 / 64` operations on words or eight lanes and `n^3 / 2` multiply-adds for `n` players and `K` outputs, and
/// below `2n` pairs up to twelve times the last two; `n^2 + p K` numbers of memory.
///
/// On a background in blocks ([`Paired`]) the star comes first, on every block, and its class counts as complete;
/// that other pairs were looked at on a part of the background shows in their residuals, and the errors count them
/// as not drawn. At least [`super::paired::least_for_blocks`] evaluations.
///
/// Limits: at least 4 players.
#[derive(Debug)]
pub struct Leverage {
    pairs: Paired,
}

impl Leverage {
    /// Nothing asked yet. [`Error::Budget`] unless the budget pays for the endpoints and `n / 2` pairs.
    pub fn new(problem: Problem, sequence: Sequence) -> Result<Self, Error> {
        let (n, budget) = (problem.n_players, problem.budget);
        let pairs = Paired::new(problem, sequence, false)?;
        let least = n as u64 + pairs.endpoints().n_asked();
        if budget < least {
            return Err(Error::Budget { method: "leverage", got: budget, least, n_players: n });
        }
        Ok(Self { pairs })
    }

    /// The normal equations of the regression without its constraint, `M phi = b` with `M = sum_a w_a x_a x_a'`
    /// and `b = -2 sum_a w_a o_a x_a`: `(players, players)` and `(players, outputs)`.
    pub fn normal_equations(&self, workers: &Workers<'_>) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let design = self.design();
        let (n, n_outputs) = (self.pairs.problem().n_players, self.pairs.problem().n_outputs);
        let mut gram = design.gram(workers)?;
        gram.mirror();
        let cells = (0..n).flat_map(|i| gram.row(i)[..n].to_vec()).collect();
        let mut right = vec![0.0; n * n_outputs];
        for group in 0..n_outputs.div_ceil(LANES) {
            let targets = targets(&self.pairs, group);
            let sums = weighted_signs(&design, &targets.half_differences, workers)?;
            scatter(&sums, group, n_outputs, &mut right, |sum| -2.0 * sum);
        }
        Ok((cells, right))
    }

    /// Values of one output when only `players` share the worth and all others get nothing.
    ///
    /// The same regression restricted to their columns; a ridge of 1e-10 where these are not independent.
    pub fn estimate_among(
        &self,
        output: usize,
        players: &[usize],
        workers: &Workers<'_>,
    ) -> Result<Vec<f64>, Error> {
        let n = self.pairs.problem().n_players;
        let valid = players.iter().all(|&player| player < n);
        if !valid || players.is_empty() || output >= self.pairs.problem().n_outputs {
            let got = format!("{players:?} (output {output})");
            let accepted = "at least one player, and players and output of the game";
            return Err(Error::Parameter { argument: "players", got, accepted });
        }
        let design = self.design();
        let gram = design.gram(workers)?;
        let targets = targets(&self.pairs, output / LANES);
        let system = match System::new(&gram, players, 0.0, workers)? {
            Some(system) => Some(system),
            None => System::new(&gram, players, 1e-10, workers)?,
        };
        let mut values = match system {
            Some(system) => system.fit(&design, &targets, 3, workers)?.values,
            None => solve::equal_shares(&design, &targets, players, workers)?.values,
        };
        share_gap(&mut values, &targets.grand, players);
        Ok(values.iter().map(|lanes| lanes[output % LANES]).collect())
    }

    fn design(&self) -> Design<'_> {
        let design = Design::new(self.pairs.sequence(), self.pairs.coalitions(), self.pairs.classes());
        match self.pairs.seen() {
            Some(seen) => design.looked_at_on(self.pairs.sequence(), seen),
            None => design,
        }
    }

    /// The fits of all groups of outputs, and their squared errors where these are stated.
    fn fits(
        &self,
        design: &Design<'_>,
        targets: &[Targets],
        players: &[usize],
        workers: &Workers<'_>,
    ) -> Result<(Vec<Fit>, Option<Variances>), Error> {
        if self.pairs.problem().n_players > LARGEST_DENSE {
            let fits = targets.iter().map(|targets| conjugate::fit(design, targets, workers));
            return Ok((fits.collect::<Result<_, _>>()?, None));
        }
        let gram = design.gram(workers)?;
        let n_outputs = self.pairs.problem().n_outputs;
        let variances = |system: &System<'_>, residuals: &[Vec<Lanes>]| {
            let enough = design.n_pairs() + 1 >= self.pairs.problem().n_players + ROWS_TO_SPARE
                && self.pairs.is_representative();
            (enough && !self.pairs.is_exact())
                .then(|| errors::variances(design, &system.inverse, residuals, n_outputs, workers))
                .transpose()
        };
        let comfortable = design.n_pairs() >= 2 * self.pairs.problem().n_players || self.pairs.is_exact();
        if comfortable && let Some(system) = System::new(&gram, players, 0.0, workers)? {
            let mut fits = Vec::with_capacity(targets.len());
            for targets in targets {
                fits.push(system.fit(design, targets, 1, workers)?);
            }
            let residuals: Vec<_> = fits.iter_mut().map(|fit| std::mem::take(&mut fit.residuals)).collect();
            return Ok((fits, variances(&system, &residuals)?));
        }
        let ridged = ridge::fit(design, &gram, targets, players, workers)?;
        let variances = match ridged.bare {
            Some((system, residuals)) => variances(&system, &residuals)?,
            None => None,
        };
        Ok((ridged.fits, variances))
    }
}

impl Estimator for Leverage {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        self.pairs.ask(max, workers)
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        self.pairs.tell(first, worths)
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let (n, n_outputs) = (self.pairs.problem().n_players, self.pairs.problem().n_outputs);
        let n_pairs = self.pairs.n_told();
        if n_pairs == 0 {
            return Ok(self.pairs.endpoints().equal_shares(n, self.pairs.n_evaluations()));
        }
        let mut estimate = Estimate {
            values: vec![f64::NAN; n * n_outputs],
            std_errors: vec![f64::NAN; n * n_outputs],
            interval_df: vec![f64::NAN; self.pairs.problem().n_rows],
            base: self.pairs.endpoints().base(),
            gap: vec![f64::NAN; n_outputs],
            n_evaluations: self.pairs.n_evaluations(),
            status: self.pairs.status(),
            predicted_budget: None,
        };
        let design = self.design();
        let players: Vec<usize> = (0..n).collect();
        let targets: Vec<_> =
            (0..n_outputs.div_ceil(LANES)).map(|group| targets(&self.pairs, group)).collect();
        let (mut fits, variances) = self.fits(&design, &targets, &players, workers)?;
        for (group, (fit, targets)) in fits.iter_mut().zip(&targets).enumerate() {
            let gap = share_gap(&mut fit.values, &targets.grand, &players);
            scatter(&[gap], group, n_outputs, &mut estimate.gap, |gap| gap);
            scatter(&fit.values, group, n_outputs, &mut estimate.values, |value| value);
        }
        if self.pairs.is_exact() {
            estimate.std_errors.fill(0.0);
        }
        for (output, variances) in variances.iter().flatten().enumerate() {
            for (player, variance) in variances.iter().enumerate() {
                estimate.std_errors[player * n_outputs + output] = variance.sqrt();
            }
        }
        if self.pairs.is_exact() || variances.is_some() {
            estimate.interval_df.fill((n_pairs + 1 - n) as f64);
        }
        Ok(estimate)
    }
}

/// Write the lanes of one group of outputs into an array `(rows, outputs)`.
fn scatter(lanes: &[Lanes], group: usize, n_outputs: usize, array: &mut [f64], map: impl Fn(f64) -> f64) {
    for (row, lanes) in array.chunks_exact_mut(n_outputs).zip(lanes) {
        for (cell, &lane) in row[group * LANES..].iter_mut().zip(lanes) {
            *cell = map(lane);
        }
    }
}
