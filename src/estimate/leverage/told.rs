//! Worths as they were told, reduced to what the regression needs.

use super::solve::Targets;
use crate::error::Error;
use crate::estimate::Problem;
use crate::estimate::endpoints::Known;
use crate::linalg::{LANES, Lanes};

/// The endpoints, the half-differences of complete pairs, and the first half of a pair that is not complete.
#[derive(Debug)]
pub(super) struct Told {
    n_outputs: usize,
    /// `v({})` and `v(N)`.
    pub(super) endpoints: Known,
    /// `v(S)` of the pair that is not complete.
    first_half: Vec<f64>,
    /// `(v(S) - v(S^c)) / 2`: `(pairs, outputs)`.
    half_differences: Vec<f64>,
}

impl Told {
    /// Nothing but the endpoints, where the problem knows them.
    pub(super) fn new(problem: &Problem) -> Result<Self, Error> {
        let (endpoints, n_outputs) = (Known::new(problem)?, problem.n_outputs);
        Ok(Self { n_outputs, endpoints, first_half: Vec::new(), half_differences: Vec::new() })
    }

    /// Take the next worths, `(evaluations, outputs)`.
    pub(super) fn extend(&mut self, worths: &[f64]) {
        for worths in self.endpoints.take(worths).chunks_exact(self.n_outputs) {
            if self.first_half.is_empty() {
                self.first_half.extend_from_slice(worths);
            } else {
                // Halved first: worths near the largest number do not overflow.
                let halves = self.first_half.drain(..).zip(worths).map(|(a, b)| 0.5 * a - 0.5 * b);
                self.half_differences.extend(halves);
            }
        }
    }

    /// Complete pairs.
    pub(super) fn n_pairs(&self) -> usize {
        self.half_differences.len() / self.n_outputs
    }

    /// Evaluations that the complete pairs and both endpoints took.
    pub(super) fn n_evaluations(&self) -> u64 {
        let endpoints = if self.endpoints.is_complete() { self.endpoints.n_asked() } else { 0 };
        endpoints + 2 * self.n_pairs() as u64
    }

    /// What outputs `8 group` to `8 group + 7` are fitted to; zeros past the last output.
    pub(super) fn targets(&self, group: usize) -> Targets {
        let outputs = group * LANES..self.n_outputs.min((group + 1) * LANES);
        let lanes = |row: &[f64]| {
            let mut lanes: Lanes = [0.0; LANES];
            lanes[..outputs.len()].copy_from_slice(&row[outputs.clone()]);
            lanes
        };
        let mut grand = [0.0; LANES];
        for (grand, output) in grand.iter_mut().zip(outputs.clone()) {
            let is_known = self.endpoints.is_complete();
            *grand = if is_known { self.endpoints.total_difference(output) } else { f64::NAN };
        }
        Targets {
            half_differences: self.half_differences.chunks_exact(self.n_outputs).map(lanes).collect(),
            grand,
        }
    }
}
