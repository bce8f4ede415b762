//! The background rows that a row meets at a leaf, and what they give it.

use super::shares::{EIGHT, Scatter, Weights};
use crate::tree::cohorts::compiled::number;
use crate::tree::cohorts::leaves::Leaves;

/// Players whose failures are looked up at once.
const BITS: usize = 8;
/// Chunks of fewer rows look at every background row instead of making the table.
const ROWS_FOR_TABLES: usize = 24;
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
    /// Rows that may meet somebody.
    rows: Vec<u32>,
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
            self.make_tables::<N>(background, n_players);
            match self.n_words {
                1 => self.find_rows::<N, 1>(rows),
                2 => self.find_rows::<N, 2>(rows),
                _ => self.find_rows::<N, 0>(rows),
            }
        } else {
            self.rows.clear();
            self.rows.extend(0..number(rows.len()));
        }
        for place_of_row in 0..self.rows.len() {
            let row = self.rows[place_of_row] as usize;
            let pattern = rows[row];
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
                let at = self.new_pattern::<N>(pattern, (background, weights), forms, has_tables);
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

    /// Groups of [`BITS`] players: as many tables.
    const fn n_groups<const N: usize>() -> usize {
        if N <= 2 { 2 } else { 4 }
    }

    /// For every subset of a few players of the path: who of the background fails one of them. Those past the
    /// background's end fail always.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
    fn make_tables<const N: usize>(&mut self, background: &[u32], n_players: usize) {
        self.n_words = background.len().div_ceil(64);
        let n_words = self.n_words;
        self.failing.clear();
        self.failing.resize((Self::n_groups::<N>() << BITS) * n_words, 0);
        if !background.len().is_multiple_of(64) {
            self.failing[n_words - 1] = !0 << (background.len() % 64);
        }
        for (group, table) in self.failing.chunks_exact_mut(n_words << BITS).enumerate() {
            for place in 0..BITS.min(n_players.saturating_sub(group * BITS)) {
                let (without, with) = table[..n_words << (place + 1)].split_at_mut(n_words << place);
                let shift = group * BITS + place;
                let (first, _) = with.split_at_mut(n_words);
                for ((word, masks), none) in first.iter_mut().zip(background.chunks(64)).zip(&*without) {
                    let bits = masks.iter().enumerate();
                    *word = bits.fold(*none, |word, (row, mask)| word | u64::from(mask >> shift & 1) << row);
                }
                let (own, others) = with.split_at_mut(n_words);
                let without = without[n_words..].chunks_exact(n_words);
                for (with, without) in others.chunks_exact_mut(n_words).zip(without) {
                    for ((with, without), own) in with.iter_mut().zip(without).zip(&*own) {
                        *with = without | own;
                    }
                }
            }
        }
    }

    /// Who of the background fails one of a few players of a pattern, in `W` words; `W` = 0: any number.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
    fn failing<const W: usize>(&self, group: usize, pattern: u32) -> &[u64] {
        let n_words = if W == 0 { self.n_words } else { W };
        let subset = pattern as usize >> (group * BITS) & ((1 << BITS) - 1);
        &self.failing[((group << BITS) + subset) * n_words..][..n_words]
    }

    /// List the rows that meet somebody; without a branch, as nothing tells which do.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
    fn find_rows<const N: usize, const W: usize>(&mut self, rows: &[u32]) {
        let mut found = std::mem::take(&mut self.rows);
        found.resize(rows.len(), 0);
        let mut n_found = 0;
        for (row, &pattern) in (0_u32..).zip(rows) {
            let both = self.failing::<W>(0, pattern).iter().zip(self.failing::<W>(1, pattern));
            let all_fail = if Self::n_groups::<N>() == 2 {
                both.fold(!0, |all, (a, b)| all & (a | b))
            } else {
                let others = self.failing::<W>(2, pattern).iter().zip(self.failing::<W>(3, pattern));
                both.zip(others).fold(!0, |all, ((a, b), (c, d))| all & (a | b | c | d))
            };
            found[n_found] = row;
            n_found += usize::from(all_fail != !0);
        }
        found.truncate(n_found);
        self.rows = found;
    }

    /// What the leaf, with value 1, gives to a row that fails the players of `pattern`; where it is kept.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
    fn new_pattern<const N: usize>(
        &mut self,
        pattern: u32,
        (background, weights): (&[u32], &[f64]),
        forms: &Weights,
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
            for word in 0..self.n_words {
                let groups = 0..Self::n_groups::<N>();
                let failing = groups.fold(0, |any, group| any | self.failing::<0>(group, pattern)[word]);
                let mut met = !failing;
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
        let mut shares = due.gains;
        for (place, share) in shares.as_flattened_mut().iter_mut().enumerate() {
            *share = if pattern >> place & 1 == 1 { -due.loss } else { *share };
        }
        self.shares.extend_from_slice(shares.as_flattened());
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
