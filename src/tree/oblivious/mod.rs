//! Oblivious trees: the leaf's number is the pattern, one table a player over all leaves.
//!
//! All nodes of a level ask the same, so what a row does in a tree of D levels is one number below 2^D, and its values
//! are a function of that number: a table for each player of the tree (or each pair). Explaining a row is D comparisons
//! and one look-up a player. Tables are made once, in f64:
//!
//! 1. the worth of every coalition under every pattern (`worth`): path-dependent through the covers, conditioned
//!    from the root down, or against a background by the histogram of its leaf numbers;
//! 2. from worths to values, by the derivative of the multilinear extension at few points (`contract`).
//!
//! Cost of a tree: 3^D times a small number for the tables, for a background 4^D; memory 2^D for each player or pair. Deeper
//! trees than [`MOST_LEVELS`] (pairs: [`MOST_LEVELS_OF_PAIRS`]) are left to the kernels of ordinary trees.

mod contract;
mod indices;
mod lookup;
mod worth;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use self::indices::Level;
use self::lookup::{Look, Tables};
use self::worth::Shape;
use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Output, Precision, Split, Step, Tree};
use super::sweep::{Block, Kernel, Slots, TREES_PER_BLOCK, blocks};
use crate::error::Error;
use crate::parallel::Workers;
use crate::simd::InstructionSet;

/// Levels of a tree whose values are looked up.
pub const MOST_LEVELS: usize = 10;
/// Levels of a tree whose pairs are looked up: their number grows with the square of the levels.
pub const MOST_LEVELS_OF_PAIRS: usize = 8;
/// Encoded blocks whose leaf numbers are held at once: with 16 trees 16 KiB, half of a first-level cache.
const BLOCKS_PER_TILE: usize = 4;
const ROWS_PER_TILE: usize = BLOCKS_PER_TILE * ROWS_PER_BLOCK;

/// What absent players are worth.
#[derive(Debug, Clone, Copy)]
pub enum Absent<'a> {
    /// The covers' shares.
    Covers,
    /// Background rows with their weights, of any sign.
    Background(&'a EncodedRows, &'a [f64]),
}

/// Tables over leaf numbers, as a kernel.
#[derive(Debug)]
pub struct Oblivious {
    blocks: Vec<Block>,
    prepared: Vec<Prepared>,
    n_slots: usize,
    set: InstructionSet,
}

/// A block of trees: how leaf numbers are found, and the tables by output and slot.
#[derive(Debug)]
struct Prepared {
    trees: Vec<Vec<Level>>, // lowest bit first
    runs: Vec<Run>,
    looks: Vec<Look>,
    tables: Tables,
}

/// All look-ups of one output and slot.
#[derive(Debug)]
struct Run {
    output: usize, // within the block
    slot: usize,
    looks: std::ops::Range<usize>,
}

/// A tree's split of each level, root first; none where the tree is not oblivious or has linear leaves.
fn levels(tree: &Tree) -> Option<Vec<Split>> {
    let split = |node: &super::forest::Node| match node.step {
        Step::Split(split) => Some(split),
        Step::Leaf(_) => None,
    };
    (tree.is_oblivious && tree.linear.is_empty()).then(|| tree.nodes.iter().map_while(split).collect())
}

/// Whether these kernels explain a tree.
pub fn takes(tree: &Tree, pairs: bool) -> bool {
    let most = if pairs { MOST_LEVELS_OF_PAIRS } else { MOST_LEVELS };
    levels(tree).is_some_and(|levels| levels.len() <= most)
}

impl Oblivious {
    /// Make the tables of `trees`, which [`takes`] says yes to. Pairs must be all that share a tree.
    #[expect(clippy::too_many_arguments, reason = "what a kernel is made of")]
    pub fn new(
        forest: &Forest,
        encoding: &Encoding,
        trees: impl IntoIterator<Item = u32>,
        absent: Absent<'_>,
        slots: Slots<'_>,
        precision: Precision,
        set: InstructionSet,
        workers: &Workers<'_>,
    ) -> Result<Self, Error> {
        let blocks = blocks(forest, trees);
        let places: Vec<Mutex<Option<Prepared>>> = blocks.iter().map(|_| Mutex::default()).collect();
        let sets = shared_sets(forest, encoding, &blocks);
        workers.for_each_unit(blocks.iter().zip(&places), |_, (block, place)| {
            let prepared = prepare(forest, encoding, &sets, block, absent, slots, precision, set);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(prepared);
        })?;
        let prepared = places.into_iter().filter_map(|place| place.into_inner().ok().flatten()).collect();
        let n_slots = match slots {
            Slots::Players => forest.n_players(),
            Slots::Pairs(pairs) => pairs.len(),
        };
        Ok(Self { blocks, prepared, n_slots, set })
    }

    /// Trees, for a plan's words.
    pub fn n_trees(&self) -> usize {
        self.prepared.iter().map(|block| block.trees.len()).sum()
    }

    /// Memory of the tables.
    pub fn n_bytes(&self) -> usize {
        self.prepared.iter().map(|block| block.tables.n_bytes()).sum()
    }
}

impl Kernel for Oblivious {
    fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    fn add(&self, number: usize, rows: &EncodedRows, sums: &mut [f64]) {
        let (block, prepared) = (&self.blocks[number], &self.prepared[number]);
        let stride = sums.len() / (block.outputs.len() * self.n_slots).max(1);
        let order = prepared.tables.order();
        let mut leaves = [[0; ROWS_PER_TILE]; TREES_PER_BLOCK];
        for first in (0..rows.n_blocks()).step_by(BLOCKS_PER_TILE) {
            let tile = first..rows.n_blocks().min(first + BLOCKS_PER_TILE);
            let n_rows = tile.len() * ROWS_PER_BLOCK;
            for (tree, leaves) in prepared.trees.iter().zip(&mut leaves) {
                indices::leaf_numbers(self.set, tree, rows, tile.clone(), order, leaves);
            }
            for run in &prepared.runs {
                let place = (run.output * self.n_slots + run.slot) * stride + first * ROWS_PER_BLOCK;
                let looks = &prepared.looks[run.looks.clone()];
                lookup::add(self.set, &prepared.tables, looks, &leaves, &mut sums[place..][..n_rows]);
            }
        }
    }
}

/// By output and slot: trees of the block with their tables.
type ByPlace = BTreeMap<(usize, usize), Vec<(usize, Vec<f64>)>>;

/// One copy of each category set, however many splits ask for it.
type Sets = BTreeMap<(usize, usize), Arc<[u32]>>;

fn shared_sets(forest: &Forest, encoding: &Encoding, blocks: &[Block]) -> Sets {
    let trees = blocks.iter().flat_map(|block| &block.trees).map(|&tree| &forest.trees[tree as usize]);
    let mut sets = Sets::new();
    for split in trees.filter_map(levels).flatten() {
        if let super::encode::Test::InSet { words, .. } = encoding.test(&split) {
            sets.entry(key(words)).or_insert_with(|| words.into());
        }
    }
    sets
}

/// A set is known by where its words lie.
fn key(words: &[u32]) -> (usize, usize) {
    (words.as_ptr().addr(), words.len())
}

#[expect(clippy::too_many_arguments, reason = "what a kernel is made of")]
fn prepare(
    forest: &Forest,
    encoding: &Encoding,
    sets: &Sets,
    block: &Block,
    absent: Absent<'_>,
    slots: Slots<'_>,
    precision: Precision,
    set: InstructionSet,
) -> Prepared {
    let trees: Vec<(&Tree, Vec<Split>)> = block
        .trees
        .iter()
        .map(|&tree| &forest.trees[tree as usize])
        .map(|tree| (tree, levels(tree).unwrap_or_default()))
        .collect();
    let most = trees.iter().map(|(_, levels)| levels.len()).max().unwrap_or(0);
    let mut tables = Tables::new(most, precision, set);
    let mut by_place = ByPlace::new();
    let mut compiled = Vec::new();
    for (number, (tree, splits)) in trees.iter().enumerate() {
        let tests: Vec<Level> = splits
            .iter()
            .rev()
            .map(|split| Level::new(encoding.test(split), |words| sets[&key(words)].clone()))
            .collect();
        let shape = Shape::new(splits.iter().map(|split| forest.player[split.column as usize]));
        let histogram = match absent {
            Absent::Covers => None,
            Absent::Background(rows, weights) => {
                Some(indices::histogram(set, &tests, rows, weights, splits.len()))
            }
        };
        for output in outputs(tree, block) {
            let values = output_values(tree, output);
            let worth = match &histogram {
                None => worth::path_dependent(tree, &shape, &values),
                Some(histogram) => worth::interventional(&shape, &values, histogram),
            };
            for (slot, table) in tables_of(&worth, &shape, slots) {
                by_place.entry((output - block.outputs.start, slot)).or_default().push((number, table));
            }
        }
        compiled.push(tests);
    }
    let (mut runs, mut looks) = (Vec::new(), Vec::new());
    for ((output, slot), own) in by_place {
        runs.push(Run { output, slot, looks: looks.len()..looks.len() + own.len() });
        looks.extend(own.into_iter().map(|(tree, table)| Look { tree, table: tables.push(&table) }));
    }
    Prepared { trees: compiled, runs, looks, tables }
}

/// The outputs of the block that a tree adds to.
fn outputs(tree: &Tree, block: &Block) -> std::ops::Range<usize> {
    match tree.output {
        Output::All => block.outputs.clone(),
        Output::One(output) => output as usize..output as usize + 1,
    }
}

/// A tree's leaf values for one output.
fn output_values(tree: &Tree, output: usize) -> Vec<f64> {
    let (first, width) = match tree.output {
        Output::One(_) => (0, 1),
        Output::All => (output, tree.values.len() / tree.n_leaves()),
    };
    tree.values.iter().skip(first).step_by(width).copied().collect()
}

/// Slot and table over leaf numbers, for each player or pair of the tree.
fn tables_of(worth: &[f64], shape: &Shape, slots: Slots<'_>) -> Vec<(usize, Vec<f64>)> {
    let players = shape.players();
    match slots {
        Slots::Players => {
            let tables = contract::values(worth, shape);
            players.iter().map(|&player| player as usize).zip(tables).collect()
        }
        Slots::Pairs(pairs) => {
            let slot = |(i, j): (usize, usize)| {
                pairs.binary_search(&(players[i], players[j])).expect("pairs of a tree are among the slots")
            };
            contract::pairs(worth, shape).into_iter().map(|(pair, table)| (slot(pair), table)).collect()
        }
    }
}
