//! What meeting weighs, and where shares go.

use crate::tree::cohorts::closed_form::ClosedForm;

use super::{MOST_PLAYERS, OnPath};

/// The bits of a byte as numbers: what a mask multiplies.
pub(super) static EIGHT: [[f64; 8]; 256] = bits_of_bytes();

const fn bits_of_bytes() -> [[f64; 8]; 256] {
    let mut bits = [[0.0; 8]; 256];
    let mut at = 0;
    while at < 256 * 8 {
        if (at / 8) >> (at % 8) & 1 == 1 {
            bits[at / 8][at % 8] = 1.0;
        }
        at += 1;
    }
    bits
}

/// By the number of players that a background row fails.
type ByFailed = [f64; MOST_PLAYERS + 1];

/// The closed form for all numbers of failed players that a mask can have.
#[derive(Debug)]
pub(in crate::tree::cohorts) struct Weights {
    /// By the number of players that the row fails: gains of the others, losses of these.
    forms: Vec<(ByFailed, ByFailed)>,
}

impl Weights {
    pub(in crate::tree::cohorts) fn new() -> Self {
        let form = ClosedForm::new(MOST_PLAYERS + 1);
        let of = |r: usize| {
            let (mut gains, mut losses) = ([0.0; MOST_PLAYERS + 1], [0.0; MOST_PLAYERS + 1]);
            for e in 0..=MOST_PLAYERS - r {
                gains[e] = if e > 0 { form.at(e - 1, r) } else { 0.0 };
                losses[e] = if r > 0 { form.at(e, r - 1) } else { 0.0 };
            }
            (gains, losses)
        };
        Self { forms: (0..=MOST_PLAYERS).map(of).collect() }
    }

    /// For a row that fails `r` players.
    #[inline]
    pub(super) fn of(&self, r: usize) -> &(ByFailed, ByFailed) {
        &self.forms[r]
    }
}

/// Where the shares of a path's players go.
pub(super) struct Scatter<'a> {
    pub(super) path: &'a [OnPath],
    /// `[row][output][own slot of the block]`
    pub(super) totals: &'a mut [f64],
    /// Outputs, and slots of each.
    pub(super) shape: (usize, usize),
}

impl Scatter<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
    pub(super) fn add(&mut self, row: usize, shares: &[f64], values: impl Iterator<Item = (usize, f64)>) {
        let (n_outputs, n_slots) = self.shape;
        for (output, value) in values {
            let totals = &mut self.totals[(row * n_outputs + output) * n_slots..][..n_slots];
            for (on_path, share) in self.path.iter().zip(shares) {
                totals[on_path.slot as usize] += value * share;
            }
        }
    }
}
