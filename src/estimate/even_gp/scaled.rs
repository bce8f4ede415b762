//! Targets in units of their own, without outputs that have nothing to explain.

use super::fit::{Fitted, Rows};
use super::indices::{Pairs, Parts};
use crate::error::Error;
use crate::linalg::Matrix;

/// Targets `(rows, outputs)` whose mean squares are 1, and where they came from.
pub(super) struct Scaled {
    n_outputs: usize,
    /// Output and root mean square of each column.
    columns: Vec<(usize, f64)>,
    targets: Matrix,
}

/// A process fitted to scaled targets; none where there was nothing to explain.
pub(super) struct FittedScaled {
    scaled: Scaled,
    pub(super) fitted: Option<Fitted>,
}

impl Scaled {
    pub(super) fn new(targets: &Matrix) -> Self {
        let (n_rows, n_outputs) = (targets.n_rows(), targets.n_columns());
        let scale = |output: usize| {
            // Divided by the largest first: squares of worths near the ends of the range would not fit.
            let largest = (0..n_rows).fold(0.0_f64, |most, row| most.max(targets.row(row)[output].abs()));
            let squares: f64 = (0..n_rows).map(|row| (targets.row(row)[output] / largest).powi(2)).sum();
            (output, largest * (squares / n_rows as f64).sqrt())
        };
        let columns: Vec<_> = (0..n_outputs).map(scale).filter(|(_, scale)| *scale > 0.0).collect();
        let targets = Matrix::from_fn(n_rows, columns.len(), |row, column| {
            let (output, scale) = columns[column];
            targets.row(row)[output] / scale
        });
        Self { n_outputs, columns, targets }
    }

    /// Fit what is not zero.
    pub(super) fn fit(
        self,
        signs: &Matrix,
        is_star: &[bool],
        fit: impl FnOnce(&Rows<'_>) -> Result<Fitted, Error>,
    ) -> Result<FittedScaled, Error> {
        let rows = Rows { signs, targets: &self.targets, is_star };
        let fitted = if self.columns.is_empty() { None } else { Some(fit(&rows)?) };
        Ok(FittedScaled { fitted, scaled: self })
    }
}

impl FittedScaled {
    /// What is read from the process, in the units of the worths, for all outputs; `count` zeros where there is none.
    pub(super) fn read(&self, count: usize, read: impl FnOnce(&Fitted) -> Parts) -> Parts {
        let mut whole = Parts::zeros(count, self.scaled.n_outputs);
        let Some(parts) = self.fitted.as_ref().map(read) else { return whole };
        for row in 0..count {
            for (column, &(output, scale)) in self.scaled.columns.iter().enumerate() {
                whole.means.row_mut(row)[output] = scale * parts.means.row(row)[column];
                whole.variances.row_mut(row)[output] = scale * scale * parts.variances.row(row)[column];
            }
        }
        whole
    }

    /// The pairs and the halves of their sums.
    pub(super) fn pairs(&self, n: usize, read: impl FnOnce(&Fitted) -> Parts) -> Pairs {
        // Quarters of the interactions, and of their sums.
        Pairs::cut(&self.read(n * (n + 1) / 2, read), n, 4.0, 2.0)
    }

    /// Add what the fit leaves of a row to `sums`, one an output.
    pub(super) fn add_residuals(&self, row: usize, sums: &mut [f64]) {
        let Some(fitted) = &self.fitted else { return };
        for (column, &(output, scale)) in self.scaled.columns.iter().enumerate() {
            sums[output] += scale * fitted.residual(row, column);
        }
    }
}
