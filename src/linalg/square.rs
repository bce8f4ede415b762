//! Square matrices, and inverses of symmetric positive definite ones, shared among threads.
//!
//! Every sum runs in the order of its index, lanes are columns or outputs, and nothing is fused: the same bits
//! for any number of threads, any number of right sides, and every instruction set.

use multiversion::multiversion;

use super::{LANES, Lanes};
use crate::error::Error;
use crate::parallel::Workers;

/// Columns of one register tile.
const TILE: usize = 16;
/// Rows of one register tile.
const TILE_ROWS: usize = 4;
/// Pivots eliminated at once.
const BLOCK: usize = 64;
/// Rows in one unit of parallel work.
const UNIT_ROWS: usize = 32;
/// Below this order a matrix is inverted in less than a millisecond: not worth a second thread.
const SHARED_FROM: usize = 192;

/// A square matrix, row after row; rows and columns are padded with zeros to a multiple of 16.
#[derive(Debug, Clone, PartialEq)]
pub struct Square {
    n: usize,
    stride: usize,
    cells: Vec<f64>,
}

impl Square {
    /// Zeros.
    pub fn zeros(n: usize) -> Self {
        let stride = n.next_multiple_of(TILE);
        Self { n, stride, cells: vec![0.0; stride * stride] } // fresh memory comes as zeros
    }

    /// Number of rows, without the padding.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Row `i`, with its padding.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.cells[i * self.stride..(i + 1) * self.stride]
    }

    /// Row `i`, to be written.
    pub fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.cells[i * self.stride..(i + 1) * self.stride]
    }

    /// Rows `count` at a time, to be written: each chunk is `count` padded rows or the padded rest.
    pub fn rows_mut(&mut self, count: usize) -> std::slice::ChunksMut<'_, f64> {
        self.cells.chunks_mut(count * self.stride)
    }

    /// All rows with their padding, and how many eights each of them has.
    pub(super) fn all_lanes_mut(&mut self) -> (&mut [Lanes], usize) {
        (self.cells.as_chunks_mut().0, self.stride / LANES)
    }

    /// Its memory, and the length of a padded row.
    pub(super) fn into_cells(self) -> (Vec<f64>, usize) {
        (self.cells, self.stride)
    }

    /// Zeros, in the memory of another matrix.
    pub(super) fn zeros_in(mut cells: Vec<f64>, n: usize) -> Self {
        let stride = n.next_multiple_of(TILE);
        cells.clear();
        cells.resize(stride * stride, 0.0);
        Self { n, stride, cells }
    }

    /// Zeros in the padding.
    pub(super) fn clear_padding(&mut self) {
        for (i, row) in self.cells.chunks_mut(self.stride).enumerate() {
            row[if i < self.n { self.n } else { 0 }..].fill(0.0);
        }
    }

    /// Copy the lower triangle into the upper one.
    pub fn mirror(&mut self) {
        let stride = self.stride;
        for top in (0..stride).step_by(TILE) {
            for left in (0..=top).step_by(TILE) {
                for i in top..top + TILE {
                    for j in left..(left + TILE).min(i) {
                        self.cells[j * stride + i] = self.cells[i * stride + j];
                    }
                }
            }
        }
    }

    /// The product with up to eight right sides.
    pub fn times(&self, right: &[Lanes]) -> Vec<Lanes> {
        debug_assert_eq!(right.len(), self.n);
        let mut product = vec![[0.0; LANES]; self.stride];
        for (rows, out) in
            self.cells.chunks_exact(TILE_ROWS * self.stride).zip(product.chunks_exact_mut(TILE_ROWS))
        {
            multiply_rows(rows, self.stride, right, out);
        }
        product.truncate(self.n);
        product
    }

    /// Replace a symmetric positive definite matrix, given by its lower triangle, by its inverse.
    ///
    /// False, and the matrix is spoilt, once a pivot is not above `least_pivot`: then the matrix is singular or
    /// indefinite to that precision.
    ///
    /// A blocked sweep (Beaton 1964; Goodnight 1979, "A tutorial on the SWEEP operator"): for one block `K` of
    /// pivots after the other, with `D = A_KK^-1`, `A_ij -= A_iK D A_Kj`, `A_iK = A_iK D`, `A_KK = -D`; at the
    /// end the matrix is `-A^-1`. No pivoting is needed where the matrix is positive definite. `n^3 / 2`
    /// multiply-adds, half of them saved by symmetry; looks at the flag every `32 * 64 * n` of them.
    pub fn invert(&mut self, least_pivot: f64, workers: &Workers<'_>) -> Result<bool, Error> {
        let workers = if self.n < SHARED_FROM { workers.alone() } else { *workers };
        let mut scaled = vec![0.0; self.stride * BLOCK];
        for first in (0..self.n).step_by(BLOCK) {
            let Some(pivots) = Pivots::of(self, first, least_pivot) else { return Ok(false) };
            if self.n > BLOCK {
                let units = self.rows_mut(UNIT_ROWS).zip(scaled.chunks_mut(UNIT_ROWS * BLOCK));
                workers.for_each_unit(units, |unit, (rows, scaled)| {
                    eliminate(rows, scaled, unit * UNIT_ROWS, &pivots);
                })?;
            }
            pivots.write(self, &scaled);
        }
        for i in 0..self.n {
            self.row_mut(i)[..=i].iter_mut().for_each(|cell| *cell = -*cell);
        }
        self.mirror();
        Ok(true)
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn multiply_rows(rows: &[f64], stride: usize, right: &[Lanes], out: &mut [Lanes]) {
    let mut sums = [[0.0; LANES]; TILE_ROWS];
    for (j, right) in right.iter().enumerate() {
        for (i, sum) in sums.iter_mut().enumerate() {
            let cell = rows[i * stride + j];
            for (sum, right) in sum.iter_mut().zip(right) {
                *sum += cell * right;
            }
        }
    }
    out.copy_from_slice(&sums);
}

/// A block of pivots: their inverse and their columns.
struct Pivots {
    first: usize,
    width: usize,
    /// `A_KK^-1`.
    inverse: Vec<[f64; BLOCK]>,
    /// `A_Kj` in tiles of 16 columns: `(tiles, pivots, 16)`; zero at the pivots themselves.
    columns: Vec<[f64; TILE]>,
}

impl Pivots {
    fn of(matrix: &Square, first: usize, least_pivot: f64) -> Option<Self> {
        let width = BLOCK.min(matrix.n - first);
        let mut inverse = vec![[0.0; BLOCK]; width];
        for i in 0..width {
            inverse[i][..=i].copy_from_slice(&matrix.row(first + i)[first..=first + i]);
            let (above, row) = inverse.split_at_mut(i);
            for (above, cell) in above.iter_mut().zip(&row[0]) {
                above[i] = *cell;
            }
        }
        if !sweep_all(&mut inverse, least_pivot) {
            return None;
        }
        let mut columns = Vec::new();
        if matrix.n > BLOCK {
            columns = vec![[0.0; TILE]; matrix.stride / TILE * BLOCK];
            for c in 0..width {
                for (j, &cell) in matrix.row(first + c)[..first].iter().enumerate() {
                    columns[j / TILE * BLOCK + c][j % TILE] = cell;
                }
            }
            for j in first + width..matrix.n {
                for (c, &cell) in matrix.row(j)[first..first + width].iter().enumerate() {
                    columns[j / TILE * BLOCK + c][j % TILE] = cell;
                }
            }
        }
        Some(Self { first, width, inverse, columns })
    }

    /// Put the pivots' own rows and columns into the lower triangle.
    fn write(&self, matrix: &mut Square, scaled: &[f64]) {
        for c in 0..self.width {
            let row = matrix.row_mut(self.first + c);
            if self.first > 0 {
                for (j, cell) in row[..self.first].iter_mut().enumerate() {
                    *cell = scaled[j * BLOCK + c];
                }
            }
            for (cell, inverse) in row[self.first..=self.first + c].iter_mut().zip(&self.inverse[c]) {
                *cell = -inverse;
            }
        }
        for i in self.first + self.width..matrix.n {
            let scaled = &scaled[i * BLOCK..i * BLOCK + self.width];
            matrix.row_mut(i)[self.first..self.first + self.width].copy_from_slice(scaled);
        }
    }
}

/// Invert one block in place; false once a pivot is not above `least_pivot`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn sweep_all(block: &mut [[f64; BLOCK]], least_pivot: f64) -> bool {
    let width = block.len();
    let lanes = width.next_multiple_of(LANES);
    for k in 0..width {
        let pivot_row = block[k];
        let pivot = pivot_row[k];
        if pivot.is_nan() || pivot <= least_pivot {
            return false;
        }
        let reciprocal = 1.0 / pivot;
        for (i, row) in block.iter_mut().enumerate() {
            if i == k {
                continue;
            }
            let factor = row[k] * reciprocal;
            for (cell, pivot_cell) in row[..lanes].iter_mut().zip(&pivot_row[..lanes]) {
                *cell -= factor * pivot_cell;
            }
            row[k] = factor;
        }
        block[k] = pivot_row.map(|cell| cell * reciprocal);
        block[k][k] = -reciprocal;
    }
    for row in block.iter_mut() {
        row[..lanes].iter_mut().for_each(|cell| *cell = -*cell);
    }
    true
}

/// Take the pivots out of some rows: `W_i = A_iK D`, then `A_ij -= W_i A_Kj` for `j <= i`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn eliminate(rows: &mut [f64], scaled: &mut [f64], first_row: usize, pivots: &Pivots) {
    let (width, n_rows) = (pivots.width, scaled.len() / BLOCK);
    let stride = rows.len() / n_rows;
    for (i, scaled) in scaled.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
        let (tile, lane) = ((first_row + i) / TILE, (first_row + i) % TILE);
        let mut sums = [0.0; BLOCK];
        for c in 0..width {
            let cell = pivots.columns[tile * BLOCK + c][lane];
            for (sum, inverse) in sums.iter_mut().zip(&pivots.inverse[c]) {
                *sum += cell * inverse;
            }
        }
        *scaled = sums;
    }
    for first in (0..n_rows).step_by(TILE_ROWS) {
        let scaled: &[[f64; BLOCK]] = &scaled.as_chunks::<BLOCK>().0[first..first + TILE_ROWS];
        for tile in 0..=(first_row + first) / TILE {
            let mut sums = [[0.0; TILE]; TILE_ROWS];
            for (c, column) in pivots.columns[tile * BLOCK..][..width].iter().enumerate() {
                for (sum, scaled) in sums.iter_mut().zip(scaled) {
                    for (sum, column) in sum.iter_mut().zip(column) {
                        *sum += scaled[c] * column;
                    }
                }
            }
            for (i, sum) in sums.iter().enumerate() {
                let row = &mut rows[(first + i) * stride + tile * TILE..][..TILE];
                for (cell, sum) in row.iter_mut().zip(sum) {
                    *cell -= sum;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;
    use crate::random::{Purpose, Stream};

    fn random_definite(n: usize, seed: u64) -> Square {
        let mut stream = Stream::new(seed, Purpose::Order, 0, n as u64);
        let rows: Vec<Vec<f64>> = (0..2 * n)
            .map(|_| (0..n).map(|_| (stream.word() >> 11) as f64 / 2f64.powi(52) - 1.0).collect())
            .collect();
        let mut matrix = Square::zeros(n);
        for i in 0..n {
            for j in 0..=i {
                matrix.row_mut(i)[j] = rows.iter().map(|row| row[i] * row[j]).sum();
            }
        }
        matrix
    }

    #[test]
    fn inverse_times_the_matrix_is_the_identity_for_any_threads() {
        for n in [1, 2, 15, 16, 17, 63, 64, 65, 130, 200] {
            let mut matrix = random_definite(n, 3);
            let cancel = Cancel::default();
            let mut inverse = matrix.clone();
            assert!(inverse.invert(1e-12, &Workers::serial(&cancel)).unwrap());
            matrix.mirror();
            for column in 0..n {
                let unit: Vec<Lanes> = (0..n).map(|i| [inverse.row(i)[column]; LANES]).collect();
                for (i, lanes) in matrix.times(&unit).iter().enumerate() {
                    let expected = f64::from(u8::from(i == column));
                    // The condition number is below 500: n * cond * 2^-53 with room.
                    assert!((lanes[5] - expected).abs() < 1e-11, "n = {n}, ({i}, {column}): {lanes:?}");
                }
            }
            for n_threads in [2, 7] {
                let mut again = random_definite(n, 3);
                assert!(again.invert(1e-12, &Workers::new(n_threads, &cancel)).unwrap());
                assert_eq!(again, inverse, "n = {n}, {n_threads} threads");
            }
        }
    }

    #[test]
    fn singular_and_indefinite_matrices_are_refused() {
        let cancel = Cancel::default();
        for n in [2, 64, 100] {
            let mut ones = Square::zeros(n);
            (0..n).for_each(|i| ones.row_mut(i)[..n].fill(1.0));
            assert!(!ones.invert(1e-12, &Workers::serial(&cancel)).unwrap());
            let mut indefinite = random_definite(n, 4);
            indefinite.row_mut(n - 1)[n - 1] = -1.0;
            assert!(!indefinite.invert(1e-12, &Workers::serial(&cancel)).unwrap());
        }
    }

    #[test]
    fn a_set_flag_stops_the_inversion() {
        let cancel = Cancel::default();
        cancel.set();
        let stopped = random_definite(100, 5).invert(1e-12, &Workers::serial(&cancel));
        assert_eq!(stopped, Err(Error::Interrupted));
    }
}
