//! Mahalanobis distances of many points from many rows: coordinates in which they are plain sums of squares.
//!
//! `(x - b)' C^-1 (x - b) = |L^-1 x - L^-1 b|^2` with `C = L L'`. The matrix product `L^-1 B` serves all points. The
//! differences are then squared one by one: `|a|^2 + |b|^2 - 2 a'b` would be one product more and half as many
//! operations, but loses the digits of those who are near, and they are the ones that count.

#![expect(
    clippy::inline_always,
    reason = "a body is compiled for an instruction set only where it is inlined"
)]

use multiversion::multiversion;

use crate::linalg::{Cholesky, LANES, Lanes, Square};

/// Points whose distances are computed together: their sums stay in registers.
pub(super) const PANEL_POINTS: usize = 4;
/// What the diagonal is raised by where rounding makes a definite matrix look otherwise, and more if need be.
const RIDGE: f64 = 1e-10;
/// Panels that are whitened together, so that sums need not wait for each other.
const TOGETHER: usize = 2;

/// The triangular factor of the correlations of some columns.
pub(super) struct Factor {
    places: Vec<usize>,
    /// The rows of `L` below the diagonal, one after the other.
    below: Vec<f64>,
    /// The reciprocals of its diagonal.
    scales: Vec<f64>,
}

/// Rows in coordinates in which they are uncorrelated, eight side by side: `(panels, columns)`.
pub(super) struct Whitened {
    cells: Vec<Lanes>,
    n_panels: usize,
}

impl Whitened {
    /// Rows, and the padding of the last panel.
    pub(super) fn padded_rows(&self) -> usize {
        self.n_panels * LANES
    }
}

impl Factor {
    /// The factor of the correlations of the columns at `places`.
    pub(super) fn new(correlations: &Square, places: &[usize]) -> Self {
        let n = places.len();
        if n == 0 {
            return Self { places: Vec::new(), below: Vec::new(), scales: Vec::new() };
        }
        let mut ridge = 0.0;
        let cholesky = loop {
            let mut chosen = Square::zeros(n);
            for (i, &place) in places.iter().enumerate() {
                for (cell, &other) in chosen.row_mut(i).iter_mut().zip(places) {
                    *cell = correlations.row(place)[other];
                }
                chosen.row_mut(i)[i] += ridge;
            }
            // All correlations together are definite, so these are, but for rounding.
            match Cholesky::new(chosen) {
                Some(cholesky) => break cholesky,
                None => ridge = if ridge == 0.0 { RIDGE } else { 10.0 * ridge },
            }
        };
        Self {
            places: places.to_vec(),
            below: (0..n)
                .flat_map(|i| (0..i).map(move |j| (i, j)))
                .map(|(i, j)| cholesky.factor(i, j))
                .collect(),
            scales: (0..n).map(|i| 1.0 / cholesky.factor(i, i)).collect(),
        }
    }

    /// Whiten `n_rows` rows that stand eight side by side, `n_columns` lanes a panel.
    pub(super) fn whiten(&self, panels: &[Lanes], n_columns: usize, n_rows: usize) -> Whitened {
        let n_panels = n_rows.div_ceil(LANES);
        let mut cells = vec![[0.0; LANES]; n_panels * self.places.len()];
        whiten(self, panels, n_columns, &mut cells);
        Whitened { cells, n_panels }
    }

    /// Write the squared distances of up to [`PANEL_POINTS`] points from all rows: `(points, padded rows)`.
    pub(super) fn distances<'a>(
        &self,
        rows: &Whitened,
        points: impl Iterator<Item = &'a [f64]>,
        out: &mut [f64],
    ) {
        let n = self.places.len();
        if n == 0 {
            out.fill(0.0);
            return;
        }
        let mut panel = vec![[0.0; LANES]; n];
        for (lane, point) in points.enumerate().take(PANEL_POINTS) {
            panel.iter_mut().zip(&self.places).for_each(|(lanes, &place)| lanes[lane] = point[place]);
        }
        let mut whitened = vec![[0.0; LANES]; n];
        let order: Vec<usize> = (0..n).collect();
        let within = Self { places: order, below: self.below.clone(), scales: self.scales.clone() };
        whiten(&within, &panel, n, &mut whitened);
        let points: Vec<[f64; PANEL_POINTS]> =
            whitened.iter().map(|lanes| std::array::from_fn(|point| lanes[point])).collect();
        squared_distances(&rows.cells, &points, out);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn whiten(factor: &Factor, panels: &[Lanes], n_columns: usize, out: &mut [Lanes]) {
    let n = factor.places.len();
    if n == 0 || n_columns == 0 {
        return;
    }
    let (panels, whitened) = (panels.chunks(TOGETHER * n_columns), out.chunks_mut(TOGETHER * n));
    for (panels, out) in panels.zip(whitened) {
        if panels.len() == TOGETHER * n_columns {
            solve::<TOGETHER>(factor, panels, n_columns, out);
        } else {
            for (panel, out) in panels.chunks(n_columns).zip(out.chunks_mut(n)) {
                solve::<1>(factor, panel, n_columns, out);
            }
        }
    }
}

/// Forward substitution for some panels side by side: the same sums for any number of them.
#[inline(always)]
fn solve<const PANELS: usize>(factor: &Factor, panels: &[Lanes], n_columns: usize, out: &mut [Lanes]) {
    let n = factor.places.len();
    let mut below = factor.below.as_slice();
    for (i, (&place, &scale)) in factor.places.iter().zip(&factor.scales).enumerate() {
        let (row, after) = below.split_at(i);
        below = after;
        let mut sums: [Lanes; PANELS] = std::array::from_fn(|p| panels[p * n_columns + place]);
        for (j, &cell) in row.iter().enumerate() {
            for (p, sum) in sums.iter_mut().enumerate() {
                let known = &out[p * n + j];
                for (sum, known) in sum.iter_mut().zip(known) {
                    *sum = (-cell).mul_add(*known, *sum);
                }
            }
        }
        for (p, sum) in sums.iter().enumerate() {
            out[p * n + i] = sum.map(|sum| sum * scale);
        }
    }
}

/// `out[point][row] = sum_k (rows[k][row] - points[k][point])^2`.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn squared_distances(rows: &[Lanes], points: &[[f64; PANEL_POINTS]], out: &mut [f64]) {
    let stride = out.len() / PANEL_POINTS;
    for (panel, rows) in rows.chunks_exact(points.len()).enumerate() {
        let mut sums = [[0.0; LANES]; PANEL_POINTS];
        for (row, point) in rows.iter().zip(points) {
            for (sum, &coordinate) in sums.iter_mut().zip(point) {
                for (sum, &cell) in sum.iter_mut().zip(row) {
                    let difference = cell - coordinate;
                    *sum = difference.mul_add(difference, *sum);
                }
            }
        }
        for (point, sum) in sums.iter().enumerate() {
            out[point * stride + panel * LANES..][..LANES].copy_from_slice(sum);
        }
    }
}
