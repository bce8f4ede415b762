//! Products of two matrices.

use super::Matrix;

/// `A B`.
///
/// # Panics
/// Where `A` has not as many columns as `B` has rows.
pub fn product(a: &Matrix, b: &Matrix) -> Matrix {
    assert_eq!(a.n_columns(), b.n_rows(), "columns of A and rows of B");
    let mut product = Matrix::zeros(a.n_rows(), b.n_columns());
    for i in 0..a.n_rows() {
        let sums = product.row_mut(i);
        for (k, cell) in a.row(i).iter().enumerate() {
            for (sum, factor) in sums.iter_mut().zip(b.row(k)) {
                *sum += cell * factor;
            }
        }
    }
    product
}

/// `A B'`.
///
/// # Panics
/// Where `A` and `B` differ in their numbers of columns.
pub fn product_transposed(a: &Matrix, b: &Matrix) -> Matrix {
    product(a, &b.transposed())
}

/// `A' B`.
///
/// # Panics
/// Where `A` and `B` differ in their numbers of rows.
pub fn transposed_product(a: &Matrix, b: &Matrix) -> Matrix {
    product(&a.transposed(), b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn random(n_rows: usize, n_columns: usize, seed: u64) -> Matrix {
        let mut stream = Stream::new(seed, Purpose::Order, 0, 1);
        let mut matrix = Matrix::zeros(n_rows, n_columns);
        for i in 0..n_rows {
            matrix
                .row_mut(i)
                .iter_mut()
                .for_each(|cell| *cell = (stream.word() >> 11) as f64 / 2f64.powi(52) - 1.0);
        }
        matrix
    }

    #[test]
    fn cells_are_dot_products_of_rows_and_columns() {
        for (rows, inner, columns) in
            [(0, 3, 2), (1, 1, 1), (3, 0, 2), (5, 7, 9), (17, 300, 23), (130, 65, 70)]
        {
            let (a, b) = (random(rows, inner, 1), random(inner, columns, 2));
            let [plain, second, first] = [
                product(&a, &b),
                product_transposed(&a, &b.transposed()),
                transposed_product(&a.transposed(), &b),
            ];
            assert_eq!((plain.n_rows(), plain.n_columns()), (rows, columns));
            for i in 0..rows {
                for j in 0..columns {
                    let expected: f64 = (0..inner).map(|k| a.row(i)[k] * b.row(k)[j]).sum();
                    // Two orders of the same sum of terms below 1.
                    let rounding = 2.0 * (inner * inner) as f64 * f64::EPSILON;
                    for cell in [plain.row(i)[j], second.row(i)[j], first.row(i)[j]] {
                        assert!((cell - expected).abs() <= rounding, "({i}, {j}): {cell}, {expected}");
                    }
                }
            }
        }
    }
}
