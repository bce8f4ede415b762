//! The order of the background: along its first principal component, so that neighbours look alike.

use super::vectors::{add_scaled, dot};
use crate::error::Error;
use crate::parallel::Workers;

/// Steps of the power iteration at most.
const STEPS: usize = 100;
/// The direction has settled when no entry of the unit vector moves by more.
const SETTLED: f64 = 1e-12;

/// The background in its order, and what the gradients are regressed on.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Ranks `0..B` along the first principal component.
    pub ranks: Vec<u32>,
    /// Scores along the first two, of weighted mean 0 and variance 1: `(B, J)`, `J` as many as there are; none for
    /// fewer than three rows.
    pub scores: Vec<f64>,
}

/// Order background rows along their first principal component.
///
/// With `Z` the rows less their weighted mean and `u` an eigenvector of `diag(sqrt w) Z Z' diag(sqrt w)`, the score of a
/// row is `u_b / sqrt(w_b)`; ranks ascend with the first score, ties by row number; the sign is such that the largest
/// entry of `u` is positive. Power iteration from `1, 2, .., B`, centred, at most 100 steps, the second component
/// orthogonal to the first; no `B x B` matrix is made. Where all rows are equal the ranks are the row numbers.
/// `features` is `(B, p)`.
///
/// Cost: 4 B p operations a step.
pub fn background_order(features: &[f64], weights: &[f64], workers: &Workers<'_>) -> Result<Order, Error> {
    let n_rows = weights.len();
    if n_rows == 0 || !features.len().is_multiple_of(n_rows) {
        return Err(Error::Length { argument: "features", got: features.len(), want: n_rows });
    }
    let total: f64 = weights.iter().sum();
    let roots: Vec<f64> = weights.iter().map(|weight| (weight / total).sqrt()).collect();
    let rows = centred(features, weights);
    let mut components: Vec<Vec<f64>> = Vec::new();
    while components.len() < 2 {
        let Some(next) = component(&rows, &roots, &components, workers)? else { break };
        components.push(next);
    }
    let scores: Vec<Vec<f64>> =
        components.iter().map(|u| u.iter().zip(&roots).map(|(u, root)| u / root).collect()).collect();
    let ranks = ranks(scores.first().unwrap_or(&vec![0.0; n_rows]));
    let used = if n_rows < 3 { 0 } else { scores.len() };
    let scores = (0..n_rows).flat_map(|row| scores[..used].iter().map(move |score| score[row])).collect();
    Ok(Order { ranks, scores })
}

/// The next eigenvector, of length 1, or None where nothing is left but rounding.
fn component(
    rows: &[f64],
    roots: &[f64],
    before: &[Vec<f64>],
    workers: &Workers<'_>,
) -> Result<Option<Vec<f64>>, Error> {
    let n_rows = roots.len();
    let width = (rows.len() / n_rows).max(1);
    let squares = rows.chunks_exact(width).zip(roots).map(|(row, root)| (root * root) * dot(row, row));
    let trace: f64 = squares.sum();
    let mut u: Vec<f64> = if before.is_empty() {
        (0..n_rows).map(|row| row as f64 - (n_rows - 1) as f64 / 2.0).collect()
    } else {
        // Another start, lest it be the eigenvector that is taken away.
        (0..n_rows).map(|row| (row as f64).cos()).collect()
    };
    let mut length = dot(&u, &u).sqrt();
    for _ in 0..STEPS {
        workers.check()?;
        // y = Z' diag(sqrt w) u, then u = diag(sqrt w) Z y.
        let mut direction = vec![0.0; width];
        for (row, (u, root)) in rows.chunks_exact(width).zip(u.iter().zip(roots)) {
            add_scaled(&mut direction, u * root / length, row);
        }
        let mut next = vec![0.0; n_rows];
        for ((next, root), row) in next.iter_mut().zip(roots).zip(rows.chunks_exact(width)) {
            *next = root * dot(row, &direction);
        }
        // Rows have mean 0, so an eigenvector is orthogonal to the roots, but for rounding.
        for known in before.iter().map(Vec::as_slice).chain([roots]) {
            let along = dot(&next, known);
            add_scaled(&mut next, -along, known);
        }
        let moved = next.iter().zip(&u).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        u = next;
        length = dot(&u, &u).sqrt();
        if !(length > 0.0 && length.is_finite()) {
            return Ok(None);
        }
        if moved < SETTLED * length {
            break;
        }
    }
    // Of a component that is not there rounding leaves 1e-16 of the variance.
    if length < 1e-12 * trace {
        return Ok(None);
    }
    for entry in &mut u {
        *entry /= length;
    }
    let largest =
        u.iter().copied().fold(0.0, |most: f64, entry| if entry.abs() > most.abs() { entry } else { most });
    if largest < 0.0 {
        for entry in &mut u {
            *entry = -*entry;
        }
    }
    Ok(Some(u))
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
