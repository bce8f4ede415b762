//! The two passes as one ask/tell machine.

use super::halving::Halving;
use super::second::Second;
use super::{LEAST_BUDGET, SECOND_SHARE, Screening, check};
use crate::coalition::{self, Coalitions};
use crate::error::Error;
use crate::estimate::arrivals::Arrivals;
use crate::estimate::auto::{Method, Wishes};
use crate::estimate::endpoints::Known;
use crate::estimate::{Batch, Endpoints, Estimate, Estimator, Problem, Status};
use crate::parallel::Workers;

/// Evaluations of the second pass at least, so that four players have errors.
const LEAST_SECOND: u64 = 16;
/// Evaluations of a first group: a quarter of the budget is spent on first groups.
const PER_GROUP: u64 = 8;
/// Groups halved at once: one in so many evaluations, and some at least.
const WAVE_SHARE: u64 = 128;
const LEAST_WAVE: u64 = 8;

/// Screening, then the automatic choice's method among those found and groups of the others: see the room.
///
/// Efficient; exact on games without interactions above order 2 once the budget has every player alone; biased
/// otherwise. Which coalitions are asked depends on worths, so a run belongs to one explained row. `m n / 64` word
/// operations for `m` evaluations of `n` players, `n K` numbers of memory for `K` outputs, and what the second pass takes
/// for an eighth of the evaluations.
pub(super) struct Screened {
    problem: Problem,
    known: Known,
    arrivals: Arrivals,
    halving: Halving,
    n_checks: u64,
    /// Evaluations after which the first pass ends.
    first_end: u64,
    /// The wave under way begins with this evaluation and ends before that.
    wave: (u64, u64),
    /// Worths of the wave under way.
    pending: Vec<f64>,
    /// `(v(S) - v(S^c)) / 2` of the random halves: `(halves, outputs)`.
    half_differences: Vec<f64>,
    has_checked: bool,
    second: Option<Later>,
}

/// The second pass.
struct Later {
    /// Number of its first evaluation.
    first: u64,
    players: Second,
    run: Box<dyn Estimator>,
    /// Worths told to it.
    told: u64,
}

impl Screened {
    pub(super) fn new(problem: Problem) -> Result<Self, Error> {
        let (n, granted) = (problem.n_players, problem.granted());
        if granted < LEAST_BUDGET {
            return Err(Error::Budget {
                method: "screened",
                got: granted,
                least: LEAST_BUDGET,
                n_players: n,
            });
        }
        let refuse = |argument, got: usize, accepted| {
            Err(Error::Parameter { argument, got: got.to_string(), accepted })
        };
        if n < 4 {
            return refuse("n_players", n, "at least 4 (smaller games are evaluated in full)");
        }
        if problem.n_rows != 1 {
            return refuse(
                "n_rows",
                problem.n_rows,
                "1: which coalitions are asked depends on the worths of a row",
            );
        }
        if problem.n_blocks() != 1 {
            return refuse("block_weights", problem.n_blocks() as usize, "a background in one piece");
        }
        let known = Known::new(&problem)?;
        let n_checks = check::n_pairs(granted);
        let second = (granted / SECOND_SHARE).max(LEAST_SECOND);
        let n_groups = usize::try_from(granted / PER_GROUP).unwrap_or(usize::MAX).clamp(2, n);
        let halving = Halving::new(n, problem.n_outputs, n_groups, problem.seed, problem.row_key);
        let begin = known.n_asked();
        Ok(Self {
            first_end: problem.budget - second,
            wave: (begin, begin + 2 * n_checks),
            arrivals: Arrivals::new(problem.n_outputs),
            pending: Vec::new(),
            half_differences: Vec::new(),
            has_checked: false,
            second: None,
            known,
            halving,
            n_checks,
            problem,
        })
    }

    /// Append evaluation `number` of the first pass.
    fn push(&self, number: u64, coalitions: &mut Coalitions) {
        if number < self.known.n_asked() {
            coalitions.push_endpoint(number == 1);
            return;
        }
        let place = number - self.wave.0;
        let Problem { n_players, seed, row_key, .. } = self.problem;
        let words = if self.has_checked {
            let node = self.halving.wave()[usize::try_from(place / 2).unwrap_or(usize::MAX)];
            let mut words = vec![0; coalition::words_for(n_players)];
            for &player in self.halving.players(node) {
                coalition::insert(&mut words, player as usize);
            }
            words
        } else {
            check::half(n_players, seed, row_key, place / 2)
        };
        if place.is_multiple_of(2) { coalitions.push(&words) } else { coalitions.push_complement(&words) }
    }

    /// Take the worths of a complete wave, and begin the next.
    fn advance(&mut self) -> Result<(), Error> {
        let n_outputs = self.problem.n_outputs;
        let worths = std::mem::take(&mut self.pending);
        if self.has_checked {
            let mut gains = Vec::with_capacity(worths.len());
            for pair in worths.chunks_exact(2 * n_outputs) {
                let (joined, left) = pair.split_at(n_outputs);
                gains.extend(joined.iter().enumerate().map(|(k, worth)| worth - self.known.empty(k)));
                gains.extend(left.iter().enumerate().map(|(k, worth)| self.known.full(k) - worth));
            }
            self.halving.take(&gains);
            let affordable = self.first_end.saturating_sub(self.wave.1) / 2;
            let most = (self.problem.granted() / WAVE_SHARE).max(LEAST_WAVE).min(affordable);
            self.halving.next_wave(usize::try_from(most).unwrap_or(usize::MAX));
        } else {
            for pair in worths.chunks_exact(2 * n_outputs) {
                let (inside, outside) = pair.split_at(n_outputs);
                self.half_differences.extend(inside.iter().zip(outside).map(|(a, b)| 0.5 * a - 0.5 * b));
            }
            self.has_checked = true;
        }
        let begin = self.wave.1;
        self.wave = (begin, begin + 2 * self.halving.wave().len() as u64);
        if self.wave.0 == self.wave.1 { self.begin_second() } else { Ok(()) }
    }

    fn begin_second(&mut self) -> Result<(), Error> {
        let first = self.wave.0;
        let budget = self.problem.budget - first;
        let n_outputs = self.problem.n_outputs;
        let players = Second::after(&self.halving, n_outputs, budget + 2);
        let of_outputs = |worth: &dyn Fn(usize) -> f64| (0..n_outputs).map(worth).collect::<Vec<_>>();
        let empty = of_outputs(&|output| self.known.empty(output));
        let problem = Problem {
            n_players: players.len(),
            budget,
            endpoints: Some(Endpoints {
                empty: empty.clone(),
                full: of_outputs(&|output| self.known.full(output)),
                block_weights: vec![1.0],
                base: empty,
            }),
            ..self.problem.clone()
        };
        let method = Method::choose(players.len(), problem.granted(), 1, &Wishes::default());
        let run = method.start(problem)?;
        self.second = Some(Later { first, players, run, told: 0 });
        Ok(())
    }

    /// Values by the first pass alone, as far as it got; no errors.
    fn by_first_pass(&self) -> Estimate {
        let (n, n_outputs) = (self.problem.n_players, self.problem.n_outputs);
        let equal = self.known.equal_shares(n, self.arrivals.told());
        let mut values = self.halving.shares();
        if !self.known.is_complete() || self.halving.leaves().next().is_none() {
            return equal;
        }
        let gap: Vec<f64> = (0..n_outputs).map(|output| self.close(&mut values, output)).collect();
        Estimate { values, gap, ..equal }
    }

    /// Share equally what the values of an output miss of the whole.
    fn close(&self, values: &mut [f64], output: usize) -> f64 {
        let (n, n_outputs) = (self.problem.n_players, self.problem.n_outputs);
        let sum: f64 = values.iter().skip(output).step_by(n_outputs).sum();
        let gap = self.known.total_difference(output) - sum;
        values.iter_mut().skip(output).step_by(n_outputs).for_each(|value| *value += gap / n as f64);
        gap
    }

    /// The halves that were asked first.
    fn halves(&self) -> Coalitions {
        let Problem { n_players, seed, row_key, .. } = self.problem;
        let mut halves = Coalitions::new(n_players);
        (0..self.n_checks).for_each(|pair| halves.push(&check::half(n_players, seed, row_key, pair)));
        halves
    }

    /// Values and errors by both passes, and what the second pass played with.
    fn by_both(&self, later: &Later, mut found: Estimate) -> (Estimate, Screening) {
        let n_outputs = self.problem.n_outputs;
        let mut values = self.halving.shares();
        let bends = self.halving.bends();
        for (number, members) in later.players.members.iter().enumerate() {
            for output in 0..n_outputs {
                let cell = |player: u32| player as usize * n_outputs + output;
                let sum = |numbers: &[f64]| members.iter().map(|&player| numbers[cell(player)]).sum::<f64>();
                let missing = found.values[number * n_outputs + output] - sum(&values);
                let all = sum(&bends);
                for &player in members {
                    let equal = 1.0 / members.len() as f64;
                    values[cell(player)] +=
                        missing * if all > 0.0 { bends[cell(player)] / all } else { equal };
                }
            }
        }
        for output in 0..n_outputs {
            self.close(&mut values, output); // rounding
        }
        let (std_errors, spread) = self.errors(later, &values, &found.std_errors);
        let screening = Screening {
            owners: later.players.owners(),
            values: std::mem::replace(&mut found.values, values),
            std_errors: std::mem::replace(&mut found.std_errors, std_errors),
            spread,
        };
        if !found.interval_df[0].is_finite() && found.std_errors.iter().all(|error| error.is_finite()) {
            found.interval_df.fill(self.n_checks as f64);
        }
        found.n_evaluations += later.first;
        if found.status == Status::Exact && later.players.len() < self.problem.n_players {
            found.status = Status::BudgetSpent; // the game among groups is known, that among players is not
        }
        (found, screening)
    }

    /// Standard errors of all players, and the root mean square of those about the shares of groups.
    fn errors(&self, later: &Later, values: &[f64], of_second: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (n, n_outputs) = (self.problem.n_players, self.problem.n_outputs);
        let (halves, bends) = (self.halves(), self.halving.bends());
        let mut errors = vec![0.0; n * n_outputs];
        let mut spread = Vec::with_capacity(n_outputs);
        for output in 0..n_outputs {
            let mut accounted = 0.0;
            for (number, members) in later.players.members.iter().enumerate() {
                let error = of_second[number * n_outputs + output];
                let cell = |player: u32| player as usize * n_outputs + output;
                let all: f64 = members.iter().map(|&player| bends[cell(player)]).sum();
                for &player in members {
                    let equal = 1.0 / members.len() as f64;
                    let own = error * if all > 0.0 { bends[cell(player)] / all } else { equal };
                    accounted += own.powi(2);
                    errors[cell(player)] = own;
                }
            }
            let all = check::summed_squares(&halves, &self.half_differences, values, (output, n_outputs));
            let left = (all - accounted).max(0.0);
            let squares = check::of_members(&self.halving, &later.players, left, output);
            let n_screened = squares.iter().filter(|square| **square > 0.0).count().max(1) as f64;
            spread.push((squares.iter().sum::<f64>() / n_screened).sqrt());
            for (player, square) in squares.iter().enumerate() {
                let error = &mut errors[player * n_outputs + output];
                *error = error.hypot(square.sqrt());
            }
        }
        (errors, spread)
    }
}

impl Estimator for Screened {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        if let Some(later) = &mut self.second {
            let batch = later.run.ask(max, workers)?;
            let coalitions = later.players.spread(&batch.coalitions);
            return Ok(Batch { first: later.first + batch.first, coalitions, blocks: batch.blocks });
        }
        let left = self.wave.1 - self.arrivals.asked();
        let count = max.min(usize::try_from(left).unwrap_or(usize::MAX));
        let first = self.arrivals.ask(count);
        let mut coalitions = Coalitions::new(self.problem.n_players);
        (first..first + count as u64).for_each(|number| self.push(number, &mut coalitions));
        Ok(Batch { first, coalitions, blocks: vec![0; count] })
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        let n_outputs = self.problem.n_outputs;
        if let Some(later) = self.second.as_mut().filter(|later| first >= later.first) {
            later.run.tell(first - later.first, worths)?;
            later.told += (worths.len() / n_outputs) as u64;
            return Ok(());
        }
        let mut ready = Vec::new();
        self.arrivals.tell(first, worths, |part| ready.extend_from_slice(part))?;
        self.pending.extend_from_slice(self.known.take(&ready));
        let wanted = usize::try_from(self.wave.1 - self.wave.0).unwrap_or(usize::MAX) * n_outputs;
        if self.second.is_none() && self.pending.len() == wanted { self.advance() } else { Ok(()) }
    }

    fn look(&mut self, workers: &Workers<'_>) -> Result<(), Error> {
        self.second.as_mut().map_or(Ok(()), |later| later.run.look(workers))
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let Some(later) = self.second.as_ref().filter(|later| later.told > 0) else {
            return Ok(self.by_first_pass());
        };
        let found = later.run.estimate(workers)?;
        if found.std_errors.iter().any(|error| error.is_nan()) {
            return Ok(Estimate { n_evaluations: later.first + found.n_evaluations, ..self.by_first_pass() });
        }
        Ok(self.by_both(later, found).0)
    }

    fn screening(&self, workers: &Workers<'_>) -> Result<Option<Screening>, Error> {
        let Some(later) = self.second.as_ref().filter(|later| later.told > 0) else { return Ok(None) };
        let found = later.run.estimate(workers)?;
        Ok(Some(self.by_both(later, found).1))
    }
}
