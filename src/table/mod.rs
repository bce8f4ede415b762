//! Games given as all `2^n` worths: exact values, interactions and transforms.
//!
//! Bit `i` of a row's number says that player `i` is in. Every semivalue and every interaction index is read from
//! *superset sums* `P(A) = sum_{S >= A} u(S)` of the weighted worths `u`, for the few sets `A` that are wanted: a
//! tree of additions over the table, O(2^n) for values, read once and never copied ([`fold`]). The butterflies of
//! Moebius, zeta and Walsh ([`transforms`]) give all `2^n` coefficients at once, in place.

pub mod fold;
pub mod interactions;
pub mod transforms;

mod chunk;
mod sums;

use crate::error::Error;

/// All worths of a game, borrowed: `(2^players, outputs)`, row after row.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    worths: &'a [f64],
    n_players: usize,
    n_outputs: usize,
}

impl<'a> Table<'a> {
    /// The game with these worths, `n_outputs` for each coalition.
    pub fn new(worths: &'a [f64], n_outputs: usize) -> Result<Self, Error> {
        if n_outputs == 0 {
            return Err(Error::Parameter {
                argument: "n_outputs",
                got: "0".to_owned(),
                accepted: "at least 1",
            });
        }
        let rows = worths.len() / n_outputs;
        if !worths.len().is_multiple_of(n_outputs) {
            return Err(Error::Length {
                argument: "worths",
                got: worths.len(),
                want: (rows + 1) * n_outputs,
            });
        }
        if !rows.is_power_of_two() {
            return Err(Error::NotAllCoalitions { argument: "worths", got: rows });
        }
        Ok(Self { worths, n_players: rows.trailing_zeros() as usize, n_outputs })
    }

    /// Number of players.
    pub fn n_players(&self) -> usize {
        self.n_players
    }

    /// Worths that each coalition has.
    pub fn n_outputs(&self) -> usize {
        self.n_outputs
    }
}
