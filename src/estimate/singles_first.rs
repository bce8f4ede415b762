//! The least that is worth paying for: every player alone, then the strongest ones' absence.

use crate::coalition::{self, Coalitions};
use crate::error::Error;
use crate::estimate::arrivals::Arrivals;
use crate::estimate::endpoints::{Known, share_gap};
use crate::estimate::{Batch, Estimate, Estimator, Problem, Status};
use crate::parallel::Workers;

/// Values from fewer evaluations than one antithetic order costs.
///
/// With `a_j = v({j}) - v({})` for every player, and `b_j = v(N) - v(N \ {j})` for as many as the budget
/// pays, strongest `|a_j|` first: `phi_j = (a_j + b_j) / 2`, or `a_j` where `b_j` is missing. What then
/// misses of `D = v(N) - v({})`, the gap `G`, is shared in proportion to `|a_j|`, half as much by those whose
/// `b_j` is known. The gap is also the sign of interactions, which singles cannot place, so values are
/// drawn towards equal shares, `phi_j = D/n + (phi_j - D/n) s / (s + G^2 / n)` with `s` their summed squared
/// distance from them.
///
/// Efficient, exact on additive games, biased otherwise, without an error estimate. Costs `n + 2` to
/// `2 n + 2` evaluations. Measured over 60 games each of seven kinds with 5, 8 and 10 players: mean squared
/// error at most 0.85 of the values' own square in every kind, 0.3 at the middle of the range. (With the gap on
/// those alone whose `b_j` is missing it is 4.3 for the game of the airport.)
///
/// The second half of what is asked depends on the worths of the first, so a run belongs to one explained row.
#[derive(Debug, Clone)]
pub struct SinglesFirst {
    problem: Problem,
    arrivals: Arrivals,
    known: Known,
    /// Worths of the singles, then of the co-singletons: `(evaluations, outputs)`.
    worths: Vec<f64>,
    /// Players in the order in which they are taken away, once the singles are known.
    strongest: Vec<u32>,
}

impl SinglesFirst {
    /// A run on `problem`, whose budget must pay for all players alone.
    pub fn new(problem: Problem) -> Result<Self, Error> {
        let least = problem.n_players as u64 + 2;
        if problem.granted() < least {
            let (got, n_players) = (problem.granted(), problem.n_players);
            return Err(Error::Budget { method: "any estimator", got, least, n_players });
        }
        let (arrivals, known) = (Arrivals::new(problem.n_outputs), Known::new(&problem)?);
        Ok(Self { problem, arrivals, known, worths: Vec::new(), strongest: Vec::new() })
    }

    fn n_players(&self) -> u64 {
        self.problem.n_players as u64
    }

    fn last_evaluation(&self) -> u64 {
        let all = self.known.n_asked() + 2 * self.n_players();
        all.min(self.problem.budget)
    }

    /// `v({j}) - v({})`.
    fn alone(&self, player: usize, output: usize) -> f64 {
        self.worths[player * self.problem.n_outputs + output]
            - self.known.empty_on(self.block(player), output)
    }

    /// The block of the background that a player alone, and his absence, are evaluated on: they take turns.
    fn block(&self, player: usize) -> usize {
        player % self.known.block_weights().len()
    }

    fn rank_players(&mut self) {
        let n_outputs = self.problem.n_outputs;
        let differences: Vec<f64> = (0..n_outputs).map(|k| self.known.total_difference(k).abs()).collect();
        let floor = differences.iter().fold(f64::MIN_POSITIVE, |most, d| most.max(d * f64::EPSILON));
        let strength = |player: usize| {
            (0..n_outputs).map(|k| self.alone(player, k).abs() / (differences[k] + floor)).fold(0.0, f64::max)
        };
        let strengths: Vec<f64> = (0..self.problem.n_players).map(strength).collect();
        let mut players: Vec<u32> = (0..).take(self.problem.n_players).collect();
        players.sort_by(|&a, &b| strengths[b as usize].total_cmp(&strengths[a as usize]));
        self.strongest = players;
    }
}

impl Estimator for SinglesFirst {
    fn ask(&mut self, max: usize, _workers: &Workers<'_>) -> Result<Batch, Error> {
        let singles_end = self.known.n_asked() + self.n_players();
        let end = if self.strongest.is_empty() { singles_end } else { self.last_evaluation() };
        let left = end.saturating_sub(self.arrivals.asked());
        let count = max.min(usize::try_from(left).unwrap_or(usize::MAX));
        let first = self.arrivals.ask(count);
        let n_players = self.problem.n_players;
        let mut coalitions = Coalitions::new(n_players);
        let mut blocks = Vec::with_capacity(count);
        for number in first..first + count as u64 {
            if number < self.known.n_asked() {
                coalitions.push_endpoint(number == 1);
                blocks.push(0);
                continue;
            }
            let place = usize::try_from(number - self.known.n_asked()).unwrap_or(usize::MAX);
            let is_single = place < n_players;
            let player = if is_single { place } else { self.strongest[place - n_players] as usize };
            let mut one = vec![0; coalition::words_for(n_players)];
            coalition::insert(&mut one, player);
            if is_single {
                coalitions.push(&one);
            } else {
                coalitions.push_complement(&one);
            }
            blocks.push(u32::try_from(self.block(player)).unwrap_or(u32::MAX));
        }
        Ok(Batch { first, coalitions, blocks })
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        let mut ready = Vec::new();
        self.arrivals.tell(first, worths, |part| ready.extend_from_slice(part))?;
        self.worths.extend_from_slice(self.known.take(&ready));
        let singles = self.problem.n_players * self.problem.n_outputs;
        if self.strongest.is_empty() && self.worths.len() >= singles {
            self.rank_players();
        }
        Ok(())
    }

    fn estimate(&self, _workers: &Workers<'_>) -> Result<Estimate, Error> {
        let (n_players, n_outputs) = (self.problem.n_players, self.problem.n_outputs);
        let equal = self.known.equal_shares(n_players, self.arrivals.told());
        if self.strongest.is_empty() {
            return Ok(equal);
        }
        let absences = self.worths[n_players * n_outputs..].chunks_exact(n_outputs);
        let mut values = vec![0.0; n_players * n_outputs];
        let mut shares = vec![0.0; n_players * n_outputs];
        for (place, value) in values.iter_mut().enumerate() {
            *value = self.alone(place / n_outputs, place % n_outputs);
            shares[place] = value.abs();
        }
        for (&player, absent) in self.strongest.iter().zip(absences) {
            for (output, worth) in absent.iter().enumerate() {
                let place = player as usize * n_outputs + output;
                values[place] = f64::midpoint(values[place], self.known.full(output) - worth);
                shares[place] /= 2.0;
            }
        }
        let gap: Vec<f64> = (0..n_outputs)
            .map(|k| share_gap(&mut values, &shares, n_outputs, k, self.known.total_difference(k)))
            .collect();
        for (output, gap) in gap.iter().enumerate() {
            let equal = self.known.total_difference(output) / n_players as f64;
            let own = || values.iter().skip(output).step_by(n_outputs);
            let scale = own().fold(gap.abs(), |most, value| most.max((value - equal).abs()));
            if scale > 0.0 {
                // Divided by the scale first, for squares of huge or tiny worths leave the range of numbers.
                let spread: f64 = own().map(|value| ((value - equal) / scale).powi(2)).sum();
                let kept = spread / (spread + (gap / scale).powi(2) / n_players as f64);
                for value in values.iter_mut().skip(output).step_by(n_outputs) {
                    *value = equal + kept * (*value - equal);
                }
            }
        }
        let is_complete = self.arrivals.told() == self.last_evaluation();
        let status = if is_complete { Status::BudgetSpent } else { Status::Interrupted };
        Ok(Estimate { values, gap, status, ..equal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;

    #[test]
    fn additive_games_are_exact_and_the_strongest_are_asked_first() {
        let gains = [1.0, -4.0, 0.5, 2.0, 0.0];
        let problem = Problem {
            n_players: 5,
            n_outputs: 1,
            n_rows: 1,
            budget: 9,
            seed: 0,
            row_key: 0,
            endpoints: None,
        };
        let mut run = SinglesFirst::new(problem).unwrap();
        let mut asked = Vec::new();
        let cancel = Cancel::default();
        let workers = Workers::serial(&cancel);
        loop {
            let batch = run.ask(4, &workers).unwrap();
            if batch.coalitions.is_empty() {
                break;
            }
            let of = |position| coalition::members(batch.coalitions.get(position)).collect::<Vec<_>>();
            let members: Vec<Vec<usize>> = (0..batch.coalitions.len()).map(of).collect();
            let worths: Vec<f64> =
                members.iter().map(|m| 3.0 + m.iter().map(|&p| gains[p]).sum::<f64>()).collect();
            run.tell(batch.first, &worths).unwrap();
            asked.extend(members);
        }
        assert_eq!(asked.len(), 9);
        assert_eq!(asked[7..], [vec![0, 2, 3, 4], vec![0, 1, 2, 4]]);
        let estimate = run.estimate(&workers).unwrap();
        assert_eq!(estimate.values, gains);
        assert_eq!(estimate.base, [3.0]);
    }
}
