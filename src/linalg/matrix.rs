//! Matrices of any shape.

use super::{LANES, Lanes};

/// A matrix, row after row; rows and columns are padded to a multiple of eight.
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
        Self { n_rows, n_columns, stride, cells: vec![0.0; n_rows.next_multiple_of(LANES) * stride] }
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

    /// Row `i`, eight numbers at a time, with its padding.
    pub(super) fn lanes(&self, i: usize) -> &[Lanes] {
        self.cells[i * self.stride..][..self.stride].as_chunks().0
    }

    /// Row `i`, eight numbers at a time, to be written with its padding.
    pub(super) fn lanes_mut(&mut self, i: usize) -> &mut [Lanes] {
        self.cells[i * self.stride..][..self.stride].as_chunks_mut().0
    }

    /// Rows `8 panel` to `8 panel + 7` with their padding, and the length of a padded row.
    pub(super) fn eight_rows(&self, panel: usize) -> (&[f64], usize) {
        (&self.cells[panel * LANES * self.stride..][..LANES * self.stride], self.stride)
    }

    /// All rows with their padding, and how many eights each of them has.
    pub(super) fn all_lanes_mut(&mut self) -> (&mut [Lanes], usize) {
        (self.cells.as_chunks_mut().0, self.stride / LANES)
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

/// A matrix of numbers in [-1, 1).
#[cfg(test)]
pub(super) fn random(n_rows: usize, n_columns: usize, seed: u64) -> Matrix {
    use crate::random::{Purpose, Stream};
    let mut stream = Stream::new(seed, Purpose::Order, 0, n_rows as u64);
    let mut matrix = Matrix::zeros(n_rows, n_columns);
    for i in 0..n_rows {
        matrix
            .row_mut(i)
            .iter_mut()
            .for_each(|cell| *cell = (stream.word() >> 11) as f64 / 2f64.powi(52) - 1.0);
    }
    matrix
}
