//! Covers found by dropping weighted rows through the trees, and the expected output under them.

use std::sync::{Mutex, PoisonError};

use super::descent::Descent;
use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Output, Step, Tree};
use super::rows::Rows;
use crate::error::Error;
use crate::parallel::Workers;

impl Forest {
    /// The same forest with the covers that these rows give: the weight of the rows that come through each node.
    ///
    /// The rows have the forest's columns; `weights` are one a row, none below 0, or none at all: then every row weighs 1.
    pub fn with_covers(
        &self,
        rows: &Rows<'_>,
        weights: Option<&[f64]>,
        workers: &Workers<'_>,
    ) -> Result<Self, Error> {
        super::plan::check_rows(self, rows)?;
        let weights = super::plan::checked_weights(rows.n_rows(), weights)?;
        let encoding = Encoding::new(self)?;
        let mut encoded = EncodedRows::default();
        encoding.encode(rows, 0..rows.n_rows(), &mut encoded);
        let mut forest = self.clone();
        let trees: Vec<Mutex<&mut Tree>> = forest.trees.iter_mut().map(Mutex::new).collect();
        workers.for_each_unit(self.trees.iter().zip(&trees), |_, (tree, with_covers)| {
            let mut with_covers = with_covers.lock().unwrap_or_else(PoisonError::into_inner);
            drop_rows(tree, &encoding, &encoded, &weights, &mut with_covers);
        })?;
        drop(trees);
        forest.has_cover = true;
        Ok(forest)
    }

    /// Path-dependent expectation of every output: the offset and each leaf's value times its share of the cover.
    pub fn expected_values(&self) -> Vec<f64> {
        let mut expected = vec![0.0; self.n_outputs()];
        for tree in &self.trees {
            let shares = leaf_shares(tree);
            match tree.output {
                Output::One(output) => {
                    let terms = shares.iter().zip(&tree.values).map(|(share, value)| share * value);
                    expected[output as usize] += terms.sum::<f64>();
                }
                Output::All => {
                    for (share, values) in shares.iter().zip(tree.values.chunks(expected.len())) {
                        expected.iter_mut().zip(values).for_each(|(sum, value)| *sum += share * value);
                    }
                }
            }
        }
        expected.iter_mut().zip(&self.offset).for_each(|(sum, offset)| *sum += offset);
        expected
    }
}

/// Weigh the leaves, then every node from below.
fn drop_rows(tree: &Tree, encoding: &Encoding, rows: &EncodedRows, weights: &[f64], with_covers: &mut Tree) {
    let descent = Descent::new(tree, encoding);
    let mut weight_of = vec![0.0; tree.n_leaves()];
    let mut leaves = [0; ROWS_PER_BLOCK];
    for (block, weights) in weights.chunks(ROWS_PER_BLOCK).enumerate() {
        descent.leaves(rows, block, &mut leaves);
        weights.iter().zip(leaves).for_each(|(weight, leaf)| weight_of[leaf as usize] += weight);
    }
    for node in (0..tree.nodes.len()).rev() {
        with_covers.nodes[node].cover = match tree.nodes[node].step {
            Step::Leaf(leaf) => weight_of[leaf as usize],
            Step::Split(split) => {
                with_covers.nodes[node + 1].cover + with_covers.nodes[split.right as usize].cover
            }
        };
    }
}

/// The share of the root's cover that comes to each leaf.
fn leaf_shares(tree: &Tree) -> Vec<f64> {
    let mut share_of = vec![1.0; tree.nodes.len()];
    let mut shares = Vec::with_capacity(tree.n_leaves());
    for (number, node) in tree.nodes.iter().enumerate() {
        match node.step {
            Step::Leaf(_) => shares.push(share_of[number]),
            Step::Split(split) => {
                let left = tree.fraction_left(number, &split);
                share_of[number + 1] = share_of[number] * left;
                share_of[split.right as usize] = share_of[number] * (1.0 - left);
            }
        }
    }
    shares
}
