//! The order of the background: along its first principal component, so that neighbours look alike.

use super::vectors::{add_scaled, dot};
use crate::error::Error;
use crate::parallel::Workers;

/// Steps of the power iteration at most.
const STEPS: usize = 100;
/// The direction has settled when no entry of the unit vector moves by more.
const SETTLED: f64 = 1e-12;

/// Ranks `0..B` of background rows along their first principal component.
///
/// With `Z` the rows less their weighted mean and `u` the top eigenvector of `diag(sqrt w) Z Z' diag(sqrt w)`, rows are
/// ranked by `u_b / sqrt(w_b)`, ascending, ties by row number; the sign is such that the largest entry of `u` is
/// positive. Power iteration from `1, 2, .., B`, centred, at most 100 steps; no `B x B` matrix is made. Where all rows
/// are equal the ranks are the row numbers. `features` is `(B, p)`.
///
/// Cost: 4 B p operations a step.
pub fn background_order(features: &[f64], weights: &[f64], workers: &Workers<'_>) -> Result<Vec<u32>, Error> {
    let n_rows = weights.len();
    if n_rows == 0 || !features.len().is_multiple_of(n_rows) {
        return Err(Error::Length { argument: "features", got: features.len(), want: n_rows });
    }
    let roots: Vec<f64> = weights.iter().map(|weight| weight.sqrt()).collect();
    let rows = centred(features, weights);
    let mut u: Vec<f64> = (0..n_rows).map(|row| row as f64 - (n_rows - 1) as f64 / 2.0).collect();
    let mut scores = vec![0.0; n_rows];
    let width = features.len() / n_rows;
    for _ in 0..STEPS {
        workers.check()?;
        // y = Z' diag(sqrt w) u, then u = diag(sqrt w) Z y: the scores Z y are u / sqrt w.
        let mut direction = vec![0.0; width];
        for (row, (u, root)) in rows.chunks_exact(width.max(1)).zip(u.iter().zip(&roots)) {
            add_scaled(&mut direction, u * root, row);
        }
        for (score, row) in scores.iter_mut().zip(rows.chunks_exact(width.max(1))) {
            *score = dot(row, &direction);
        }
        let mut next: Vec<f64> = scores.iter().zip(&roots).map(|(score, root)| score * root).collect();
        let length = dot(&next, &next).sqrt();
        if !(length > 0.0 && length.is_finite()) {
            break;
        }
        for entry in &mut next {
            *entry /= length;
        }
        let moved = next.iter().zip(&u).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        u = next;
        if moved < SETTLED {
            break;
        }
    }
    let largest =
        u.iter().copied().fold(0.0, |most: f64, entry| if entry.abs() > most.abs() { entry } else { most });
    if largest < 0.0 {
        for score in &mut scores {
            *score = -*score;
        }
    }
    Ok(ranks(&scores))
}

/// The rows less their weighted mean.
pub(super) fn centred(features: &[f64], weights: &[f64]) -> Vec<f64> {
    let width = features.len() / weights.len().max(1);
    if width == 0 {
        return Vec::new();
    }
    let total: f64 = weights.iter().sum();
    let mut mean = vec![0.0; width];
    for (row, weight) in features.chunks_exact(width).zip(weights) {
        add_scaled(&mut mean, weight / total, row);
    }
    let mut rows = features.to_vec();
    rows.chunks_exact_mut(width).for_each(|row| add_scaled(row, -1.0, &mean));
    rows
}

fn ranks(scores: &[f64]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(a.cmp(&b)));
    let mut ranks = vec![0; scores.len()];
    for (rank, row) in (0..).zip(order) {
        ranks[row] = rank;
    }
    ranks
}
