//! Which pairs of players can interact at all.

use std::collections::BTreeSet;

use super::forest::{Forest, Step};
use crate::coalition;

/// Up to so many players, pairs are met as bits of a square of 2 MiB.
const MOST_AS_BITS: usize = 4096;

/// Pairs that were met.
enum Met {
    Bits { n_players: usize, words: Vec<u64> },
    Tree(BTreeSet<(u32, u32)>),
}

/// Pairs of players `(i, j)`, `i < j`, that share a path (the columns of a linear leaf belong to its path), ascending.
pub(super) fn shared_pairs(forest: &Forest) -> Vec<(u32, u32)> {
    let mut met = Met::new(forest.n_players());
    let player = |column: u32| forest.player[column as usize];
    for tree in &forest.trees {
        let mut path: Vec<u32> = Vec::new(); // distinct players above the node
        let mut lengths = Vec::new(); // of the path above each right child still to come
        for node in &tree.nodes {
            match node.step {
                Step::Split(split) => {
                    extend(&mut path, player(split.column), &mut met);
                    lengths.push(path.len());
                }
                Step::Leaf(leaf) => {
                    let terms = tree.linear.get(leaf as usize).map_or(&[][..], |linear| &linear.terms);
                    for &(column, _) in terms {
                        extend(&mut path, player(column), &mut met);
                    }
                    path.truncate(lengths.pop().unwrap_or(0));
                }
            }
        }
    }
    met.into_pairs()
}

fn extend(path: &mut Vec<u32>, player: u32, met: &mut Met) {
    if !path.contains(&player) {
        for &other in path.iter() {
            met.insert(player.min(other), player.max(other));
        }
        path.push(player);
    }
}

impl Met {
    fn new(n_players: usize) -> Self {
        if n_players > MOST_AS_BITS {
            return Self::Tree(BTreeSet::new());
        }
        Self::Bits { n_players, words: vec![0; coalition::words_for(n_players * n_players)] }
    }

    fn insert(&mut self, i: u32, j: u32) {
        match self {
            Self::Bits { n_players, words } => coalition::insert(words, i as usize * *n_players + j as usize),
            Self::Tree(pairs) => {
                pairs.insert((i, j));
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "players are u32")]
    fn into_pairs(self) -> Vec<(u32, u32)> {
        match self {
            Self::Bits { n_players, words } => coalition::members(&words)
                .map(|bit| ((bit / n_players) as u32, (bit % n_players) as u32))
                .collect(),
            Self::Tree(pairs) => pairs.into_iter().collect(),
        }
    }
}
