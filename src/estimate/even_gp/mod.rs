//! EvenGP: interactions of order 2 by kriging on half-sums, beside values by kriging on half-differences.
//!
//! The half-sums `e(S) = (v(S) + v(S^c)) / 2` hold the Walsh terms of even degree, hence all that SII, k-SII, FSII,
//! BII and FBII give to pairs:
//!
//! $$ e(S) = \text{const} + q(S) + \text{noise} $$
//!
//! is fitted to the pairs that the OddGP evaluates, `q` a Gaussian process whose terms of even degree have variances
//! that are products of the players' `rho_j`. How the `rho_j` share out is taken from the OddGP; their sum and the
//! noise are the likeliest on a grid (restricted likelihood; Patterson, Thompson 1971). Where pairs are many enough,
//! all terms of degree 2 may be free as well, if that predicts pairs left out better; a game without interactions above
//! order 2 is then exact. What players receive alone is the OddGP's value, less what the index gives to pairs.
//!
//! Errors are those of the posterior, both halves independent, times `max(1, m)`, `m` the mean over pairs left out of
//! their squared error beside what the posterior expects.
//!
//! Cost of a row with `R` pairs and `n` players: 30 factorisations of at most `max(256, n + 64)` rows, one of `R`,
//! and `R^2 n^2 / 2` multiply-adds for the errors of all pairs. At most 2000 pairs are kriged.
//!
//! Rooms: `kernel`, `kriging` (one process), `fit` (which process), `readout` (pairs of players from a process),
//! `indices` (an index from both halves), `row` (all of it for one row), `scaled`; `squares` for larger budgets and
//! games, and `complete` for three players.

mod complete;
mod fit;
mod indices;
mod kernel;
mod kriging;
mod readout;
mod row;
mod scaled;
mod squares;

use self::complete::{Complete, of_table};
use self::indices::{Parts, Sets, with_values};
use self::row::Row;
use super::auto::every_coalition;
use super::leverage::Leverage;
use super::paired::Paired;
use super::{Batch, Estimate, Estimator, Interactions, Problem, odd_gp};
use crate::coalition::last_word;
use crate::error::Error;
use crate::index::Interaction;
use crate::linalg::Matrix;
use crate::parallel::Workers;
use crate::sample::Sequence;

/// Pairs that are kriged, at most: the time grows with their cube.
const MOST_KRIGED: usize = 1999;
/// Players whose pairs are kriged, at most.
const MOST_PLAYERS_KRIGED: usize = 100;
/// Players whose pairs fit least squares, at most: the system of 150 takes a gigabyte.
const MOST_PLAYERS: usize = 150;
/// Games of up to so many players are answered by the table of all worths, where the budget pays for it.
const MOST_PLAYERS_IN_TABLE: usize = 20;

/// Which interactions are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The index.
    pub index: Interaction,
}

impl Options {
    /// The least budget, endpoints counted: a pair a player, or all coalitions; what least squares need where there are
    /// too many players to be kriged.
    pub fn least_budget(self, n_players: usize) -> u64 {
        if n_players > MOST_PLAYERS_KRIGED {
            return least_of_squares(n_players);
        }
        (2 * n_players as u64 + 2).min(every_coalition(n_players).unwrap_or(u64::MAX))
    }
}

/// Evaluations that least squares need: three pairs of coalitions for two pairs of players.
fn least_of_squares(n_players: usize) -> u64 {
    let n = n_players as u64;
    2 + 2 * (3 * (1 + n * (n - 1) / 2)).div_ceil(2)
}

/// A run. [`Error::Budget`] below [`Options::least_budget`].
pub fn start(problem: Problem, options: Options) -> Result<Box<dyn Estimator>, Error> {
    let (n, granted) = (problem.n_players, problem.granted());
    if n > MOST_PLAYERS {
        let (argument, got) = ("n_players", n.to_string());
        return Err(Error::Parameter { argument, got, accepted: "at most 150 for interactions: group them" });
    }
    let n_blocks = problem.n_blocks();
    if n_blocks > 1 {
        let (argument, got) = ("block_weights", format!("{n_blocks} blocks"));
        return Err(Error::Parameter { argument, got, accepted: "a background in one piece" });
    }
    let least = options.least_budget(n);
    if granted < least {
        return Err(Error::Budget { method: "interactions", got: granted, least, n_players: n });
    }
    Ok(if n <= 3 {
        Box::new(Complete::new(problem, options.index)?)
    } else {
        Box::new(EvenGp::new(problem, options.index)?)
    })
}

/// How pairs of players are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Kriging,
    Squares,
}

impl Way {
    fn of(problem: &Problem, index: Interaction) -> Result<Self, Error> {
        let (n, granted) = (problem.n_players, problem.granted());
        let is_told = n <= MOST_PLAYERS_IN_TABLE && every_coalition(n).is_some_and(|all| all <= granted);
        let is_small = granted <= 2 * MOST_KRIGED as u64 + 2 && n <= MOST_PLAYERS_KRIGED;
        if is_told || is_small {
            return Ok(Self::Kriging);
        }
        let fits = matches!(index, Interaction::Sii | Interaction::KSii | Interaction::Fsii);
        if fits && granted >= least_of_squares(n) {
            return Ok(Self::Squares);
        }
        if n > MOST_PLAYERS_KRIGED {
            let accepted = "SII, k-SII or FSII for more than 100 players";
            return Err(Error::Parameter { argument: "index", got: format!("{index:?}"), accepted });
        }
        Ok(Self::Kriging)
    }
}

/// Values by [`odd_gp`], or by [`super::leverage`] beside least squares, and interactions from the same pairs.
struct EvenGp {
    index: Interaction,
    way: Way,
    values: Box<dyn Estimator>,
    pairs: Paired,
}

impl EvenGp {
    fn new(mut problem: Problem, index: Interaction) -> Result<Self, Error> {
        let way = Way::of(&problem, index)?;
        let (values, sequence): (Box<dyn Estimator>, _) = match way {
            Way::Squares => {
                (Box::new(Leverage::new(problem.clone(), Sequence::Leverage)?), Sequence::Leverage)
            }
            Way::Kriging => {
                let all =
                    every_coalition(problem.n_players).filter(|_| problem.n_players <= MOST_PLAYERS_IN_TABLE);
                if all.is_none_or(|all| problem.granted() < all) {
                    let n_asked = if problem.endpoints.is_some() { 0 } else { 2 };
                    problem.budget = problem.budget.min(2 * MOST_KRIGED as u64 + n_asked);
                }
                (odd_gp::start(problem.clone(), odd_gp::Options::default())?, Sequence::StarMiddle)
            }
        };
        Ok(Self { index, way, values, pairs: Paired::new(problem, sequence, true)? })
    }

    /// All worths `(2^n, outputs)`, from all pairs.
    fn table(&self) -> Vec<f64> {
        let (n, n_outputs) = (self.pairs.problem().n_players, self.pairs.problem().n_outputs);
        let mut worths = vec![0.0; n_outputs << n];
        let last = worths.len() - n_outputs;
        for output in 0..n_outputs {
            worths[output] = self.pairs.endpoints().empty(output);
            worths[last + output] = self.pairs.endpoints().full(output);
        }
        let sums = self.pairs.half_sums().unwrap_or_default().chunks_exact(n_outputs);
        let differences = self.pairs.half_differences().chunks_exact(n_outputs);
        for (pair, (sums, differences)) in sums.zip(differences).enumerate() {
            let coalition = self.pairs.coalitions().get(pair)[0];
            for (coalition, sign) in [(coalition, 1.0), (!coalition & last_word(n), -1.0)] {
                let place = usize::try_from(coalition).unwrap_or(0) * n_outputs;
                for (output, (sum, difference)) in sums.iter().zip(differences).enumerate() {
                    worths[place + output] = sum + sign * difference;
                }
            }
        }
        worths
    }

    fn by_squares(&self, workers: &Workers<'_>) -> Result<Interactions, Error> {
        let problem = self.pairs.problem();
        let (n, n_outputs) = (problem.n_players, problem.n_outputs);
        let values = self.values.estimate(workers)?;
        let values = Parts {
            means: Matrix::from_fn(n, n_outputs, |i, output| values.values[i * n_outputs + output]),
            variances: Matrix::from_fn(n, n_outputs, |i, output| {
                values.std_errors[i * n_outputs + output].powi(2)
            }),
        };
        let (pairs, df) = squares::pairs(&self.pairs, self.index, workers)?;
        let all = side_by_side(&[(with_values(self.index, values, pairs), df)]);
        Ok(Interactions { interval_df: vec![df; problem.n_rows], ..all })
    }
}

impl Estimator for EvenGp {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        self.values.ask(max, workers)?;
        self.pairs.ask(max, workers) // the same sequence
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        self.values.tell(first, worths)?;
        self.pairs.tell(first, worths)
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        self.values.estimate(workers)
    }

    fn interactions(&self, workers: &Workers<'_>) -> Result<Option<Interactions>, Error> {
        let problem = self.pairs.problem();
        let (n, n_rows) = (problem.n_players, problem.n_rows);
        if self.pairs.is_exact() {
            return of_table(&self.table(), problem.n_outputs, n_rows, self.index, workers).map(Some);
        }
        let least = if self.way == Way::Squares { n * (n - 1) / 2 + 1 } else { n };
        if self.pairs.n_told() < least {
            return Ok(Some(Interactions::unknown(n, problem.n_outputs, n_rows)));
        }
        if self.way == Way::Squares {
            return self.by_squares(workers).map(Some);
        }
        let n_told = self.pairs.n_told().min(MOST_KRIGED);
        let (pairs, index) = (&self.pairs, self.index);
        let mut rows: Vec<Option<Result<(Sets, f64), Error>>> = (0..n_rows).map(|_| None).collect();
        workers.for_each_unit(rows.iter_mut(), |row, slot| {
            // One fit is one thread's: its bits do not depend on how many there are.
            *slot = Some(Row::new(pairs, n_told, row).interactions(index, &workers.alone()));
        })?;
        let rows = rows.into_iter().map(|row| row.unwrap_or(Err(Error::Interrupted)));
        Ok(Some(side_by_side(&rows.collect::<Result<Vec<_>, _>>()?)))
    }
}

/// The interactions of all rows.
fn side_by_side(rows: &[(Sets, f64)]) -> Interactions {
    let gathered = |of: fn(&Sets) -> &Matrix, map: fn(f64) -> f64| {
        let n_sets = rows.first().map_or(0, |(sets, _)| of(sets).n_rows());
        let cells = (0..n_sets).flat_map(|set| rows.iter().flat_map(move |(sets, _)| of(sets).row(set)));
        cells.map(|&cell| map(cell)).collect::<Vec<f64>>()
    };
    let same = |cell| cell;
    Interactions {
        values: [gathered(|sets| &sets.singles.means, same), gathered(|sets| &sets.pairs.means, same)]
            .concat(),
        std_errors: [
            gathered(|sets| &sets.singles.variances, f64::sqrt),
            gathered(|sets| &sets.pairs.variances, f64::sqrt),
        ]
        .concat(),
        diagonal_errors: gathered(|sets| &sets.diagonal_variances, f64::sqrt),
        interval_df: rows.iter().map(|(_, df)| *df).collect(),
    }
}
