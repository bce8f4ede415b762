//! What nobody and everybody are worth: known beforehand, or asked first.

use crate::error::Error;
use crate::estimate::{Estimate, Problem, Status};

/// The endpoints of a run as they become known.
#[derive(Debug, Clone)]
pub struct Known {
    n_outputs: usize,
    n_rows: usize,
    n_asked: u64,
    /// `v({})` by block, then `v(N)`: `(blocks + 1, outputs)`; shorter while they are still being told.
    worths: Vec<f64>,
    block_weights: Vec<f64>,
    /// `v({})` on the whole background, where it was given.
    base: Option<Vec<f64>>,
}

impl Known {
    /// The endpoints that `problem` brings; those it does not bring are evaluations 0 and 1.
    pub fn new(problem: &Problem) -> Result<Self, Error> {
        let n_outputs = problem.n_outputs;
        if n_outputs == 0 {
            return Err(Error::Parameter { argument: "n_outputs", got: "0".into(), accepted: "1 or more" });
        }
        if problem.n_rows == 0 || !n_outputs.is_multiple_of(problem.n_rows) {
            let got = format!("{} for {n_outputs} outputs", problem.n_rows);
            return Err(Error::Parameter {
                argument: "n_rows",
                got,
                accepted: "equally many outputs for each row",
            });
        }
        let Some(endpoints) = &problem.endpoints else {
            return Ok(Self {
                n_outputs,
                n_rows: problem.n_rows,
                n_asked: 2,
                worths: Vec::new(),
                block_weights: vec![1.0],
                base: None,
            });
        };
        let want = endpoints.block_weights.len() * n_outputs;
        if endpoints.empty.len() != want || want == 0 {
            return Err(Error::Length { argument: "empty", got: endpoints.empty.len(), want });
        }
        if endpoints.full.len() != n_outputs {
            return Err(Error::Length { argument: "full", got: endpoints.full.len(), want: n_outputs });
        }
        if endpoints.base.len() != n_outputs {
            return Err(Error::Length { argument: "base", got: endpoints.base.len(), want: n_outputs });
        }
        let worths = [&endpoints.empty[..], &endpoints.full[..], &endpoints.base[..]].concat();
        if let Some(position) = worths.iter().position(|worth| !worth.is_finite()) {
            return Err(Error::WorthNotFinite {
                evaluation: u64::from(position >= want),
                output: position % n_outputs,
                worth: worths[position],
            });
        }
        let base = Some(endpoints.base.clone());
        let worths = worths[..want + n_outputs].to_vec();
        let (n_rows, block_weights) = (problem.n_rows, endpoints.block_weights.clone());
        Ok(Self { n_outputs, n_rows, n_asked: 0, worths, block_weights, base })
    }

    /// How many evaluations ask for endpoints: 2 or 0.
    pub fn n_asked(&self) -> u64 {
        self.n_asked
    }

    /// Blocks that the background is cut into.
    pub fn n_blocks(&self) -> u32 {
        u32::try_from(self.block_weights.len()).unwrap_or(u32::MAX)
    }

    /// The weights of the blocks; they sum to 1.
    pub fn block_weights(&self) -> &[f64] {
        &self.block_weights
    }

    /// `v({})` of an output on one block.
    pub fn empty_on(&self, block: usize, output: usize) -> f64 {
        self.worths[block * self.n_outputs + output]
    }

    /// Take the endpoints off the head of what was told; returns the rest.
    pub fn take<'a>(&mut self, told: &'a [f64]) -> &'a [f64] {
        let missing = (self.block_weights.len() + 1) * self.n_outputs - self.worths.len();
        let (head, rest) = told.split_at(missing.min(told.len()));
        self.worths.extend_from_slice(head);
        rest
    }

    /// Are both endpoints known?
    pub fn is_complete(&self) -> bool {
        self.worths.len() == (self.block_weights.len() + 1) * self.n_outputs
    }

    /// `v(N)` of an output.
    pub fn full(&self, output: usize) -> f64 {
        self.worths[self.block_weights.len() * self.n_outputs + output]
    }

    /// `v({})` of an output over the whole background.
    pub fn empty(&self, output: usize) -> f64 {
        self.base.as_ref().map_or_else(|| self.worths[output], |base| base[output])
    }

    /// `v(N) - v({})` on one block.
    pub fn difference(&self, block: usize, output: usize) -> f64 {
        self.full(output) - self.empty_on(block, output)
    }

    /// `D = v(N) - v({})` over the whole background.
    pub fn total_difference(&self, output: usize) -> f64 {
        self.full(output) - self.empty(output)
    }

    /// `v({})` of all outputs, NaN while it is unknown.
    pub fn base(&self) -> Vec<f64> {
        let is_known = self.worths.len() >= self.block_weights.len() * self.n_outputs;
        (0..self.n_outputs).map(|output| if is_known { self.empty(output) } else { f64::NAN }).collect()
    }

    /// The estimate of a run that knows nothing but the endpoints: equal shares `D / n`, errors unknown.
    pub fn equal_shares(&self, n_players: usize, n_evaluations: u64) -> Estimate {
        let share = |output| {
            if self.is_complete() { self.total_difference(output) / n_players as f64 } else { f64::NAN }
        };
        let shares: Vec<f64> = (0..self.n_outputs).map(share).collect();
        let length = n_players * self.n_outputs;
        Estimate {
            values: shares.iter().copied().cycle().take(length).collect(),
            std_errors: vec![f64::NAN; length],
            interval_df: vec![f64::NAN; self.n_rows],
            base: self.base(),
            gap: vec![0.0; self.n_outputs],
            n_evaluations,
            status: Status::Interrupted,
            predicted_budget: None,
        }
    }
}

/// Make the values of one output sum to `total`; returns what they missed.
///
/// The gap is shared in proportion to `shares`; where these are all zero, to the absolute values; where those
/// are zero too, equally. Values and shares are `(players, outputs)`, shares not negative.
pub fn share_gap(values: &mut [f64], shares: &[f64], n_outputs: usize, output: usize, total: f64) -> f64 {
    let column = |matrix: &[f64]| matrix.iter().skip(output).step_by(n_outputs).copied().collect::<Vec<_>>();
    let own = column(values);
    let gap = total - own.iter().sum::<f64>();
    let mut shares = column(shares);
    if !shares.iter().sum::<f64>().is_normal() {
        shares = own.iter().map(|value| value.abs()).collect();
    }
    if !shares.iter().sum::<f64>().is_normal() {
        shares.fill(1.0);
    }
    let all: f64 = shares.iter().sum();
    for (value, share) in values.iter_mut().skip(output).step_by(n_outputs).zip(&shares) {
        *value += gap * (share / all);
    }
    gap
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_gaps_close_the_sum_and_spare_certain_values() {
        let mut values = vec![1.0, 5.0, 2.0, 5.0];
        assert!((share_gap(&mut values, &[0.0, 9.0, 0.25, 9.0], 2, 0, 4.0) - 1.0).abs() < 1e-15);
        assert_eq!(values, [1.0, 5.0, 3.0, 5.0]);
        let mut by_size = vec![1.0, -3.0];
        share_gap(&mut by_size, &[0.0; 2], 1, 0, 2.0);
        assert_eq!(by_size, [2.0, 0.0]);
        let mut zeros = vec![0.0, 0.0];
        share_gap(&mut zeros, &[0.0; 2], 1, 0, 1.0);
        assert_eq!(zeros, [0.5, 0.5]);
    }
}
