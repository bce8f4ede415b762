//! Every coalition that a partial order lets form.

use super::lattice::Lattice;
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::estimate::arrivals::Arrivals;
use crate::estimate::endpoints::Known;
use crate::estimate::{Batch, Estimate, Estimator, Problem, Status};
use crate::parallel::Workers;

/// The mean over all orders that respect a partial order, from every coalition that can form:
///
/// $$ \phi_i = \sum_S p(S) \, q(i \mid S) \, (v(S \cup \{i\}) - v(S)) $$
///
/// `p(S)` is the share of the orders that pass through `S`, `q` that of those which go on with `i`. Each worth enters
/// the sums when it comes. A run that is stopped early gives equal shares: it knows nothing of the larger numbers.
#[derive(Debug, Clone)]
pub struct Exact {
    problem: Problem,
    lattice: Lattice,
    /// The coalitions between the endpoints.
    asked: Vec<u32>,
    reach: Vec<f64>,
    known: Known,
    arrivals: Arrivals,
    n_folded: usize,
    /// `(players, outputs)`.
    values: Vec<f64>,
}

impl Exact {
    /// A run on `problem`, whose budget must pay for all coalitions.
    pub fn new(problem: Problem, lattice: Lattice) -> Result<Self, Error> {
        let mut asked: Vec<u32> = lattice.coalitions().filter_map(|s| u32::try_from(s).ok()).collect();
        let (least, n_players) = (asked.len() as u64, problem.n_players);
        if problem.granted() < least {
            return Err(Error::Budget { method: "precedence", got: problem.granted(), least, n_players });
        }
        asked.pop();
        asked.remove(0);
        Ok(Self {
            known: Known::new(&problem)?,
            arrivals: Arrivals::new(problem.n_outputs),
            n_folded: 0,
            values: vec![0.0; n_players * problem.n_outputs],
            reach: lattice.reach(),
            asked,
            problem,
            lattice,
        })
    }

    fn last_evaluation(&self) -> u64 {
        self.known.n_asked() + self.asked.len() as u64
    }

    /// Add what a worth, less that of nobody, contributes to a player's mean gain.
    fn add(&mut self, player: usize, weight: f64, worth: &[f64]) {
        let n_outputs = worth.len();
        for (output, worth) in worth.iter().enumerate() {
            self.values[player * n_outputs + output] += weight * (worth - self.known.empty(output));
        }
    }

    fn fold(&mut self, coalition: usize, worth: &[f64]) {
        for player in 0..self.problem.n_players {
            let without = coalition & !(1 << player);
            if without != coalition && self.reach[without] > 0.0 {
                let weight = self.reach[without] * self.lattice.step(without, player);
                self.add(player, weight, worth);
            }
        }
        let joiners: Vec<usize> = self.lattice.joiners(coalition).collect();
        for player in joiners {
            let weight = self.reach[coalition] * self.lattice.step(coalition, player);
            self.add(player, -weight, worth);
        }
    }
}

impl Estimator for Exact {
    fn ask(&mut self, max: usize, _workers: &Workers<'_>) -> Result<Batch, Error> {
        let left = self.last_evaluation() - self.arrivals.asked();
        let count = max.min(usize::try_from(left).unwrap_or(usize::MAX));
        let first = self.arrivals.ask(count);
        let mut coalitions = Coalitions::new(self.problem.n_players);
        for number in first..first + count as u64 {
            match number.checked_sub(self.known.n_asked()).map(usize::try_from) {
                Some(inner) => coalitions.push(&[u64::from(self.asked[inner.unwrap_or(usize::MAX)])]),
                None => coalitions.push_endpoint(number == 1),
            }
        }
        Ok(Batch { first, coalitions, blocks: vec![0; count] })
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        let n_outputs = self.problem.n_outputs;
        let mut ready = Vec::new();
        self.arrivals.tell(first, worths, |part| ready.extend_from_slice(part))?;
        let inner = self.known.take(&ready).to_vec();
        for worth in inner.chunks_exact(n_outputs) {
            self.fold(self.asked[self.n_folded] as usize, worth);
            self.n_folded += 1;
        }
        Ok(())
    }

    fn estimate(&self, _workers: &Workers<'_>) -> Result<Estimate, Error> {
        let nothing = self.known.equal_shares(self.problem.n_players, self.arrivals.told());
        if !self.known.is_complete() || self.n_folded < self.asked.len() {
            return Ok(nothing);
        }
        let (mut values, n_outputs) = (self.values.clone(), self.problem.n_outputs);
        let everybody = (1_usize << self.problem.n_players) - 1;
        for (player, values) in values.chunks_exact_mut(n_outputs).enumerate() {
            let comes_last = self.reach[everybody & !(1 << player)];
            for (output, value) in values.iter_mut().enumerate() {
                *value += comes_last * self.known.total_difference(output);
            }
        }
        Ok(Estimate { std_errors: vec![0.0; values.len()], values, status: Status::Exact, ..nothing })
    }
}
