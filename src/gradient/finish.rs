//! From sums to values: the controls, the residual, the replicates.

use super::coefficients::{Coefficients, GRAM, Moments};
use super::expected::Expected;
use super::fit::{quadratic, slopes};
use super::plan::{CONTROLS, Plan};
use super::points::Paths;
use super::{Real, check};
use crate::error::Error;
use crate::parallel::Workers;

/// Features that are fitted before the next: their moments stay in the first cache.
const TILE: usize = 128;
/// A variance below this part of the mean square is rounding: `2^-40` is 60 times what gradients in `f32` leave.
const ROUNDING: f64 = 1.0 / (1_u64 << 40) as f64;

/// What was told about some rows.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a, T> {
    /// The plan that the points came from.
    pub plan: &'a Plan,
    /// Keys of the rows.
    pub row_keys: &'a [u64],
    /// The stage whose weights the sums are made of.
    pub stage: u32,
    /// Points told of each row, counted from its very first; None: all up to and including the stage.
    pub n_told: Option<&'a [u64]>,
    /// The rows and the background.
    pub paths: Paths<'a, T>,
    /// `(rows, outputs, R + K + 1, d)`, see [`super::Sums::add`].
    pub sums: &'a [f64],
    /// `f(x) - E f(b)`, `(rows, outputs)`.
    pub target: &'a [f64],
    /// Explained outputs of a row.
    pub n_outputs: usize,
    /// Share the gap out?
    pub residual: bool,
}

/// Values and what is known about their errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// `(rows, outputs, d)`.
    pub values: Vec<f64>,
    /// `target - sum of values`, before the residual was shared out: `(rows, outputs)`.
    pub gap: Vec<f64>,
    /// `(rows, outputs, d)`; NaN with fewer than two replicates that have points.
    pub std_errors: Vec<f64>,
    /// The values that each replicate gives by itself, `(rows, outputs, R, d)`; NaN where it has no points.
    pub replicates: Vec<f64>,
    /// Weights of the replicates, `W_r`, which sum to 1: `(rows, R)`.
    pub share: Vec<f64>,
}

/// Values `phi`, their gaps, standard errors and replicates.
///
/// With `d = x - b`, `h = g d`, `S = sum w h`, `Q = sum w h^2` over the points told, weights made to sum to 1:
///
/// - *Controls.* The gradient is modelled as `gamma' c`, `c = (1, 2 alpha - 1, (1 - alpha) P1_b, (1 - alpha) P2_b)`: affine in
///   the position and in two principal scores of the path point. `gamma = (G + Lambda)^-1 r`, `G = sum w d^2 c c'`,
///   `r = sum w h d c`, `Lambda` a ridge of 8 points (sequence) or 32 (stratified) on all but the first. Then
///   `phi = S - gamma' (sum w d c - E[d c])`, whose expectations are known: `E[d c] = (x - mean of b, 0, and half of
///   sum w_b P_b (x - b))`. Unbiased for a fixed `gamma`; fitted on the same points, the bias is of order `1/N`. A linear
///   model is met exactly by one point.
/// - *Residual.* `gap = target - sum phi`; then `phi += gap kappa`, `kappa = v / sum v`, `v` the variance that the controls
///   leave of `h`: features get of the gap what they have of the noise. If nothing varies, `kappa = phi^2 / sum phi^2`;
///   if that is 0/0, nothing.
/// - *Replicates.* `phi_r = S_r / W_r - gamma' (mean of d c in r - E[d c])`, and its own gap by the same `kappa`, moved
///   away from `phi` by the factor `sqrt(N / (N - K - 1))`, because the controls were fitted on the same `N` points; so that
///   `sum W_r phi_r = phi`. `SE^2 = R / (R - 1) sum W_r^2 (phi_r - phi)^2` over the replicates that have points. They
///   interleave, so errors are conservative rather than exact; with 16 or 32 points, on outputs that saturate, they may
///   still be too small.
///
/// Cost of a row: `O(B d (10 + 4 R))` for the moments, `O((R + 30) d)` an output; memory: one tile of features a thread.
pub fn finish<T: Real>(told: &Told<'_, T>, workers: &Workers<'_>) -> Result<Finished, Error> {
    told.check()?;
    let n_replicates = usize::from(told.plan.n_replicates());
    let (n_rows, width) = (told.row_keys.len(), told.paths.n_features);
    let n_maps = n_rows * told.n_outputs;
    let mut finished = Finished {
        values: vec![0.0; n_maps * width],
        gap: vec![0.0; n_maps],
        std_errors: vec![0.0; n_maps * width],
        replicates: vec![0.0; n_maps * n_replicates * width],
        share: vec![0.0; n_rows * n_replicates],
    };
    let expected = Expected::new(told.plan, told.paths);
    let row_size = told.n_outputs * width;
    let rows = finished
        .values
        .chunks_mut(row_size)
        .zip(finished.std_errors.chunks_mut(row_size))
        .zip(finished.replicates.chunks_mut(row_size * n_replicates))
        .zip(finished.gap.chunks_mut(told.n_outputs))
        .zip(finished.share.chunks_mut(n_replicates));
    let workers = if told.sums.len() < 1 << 14 { workers.alone() } else { *workers };
    workers.for_each_unit(rows, |row, ((((values, std_errors), replicates), gap), share)| {
        let coefficients = told.coefficients(row);
        share.copy_from_slice(&coefficients.share);
        told.fit(row, &coefficients, &expected, (values, std_errors, replicates));
        let maps = values
            .chunks_exact_mut(width)
            .zip(std_errors.chunks_exact_mut(width))
            .zip(replicates.chunks_exact_mut(n_replicates * width))
            .zip(gap);
        let targets = &told.target[row * told.n_outputs..][..told.n_outputs];
        for ((((values, std_errors), replicates), gap), &target) in maps.zip(targets) {
            *gap = target - values.iter().sum::<f64>();
            if told.residual && coefficients.n_told > 0 {
                share_out(target, *gap, values, std_errors, replicates);
            }
            widen(values, replicates, freedom(coefficients.n_told, told.plan.n_controls()));
            write_errors(values, replicates, share, std_errors);
        }
    })?;
    if finished.values.iter().any(|value| !value.is_finite()) {
        return Err(Error::Parameter {
            argument: "x",
            got: "such that squares overflow".to_owned(),
            accepted: "scaled so that squares of its distances to the background, and of gradients times them, are finite: divide features or outputs by a constant",
        });
    }
    Ok(finished)
}

impl<T: Real> Told<'_, T> {
    fn check(&self) -> Result<(), Error> {
        self.plan.check_stage(self.stage)?;
        let (n_rows, width) = (self.row_keys.len(), self.paths.n_features);
        for (argument, size) in [("sums", self.n_outputs), ("x", width)] {
            if size == 0 {
                let accepted = "of at least one output and feature";
                return Err(Error::Parameter { argument, got: "empty".to_owned(), accepted });
            }
        }
        check("x", self.paths.x.len(), n_rows * width)?;
        check("background", self.paths.background.len(), self.plan.weights().len() * width)?;
        self.n_told.map_or(Ok(()), |n_told| check("told", n_told.len(), n_rows))?;
        check("sums", self.sums.len(), n_rows * self.n_outputs * self.n_parts() * width)?;
        check("target", self.target.len(), n_rows * self.n_outputs)
    }

    fn n_parts(&self) -> usize {
        usize::from(self.plan.n_replicates()) + self.plan.n_controls() + 1
    }

    fn coefficients(&self, row: usize) -> Coefficients {
        let n_points = self.plan.n_points(self.stage);
        let n_told = self.n_told.map_or(n_points, |n_told| n_told[row].min(n_points));
        Coefficients::new(self.plan, self.plan.shift(self.row_keys[row]), self.stage, n_told)
    }

    /// Write the values, what is left of the variance (in place of the errors) and the replicates of one row, all
    /// before the residual.
    fn fit(
        &self,
        row: usize,
        coefficients: &Coefficients,
        expected: &Expected,
        (values, variances, replicates): (&mut [f64], &mut [f64], &mut [f64]),
    ) {
        let (width, n_replicates) = (self.paths.n_features, coefficients.share.len());
        if coefficients.n_told == 0 {
            replicates.fill(f64::NAN);
            return;
        }
        let x = &self.paths.x[row * width..][..width];
        let mut tile = Moments::new(n_replicates, TILE.min(width));
        let mut means = vec![[0.0; CONTROLS]; n_replicates];
        let ridge = self.plan.pseudo_points() / coefficients.n_told as f64;
        for first in (0..width).step_by(TILE) {
            if self.plan.n_controls() > 0 {
                coefficients.write(x, self.paths.background, first, &mut tile);
            }
            for feature in first..(first + TILE).min(width) {
                let at = feature - first;
                let gram: [f64; GRAM] = std::array::from_fn(|entry| tile.gram[entry * tile.length + at]);
                let goal = expected.of(x[feature].into(), feature);
                for (replicate, means) in means.iter_mut().enumerate() {
                    let mean = |k: usize| tile.means[(replicate * CONTROLS + k) * tile.length + at];
                    *means = std::array::from_fn(mean);
                }
                for output in 0..self.n_outputs {
                    let fitted = Feature { gram: &gram, means: &means, goal, coefficients, ridge };
                    let sums =
                        &self.sums[(row * self.n_outputs + output) * self.n_parts() * width + feature..];
                    let place = output * width + feature;
                    let out = &mut replicates[output * n_replicates * width + feature..];
                    (values[place], variances[place]) =
                        fitted.values(sums, width, self.plan.n_controls(), out);
                }
            }
        }
    }
}

/// What the plan knows about one feature of a row.
struct Feature<'a> {
    gram: &'a [f64; GRAM],
    /// `sum w d c` of each replicate.
    means: &'a [[f64; CONTROLS]],
    /// `E[d c]`.
    goal: [f64; CONTROLS],
    coefficients: &'a Coefficients,
    ridge: f64,
}

impl Feature<'_> {
    /// The value and the variance left, from sums that lie `width` apart; replicates are written as far apart.
    fn values(&self, sums: &[f64], width: usize, n_controls: usize, out: &mut [f64]) -> (f64, f64) {
        let Coefficients { total, share, .. } = self.coefficients;
        let n_replicates = share.len();
        let sum = |part: usize| sums[part * width] / total;
        let right: [f64; CONTROLS] =
            std::array::from_fn(|k| if k < n_controls { sum(n_replicates + k) } else { 0.0 });
        let gamma = slopes(self.gram, &right, self.ridge);
        let along = |c: &[f64; CONTROLS]| gamma.iter().zip(c).map(|(gamma, c)| gamma * c).sum::<f64>();
        let goal = along(&self.goal);
        let (mut mean, mut explained) = (0.0, 0.0);
        for (replicate, (&share, means)) in share.iter().zip(self.means).enumerate() {
            let (own, fitted) = (sum(replicate), along(means));
            out[replicate * width] = if share > 0.0 { (own - fitted) / share + goal } else { f64::NAN };
            mean += own;
            explained += fitted;
        }
        let square = sum(n_replicates + n_controls);
        let left = square - 2.0 * along(&right) + quadratic(self.gram, &gamma) - (mean - explained).powi(2);
        (mean - explained + goal, if left > square * ROUNDING { left } else { 0.0 })
    }
}

/// Share the gaps out by what each feature has of the variance, of the squared values where nothing varies.
fn share_out(target: f64, gap: f64, values: &mut [f64], variances: &mut [f64], replicates: &mut [f64]) {
    let shares = variances;
    let mut total: f64 = shares.iter().sum();
    if total <= 0.0 {
        shares.iter_mut().zip(&*values).for_each(|(share, value)| *share = value * value);
        total = shares.iter().sum();
    }
    if total <= 0.0 {
        return;
    }
    let add = |to: &mut [f64], gap: f64| {
        to.iter_mut().zip(&*shares).for_each(|(to, share)| *to += gap * (share / total));
    };
    add(values, gap);
    for replicate in replicates.chunks_exact_mut(shares.len()) {
        let gap = target - replicate.iter().sum::<f64>();
        add(replicate, gap);
    }
}

/// What the squared errors are too small by, because the controls are fitted on the points that the replicates are made
/// of: `N / (N - K - 1)`, as of a regression's residuals. 1 without controls, or with too few points for them.
fn freedom(n_told: u64, n_controls: usize) -> f64 {
    let spent = n_controls as u64 + 1;
    if n_controls == 0 || n_told <= spent { 1.0 } else { n_told as f64 / (n_told - spent) as f64 }
}

/// Move replicates away from the values, so that their squared distances grow by `freedom`.
///
/// Here and not in the errors alone: the error of any sum of features comes from the replicates too.
fn widen(values: &[f64], replicates: &mut [f64], freedom: f64) {
    let factor = freedom.sqrt();
    if freedom > 1.0 {
        for replicate in replicates.chunks_exact_mut(values.len()) {
            replicate.iter_mut().zip(values).for_each(|(own, value)| *own = value + factor * (*own - value));
        }
    }
}

/// Write the standard errors.
fn write_errors(values: &[f64], replicates: &[f64], share: &[f64], std_errors: &mut [f64]) {
    let n_told = share.iter().filter(|&&share| share > 0.0).count();
    if n_told < 2 {
        std_errors.fill(f64::NAN);
        return;
    }
    std_errors.fill(0.0);
    let factor = n_told as f64 / (n_told - 1) as f64;
    for (replicate, &share) in replicates.chunks_exact(values.len()).zip(share) {
        if share > 0.0 {
            for ((error, replicate), value) in std_errors.iter_mut().zip(replicate).zip(values) {
                *error += factor * share * share * (replicate - value).powi(2);
            }
        }
    }
    for error in std_errors {
        *error = error.sqrt();
    }
}
