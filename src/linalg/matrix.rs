//! Matrices of any shape.

use super::LANES;

/// A matrix, row after row; rows are padded with zeros to a multiple of eight numbers.
///
/// Columns are right sides, players or outputs: what is worked on side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    n_rows: usize,
    n_columns: usize,
    stride: usize,
    cells: Vec<f64>,
}

impl Matrix {
    /// Zeros.
    pub fn zeros(n_rows: usize, n_columns: usize) -> Self {
        let stride = n_columns.next_multiple_of(LANES);
        Self { n_rows, n_columns, stride, cells: vec![0.0; n_rows * stride] }
    }

    /// The matrix whose cell `(i, j)` is `cell(i, j)`.
    pub fn from_fn(n_rows: usize, n_columns: usize, cell: impl Fn(usize, usize) -> f64) -> Self {
        let mut matrix = Self::zeros(n_rows, n_columns);
        for i in 0..n_rows {
            matrix.row_mut(i).iter_mut().enumerate().for_each(|(j, to)| *to = cell(i, j));
        }
        matrix
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns, without the padding.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Row `i`, without its padding.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.cells[i * self.stride..][..self.n_columns]
    }

    /// Row `i`, without its padding, to be written.
    pub fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.cells[i * self.stride..][..self.n_columns]
    }

    /// The transpose.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let mut transposed = Self::zeros(self.n_columns, self.n_rows);
        for i in 0..self.n_rows {
            for (j, &cell) in self.row(i).iter().enumerate() {
                transposed.row_mut(j)[i] = cell;
            }
        }
        transposed
    }
}
