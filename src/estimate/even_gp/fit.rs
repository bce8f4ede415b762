//! Which process: the shape of the kernel and the noise by restricted likelihood, free pairs by leave-one-out.

use super::indices::Parts;
use super::kernel::{Terms, basis, kernel};
use super::kriging::{Functionals, Kriging};
use crate::error::Error;
use crate::linalg::Matrix;
use crate::parallel::Workers;

/// Sums of `rho` that are tried.
const SUMS: [f64; 5] = [0.3, 0.6, 1.2, 2.4, 4.8];
/// Powers of the shares that are tried after the first.
const POWERS: [f64; 2] = [0.5, 0.0];
/// Noise that is tried, in units of the prior variance of one half-sum.
const NOISES: [f64; 6] = [1e-8, 1e-6, 1e-4, 1e-2, 1.0, 100.0];
/// The bounds of `rho`.
const LEAST_RHO: f64 = 1e-4;
const LARGEST_RHO: f64 = 0.95;
/// Noise of the empty pair, which is known exactly, in the same units.
const EXACT: f64 = 1e-12;
/// Rows that the likelihood looks at, at least, and beyond the players.
const LIKELIHOOD_ROWS: usize = 256;
const LIKELIHOOD_ROWS_TO_SPARE: usize = 64;
/// Free pairs need this many rows for each free term.
const ROWS_A_FREE_TERM: f64 = 1.5;
/// Below this many pairs that were drawn, leave-one-out chooses nothing.
const LEAST_LEFT_OUT: usize = 8;
/// At most this many pairs are left out, evenly spread over those drawn.
const MOST_LEFT_OUT: usize = 128;
/// Squares that least squares on pairs may leave, relative, of a game without higher interactions.
const NOTHING_LEFT: f64 = 1e-20;

/// What is known of one row: half-sums or half-differences, less that of the empty pair where it is even.
pub(super) struct Rows<'a> {
    /// `(rows, players)`, the empty coalition first.
    pub(super) signs: &'a Matrix,
    /// `(rows, outputs)`, each output scaled to a mean square of 1.
    pub(super) targets: &'a Matrix,
    /// Rows of classes that are enumerated, the first among them: no sample of the others.
    pub(super) is_star: &'a [bool],
}

/// A fitted process, and how it was fitted.
pub(super) struct Fitted {
    pub(super) terms: Terms,
    pub(super) rho: Vec<f64>,
    pub(super) kriging: Kriging,
    /// Noise of the rows but the first.
    pub(super) noise: f64,
    /// Factors of the variances, at least 1: squared errors at rows left out, beside what the process expects.
    pub(super) inflations: Vec<f64>,
    /// Mean squared error at rows left out; infinite where these are few.
    left_out: f64,
}

impl Fitted {
    /// Means of functionals, and their variances as judged by rows left out.
    pub(super) fn read(&self, functionals: Functionals) -> Parts {
        let read = self.kriging.read(functionals);
        let variances = Matrix::from_fn(read.means.n_rows(), read.means.n_columns(), |row, output| {
            read.variances.row(row)[output] * self.inflations[output]
        });
        Parts { means: read.means, variances }
    }

    /// What the fit leaves of a row that is not the first.
    pub(super) fn residual(&self, row: usize, output: usize) -> f64 {
        self.noise * self.kriging.alpha().row(row)[output]
    }
}

/// Fit the even terms, with kernels whose `rho` are in proportion to `shares`.
pub(super) fn fit_even(rows: &Rows<'_>, shares: &[f64], workers: &Workers<'_>) -> Result<Fitted, Error> {
    let (n, n_rows) = (shares.len(), rows.signs.n_rows());
    let n_free = 1 + n * (n - 1) / 2;
    if n_rows >= n_free + LEAST_LEFT_OUT
        && let Some(fitted) = two_additive(rows, n_free)
    {
        return Ok(fitted);
    }
    let (rho, noise) = search(rows, shares, workers)?;
    let fitted = fit(rows, rho.clone(), Terms::EvenFrom2, noise, workers)?;
    if (n_rows as f64) < ROWS_A_FREE_TERM * n_free as f64 {
        return Ok(fitted);
    }
    let mut best = Best::default();
    Judge::new(rows, Terms::EvenFrom4).consider(&rho, 0.0, &mut best, workers)?;
    let free = fit(rows, rho, Terms::EvenFrom4, best.noise, workers)?;
    Ok(if free.left_out < fitted.left_out { free } else { fitted })
}

/// The likeliest `rho` and noise: first in proportion to the shares, then nearer to equal ones.
fn search(rows: &Rows<'_>, shares: &[f64], workers: &Workers<'_>) -> Result<(Vec<f64>, f64), Error> {
    let judge = Judge::new(rows, Terms::EvenFrom2);
    let mut best = Best::default();
    let mut middle = SUMS[0];
    for sum in SUMS {
        if judge.consider(&at(shares, 1.0, sum), prior(sum, 1.0), &mut best, workers)? {
            middle = sum;
        }
    }
    for power in POWERS {
        for sum in [0.5 * middle, middle, 2.0 * middle] {
            judge.consider(&at(shares, power, sum), prior(sum, power), &mut best, workers)?;
        }
    }
    Ok((best.rho, best.noise))
}

/// `ln sum ~ N(0, 1.5^2)`, `power ~ N(0.5, 0.5^2)`.
fn prior(sum: f64, power: f64) -> f64 {
    -0.5 * (sum.ln() / 1.5).powi(2) - 0.5 * ((power - 0.5) / 0.5).powi(2)
}

/// The process at a shape that is known.
pub(super) fn fit(
    rows: &Rows<'_>,
    rho: Vec<f64>,
    terms: Terms,
    noise: f64,
    workers: &Workers<'_>,
) -> Result<Fitted, Error> {
    let kernel = kernel(rows.signs, rows.signs, &rho, terms, workers)?;
    // Without a process all rows weigh the same.
    let unit = if kernel.row(0)[0] > 0.0 { kernel.row(0)[0] } else { 1.0 };
    let basis = basis(rows.signs, terms);
    // More noise until the factorisation holds; that of the prior's size always does.
    let noises = (0..7).map(|k| noise + if k > 0 { unit * 1e-15 * 10_f64.powi(k) } else { 0.0 });
    for noise in noises.chain([unit]) {
        workers.check()?;
        let of_row = |row: usize| if row == 0 { EXACT * unit } else { noise };
        if let Some(kriging) = Kriging::new(&kernel, of_row, &basis, rows.targets) {
            let (inflations, left_out) = judged(rows, &kriging);
            return Ok(Fitted { terms, rho, kriging, noise, inflations, left_out });
        }
    }
    let (argument, got) = ("n_pairs", (rows.signs.n_rows() - 1).to_string());
    Err(Error::Parameter { argument, got, accepted: "pairs that tell the players apart" })
}

/// Least squares on pairs alone, where they leave nothing.
fn two_additive(rows: &Rows<'_>, n_free: usize) -> Option<Fitted> {
    let few = (n_free + LEAST_LEFT_OUT).min(rows.signs.n_rows());
    // Most games are more than that, and show it on few rows.
    let (signs, targets) = (first_rows(rows.signs, few), first_rows(rows.targets, few));
    let few = without_process(&signs, &targets)?;
    let kriging =
        if signs.n_rows() < rows.signs.n_rows() { without_process(rows.signs, rows.targets)? } else { few };
    let rho = vec![0.0; rows.signs.n_columns()];
    let inflations = vec![1.0; rows.targets.n_columns()];
    Some(Fitted { terms: Terms::EvenFrom4, rho, kriging, noise: 1.0, inflations, left_out: 0.0 })
}

/// The free terms alone, where they explain everything: covariances are zero, and all rows weigh the same.
fn without_process(signs: &Matrix, targets: &Matrix) -> Option<Kriging> {
    let n_rows = signs.n_rows();
    let nothing = Matrix::zeros(n_rows, n_rows);
    let kriging = Kriging::new(&nothing, |_| 1.0, &basis(signs, Terms::EvenFrom4), targets)?;
    // Targets have a mean square of 1.
    let left = kriging.degrees() as f64 / n_rows as f64;
    kriging.scales().iter().all(|scale| scale * left <= NOTHING_LEFT).then_some(kriging)
}

/// `rho` of the sum `sum`, in proportion to a power of the shares.
fn at(shares: &[f64], power: f64, sum: f64) -> Vec<f64> {
    let powers: Vec<f64> = shares.iter().map(|share| share.powf(power)).collect();
    let all: f64 = powers.iter().sum();
    powers.iter().map(|share| (sum * share / all).clamp(LEAST_RHO, LARGEST_RHO)).collect()
}

/// The likeliest so far; the first wins a tie.
struct Best {
    rho: Vec<f64>,
    noise: f64,
    likelihood: f64,
}

impl Default for Best {
    fn default() -> Self {
        Self { rho: Vec::new(), noise: 1.0, likelihood: f64::NEG_INFINITY }
    }
}

/// The rows that shapes are judged by.
struct Judge {
    terms: Terms,
    signs: Matrix,
    basis: Matrix,
    targets: Matrix,
}

impl Judge {
    fn new(rows: &Rows<'_>, terms: Terms) -> Self {
        let n = rows.signs.n_columns();
        let n_free = basis(&Matrix::zeros(0, n), terms).n_columns();
        let wanted = LIKELIHOOD_ROWS.max(n + LIKELIHOOD_ROWS_TO_SPARE).max(2 * n_free);
        let n_rows = wanted.min(rows.signs.n_rows());
        let signs = first_rows(rows.signs, n_rows);
        Self { terms, basis: basis(&signs, terms), signs, targets: first_rows(rows.targets, n_rows) }
    }

    /// Take a shape with its likeliest noise if that is likelier than the best so far; `log10 noise ~ N(-4, 3^2)`.
    fn consider(
        &self,
        rho: &[f64],
        prior: f64,
        best: &mut Best,
        workers: &Workers<'_>,
    ) -> Result<bool, Error> {
        let kernel = kernel(&self.signs, &self.signs, rho, self.terms, workers)?;
        let unit = kernel.row(0)[0];
        let before = best.likelihood;
        for noise in NOISES {
            workers.check()?;
            let of_row = |_| (noise + 1e-13) * unit;
            let Some(kriging) = Kriging::new(&kernel, of_row, &self.basis, &self.targets) else { continue };
            let likelihood = kriging.ln_likelihood() + prior - 0.5 * ((noise.log10() + 4.0) / 3.0).powi(2);
            if likelihood > best.likelihood || best.rho.is_empty() {
                *best = Best { rho: rho.to_vec(), noise: noise * unit, likelihood };
            }
        }
        Ok(best.likelihood > before)
    }
}

/// Factors of the variances, and the mean squared error at rows left out.
fn judged(rows: &Rows<'_>, kriging: &Kriging) -> (Vec<f64>, f64) {
    let drawn: Vec<usize> = (0..rows.signs.n_rows()).filter(|&row| !rows.is_star[row]).collect();
    let scales = kriging.scales();
    if drawn.len() < LEAST_LEFT_OUT {
        return (vec![1.0; scales.len()], f64::INFINITY);
    }
    let step = drawn.len().div_ceil(MOST_LEFT_OUT);
    let left: Vec<usize> = drawn.into_iter().step_by(step).collect();
    let (missed, certainties) = kriging.left_out(&left);
    let count = left.len() as f64;
    let inflations = scales.iter().enumerate().map(|(output, scale)| {
        let relative = (0..left.len()).map(|row| missed.row(row)[output].powi(2) * certainties[row] / scale);
        (relative.sum::<f64>() / count).max(1.0)
    });
    let squares: f64 = (0..left.len()).flat_map(|row| missed.row(row)).map(|missed| missed * missed).sum();
    (inflations.collect(), squares / count)
}

fn first_rows(matrix: &Matrix, count: usize) -> Matrix {
    Matrix::from_fn(count, matrix.n_columns(), |row, column| matrix.row(row)[column])
}
