//! Rotations that part what is linear from what is not.

use multiversion::multiversion;

use super::signs::Signs;
use crate::linalg::{
    LANES, Matrix, Square, product, product_transposed, symmetric_product, transposed_product,
};

/// Below this share of its own length the part of a column that is new is rounding: the signs lack rank.
const LEAST_NEW: f64 = 1e-7;

/// An orthogonal `H = [H_1, Z]` with `X = H_1 R`, so that `Z` spans what no linear function of the signs explains.
///
/// The restricted likelihood of a model with a flat prior on `b` in `X b` is the plain likelihood of `Z'o`
/// (Patterson, Thompson 1971), whose covariance is `Z'CZ`: with `R` rows and `n` players a matrix of order
/// `nu = R - n`, from which every linear part of `C` has gone.
///
/// Householder's reflections in compact form, `H = I - W V'` (Schreiber, Van Loan 1989): `2 R n^2` multiply-adds,
/// then `3 n R^2` for `Z'CZ` and as many for the way back.
#[derive(Debug, Clone)]
pub(super) struct Rotation {
    /// `V`: `(rows, players)`.
    v: Matrix,
    /// `W = V T`: `(rows, players)`.
    w: Matrix,
    /// Upper triangle: `(players, players)`.
    r: Matrix,
}

impl Rotation {
    /// The rotation of some sign vectors; None unless they have a row more than players and full rank.
    pub(super) fn new(signs: &Signs) -> Option<Self> {
        let (n_rows, n) = (signs.len(), signs.n_players());
        if n_rows <= n {
            return None;
        }
        let mut columns = signs.matrix().transposed();
        let mut r = Matrix::zeros(n, n);
        for k in 0..n {
            let mut axis = columns.row(k).to_vec();
            (0..k).for_each(|i| r.row_mut(i)[k] = axis[i]);
            axis[..k].fill(0.0);
            let length = dot(&axis, &axis).sqrt();
            if length <= LEAST_NEW * (n_rows as f64).sqrt() {
                return None;
            }
            let image = -length.copysign(axis[k]);
            r.row_mut(k)[k] = image;
            axis[k] -= image;
            // |axis|^2 = 2, so that a reflection is I - v v'.
            let scale = (2.0 / dot(&axis, &axis)).sqrt();
            for cell in &mut axis {
                *cell *= scale;
            }
            for j in k + 1..n {
                reflect(columns.row_mut(j), &axis);
            }
            columns.row_mut(k).copy_from_slice(&axis);
        }
        let v = columns.transposed();
        let w = product(&v, &triangle(&columns));
        Some(Self { v, w, r })
    }

    /// `R`.
    fn n_rows(&self) -> usize {
        self.v.n_rows()
    }

    /// `n`.
    pub(super) fn n_players(&self) -> usize {
        self.v.n_columns()
    }

    /// `nu = R - n`.
    pub(super) fn freedom(&self) -> usize {
        self.n_rows() - self.n_players()
    }

    /// `Z'B`: `(nu, columns)`.
    pub(super) fn beyond_linear(&self, b: &Matrix) -> Matrix {
        let inner = transposed_product(&self.w, b);
        let image = product(&self.v, &inner);
        let n = self.n_players();
        Matrix::from_fn(self.freedom(), b.n_columns(), |i, j| b.row(n + i)[j] - image.row(n + i)[j])
    }

    /// `Z'` applied to unit vectors: the rows of `Z` of some pairs as columns, `(nu, pairs)`.
    pub(super) fn rows_beyond_linear(&self, rows: &[usize]) -> Matrix {
        let n = self.n_players();
        let picked = Matrix::from_fn(rows.len(), n, |i, j| self.w.row(rows[i])[j]);
        let mut image = product_transposed(&self.v, &picked);
        for (column, &row) in rows.iter().enumerate() {
            image.row_mut(row)[column] -= 1.0;
        }
        Matrix::from_fn(self.freedom(), rows.len(), |i, j| -image.row(n + i)[j])
    }

    /// `Z B`: `(rows, columns)`.
    pub(super) fn back(&self, b: &Matrix) -> Matrix {
        let n = self.n_players();
        let mut result = Matrix::zeros(self.n_rows(), b.n_columns());
        (0..b.n_rows()).for_each(|i| result.row_mut(n + i).copy_from_slice(b.row(i)));
        let image = product(&self.w, &transposed_product(&self.v, &result));
        subtract(&mut result, &image);
        result
    }

    /// `(X'X)^-1 X' B = R^-1 H_1' B`: the coefficients of the unweighted linear fit, `(players, columns)`.
    pub(super) fn linear_fit(&self, b: &Matrix) -> Matrix {
        let n = self.n_players();
        let top = Matrix::from_fn(n, n, |i, j| self.v.row(i)[j]);
        let image = product(&top, &transposed_product(&self.w, b));
        let mut fit = Matrix::from_fn(n, b.n_columns(), |i, j| b.row(i)[j] - image.row(i)[j]);
        for i in (0..n).rev() {
            let mut row = fit.row(i).to_vec();
            for k in i + 1..n {
                let factor = self.r.row(i)[k];
                row.iter_mut().zip(fit.row(k)).for_each(|(cell, known)| *cell -= factor * known);
            }
            let pivot = self.r.row(i)[i];
            fit.row_mut(i).iter_mut().zip(&row).for_each(|(to, cell)| *to = cell / pivot);
        }
        fit
    }

    /// `Z'CZ` of a symmetric matrix `C`; the lower triangle alone is told.
    ///
    /// `memory` is that of another `Z'CZ`, if there is one: fresh memory takes longer than the arithmetic.
    pub(super) fn inner(&self, c: &Matrix, memory: Option<Square>) -> Square {
        let n = self.n_players();
        let y = halved(product(c, &self.w), &self.v, &self.w);
        let mut inner = symmetric_update(&self.v, &y, n, memory);
        for i in 0..inner.n() {
            for (to, cell) in inner.row_mut(i)[..=i].iter_mut().zip(&c.row(n + i)[n..]) {
                *to = cell - *to;
            }
        }
        inner
    }

    /// `Z A Z'` of a symmetric matrix `A`; the lower triangle alone is told. `memory` is that of another.
    pub(super) fn outer(&self, a: &Matrix, memory: Option<Square>) -> Square {
        let (n, freedom) = (self.n_players(), self.freedom());
        let below = Matrix::from_fn(freedom, n, |i, j| self.v.row(n + i)[j]);
        let image = product(a, &below);
        let image = Matrix::from_fn(self.n_rows(), n, |i, j| if i < n { 0.0 } else { image.row(i - n)[j] });
        let y = halved(image, &self.w, &self.v);
        let mut outer = symmetric_update(&self.w, &y, 0, memory);
        for i in 0..outer.n() {
            let row = &mut outer.row_mut(i)[..=i];
            for cell in row.iter_mut() {
                *cell = -*cell;
            }
            if i >= n {
                row[n..].iter_mut().zip(a.row(i - n)).for_each(|(to, cell)| *to += cell);
            }
        }
        outer
    }
}

/// `Y - left (right' Y) / 2`.
fn halved(mut y: Matrix, left: &Matrix, right: &Matrix) -> Matrix {
    let mut inner = transposed_product(right, &y);
    (0..inner.n_rows()).for_each(|i| inner.row_mut(i).iter_mut().for_each(|cell| *cell *= 0.5));
    let image = product(left, &inner);
    subtract(&mut y, &image);
    y
}

fn subtract(from: &mut Matrix, what: &Matrix) {
    for i in 0..from.n_rows() {
        from.row_mut(i).iter_mut().zip(what.row(i)).for_each(|(to, cell)| *to -= cell);
    }
}

/// Rows and columns `first ..` of `V Y' + Y V'`, the lower triangle.
fn symmetric_update(v: &Matrix, y: &Matrix, first: usize, memory: Option<Square>) -> Square {
    let (count, n) = (v.n_rows() - first, v.n_columns());
    let beside = |a: &Matrix, b: &Matrix| {
        Matrix::from_fn(
            count,
            2 * n,
            |i, j| if j < n { a.row(first + i)[j] } else { b.row(first + i)[j - n] },
        )
    };
    let mut update = memory.filter(|square| square.n() == count).unwrap_or_else(|| Square::zeros(count));
    symmetric_product(&beside(v, y), &beside(y, v), &mut update);
    update
}

/// `T` of `I - V T V'`, the product of the reflections whose axes are the rows of `axes`.
fn triangle(axes: &Matrix) -> Matrix {
    let n = axes.n_rows();
    let gram = product_transposed(axes, axes);
    let mut t = Matrix::zeros(n, n);
    for k in 0..n {
        for i in 0..k {
            let sum: f64 = (i..k).map(|l| t.row(i)[l] * gram.row(l)[k]).sum();
            t.row_mut(i)[k] = -sum;
        }
        t.row_mut(k)[k] = 1.0;
    }
    t
}

/// The scalar product, in eight lanes that are added pairwise.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + b) + (c + d)) + ((e + f) + (g + h)) + rest
}

/// Reflect a vector at the plane whose normal is `axis`, of squared length 2.
fn reflect(vector: &mut [f64], axis: &[f64]) {
    let along = dot(vector, axis);
    vector.iter_mut().zip(axis).for_each(|(cell, axis)| *cell -= along * axis);
}
