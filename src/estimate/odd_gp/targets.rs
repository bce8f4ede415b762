//! Half-differences as the fit sees them: in units of their own, that of the empty coalition first.

use super::likelihood::squared_columns;
use super::model::Data;
use super::rotation::Rotation;
use crate::linalg::Matrix;

/// A linear fit that leaves less than this share of the squares explains everything.
const LINEAR: f64 = 1e-20;

/// The targets of all outputs in units near their root mean squares, which are powers of two: scaling rounds nothing.
#[derive(Debug)]
pub(super) struct Targets {
    /// `(pairs + 1, outputs)`; the first row is `-D / 2`.
    pub(super) scaled: Matrix,
    /// One an output.
    pub(super) units: Vec<f64>,
}

impl Targets {
    pub(super) fn new(data: &Data) -> Self {
        let n_outputs = data.n_outputs();
        let cell = |i: usize, output: usize| match i {
            0 => -0.5 * data.grand[output],
            _ => data.targets[(i - 1) * n_outputs + output],
        };
        let n_rows = data.n_pairs() + 1;
        let unit = |output: usize| {
            let largest = (0..n_rows).fold(0.0_f64, |largest, i| largest.max(cell(i, output).abs()));
            let squares = (0..n_rows).map(|i| cell(i, output) / largest).map(|share| share * share);
            let mean_square = squares.sum::<f64>() / n_rows as f64;
            if largest > 0.0 { power_of_two(largest * mean_square.sqrt()) } else { 1.0 }
        };
        let units: Vec<f64> = (0..n_outputs).map(unit).collect();
        let scaled = Matrix::from_fn(n_rows, n_outputs, |i, output| cell(i, output) / units[output]);
        Self { scaled, units }
    }

    /// What the linear fit of each output leaves, in squares; zero where it is rounding.
    pub(super) fn left_by_linear(&self, rotation: &Rotation) -> Vec<f64> {
        let left = squared_columns(&rotation.beyond_linear(&self.scaled));
        let whole = squared_columns(&self.scaled);
        left.iter().zip(whole).map(|(&left, whole)| if left <= LINEAR * whole { 0.0 } else { left }).collect()
    }

    /// Some outputs alone.
    pub(super) fn of_outputs(&self, outputs: &[usize]) -> Matrix {
        Matrix::from_fn(self.scaled.n_rows(), outputs.len(), |i, j| self.scaled.row(i)[outputs[j]])
    }
}

/// The power of two below a positive number, where both it and its inverse are normal.
fn power_of_two(number: f64) -> f64 {
    let exponent = (number.to_bits() >> 52).clamp(23, 2023);
    f64::from_bits(exponent << 52)
}
