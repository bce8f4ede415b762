//! The slow kernel that judges the fast ones: one product game a leaf, plain loops, nothing shared.
//!
//! For each row and leaf, and each player j of the leaf's path: does the row satisfy all conditions on j (`h_j`), and which
//! share of the cover does (`c_j`)? Path-dependent, a leaf of value V is the game `V * prod (h_j if j is in, else c_j)`,
//! whose values are integrals of polynomials, exact by Gauss-Legendre. Against one background row the leaf is a game with a
//! closed form (`closed_form`). Everything in doubles, row by row.

mod closed_form;
mod path;
mod points;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Output, Tree};
use super::sweep::{Block, Kernel, Slots, blocks};
use path::{LeafPath, for_each_leaf};
use points::Rule;

/// The judge as a kernel.
#[derive(Debug)]
pub struct Reference {
    forest: Arc<Forest>,
    encoding: Arc<Encoding>,
    absent: Absent,
    slots: OwnedSlots,
    blocks: Vec<Block>,
    rules: BTreeMap<usize, Rule>, // by the number of players on a path
}

/// What stands for absent players.
#[derive(Debug)]
enum Absent {
    Covers,
    Background { rows: EncodedRows, weights: Vec<f64> },
}

#[derive(Debug)]
enum OwnedSlots {
    Players(usize),
    Pairs(Vec<(u32, u32)>),
}

/// The game of one leaf for one row, and where its values go.
struct LeafGame<'a> {
    players: &'a [u32],
    holds: &'a [bool], // h_j
}

impl Reference {
    /// Path-dependent values or interactions.
    pub fn path_dependent(forest: Arc<Forest>, encoding: Arc<Encoding>, slots: Slots<'_>) -> Self {
        Self::new(forest, encoding, Absent::Covers, slots)
    }

    /// Values or interactions against weighted background rows; the weights are taken as they are.
    pub fn interventional(
        forest: Arc<Forest>,
        encoding: Arc<Encoding>,
        rows: EncodedRows,
        weights: Vec<f64>,
        slots: Slots<'_>,
    ) -> Self {
        Self::new(forest, encoding, Absent::Background { rows, weights }, slots)
    }

    /// The same for some trees alone.
    #[must_use]
    pub fn of_trees(mut self, trees: &[u32]) -> Self {
        self.blocks = blocks(&self.forest, trees.iter().copied());
        self
    }

    fn new(forest: Arc<Forest>, encoding: Arc<Encoding>, absent: Absent, slots: Slots<'_>) -> Self {
        let mut rules = BTreeMap::new();
        if matches!(absent, Absent::Covers) {
            for tree in &forest.trees {
                for_each_leaf(tree, |_, path| {
                    let n_players = LeafPath::new(&forest, tree, path).players.len();
                    rules.entry(n_players).or_insert_with(|| Rule::new(n_players.div_ceil(2)));
                });
            }
        }
        let trees = (0..).take(forest.trees.len());
        let blocks = blocks(&forest, trees);
        let slots = match slots {
            Slots::Players => OwnedSlots::Players(forest.n_players()),
            Slots::Pairs(pairs) => OwnedSlots::Pairs(pairs.to_vec()),
        };
        Self { forest, encoding, absent, slots, blocks, rules }
    }

    /// Call `add(slot, amount)` for each slot of a leaf of value 1.
    fn explain_leaf(
        &self,
        path: &LeafPath,
        game: &LeafGame<'_>,
        background: &[Vec<bool>],
        add: &mut dyn FnMut(usize, f64),
    ) {
        match (&self.absent, &self.slots) {
            (Absent::Covers, OwnedSlots::Players(_)) => {
                let rule = &self.rules[&game.players.len()];
                for (i, value) in rule.values(game.holds, &path.covers).into_iter().enumerate() {
                    add(game.players[i] as usize, value);
                }
            }
            (Absent::Covers, OwnedSlots::Pairs(pairs)) => {
                let rule = &self.rules[&game.players.len()];
                rule.pairs(game.holds, &path.covers, |i, j, value| {
                    add(slot(pairs, game.players, i, j), value);
                });
            }
            (Absent::Background { weights, .. }, slots) => {
                for (weight, stand_in) in weights.iter().zip(background) {
                    let Some(sides) = closed_form::Sides::new(game.holds, stand_in) else { continue };
                    match slots {
                        OwnedSlots::Players(_) => {
                            sides.values(|i, value| add(game.players[i] as usize, weight * value));
                        }
                        OwnedSlots::Pairs(pairs) => {
                            sides.pairs(|i, j, value| add(slot(pairs, game.players, i, j), weight * value));
                        }
                    }
                }
            }
        }
    }
}

/// The slot of two of a leaf's players.
fn slot(pairs: &[(u32, u32)], players: &[u32], i: usize, j: usize) -> usize {
    let pair = (players[i].min(players[j]), players[i].max(players[j]));
    pairs.binary_search(&pair).expect("pairs of a path are among the slots")
}

/// The leaf's values for the outputs of a block: place among them, value.
fn leaf_values<'a>(tree: &'a Tree, leaf: u32, block: &'a Block) -> impl Iterator<Item = (usize, f64)> + 'a {
    let outputs = block.outputs.clone();
    outputs.enumerate().filter_map(move |(place, output)| match tree.output {
        Output::All => Some((place, tree.leaf(leaf)[output])),
        Output::One(one) => (one as usize == output).then(|| (place, tree.leaf(leaf)[0])),
    })
}

impl Kernel for Reference {
    fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    fn add(&self, number: usize, rows: &EncodedRows, sums: &mut [f64]) {
        let block = &self.blocks[number];
        let n_slots = match &self.slots {
            OwnedSlots::Players(n_players) => *n_players,
            OwnedSlots::Pairs(pairs) => pairs.len(),
        };
        let stride = sums.len() / (block.outputs.len() * n_slots).max(1);
        let mut totals = vec![0.0; sums.len()];
        for tree in block.trees.iter().map(|&tree| &self.forest.trees[tree as usize]) {
            for_each_leaf(tree, |leaf, nodes| {
                let path = LeafPath::new(&self.forest, tree, nodes);
                let conditions = path.conditions(&self.encoding, tree);
                let background = match &self.absent {
                    Absent::Covers => Vec::new(),
                    Absent::Background { rows, .. } => {
                        (0..rows.n_rows()).map(|row| conditions.hold(rows, row)).collect()
                    }
                };
                for row in 0..rows.n_rows() {
                    let holds = conditions.hold(rows, row);
                    let game = LeafGame { players: &path.players, holds: &holds };
                    self.explain_leaf(&path, &game, &background, &mut |slot, amount| {
                        for (place, value) in leaf_values(tree, leaf, block) {
                            totals[(place * n_slots + slot) * stride + row] += value * amount;
                        }
                    });
                }
            });
        }
        sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum += total);
    }
}

/// A code of encoded rows.
fn code(rows: &EncodedRows, row: usize, column: usize) -> f32 {
    rows.column(row / ROWS_PER_BLOCK, column)[row % ROWS_PER_BLOCK]
}
