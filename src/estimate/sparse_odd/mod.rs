//! A sparse refit of the odd part, where it predicts pairs left out far better than kriging.
//!
//! Some games have few terms: trees over a dozen players, sums of products. Kriging finds where the terms are but
//! shrinks them all. So its strongest terms of three and five players are taken (`terms`), and least squares on them
//! and on all single players (`refit`) are accepted where their leave-one-out errors are below a fifth of those of
//! kriging. A game that has no other terms is then exact.

mod refit;
mod terms;

use super::odd_gp::{OddGp, OddModel, Options, Shape, with_variances};
use super::{Batch, Estimate, Estimator, Problem};
use crate::error::Error;
use crate::parallel::Workers;

/// Values by kriging on complementary pairs, or by a sparse refit: each output by what predicts better.
#[derive(Debug)]
pub struct SparseOdd {
    kriging: OddGp,
}

/// What is known of one row.
struct Row {
    /// `(players, outputs)`.
    values: Vec<f64>,
    /// `(players, outputs)`.
    std_errors: Vec<f64>,
    interval_df: f64,
    gap: Vec<f64>,
}

/// A run. Rows cannot pool their shapes: each chooses its own terms.
pub fn start(problem: Problem, options: Options) -> Result<Box<dyn Estimator>, Error> {
    if options.shape == Shape::Pooled {
        return Err(Error::Parameter {
            argument: "hyper",
            got: "pooled".into(),
            accepted: "\"row\": every row chooses terms of its own",
        });
    }
    Ok(Box::new(SparseOdd { kriging: OddGp::new(problem, options)? }))
}

impl Estimator for SparseOdd {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        self.kriging.ask(max, workers)
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        self.kriging.tell(first, worths)
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let pairs = self.kriging.pairs();
        let problem = pairs.problem();
        if pairs.is_exact() || !pairs.is_representative() || pairs.n_told() < problem.n_players {
            return self.kriging.estimate(workers);
        }
        let mut rows: Vec<Option<Result<Row, Error>>> = (0..problem.n_rows).map(|_| None).collect();
        workers.for_each_unit(rows.iter_mut(), |row, slot| {
            // One fit is one thread's: its bits do not depend on how many there are.
            *slot = Some(self.row(row, &workers.alone()));
        })?;
        let mut estimate = pairs.endpoints().equal_shares(problem.n_players, pairs.n_evaluations());
        estimate.status = pairs.status();
        for (number, row) in rows.into_iter().enumerate() {
            self.write(number, &row.unwrap_or(Err(Error::Interrupted))?, &mut estimate);
        }
        if !pairs.is_representative() {
            estimate.std_errors.fill(f64::NAN);
            estimate.interval_df.fill(f64::NAN);
        }
        Ok(estimate)
    }
}

impl SparseOdd {
    /// Fit one row; each of its outputs is refitted where that is better.
    fn row(&self, row: usize, workers: &Workers<'_>) -> Result<Row, Error> {
        let data = self.kriging.data(row, 1);
        let model = OddModel::fit(&data, self.kriging.options(), workers)?;
        let mut known = Row {
            values: model.values().to_vec(),
            std_errors: model.std_errors().to_vec(),
            interval_df: model.interval_df(),
            gap: model.gap().to_vec(),
        };
        let n_outputs = data.n_outputs();
        for (output, refit) in refit::all(&data, &model, workers)?.into_iter().enumerate() {
            let Some(refit) = refit else { continue };
            for (player, (value, error)) in refit.values.iter().zip(&refit.std_errors).enumerate() {
                known.values[player * n_outputs + output] = *value;
                known.std_errors[player * n_outputs + output] = *error;
            }
            known.gap[output] = refit.gap;
            // Outputs of one row share their intervals' degrees of freedom: the fewest, which are the most careful.
            known.interval_df = known.interval_df.min(refit.interval_df);
        }
        let of_blocks = self.kriging.block_variances(&model, workers)?;
        known.std_errors = with_variances(&known.std_errors, of_blocks.as_deref());
        Ok(known)
    }

    fn write(&self, number: usize, row: &Row, estimate: &mut Estimate) {
        let problem = self.kriging.pairs().problem();
        let width = problem.n_outputs / problem.n_rows;
        let columns = number * width..(number + 1) * width;
        for player in 0..problem.n_players {
            let to = player * problem.n_outputs + columns.start..player * problem.n_outputs + columns.end;
            estimate.values[to.clone()].copy_from_slice(&row.values[player * width..][..width]);
            estimate.std_errors[to].copy_from_slice(&row.std_errors[player * width..][..width]);
        }
        estimate.gap[columns].copy_from_slice(&row.gap);
        estimate.interval_df[number] = row.interval_df;
    }
}
