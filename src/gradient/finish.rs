//! From sums to values: the slope control, the residual, the replicates.

use super::check;
use crate::error::Error;
use crate::parallel::Workers;

/// A variance below this part of the mean square is rounding: `2^-40` is 60 times what gradients in `f32` leave.
const ROUNDING: f64 = 1.0 / (1_u64 << 40) as f64;

/// What was told about some rows, and what the plan knows of the points.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// `(rows, outputs, R + 2, d)`, see [`super::Sums::add`].
    pub sums: &'a [f64],
    /// `W_r`, `(rows, R)`.
    pub share: &'a [f64],
    /// Mean of `x - b` in each replicate, `(rows, R, d)`.
    pub mean: &'a [f64],
    /// `sum w (x - b)^2`, `(rows, d)`.
    pub square: &'a [f64],
    /// `D = x - sum w_b b`, `(rows, d)`.
    pub difference: &'a [f64],
    /// `f(x) - E f(b)`, `(rows, outputs)`.
    pub target: &'a [f64],
    /// Explained outputs of a row.
    pub n_outputs: usize,
    /// `R`.
    pub n_replicates: usize,
    /// `d`.
    pub n_features: usize,
    /// Remove what is linear in the background?
    pub control: bool,
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
    /// Root of the summed squared standard errors over that of the squared values, less their noise: `(rows, outputs)`.
    pub relative: Vec<f64>,
    /// The values that each replicate gives by itself, `(rows, outputs, R, d)`; NaN where it has no points.
    pub replicates: Vec<f64>,
}

/// Values `phi`, their gaps, standard errors and replicates.
///
/// With `S = sum w h`, `Q = sum w h^2`, `gamma = sum w h d / sum w d^2` (0 where the divisor is 0; weights made to sum to
/// 1 where a run was cut short):
///
/// - `phi = S - gamma (sum w d - D)`: as `h = g d`, `gamma` is a weighted mean of gradients and cannot explode. Unbiased
///   for a fixed `gamma`; fitted on the same points, the bias is of order `1/N`.
/// - `gap = target - sum phi`; then `phi += gap kappa`, `kappa = v / sum v`, `v = max(0, Q - S^2)`: features get of the
///   gap what they have of the variance. If no feature varies, `kappa = phi^2 / sum phi^2`; if that is 0/0, nothing.
/// - Replicate `r`: `phi_r = S_r / W_r - gamma (mean_r - D)`, and its own gap by the same `kappa`, so that
///   `sum W_r phi_r = phi`. `SE^2 = R / (R - 1) sum W_r^2 (phi_r - phi)^2` over the replicates that have points.
///   Replicates interleave, so errors are conservative rather than exact.
///
/// O(R d) a row and output.
pub fn finish(told: &Told<'_>, workers: &Workers<'_>) -> Result<Finished, Error> {
    told.check()?;
    let (n_rows, width) = (told.n_rows(), told.n_features);
    let n_maps = n_rows * told.n_outputs;
    let mut finished = Finished {
        values: vec![0.0; n_maps * width],
        gap: vec![0.0; n_maps],
        std_errors: vec![0.0; n_maps * width],
        relative: vec![0.0; n_maps],
        replicates: vec![0.0; n_maps * told.n_replicates * width],
    };
    let maps = finished
        .values
        .chunks_mut(width)
        .zip(finished.std_errors.chunks_mut(width))
        .zip(finished.replicates.chunks_mut(told.n_replicates * width))
        .zip(finished.gap.iter_mut().zip(&mut finished.relative))
        .map(|(((values, std_errors), replicates), (gap, relative))| Map {
            values,
            std_errors,
            replicates,
            gap,
            relative,
        });
    let workers = if told.sums.len() < 1 << 16 { workers.alone() } else { *workers };
    workers.for_each_unit(maps, |number, mut map| map.fill(told, number / told.n_outputs, number))?;
    Ok(finished)
}

impl<'a> Told<'a> {
    fn n_rows(&self) -> usize {
        self.share.len() / self.n_replicates.max(1)
    }

    fn check(&self) -> Result<(), Error> {
        let n_rows = self.n_rows();
        let (n_outputs, n_replicates, width) = (self.n_outputs, self.n_replicates, self.n_features);
        for (argument, size) in
            [("n_replicates", n_replicates), ("n_outputs", n_outputs), ("n_features", width)]
        {
            if size == 0 {
                return Err(Error::Parameter { argument, got: "0".to_owned(), accepted: "at least 1" });
            }
        }
        check("sums", self.sums.len(), n_rows * n_outputs * (n_replicates + 2) * width)?;
        check("share", self.share.len(), n_rows * n_replicates)?;
        check("mean", self.mean.len(), n_rows * n_replicates * width)?;
        check("square", self.square.len(), n_rows * width)?;
        check("difference", self.difference.len(), n_rows * width)?;
        check("target", self.target.len(), n_rows * n_outputs)
    }

    /// What was told about a row and one of its outputs.
    fn of_map(&self, row: usize, number: usize) -> Row<'a> {
        let (n_replicates, width) = (self.n_replicates, self.n_features);
        let parts = &self.sums[number * (n_replicates + 2) * width..][..(n_replicates + 2) * width];
        let (sums, moments) = parts.split_at(n_replicates * width);
        let (control, squares) = moments.split_at(width);
        let share = &self.share[row * n_replicates..][..n_replicates];
        Row {
            sums,
            control,
            squares,
            share,
            total: share.iter().sum(),
            mean: &self.mean[row * n_replicates * width..][..n_replicates * width],
            square: &self.square[row * width..][..width],
            difference: &self.difference[row * width..][..width],
        }
    }
}

/// What was told about one row and output.
struct Row<'a> {
    sums: &'a [f64],
    control: &'a [f64],
    squares: &'a [f64],
    share: &'a [f64],
    total: f64,
    mean: &'a [f64],
    square: &'a [f64],
    difference: &'a [f64],
}

/// Where the result of one row and output is written.
struct Map<'a> {
    values: &'a mut [f64],
    std_errors: &'a mut [f64],
    replicates: &'a mut [f64],
    gap: &'a mut f64,
    relative: &'a mut f64,
}

impl Map<'_> {
    fn fill(&mut self, told: &Told<'_>, row: usize, number: usize) {
        let row = told.of_map(row, number);
        let target = told.target[number];
        let slopes = row.slopes(told.control);
        row.write_replicates(&slopes, self.replicates);
        row.write_values(&slopes, self.values);
        *self.gap = target - self.values.iter().sum::<f64>();
        if told.residual && row.total > 0.0 {
            let shares = row.residual_shares(self.values);
            for (value, share) in self.values.iter_mut().zip(&shares) {
                *value += *self.gap * share;
            }
            for replicate in self.replicates.chunks_exact_mut(shares.len()) {
                let gap = target - replicate.iter().sum::<f64>();
                replicate.iter_mut().zip(&shares).for_each(|(value, share)| *value += gap * share);
            }
        }
        self.write_errors(&row);
    }

    fn write_errors(&mut self, row: &Row<'_>) {
        let width = self.values.len();
        let n_told = row.share.iter().filter(|&&share| share > 0.0).count();
        self.std_errors.fill(if n_told < 2 { f64::NAN } else { 0.0 });
        if n_told >= 2 {
            let factor = n_told as f64 / (n_told - 1) as f64;
            for (replicate, &share) in self.replicates.chunks_exact(width).zip(row.share) {
                if share > 0.0 {
                    let weight = factor * (share / row.total).powi(2);
                    let pairs = replicate.iter().zip(&*self.values);
                    for (error, (replicate, value)) in self.std_errors.iter_mut().zip(pairs) {
                        *error += weight * (replicate - value).powi(2);
                    }
                }
            }
        }
        let noise: f64 = self.std_errors.iter().sum();
        let signal: f64 = self.values.iter().map(|value| value * value).sum();
        *self.relative = noise.sqrt() / (signal - noise).max(f64::MIN_POSITIVE).sqrt();
        self.std_errors.iter_mut().for_each(|error| *error = error.sqrt());
    }
}

impl Row<'_> {
    /// `gamma`, a weighted mean of the gradients met.
    fn slopes(&self, control: bool) -> Vec<f64> {
        let slope = |(&control, &square): (&f64, &f64)| if square > 0.0 { control / square } else { 0.0 };
        if control {
            self.control.iter().zip(self.square).map(slope).collect()
        } else {
            vec![0.0; self.control.len()]
        }
    }

    /// `S_r / W_r - gamma (mean_r - D)`, NaN where there are no points.
    fn write_replicates(&self, slopes: &[f64], replicates: &mut [f64]) {
        let width = slopes.len();
        let told = self.sums.chunks_exact(width).zip(self.mean.chunks_exact(width)).zip(self.share);
        for (out, ((sums, mean), &share)) in replicates.chunks_exact_mut(width).zip(told) {
            if share > 0.0 {
                let moved =
                    mean.iter().zip(self.difference).zip(slopes).map(|((mean, d), slope)| slope * (mean - d));
                out.iter_mut()
                    .zip(sums)
                    .zip(moved)
                    .for_each(|((out, sum), moved)| *out = sum / share - moved);
            } else {
                out.fill(f64::NAN);
            }
        }
    }

    /// `sum w h - gamma (sum w d - D)`, with weights that sum to 1.
    fn write_values(&self, slopes: &[f64], values: &mut [f64]) {
        let width = slopes.len();
        if self.total <= 0.0 {
            return; // nothing was told: zeros
        }
        let mut centre = vec![0.0; width];
        for ((sums, mean), &share) in
            self.sums.chunks_exact(width).zip(self.mean.chunks_exact(width)).zip(self.share)
        {
            let weight = share / self.total;
            values.iter_mut().zip(sums).for_each(|(value, sum)| *value += sum / self.total);
            centre.iter_mut().zip(mean).for_each(|(centre, mean)| *centre += weight * mean);
        }
        for ((value, slope), (centre, d)) in
            values.iter_mut().zip(slopes).zip(centre.iter().zip(self.difference))
        {
            *value -= slope * (centre - d);
        }
    }

    /// `kappa`: what each feature gets of the gap. Sums to 1, or is 0 throughout.
    fn residual_shares(&self, values: &[f64]) -> Vec<f64> {
        let width = values.len();
        let mut means = vec![0.0; width];
        for sums in self.sums.chunks_exact(width) {
            means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean += sum / self.total);
        }
        let variance = |(&square, mean): (&f64, &f64)| {
            let square = square / self.total;
            let variance = square - mean * mean;
            if variance > square * ROUNDING { variance } else { 0.0 }
        };
        let mut shares: Vec<f64> = self.squares.iter().zip(&means).map(variance).collect();
        let mut total: f64 = shares.iter().sum();
        if total <= 0.0 {
            shares = values.iter().map(|value| value * value).collect();
            total = shares.iter().sum();
        }
        if total <= 0.0 {
            return vec![0.0; width];
        }
        for share in &mut shares {
            *share /= total;
        }
        shares
    }
}
