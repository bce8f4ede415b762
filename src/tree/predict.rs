//! The forest's own prediction: every row down every tree, sums in tree order.

use super::decisions::STEP;
use super::descent::{Descent, leaf_of};
use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Output, Tree};
use super::leaf_codes::{LeafCodes, MOST_LEAVES, Scratch};
use super::rows::Rows;
use crate::error::Error;
use crate::parallel::Workers;
use crate::simd::InstructionSet;

/// Rows that a thread takes at once: those that [`LeafCodes`] decides together.
const MOST_ROWS: usize = STEP * ROWS_PER_BLOCK;
/// Below so many rows compiling the trees costs more than it gains (measured: 40 rows on depth 6, 110 on depth 8).
const FEW_ROWS: usize = 64;

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
    predict_in(InstructionSet::chosen()?, forest, encoding, rows, workers)
}

/// The same in a given instruction set; the bits are equal in all.
pub fn predict_in(
    set: InstructionSet,
    forest: &Forest,
    encoding: &Encoding,
    rows: &Rows<'_>,
    workers: &Workers<'_>,
) -> Result<Vec<f64>, Error> {
    let (n_rows, n_outputs) = (rows.n_rows(), forest.n_outputs());
    let mut margins = vec![0.0; n_rows * n_outputs];
    let per_thread = n_rows.div_ceil(workers.n_threads()).next_multiple_of(ROWS_PER_BLOCK);
    let rows_per_unit = per_thread.clamp(ROWS_PER_BLOCK, MOST_ROWS);
    let compile = |tree| Compiled::new(set, tree, encoding);
    let compiled: Option<Vec<_>> = (n_rows >= FEW_ROWS).then(|| forest.trees.iter().map(compile).collect());
    let units = margins.chunks_mut(rows_per_unit * n_outputs).enumerate();
    workers.for_each_unit(units, |_, (unit, margins)| {
        let first = unit * rows_per_unit;
        let mut encoded = EncodedRows::default();
        encoding.encode(rows, first..first + margins.len() / n_outputs, &mut encoded);
        let leaves = Leaves { forest, encoding, rows: &encoded, set };
        match &compiled {
            Some(compiled) => leaves.add_all(compiled, margins, workers),
            None => leaves.add_few(margins),
        }
        for margins in margins.chunks_mut(n_outputs) {
            margins.iter_mut().zip(&forest.offset).for_each(|(margin, offset)| *margin += offset);
        }
    })?;
    Ok(margins)
}

/// A tree, ready for many rows.
#[derive(Debug)]
enum Compiled<'a> {
    /// With the values of the leaves by code, where they go to one output as they are.
    Codes(LeafCodes, Vec<f64>),
    Descent(Descent<'a>),
}

impl<'a> Compiled<'a> {
    fn new(set: InstructionSet, tree: &Tree, encoding: &'a Encoding) -> Self {
        if tree.n_leaves() > most_leaves(set) {
            return Self::Descent(Descent::new(tree, encoding));
        }
        let codes = LeafCodes::new(tree, encoding);
        let values = match output_of_values(tree) {
            Some(_) => codes.leaf_of().iter().map(|&leaf| tree.values[leaf as usize]).collect(),
            None => Vec::new(),
        };
        Self::Codes(codes, values)
    }
}

/// Up to how many leaves [`LeafCodes`] are used: without wide vectors walking wins earlier.
fn most_leaves(set: InstructionSet) -> usize {
    if set == InstructionSet::Portable { 64 } else { MOST_LEAVES }
}

/// The output that the values of the leaves go to as they are.
fn output_of_values(tree: &Tree) -> Option<usize> {
    match tree.output {
        Output::One(output) if tree.linear.is_empty() => Some(output as usize),
        _ => None,
    }
}

/// Encoded rows, and whose leaves they come to.
struct Leaves<'a> {
    forest: &'a Forest,
    encoding: &'a Encoding,
    rows: &'a EncodedRows,
    set: InstructionSet,
}

impl Leaves<'_> {
    fn add_all(&self, compiled: &[Compiled<'_>], margins: &mut [f64], workers: &Workers<'_>) {
        let n_outputs = self.forest.n_outputs();
        let mut scratch = Scratch::default();
        let mut leaves = [0; ROWS_PER_BLOCK];
        for (tree, compiled) in self.forest.trees.iter().zip(compiled) {
            if workers.check().is_err() {
                return;
            }
            let blocks = margins.chunks_mut(ROWS_PER_BLOCK * n_outputs).enumerate();
            match compiled {
                Compiled::Codes(codes, values) => {
                    let found = codes.codes(self.set, self.rows, &mut scratch);
                    for ((block, margins), found) in blocks.zip(found) {
                        if let Some(output) = output_of_values(tree) {
                            add_values(values, found, &mut margins[output..], n_outputs);
                        } else {
                            leaves = found.map(|code| codes.leaf_of()[code as usize]);
                            self.add_leaves(tree, &leaves, block, margins);
                        }
                    }
                }
                Compiled::Descent(descent) => {
                    for (block, margins) in blocks {
                        descent.leaves(self.rows, block, &mut leaves);
                        self.add_leaves(tree, &leaves, block, margins);
                    }
                }
            }
        }
    }

    fn add_few(&self, margins: &mut [f64]) {
        for (row, margins) in margins.chunks_mut(self.forest.n_outputs()).enumerate() {
            for tree in &self.forest.trees {
                self.add_leaf(tree, leaf_of(tree, self.encoding, self.rows, row), row, margins);
            }
        }
    }

    /// Add what the leaves of a block of rows say.
    fn add_leaves(&self, tree: &Tree, leaves: &[u32; ROWS_PER_BLOCK], block: usize, margins: &mut [f64]) {
        for (lane, (margins, &leaf)) in margins.chunks_mut(self.forest.n_outputs()).zip(leaves).enumerate() {
            self.add_leaf(tree, leaf, block * ROWS_PER_BLOCK + lane, margins);
        }
    }

    /// Add what a leaf says of a row.
    #[inline]
    fn add_leaf(&self, tree: &Tree, leaf: u32, row: usize, margins: &mut [f64]) {
        match tree.output {
            Output::One(output) if tree.linear.is_empty() => {
                margins[output as usize] += tree.values[leaf as usize];
            }
            Output::One(output) => margins[output as usize] += self.linear(tree, leaf, row),
            Output::All => {
                margins.iter_mut().zip(tree.leaf(leaf)).for_each(|(margin, value)| *margin += value);
            }
        }
    }

    /// A linear leaf: the constant first, then its terms in their order, as LightGBM adds them.
    fn linear(&self, tree: &Tree, leaf: u32, row: usize) -> f64 {
        let linear = &tree.linear[leaf as usize];
        let mut value = linear.constant;
        for &(column, coefficient) in &linear.terms {
            let raw = self.encoding.raw_column(column).expect("columns of linear leaves are kept");
            let number = self.rows.raw(row / ROWS_PER_BLOCK, raw)[row % ROWS_PER_BLOCK];
            if number.is_nan() {
                return linear.if_nan;
            }
            value += coefficient * number;
        }
        value
    }
}

/// Add the values of the leaves that have these codes, to the first of `n_outputs` margins each.
#[inline]
fn add_values(values: &[f64], codes: &[u8; ROWS_PER_BLOCK], margins: &mut [f64], n_outputs: usize) {
    if n_outputs == 1 {
        margins.iter_mut().zip(codes).for_each(|(margin, &code)| *margin += values[code as usize]);
    } else {
        let margins = margins.iter_mut().step_by(n_outputs);
        margins.zip(codes).for_each(|(margin, &code)| *margin += values[code as usize]);
    }
}
