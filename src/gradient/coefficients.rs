//! What the controls know of a row's points alone: sums over the points told, for each background row.

use super::Real;
use super::layout::{PathPoint, Shift};
use super::plan::{CONTROLS, Plan};

/// Entries of a symmetric matrix of the controls, row by row up to the diagonal.
pub(super) const GRAM: usize = CONTROLS * (CONTROLS + 1) / 2;

/// Features that one vector holds.
const LANES: usize = 8;

/// Sums over the points of one row, with weights made to sum to 1.
pub(super) struct Coefficients {
    /// What the weights told sum to: 1 once a stage is complete.
    pub(super) total: f64,
    /// How many points were told.
    pub(super) n_told: u64,
    /// `W_r = sum w` over the points of replicate `r`.
    pub(super) share: Vec<f64>,
    rows: Vec<Met>,
    parts: Vec<Part>,
}

/// A background row that has points.
struct Met {
    background: u32,
    /// `sum w c_k c_l`.
    gram: [f64; GRAM],
    /// Its parts begin here.
    first: usize,
}

/// Its points of one replicate.
struct Part {
    replicate: u8,
    /// `sum w c_k`.
    sums: [f64; CONTROLS],
}

impl Coefficients {
    /// Of the first `n_told` points of a row, at a stage.
    pub(super) fn new(plan: &Plan, shift: Shift, stage: u32, n_told: u64) -> Self {
        let mut points = Vec::with_capacity(usize::try_from(n_told).unwrap_or(0));
        let mut rest = n_told;
        for part in 0..=stage {
            let walk = plan.walk(part, shift);
            let ratio = plan.n_points(part) as f64 / plan.n_points(stage) as f64;
            let told = walk.n_points().min(rest);
            points.extend(walk.points(0, told).map(|mut point| {
                point.weight *= ratio;
                point
            }));
            rest -= told;
        }
        let total: f64 = points.iter().map(|point: &PathPoint| point.weight).sum();
        // By background row, then replicate, then as they came.
        let mut order: Vec<(u32, u8, u32)> =
            (0..).zip(&points).map(|(number, point)| (point.background, point.replicate, number)).collect();
        order.sort_unstable();
        let mut coefficients = Self {
            total,
            n_told,
            share: vec![0.0; usize::from(plan.n_replicates())],
            rows: Vec::new(),
            parts: Vec::new(),
        };
        for (_, _, number) in order {
            let point = &points[number as usize];
            coefficients.add(point, point.weight / total);
        }
        coefficients
    }

    fn add(&mut self, point: &PathPoint, weight: f64) {
        self.share[usize::from(point.replicate)] += weight;
        let is_new_row = self.rows.last().is_none_or(|row| row.background != point.background);
        if is_new_row {
            self.rows.push(Met { background: point.background, gram: [0.0; GRAM], first: self.parts.len() });
        }
        if is_new_row || self.parts.last().is_none_or(|part| part.replicate != point.replicate) {
            self.parts.push(Part { replicate: point.replicate, sums: [0.0; CONTROLS] });
        }
        let (Some(row), Some(part)) = (self.rows.last_mut(), self.parts.last_mut()) else { return };
        let c = point.controls;
        let mut entry = 0;
        for k in 0..CONTROLS {
            part.sums[k] += weight * c[k];
            for l in 0..=k {
                row.gram[entry] += weight * (c[k] * c[l]);
                entry += 1;
            }
        }
    }

    /// Write the moments of the features `first ..` of a tile: with `d = x - b`, `sum w d^2 c_k c_l` and, for each
    /// replicate, `sum w d c_k`.
    pub(super) fn write<T: Real>(&self, x: &[T], background: &[T], first: usize, tile: &mut Moments) {
        let length = tile.length.min(x.len() - first);
        tile.d.fill(0.0);
        tile.squares.fill(0.0);
        tile.gram.fill(0.0);
        tile.means.fill(0.0);
        for (number, row) in self.rows.iter().enumerate() {
            let end = self.rows.get(number + 1).map_or(self.parts.len(), |next| next.first);
            let b = &background[row.background as usize * x.len()..][first..first + length];
            add_row(&x[first..first + length], b, &row.gram, &self.parts[row.first..end], tile);
        }
    }
}

/// Moments of one tile of features.
pub(super) struct Moments {
    /// Features of a tile, in whole vectors: what is beyond the last feature stays 0.
    pub(super) length: usize,
    /// `(GRAM, length)`.
    pub(super) gram: Vec<f64>,
    /// `(R, CONTROLS, length)`.
    pub(super) means: Vec<f64>,
    d: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    pub(super) fn new(n_replicates: usize, length: usize) -> Self {
        let length = length.next_multiple_of(LANES);
        Self {
            length,
            gram: vec![0.0; GRAM * length],
            means: vec![0.0; n_replicates * CONTROLS * length],
            d: vec![0.0; length],
            squares: vec![0.0; length],
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_row<T: Real>(x: &[T], b: &[T], gram: &[f64; GRAM], parts: &[Part], tile: &mut Moments) {
    let width = tile.length;
    for (((d, square), &x), &b) in tile.d.iter_mut().zip(&mut tile.squares).zip(x).zip(b) {
        *d = x.into() - b.into();
        *square = *d * *d;
    }
    for (to, &factor) in tile.gram.chunks_exact_mut(width).zip(gram) {
        add_vectors(to, factor, &tile.squares);
    }
    for part in parts {
        let means = &mut tile.means[usize::from(part.replicate) * CONTROLS * width..][..CONTROLS * width];
        for (to, &factor) in means.chunks_exact_mut(width).zip(&part.sums) {
            add_vectors(to, factor, &tile.d);
        }
    }
}

/// `to += factor from`, in whole vectors.
#[expect(clippy::inline_always, reason = "compiled for an instruction set only where it is inlined")]
#[inline(always)]
fn add_vectors(to: &mut [f64], factor: f64, from: &[f64]) {
    for (to, from) in to.as_chunks_mut::<LANES>().0.iter_mut().zip(from.as_chunks::<LANES>().0) {
        for (to, from) in to.iter_mut().zip(from) {
            *to += factor * from;
        }
    }
}
