//! The one loop over rows and trees: chunks of rows, blocks of trees, sums in one order for any number of threads.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Output};
use super::rows::Rows;
use crate::error::Error;
use crate::parallel::Workers;

/// Trees whose values are summed in the kernel's own precision before they are added as f64.
pub const TREES_PER_BLOCK: usize = 16;
/// Outputs that a tree with one value for each output is swept for at once.
pub const OUTPUTS_PER_BLOCK: usize = 4;
/// Rows of a chunk, where its slab stays below [`SLAB_BYTES`] and no kernel asks for more.
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
pub trait Kernel: Send + Sync + std::fmt::Debug {
    /// The blocks, in the order in which their values are added.
    fn blocks(&self) -> &[Block];

    /// Add the values of block `number` for `rows` to `sums`, `[output of the block][slot][row]`, whose rows are a
    /// whole number of encoded blocks (those past the last true row are never read again).
    ///
    /// Each sum gets exactly one addition of the block's total, so that blocks may also be added up apart. A slot lies
    /// `sums.len() / (outputs of the block * slots)` after the one before, which is `64 * rows.n_blocks()`.
    fn add(&self, number: usize, rows: &EncodedRows, sums: &mut [f64]);

    /// Rows of a chunk that suit the kernel, memory permitting: more where something large is read once for a chunk.
    fn rows_at_once(&self) -> usize {
        MOST_ROWS
    }
}

/// What a kernel's slots are.
#[derive(Debug, Clone, Copy)]
pub enum Slots<'a> {
    /// One for each player: values.
    Players,
    /// One for each of these pairs `(i, j)`, `i < j`, in ascending order: undivided interactions. A pair of players that
    /// share a path is among them.
    Pairs(&'a [(u32, u32)]),
}

/// Kernels that add to the same slots.
#[derive(Clone)]
pub struct Section<'a> {
    /// The kernels; their blocks are added in this order.
    pub kernels: Vec<&'a dyn Kernel>,
    /// Slots of each of them.
    pub n_slots: usize,
}

/// Where a chunk's sums go: `(sums, the chunk's part of the result)`. Called once for each group of outputs.
pub type Write<'a, T> = dyn Fn(&Sums<'_>, &mut [T]) + Sync + 'a;

/// The finished sums of a chunk for a group of outputs.
#[derive(Debug)]
pub struct Sums<'a> {
    /// `[section][output of the group][slot][row, up to stride]`
    values: &'a [f64],
    /// Slots of each section.
    n_slots: &'a [usize],
    /// Distance from one slot to the next.
    stride: usize,
    /// The outputs.
    pub outputs: Range<usize>,
    /// The rows of the table; the chunk's part of the result begins with the first.
    pub rows: Range<usize>,
}

impl Sums<'_> {
    /// All rows of a slot of the first section, for the output `outputs.start + output`.
    #[inline]
    pub fn slot(&self, output: usize, slot: usize) -> &[f64] {
        self.slot_of(0, output, slot)
    }

    /// The same of any section.
    #[inline]
    pub fn slot_of(&self, section: usize, output: usize, slot: usize) -> &[f64] {
        let before: usize = self.n_slots[..section].iter().sum();
        let first = before * self.outputs.len() + output * self.n_slots[section] + slot;
        &self.values[first * self.stride..][..self.rows.len()]
    }
}

impl Sums<'_> {
    /// The rows of two slots, `(section, slot)`; empty where the section has no slots.
    pub(super) fn two(&self, output: usize, a: (usize, usize), b: (usize, usize)) -> (&[f64], &[f64]) {
        let rows = |(section, slot): (usize, usize)| {
            if self.n_slots[section] == 0 { &[] } else { self.slot_of(section, output, slot) }
        };
        (rows(a), rows(b))
    }
}

/// Blocks of all kernels that add to the same outputs.
struct Group {
    outputs: Range<usize>,
    blocks: Vec<Place>,
}

/// (section, kernel, block)
type Place = (usize, usize, usize);

/// What a sweep is about.
pub struct Sweep<'a> {
    sections: &'a [Section<'a>],
    encoding: &'a Encoding,
    rows: &'a Rows<'a>,
    n_slots: Vec<usize>, // of each section
    groups: Vec<Group>,
    rows_per_chunk: usize,
}

impl<'a> Sweep<'a> {
    /// Plan the chunks. Outputs that no kernel adds to are written too, as zeros.
    pub fn new(
        sections: &'a [Section<'a>],
        encoding: &'a Encoding,
        rows: &'a Rows<'a>,
        n_outputs: usize,
    ) -> Self {
        let groups = groups(sections, n_outputs);
        let n_slots: Vec<usize> = sections.iter().map(|section| section.n_slots).collect();
        let widest = groups.iter().map(|group| group.outputs.len()).max().unwrap_or(1);
        let row_bytes = 8 * n_slots.iter().sum::<usize>() * widest + 4 * encoding.n_columns();
        let fitting = SLAB_BYTES / row_bytes.max(1) / ROWS_PER_BLOCK * ROWS_PER_BLOCK;
        let kernels = sections.iter().flat_map(|section| &section.kernels);
        let most = kernels.map(|kernel| kernel.rows_at_once()).max().unwrap_or(MOST_ROWS);
        let rows_per_chunk = fitting.clamp(ROWS_PER_BLOCK, most.max(ROWS_PER_BLOCK));
        Self { sections, encoding, rows, n_slots, groups, rows_per_chunk }
    }

    /// Sweep all rows, and `write` each chunk's sums into its part of `out`, which has `row_length` elements a row.
    pub fn run<T: Send>(
        &self,
        workers: &Workers<'_>,
        progress: &(dyn Fn(usize) + Sync),
        (out, row_length): (&mut [T], usize),
        write: &Write<'_, T>,
    ) -> Result<(), Error> {
        let n_rows = self.rows.n_rows();
        if row_length == 0 || n_rows == 0 {
            return workers.check();
        }
        let range =
            |chunk: usize| chunk * self.rows_per_chunk..((chunk + 1) * self.rows_per_chunk).min(n_rows);
        let chunks = out.chunks_mut(self.rows_per_chunk * row_length).enumerate();
        if !self.shares_blocks(workers.n_threads()) {
            return workers.for_each_unit(chunks, |_, (chunk, part)| {
                if self.chunk(range(chunk), part, write, workers).is_ok() {
                    progress(range(chunk).len());
                }
            });
        }
        for (chunk, part) in chunks {
            self.shared_chunk(range(chunk), part, write, workers)?;
            progress(range(chunk).len());
        }
        workers.check()
    }

    /// Are there too few chunks for the threads, so that they had better share the blocks of each chunk?
    fn shares_blocks(&self, n_threads: usize) -> bool {
        let n_chunks = self.rows.n_rows().div_ceil(self.rows_per_chunk);
        let stride = self.rows_per_chunk.min(self.rows.n_rows().next_multiple_of(ROWS_PER_BLOCK));
        let size = |group: &Group| {
            let n_slots = group.blocks.iter().map(|&(section, _, _)| self.n_slots[section]).sum::<usize>();
            n_slots * group.outputs.len() * stride * 8
        };
        n_threads > 1
            && n_chunks < 2 * n_threads
            && self.groups.iter().map(size).max().unwrap_or(0) <= SLOT_BYTES
    }

    /// A chunk by one thread.
    fn chunk<T>(
        &self,
        range: Range<usize>,
        part: &mut [T],
        write: &Write<'_, T>,
        workers: &Workers<'_>,
    ) -> Result<(), Error> {
        let mut encoded = EncodedRows::default();
        self.encoding.encode(self.rows, range.clone(), &mut encoded);
        let mut sums = Vec::new();
        for group in &self.groups {
            sums.clear();
            sums.resize(self.places(group, self.sections.len()).end * stride(&encoded), 0.0);
            for &(section, kernel, block) in &group.blocks {
                workers.check()?;
                let places = self.places(group, section);
                let own = &mut sums[places.start * stride(&encoded)..places.end * stride(&encoded)];
                self.sections[section].kernels[kernel].add(block, &encoded, own);
            }
            write(&self.finished(&sums, group, stride(&encoded), range.clone()), part);
        }
        Ok(())
    }

    /// A chunk by all threads: every block has sums of its own, which are added up in the order of the blocks.
    fn shared_chunk<T>(
        &self,
        range: Range<usize>,
        part: &mut [T],
        write: &Write<'_, T>,
        workers: &Workers<'_>,
    ) -> Result<(), Error> {
        let mut encoded = EncodedRows::default();
        self.encoding.encode(self.rows, range.clone(), &mut encoded);
        for group in &self.groups {
            let slots: Vec<Mutex<Vec<f64>>> = group.blocks.iter().map(|_| Mutex::default()).collect();
            workers.for_each_unit(
                group.blocks.iter().zip(&slots),
                |_, (&(section, kernel, block), slot)| {
                    let mut sums = vec![0.0; self.places(group, section).len() * stride(&encoded)];
                    self.sections[section].kernels[kernel].add(block, &encoded, &mut sums);
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = sums;
                },
            )?;
            let mut sums = vec![0.0; self.places(group, self.sections.len()).end * stride(&encoded)];
            for (slot, &(section, _, _)) in slots.into_iter().zip(&group.blocks) {
                let block = slot.into_inner().unwrap_or_else(PoisonError::into_inner);
                let own = &mut sums[self.places(group, section).start * stride(&encoded)..];
                own.iter_mut().zip(block).for_each(|(sum, more)| *sum += more);
            }
            write(&self.finished(&sums, group, stride(&encoded), range.clone()), part);
        }
        Ok(())
    }

    /// Where a section's (output, slot) lie among those of a group; past the last section: the end of all.
    fn places(&self, group: &Group, section: usize) -> Range<usize> {
        let before = self.n_slots[..section].iter().sum::<usize>() * group.outputs.len();
        before..before + self.n_slots.get(section).map_or(0, |n_slots| n_slots * group.outputs.len())
    }

    fn finished<'b>(
        &'b self,
        values: &'b [f64],
        group: &Group,
        stride: usize,
        rows: Range<usize>,
    ) -> Sums<'b> {
        Sums { values, n_slots: &self.n_slots, stride, outputs: group.outputs.clone(), rows }
    }
}

/// Distance between the sums of two slots: the rows in whole blocks.
fn stride(encoded: &EncodedRows) -> usize {
    encoded.n_blocks() * ROWS_PER_BLOCK
}

/// Blocks that add to the same outputs, together; outputs that nobody adds to as groups without blocks.
fn groups(sections: &[Section<'_>], n_outputs: usize) -> Vec<Group> {
    let mut by_outputs: BTreeMap<(usize, usize), Vec<Place>> = BTreeMap::new();
    let mut is_met = vec![false; n_outputs];
    for (section, kernels) in sections.iter().map(|section| &section.kernels).enumerate() {
        for (kernel, blocks) in kernels.iter().map(|kernel| kernel.blocks()).enumerate() {
            for (number, block) in blocks.iter().enumerate() {
                let outputs = (block.outputs.start, block.outputs.end);
                by_outputs.entry(outputs).or_default().push((section, kernel, number));
                is_met[block.outputs.clone()].fill(true);
            }
        }
    }
    for output in (0..n_outputs).filter(|&output| !is_met[output]) {
        by_outputs.insert((output, output + 1), Vec::new());
    }
    let group = |((start, end), blocks)| Group { outputs: start..end, blocks };
    by_outputs.into_iter().map(group).collect()
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
