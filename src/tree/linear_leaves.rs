//! Background values of trees whose leaves are linear functions: what a cohort receives at such a leaf.
//!
//! A hybrid that takes the players S from the row and the others from the background row reads `x_m` where the player of
//! column m is in S and `z_m` where it is not. So a term `b_m x_m` is a leaf of that value whose conditions include one more: the
//! player of m takes the row's side (E and that player; nothing if it is in R); `b_m z_m` likewise with R. A player that both sides
//! satisfy, or that is not on the path at all, may thus receive something here.
//!
//! A leaf gives `if_nan` where one of its columns is NaN. With X the players whose numbers are NaN in the row and Z those that are NaN in
//! the background row, the leaf is linear for a hybrid iff S contains Z and is disjoint from X: `if_nan` for all hybrids, and
//! the linear function less `if_nan` on E and Z against R and X, pair by pair.

use super::cohorts::{Arrive, ClosedForm, Sides};
use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Tree};

/// The linear leaves of a tree.
#[derive(Debug, Default)]
pub(super) struct LinearTree {
    leaves: Vec<LinearLeaf>,
}

#[derive(Debug)]
struct LinearLeaf {
    constant: f64,
    if_nan: f64,
    terms: Vec<Term>,
}

/// `coefficient * number`
#[derive(Debug, Clone, Copy)]
struct Term {
    raw: usize,  // the raw column
    player: u32, // of the tree
    coefficient: f64,
}

impl LinearTree {
    /// `players` are those of the tree, ascending, those of its terms among them.
    pub(super) fn new(forest: &Forest, tree: &Tree, encoding: &Encoding, players: &[u32]) -> Self {
        let term = |&(column, coefficient): &(u32, f64)| {
            let player = players.binary_search(&forest.player[column as usize]);
            Term {
                raw: encoding.raw_column(column).expect("columns of linear leaves are kept"),
                player: u32::try_from(player.expect("it is one of them"))
                    .expect("players are counted in 32 bits"),
                coefficient,
            }
        };
        let leaf = |linear: &super::forest::Linear| LinearLeaf {
            constant: linear.constant,
            if_nan: linear.if_nan,
            terms: linear.terms.iter().map(term).collect(),
        };
        Self { leaves: tree.linear.iter().map(leaf).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }
}

/// The numbers that linear leaves read, `[raw column][row, up to stride]`.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    numbers: Vec<f64>,
    stride: usize,
}

impl Numbers {
    /// Of a chunk of rows.
    pub(super) fn of_chunk(rows: &EncodedRows, n_raw: usize) -> Self {
        let stride = rows.n_blocks() * ROWS_PER_BLOCK;
        let mut numbers = Vec::with_capacity(n_raw * stride);
        for column in 0..n_raw {
            (0..rows.n_blocks()).for_each(|block| numbers.extend_from_slice(rows.raw(block, column)));
        }
        Self { numbers, stride }
    }

    /// Of some rows of a table.
    pub(super) fn of_rows(rows: &EncodedRows, n_raw: usize, which: &[u32]) -> Self {
        let at = |column: usize, row: u32| {
            let row = row as usize;
            rows.raw(row / ROWS_PER_BLOCK, column)[row % ROWS_PER_BLOCK]
        };
        let numbers = (0..n_raw).flat_map(|column| which.iter().map(move |&row| at(column, row)));
        Self { numbers: numbers.collect(), stride: which.len() }
    }

    #[inline]
    fn at(&self, column: usize, row: u32) -> f64 {
        self.numbers[column * self.stride + row as usize]
    }
}

/// Adds to a block's totals whatever arrives at a tree's linear leaves.
pub(super) struct LinearShares<'a> {
    pub(super) tree: &'a LinearTree,
    pub(super) closed_form: &'a ClosedForm,
    pub(super) rows: &'a Numbers,
    pub(super) background: &'a Numbers,
    pub(super) weights: &'a [f64],
    /// The block's slot of each player of the tree.
    pub(super) slots: &'a [u32],
    /// Of the tree's output: `[row][..]`, the first of a row's slots at `first`, rows `per_row` apart.
    pub(super) totals: &'a mut [f64],
    pub(super) first: usize,
    pub(super) per_row: usize,
    pub(super) scratch: LinearScratch,
}

/// Memory that is used again from leaf to leaf.
#[derive(Debug, Default)]
pub(super) struct LinearScratch {
    clean: Vec<u32>,  // background rows without NaN
    others: Vec<u32>, // those with one
    sums: Vec<f64>,   // of each term: weight times number, over the clean ones
    only_rows: Vec<u32>,
    only_background: Vec<u32>,
}

impl Arrive for LinearShares<'_> {
    fn arrive(&mut self, leaf: u32, rows: &[u32], background: &[u32], sides: &Sides) {
        let tree = self.tree;
        let leaf = &tree.leaves[leaf as usize];
        let mut scratch = std::mem::take(&mut self.scratch);
        let is_nan =
            |numbers: &Numbers, row: u32| leaf.terms.iter().any(|term| numbers.at(term.raw, row).is_nan());
        scratch.clean.clear();
        scratch.others.clear();
        for &row in background {
            let list = if is_nan(self.background, row) { &mut scratch.others } else { &mut scratch.clean };
            list.push(row);
        }
        let weight: f64 = scratch.clean.iter().map(|&row| self.weights[row as usize]).sum();
        scratch.sums.clear();
        scratch.sums.extend(leaf.terms.iter().map(|term| -> f64 {
            let number = |&row: &u32| self.weights[row as usize] * self.background.at(term.raw, row);
            scratch.clean.iter().map(number).sum()
        }));
        for &row in rows {
            if is_nan(self.rows, row) {
                for &other in background {
                    self.pair(leaf, row, other, sides, &mut scratch);
                }
                continue;
            }
            if !scratch.clean.is_empty() {
                self.clean(
                    leaf,
                    row,
                    (weight, &scratch.sums),
                    (&sides.only_rows, &sides.only_background),
                    leaf.constant,
                );
            }
            for other in 0..scratch.others.len() {
                let other = scratch.others[other];
                self.pair(leaf, row, other, sides, &mut scratch);
            }
        }
        self.scratch = scratch;
    }
}

impl LinearShares<'_> {
    /// A linear function against background rows of this weight in all, whose numbers weigh `sums`: the players `e` must come from the
    /// row, the players `r` from the background.
    fn clean(
        &mut self,
        leaf: &LinearLeaf,
        row: u32,
        (weight, sums): (f64, &[f64]),
        (e, r): (&[u32], &[u32]),
        constant: f64,
    ) {
        let form = self.closed_form;
        let (n_e, n_r) = (e.len(), r.len());
        // what all of these hybrids have; what takes one more player of the row's side, or of the background's
        let (mut fixed, mut of_row, mut of_background) = (constant * weight, 0.0, 0.0);
        let tie = form.at(n_e, n_r);
        for (term, sum) in leaf.terms.iter().zip(sums) {
            let theirs = term.coefficient * sum;
            if r.contains(&term.player) {
                fixed += theirs;
                continue;
            }
            let ours = term.coefficient * self.rows.at(term.raw, row) * weight;
            if e.contains(&term.player) {
                fixed += ours;
                continue;
            }
            of_row += ours;
            of_background += theirs;
            self.add(row, term.player, tie * (ours - theirs));
        }
        if n_e > 0 {
            let gain =
                fixed * form.at(n_e - 1, n_r) + of_row * tie + of_background * form.at(n_e - 1, n_r + 1);
            for &player in e {
                self.add(row, player, gain);
            }
        }
        if n_r > 0 {
            let loss =
                fixed * form.at(n_e, n_r - 1) + of_row * form.at(n_e + 1, n_r - 1) + of_background * tie;
            for &player in r {
                self.add(row, player, -loss);
            }
        }
    }

    /// One row against one background row, where NaN may be on both sides.
    fn pair(&mut self, leaf: &LinearLeaf, row: u32, other: u32, sides: &Sides, scratch: &mut LinearScratch) {
        let (e, r) = (&sides.only_rows[..], &sides.only_background[..]);
        let weight = self.weights[other as usize];
        let without_terms = LinearLeaf { constant: leaf.if_nan, if_nan: leaf.if_nan, terms: Vec::new() };
        self.clean(&without_terms, row, (weight, &[]), (e, r), leaf.if_nan);
        let (only_rows, only_background) = (&mut scratch.only_rows, &mut scratch.only_background);
        only_rows.clear();
        only_rows.extend_from_slice(e);
        only_background.clear();
        only_background.extend_from_slice(r);
        for term in &leaf.terms {
            if self.background.at(term.raw, other).is_nan() && !only_rows.contains(&term.player) {
                only_rows.push(term.player);
            }
            if self.rows.at(term.raw, row).is_nan() && !only_background.contains(&term.player) {
                only_background.push(term.player);
            }
        }
        if only_rows.iter().any(|player| only_background.contains(player)) {
            return; // every hybrid has a NaN
        }
        // a NaN never enters: its player has taken the other side
        let number = |term: &Term| weight * self.background.at(term.raw, other);
        let sums: Vec<f64> = leaf.terms.iter().map(number).collect();
        self.clean(leaf, row, (weight, &sums), (only_rows, only_background), leaf.constant - leaf.if_nan);
    }

    #[inline]
    fn add(&mut self, row: u32, player: u32, amount: f64) {
        let slot = self.slots[player as usize] as usize;
        self.totals[row as usize * self.per_row + self.first + slot] += amount;
    }
}
