//! Weights of a summary: a small quadratic program over the simplex.

use crate::error::Error;
use crate::linalg::{Cholesky, Matrix, Square};
use crate::parallel::Workers;

/// Added to the diagonal: rows that occur twice would make the system singular.
const RIDGE: f64 = 1e-10;

/// `argmin w' K w - 2 w' mu` over `w >= 0`, `sum w = 1`; equal weights where the search does not end.
///
/// A primal active set from equal weights (Nocedal and Wright 2006, section 16.5): solve with the free weights, walk
/// there or to the first weight that becomes 0 and fix it, free the fixed one that promises most. Each step one
/// factorisation of the free part, at most `4 k + 20` steps. `kernel` is `(k, k)`.
pub(super) fn simplex_weights(kernel: &[f64], mu: &[f64], workers: &Workers<'_>) -> Result<Vec<f64>, Error> {
    let k = mu.len();
    let equal = vec![1.0 / k as f64; k];
    let mut weights = equal.clone();
    let mut free = vec![true; k];
    for _ in 0..4 * k + 20 {
        workers.check()?;
        let set: Vec<usize> = (0..k).filter(|&i| free[i]).collect();
        let Some((goal, level)) = unconstrained(kernel, mu, &set) else { return Ok(equal) };
        // The longest step on which no weight becomes negative, and the weight that stops it.
        let mut step = (1.0, None);
        for (&i, &goal) in set.iter().zip(&goal) {
            let part = weights[i] / (weights[i] - goal);
            if goal < 0.0 && part < step.0 {
                step = (part, Some(i));
            }
        }
        for (&i, &goal) in set.iter().zip(&goal) {
            weights[i] += step.0 * (goal - weights[i]);
        }
        if let Some(i) = step.1 {
            weights[i] = 0.0;
            free[i] = false;
            continue;
        }
        match most_promising(kernel, mu, &weights, &free, level) {
            Some(i) => free[i] = true,
            None => return Ok(weights),
        }
    }
    Ok(equal)
}

/// The minimum over the free weights that sum to 1, whatever their signs, and the multiplier of that sum: `K w = mu +
/// level`.
fn unconstrained(kernel: &[f64], mu: &[f64], set: &[usize]) -> Option<(Vec<f64>, f64)> {
    let k = mu.len();
    let mut lower = Square::zeros(set.len());
    for (a, &i) in set.iter().enumerate() {
        for (b, &j) in set[..=a].iter().enumerate() {
            lower.row_mut(a)[b] = kernel[i * k + j] + if a == b { RIDGE } else { 0.0 };
        }
    }
    let factor = Cholesky::new(lower)?;
    let mut sides = Matrix::from_fn(set.len(), 2, |a, side| if side == 0 { mu[set[a]] } else { 1.0 });
    factor.solve_lower(&mut sides);
    factor.solve_upper(&mut sides);
    let sum = |side: usize| (0..set.len()).map(|a| sides.row(a)[side]).sum::<f64>();
    let level = (1.0 - sum(0)) / sum(1);
    let goal = (0..set.len()).map(|a| sides.row(a)[0] + level * sides.row(a)[1]).collect();
    Some((goal, level))
}

/// The fixed weight along which the objective falls fastest when it is raised at the others' cost.
fn most_promising(kernel: &[f64], mu: &[f64], weights: &[f64], free: &[bool], level: f64) -> Option<usize> {
    let k = mu.len();
    let slope = |i: usize| super::vectors::dot(&kernel[i * k..][..k], weights) - mu[i] - level;
    let fixed = (0..k).filter(|&i| !free[i]).map(|i| (slope(i), i));
    fixed.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|&(slope, _)| slope < -1e-9).map(|(_, i)| i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;
    use crate::random::{Purpose, Stream};

    #[test]
    fn no_move_on_the_simplex_lowers_the_objective() {
        for case in 0..60 {
            let mut stream = Stream::new(case, Purpose::Order, 0, 0);
            let k = 1 + stream.index_below(12);
            let places: Vec<f64> = (0..k).map(|_| 3.0 * stream.uniform()).collect();
            let kernel: Vec<f64> =
                (0..k * k).map(|at| (-(places[at / k] - places[at % k]).powi(2)).exp()).collect();
            let mu: Vec<f64> = (0..k).map(|_| stream.uniform()).collect();
            let cancel = Cancel::default();
            let weights = simplex_weights(&kernel, &mu, &Workers::serial(&cancel)).unwrap();
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9 && weights.iter().all(|&w| w >= 0.0));
            // First-order conditions of a convex program: moving weight from i to j does not help.
            let slope = |i: usize| (0..k).map(|j| kernel[i * k + j] * weights[j]).sum::<f64>() - mu[i];
            for i in (0..k).filter(|&i| weights[i] > 0.0) {
                for j in 0..k {
                    assert!(slope(i) <= slope(j) + 1e-6, "case {case}: from {i} to {j}");
                }
            }
        }
    }
}
