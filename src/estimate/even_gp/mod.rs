//! EvenGP: interactions of order 2 by kriging on half-sums, beside values by kriging on half-differences.

mod fit;
mod indices;
mod kernel;
mod kriging;
mod readout;
mod row;
mod stand_in;

use std::sync::Mutex;

use self::indices::Sets;
use self::row::Row;
use super::paired::Paired;
use super::{Batch, Estimate, Estimator, Interactions, Problem};
use crate::coalition::last_word;
use crate::error::Error;
use crate::index::Interaction;
use crate::parallel::Workers;
use crate::sample::Sequence;
use crate::table::Table;
use crate::table::interactions::interactions;

/// Evaluations that are kriged: the time grows with their cube.
const MOST_KRIGED: u64 = 4000;

/// Which interactions are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The index.
    pub index: Interaction,
    /// Which sizes come next.
    pub sequence: Sequence,
}

/// A run.
pub fn start(problem: Problem, options: Options) -> Result<Box<dyn Estimator>, Error> {
    Ok(Box::new(EvenGp::new(problem, options)?))
}

struct EvenGp {
    pairs: Paired,
    options: Options,
}

impl EvenGp {
    fn new(mut problem: Problem, options: Options) -> Result<Self, Error> {
        let n = problem.n_players as u64;
        let known = if problem.endpoints.is_some() { 2 } else { 0 };
        problem.budget = problem.budget.min(MOST_KRIGED - known);
        if problem.granted() < 2 * n + 2 {
            return Err(Error::Budget {
                method: "even_gp",
                got: problem.granted(),
                least: 2 * n + 2,
                n_players: problem.n_players,
            });
        }
        Ok(Self { pairs: Paired::new(problem, Sequence::StarMiddle, true)?, options })
    }

    fn has_star(&self) -> bool {
        self.pairs.n_told() >= self.pairs.problem().n_players
    }

    /// All worths `(2^n, outputs)`, from all pairs.
    fn table(&self) -> Vec<f64> {
        let (n, n_outputs) = (self.pairs.problem().n_players, self.pairs.problem().n_outputs);
        let mut worths = vec![0.0; n_outputs << n];
        let endpoints = self.pairs.endpoints();
        let last = (1 << n) - 1;
        for output in 0..n_outputs {
            worths[output] = endpoints.empty(output);
            worths[last * n_outputs + output] = endpoints.full(output);
        }
        let sums = self.pairs.half_sums().unwrap_or_default().chunks_exact(n_outputs);
        let differences = self.pairs.half_differences().chunks_exact(n_outputs);
        for (pair, (sums, differences)) in sums.zip(differences).enumerate() {
            let word = self.pairs.coalitions().get(pair)[0];
            let complement = !word & last_word(n);
            for (output, (sum, difference)) in sums.iter().zip(differences).enumerate() {
                for (coalition, worth) in [(word, sum + difference), (complement, sum - difference)] {
                    let place = usize::try_from(coalition).unwrap_or(0) * n_outputs + output;
                    worths[place] = worth;
                }
            }
        }
        worths
    }

    /// Work that is done once for each explained row.
    fn by_row<T: Send>(
        &self,
        workers: &Workers<'_>,
        work: impl Fn(Row) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let slots: Vec<Mutex<Option<Result<T, Error>>>> =
            (0..self.pairs.problem().n_rows).map(|_| Mutex::new(None)).collect();
        workers.for_each_unit(slots.iter(), |row, slot| {
            let done = work(Row::new(&self.pairs, row));
            *slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(done);
        })?;
        let taken = slots.into_iter().map(|slot| {
            slot.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).unwrap_or(Err(Error::Interrupted))
        });
        taken.collect()
    }
}

impl Estimator for EvenGp {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        self.pairs.ask(max, workers)
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        self.pairs.tell(first, worths)
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let problem = self.pairs.problem();
        let (n, n_rows) = (problem.n_players, problem.n_rows);
        let shares = self.pairs.endpoints().equal_shares(n, self.pairs.n_evaluations());
        if !self.has_star() {
            return Ok(shares);
        }
        let models = self.by_row(workers, |row| row.odd_model(workers))?;
        let n_outputs = problem.n_outputs / n_rows;
        let gather = |of: fn(&stand_in::OddModel) -> &[f64]| {
            let mut all = Vec::with_capacity(n * problem.n_outputs);
            for player in 0..n {
                for model in &models {
                    all.extend_from_slice(&of(model)[player * n_outputs..(player + 1) * n_outputs]);
                }
            }
            all
        };
        Ok(Estimate {
            values: gather(stand_in::OddModel::values),
            std_errors: gather(stand_in::OddModel::std_errors),
            interval_df: models.iter().map(stand_in::OddModel::interval_df).collect(),
            status: self.pairs.status(),
            ..shares
        })
    }

    fn interactions(&self, workers: &Workers<'_>) -> Result<Option<Interactions>, Error> {
        let problem = self.pairs.problem();
        let (n, n_rows) = (problem.n_players, problem.n_rows);
        let n_sets = n * (n + 1) / 2;
        let unknown = Interactions {
            values: vec![f64::NAN; n_sets * problem.n_outputs],
            std_errors: vec![f64::NAN; n_sets * problem.n_outputs],
            diagonal_errors: vec![f64::NAN; n * problem.n_outputs],
            interval_df: vec![f64::NAN; n_rows],
        };
        if self.pairs.is_exact() {
            let worths = self.table();
            let table = Table::new(&worths, problem.n_outputs)?;
            let values = interactions(&table, self.options.index, 2, u64::MAX, workers)?;
            return Ok(Some(Interactions {
                std_errors: vec![0.0; values.len()],
                diagonal_errors: vec![0.0; n * problem.n_outputs],
                values,
                ..unknown
            }));
        }
        if !self.has_star() {
            return Ok(Some(unknown));
        }
        let rows = self.by_row(workers, |row| row.interactions(self.options, workers))?;
        Ok(Some(gathered(&rows, n)))
    }
}

/// The interactions of all rows, side by side.
fn gathered(rows: &[(Sets, f64)], n: usize) -> Interactions {
    let mut all = Interactions {
        values: Vec::new(),
        std_errors: Vec::new(),
        diagonal_errors: Vec::new(),
        interval_df: rows.iter().map(|(_, df)| *df).collect(),
    };
    for player in 0..n {
        for (sets, _) in rows {
            all.values.extend_from_slice(sets.singles.means.row(player));
            all.std_errors.extend(sets.singles.variances.row(player).iter().map(|v| v.sqrt()));
            all.diagonal_errors.extend(sets.diagonal_variances.row(player).iter().map(|v| v.sqrt()));
        }
    }
    for pair in 0..n * (n - 1) / 2 {
        for (sets, _) in rows {
            all.values.extend_from_slice(sets.pairs.means.row(pair));
            all.std_errors.extend(sets.pairs.variances.row(pair).iter().map(|v| v.sqrt()));
        }
    }
    all
}
