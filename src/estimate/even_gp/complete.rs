//! Games of at most three players, which have no pairs to spare: every coalition, and the definition.

use crate::coalition::Coalitions;
use crate::error::Error;
use crate::estimate::exact::Exact;
use crate::estimate::{Batch, Estimate, Estimator, Interactions, Problem};
use crate::index::Interaction;
use crate::parallel::Workers;
use crate::table::Table;
use crate::table::interactions::interactions;

/// The exact values, and the exact interactions once every worth is told.
pub(super) struct Complete {
    index: Interaction,
    n_outputs: usize,
    n_rows: usize,
    exact: Exact,
    asked: Coalitions,
    /// All worths `(2^n, outputs)`, NaN where they are not told.
    worths: Vec<f64>,
}

impl Complete {
    pub(super) fn new(problem: Problem, index: Interaction) -> Result<Self, Error> {
        let (n, n_outputs, n_rows) = (problem.n_players, problem.n_outputs, problem.n_rows);
        let mut worths = vec![f64::NAN; n_outputs << n];
        if let Some(known) = &problem.endpoints {
            let last = worths.len() - n_outputs;
            worths[..n_outputs].copy_from_slice(&known.base);
            worths[last..].copy_from_slice(&known.full);
        }
        Ok(Self { index, n_outputs, n_rows, exact: Exact::new(problem)?, asked: Coalitions::new(n), worths })
    }
}

impl Estimator for Complete {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        let batch = self.exact.ask(max, workers)?;
        (0..batch.coalitions.len()).for_each(|position| self.asked.push(batch.coalitions.get(position)));
        Ok(batch)
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        self.exact.tell(first, worths)?;
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        for (position, worths) in (first..).zip(worths.chunks_exact(self.n_outputs)) {
            let place = usize::try_from(self.asked.get(position)[0]).unwrap_or(0) * self.n_outputs;
            self.worths[place..place + self.n_outputs].copy_from_slice(worths);
        }
        Ok(())
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        self.exact.estimate(workers)
    }

    fn interactions(&self, workers: &Workers<'_>) -> Result<Option<Interactions>, Error> {
        let n_players = self.asked.n_players();
        if self.worths.iter().any(|worth| worth.is_nan()) {
            return Ok(Some(Interactions::unknown(n_players, self.n_outputs, self.n_rows)));
        }
        of_table(&self.worths, self.n_outputs, self.n_rows, self.index, workers).map(Some)
    }
}

/// The exact interactions of order 2 of a game known at all coalitions.
pub(super) fn of_table(
    worths: &[f64],
    n_outputs: usize,
    n_rows: usize,
    index: Interaction,
    workers: &Workers<'_>,
) -> Result<Interactions, Error> {
    let table = Table::new(worths, n_outputs)?;
    let values = interactions(&table, index, 2, u64::MAX, workers)?;
    Ok(Interactions {
        std_errors: vec![0.0; values.len()],
        diagonal_errors: vec![0.0; table.n_players() * n_outputs],
        interval_df: vec![f64::NAN; n_rows],
        values,
    })
}
