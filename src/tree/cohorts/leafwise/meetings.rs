//! The background rows that a row meets at a leaf, and what they give it.

use super::shares::{EIGHT, Scatter, Weights};
use crate::tree::cohorts::compiled::number;
use crate::tree::cohorts::leaves::Leaves;

/// Players whose failures are looked up at once.
const BITS: usize = 6;
/// Chunks of fewer rows look at every background row instead of making the table.
const ROWS_FOR_TABLES: usize = 48;
/// Patterns that are told apart without a collision: two to this number.
const SEEN_BITS: u32 = 12;
/// Nobody is met.
const NOBODY: u32 = u32::MAX;

/// Memory that is used again from leaf to leaf.
#[derive(Debug, Default)]
pub(super) struct Meetings {
    /// `[group of players][which of them][word]`: the background rows that fail one of them.
    failing: Vec<u64>,
    n_words: usize,
    /// By pattern: where its shares are.
    seen: Vec<Seen>,
    /// Leaves so far.
    serial: u32,
    /// `[pattern][place on the path]`
    shares: Vec<f64>,
}

/// A pattern of failed players that some row had at a leaf.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    serial: u32,
    pattern: u32,
    /// Number of the pattern's shares, or [`NOBODY`].
    at: u32,
}

impl Meetings {
    /// Add what a leaf gives to the rows, whose masks are `rows`; `N` times eight players at most.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
    pub(super) fn add<const N: usize>(
        &mut self,
        rows: &[u32],
        (background, weights): (&[u32], &[f64]),
        forms: &Weights,
        (leaves, leaf): (&Leaves<'_>, u32),
        to: &mut Scatter<'_>,
    ) {
        let n_players = to.path.len();
        self.start();
        let has_tables = rows.len() >= ROWS_FOR_TABLES;
        if has_tables {
            self.make_tables(background, n_players);
        }
        for (row, &pattern) in rows.iter().enumerate() {
            // a path of few players has few patterns: their numbers are their places
            let place = if n_players <= SEEN_BITS as usize {
                pattern
            } else {
                pattern.wrapping_mul(0x9E37_79B1) >> (32 - SEEN_BITS)
            };
            let seen = self.seen[place as usize];
            let at = if seen.serial == self.serial && seen.pattern == pattern {
                seen.at
            } else {
                let at = self.new_pattern::<N>(pattern, (background, weights), forms, n_players, has_tables);
                self.seen[place as usize] = Seen { serial: self.serial, pattern, at };
                at
            };
            if at != NOBODY {
                let shares = &self.shares[at as usize * 8 * N..][..8 * N];
                to.add(row, shares, leaves.of(leaf));
            }
        }
    }

    fn start(&mut self) {
        self.shares.clear();
        self.serial = self.serial.wrapping_add(1);
        if self.seen.is_empty() || self.serial == 0 {
            self.seen.clear();
            self.seen.resize(1 << SEEN_BITS, Seen::default());
            self.serial = 1;
        }
    }

    /// For every subset of a few players of the path: who of the background fails one of them.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
    fn make_tables(&mut self, background: &[u32], n_players: usize) {
        self.n_words = background.len().div_ceil(64);
        let n_words = self.n_words;
        self.failing.clear();
        self.failing.resize((n_players.div_ceil(BITS) << BITS) * n_words, 0);
        for (group, table) in self.failing.chunks_exact_mut(n_words << BITS).enumerate() {
            for place in 0..BITS.min(n_players - group * BITS) {
                let (without, with) = table.split_at_mut(n_words << place);
                let (own, others) = with[..n_words << place].split_at_mut(n_words);
                let shift = group * BITS + place;
                for (word, masks) in own.iter_mut().zip(background.chunks(64)) {
                    let bits = masks.iter().enumerate();
                    *word = bits.fold(0, |word, (row, mask)| word | u64::from(mask >> shift & 1) << row);
                }
                let without = without[n_words..].chunks_exact(n_words);
                for (with, without) in others.chunks_exact_mut(n_words).zip(without) {
                    for ((with, without), own) in with.iter_mut().zip(without).zip(&*own) {
                        *with = without | own;
                    }
                }
            }
        }
    }

    /// What the leaf, with value 1, gives to a row that fails the players of `pattern`; where it is kept.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
    fn new_pattern<const N: usize>(
        &mut self,
        pattern: u32,
        (background, weights): (&[u32], &[f64]),
        forms: &Weights,
        n_players: usize,
        has_tables: bool,
    ) -> u32 {
        let (gains, losses) = forms.of(pattern.count_ones() as usize);
        let mut due = Due::<N> { gains: [[0.0; 8]; N], loss: 0.0, n_met: 0 };
        let mut meet = |row: usize| {
            let mask = background[row];
            let failed = mask.count_ones() as usize;
            due.meet(mask, weights[row] * gains[failed], weights[row] * losses[failed]);
        };
        if has_tables {
            let (n_words, table) = (self.n_words, &self.failing[..]);
            let of_group = |group: usize| {
                let subset = pattern as usize >> (group * BITS) & ((1 << BITS) - 1);
                &table[((group << BITS) + subset) * n_words..][..n_words]
            };
            let (first, second) = (of_group(0), of_group(usize::from(n_players > BITS)));
            for word in 0..n_words {
                let mut failing = first[word] | if n_players > BITS { second[word] } else { 0 };
                for group in 2..n_players.div_ceil(BITS) {
                    failing |= of_group(group)[word];
                }
                let n_left = background.len() - word * 64;
                let mut met = !failing & if n_left < 64 { (1 << n_left) - 1 } else { !0 };
                while met != 0 {
                    meet(word * 64 + met.trailing_zeros() as usize);
                    met &= met - 1;
                }
            }
        } else {
            (0..background.len()).filter(|&row| background[row] & pattern == 0).for_each(meet);
        }
        if due.n_met == 0 {
            return NOBODY;
        }
        let at = number(self.shares.len() / (8 * N));
        for (place, &gain) in due.gains.as_flattened().iter().enumerate() {
            self.shares.push(if pattern >> place & 1 == 1 { -due.loss } else { gain });
        }
        at
    }
}

/// What the background rows that a row meets give: to each player that they fail, and to each that the row fails.
struct Due<const N: usize> {
    gains: [[f64; 8]; N],
    loss: f64,
    n_met: usize,
}

impl<const N: usize> Due<N> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
    fn meet(&mut self, mask: u32, gain: f64, loss: f64) {
        for (group, gains) in self.gains.iter_mut().enumerate() {
            let which = &EIGHT[(mask >> (8 * group) & 255) as usize];
            for (sum, is_in) in gains.iter_mut().zip(which) {
                *sum += gain * is_in;
            }
        }
        self.loss += loss;
        self.n_met += 1;
    }
}
