//! A few weighted rows that stand for a background: kernel herding with quadrature weights.

use super::active_set::simplex_weights;
use super::order::centred;
use super::vectors::dot;
use crate::error::Error;
use crate::linalg::{Matrix, Square, symmetric_product};
use crate::parallel::Workers;
use crate::random::mix;

/// Rows that herding looks at: its kernel is a square of them.
const MOST_ROWS: usize = 2048;

/// Rows chosen, ascending, and their weights, which sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Numbers of the rows.
    pub index: Vec<u64>,
    /// Their weights.
    pub weights: Vec<f64>,
}

/// Summarise background rows by at most `keep` of them.
///
/// With the kernel `K(a, c) = exp(-|a - c|^2 / m)`, `m` the median of the squared distances that are not 0, and
/// `mu_b = sum_c w_c K(b, c)`, rows are chosen one by one, `argmax mu_j - sum over chosen s of K(j, s) / (t + 1)`, ties by
/// row number; their weights minimise `w' K w - 2 w' mu` on the simplex, and rows of weight 0 are dropped. More than
/// 2,048 rows are sampled first, by a hash of their numbers and with chances along their weights.
///
/// The result is another background: what is explained is explained against it. All rows are returned where there are
/// no more than `keep`. Cost: `B^2 (p + keep)` operations and `B^2` numbers, `B` at most 2,048. Welling 2009, "Herding
/// dynamical weights to learn"; Huszar, Duvenaud 2012, "Optimally-weighted herding is Bayesian quadrature".
pub fn background_summary(
    features: &[f64],
    weights: &[f64],
    keep: usize,
    workers: &Workers<'_>,
) -> Result<Summary, Error> {
    let n_rows = weights.len();
    if n_rows == 0 || !features.len().is_multiple_of(n_rows) {
        return Err(Error::Length { argument: "features", got: features.len(), want: n_rows });
    }
    if keep == 0 {
        return Err(Error::Parameter { argument: "keep", got: "0".to_owned(), accepted: "at least 1" });
    }
    let total: f64 = weights.iter().sum();
    if keep >= n_rows {
        let weights = weights.iter().map(|weight| weight / total).collect();
        return Ok(Summary { index: (0..n_rows as u64).collect(), weights });
    }
    let (rows, weights) = subsample(weights, MOST_ROWS.max(keep));
    let width = features.len() / n_rows;
    let picked: Vec<f64> = rows.iter().flat_map(|&row| &features[row * width..][..width]).copied().collect();
    let kernel = kernel(&picked, &weights, workers)?;
    let mu: Vec<f64> = (0..rows.len()).map(|i| dot(&kernel.row(i)[..rows.len()], &weights)).collect();
    let mut chosen = herd(&kernel, &mu, keep, workers)?;
    chosen.sort_unstable();
    let small: Vec<f64> = chosen
        .iter()
        .flat_map(|&i| chosen.iter().map(move |&j| (i, j)))
        .map(|(i, j)| kernel.row(i)[j])
        .collect();
    let small_mu: Vec<f64> = chosen.iter().map(|&i| mu[i]).collect();
    let found = simplex_weights(&small, &small_mu, workers)?;
    let kept: Vec<(usize, f64)> = chosen.into_iter().zip(found).filter(|&(_, weight)| weight > 0.0).collect();
    let total: f64 = kept.iter().map(|&(_, weight)| weight).sum();
    Ok(Summary {
        index: kept.iter().map(|&(i, _)| rows[i] as u64).collect(),
        weights: kept.iter().map(|&(_, weight)| weight / total).collect(),
    })
}

/// At most `most` rows, ascending, and weights that are unbiased for those of all rows, then made to sum to 1.
///
/// Priority sampling (Duffield, Lund, Thorup 2007) with hashed row numbers as its uniform numbers: the rows of largest
/// `w / u`, weighing `max(w, the first one left out)`. Of equal weights: those of smallest hash.
fn subsample(weights: &[f64], most: usize) -> (Vec<usize>, Vec<f64>) {
    let mut rows: Vec<usize> = (0..weights.len()).collect();
    let mut heights = weights.to_vec();
    if rows.len() > most {
        let uniform = |row: usize| ((mix(row as u64 + 1) >> 11) as f64 + 0.5) * f64::EPSILON / 2.0;
        let priority = |row: usize| weights[row] / uniform(row);
        rows.sort_unstable_by(|&a, &b| priority(b).total_cmp(&priority(a)).then(a.cmp(&b)));
        let threshold = priority(rows[most]);
        rows.truncate(most);
        rows.sort_unstable();
        heights = rows.iter().map(|&row| weights[row].max(threshold)).collect();
    }
    let total: f64 = heights.iter().sum();
    for height in &mut heights {
        *height /= total;
    }
    (rows, heights)
}

fn kernel(features: &[f64], weights: &[f64], workers: &Workers<'_>) -> Result<Square, Error> {
    let n = weights.len();
    let width = features.len() / n;
    // Centred, so that little is lost where squared lengths are subtracted.
    let rows = centred(features, weights);
    let matrix = Matrix::from_fn(n, width, |i, j| rows[i * width + j]);
    let mut square = Square::zeros(n);
    workers.check()?;
    if width > 0 {
        symmetric_product(&matrix, &matrix, &mut square);
    }
    workers.check()?;
    let lengths: Vec<f64> = (0..n).map(|i| square.row(i)[i]).collect();
    let mut positive = Vec::with_capacity(n * (n - 1) / 2);
    for i in 0..n {
        for j in 0..i {
            let apart = lengths[i] + lengths[j] - 2.0 * square.row(i)[j];
            // What rounding leaves of equal rows.
            let distance = if apart > 1e-12 * (lengths[i] + lengths[j]) { apart } else { 0.0 };
            square.row_mut(i)[j] = distance;
            if distance > 0.0 {
                positive.push(distance);
            }
        }
    }
    let middle = positive.len() / 2;
    let median =
        if positive.is_empty() { 1.0 } else { *positive.select_nth_unstable_by(middle, f64::total_cmp).1 };
    for i in 0..n {
        square.row_mut(i)[i] = 1.0;
        for j in 0..i {
            let similarity = (-square.row(i)[j] / median).exp();
            square.row_mut(i)[j] = similarity;
            square.row_mut(j)[i] = similarity;
        }
    }
    Ok(square)
}

fn herd(kernel: &Square, mu: &[f64], keep: usize, workers: &Workers<'_>) -> Result<Vec<usize>, Error> {
    let n = mu.len();
    let mut covered = vec![0.0; n];
    let mut is_chosen = vec![false; n];
    let mut chosen = Vec::with_capacity(keep);
    for t in 0..keep.min(n) {
        workers.check()?;
        let gain = |j: usize| mu[j] - covered[j] / (t + 1) as f64;
        let best =
            (0..n).filter(|&j| !is_chosen[j]).max_by(|&a, &b| gain(a).total_cmp(&gain(b)).then(b.cmp(&a)));
        let Some(best) = best else { break };
        is_chosen[best] = true;
        chosen.push(best);
        covered.iter_mut().zip(kernel.row(best)).for_each(|(covered, k)| *covered += k);
    }
    Ok(chosen)
}
