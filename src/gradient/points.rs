//! The points themselves: interpolation between background rows and explained rows.

use multiversion::multiversion;

use super::{Real, check, check_indices};
use crate::error::Error;
use crate::parallel::Workers;

/// Elements that one unit of parallel work writes: about 20 microseconds.
const UNIT: usize = 1 << 16;

/// Explained rows `(rows, d)` and background rows `(B, d)`.
#[derive(Debug, Clone, Copy)]
pub struct Paths<'a, T> {
    /// Explained rows.
    pub x: &'a [T],
    /// Background rows.
    pub background: &'a [T],
    /// Features of a row, `d`.
    pub n_features: usize,
}

impl<'a, T> Paths<'a, T> {
    /// Explained row `row`.
    pub(super) fn explained(&self, row: u32) -> &'a [T] {
        &self.x[row as usize * self.n_features..][..self.n_features]
    }

    /// Background row `row`.
    pub(super) fn from(&self, row: u32) -> &'a [T] {
        &self.background[row as usize * self.n_features..][..self.n_features]
    }

    /// Refuse numbers of rows that are not there, and arrays that are not whole rows.
    pub(super) fn check(&self, row: &[u32], background_index: &[u32]) -> Result<(), Error> {
        let width = self.n_features.max(1);
        check("x", self.x.len(), self.x.len() / width * width)?;
        check("background", self.background.len(), self.background.len() / width * width)?;
        check("background_index", background_index.len(), row.len())?;
        check_indices("row", row, self.x.len() / width)?;
        check_indices("background_index", background_index, self.background.len() / width)
    }
}

/// Write the points `b + alpha (x - b)` of a block into `out`, `(points, d)`.
///
/// Computed in the arrays' own type: where `x = b` the point is `b` to the bit. Memory: none besides.
pub fn interpolate<T: Real>(
    paths: Paths<'_, T>,
    row: &[u32],
    background_index: &[u32],
    alpha: &[f64],
    out: &mut [T],
    workers: &Workers<'_>,
) -> Result<(), Error> {
    paths.check(row, background_index)?;
    check("alpha", alpha.len(), row.len())?;
    check("out", out.len(), row.len() * paths.n_features)?;
    if out.is_empty() {
        return Ok(());
    }
    let points = (UNIT / paths.n_features).max(1);
    let workers = if out.len() <= UNIT { workers.alone() } else { *workers };
    workers.for_each_unit(out.chunks_mut(points * paths.n_features), |number, unit| {
        let first = number * points;
        let places = row.iter().zip(background_index).zip(alpha).skip(first);
        for (point, ((&row, &background), &alpha)) in unit.chunks_exact_mut(paths.n_features).zip(places) {
            write_point(paths.explained(row), paths.from(background), T::nearest(alpha), point);
        }
    })
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn write_point<T: Real>(x: &[T], background: &[T], alpha: T, out: &mut [T]) {
    for ((out, &x), &b) in out.iter_mut().zip(x).zip(background) {
        *out = b + alpha * (x - b);
    }
}
