//! Complementary pairs, asked and told: what every method shares that looks at `(v(S) - v(N \ S)) / 2`.

use super::arrivals::Arrivals;
use super::endpoints::Known;
use super::{Batch, Problem, Status};
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::parallel::Workers;
use crate::sample::pairs::PairSequence;
use crate::sample::sizes::Sequence;

/// Pairs drawn at once, ahead of what is asked.
const DRAWN_AHEAD: u64 = 1024;

/// Pairs of a sequence, and the worths of those that are complete.
///
/// Evaluations 0 and 1 are the endpoints, unless they are known; then `S_0`, its complement, `S_1`, ... An odd
/// evaluation at the end of the budget is not spent. All views hold the longest complete prefix.
#[derive(Debug)]
pub struct Paired {
    problem: Problem,
    sequence: PairSequence,
    /// Pairs that the budget pays for.
    n_pairs: u64,
    arrivals: Arrivals,
    classes: Vec<u32>,
    coalitions: Coalitions,
    endpoints: Known,
    /// `v(S)` of the pair that is not complete.
    first_half: Vec<f64>,
    /// `(v(S) - v(S^c)) / 2`: `(pairs, outputs)`.
    half_differences: Vec<f64>,
    /// `(v(S) + v(S^c)) / 2`: `(pairs, outputs)`, where they are wanted.
    half_sums: Option<Vec<f64>>,
}

impl Paired {
    /// Nothing asked yet; at least 4 players. Half-sums are kept where `keeps_sums`.
    pub fn new(problem: Problem, sequence: Sequence, keeps_sums: bool) -> Result<Self, Error> {
        check_players(&problem)?;
        let sequence = PairSequence::new(sequence, problem.n_players, problem.seed, problem.row_key);
        Self::on(problem, sequence, keeps_sums)
    }

    /// The same, on a sequence of pairs that has given none yet.
    pub fn on(problem: Problem, sequence: PairSequence, keeps_sums: bool) -> Result<Self, Error> {
        check_players(&problem)?;
        let n = problem.n_players;
        let endpoints = Known::new(&problem)?;
        let affordable = problem.budget.saturating_sub(endpoints.n_asked()) / 2;
        Ok(Self {
            n_pairs: sequence.n_pairs().map_or(affordable, |all| all.min(affordable)),
            sequence,
            arrivals: Arrivals::new(problem.n_outputs),
            classes: Vec::new(),
            coalitions: Coalitions::new(n),
            endpoints,
            first_half: Vec::new(),
            half_differences: Vec::new(),
            half_sums: keeps_sums.then(Vec::new),
            problem,
        })
    }

    /// The next evaluations; empty when the budget or the game is spent.
    pub fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        let first = self.arrivals.asked();
        let n_endpoints = self.endpoints.n_asked();
        let left = n_endpoints + 2 * self.n_pairs - first;
        let after = first + left.min(max as u64);
        self.draw(after.saturating_sub(n_endpoints).div_ceil(2), workers)?;
        let mut coalitions = Coalitions::new(self.problem.n_players);
        for evaluation in first..after {
            if evaluation < n_endpoints {
                coalitions.push_endpoint(evaluation == 1);
                continue;
            }
            let half = evaluation - n_endpoints;
            let pair = usize::try_from(half / 2).unwrap_or(usize::MAX); // never: pairs are in memory
            let words = self.coalitions.get(pair);
            if half.is_multiple_of(2) { coalitions.push(words) } else { coalitions.push_complement(words) }
        }
        let blocks = vec![0; coalitions.len()];
        self.arrivals.ask(coalitions.len());
        Ok(Batch { first, coalitions, blocks })
    }

    /// Take worths in any order.
    pub fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        let Self { problem, arrivals, endpoints, first_half, half_differences, half_sums, .. } = self;
        arrivals.tell(first, worths, |worths| {
            for worths in endpoints.take(worths).chunks_exact(problem.n_outputs) {
                if first_half.is_empty() {
                    first_half.extend_from_slice(worths);
                    continue;
                }
                // Halved first: worths near the largest number do not overflow.
                half_differences.extend(first_half.iter().zip(worths).map(|(a, b)| 0.5 * a - 0.5 * b));
                if let Some(half_sums) = half_sums {
                    half_sums.extend(first_half.iter().zip(worths).map(|(a, b)| 0.5 * a + 0.5 * b));
                }
                first_half.clear();
            }
        })
    }

    /// The problem that is solved.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// `v({})` and `v(N)`.
    pub fn endpoints(&self) -> &Known {
        &self.endpoints
    }

    /// Where the pairs come from.
    pub fn sequence(&self) -> &PairSequence {
        &self.sequence
    }

    /// Pairs that the budget pays for.
    pub fn n_affordable(&self) -> u64 {
        self.n_pairs
    }

    /// Complete pairs.
    pub fn n_told(&self) -> usize {
        self.half_differences.len() / self.problem.n_outputs
    }

    /// The size classes of the complete pairs.
    pub fn classes(&self) -> &[u32] {
        &self.classes[..self.n_told()]
    }

    /// The smaller halves of the pairs drawn; the complete ones come first.
    pub fn coalitions(&self) -> &Coalitions {
        &self.coalitions
    }

    /// `o = (v(S) - v(S^c)) / 2` of the complete pairs: `(pairs, outputs)`.
    pub fn half_differences(&self) -> &[f64] {
        &self.half_differences
    }

    /// `e = (v(S) + v(S^c)) / 2` of the complete pairs, where they are kept: `(pairs, outputs)`.
    pub fn half_sums(&self) -> Option<&[f64]> {
        self.half_sums.as_deref()
    }

    /// Evaluations that the complete pairs and both endpoints took.
    pub fn n_evaluations(&self) -> u64 {
        let endpoints = if self.endpoints.is_complete() { self.endpoints.n_asked() } else { 0 };
        endpoints + 2 * self.n_told() as u64
    }

    /// Are all pairs of the game told?
    pub fn is_exact(&self) -> bool {
        self.sequence.n_pairs() == Some(self.n_told() as u64)
    }

    /// How the run stands.
    pub fn status(&self) -> Status {
        if self.is_exact() {
            Status::Exact
        } else if self.n_told() as u64 == self.n_pairs {
            Status::BudgetSpent
        } else {
            Status::Interrupted
        }
    }

    fn draw(&mut self, n_pairs: u64, workers: &Workers<'_>) -> Result<(), Error> {
        let missing = n_pairs.saturating_sub(self.classes.len() as u64);
        if missing == 0 {
            return Ok(());
        }
        let count = missing.max(DRAWN_AHEAD).min(self.n_pairs - self.classes.len() as u64);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let pairs = self.sequence.next_pairs(count, workers)?;
        self.classes.extend(&pairs.classes);
        (0..pairs.coalitions.len()).for_each(|position| self.coalitions.push(pairs.coalitions.get(position)));
        Ok(())
    }
}

fn check_players(problem: &Problem) -> Result<(), Error> {
    let n = problem.n_players;
    if n < 4 {
        let accepted = "at least 4 (smaller games are evaluated in full)";
        return Err(Error::Parameter { argument: "n_players", got: n.to_string(), accepted });
    }
    Ok(())
}
