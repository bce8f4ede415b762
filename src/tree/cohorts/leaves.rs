//! What a cohort that arrives at a leaf receives.

use super::closed_form::ClosedForm;
use super::compiled::{Node, number};
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
    pub(super) fn of(&self, leaf: u32) -> impl Iterator<Item = (usize, f64)> + '_ {
        let (first, last) = self.values;
        (self.first_output..).zip(self.tree.leaf(leaf)[first..last].iter().copied())
    }

    fn weight(&self, background: &[u32]) -> f64 {
        background.iter().map(|&row| self.weights[row as usize]).sum()
    }
}

/// Adds to a block's totals whatever arrives at a tree's leaves.
pub(super) struct Shares<'a> {
    leaves: Leaves<'a>,
    places: &'a Places,
    totals: &'a mut [f64], // [row][output][own slot of the block]
    n_outputs: usize,
    n_slots: usize,
    due: Vec<(u32, f64)>, // shares of a leaf of value 1, by slot
}

impl<'a> Shares<'a> {
    pub(super) fn new(
        leaves: Leaves<'a>,
        places: &'a Places,
        (n_outputs, n_slots): (usize, usize),
        totals: &'a mut [f64],
    ) -> Self {
        Self { leaves, places, totals, n_outputs, n_slots, due: Vec::new() }
    }
}

impl Arrive for Shares<'_> {
    #[inline]
    fn arrive(&mut self, leaf: u32, rows: &[u32], background: &[u32], sides: &Sides) {
        let (e, r) = (&sides.only_rows[..], &sides.only_background[..]);
        if e.len() + r.len() < self.places.order() {
            return;
        }
        let weight = self.leaves.weight(background);
        self.due.clear();
        match self.places {
            Places::Players(slots) => {
                share_players(slots, self.leaves.closed_form, weight, (e, r), &mut self.due);
            }
            Places::Pairs(pairs) => {
                share_pairs(pairs, self.leaves.closed_form, weight, (e, r), &mut self.due);
            }
        }
        for (output, value) in self.leaves.of(leaf) {
            for &row in rows {
                let first = (row as usize * self.n_outputs + output) * self.n_slots;
                let totals = &mut self.totals[first..][..self.n_slots];
                for &(slot, share) in &self.due {
                    totals[slot as usize] += value * share;
                }
            }
        }
    }
}

/// Every player of E gains, every player of R loses.
#[inline]
fn share_players(
    slots: &[u32],
    form: &ClosedForm,
    weight: f64,
    (e, r): (&[u32], &[u32]),
    shares: &mut Vec<(u32, f64)>,
) {
    if !e.is_empty() {
        let gain = weight * form.at(e.len() - 1, r.len());
        shares.extend(e.iter().map(|&player| (slots[player as usize], gain)));
    }
    if !r.is_empty() {
        let loss = -weight * form.at(e.len(), r.len() - 1);
        shares.extend(r.iter().map(|&player| (slots[player as usize], loss)));
    }
}

/// Every pair within E and R.
fn share_pairs(
    pairs: &PairSlots,
    form: &ClosedForm,
    weight: f64,
    (e, r): (&[u32], &[u32]),
    shares: &mut Vec<(u32, f64)>,
) {
    let share = |a: usize| weight * form.at(a, e.len() + r.len() - 2 - a);
    for (at, &i) in e.iter().enumerate() {
        if e.len() >= 2 {
            let within = share(e.len() - 2);
            shares.extend(e[..at].iter().map(|&j| (pairs.slot(i, j), within)));
        }
        if !r.is_empty() {
            let across = -share(e.len() - 1);
            shares.extend(r.iter().map(|&j| (pairs.slot(i, j), across)));
        }
    }
    if r.len() >= 2 {
        let within = share(e.len());
        for (at, &i) in r.iter().enumerate() {
            shares.extend(r[..at].iter().map(|&j| (pairs.slot(i, j), within)));
        }
    }
}

/// Where the players of a tree, or their pairs, add to in their block.
#[derive(Debug)]
pub(super) enum Places {
    /// The block's slot of each player of the tree.
    Players(Vec<u32>),
    /// The block's slot of each pair of them.
    Pairs(PairSlots),
}

impl Places {
    /// How many players a share needs.
    fn order(&self) -> usize {
        match self {
            Self::Players(_) => 1,
            Self::Pairs(_) => 2,
        }
    }
}

/// The block's slot of each pair of a tree's players, in a square.
#[derive(Debug)]
pub(super) struct PairSlots {
    n_players: usize,
    slots: Vec<u32>,
}

impl PairSlots {
    pub(super) fn new(n_players: usize, pairs: impl Iterator<Item = ((u32, u32), u32)>) -> Self {
        let mut slots = vec![u32::MAX; n_players * n_players];
        for ((i, j), slot) in pairs {
            slots[i as usize * n_players + j as usize] = slot;
            slots[j as usize * n_players + i as usize] = slot;
        }
        Self { n_players, slots }
    }

    #[inline]
    fn slot(&self, i: u32, j: u32) -> u32 {
        self.slots[i as usize * self.n_players + j as usize]
    }
}

/// The players of a tree on the paths to wanted leaves: how many at most, and which pairs of them meet.
pub(super) struct Paths {
    pub(super) longest: usize,
    n_players: usize,
    meet: Vec<bool>, // [i][j], i < j
}

impl Paths {
    pub(super) fn new(nodes: &[Node], n_players: usize, with_pairs: bool) -> Self {
        let meet = if with_pairs { vec![false; n_players * n_players] } else { Vec::new() };
        let mut paths = Self { longest: 0, n_players, meet };
        let mut path: Vec<u32> = Vec::new(); // distinct players, in the order of their first split
        let mut seen = vec![false; n_players];
        let mut pending = vec![(0_u32, 0_usize)]; // node, and how many players split above it
        while let Some((node, length)) = pending.pop() {
            path.drain(length..).for_each(|player| seen[player as usize] = false);
            let Node::Split(split) = nodes[node as usize] else {
                if matches!(nodes[node as usize], Node::Leaf(_)) {
                    paths.longest = paths.longest.max(path.len());
                }
                continue;
            };
            if !seen[split.player as usize] {
                paths.join(&path, split.player);
                seen[split.player as usize] = true;
                path.push(split.player);
            }
            pending.push((split.right, path.len()));
            pending.push((node + 1, path.len()));
        }
        paths
    }

    fn join(&mut self, path: &[u32], player: u32) {
        if self.meet.is_empty() {
            return;
        }
        for &other in path {
            let (i, j) = (player.min(other) as usize, player.max(other) as usize);
            self.meet[i * self.n_players + j] = true;
        }
    }

    /// The pairs that meet, ascending.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let meet = self.meet.iter().enumerate().filter(|&(_, &meet)| meet);
        meet.map(|(at, _)| (number(at / self.n_players), number(at % self.n_players)))
    }
}
