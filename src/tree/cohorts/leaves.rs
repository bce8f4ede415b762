//! What a cohort that arrives at a leaf receives.

use super::closed_form::ClosedForm;
use super::compiled::{Node, Trees, number};
use super::walk::{Arrive, Sides};
use crate::tree::forest::{Output, Tree};
use crate::tree::sweep::Block;

/// The values of a tree's leaves for the outputs of a block, and the weights of the background.
#[derive(Clone, Copy)]
pub(super) struct Leaves<'a> {
    tree: &'a Tree,
    /// Which of a leaf's values are the block's, and to which of its outputs the first goes.
    values: (usize, usize),
    first_output: usize,
    weights: &'a [f64],
    closed_form: &'a ClosedForm,
}

impl<'a> Leaves<'a> {
    pub(super) fn new(
        tree: &'a Tree,
        block: &Block,
        weights: &'a [f64],
        closed_form: &'a ClosedForm,
    ) -> Self {
        let (values, first_output) = match tree.output {
            Output::One(output) => ((0, 1), output as usize - block.outputs.start),
            Output::All => ((block.outputs.start, block.outputs.end), 0),
        };
        Self { tree, values, first_output, weights, closed_form }
    }

    /// Output within the block and value, for each value of a leaf.
    fn of(&self, leaf: u32) -> impl Iterator<Item = (usize, f64)> + '_ {
        let (first, last) = self.values;
        (self.first_output..).zip(self.tree.leaf(leaf)[first..last].iter().copied())
    }

    fn weight(&self, background: &[u32]) -> f64 {
        background.iter().map(|&row| self.weights[row as usize]).sum()
    }
}

/// Values: every player of E and of R receives its share.
pub(super) struct ValueLeaves<'a> {
    leaves: Leaves<'a>,
    totals: &'a mut [f64], // [row][output][player]
    per_row: usize,
    n_players: usize,
}

impl<'a> ValueLeaves<'a> {
    pub(super) fn new(leaves: Leaves<'a>, totals: &'a mut [f64], per_row: usize, n_players: usize) -> Self {
        Self { leaves, totals, per_row, n_players }
    }
}

impl Arrive for ValueLeaves<'_> {
    #[inline]
    fn arrive(&mut self, leaf: u32, rows: &[u32], background: &[u32], sides: &Sides) {
        let (e, r) = (sides.only_rows.len(), sides.only_background.len());
        if e + r == 0 {
            return;
        }
        let weight = self.leaves.weight(background);
        let form = self.leaves.closed_form;
        let gain = if e > 0 { weight * form.at(e - 1, r) } else { 0.0 };
        let loss = if r > 0 { weight * form.at(e, r - 1) } else { 0.0 };
        for (output, value) in self.leaves.of(leaf) {
            let (gain, loss) = (value * gain, value * loss);
            for &row in rows {
                let first = row as usize * self.per_row + output * self.n_players;
                let totals = &mut self.totals[first..][..self.n_players];
                sides.only_rows.iter().for_each(|&player| totals[player as usize] += gain);
                sides.only_background.iter().for_each(|&player| totals[player as usize] -= loss);
            }
        }
    }
}

/// Interactions: every pair within E and R receives its share.
pub(super) struct PairLeaves<'a> {
    leaves: Leaves<'a>,
    pairs: &'a PairSlots,
    totals: &'a mut [f64], // [row][output][pair]
    per_row: usize,
    shares: Vec<(u32, f64)>,
}

impl<'a> PairLeaves<'a> {
    pub(super) fn new(
        leaves: Leaves<'a>,
        pairs: &'a PairSlots,
        totals: &'a mut [f64],
        per_row: usize,
    ) -> Self {
        Self { leaves, pairs, totals, per_row, shares: Vec::new() }
    }

    /// The pairs of E and R and what each is worth at a leaf of value 1.
    fn share(&mut self, sides: &Sides, weight: f64) {
        let (e, r) = (sides.only_rows.len(), sides.only_background.len());
        let form = self.leaves.closed_form;
        let share = |a: usize| weight * form.at(a, e + r - 2 - a);
        self.shares.clear();
        for (at, &i) in sides.only_rows.iter().enumerate() {
            if e >= 2 {
                let within = share(e - 2);
                self.shares.extend(sides.only_rows[..at].iter().map(|&j| (self.pairs.slot(i, j), within)));
            }
            if r >= 1 {
                let across = -share(e - 1);
                self.shares.extend(sides.only_background.iter().map(|&j| (self.pairs.slot(i, j), across)));
            }
        }
        if r >= 2 {
            let within = share(e);
            for (at, &i) in sides.only_background.iter().enumerate() {
                self.shares
                    .extend(sides.only_background[..at].iter().map(|&j| (self.pairs.slot(i, j), within)));
            }
        }
    }
}

impl Arrive for PairLeaves<'_> {
    fn arrive(&mut self, leaf: u32, rows: &[u32], background: &[u32], sides: &Sides) {
        if sides.only_rows.len() + sides.only_background.len() < 2 {
            return;
        }
        self.share(sides, self.leaves.weight(background));
        for (output, value) in self.leaves.of(leaf) {
            for &row in rows {
                let first = row as usize * self.per_row + output * self.pairs.n_pairs;
                let totals = &mut self.totals[first..][..self.pairs.n_pairs];
                self.shares.iter().for_each(|&(slot, share)| totals[slot as usize] += value * share);
            }
        }
    }
}

/// The slot of each pair of a block's players, in a square.
#[derive(Debug)]
pub(super) struct PairSlots {
    n_players: usize,
    n_pairs: usize,
    slots: Vec<u32>,
}

impl PairSlots {
    pub(super) fn new(n_players: usize, pairs: &[(u32, u32)]) -> Self {
        let mut slots = vec![u32::MAX; n_players * n_players];
        for (&(i, j), slot) in pairs.iter().zip(0..) {
            slots[i as usize * n_players + j as usize] = slot;
            slots[j as usize * n_players + i as usize] = slot;
        }
        Self { n_players, n_pairs: pairs.len(), slots }
    }

    #[inline]
    fn slot(&self, i: u32, j: u32) -> u32 {
        self.slots[i as usize * self.n_players + j as usize]
    }
}

/// The players of the paths to wanted leaves: how many at most, and which pairs of them meet.
pub(super) struct Paths {
    pub(super) longest: usize,
    n_players: usize,
    meet: Option<Vec<bool>>, // [i][j], i < j
}

impl Paths {
    pub(super) fn new(n_players: usize, with_pairs: bool) -> Self {
        Self { longest: 0, n_players, meet: with_pairs.then(|| vec![false; n_players * n_players]) }
    }

    pub(super) fn visit(&mut self, trees: &Trees, tree: usize) {
        let nodes = &trees.nodes[trees.roots[tree]..];
        let mut path: Vec<u32> = Vec::new(); // distinct players, in the order of their first split
        let mut seen = vec![false; self.n_players];
        let mut pending = vec![(0_u32, 0_usize)]; // node, and how long the path to its parent's children is
        while let Some((node, length)) = pending.pop() {
            path.drain(length..).for_each(|player| seen[player as usize] = false);
            match nodes[node as usize] {
                Node::Unwanted => {}
                Node::Leaf(_) => self.longest = self.longest.max(path.len()),
                Node::Split(split) => {
                    if !seen[split.player as usize] {
                        self.join(&path, split.player);
                        seen[split.player as usize] = true;
                        path.push(split.player);
                    }
                    pending.push((split.right, path.len()));
                    pending.push((node + 1, path.len()));
                }
            }
        }
    }

    fn join(&mut self, path: &[u32], player: u32) {
        let Some(meet) = &mut self.meet else { return };
        for &other in path {
            let (i, j) = (player.min(other) as usize, player.max(other) as usize);
            meet[i * self.n_players + j] = true;
        }
    }

    pub(super) fn into_pairs(self) -> Vec<(u32, u32)> {
        let n_players = self.n_players;
        let meet = self.meet.into_iter().flatten().enumerate().filter(|&(_, meet)| meet);
        meet.map(|(at, _)| (number(at / n_players), number(at % n_players))).collect()
    }
}
