//! The forest's own prediction: every row down every tree, sums in tree order.

use super::descent::{Descent, leaf_of};
use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Output, Tree};
use super::rows::Rows;
use crate::error::Error;
use crate::parallel::Workers;

/// Rows that a thread takes at once.
const MOST_ROWS: usize = 512;
/// Below so many rows compiling the trees costs more than it gains.
const FEW_ROWS: usize = 32;

/// The raw margin of every row, `[row][output]`: the values of its leaves, added in doubles in the order of the trees, and the
/// offset last.
///
/// The rows have the forest's columns, and the encoding is the forest's.
pub fn predict(
    forest: &Forest,
    encoding: &Encoding,
    rows: &Rows<'_>,
    workers: &Workers<'_>,
) -> Result<Vec<f64>, Error> {
    let (n_rows, n_outputs) = (rows.n_rows(), forest.n_outputs());
    let mut margins = vec![0.0; n_rows * n_outputs];
    let per_thread = n_rows.div_ceil(workers.n_threads()).next_multiple_of(ROWS_PER_BLOCK);
    let rows_per_unit = per_thread.clamp(ROWS_PER_BLOCK, MOST_ROWS);
    let compile = |tree| Descent::new(tree, encoding);
    let descents: Option<Vec<_>> = (n_rows >= FEW_ROWS).then(|| forest.trees.iter().map(compile).collect());
    let units = margins.chunks_mut(rows_per_unit * n_outputs).enumerate();
    workers.for_each_unit(units, |_, (unit, margins)| {
        let first = unit * rows_per_unit;
        let mut encoded = EncodedRows::default();
        encoding.encode(rows, first..first + margins.len() / n_outputs, &mut encoded);
        match &descents {
            Some(descents) => add_all(forest, encoding, descents, &encoded, margins, workers),
            None => add_few(forest, encoding, &encoded, margins),
        }
        for margins in margins.chunks_mut(n_outputs) {
            margins.iter_mut().zip(&forest.offset).for_each(|(margin, offset)| *margin += offset);
        }
    })?;
    Ok(margins)
}

fn add_all(
    forest: &Forest,
    encoding: &Encoding,
    descents: &[Descent<'_>],
    rows: &EncodedRows,
    margins: &mut [f64],
    workers: &Workers<'_>,
) {
    let n_outputs = forest.n_outputs();
    let mut leaves = [0; ROWS_PER_BLOCK];
    for (tree, descent) in forest.trees.iter().zip(descents) {
        if workers.check().is_err() {
            return;
        }
        for (block, margins) in margins.chunks_mut(ROWS_PER_BLOCK * n_outputs).enumerate() {
            descent.leaves(rows, block, &mut leaves);
            if let (Output::One(output), true) = (tree.output, tree.linear.is_empty()) {
                let margins = margins[output as usize..].iter_mut().step_by(n_outputs);
                margins.zip(&leaves).for_each(|(margin, &leaf)| *margin += tree.values[leaf as usize]);
                continue;
            }
            for (lane, (margins, &leaf)) in margins.chunks_mut(n_outputs).zip(&leaves).enumerate() {
                add_leaf(tree, leaf, encoding, rows, block * ROWS_PER_BLOCK + lane, margins);
            }
        }
    }
}

fn add_few(forest: &Forest, encoding: &Encoding, rows: &EncodedRows, margins: &mut [f64]) {
    for (row, margins) in margins.chunks_mut(forest.n_outputs()).enumerate() {
        for tree in &forest.trees {
            add_leaf(tree, leaf_of(tree, encoding, rows, row), encoding, rows, row, margins);
        }
    }
}

/// Add what a leaf says of a row.
#[inline]
fn add_leaf(
    tree: &Tree,
    leaf: u32,
    encoding: &Encoding,
    rows: &EncodedRows,
    row: usize,
    margins: &mut [f64],
) {
    match tree.output {
        Output::One(output) => {
            let value = if tree.linear.is_empty() {
                tree.values[leaf as usize]
            } else {
                linear(tree, leaf, encoding, rows, row)
            };
            margins[output as usize] += value;
        }
        Output::All => {
            margins.iter_mut().zip(tree.leaf(leaf)).for_each(|(margin, value)| *margin += value);
        }
    }
}

/// A linear leaf: the constant first, then its terms in their order, as LightGBM adds them.
fn linear(tree: &Tree, leaf: u32, encoding: &Encoding, rows: &EncodedRows, row: usize) -> f64 {
    let linear = &tree.linear[leaf as usize];
    let mut value = linear.constant;
    for &(column, coefficient) in &linear.terms {
        let raw = encoding.raw_column(column).expect("columns of linear leaves are kept");
        let number = rows.raw(row / ROWS_PER_BLOCK, raw)[row % ROWS_PER_BLOCK];
        if number.is_nan() {
            return linear.if_nan;
        }
        value += coefficient * number;
    }
    value
}
