//! Screening: a first pass finds the players that matter, a second spends the rest of the budget on them.
//!
//! *First pass.* All players, in a random order, are cut into `m / 8` groups. A group `G` is looked at as a single player
//! is who joins nobody and leaves everybody,
//!
//! $$ g = \tfrac12\big(v(G) - v(\emptyset) + v(N) - v(N \setminus G)\big) $$
//!
//! which is the sum of its members' values wherever no interaction is above order 2. In waves the groups of the largest
//! `|g|` are halved: one half is looked at, the other gets what is left. What never stands out is never cut, so `k`
//! players among `n` that matter cost about `2 k log2(n / k)` evaluations, not `2 n`. The pass ends with seven eighths of
//! the budget, or once every group left is below a thousandth of all.
//!
//! *Second pass.* A player for each six evaluations that are left: those found alone with the largest values, and, for an
//! eighth of the places, groups of all others, neighbours by what the first pass says of them. The game of these is played
//! with the method that the automatic choice takes for it, whose values are efficient and have errors. What a group is
//! worth there is shared among its members as the first pass says; what that misses, by how much their worth bends
//! between joining first and last, for one that does not bend has no interactions.
//!
//! *Errors.* Those of the players of the second pass are its own. Nothing in it tells members of a group apart, so a few
//! complementary pairs of random halves of *all* players are asked beforehand: a linear prediction that is off by `e_j`
//! for player `j` misses their half-differences by `sum e_j^2 / 4` in the mean square. What the second pass does not
//! account for is the summed squared error of the screened players (and what interactions of odd order above 2 add, so it
//! is stated too large rather than too small).
//!
//! Group testing by halving is Hwang's (1972, "A method for detecting all defective members in a population by group
//! testing"); for sensitivity of simulation models Bettonvil and Kleijnen (1997, "Searching for important factors in
//! simulation models with many factors: sequential bifurcation"), whose sums of equal signs the pairs `v(G)`,
//! `v(N \ G)` and cuts by size make do without.

mod check;
mod halving;
mod machine;
mod second;

use super::auto::{Method, Wishes};
use super::{Estimator, Problem};
use crate::error::Error;

/// The least budget, endpoints counted, that is worth two passes.
pub const LEAST_BUDGET: u64 = 64;
/// Evaluations of the second pass for each of its players.
const PER_PLAYER: u64 = 6;
/// The second pass has at least one in so many of all evaluations.
const SECOND_SHARE: u64 = 8;

/// What the second pass played with, and what each of its players is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Screening {
    /// The player of the second pass that each player belongs to.
    pub owners: Vec<u32>,
    /// `(players of the second pass, outputs)`.
    pub values: Vec<f64>,
    /// One standard error each: `(players of the second pass, outputs)`.
    pub std_errors: Vec<f64>,
    /// Root mean square error of members about their shares, `(outputs)`: what the random halves say.
    pub spread: Vec<f64>,
}

/// The method that takes the place of screening where that is pointless: everybody would be in the second pass, or
/// nobody could.
pub fn or_whole(n_players: usize, granted: u64, n_blocks: u32) -> Option<Method> {
    let everybody = (n_players as u64).saturating_mul(PER_PLAYER * SECOND_SHARE);
    let is_small = n_players < 4 || granted < LEAST_BUDGET;
    let is_whole =
        granted >= everybody || super::auto::every_coalition(n_players).is_some_and(|all| all <= granted);
    (is_small || is_whole || n_blocks > 1)
        .then(|| Method::choose(n_players, granted, n_blocks, &Wishes::default()))
}

/// A run on `problem`: one explained row, a background in one piece, [`LEAST_BUDGET`] or more, 4 players or more.
pub fn start(problem: Problem) -> Result<Box<dyn Estimator>, Error> {
    Ok(Box::new(machine::Screened::new(problem)?))
}
