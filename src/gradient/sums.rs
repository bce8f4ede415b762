//! What the gradients add up to: the state of a run.

use multiversion::multiversion;

use super::points::Paths;
use super::{Real, check};
use crate::error::Error;
use crate::parallel::Workers;

/// Features that are summed for all points of a row before the next: sums, row and background stay in the first
/// cache.
const TILE: usize = 1024;

/// A gradient that is NaN or infinite: the first of its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unfinite {
    /// The point's place in the block.
    pub point: usize,
    /// The output.
    pub output: usize,
    /// The feature.
    pub feature: usize,
}

/// A block whose gradients have come.
#[derive(Debug, Clone, Copy)]
pub struct Sums<'a, T, G> {
    /// Rows and background.
    pub paths: Paths<'a, T>,
    /// Explained row of each point.
    pub row: &'a [u32],
    /// Background row of each point.
    pub background_index: &'a [u32],
    /// Weight of each point.
    pub weight: &'a [f64],
    /// Replicate of each point.
    pub replicate: &'a [u8],
    /// Controls of each point, `(points, K)`.
    pub controls: &'a [f64],
    /// `(points, outputs, d)`.
    pub gradients: &'a [G],
    /// Gradients of a point.
    pub n_outputs: usize,
    /// `K`.
    pub n_controls: usize,
    /// `R`.
    pub n_replicates: usize,
}

/// Sums of one row over one tile of features: `(outputs, R + K + 1)` slices.
struct Tile<'a> {
    row: usize,
    first: usize,
    sums: Vec<&'a mut [f64]>,
}

impl<T: Real, G: Real> Sums<'_, T, G> {
    /// Add the block to `sums`, `(rows, outputs, R + K + 1, d)`: with `d = x - b`, `h = g d`, the point's weight `w` and
    /// controls `c_k`, in `f64`, `w h` to the part of the replicate, `w h d c_k` to part `R + k`, `w h h` to the last.
    ///
    /// In the order of the points, so the same bits for any cut into blocks and any number of threads. Returns the first
    /// gradient that is not finite; then `sums` is spoilt.
    pub fn add(&self, sums: &mut [f64], workers: &Workers<'_>) -> Result<Option<Unfinite>, Error> {
        self.check(sums.len())?;
        let n_parts = self.n_replicates + self.n_controls + 1;
        let width = self.paths.n_features;
        let points = Grouped::new(self.row, self.paths.x.len() / width.max(1));
        let row_sums = self.n_outputs * n_parts * width;
        if row_sums == 0 || self.row.is_empty() {
            return Ok(None);
        }
        let met = std::sync::atomic::AtomicBool::new(false);
        let tiles =
            sums.chunks_exact_mut(row_sums).enumerate().filter(|(row, _)| !points.of(*row).is_empty());
        let tiles = tiles.flat_map(|(row, sums)| cut(row, sums, width));
        let is_small = self.gradients.len() <= 1 << 15;
        let workers = if is_small { workers.alone() } else { *workers };
        workers.for_each_unit(tiles, |_, mut tile| {
            self.add_tile(points.of(tile.row), &mut tile);
            // Squares are never negative, so nothing can bring their sum back.
            let squares = tile.sums.chunks_exact(n_parts).map(|parts| &parts[n_parts - 1]);
            if squares.flat_map(|part| part.iter()).any(|square| !square.is_finite()) {
                met.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        })?;
        Ok(if met.into_inner() { self.first_unfinite() } else { None })
    }

    fn check(&self, n_sums: usize) -> Result<(), Error> {
        let n_points = self.row.len();
        self.paths.check(self.row, self.background_index)?;
        check("weight", self.weight.len(), n_points)?;
        check("replicate", self.replicate.len(), n_points)?;
        check("controls", self.controls.len(), n_points * self.n_controls)?;
        check("gradients", self.gradients.len(), n_points * self.n_outputs * self.paths.n_features)?;
        check(
            "sums",
            n_sums,
            self.paths.x.len() * self.n_outputs * (self.n_replicates + self.n_controls + 1),
        )?;
        match self.replicate.iter().find(|&&replicate| usize::from(replicate) >= self.n_replicates) {
            None => Ok(()),
            Some(replicate) => {
                let got = replicate.to_string();
                Err(Error::Parameter {
                    argument: "replicate",
                    got,
                    accepted: "below the number of replicates",
                })
            }
        }
    }

    fn add_tile(&self, points: &[u32], tile: &mut Tile<'_>) {
        let n_parts = self.n_replicates + self.n_controls + 1;
        let width = self.paths.n_features;
        let features = tile.first..(tile.first + TILE).min(width);
        let x = &self.paths.x[tile.row * width..][..width][features.clone()];
        for &point in points {
            let point = point as usize;
            let b = &self.paths.from(self.background_index[point])[features.clone()];
            let gradients = &self.gradients[point * self.n_outputs * width..][..self.n_outputs * width];
            let controls = &self.controls[point * self.n_controls..][..self.n_controls];
            for (gradient, parts) in gradients.chunks_exact(width).zip(tile.sums.chunks_exact_mut(n_parts)) {
                let (replicates, moments) = parts.split_at_mut(self.n_replicates);
                let into = &mut *replicates[usize::from(self.replicate[point])];
                let piece = (x, b, &gradient[features.clone()], self.weight[point]);
                add_piece(piece, controls, into, moments);
            }
        }
    }

    fn first_unfinite(&self) -> Option<Unfinite> {
        let width = self.paths.n_features;
        let place = self.gradients.iter().position(|&gradient| !gradient.into().is_finite())?;
        let (gradient, feature) = (place / width, place % width);
        Some(Unfinite { point: gradient / self.n_outputs, output: gradient % self.n_outputs, feature })
    }
}

/// One gradient over one tile: row, background row, gradient, weight.
type Piece<'a, T, G> = (&'a [T], &'a [T], &'a [G], f64);

/// Add one gradient: to its replicate, to each control, to the squares.
fn add_piece<T: Real, G: Real>(
    piece: Piece<'_, T, G>,
    controls: &[f64],
    sums: &mut [f64],
    moments: &mut [&mut [f64]],
) {
    match (controls, moments) {
        (&[c0, c1, c2, c3], [a, b, c, d, squares]) => {
            add_with_four(piece, [c0, c1, c2, c3], sums, a, b, c, d, squares);
        }
        (controls, [parts @ .., squares]) => {
            add_plain(piece, sums, squares);
            for (&control, part) in controls.iter().zip(parts) {
                add_control(piece, control, part);
            }
        }
        (_, []) => {}
    }
}

// Loops over places and equal lengths: the compiler makes vectors of them, of nested zips it does not (measured: ten
// times slower).
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
#[expect(clippy::too_many_arguments, reason = "slices of their own are known not to overlap")]
fn add_with_four<T: Real, G: Real>(
    (x, background, gradient, weight): Piece<'_, T, G>,
    controls: [f64; 4],
    sums: &mut [f64],
    a: &mut [f64],
    b: &mut [f64],
    c: &mut [f64],
    d: &mut [f64],
    squares: &mut [f64],
) {
    let n = x.len();
    let (background, gradient, sums, squares) =
        (&background[..n], &gradient[..n], &mut sums[..n], &mut squares[..n]);
    let (a, b, c, d) = (&mut a[..n], &mut b[..n], &mut c[..n], &mut d[..n]);
    for i in 0..n {
        let delta = x[i].into() - background[i].into();
        let h = gradient[i].into() * delta;
        let weighted = weight * h;
        let sloped = weighted * delta;
        sums[i] += weighted;
        a[i] += sloped * controls[0];
        b[i] += sloped * controls[1];
        c[i] += sloped * controls[2];
        d[i] += sloped * controls[3];
        squares[i] += weighted * h;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_plain<T: Real, G: Real>(
    (x, background, gradient, weight): Piece<'_, T, G>,
    sums: &mut [f64],
    squares: &mut [f64],
) {
    let n = x.len();
    let (background, gradient, sums, squares) =
        (&background[..n], &gradient[..n], &mut sums[..n], &mut squares[..n]);
    for i in 0..n {
        let h = gradient[i].into() * (x[i].into() - background[i].into());
        let weighted = weight * h;
        sums[i] += weighted;
        squares[i] += weighted * h;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_control<T: Real, G: Real>(
    (x, background, gradient, weight): Piece<'_, T, G>,
    control: f64,
    to: &mut [f64],
) {
    let n = x.len();
    let (background, gradient, to) = (&background[..n], &gradient[..n], &mut to[..n]);
    for i in 0..n {
        let delta = x[i].into() - background[i].into();
        to[i] += weight * (gradient[i].into() * delta) * delta * control;
    }
}

/// The sums of one row, cut into tiles of features.
fn cut(row: usize, sums: &mut [f64], width: usize) -> impl Iterator<Item = Tile<'_>> {
    let mut parts: Vec<&mut [f64]> = sums.chunks_exact_mut(width).collect();
    (0..width).step_by(TILE).map(move |first| {
        let length = TILE.min(width - first);
        Tile {
            row,
            first,
            sums: parts.iter_mut().map(|part| part.split_off_mut(..length).unwrap_or_default()).collect(),
        }
    })
}

/// The points of a block by their explained rows, in the order in which they came.
struct Grouped {
    starts: Vec<u32>,
    points: Vec<u32>,
}

impl Grouped {
    fn new(row: &[u32], n_rows: usize) -> Self {
        let mut starts = vec![0; n_rows + 1];
        for &row in row {
            starts[row as usize + 1] += 1;
        }
        for row in 0..n_rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut points = vec![0; row.len()];
        for (point, &row) in (0..).zip(row) {
            points[next[row as usize] as usize] = point;
            next[row as usize] += 1;
        }
        Self { starts, points }
    }

    fn of(&self, row: usize) -> &[u32] {
        &self.points[self.starts[row] as usize..self.starts[row + 1] as usize]
    }
}
