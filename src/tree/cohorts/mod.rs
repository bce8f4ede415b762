//! Background values and pair interactions on paths of any length: rows and background rows walk a tree together.
//!
//! A cohort is some rows, some background rows, and two sets of players: E, whose conditions on the path so far only
//! the rows meet, and R, whose conditions only the background rows meet. Of the hybrids of such a row and such a background
//! row, exactly those reach the node that take E from the row and R from the background row. Towards a child, a cohort falls
//! into at most three: both sides meet the condition, the row alone (the player joins E), the background row alone (R).
//! At a leaf all rows of a cohort receive one closed form ([`closed_form`]), times the weight of its background rows.
//!
//! Cost: the sum of the sizes of all cohorts of all nodes, for each chunk of rows. No table, so no bound on the depth: short
//! paths are cheaper by tables of patterns, and the walk can be told to leave their leaves out.

mod background;
mod closed_form;
mod compiled;
mod leaves;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use background::Background;
use closed_form::ClosedForm;
use compiled::{Trees, number};
use leaves::{PairLeaves, PairSlots, ValueLeaves};
use walk::{Scratch, Table};

use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Step};
use super::sweep::{Block, Kernel, blocks};

/// What a kernel's slots are.
#[derive(Debug, Clone, Copy)]
pub enum Slots<'a> {
    /// One for each player: values.
    Players,
    /// One for each of these pairs `(i, j)`, `i < j`, in ascending order: undivided interactions. A pair that shares a path
    /// with a wanted leaf must be among them.
    Pairs(&'a [(u32, u32)]),
}

/// The walk as a kernel.
#[derive(Debug)]
pub struct Cohorts {
    forest: Arc<Forest>,
    trees: Trees,
    background: Background,
    closed_form: ClosedForm,
    n_columns: usize,
    n_slots: usize,
    blocks: Vec<Block>,
    locals: Vec<Local>, // by block
}

/// What a block of trees adds to.
#[derive(Debug)]
struct Local {
    n_players: usize,
    pairs: Option<PairSlots>,
    slots: Vec<u32>, // the kernel's slot of each of the block's own slots
}

impl Cohorts {
    /// Prepare the trees that have wanted leaves: `leaves` names them for each tree in ascending order, `None` wants all.
    pub fn new(
        forest: Arc<Forest>,
        encoding: &Encoding,
        background: Background,
        leaves: Option<&[Vec<u32>]>,
        slots: Slots<'_>,
    ) -> Self {
        let wanted = (0..number(forest.trees.len()))
            .filter(|&tree| leaves.is_none_or(|leaves| !leaves[tree as usize].is_empty()));
        let blocks = blocks(&forest, wanted);
        let mut player_numbers: Vec<BTreeMap<u32, u32>> = vec![BTreeMap::new(); forest.trees.len()];
        let mut locals = Vec::new();
        for block in &blocks {
            let players = players_of(&forest, &block.trees);
            for &tree in &block.trees {
                player_numbers[tree as usize].clone_from(&players);
            }
            locals.push(Local {
                n_players: players.len(),
                pairs: None,
                slots: players.into_keys().collect(),
            });
        }
        let trees = Trees::new(&forest, encoding, leaves, |tree, player| player_numbers[tree][&player]);
        let mut longest = 0;
        for (block, local) in blocks.iter().zip(&mut locals) {
            let mut paths = leaves::Paths::new(local.n_players, matches!(slots, Slots::Pairs(_)));
            block.trees.iter().for_each(|&tree| paths.visit(&trees, tree as usize));
            longest = longest.max(paths.longest);
            if let Slots::Pairs(pairs) = slots {
                let players = std::mem::take(&mut local.slots);
                let own = paths.into_pairs();
                let slot = |&(i, j): &(u32, u32)| {
                    let pair = (players[i as usize], players[j as usize]);
                    number(pairs.binary_search(&pair).expect("pairs of a path are among the slots"))
                };
                local.slots = own.iter().map(slot).collect();
                local.pairs = Some(PairSlots::new(local.n_players, &own));
            }
        }
        let n_slots = match slots {
            Slots::Players => forest.n_players(),
            Slots::Pairs(pairs) => pairs.len(),
        };
        let closed_form = ClosedForm::new(longest);
        Self {
            forest,
            trees,
            background,
            closed_form,
            n_columns: encoding.n_columns(),
            n_slots,
            blocks,
            locals,
        }
    }

    /// How many nodes have a wanted leaf below, for a plan's words.
    pub fn n_trees(&self) -> usize {
        self.blocks.iter().map(|block| block.trees.len()).sum()
    }
}

impl Kernel for Cohorts {
    fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    fn add(&self, number: usize, rows: &EncodedRows, sums: &mut [f64]) {
        let (block, local) = (&self.blocks[number], &self.locals[number]);
        let n_local = local.slots.len();
        let (n_rows, n_outputs) = (rows.n_rows(), block.outputs.len());
        let codes = columns_of(rows, self.n_columns);
        let row_table = Table { codes: &codes, stride: rows.n_blocks() * ROWS_PER_BLOCK, n_rows };
        let background = Table {
            codes: self.background.codes(),
            stride: self.background.n_rows(),
            n_rows: self.background.n_rows(),
        };
        let mut totals = vec![0.0; n_rows * n_outputs * n_local]; // [row][output][own slot]
        let mut scratch = Scratch::default();
        for &tree in &block.trees {
            let leaves = leaves::Leaves::new(
                &self.forest.trees[tree as usize],
                block,
                self.background.weights(),
                &self.closed_form,
            );
            let tree = tree as usize;
            if let Some(pairs) = &local.pairs {
                let mut to = PairLeaves::new(leaves, pairs, &mut totals, n_outputs * n_local);
                scratch.walk(&self.trees, tree, local.n_players, row_table, background, &mut to);
            } else {
                let mut to = ValueLeaves::new(leaves, &mut totals, n_outputs * n_local, n_local);
                scratch.walk(&self.trees, tree, local.n_players, row_table, background, &mut to);
            }
        }
        let stride = sums.len() / (n_outputs * self.n_slots).max(1);
        for (row, totals) in totals.chunks_exact((n_outputs * n_local).max(1)).enumerate() {
            for (output, totals) in totals.chunks_exact(n_local.max(1)).enumerate() {
                for (&slot, total) in local.slots.iter().zip(totals) {
                    sums[(output * self.n_slots + slot as usize) * stride + row] += total;
                }
            }
        }
    }
}

/// All codes of a chunk, `[encoded column][row]`.
fn columns_of(rows: &EncodedRows, n_columns: usize) -> Vec<f32> {
    let mut codes = Vec::with_capacity(n_columns * rows.n_blocks() * ROWS_PER_BLOCK);
    for column in 0..n_columns {
        (0..rows.n_blocks()).for_each(|block| codes.extend_from_slice(rows.column(block, column)));
    }
    codes
}

/// The players that some trees split on, numbered from 0 in ascending order.
fn players_of(forest: &Forest, trees: &[u32]) -> BTreeMap<u32, u32> {
    let nodes = trees.iter().flat_map(|&tree| &forest.trees[tree as usize].nodes);
    let columns = nodes.filter_map(|node| match &node.step {
        Step::Split(split) => Some(split.column),
        Step::Leaf(_) => None,
    });
    let mut players: BTreeMap<u32, u32> = columns.map(|column| (forest.player[column as usize], 0)).collect();
    players.values_mut().zip(0..).for_each(|(number, next)| *number = next);
    players
}
