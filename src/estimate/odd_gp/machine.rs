//! The estimator: pairs asked and told, one fit a row.

use super::exact;
use super::model::{Data, OddModel};
use super::{Options, Shape};
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::estimate::paired::Paired;
use crate::estimate::{Batch, Estimate, Estimator, Problem};
use crate::parallel::Workers;

/// Rows whose half-differences decide the shape that all share.
const POOLED_ROWS: usize = 16;

/// Values by kriging on complementary pairs.
///
/// Evaluations 0 and 1 are the endpoints, unless they are known; then `S_0`, its complement, `S_1`, ...
#[derive(Debug)]
pub struct OddGp {
    pairs: Paired,
    options: Options,
}

impl OddGp {
    /// Nothing asked yet. [`Error::Budget`] unless the budget pays for the endpoints and as many pairs as players.
    pub fn new(problem: Problem, options: Options) -> Result<Self, Error> {
        let (n, budget) = (problem.n_players, problem.budget);
        let pairs = Paired::new(problem, options.sequence, false)?;
        let least = 2 * n as u64 + pairs.endpoints().n_asked();
        if budget < least {
            return Err(Error::Budget { method: "odd_gp", got: budget, least, n_players: n });
        }
        Ok(Self { pairs, options })
    }

    /// The pairs.
    pub(in crate::estimate) fn pairs(&self) -> &Paired {
        &self.pairs
    }

    /// How rows are fitted.
    pub(in crate::estimate) fn options(&self) -> Options {
        self.options
    }

    /// What rows `first ..` are fitted to, as many as `count`.
    pub(in crate::estimate) fn data(&self, first: usize, count: usize) -> Data {
        let problem = self.pairs.problem();
        let width = problem.n_outputs / problem.n_rows;
        let columns = first * width..(first + count) * width;
        let mut coalitions = Coalitions::new(problem.n_players);
        (0..self.pairs.n_told()).for_each(|pair| coalitions.push(self.pairs.coalitions().get(pair)));
        let rows = self.pairs.half_differences().chunks_exact(problem.n_outputs);
        Data {
            coalitions,
            is_star: self.pairs.classes().iter().map(|&class| class == 1).collect(),
            targets: rows.flat_map(|row| row[columns.clone()].iter().copied()).collect(),
            grand: columns.map(|output| self.pairs.endpoints().total_difference(output)).collect(),
        }
    }

    /// The models of all rows: one each, or one of them all.
    fn models(&self, workers: &Workers<'_>) -> Result<Vec<OddModel>, Error> {
        let problem = self.pairs.problem();
        if self.options.shape == Shape::Pooled {
            let searched = POOLED_ROWS.min(problem.n_rows) * (problem.n_outputs / problem.n_rows);
            let all = self.data(0, problem.n_rows);
            return Ok(vec![OddModel::fit_searching(&all, searched, self.options, workers)?]);
        }
        let mut models: Vec<Option<Result<OddModel, Error>>> = (0..problem.n_rows).map(|_| None).collect();
        workers.for_each_unit(models.iter_mut(), |row, slot| {
            // One fit is one thread's: its bits do not depend on how many there are.
            *slot = Some(OddModel::fit(&self.data(row, 1), self.options, &workers.alone()));
        })?;
        models.into_iter().map(|model| model.unwrap_or(Err(Error::Interrupted))).collect()
    }

    /// Squared errors by the choice of blocks that come on top of a model's own, which takes noise for fine detail
    /// where it knows nearly all pairs; None where the background is in one piece.
    pub(in crate::estimate) fn block_variances(
        &self,
        model: &OddModel,
        workers: &Workers<'_>,
    ) -> Result<Option<Vec<f64>>, Error> {
        if self.pairs.seen().is_none() {
            return Ok(None);
        }
        Ok(self.pairs.block_variances(&model.left_out(workers)?))
    }

    /// Standard errors of all rows, `(players, outputs of the row)`, with the noise of the blocks in them.
    fn std_errors(&self, models: &[OddModel], workers: &Workers<'_>) -> Result<Vec<Vec<f64>>, Error> {
        let mut all: Vec<Result<Vec<f64>, Error>> =
            models.iter().map(|model| Ok(model.std_errors().to_vec())).collect();
        if self.pairs.seen().is_some() {
            workers.for_each_unit(all.iter_mut().zip(models), |_, (errors, model)| {
                *errors = self
                    .block_variances(model, &workers.alone())
                    .map(|variances| with_variances(model.std_errors(), variances.as_deref()));
            })?;
        }
        all.into_iter().collect()
    }
}

/// Standard errors with further squared errors added.
pub(in crate::estimate) fn with_variances(std_errors: &[f64], variances: Option<&[f64]>) -> Vec<f64> {
    let Some(variances) = variances else { return std_errors.to_vec() };
    std_errors.iter().zip(variances).map(|(error, variance)| (error * error + variance).sqrt()).collect()
}

impl Estimator for OddGp {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        self.pairs.ask(max, workers)
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        self.pairs.tell(first, worths)
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let problem = self.pairs.problem();
        let (n, n_outputs) = (problem.n_players, problem.n_outputs);
        let shares = self.pairs.endpoints().equal_shares(n, self.pairs.n_evaluations());
        let shares = Estimate { status: self.pairs.status(), ..shares };
        if self.pairs.is_exact() {
            return Ok(exact::estimate(&self.pairs, shares));
        }
        if self.pairs.n_told() < n {
            return Ok(shares);
        }
        let mut estimate = shares;
        let models = self.models(workers)?;
        let std_errors = self.std_errors(&models, workers)?;
        let width = n_outputs / models.len();
        for (row, (model, std_errors)) in models.iter().zip(&std_errors).enumerate() {
            let columns = row * width..(row + 1) * width;
            for player in 0..n {
                let (from, to) = (player * width..(player + 1) * width, player * n_outputs);
                let to = to + columns.start..to + columns.end;
                estimate.values[to.clone()].copy_from_slice(&model.values()[from.clone()]);
                estimate.std_errors[to].copy_from_slice(&std_errors[from]);
            }
            estimate.gap[columns].copy_from_slice(model.gap());
        }
        for (row, df) in estimate.interval_df.iter_mut().enumerate() {
            *df = models[row * models.len() / problem.n_rows].interval_df();
        }
        if !self.pairs.is_representative() {
            // Blocks of the background that nobody has looked at: no posterior knows what they are like.
            estimate.std_errors.fill(f64::NAN);
            estimate.interval_df.fill(f64::NAN);
        }
        Ok(estimate)
    }
}
