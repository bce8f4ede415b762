//! Which process: the shape of the kernel and the noise by restricted likelihood, free pairs by leave-one-out.

use super::indices::Parts;
use super::kernel::{Terms, basis, kernel};
use super::kriging::{Functionals, Kriging};
use crate::error::Error;
use crate::linalg::Matrix;
use crate::parallel::Workers;

/// Sums of `rho` that are tried.
const SUMS: [f64; 5] = [0.3, 0.6, 1.2, 2.4, 4.8];
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
    let (shape, noise) = likeliest(rows, shares, Terms::EvenFrom2, &SUMS, workers)?;
    let fitted = fit(rows, at(shares, shape), Terms::EvenFrom2, noise, workers)?;
    if (n_rows as f64) < ROWS_A_FREE_TERM * n_free as f64 {
        return Ok(fitted);
    }
    let (shape, noise) = likeliest(rows, shares, Terms::EvenFrom4, &[shape], workers)?;
    let free = fit(rows, at(shares, shape), Terms::EvenFrom4, noise, workers)?;
    Ok(if free.left_out < fitted.left_out { free } else { fitted })
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
    let terms = Terms::EvenFrom4;
    let n_rows = rows.signs.n_rows();
    // Without a process: its covariances are zero, and all rows weigh the same.
    let kriging =
        Kriging::new(&Matrix::zeros(n_rows, n_rows), |_| 1.0, &basis(rows.signs, terms), rows.targets)?;
    let rest = (n_rows - n_free) as f64 / n_rows as f64; // targets have a mean square of 1
    let is_exact = kriging.scales().iter().all(|scale| scale * rest <= NOTHING_LEFT);
    let rho = vec![0.0; rows.signs.n_columns()];
    let inflations = vec![1.0; rows.targets.n_columns()];
    is_exact.then_some(Fitted { terms, rho, kriging, noise: 1.0, inflations, left_out: 0.0 })
}

/// `rho` of the sum `sum`, in proportion to `shares`.
fn at(shares: &[f64], sum: f64) -> Vec<f64> {
    shares.iter().map(|share| (sum * share).clamp(LEAST_RHO, LARGEST_RHO)).collect()
}

/// The sum of `rho` and the noise that make the targets likeliest, with a prior on both; the first wins a tie.
fn likeliest(
    rows: &Rows<'_>,
    shares: &[f64],
    terms: Terms,
    sums: &[f64],
    workers: &Workers<'_>,
) -> Result<(f64, f64), Error> {
    let n = shares.len();
    let n_free = basis(&Matrix::zeros(0, n), terms).n_columns();
    let wanted = LIKELIHOOD_ROWS.max(n + LIKELIHOOD_ROWS_TO_SPARE).max(2 * n_free);
    let n_rows = wanted.min(rows.signs.n_rows());
    let (signs, targets) = (first_rows(rows.signs, n_rows), first_rows(rows.targets, n_rows));
    let basis = basis(&signs, terms);
    let (mut best, mut highest) = ((sums[0], NOISES[NOISES.len() - 1]), f64::NEG_INFINITY);
    for &sum in sums {
        let kernel = kernel(&signs, &signs, &at(shares, sum), terms, workers)?;
        let unit = kernel.row(0)[0];
        for noise in NOISES {
            workers.check()?;
            let Some(kriging) = Kriging::new(&kernel, |_| (noise + 1e-13) * unit, &basis, &targets) else {
                continue;
            };
            // ln sum ~ N(0, 1.5^2), log10 noise ~ N(-4, 3^2)
            let prior = -0.5 * (sum.ln() / 1.5).powi(2) - 0.5 * ((noise.log10() + 4.0) / 3.0).powi(2);
            let likelihood = kriging.ln_likelihood() + prior;
            if likelihood > highest {
                (best, highest) = ((sum, noise * unit), likelihood);
            }
        }
    }
    Ok(best)
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
