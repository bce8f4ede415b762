//! The one loop over rows and trees: chunks of rows, blocks of trees, sums in one order for any number of threads.

use std::ops::Range;
use std::sync::Mutex;

use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Output};
use super::rows::Rows;
use crate::error::Error;
use crate::parallel::Workers;

/// Trees whose values are summed in the kernel's own precision before they are added as f64.
pub const TREES_PER_BLOCK: usize = 16;
/// Outputs that a tree with one value for each output is swept for at once.
pub const OUTPUTS_PER_BLOCK: usize = 4;
/// Rows of a chunk, where its slab stays below [`SLAB_BYTES`].
const MOST_ROWS: usize = 512;
/// What the sums of a chunk may take: half of a second-level cache of 1 MiB.
const SLAB_BYTES: usize = 512 << 10;
/// What the slots of all (chunk, block) units may take, where there are too few chunks for the threads.
const SLOT_BYTES: usize = 64 << 20;

/// Some trees, swept together, for some outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Numbers of at most [`TREES_PER_BLOCK`] trees of the forest.
    pub trees: Vec<u32>,
    /// The outputs that the block adds to, at most [`OUTPUTS_PER_BLOCK`].
    pub outputs: Range<usize>,
}

/// Something that adds the values of a block of trees for a chunk of rows.
///
/// The result for a row must not depend on the other rows of the chunk, nor on the chunk's length.
pub trait Kernel: Sync {
    /// The blocks, in the order in which their values are added.
    fn blocks(&self) -> &[Block];

    /// Add the values of block `number` for `rows` to `sums`, `[output of the block][slot][row]`, whose rows are a
    /// whole number of encoded blocks (those past the last true row are never read again).
    ///
    /// Each sum gets exactly one addition of the block's total, so that blocks may also be added up apart.
    fn add(&self, number: usize, rows: &EncodedRows, sums: &mut [f64]);
}

/// Where a chunk's sums go: `(sums, output range, rows of the chunk, stride of a slot, the chunk's part of the result)`.
/// Called once for each group of outputs.
pub type Write<'a, T> = dyn Fn(&Sums<'_>, &mut [T]) + Sync + 'a;

/// The finished sums of a chunk for a group of outputs.
#[derive(Debug)]
pub struct Sums<'a> {
    /// `[output of the group][slot][row, up to stride]`
    pub values: &'a [f64],
    /// The outputs.
    pub outputs: Range<usize>,
    /// True rows of the chunk.
    pub n_rows: usize,
    /// Distance from one slot to the next.
    pub stride: usize,
    /// Slots: players, or pairs.
    pub n_slots: usize,
    /// The first row of the chunk in the table.
    pub first_row: usize,
}

impl Sums<'_> {
    /// All rows of a slot, for the output `outputs.start + output`.
    #[inline]
    pub fn slot(&self, output: usize, slot: usize) -> &[f64] {
        &self.values[(output * self.n_slots + slot) * self.stride..][..self.n_rows]
    }
}

/// Blocks of all kernels that add to the same outputs.
struct Group {
    outputs: Range<usize>,
    blocks: Vec<(usize, usize)>, // (kernel, block)
}

/// Sweep `rows` through the trees of all `kernels`, and `write` each chunk's sums into its part of `out`, which has
/// `row_length` elements a row. Outputs that no kernel adds to are written too, as zeros.
#[expect(clippy::too_many_arguments, reason = "the one place where all of them meet")]
pub fn sweep<T: Send>(
    kernels: &[&dyn Kernel],
    encoding: &Encoding,
    rows: &Rows<'_>,
    n_slots: usize,
    n_outputs: usize,
    workers: &Workers<'_>,
    progress: &(dyn Fn(usize) + Sync),
    (out, row_length): (&mut [T], usize),
    write: &Write<'_, T>,
) -> Result<(), Error> {
    let groups = groups(kernels, n_outputs);
    let widest = groups.iter().map(|group| group.outputs.len()).max().unwrap_or(1);
    let n_rows = rows.n_rows();
    let fitting = SLAB_BYTES / (8 * (n_slots * widest).max(1)) / ROWS_PER_BLOCK * ROWS_PER_BLOCK;
    let chunk_rows = fitting.clamp(ROWS_PER_BLOCK, MOST_ROWS);
    if row_length == 0 || n_rows == 0 {
        return workers.check();
    }
    let n_chunks = n_rows.div_ceil(chunk_rows);
    let stride = chunk_rows.min(n_rows).next_multiple_of(ROWS_PER_BLOCK);
    let n_blocks: usize = groups.iter().map(|group| group.blocks.len()).max().unwrap_or(0);
    let slot_bytes = n_blocks * widest * n_slots * stride * 8;
    let few_chunks =
        n_chunks < 2 * workers.n_threads() && workers.n_threads() > 1 && slot_bytes <= SLOT_BYTES;
    let chunks = out.chunks_mut(chunk_rows * row_length).enumerate();
    let range = |chunk: usize| chunk * chunk_rows..((chunk + 1) * chunk_rows).min(n_rows);
    if !few_chunks {
        return workers.for_each_unit(chunks, |_, (chunk, part)| {
            let mut encoded = EncodedRows::default();
            encoding.encode(rows, range(chunk), &mut encoded);
            let mut sums = vec![0.0; widest * n_slots * stride];
            for group in &groups {
                let sums = &mut sums[..group.outputs.len() * n_slots * stride];
                sums.fill(0.0);
                for &(kernel, block) in &group.blocks {
                    if workers.check().is_err() {
                        return;
                    }
                    kernels[kernel].add(block, &encoded, sums);
                }
                write(&finished(sums, group, encoded.n_rows(), stride, n_slots, range(chunk).start), part);
            }
            progress(encoded.n_rows());
        });
    }
    for (chunk, part) in chunks {
        let mut encoded = EncodedRows::default();
        encoding.encode(rows, range(chunk), &mut encoded);
        for group in &groups {
            let size = group.outputs.len() * n_slots * stride;
            let slots: Vec<Mutex<Vec<f64>>> = group.blocks.iter().map(|_| Mutex::default()).collect();
            workers.for_each_unit(group.blocks.iter().zip(&slots), |_, (&(kernel, block), slot)| {
                let mut sums = vec![0.0; size];
                kernels[kernel].add(block, &encoded, &mut sums);
                *slot.lock().expect("nobody panics with the slot in hand") = sums;
            })?;
            let mut sums = vec![0.0; size];
            for slot in slots {
                let block = slot.into_inner().expect("nobody panics with the slot in hand");
                sums.iter_mut().zip(block).for_each(|(sum, more)| *sum += more);
            }
            write(&finished(&sums, group, encoded.n_rows(), stride, n_slots, range(chunk).start), part);
        }
        progress(encoded.n_rows());
    }
    workers.check()
}

fn finished<'a>(
    values: &'a [f64],
    group: &Group,
    n_rows: usize,
    stride: usize,
    n_slots: usize,
    first_row: usize,
) -> Sums<'a> {
    Sums { values, outputs: group.outputs.clone(), n_rows, stride, n_slots, first_row }
}

/// Blocks that add to the same outputs, together; outputs that nobody adds to as groups without blocks.
fn groups(kernels: &[&dyn Kernel], n_outputs: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (kernel, blocks) in kernels.iter().map(|kernel| kernel.blocks()).enumerate() {
        for (number, block) in blocks.iter().enumerate() {
            match groups.iter_mut().find(|group| group.outputs == block.outputs) {
                Some(group) => group.blocks.push((kernel, number)),
                None => groups.push(Group { outputs: block.outputs.clone(), blocks: vec![(kernel, number)] }),
            }
        }
    }
    for output in 0..n_outputs {
        if !groups.iter().any(|group| group.outputs.contains(&output)) {
            groups.push(Group { outputs: output..output + 1, blocks: Vec::new() });
        }
    }
    groups.sort_by_key(|group| group.outputs.start);
    groups
}

/// Cut trees of a forest into blocks, sorted by output: the cut that every kernel uses, so that the sums of several
/// kernels meet in the same groups. A tree of one output may stand in a block of several; it adds to its own alone.
pub fn blocks(forest: &Forest, trees: impl IntoIterator<Item = u32>) -> Vec<Block> {
    let n_outputs = forest.n_outputs();
    let wide = forest.trees.iter().any(|tree| tree.output == Output::All) && n_outputs > 1;
    let width = if wide { OUTPUTS_PER_BLOCK } else { 1 };
    let mut by_group: Vec<Vec<u32>> = vec![Vec::new(); n_outputs.div_ceil(width)];
    for tree in trees {
        match forest.trees[tree as usize].output {
            Output::One(output) => by_group[output as usize / width].push(tree),
            Output::All => by_group.iter_mut().for_each(|group| group.push(tree)),
        }
    }
    let range = |group: usize| group * width..((group + 1) * width).min(n_outputs);
    let cut = |(group, trees): (usize, Vec<u32>)| {
        let blocks =
            trees.chunks(TREES_PER_BLOCK).map(|trees| Block { trees: trees.to_vec(), outputs: range(group) });
        blocks.collect::<Vec<_>>()
    };
    by_group.into_iter().enumerate().flat_map(cut).collect()
}
