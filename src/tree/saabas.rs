//! Saabas's approximation: each split's step in the mean goes to its player.
//!
//! Walking a row's path, the player of a split receives the mean of the child that the row goes to minus the mean of the
//! node, a mean being that of the leaves below, weighted by cover. Values sum to the prediction minus the expectation, as
//! Shapley values do, but depend on the order of the splits. One walk a tree and row.

use std::sync::Arc;

use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK, Test};
use super::forest::{Forest, Output, Split, Step, Tree};
use super::sweep::{Block, Kernel, blocks};

/// The approximation as a kernel whose slots are players.
#[derive(Debug)]
pub struct Saabas {
    forest: Arc<Forest>,
    encoding: Arc<Encoding>,
    blocks: Vec<Block>,
}

impl Saabas {
    /// For a forest with covers.
    pub fn new(forest: Arc<Forest>, encoding: Arc<Encoding>) -> Self {
        let trees = (0..).take(forest.trees.len());
        let blocks = blocks(&forest, trees);
        Self { forest, encoding, blocks }
    }

    /// Add a tree's steps for all rows to `totals`, `[output of the block][slot][row]`.
    fn add_tree(&self, tree: &Tree, block: &Block, rows: &EncodedRows, totals: &mut [f64]) {
        let n_slots = self.forest.n_players();
        let stride = rows.n_blocks() * ROWS_PER_BLOCK;
        let means = means(tree);
        let width = tree.values.len() / tree.n_leaves();
        let tests: Vec<Option<(Split, Test<'_>)>> = tree
            .nodes
            .iter()
            .map(|node| match node.step {
                Step::Split(split) => Some((split, self.encoding.test(&split))),
                Step::Leaf(_) => None,
            })
            .collect();
        let outputs = match tree.output {
            Output::One(output) => output as usize..output as usize + 1,
            Output::All => block.outputs.clone(),
        };
        for row in 0..rows.n_rows() {
            let mut at = 0;
            while let Some((split, test)) = &tests[at] {
                let code = rows.column(row / ROWS_PER_BLOCK, test.column())[row % ROWS_PER_BLOCK];
                let child = if test.goes_left(code) { at + 1 } else { split.right as usize };
                let slot = self.forest.player[split.column as usize] as usize;
                for output in outputs.clone() {
                    let place = if tree.output == Output::All { output } else { 0 };
                    let step = means[child * width + place] - means[at * width + place];
                    totals[((output - block.outputs.start) * n_slots + slot) * stride + row] += step;
                }
                at = child;
            }
        }
    }
}

/// `[node][value]`: the mean of the leaves below each node, from the fractions that every walk uses.
fn means(tree: &Tree) -> Vec<f64> {
    let width = tree.values.len() / tree.n_leaves();
    let mut means = vec![0.0; tree.nodes.len() * width];
    for (number, node) in tree.nodes.iter().enumerate().rev() {
        match node.step {
            Step::Leaf(leaf) => means[number * width..][..width].copy_from_slice(tree.leaf(leaf)),
            Step::Split(split) => {
                let left = tree.fraction_left(number, &split);
                for k in 0..width {
                    let (a, b) = (means[(number + 1) * width + k], means[split.right as usize * width + k]);
                    means[number * width + k] = left * a + (1.0 - left) * b;
                }
            }
        }
    }
    means
}

impl Kernel for Saabas {
    fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    fn add(&self, number: usize, rows: &EncodedRows, sums: &mut [f64]) {
        let block = &self.blocks[number];
        let mut totals = vec![0.0; sums.len()];
        for &tree in &block.trees {
            self.add_tree(&self.forest.trees[tree as usize], block, rows, &mut totals);
        }
        sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum += total);
    }
}
