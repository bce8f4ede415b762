//! Random halves of all players, by which the values are judged that the second pass cannot tell apart.

use super::halving::Halving;
use super::second::Second;
use crate::coalition::{self, Coalitions, last_word};
use crate::random::{Purpose, Stream};

/// Pairs of random halves: one in so many evaluations is one of theirs, within limits.
const SHARE: u64 = 64;
const LEAST: u64 = 8;
const MOST: u64 = 64;

/// Pairs for a budget.
pub(super) fn n_pairs(granted: u64) -> u64 {
    (granted / (2 * SHARE)).clamp(LEAST, MOST)
}

/// The half number `pair`: every player is in it with probability 1/2.
pub(super) fn half(n_players: usize, seed: u64, row_key: u64, pair: u64) -> Vec<u64> {
    let mut stream = Stream::new(seed, Purpose::Screen, row_key, 1 + pair);
    let mut words: Vec<u64> = (0..coalition::words_for(n_players)).map(|_| stream.word()).collect();
    if let Some(last) = words.last_mut() {
        *last &= last_word(n_players);
    }
    words
}

/// Four times the mean square by which `values` miss the half-differences of the halves, for one output: the summed
/// squared errors of the values, and what interactions of odd order above 2 add.
pub(super) fn summed_squares(
    halves: &Coalitions,
    half_differences: &[f64],
    values: &[f64],
    (output, n_outputs): (usize, usize),
) -> f64 {
    let total: f64 = values.iter().skip(output).step_by(n_outputs).sum();
    let miss = |number: usize| {
        let inside: f64 =
            coalition::members(halves.get(number)).map(|player| values[player * n_outputs + output]).sum();
        // Who is in counts plus, who is out minus.
        half_differences[number * n_outputs + output] - (inside - 0.5 * total)
    };
    let squares: f64 = (0..halves.len()).map(|number| miss(number).powi(2)).sum();
    4.0 * squares / halves.len().max(1) as f64
}

/// Squared errors of the members of groups about their shares: `(players)`, 0 for players of the second pass.
///
/// `left` is what they sum to. Players found alone by the first pass are known but for how their worth bends between
/// joining first and last; the others, of whom nothing is known, have the rest.
pub(super) fn of_members(halving: &Halving, second: &Second, left: f64, output: usize) -> Vec<f64> {
    let mut squares = vec![0.0; halving.order.len()];
    let owners = second.owners();
    let is_screened = |player: u32| second.members[owners[player as usize] as usize].len() > 1;
    let n_screened = (0..).take(owners.len()).filter(|&player| is_screened(player)).count();
    if n_screened == 0 {
        return squares;
    }
    let each = left / n_screened as f64;
    let mut unknown = Vec::new();
    let mut known = 0.0;
    for (node, _, bends) in halving.leaves() {
        for &player in halving.players(node).iter().filter(|player| is_screened(**player)) {
            if node.len() == 1 {
                squares[player as usize] = bends[output].powi(2).min(each);
                known += squares[player as usize];
            } else {
                unknown.push(player as usize);
            }
        }
    }
    if unknown.is_empty() {
        // All were found alone: what they miss is theirs, in proportion; equally where nothing bends.
        for (_, square) in (0..).zip(&mut squares).filter(|(player, _)| is_screened(*player)) {
            *square = if known > 0.0 { *square * left / known } else { each };
        }
        return squares;
    }
    let rest = (left - known).max(0.0) / unknown.len() as f64;
    for player in unknown {
        squares[player] = rest;
    }
    squares
}
