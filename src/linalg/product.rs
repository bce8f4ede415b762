//! Products of two matrices.

use std::ops::Range;

use super::kernel::{Job, Vector, run, tile};
use super::panels::transpose;
use super::{LANES, Lanes, Matrix, Square};

/// Terms that are summed before they are added to a cell: three panels of them stay in the first cache.
const TERMS: usize = 128;

/// Rows of `A` that are worked on with the same terms: they stay in the second cache.
const ROWS: usize = 256;

/// `A B`.
///
/// `2 rows inner columns` operations.
///
/// # Panics
/// Where `A` has not as many columns as `B` has rows.
pub fn product(a: &Matrix, b: &Matrix) -> Matrix {
    assert_eq!(a.n_columns(), b.n_rows(), "columns of A and rows of B");
    multiply(Side::Rows(a), Side::Columns(b))
}

/// `A B'`.
///
/// # Panics
/// Where `A` and `B` differ in their numbers of columns.
pub fn product_transposed(a: &Matrix, b: &Matrix) -> Matrix {
    assert_eq!(a.n_columns(), b.n_columns(), "columns of A and columns of B");
    multiply(Side::Rows(a), Side::Rows(b))
}

/// `A' B`.
///
/// # Panics
/// Where `A` and `B` differ in their numbers of rows.
pub fn transposed_product(a: &Matrix, b: &Matrix) -> Matrix {
    assert_eq!(a.n_rows(), b.n_rows(), "rows of A and rows of B");
    multiply(Side::Columns(a), Side::Columns(b))
}

/// Write `A B'`, where that is symmetric, over the lower triangle of `lower`; cells above it are not told.
///
/// Half the operations of [`product_transposed`]: `A B' = X diag(k) X'` with `A = X diag(k)`, `B = X`.
///
/// # Panics
/// Where `A`, `B` and `lower` differ in their numbers of rows, or `A` and `B` in those of columns.
pub fn symmetric_product(a: &Matrix, b: &Matrix, lower: &mut Square) {
    assert_eq!((a.n_rows(), a.n_columns()), (b.n_rows(), b.n_columns()), "shapes of A and B");
    assert_eq!(a.n_rows(), lower.n(), "rows of A and of the product");
    let (cells, stride) = lower.all_lanes_mut();
    cells.fill([0.0; LANES]);
    run(Multiply { a: Side::Rows(a), b: Side::Rows(b), cells, stride, is_lower: true });
}

fn multiply(a: Side<'_>, b: Side<'_>) -> Matrix {
    let mut product = Matrix::zeros(a.n_vectors(), b.n_vectors());
    let (cells, stride) = product.all_lanes_mut();
    run(Multiply { a, b, cells, stride, is_lower: false });
    product
}

/// The vectors whose dot products are wanted.
#[derive(Clone, Copy)]
enum Side<'a> {
    /// Rows of a matrix.
    Rows(&'a Matrix),
    /// Columns of a matrix.
    Columns(&'a Matrix),
}

impl Side<'_> {
    fn n_vectors(self) -> usize {
        match self {
            Self::Rows(matrix) => matrix.n_rows(),
            Self::Columns(matrix) => matrix.n_columns(),
        }
    }

    fn n_terms(self) -> usize {
        match self {
            Self::Rows(matrix) => matrix.n_columns(),
            Self::Columns(matrix) => matrix.n_rows(),
        }
    }

    fn n_panels(self) -> usize {
        self.n_vectors().div_ceil(LANES)
    }

    /// Some terms of the vectors of one panel.
    #[inline(always)]
    fn copy(self, panel: usize, terms: Range<usize>, to: &mut [Lanes]) {
        match self {
            Self::Rows(matrix) => {
                let (rows, stride) = matrix.eight_rows(panel);
                transpose(rows, stride, terms, to);
            }
            Self::Columns(matrix) => {
                for (lanes, k) in to.iter_mut().zip(terms) {
                    *lanes = matrix.lanes(k)[panel];
                }
            }
        }
    }
}

/// `C += A B'`.
struct Multiply<'a> {
    a: Side<'a>,
    b: Side<'a>,
    /// Rows of `stride` lanes.
    cells: &'a mut [Lanes],
    stride: usize,
    /// Leave out tiles above the diagonal.
    is_lower: bool,
}

impl Job for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn work<V: Vector>(mut self) {
        let (n_terms, n_rows) = (self.a.n_terms(), self.a.n_panels());
        let at_once = ROWS / LANES;
        let mut a = vec![[0.0; LANES]; n_rows.min(at_once) * n_terms.min(TERMS)];
        let mut b = vec![[0.0; LANES]; V::WIDTH * n_terms.min(TERMS)];
        for begin in (0..n_terms).step_by(TERMS) {
            let terms = begin..n_terms.min(begin + TERMS);
            for top in (0..n_rows).step_by(at_once) {
                let rows = top..n_rows.min(top + at_once);
                for (panel, a) in rows.clone().zip(a.chunks_exact_mut(terms.len())) {
                    self.a.copy(panel, terms.clone(), a);
                }
                let n_columns = if self.is_lower { rows.end } else { self.b.n_panels() };
                for first in (0..n_columns).step_by(V::WIDTH) {
                    let width = V::WIDTH.min(n_columns - first);
                    for (w, b) in b.chunks_exact_mut(terms.len()).take(width).enumerate() {
                        self.b.copy(first + w, terms.clone(), b);
                    }
                    match width {
                        1 => self.columns::<V, 1>(rows.clone(), first, &a, &b, terms.len()),
                        2 => self.columns::<V, 2>(rows.clone(), first, &a, &b, terms.len()),
                        _ => self.columns::<V, 3>(rows.clone(), first, &a, &b, terms.len()),
                    }
                }
            }
        }
    }
}

impl Multiply<'_> {
    /// Some rows, the columns of some panels from `first` on, and some terms of both.
    #[inline(always)]
    fn columns<V: Vector, const WIDTH: usize>(
        &mut self,
        rows: Range<usize>,
        first: usize,
        a: &[Lanes],
        b: &[Lanes],
        n_terms: usize,
    ) {
        let b: [&[Lanes]; WIDTH] = std::array::from_fn(|w| &b[w * n_terms..][..n_terms]);
        for (panel, a) in rows.zip(a.chunks_exact(n_terms)) {
            if self.is_lower && panel < first {
                continue;
            }
            let cells = &mut self.cells[panel * LANES * self.stride + first..];
            tile::<V, WIDTH>(a, b, |i, w, sum| {
                let cell = &mut cells[i * self.stride + w];
                V::load(cell).add(sum).store(cell);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::kernel::run_on;
    use crate::linalg::matrix::random;
    use crate::simd::{InstructionSet, supported};

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

    #[test]
    fn half_of_a_symmetric_product_is_that_of_the_whole() {
        for (rows, inner) in [(1, 1), (8, 3), (19, 140), (60, 17)] {
            let x = random(rows, inner, 3);
            let scaled = Matrix::from_fn(rows, inner, |i, k| x.row(i)[k] * (k + 1) as f64);
            let mut half = Square::zeros(rows);
            half.row_mut(0)[0] = 3.0; // what was there does not count
            symmetric_product(&scaled, &x, &mut half);
            let whole = product_transposed(&scaled, &x);
            for i in 0..rows {
                assert_eq!(half.row(i)[..=i], whole.row(i)[..=i], "row {i}");
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let (a, b) = (random(45, 150, 1), random(150, 61, 2));
        let on = |set| {
            let mut product = Matrix::zeros(45, 61);
            let (cells, stride) = product.all_lanes_mut();
            run_on(set, Multiply { a: Side::Rows(&a), b: Side::Columns(&b), cells, stride, is_lower: false });
            (0..45).flat_map(|i| product.row(i).to_vec()).map(f64::to_bits).collect::<Vec<_>>()
        };
        for set in supported() {
            assert_eq!(on(set), on(InstructionSet::Portable), "{set:?}");
        }
    }
}
