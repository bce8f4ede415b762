//! Complementary pairs, asked and told: what every method shares that looks at `(v(S) - v(N \ S)) / 2`.
//!
//! Where the background is cut into blocks, a pair is looked at on a block of it: `schedule` says which and when,
//! `stars` makes of that a half-difference for the whole background. Who estimates need not know.

mod noise;
mod schedule;
mod stars;

use self::schedule::Schedule;
use self::stars::Stars;
use super::arrivals::Arrivals;
use super::endpoints::Known;
use super::{Batch, Problem, Status};
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::parallel::Workers;
use crate::sample::orders::Turns;
use crate::sample::pairs::PairSequence;
use crate::sample::sizes::Sequence;

/// Pairs drawn at once, ahead of what is asked.
const DRAWN_AHEAD: u64 = 1024;

/// The least budget, endpoints counted, with which pairs are worth their price on a background in blocks: the star on
/// every block, `G (2n + 2)` evaluations with the endpoints, is at most two thirds of it. Measured on two models of
/// diabetes patients in four blocks, at 0.66 / 0.6 / 0.5 of it: squared errors of kriging 0.3 / 0.3 / 0.2 times, of least
/// squares 0.9 / 0.8 / 0.6 times those of antithetic orders on rotating blocks.
pub fn least_for_blocks(n_players: usize, n_blocks: u32) -> u64 {
    if n_blocks == 1 { 0 } else { 3 * u64::from(n_blocks) * (n_players as u64 + 1) }
}

/// Does the budget `granted`, endpoints counted, pay for pairs on a background in `n_blocks`?
pub fn pays_for_blocks(n_players: usize, granted: u64, n_blocks: u32) -> bool {
    granted >= least_for_blocks(n_players, n_blocks)
}

/// Pairs of a sequence, and the worths of those that are complete.
///
/// Evaluations 0 and 1 are the endpoints, unless they are known; then `S_0`, its complement, `S_1`, ... An odd
/// evaluation at the end of the budget is not spent. All views hold the longest complete prefix.
///
/// On a background in blocks the star comes first, on every block; then every pair on one block, corrected by what
/// the star tells of that block; then, if the budget outlasts the pairs, each on further blocks. What the views
/// hold is for the whole background throughout, as well as it is known: exact for the star and for pairs that met
/// all blocks, without bias for the others (on several blocks of unequal weight a weighted mean, with the bias of a
/// ratio).
#[derive(Debug)]
pub struct Paired {
    problem: Problem,
    sequence: PairSequence,
    schedule: Schedule,
    /// Looks that the budget pays for, each at one pair on one block, and those told.
    n_looks: u64,
    n_told_looks: u64,
    arrivals: Arrivals,
    classes: Vec<u32>,
    coalitions: Coalitions,
    endpoints: Known,
    /// `v(S)` of the look that is not complete.
    first_half: Vec<f64>,
    /// `(v(S) - v(S^c)) / 2`: `(pairs, outputs)`.
    half_differences: Vec<f64>,
    /// `(v(S) + v(S^c)) / 2`: `(pairs, outputs)`, where they are wanted.
    half_sums: Option<Vec<f64>>,
    blocks: Option<OnBlocks>,
}

fn check_players(problem: &Problem) -> Result<(), Error> {
    let n = problem.n_players;
    if n < 4 {
        let accepted = "at least 4 (smaller games are evaluated in full)";
        return Err(Error::Parameter { argument: "n_players", got: n.to_string(), accepted });
    }
    Ok(())
}

/// What a background in blocks takes besides.
#[derive(Debug)]
struct OnBlocks {
    stars: Stars,
    /// Weight of the blocks that each complete pair was looked at on.
    weights: Vec<f64>,
    /// Of each complete pair 1 where these were all blocks, else 0.
    seen: Vec<f64>,
}

impl Paired {
    /// Nothing asked yet; at least 4 players. Half-sums are kept where `keeps_sums`. [`Error::Budget`] where the
    /// background is in blocks and the budget is below [`least_for_blocks`].
    pub fn new(problem: Problem, sequence: Sequence, keeps_sums: bool) -> Result<Self, Error> {
        check_players(&problem)?;
        let new = if problem.n_blocks() == 1 { PairSequence::new } else { PairSequence::star_first };
        let sequence = new(sequence, problem.n_players, problem.seed, problem.row_key);
        Self::on(problem, sequence, keeps_sums)
    }

    /// The same on a sequence that has given no pair yet; with a background in blocks one that begins with the star.
    pub fn on(problem: Problem, sequence: PairSequence, keeps_sums: bool) -> Result<Self, Error> {
        check_players(&problem)?;
        let n = problem.n_players;
        let endpoints = Known::new(&problem)?;
        let n_blocks = endpoints.n_blocks();
        let least = least_for_blocks(n, n_blocks);
        if problem.granted() < least {
            let (method, got) = ("a background in blocks", problem.granted());
            return Err(Error::Budget { method, got, least, n_players: n });
        }
        let turns = Turns::drawn(endpoints.block_weights(), problem.seed, problem.row_key);
        let schedule = Schedule::new(n, n_blocks, sequence.n_pairs(), turns);
        let affordable = problem.budget.saturating_sub(endpoints.n_asked()) / 2;
        let stars = || OnBlocks {
            stars: Stars::new(n, problem.n_outputs, keeps_sums),
            weights: Vec::new(),
            seen: Vec::new(),
        };
        Ok(Self {
            n_looks: schedule.n_looks().map_or(affordable, |all| all.min(affordable)),
            n_told_looks: 0,
            schedule,
            sequence,
            arrivals: Arrivals::new(problem.n_outputs),
            classes: Vec::new(),
            coalitions: Coalitions::new(n),
            endpoints,
            first_half: Vec::new(),
            half_differences: Vec::new(),
            half_sums: keeps_sums.then(Vec::new),
            blocks: (n_blocks > 1).then(stars),
            problem,
        })
    }

    /// Pairs in two phases: `first(p)` of the `p` pairs that the budget pays for come by [`Sequence::StarMiddle`],
    /// the others by [`Sequence::Leverage`] on what these leave.
    pub fn in_two_phases(problem: Problem, first: impl FnOnce(u64) -> u64) -> Result<Self, Error> {
        let mut pairs = Self::new(problem, Sequence::StarMiddle, false)?;
        let n_first = first(pairs.schedule.n_pairs_of(pairs.n_looks));
        pairs.sequence = pairs.sequence.turning_after(n_first);
        Ok(pairs)
    }

    /// The next evaluations; empty when the budget or the game is spent.
    pub fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        let first = self.arrivals.asked();
        let n_endpoints = self.endpoints.n_asked();
        let left = n_endpoints + 2 * self.n_looks - first;
        let after = first + left.min(max as u64);
        let n_looks = after.saturating_sub(n_endpoints).div_ceil(2);
        self.draw(self.schedule.n_pairs_of(n_looks), workers)?;
        let mut coalitions = Coalitions::new(self.problem.n_players);
        let mut blocks = Vec::with_capacity(in_memory(after - first));
        for evaluation in first..after {
            if evaluation < n_endpoints {
                coalitions.push_endpoint(evaluation == 1);
                blocks.push(0);
                continue;
            }
            let half = evaluation - n_endpoints;
            let (pair, block) = self.schedule.at(half / 2);
            let words = self.coalitions.get(in_memory(pair));
            if half.is_multiple_of(2) {
                coalitions.push(words);
            } else {
                coalitions.push_complement(words);
            }
            blocks.push(block);
        }
        self.arrivals.ask(coalitions.len());
        Ok(Batch { first, coalitions, blocks })
    }

    /// Take worths in any order.
    pub fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        let n_outputs = self.problem.n_outputs;
        let mut ready = Vec::new();
        self.arrivals.tell(first, worths, |part| ready.extend_from_slice(part))?;
        let mut rest = self.endpoints.take(&ready);
        if !self.first_half.is_empty() && !rest.is_empty() {
            let (second, after) = rest.split_at(n_outputs);
            let first = std::mem::take(&mut self.first_half);
            self.take_look(&first, second);
            rest = after;
        }
        let mut looks = rest.chunks_exact(2 * n_outputs);
        for look in &mut looks {
            let (first, second) = look.split_at(n_outputs);
            self.take_look(first, second);
        }
        self.first_half.extend_from_slice(looks.remainder());
        Ok(())
    }

    /// Take the worths of both coalitions of the next look.
    fn take_look(&mut self, first: &[f64], second: &[f64]) {
        let look = self.n_told_looks;
        self.n_told_looks += 1;
        // Halved first: worths near the largest number do not overflow.
        let difference = first.iter().zip(second).map(|(a, b)| 0.5 * a - 0.5 * b);
        let sum = first.iter().zip(second).map(|(a, b)| 0.5 * a + 0.5 * b);
        if self.blocks.is_none() {
            self.half_differences.extend(difference);
            if let Some(half_sums) = &mut self.half_sums {
                half_sums.extend(sum);
            }
            return;
        }
        let (pair, block) = self.schedule.at(look);
        let (pair, block) = (in_memory(pair), block as usize);
        let (difference, sum): (Vec<f64>, Vec<f64>) = (difference.collect(), sum.collect());
        if look < self.schedule.n_star_looks() {
            self.take_star(pair, &difference, &sum);
        } else {
            self.take_on_block(pair, block, difference, sum);
        }
    }

    /// Take the next look at the star.
    fn take_star(&mut self, pair: usize, difference: &[f64], sum: &[f64]) {
        let Some(OnBlocks { stars, seen, .. }) = &mut self.blocks else { return };
        stars.push(self.coalitions.get(pair), difference, sum);
        if seen.len() < self.problem.n_players {
            self.half_differences.extend_from_slice(difference);
            if let Some(half_sums) = &mut self.half_sums {
                half_sums.extend_from_slice(sum);
            }
            seen.push(0.0);
        }
        let first = match (stars.n_complete(), pair + 1 == self.problem.n_players) {
            (0, _) => pair,
            (_, true) => 0,
            (_, false) => return, // the blocks before know the star better than this one alone
        };
        let cells = first * self.problem.n_outputs;
        let half_sums = self.half_sums.as_mut().map(|half_sums| &mut half_sums[cells..]);
        stars.write(&self.endpoints, first, &mut self.half_differences[cells..], half_sums);
        if stars.n_complete() == self.endpoints.block_weights().len() {
            seen.fill(1.0);
            stars.close(&self.endpoints);
        }
    }

    /// Take a look at a pair beyond the star: corrected, and averaged with the looks at it on other blocks.
    fn take_on_block(&mut self, pair: usize, block: usize, mut difference: Vec<f64>, mut sum: Vec<f64>) {
        let Some(OnBlocks { stars, weights, seen }) = &mut self.blocks else { return };
        let words = self.coalitions.get(pair);
        stars.correct_difference(words, block, &mut difference);
        let weight = self.endpoints.block_weights()[block];
        let number = pair - self.problem.n_players;
        let share = if let Some(weights) = weights.get_mut(number) {
            *weights += weight;
            // All blocks, but for rounding: the smallest has no weight that small.
            seen[pair] = f64::from(*weights > 1.0 - 1e-9);
            weight / *weights
        } else {
            weights.push(weight);
            seen.push(0.0);
            1.0
        };
        average(&mut self.half_differences, pair, &difference, share);
        if let Some(half_sums) = &mut self.half_sums {
            stars.correct_sum(words, block, &mut sum);
            average(half_sums, pair, &sum, share);
        }
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
        self.schedule.n_pairs_of(self.n_looks)
    }

    /// Of each complete pair 1 where it is known on the whole background, 0 where it was looked at on a part; None
    /// where the background is in one piece.
    pub fn seen(&self) -> Option<&[f64]> {
        self.blocks.as_ref().map(|blocks| &blocks.seen[..])
    }

    /// Has every block been looked at? False in the midst of the stars, and then no error can be stated: nobody knows
    /// what the other blocks are like.
    pub fn is_representative(&self) -> bool {
        self.n_told_looks >= self.schedule.n_star_looks()
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
        let n_players = self.problem.n_players as u64;
        let unused = if self.is_representative() || self.n_told_looks < n_players {
            0
        } else {
            self.n_told_looks % n_players // of a star that is not complete
        };
        endpoints + 2 * (self.n_told_looks - unused)
    }

    /// Are all pairs of the game told, on the whole background?
    pub fn is_exact(&self) -> bool {
        self.schedule.n_looks() == Some(self.n_told_looks)
    }

    /// How the run stands.
    pub fn status(&self) -> Status {
        if self.is_exact() {
            Status::Exact
        } else if self.n_told_looks == self.n_looks {
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
        let count = missing.max(DRAWN_AHEAD).min(self.n_affordable() - self.classes.len() as u64);
        let pairs = self.sequence.next_pairs(in_memory(count), workers)?;
        self.classes.extend(&pairs.classes);
        (0..pairs.coalitions.len()).for_each(|position| self.coalitions.push(pairs.coalitions.get(position)));
        Ok(())
    }
}

/// A number of something that is in memory, or will be.
fn in_memory(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Let `row` have the share `share` of row number `number`: all of it where that is new.
fn average(rows: &mut Vec<f64>, number: usize, row: &[f64], share: f64) {
    let first = number * row.len();
    if first == rows.len() {
        rows.extend_from_slice(row);
        return;
    }
    rows[first..].iter_mut().zip(row).for_each(|(mean, own)| *mean += share * (own - *mean));
}
