//! Worths as they were told, reduced to what the regression needs.

use super::solve::Targets;
use crate::error::Error;
use crate::estimate::Problem;
use crate::linalg::{LANES, Lanes};

/// The endpoints, the half-differences of complete pairs, and the first half of a pair that is not complete.
#[derive(Debug)]
pub(super) struct Told {
    n_outputs: usize,
    /// Endpoints that are asked: 2, or 0 where they were known from the beginning.
    n_endpoints: u64,
    /// `v({})`; NaN until told.
    empty: Vec<f64>,
    /// `v(N)`; NaN until told.
    full: Vec<f64>,
    n_evaluations: u64,
    /// `v(S)` of the pair that is not complete.
    first_half: Vec<f64>,
    /// `(v(S) - v(S^c)) / 2`: `(pairs, outputs)`.
    half_differences: Vec<f64>,
}

impl Told {
    /// Nothing but the endpoints, where the problem knows them: `v({})` averaged over its blocks.
    pub(super) fn new(problem: &Problem) -> Result<Self, Error> {
        let n_outputs = problem.n_outputs;
        let (mut empty, mut full) = (vec![f64::NAN; n_outputs], vec![f64::NAN; n_outputs]);
        if let Some(known) = &problem.endpoints {
            let want = known.block_weights.len() * n_outputs;
            if known.empty.len() != want {
                return Err(Error::Length { argument: "endpoints.empty", got: known.empty.len(), want });
            }
            if known.full.len() != n_outputs {
                let got = known.full.len();
                return Err(Error::Length { argument: "endpoints.full", got, want: n_outputs });
            }
            full.copy_from_slice(&known.full);
            empty.fill(0.0);
            for (block, weight) in known.empty.chunks_exact(n_outputs).zip(&known.block_weights) {
                empty.iter_mut().zip(block).for_each(|(empty, worth)| *empty += weight * worth);
            }
        }
        let n_endpoints = if problem.endpoints.is_some() { 0 } else { 2 };
        let (first_half, half_differences) = (Vec::new(), Vec::new());
        Ok(Self { n_outputs, n_endpoints, empty, full, n_evaluations: 0, first_half, half_differences })
    }

    /// Take the next worths, `(evaluations, outputs)`.
    pub(super) fn extend(&mut self, worths: &[f64]) {
        for worths in worths.chunks_exact(self.n_outputs) {
            if self.n_evaluations < self.n_endpoints {
                let endpoint = if self.n_evaluations == 0 { &mut self.empty } else { &mut self.full };
                endpoint.copy_from_slice(worths);
            } else if self.first_half.is_empty() {
                self.first_half.extend_from_slice(worths);
            } else {
                // Halved first: worths near the largest number do not overflow.
                let halves = self.first_half.drain(..).zip(worths).map(|(a, b)| 0.5 * a - 0.5 * b);
                self.half_differences.extend(halves);
            }
            self.n_evaluations += 1;
        }
    }

    /// Endpoints that are asked: 2, or 0 where they were known from the beginning.
    pub(super) fn n_endpoints(&self) -> u64 {
        self.n_endpoints
    }

    /// Are the endpoints known by now?
    pub(super) fn has_endpoints(&self) -> bool {
        self.n_evaluations >= self.n_endpoints
    }

    /// Complete pairs.
    pub(super) fn n_pairs(&self) -> usize {
        self.half_differences.len() / self.n_outputs
    }

    /// Evaluations that the complete pairs and the endpoints took.
    pub(super) fn n_evaluations(&self) -> u64 {
        self.n_evaluations.min(self.n_endpoints) + 2 * self.n_pairs() as u64
    }

    /// `v({})`; NaN until told.
    pub(super) fn empty(&self) -> &[f64] {
        &self.empty
    }

    /// What outputs `8 group` to `8 group + 7` are fitted to; zeros past the last output.
    pub(super) fn targets(&self, group: usize) -> Targets {
        let outputs = group * LANES..self.n_outputs.min((group + 1) * LANES);
        let lanes = |row: &[f64]| -> Lanes {
            std::array::from_fn(|lane| row[outputs.clone()].get(lane).copied().unwrap_or(0.0))
        };
        let (full, empty) = (lanes(&self.full), lanes(&self.empty));
        Targets {
            half_differences: self.half_differences.chunks_exact(self.n_outputs).map(lanes).collect(),
            grand: std::array::from_fn(|lane| full[lane] - empty[lane]),
        }
    }
}
