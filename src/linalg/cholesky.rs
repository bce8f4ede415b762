//! Triangular factors of symmetric positive definite matrices.

use super::kernel::run;
use super::panels::Panels;
use super::triangle::{Backward, Factor, Forward, Gram};
use super::{LANES, Matrix, Square};

/// `A = L L'`, `L` lower triangular with a positive diagonal.
///
/// Blocked and left-looking; in operations: the factor `n^3 / 3`, a solve `n^2` a column, the inverse
/// `2 n^3 / 3` more (`L^-1`, then its product with its own transpose, both triangular).
#[derive(Debug, Clone)]
pub struct Cholesky {
    n: usize,
    /// The rows of `L`, zero above the diagonal; padded by those of the identity to a multiple of eight.
    rows: Panels,
}

impl Cholesky {
    /// Factor a symmetric matrix, given by its lower triangle, in its own memory. None unless it is positive
    /// definite and finite, as far as rounding lets one see.
    pub fn new(lower: Square) -> Option<Self> {
        let n = lower.n();
        let mut rows = Panels::of_square(lower);
        let depth = rows.depth();
        run(Factor { depth, rows: rows.cells_mut() }).then_some(Self { n, rows })
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Cell `(i, j)` of `L`, `j <= i`.
    pub fn factor(&self, i: usize, j: usize) -> f64 {
        self.rows.panel(i / LANES)[j][i % LANES]
    }

    /// `ln det A`.
    pub fn ln_det(&self) -> f64 {
        2.0 * (0..self.n).map(|i| self.factor(i, i).ln()).sum::<f64>()
    }

    /// Replace `B` by `L^-1 B`.
    ///
    /// # Panics
    /// Where `B` has not as many rows as `A`.
    pub fn solve_lower(&self, b: &mut Matrix) {
        assert_eq!(b.n_rows(), self.n, "rows of B");
        let mut columns = Panels::of_columns(b, self.rows.depth());
        run(Forward { factor: &self.rows, columns: columns.cells_mut(), is_triangle: false });
        columns.write_columns(b);
    }

    /// Replace `B` by `L'^-1 B`.
    ///
    /// # Panics
    /// Where `B` has not as many rows as `A`.
    pub fn solve_upper(&self, b: &mut Matrix) {
        assert_eq!(b.n_rows(), self.n, "rows of B");
        let mut columns = Panels::of_columns(b, self.rows.depth());
        run(Backward { factor: &self.rows, columns: columns.cells_mut() });
        columns.write_columns(b);
    }

    /// `A^-1`, all of it.
    pub fn inverse(&self) -> Square {
        gram(&self.inverse_factor(Vec::new()), Square::zeros(self.n))
    }

    /// `A^-1`, all of it, in the memory of `A`; `scratch` keeps as much for the next inverse.
    ///
    /// Fresh memory is slow: at `n = 256` the system takes longer to hand it out than the factor takes (measured).
    pub fn into_inverse(self, scratch: &mut Vec<f64>) -> Square {
        let columns = self.inverse_factor(std::mem::take(scratch));
        let inverse = gram(&columns, Square::zeros_in(self.rows.into_cells(), self.n));
        *scratch = columns.into_cells();
        inverse
    }

    /// Zeros in the memory of `A`, for the next matrix.
    pub fn into_zeros(self) -> Square {
        Square::zeros_in(self.rows.into_cells(), self.n)
    }

    /// The columns of `L^-1`.
    fn inverse_factor(&self, memory: Vec<f64>) -> Panels {
        let depth = self.rows.depth();
        let mut columns = Panels::zeros_in(memory, depth / LANES, depth);
        for j in 0..depth {
            columns.cells_mut()[j / LANES * depth + j][j % LANES] = 1.0;
        }
        run(Forward { factor: &self.rows, columns: columns.cells_mut(), is_triangle: true });
        columns
    }
}

/// `X'X` of a lower triangular `X`, in a matrix of zeros.
fn gram(columns: &Panels, mut product: Square) -> Square {
    let (cells, stride) = product.all_lanes_mut();
    run(Gram { columns, cells, stride });
    product.clear_padding();
    product.mirror();
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::matrix::random;

    const SIZES: [usize; 12] = [1, 2, 7, 8, 15, 16, 17, 63, 64, 65, 130, 200];

    /// `X'X` of random `X` with twice as many rows: its condition number is below 500.
    fn random_definite(n: usize) -> Square {
        let x = random(2 * n, n, 3);
        let mut matrix = Square::zeros(n);
        for i in 0..n {
            for j in 0..=i {
                matrix.row_mut(i)[j] = (0..2 * n).map(|k| x.row(k)[i] * x.row(k)[j]).sum();
            }
        }
        matrix.mirror();
        matrix
    }

    #[test]
    fn the_factor_times_its_transpose_is_the_matrix() {
        for n in SIZES {
            let matrix = random_definite(n);
            let cholesky = Cholesky::new(matrix.clone()).unwrap();
            let factor = |i, j| cholesky.factor(i, j);
            for i in 0..n {
                for j in 0..=i {
                    let product: f64 = (0..=j).map(|k| factor(i, k) * factor(j, k)).sum();
                    // Terms are below the geometric mean of the diagonal cells, which are below 2 n.
                    let rounding = 2.0 * (n * n) as f64 * f64::EPSILON;
                    assert!((product - matrix.row(i)[j]).abs() <= rounding.max(1e-15), "n = {n}, ({i}, {j})");
                }
            }
        }
    }

    #[test]
    fn triangular_solves_undo_the_factor() {
        for n in SIZES {
            for n_columns in [1, 8, 13, 70] {
                let cholesky = Cholesky::new(random_definite(n)).unwrap();
                let b = random(n, n_columns, 5);
                let (mut lower, mut upper) = (b.clone(), b.clone());
                cholesky.solve_lower(&mut lower);
                cholesky.solve_upper(&mut upper);
                let factor = |i, j| cholesky.factor(i, j);
                for i in 0..n {
                    for j in 0..n_columns {
                        let of_lower: f64 = (0..=i).map(|k| factor(i, k) * lower.row(k)[j]).sum();
                        let of_upper: f64 = (i..n).map(|k| factor(k, i) * upper.row(k)[j]).sum();
                        // Cells of B are below 1; n * cond(L) * 2^-53 with room.
                        assert!((of_lower - b.row(i)[j]).abs() < 1e-11, "n = {n}, ({i}, {j})");
                        assert!((of_upper - b.row(i)[j]).abs() < 1e-11, "n = {n}, ({i}, {j})");
                    }
                }
            }
        }
    }

    #[test]
    fn the_inverse_times_the_matrix_is_the_identity() {
        for n in SIZES {
            let matrix = random_definite(n);
            let inverse = Cholesky::new(matrix.clone()).unwrap().inverse();
            for i in 0..n {
                for j in 0..n {
                    assert_eq!(inverse.row(i)[j].to_bits(), inverse.row(j)[i].to_bits());
                    let cell: f64 = (0..n).map(|k| matrix.row(i)[k] * inverse.row(k)[j]).sum();
                    let expected = f64::from(u8::from(i == j));
                    assert!((cell - expected).abs() < 1e-11, "n = {n}, ({i}, {j}): {cell}");
                }
            }
        }
    }

    #[test]
    fn the_determinant_is_that_of_a_known_matrix() {
        // 1 on the diagonal, c elsewhere: (1 - c)^(n - 1) (1 + (n - 1) c).
        for n in SIZES {
            let mut matrix = Square::zeros(n);
            for i in 0..n {
                matrix.row_mut(i)[..n].fill(0.5);
                matrix.row_mut(i)[i] = 1.0;
            }
            let expected = (n - 1) as f64 * 0.5f64.ln() + (0.5 * (n + 1) as f64).ln();
            let ln_det = Cholesky::new(matrix).unwrap().ln_det();
            assert!((ln_det - expected).abs() < 1e-12 * n as f64, "n = {n}: {ln_det}, {expected}");
        }
    }

    #[test]
    fn singular_indefinite_and_unbounded_matrices_are_refused() {
        for n in [2, 16, 64, 100] {
            let mut zeros = random_definite(n);
            (0..n).for_each(|i| zeros.row_mut(i)[n - 1] = 0.0);
            zeros.row_mut(n - 1).fill(0.0);
            assert!(Cholesky::new(zeros).is_none());
            for (row, wrong) in [(n - 1, -1.0), (0, f64::NAN), (n - 1, f64::NAN), (n / 2, f64::INFINITY)] {
                let mut matrix = random_definite(n);
                matrix.row_mut(row)[row] = wrong;
                assert!(Cholesky::new(matrix).is_none(), "n = {n}, row {row}: {wrong}");
            }
        }
    }
}
