//! Background values and pair interactions on paths of any length: rows and background rows walk a tree together.
//!
//! A cohort is some rows, some background rows, and two sets of players: E, whose conditions on the path so far only
//! the rows meet, and R, whose conditions only the background rows meet. Of the hybrids of such a row and such a background
//! row, exactly those reach the node that take E from the row and R from the background row. Towards a child, a cohort falls
//! into at most three: both sides meet the condition, the row alone (the player joins E), the background row alone (R).
//! At a leaf all rows of a cohort receive one closed form (`closed_form`), times the weight of its background rows.
//!
//! Most leaves need no walk. Where values are wanted, those of at most 32 players are done one by one (`leafwise`), and
//! against thousands of background rows those of at most 15 by a table each (`wide`). Pairs, linear leaves and longer
//! paths walk.
//!
//! Cost of the walk: the sum of the sizes of all cohorts of all nodes, for each chunk of rows. No table, so no bound on the depth: short
//! paths are cheaper by tables of patterns, and the walk can be told to leave their leaves out.

mod background;
mod closed_form;
mod compiled;
mod leafwise;
mod leaves;
mod walk;
mod wide;

use std::sync::Arc;

pub use background::Background;
pub(super) use closed_form::ClosedForm;
use compiled::{Trees, number};
use leafwise::{LeafwiseChunk, LeafwiseScratch};
use leaves::{Leaves, PairSlots, Paths, Places, Shares};
pub(super) use walk::{Arrive, Sides};
use walk::{Scratch, Table};
use wide::{WideChunk, WideLeaf, WideScratch};

use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Output};
use super::linear_leaves::{LinearScratch, LinearShares, LinearTree, Numbers};
pub use super::sweep::Slots;
use super::sweep::{Block, Kernel, blocks};
use crate::simd::InstructionSet;

/// Leaves that are done one by one cost something for each chunk of rows, however short.
const ROWS_AT_ONCE: usize = 2048;

/// The walk as a kernel.
#[derive(Debug)]
pub struct Cohorts {
    forest: Arc<Forest>,
    trees: Trees,
    background: Background,
    closed_form: ClosedForm,
    linear: Vec<LinearTree>,  // by tree
    wide: Vec<Vec<WideLeaf>>, // by tree: leaves that a table does, and the walk leaves out
    leafwise: Trees,          // with those that are done one by one, which the walk leaves out too
    forms: leafwise::Weights,
    set: InstructionSet,
    n_columns: usize,
    n_raw: usize,
    n_slots: usize,
    blocks: Vec<Block>,
    locals: Vec<Local>, // by block
}

/// What a block of trees adds to.
#[derive(Debug)]
struct Local {
    slots: Vec<u32>,     // the kernel's slot of each of the block's own slots
    places: Vec<Places>, // by tree of the block
}

impl Cohorts {
    /// Prepare the trees that have wanted leaves: `leaves` names them for each tree in ascending order, `None` wants all.
    /// Trees with linear leaves have values.
    ///
    /// # Panics
    /// When pairs are asked for and a leaf is linear: whoever chooses kernels refuses that.
    pub fn new(
        forest: Arc<Forest>,
        encoding: &Encoding,
        background: Background,
        leaves: Option<&[Vec<u32>]>,
        slots: Slots<'_>,
    ) -> Self {
        let is_linear = forest.trees.iter().any(|tree| !tree.linear.is_empty());
        assert!(
            !(is_linear && matches!(slots, Slots::Pairs(_))),
            "pairs of linear leaves have no formula here"
        );
        let wanted = (0..number(forest.trees.len()))
            .filter(|&tree| leaves.is_none_or(|leaves| !leaves[tree as usize].is_empty()));
        let blocks = blocks(&forest, wanted);
        let mut trees = Trees::new(&forest, encoding, leaves);
        let paths: Vec<Paths> = (0..forest.trees.len())
            .map(|tree| {
                Paths::new(trees.of(tree), trees.players[tree].len(), matches!(slots, Slots::Pairs(_)))
            })
            .collect();
        // a linear leaf's hybrids may be told apart by any of the tree's players
        let most = |tree: usize| {
            if forest.trees[tree].linear.is_empty() {
                paths[tree].longest
            } else {
                trees.players[tree].len() + 1
            }
        };
        let closed_form = ClosedForm::new((0..paths.len()).map(most).max().unwrap_or(0));
        let for_values = matches!(slots, Slots::Players);
        let (wide, leafwise) = aside(&forest, encoding, &mut trees, background.n_rows(), for_values);
        let set = InstructionSet::chosen().unwrap_or(InstructionSet::Portable);
        let linear_tree = |(tree, players): (_, &Vec<u32>)| LinearTree::new(&forest, tree, encoding, players);
        let linear = forest.trees.iter().zip(&trees.players).map(linear_tree).collect();
        let locals = blocks.iter().map(|block| Local::new(block, &trees, &paths, slots)).collect();
        let n_slots = match slots {
            Slots::Players => forest.n_players(),
            Slots::Pairs(pairs) => pairs.len(),
        };
        let (n_columns, n_raw) = (encoding.n_columns(), encoding.n_raw_columns());
        Self {
            forest,
            trees,
            background,
            closed_form,
            linear,
            wide,
            leafwise,
            forms: leafwise::Weights::new(),
            set,
            n_columns,
            n_raw,
            n_slots,
            blocks,
            locals,
        }
    }

    /// All of a chunk's rows through one tree.
    fn tree(
        &self,
        (tree, block): (usize, &Block),
        places: &Places,
        chunk: &Chunk<'_>,
        totals: &mut [f64],
        (scratch, wide_scratch, leafwise_scratch): &mut (Scratch, WideScratch, LeafwiseScratch),
    ) {
        let Chunk { rows, background, n_outputs, n_local, ref numbers } = *chunk;
        let (weights, closed_form) = (self.background.weights(), &self.closed_form);
        let tree_of_forest = &self.forest.trees[tree];
        if let (Places::Players(slots), false) = (places, self.linear[tree].is_empty()) {
            let Output::One(output) = tree_of_forest.output else {
                unreachable!("linear leaves have one value")
            };
            let mut to = LinearShares {
                tree: &self.linear[tree],
                closed_form,
                rows: numbers,
                background: self.background.numbers(),
                weights,
                slots,
                first: (output as usize - block.outputs.start) * n_local,
                per_row: n_outputs * n_local,
                totals,
                scratch: LinearScratch::default(),
            };
            scratch.walk(&self.trees, tree, (rows, background), &mut to);
            return;
        }
        let leaves = Leaves::new(tree_of_forest, block, weights, closed_form);
        if let Places::Players(slots) = places {
            let (sets, n_slots) = (&self.trees.sets[..], n_local);
            let mut wide =
                WideChunk { sets, rows, background, weights, closed_form, slots, totals, n_outputs, n_slots };
            wide.add(&self.wide[tree], &leaves, wide_scratch, self.set);
            let mut leafwise = LeafwiseChunk {
                trees: &self.leafwise,
                rows,
                background,
                weights,
                forms: &self.forms,
                slots,
                totals,
                n_outputs,
                n_slots,
            };
            leafwise.add(tree, &leaves, leafwise_scratch, self.set);
        }
        let mut to = Shares::new(leaves, places, (n_outputs, n_local), totals);
        scratch.walk(&self.trees, tree, (rows, background), &mut to);
    }

    /// Trees that have wanted leaves.
    pub fn n_trees(&self) -> usize {
        (0..self.wide.len())
            .filter(|&tree| {
                self.trees.is_wanted(tree) || self.leafwise.is_wanted(tree) || !self.wide[tree].is_empty()
            })
            .count()
    }
}

/// What a chunk brings to every tree.
struct Chunk<'a> {
    rows: Table<'a>,
    background: Table<'a>,
    numbers: Numbers,
    n_outputs: usize,
    n_local: usize,
}

/// Take the leaves that need no walk out of the trees: those of wide tables, and those that are done one by one. Neither
/// knows pairs.
fn aside(
    forest: &Arc<Forest>,
    encoding: &Encoding,
    trees: &mut Trees,
    n_background: usize,
    for_values: bool,
) -> (Vec<Vec<WideLeaf>>, Trees) {
    let is_plain = |tree: usize| for_values && forest.trees[tree].linear.is_empty();
    let (mut wide, mut one_by_one) = (Vec::new(), vec![Vec::new(); forest.trees.len()]);
    for tree in 0..forest.trees.len() {
        let found = if is_plain(tree) { WideLeaf::all(trees.of(tree), n_background) } else { Vec::new() };
        let leaves: Vec<u32> = found.iter().map(WideLeaf::leaf).collect();
        trees.leave_out(tree, forest.trees[tree].nodes.len(), &leaves);
        wide.push(found);
    }
    for (tree, leaves) in one_by_one.iter_mut().enumerate().filter(|(tree, _)| is_plain(*tree)) {
        *leaves = leafwise::leaves(trees.of(tree));
    }
    let leafwise = Trees::new(forest, encoding, Some(&one_by_one));
    for (tree, leaves) in one_by_one.iter().enumerate() {
        trees.leave_out(tree, forest.trees[tree].nodes.len(), leaves);
    }
    (wide, leafwise)
}

impl Kernel for Cohorts {
    fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    fn rows_at_once(&self) -> usize {
        ROWS_AT_ONCE
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
        let mut scratch = (Scratch::default(), WideScratch::default(), LeafwiseScratch::default());
        let numbers = Numbers::of_chunk(rows, self.n_raw);
        let chunk = Chunk { numbers, rows: row_table, background, n_outputs, n_local };
        for (&tree, places) in block.trees.iter().zip(&local.places) {
            self.tree((tree as usize, block), places, &chunk, &mut totals, &mut scratch);
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

impl Local {
    fn new(block: &Block, trees: &Trees, paths: &[Paths], slots: Slots<'_>) -> Self {
        let of_players = || block.trees.iter().flat_map(|&tree| trees.players[tree as usize].iter().copied());
        let of_tree = |tree: u32| (&trees.players[tree as usize], &paths[tree as usize]);
        match slots {
            Slots::Players => {
                let slots = distinct(of_players());
                let own = |player: &u32| number(slots.binary_search(player).expect("it is one of them"));
                let places = |&tree: &u32| Places::Players(of_tree(tree).0.iter().map(own).collect());
                Self { places: block.trees.iter().map(places).collect(), slots }
            }
            Slots::Pairs(pairs) => {
                // (pair of the tree, slot of the kernel)
                let of_tree = |tree: u32| {
                    let (players, paths) = of_tree(tree);
                    paths.pairs().map(move |(i, j)| {
                        let pair = (players[i as usize], players[j as usize]);
                        let slot = pairs.binary_search(&pair).expect("pairs of a path are among the slots");
                        ((i, j), number(slot))
                    })
                };
                let slots =
                    distinct(block.trees.iter().flat_map(|&tree| of_tree(tree).map(|(_, slot)| slot)));
                let own =
                    |(pair, slot)| (pair, number(slots.binary_search(&slot).expect("it is one of them")));
                let places = |&tree: &u32| {
                    let n_players = trees.players[tree as usize].len();
                    Places::Pairs(PairSlots::new(n_players, of_tree(tree).map(own)))
                };
                Self { places: block.trees.iter().map(places).collect(), slots }
            }
        }
    }
}

fn distinct(numbers: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
