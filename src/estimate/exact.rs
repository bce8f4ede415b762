//! All coalitions, and the definition.

use crate::coalition::Coalitions;
use crate::error::Error;
use crate::estimate::arrivals::Arrivals;
use crate::estimate::auto::every_coalition;
use crate::estimate::endpoints::Known;
use crate::estimate::leverage::Leverage;
use crate::estimate::{Batch, Endpoints, Estimate, Estimator, Problem, Status};
use crate::index::Semivalue;
use crate::parallel::{Cancel, Workers};
use crate::sample::Sequence;
use crate::sample::pairs::PairSequence;
use crate::table::Table;
use crate::table::fold::{self, StreamingFold};

/// Up to here all worths are kept in a table, and coalitions are asked in the order of the sampler.
const MOST_PLAYERS_IN_TABLE: usize = 16;
/// `2^30` evaluations: nobody waits for more.
const MOST_PLAYERS: usize = 30;

/// Evaluates every coalition and applies the definition.
///
/// $$ \phi_i = \sum_{S \not\ni i} \frac{|S|! \, (n - |S| - 1)!}{n!} (v(S \cup \{i\}) - v(S)) $$
///
/// Up to 16 players coalitions are asked in the order of the pair sampler, so that a run that is stopped
/// early answers by weighted least squares on what it has. Above, they are asked in the order of their
/// numbers and folded as they come: memory stays O(n^2), and a run that is stopped early knows no values.
/// Costs `2^n` evaluations and O(2^n) additions for each output.
#[derive(Debug, Clone)]
pub struct Exact {
    problem: Problem,
    semivalue: Semivalue,
    known: Known,
    arrivals: Arrivals,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    /// The coalition of each evaluation between the endpoints, and all worths `(2^n, outputs)`.
    Table { asked: Vec<u32>, worths: Vec<f64> },
    /// Worths in the order of the coalitions' numbers.
    Stream(StreamingFold),
}

impl Exact {
    /// A run on `problem`, which must have a player and whose budget must pay for all coalitions.
    pub fn new(problem: Problem) -> Result<Self, Error> {
        Self::of(problem, Semivalue::Shapley)
    }

    /// The same for another semivalue, whose values are known once all worths are, and not before; their gap is NaN,
    /// for they need not sum to `v(N) - v({})`.
    pub fn of(problem: Problem, semivalue: Semivalue) -> Result<Self, Error> {
        let (n_players, n_outputs) = (problem.n_players, problem.n_outputs);
        let least = every_coalition(n_players).filter(|_| n_players <= MOST_PLAYERS).unwrap_or(u64::MAX);
        if problem.granted() < least {
            return Err(Error::Budget { method: "exact", got: problem.granted(), least, n_players });
        }
        let known = Known::new(&problem)?;
        // A single player takes everything, whatever the blocks.
        if known.n_blocks() != 1 && n_players > 1 {
            let got = format!("{} blocks", known.n_blocks());
            return Err(Error::Parameter {
                argument: "block_weights",
                got,
                accepted: "a background in one piece",
            });
        }
        let way = if n_players <= MOST_PLAYERS_IN_TABLE {
            Way::Table { asked: sampled_order(&problem)?, worths: vec![0.0; n_outputs << n_players] }
        } else {
            Way::Stream(StreamingFold::new(n_players, n_outputs, &semivalue)?)
        };
        Ok(Self { arrivals: Arrivals::new(n_outputs), problem, semivalue, known, way })
    }

    /// Evaluations between the endpoints.
    fn n_inner(&self) -> u64 {
        (1 << self.problem.n_players) - 2
    }

    fn is_complete(&self) -> bool {
        self.arrivals.told() == self.known.n_asked() + self.n_inner()
    }

    /// The number of the coalition of an evaluation; bit `i` says that player `i` is in.
    fn coalition(&self, evaluation: u64) -> u64 {
        let Some(inner) = evaluation.checked_sub(self.known.n_asked()) else {
            return if evaluation == 0 { 0 } else { self.n_inner() + 1 };
        };
        match &self.way {
            Way::Table { asked, .. } => usize::try_from(inner).map_or(0, |inner| u64::from(asked[inner])),
            Way::Stream(_) => inner + 1,
        }
    }

    /// Take in worths that follow the complete prefix, which had `before` evaluations.
    fn take(&mut self, before: u64, ready: &[f64]) -> Result<(), Error> {
        let n_outputs = self.problem.n_outputs;
        let was_complete = self.known.is_complete();
        let inner = self.known.take(ready);
        let first =
            (before + ((ready.len() - inner.len()) / n_outputs) as u64).saturating_sub(self.known.n_asked());
        let full: Vec<f64> = if self.known.is_complete() {
            (0..n_outputs).map(|k| self.known.full(k)).collect()
        } else {
            Vec::new()
        };
        let last = self.n_inner() == first + (inner.len() / n_outputs) as u64;
        match &mut self.way {
            Way::Table { asked, worths } => {
                let positions = asked.iter().skip(usize::try_from(first).unwrap_or(usize::MAX));
                for (&position, worth) in positions.zip(inner.chunks_exact(n_outputs)) {
                    let place = position as usize * n_outputs;
                    worths[place..place + n_outputs].copy_from_slice(worth);
                }
            }
            Way::Stream(fold) => {
                if !was_complete && self.known.is_complete() || fold.n_pushed() == 0 {
                    fold.push(&self.known.base())?;
                }
                fold.push(inner)?;
                if last {
                    fold.push(&full)?;
                }
            }
        }
        Ok(())
    }

    /// Least squares on the complete prefix of a table that is not full.
    fn least_squares(&self, asked: &[u32], worths: &[f64], workers: &Workers<'_>) -> Result<Estimate, Error> {
        let n_outputs = self.problem.n_outputs;
        let told = self.arrivals.told();
        let n_inner = told.saturating_sub(self.known.n_asked());
        if self.problem.n_players < 4 || !self.known.is_complete() || n_inner == 0 {
            return Ok(self.known.equal_shares(self.problem.n_players, told));
        }
        let full = (0..n_outputs).map(|k| self.known.full(k)).collect();
        let base = self.known.base();
        let endpoints = Endpoints { empty: base.clone(), full, block_weights: vec![1.0], base };
        let problem = Problem { budget: self.n_inner(), endpoints: Some(endpoints), ..self.problem.clone() };
        let mut leverage = Leverage::new(problem, Sequence::Leverage)?;
        let count = usize::try_from(n_inner).unwrap_or(usize::MAX);
        leverage.ask(count, workers)?;
        let prefix: Vec<f64> = asked[..count]
            .iter()
            .flat_map(|&position| &worths[position as usize * n_outputs..][..n_outputs])
            .copied()
            .collect();
        leverage.tell(0, &prefix)?;
        let estimate = leverage.estimate(workers)?;
        Ok(Estimate { n_evaluations: told, status: Status::Interrupted, ..estimate })
    }
}

/// The order in which the coalitions between the endpoints are asked: that of the pair sampler.
fn sampled_order(problem: &Problem) -> Result<Vec<u32>, Error> {
    let n_players = problem.n_players;
    let everybody = (1_u32 << n_players) - 1;
    if n_players < 4 {
        return Ok((1..everybody).collect());
    }
    let mut sequence = PairSequence::new(Sequence::Leverage, n_players, problem.seed, problem.row_key);
    let cancel = Cancel::default();
    let pairs = sequence.next_pairs((everybody >> 1) as usize, &Workers::serial(&cancel))?;
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 players")]
    let halves = pairs.coalitions.words().iter().map(|&word| word as u32);
    Ok(halves.flat_map(|half| [half, everybody & !half]).collect())
}

impl Estimator for Exact {
    fn ask(&mut self, max: usize, _workers: &Workers<'_>) -> Result<Batch, Error> {
        let left = self.known.n_asked() + self.n_inner() - self.arrivals.asked();
        let count = max.min(usize::try_from(left).unwrap_or(usize::MAX));
        let first = self.arrivals.ask(count);
        let mut coalitions = Coalitions::new(self.problem.n_players);
        for evaluation in first..first + count as u64 {
            coalitions.push(&[self.coalition(evaluation)]);
        }
        Ok(Batch { first, coalitions, blocks: vec![0; count] })
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        let before = self.arrivals.told();
        let mut ready = Vec::new();
        self.arrivals.tell(first, worths, |part| ready.extend_from_slice(part))?;
        if ready.is_empty() { Ok(()) } else { self.take(before, &ready) }
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let (n_players, n_outputs) = (self.problem.n_players, self.problem.n_outputs);
        let told = self.arrivals.told();
        let values = match &self.way {
            _ if !self.known.is_complete() => None,
            Way::Table { asked, worths } if !self.is_complete() && self.semivalue == Semivalue::Shapley => {
                return self.least_squares(asked, worths, workers);
            }
            Way::Table { .. } if !self.is_complete() => None,
            Way::Table { worths, .. } => {
                let mut all = worths.clone();
                let last = all.len() - n_outputs;
                for output in 0..n_outputs {
                    all[output] = self.known.empty(output);
                    all[last + output] = self.known.full(output);
                }
                Some(fold::values(&Table::new(&all, n_outputs)?, &self.semivalue, workers)?)
            }
            Way::Stream(fold) => fold.values(),
        };
        let Some(values) = values else {
            let nothing = self.known.equal_shares(n_players, told);
            return Ok(Estimate { values: vec![f64::NAN; n_players * n_outputs], ..nothing });
        };
        let missed = |output: usize| {
            if self.semivalue != Semivalue::Shapley {
                return f64::NAN;
            }
            let sum: f64 = values.iter().skip(output).step_by(n_outputs).sum();
            self.known.total_difference(output) - sum
        };
        Ok(Estimate {
            gap: (0..n_outputs).map(missed).collect(),
            std_errors: vec![0.0; values.len()],
            interval_df: vec![f64::NAN; self.problem.n_rows],
            base: self.known.base(),
            n_evaluations: told,
            status: Status::Exact,
            predicted_budget: None,
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::mix;

    fn worth(coalition: u64, output: u64) -> f64 {
        (mix(coalition + 1000 * output) >> 40) as f64 / 1e4
    }

    fn run(n_players: usize, step: usize, endpoints: Option<Endpoints>) -> Estimate {
        let problem = Problem {
            n_players,
            n_outputs: 2,
            n_rows: 1,
            budget: 1 << n_players,
            seed: 7,
            row_key: 0,
            endpoints,
        };
        let mut exact = Exact::new(problem).unwrap();
        let cancel = Cancel::default();
        let workers = Workers::serial(&cancel);
        loop {
            let batch = exact.ask(step, &workers).unwrap();
            if batch.coalitions.is_empty() {
                break;
            }
            let worths: Vec<f64> =
                batch.coalitions.words().iter().flat_map(|&s| [worth(s, 0), worth(s, 1)]).collect();
            exact.tell(batch.first, &worths).unwrap();
        }
        exact.estimate(&workers).unwrap()
    }

    #[test]
    fn both_ways_give_the_values_of_the_table() {
        for n_players in [1_usize, 2, 3, 5, 9, 17] {
            let all: Vec<f64> = (0..1_u64 << n_players).flat_map(|s| [worth(s, 0), worth(s, 1)]).collect();
            let cancel = Cancel::default();
            let table = Table::new(&all, 2).unwrap();
            let want = fold::values(&table, &Semivalue::Shapley, &Workers::serial(&cancel)).unwrap();
            let last = all.len() - 2;
            let endpoints = Endpoints {
                empty: all[..2].to_vec(),
                full: all[last..].to_vec(),
                block_weights: vec![1.0],
                base: all[..2].to_vec(),
            };
            for step in [1_usize, 3, 1000].into_iter().filter(|&step| step > 1 || n_players < 17) {
                for endpoints in [None, Some(endpoints.clone())] {
                    let estimate = run(n_players, step, endpoints);
                    assert_eq!(estimate.values, want, "n = {n_players}");
                    assert_eq!((estimate.status, estimate.base), (Status::Exact, all[..2].to_vec()));
                }
            }
        }
    }
}
