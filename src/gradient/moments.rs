//! What the controls know of the points alone: how far they lie from the background's mean.

use std::ops::Range;

use super::plan::Plan;
use super::points::Paths;
use super::{Real, check};
use crate::error::Error;
use crate::parallel::Workers;

/// Moments of the points of some rows, with `w` the weights of the stage and `d = x - b`.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// `W_r = sum w` over the points of replicate `r`: `(rows, R)`.
    pub share: Vec<f64>,
    /// `sum w d / W_r` over them, 0 where there are none: `(rows, R, d)`.
    pub mean: Vec<f64>,
    /// `sum w d^2` over all points: `(rows, d)`.
    pub square: Vec<f64>,
}

/// Moments of the first `told` points of each row, counted from its very first; all of them where `told` is None.
///
/// O(points d) a row; complete rows of the stratified regime share one product of replicates and background, and cost
/// O((B + R) d) each.
pub fn moments<T: Real>(
    plan: &Plan,
    row_keys: &[u64],
    stage: u32,
    told: Option<&[u64]>,
    paths: Paths<'_, T>,
    workers: &Workers<'_>,
) -> Result<Moments, Error> {
    plan.check_stage(stage)?;
    let width = paths.n_features;
    let n_replicates = usize::from(plan.n_replicates());
    check("x", paths.x.len(), row_keys.len() * width)?;
    check("background", paths.background.len(), plan.weights().len() * width)?;
    told.map_or(Ok(()), |told| check("told", told.len(), row_keys.len()))?;
    let shared = plan.replicate_weights(stage).map(|weights| Shared::new(&weights, n_replicates, paths));
    let mut moments = Moments {
        share: vec![0.0; row_keys.len() * n_replicates],
        mean: vec![0.0; row_keys.len() * n_replicates * width],
        square: vec![0.0; row_keys.len() * width],
    };
    let units = moments
        .share
        .chunks_exact_mut(n_replicates)
        .zip(moments.mean.chunks_mut((n_replicates * width).max(1)))
        .zip(moments.square.chunks_mut(width.max(1)));
    workers.for_each_unit(units, |row, ((share, mean), square)| {
        let n_points = plan.n_points(stage);
        let n_told = told.map_or(n_points, |told| told[row].min(n_points));
        let x = &paths.x[row * width..][..width];
        let mut target = Target { share, mean, square };
        match &shared {
            Some(shared) if n_told == n_points => shared.write(plan, x, paths, &mut target),
            _ => target.add_points(plan, row_keys[row], stage, n_told, x, paths),
        }
    })?;
    Ok(moments)
}

/// Where the moments of one row are written.
struct Target<'a> {
    share: &'a mut [f64],
    mean: &'a mut [f64],
    square: &'a mut [f64],
}

impl Target<'_> {
    fn add_points<T: Real>(
        &mut self,
        plan: &Plan,
        row_key: u64,
        stage: u32,
        n_told: u64,
        x: &[T],
        paths: Paths<'_, T>,
    ) {
        let shift = plan.shift(row_key);
        let weight_ratio = |of: u32| plan.n_points(of) as f64 / plan.n_points(stage) as f64;
        let mut rest = n_told;
        for part in 0..=stage {
            let (own, _) = plan.own_points(part);
            let stride = plan.stride(part);
            for number in 0..own.min(rest) {
                let point = plan.point(part, stride, number, shift);
                self.add(&point, point.weight * weight_ratio(part), x, paths.from(point.background));
            }
            rest -= own.min(rest);
        }
        let width = x.len().max(1);
        for (mean, &share) in self.mean.chunks_exact_mut(width).zip(&*self.share) {
            if share > 0.0 {
                for mean in mean {
                    *mean /= share;
                }
            }
        }
    }

    fn add<T: Real>(&mut self, point: &super::PathPoint, weight: f64, x: &[T], b: &[T]) {
        let replicate = usize::from(point.replicate);
        self.share[replicate] += weight;
        let mean = &mut self.mean[replicate * x.len()..][..x.len()];
        add_moments(x, b, weight, mean, self.square);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_moments<T: Real>(x: &[T], b: &[T], weight: f64, mean: &mut [f64], square: &mut [f64]) {
    for (((&x, &b), mean), square) in x.iter().zip(b).zip(mean).zip(square) {
        let d = x.into() - b.into();
        *mean += weight * d;
        *square += weight * (d * d);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_squares<T: Real>(x: &[T], b: &[T], weight: f64, square: &mut [f64]) {
    for ((&x, &b), square) in x.iter().zip(b).zip(square) {
        let d = x.into() - b.into();
        *square += weight * (d * d);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_row<T: Real>(b: &[T], weight: f64, to: &mut [f64]) {
    for (to, &b) in to.iter_mut().zip(b) {
        *to += weight * b.into();
    }
}

/// What complete rows of the stratified regime have in common.
struct Shared {
    share: Vec<f64>,
    /// Mean background row of each replicate: `(R, d)`.
    centres: Vec<f64>,
}

impl Shared {
    fn new<T: Real>(weights: &[f64], n_replicates: usize, paths: Paths<'_, T>) -> Self {
        let width = paths.n_features;
        let mut share = vec![0.0; n_replicates];
        for (number, weight) in weights.iter().enumerate() {
            share[number % n_replicates] += weight;
        }
        let mut centres = vec![0.0; n_replicates * width];
        for (row, weights) in (0..).zip(weights.chunks_exact(n_replicates)) {
            for (replicate, &weight) in weights.iter().enumerate() {
                if weight > 0.0 {
                    let range: Range<usize> = replicate * width..(replicate + 1) * width;
                    add_row(paths.from(row), weight / share[replicate], &mut centres[range]);
                }
            }
        }
        Self { share, centres }
    }

    fn write<T: Real>(&self, plan: &Plan, x: &[T], paths: Paths<'_, T>, target: &mut Target<'_>) {
        target.share.copy_from_slice(&self.share);
        let width = x.len().max(1);
        let means = target.mean.chunks_exact_mut(width).zip(self.centres.chunks_exact(width));
        for ((mean, centre), &share) in means.zip(&self.share) {
            if share > 0.0 {
                mean.iter_mut().zip(x).zip(centre).for_each(|((mean, &x), centre)| *mean = x.into() - centre);
            }
        }
        for (row, &weight) in (0..).zip(plan.weights()) {
            add_squares(x, paths.from(row), weight, target.square);
        }
    }
}
