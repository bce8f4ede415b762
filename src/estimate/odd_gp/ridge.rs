//! The last resort of a fit that no shape can solve: linear least squares with a ridge.

use super::signs::Signs;
use crate::linalg::{Cholesky, Matrix, Square, transposed_product};

/// The ridge in units of the mean eigenvalue: it decides only what the pairs do not.
const RIDGE: f64 = 1e-8;

/// Coefficients `b` that are shrunk towards equal shares where the signs lack rank: `(players, outputs)`.
///
/// `targets` are `(pairs + 1, outputs)`, that of the empty coalition first: equal shares have `b = -D / (2 n)` times
/// ones, and predict `sum_j b_j x_j`.
pub(super) fn fit(signs: &Signs, targets: &Matrix) -> Matrix {
    let (n, n_rows) = (signs.n_players(), signs.len());
    let share = |output: usize| targets.row(0)[output] / n as f64;
    let rest = Matrix::from_fn(n_rows, targets.n_columns(), |i, output| {
        targets.row(i)[output] - share(output) * signs.matrix().row(i).iter().sum::<f64>()
    });
    let gram = transposed_product(signs.matrix(), signs.matrix());
    let mut lower = Square::zeros(n);
    for i in 0..n {
        lower.row_mut(i)[..=i].copy_from_slice(&gram.row(i)[..=i]);
        lower.row_mut(i)[i] += RIDGE * n_rows as f64; // every sign squared is 1, so the mean eigenvalue is n_rows
    }
    let mut fit = transposed_product(signs.matrix(), &rest);
    if let Some(factor) = Cholesky::new(lower) {
        factor.solve_lower(&mut fit);
        factor.solve_upper(&mut fit);
    } else {
        fit = Matrix::zeros(n, targets.n_columns());
    }
    Matrix::from_fn(n, targets.n_columns(), |i, output| fit.row(i)[output] + share(output))
}
