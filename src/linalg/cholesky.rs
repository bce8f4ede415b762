//! Triangular factors of symmetric positive definite matrices.

use super::{Matrix, Square};

/// `A = L L'`, `L` lower triangular with a positive diagonal.
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky {
    /// `L`, zeros above the diagonal.
    factor: Square,
}

impl Cholesky {
    /// Factor a symmetric matrix, given by its lower triangle. None unless it is positive definite and finite, as
    /// far as rounding lets one see.
    pub fn new(mut lower: Square) -> Option<Self> {
        let n = lower.n();
        for i in 0..n {
            let mut row = lower.row(i).to_vec();
            for j in 0..=i {
                let other = if j < i { lower.row(j) } else { &row };
                row[j] -= row[..j].iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
                if j < i {
                    row[j] /= lower.row(j)[j];
                } else if row[j] > 0.0 && row[j].is_finite() {
                    row[j] = row[j].sqrt();
                } else {
                    return None;
                }
            }
            row[i + 1..].fill(0.0);
            lower.row_mut(i).copy_from_slice(&row);
        }
        Some(Self { factor: lower })
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.factor.n()
    }

    /// `L`, zeros above the diagonal.
    pub fn factor(&self) -> &Square {
        &self.factor
    }

    /// `ln det A`.
    pub fn ln_det(&self) -> f64 {
        2.0 * (0..self.n()).map(|i| self.factor.row(i)[i].ln()).sum::<f64>()
    }

    /// Replace `B` by `L^-1 B`.
    ///
    /// # Panics
    /// Where `B` has not as many rows as `A`.
    pub fn solve_lower(&self, b: &mut Matrix) {
        assert_eq!(b.n_rows(), self.n(), "rows of B");
        for i in 0..self.n() {
            let mut row = b.row(i).to_vec();
            for (k, factor) in self.factor.row(i)[..i].iter().enumerate() {
                row.iter_mut().zip(b.row(k)).for_each(|(cell, known)| *cell -= factor * known);
            }
            let pivot = self.factor.row(i)[i];
            b.row_mut(i).iter_mut().zip(&row).for_each(|(to, cell)| *to = cell / pivot);
        }
    }

    /// Replace `B` by `L'^-1 B`.
    ///
    /// # Panics
    /// Where `B` has not as many rows as `A`.
    pub fn solve_upper(&self, b: &mut Matrix) {
        assert_eq!(b.n_rows(), self.n(), "rows of B");
        for i in (0..self.n()).rev() {
            let mut row = b.row(i).to_vec();
            for k in i + 1..self.n() {
                let factor = self.factor.row(k)[i];
                row.iter_mut().zip(b.row(k)).for_each(|(cell, known)| *cell -= factor * known);
            }
            let pivot = self.factor.row(i)[i];
            b.row_mut(i).iter_mut().zip(&row).for_each(|(to, cell)| *to = cell / pivot);
        }
    }

    /// `A^-1`, all of it.
    pub fn inverse(&self) -> Square {
        let n = self.n();
        let mut columns = Matrix::from_fn(n, n, |i, j| f64::from(u8::from(i == j)));
        self.solve_lower(&mut columns);
        self.solve_upper(&mut columns);
        let mut inverse = Square::zeros(n);
        for i in 0..n {
            inverse.row_mut(i)[..=i].copy_from_slice(&columns.row(i)[..=i]);
        }
        inverse.mirror();
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    const SIZES: [usize; 12] = [1, 2, 7, 8, 15, 16, 17, 63, 64, 65, 130, 200];

    fn random(n_rows: usize, n_columns: usize, seed: u64) -> Matrix {
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
            let factor = cholesky.factor();
            for i in 0..n {
                assert!(factor.row(i)[i + 1..].iter().all(|&cell| cell == 0.0));
                for j in 0..=i {
                    let product: f64 = (0..=j).map(|k| factor.row(i)[k] * factor.row(j)[k]).sum();
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
                let factor = cholesky.factor();
                for i in 0..n {
                    for j in 0..n_columns {
                        let of_lower: f64 = (0..=i).map(|k| factor.row(i)[k] * lower.row(k)[j]).sum();
                        let of_upper: f64 = (i..n).map(|k| factor.row(k)[i] * upper.row(k)[j]).sum();
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
            assert_eq!(Cholesky::new(zeros), None);
            for (row, wrong) in [(n - 1, -1.0), (0, f64::NAN), (n - 1, f64::NAN), (n / 2, f64::INFINITY)] {
                let mut matrix = random_definite(n);
                matrix.row_mut(row)[row] = wrong;
                assert_eq!(Cholesky::new(matrix), None, "n = {n}, row {row}: {wrong}");
            }
        }
    }
}
