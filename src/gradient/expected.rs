//! What the controls are worth on average: known without a gradient.

use super::Real;
use super::plan::{CONTROLS, Plan};
use super::points::Paths;

/// Means over the background that the expectations of the controls need.
pub(super) struct Expected {
    /// `sum w_b b`, `(d)`.
    mean: Vec<f64>,
    /// `sum w_b P_b (b - mean)` of both scores, `(d)` each.
    centres: [Vec<f64>; 2],
    /// `sum w_b P_b`: 0 but for rounding, where the scores are those of the background's order.
    scores: [f64; 2],
}

impl Expected {
    /// Once a call: O(B d).
    pub(super) fn new<T: Real>(plan: &Plan, paths: Paths<'_, T>) -> Self {
        let width = paths.n_features;
        let mut mean = vec![0.0; width];
        let rows = || paths.background.chunks_exact(width).zip(plan.weights());
        for (row, weight) in rows() {
            mean.iter_mut().zip(row).for_each(|(mean, &b)| *mean += weight * b.into());
        }
        let mut centres = [vec![0.0; width], vec![0.0; width]];
        let mut sums = [0.0; 2];
        for ((row, weight), scores) in rows().zip(&plan.scores) {
            for ((centre, sum), score) in centres.iter_mut().zip(&mut sums).zip(scores) {
                *sum += weight * score;
                let apart = row.iter().zip(&mean).map(|(&b, mean)| b.into() - mean);
                centre.iter_mut().zip(apart).for_each(|(centre, apart)| *centre += weight * score * apart);
            }
        }
        Self { mean, centres, scores: sums }
    }

    /// `E[d c]` of a feature: `alpha` has mean 1/2, so `(x - mean, 0, and half of sum w P (x - b))`.
    pub(super) fn of(&self, x: f64, feature: usize) -> [f64; CONTROLS] {
        let difference = x - self.mean[feature];
        let score = |j: usize| 0.5 * (self.scores[j] * difference - self.centres[j][feature]);
        [difference, 0.0, score(0), score(1)]
    }
}
