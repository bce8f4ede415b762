//! The kernel: rows look their patterns up, block of trees by block of trees.

use std::sync::{Arc, Mutex};

use super::groups::{Lane, Program};
use super::histogram::Histogram;
use super::lookup::{Layout, Number, add_plain, add_wide, reorder};
use super::tables::{self, Builder, Table, Tables};
use super::{Request, most};
use crate::error::Error;
use crate::parallel::Workers;
use crate::simd::InstructionSet;
use crate::tree::decisions::bytes::{Narrow, Wide, narrow, wide};
use crate::tree::decisions::{Masks, STEP};
use crate::tree::encode::{EncodedRows, ROWS_PER_BLOCK};
use crate::tree::forest::{Forest, Output};
use crate::tree::sweep::{self, Block, Kernel};

/// Trees that a unit of parallel work builds the tables of.
const TREES_PER_UNIT: usize = 4;

/// Values, or pair interactions, under a weighted background.
#[derive(Debug)]
pub struct Patterns<T> {
    pub(super) trees: Arc<Trees>,
    pub(super) kept: Kept<T>,
    pub(super) base: Vec<f64>,
}

/// The trees as the kernels of one request share them.
#[derive(Debug)]
pub(super) struct Trees {
    pub(super) forest: Arc<Forest>,
    pub(super) programs: Vec<Program>,
    blocks: Vec<Block>,
    plans: Vec<BlockPlan>,
    n_slots: usize,
    is_pairs: bool,
    set: InstructionSet,
    pub(super) layout: Layout,
}

/// The slots of a block, numbered among themselves.
#[derive(Debug)]
struct BlockPlan {
    slots: Vec<u32>,
    trees: Vec<(usize, Vec<u32>)>, // number of the program, and for each lane of its groups one of `slots`
}

/// The tables, or what they are made from.
#[derive(Debug)]
pub(super) enum Kept<T> {
    Tables(Vec<Tables<T>>),
    Histograms(Arc<Vec<Histogram>>, usize),
}

/// The sums of a step's rows for one slot.
type Sums<T> = [[T; ROWS_PER_BLOCK]; STEP];

impl Trees {
    pub(super) fn new(request: &Request<'_>) -> Self {
        let (forest, pairs) = (request.forest, request.pairs);
        let n_slots = pairs.map_or(forest.n_players(), <[_]>::len);
        let slot = |lane: &Lane| match pairs {
            None => Some(lane.0),
            Some(pairs) => pairs.binary_search(lane).ok().and_then(|slot| u32::try_from(slot).ok()),
        };
        let program = |&number: &u32| {
            let tree = (number, &forest.trees[number as usize]);
            let most = most(pairs.is_some());
            let mut program = Program::new(tree, &forest.player, request.encoding, most, pairs.is_some());
            program.groups.iter_mut().for_each(|group| group.lanes.retain(|lane| slot(lane).is_some()));
            program
        };
        let programs: Vec<Program> = request.trees.iter().map(program).collect();
        let mut place = vec![usize::MAX; forest.trees.len()];
        programs.iter().enumerate().for_each(|(n, program)| place[program.tree as usize] = n);
        let mut local = vec![u32::MAX; n_slots];
        let blocks = sweep::blocks(forest, request.trees.iter().copied());
        let mut plan = |block: &Block| {
            let (mut slots, mut trees) = (Vec::new(), Vec::new());
            for number in block.trees.iter().map(|&tree| place[tree as usize]) {
                let lanes = programs[number].groups.iter().flat_map(|group| &group.lanes);
                let of_lane = lanes.filter_map(slot).map(|slot| {
                    let local = &mut local[slot as usize];
                    if *local == u32::MAX {
                        *local = u32::try_from(slots.len()).expect("slots are u32");
                        slots.push(slot);
                    }
                    *local
                });
                trees.push((number, of_lane.collect()));
            }
            for &slot in &slots {
                local[slot as usize] = u32::MAX;
            }
            BlockPlan { slots, trees }
        };
        let plans = blocks.iter().map(&mut plan).collect();
        let layout = Layout::of(request.set);
        let (forest, is_pairs, set) = (forest.clone(), pairs.is_some(), request.set);
        Self { forest, programs, blocks, plans, n_slots, is_pairs, set, layout }
    }

    /// Bytes that all tables of one vector of weights take.
    pub(super) fn table_bytes<T: Number>(&self) -> usize {
        let of_program = |program: &Program| {
            let tree = &self.forest.trees[program.tree as usize];
            tables::bytes::<T>(program, tree.values.len() / tree.n_leaves(), self.layout)
        };
        self.programs.iter().map(of_program).sum()
    }

    /// The tables under one vector of weights, in parallel over trees.
    pub(super) fn build<T: Number>(
        &self,
        histograms: &[Histogram],
        vector: usize,
        workers: &Workers<'_>,
    ) -> Result<Vec<Tables<T>>, Error> {
        let mut tables: Vec<Tables<T>> = Vec::new();
        tables.resize_with(self.programs.len(), Tables::default);
        let spare: Mutex<Vec<Builder>> = Mutex::default();
        let units = self.programs.chunks(TREES_PER_UNIT).zip(histograms.chunks(TREES_PER_UNIT));
        workers.for_each_unit(
            units.zip(tables.chunks_mut(TREES_PER_UNIT)),
            |_, ((programs, histograms), tables)| {
                let taken = spare.lock().ok().and_then(|mut spare| spare.pop());
                let mut builder = taken.unwrap_or_else(|| self.builder());
                for ((program, histogram), tables) in programs.iter().zip(histograms).zip(tables) {
                    *tables = self.build_one(program, histogram, vector, &mut builder);
                }
                if let Ok(mut spare) = spare.lock() {
                    spare.push(builder);
                }
            },
        )?;
        Ok(tables)
    }

    fn builder(&self) -> Builder {
        Builder::new(self.set, self.layout, self.is_pairs)
    }

    fn build_one<T: Number>(
        &self,
        program: &Program,
        histogram: &Histogram,
        vector: usize,
        builder: &mut Builder,
    ) -> Tables<T> {
        let mut counts = Vec::new();
        histogram.of(vector, &mut counts);
        builder.build(program, &self.forest.trees[program.tree as usize], &counts)
    }

    /// The background's mean of what the covered leaves add to each output.
    pub(super) fn base(&self, histograms: &[Histogram], vector: usize) -> Vec<f64> {
        let mut base = vec![0.0; self.forest.n_outputs()];
        let mut counts = Vec::new();
        for (program, histogram) in self.programs.iter().zip(histograms) {
            histogram.of(vector, &mut counts);
            let tree = &self.forest.trees[program.tree as usize];
            match tree.output {
                Output::One(output) => {
                    tables::add_base(program, tree, &counts, &mut base[output as usize..][..1]);
                }
                Output::All => tables::add_base(program, tree, &counts, &mut base),
            }
        }
        base
    }
}

impl<T: Number> Patterns<T> {
    /// The weighted sum over the background of what the covered leaves add to each output; offsets are not in it.
    pub fn base_values(&self) -> &[f64] {
        &self.base
    }

    /// Bytes that the kept tables take; 0 where they are made anew for each chunk.
    pub fn table_bytes(&self) -> usize {
        match self.kept {
            Kept::Tables(_) => self.trees.table_bytes::<T>(),
            Kept::Histograms(..) => 0,
        }
    }

    /// All rows of a chunk through one tree.
    fn tree(
        &self,
        (number, locals): (usize, &[u32]),
        block: &Block,
        rows: &EncodedRows,
        tables: &Tables<T>,
        scratch: &mut Scratch<T>,
    ) {
        let (trees, program) = (&*self.trees, &self.trees.programs[number]);
        let of_output = scratch.n_slots;
        // (first sums, value of a leaf) of each output that the tree adds to
        let outputs: Vec<(usize, usize)> = match trees.forest.trees[program.tree as usize].output {
            Output::One(output) => vec![((output as usize - block.outputs.start) * of_output, 0)],
            Output::All => block.outputs.clone().enumerate().map(|(n, k)| (n * of_output, k)).collect(),
        };
        for first in (0..rows.n_blocks()).step_by(STEP) {
            let n_blocks = STEP.min(rows.n_blocks() - first);
            program.decisions.decide(trees.set, rows, (first, n_blocks), &mut scratch.masks);
            let sums = &mut scratch.sums[first / STEP * of_output * block.outputs.len()..];
            let mut locals = locals;
            for (place, group) in program.groups.iter().enumerate() {
                let (here, rest) = locals.split_at(group.lanes.len());
                locals = rest;
                if group.is_wide() {
                    wide(&group.bits, &scratch.masks, n_blocks, &mut scratch.wide);
                    reorder::<T>(trees.layout, &mut scratch.wide);
                } else {
                    narrow(trees.set, &group.bits, &scratch.masks, n_blocks, &mut scratch.narrow);
                }
                for &(sum, value) in &outputs {
                    for (lane, &slot) in here.iter().enumerate() {
                        let sums = &mut sums[sum + slot as usize][..n_blocks];
                        match tables.lane(trees.layout, (place, group), value, lane) {
                            Table::Planes(planes) => T::add_planes(planes, &scratch.narrow[..n_blocks], sums),
                            Table::Plain(table) if group.is_wide() => {
                                add_wide(table, &scratch.wide[..n_blocks], sums);
                            }
                            Table::Plain(table) => {
                                add_plain(trees.set, table, &scratch.narrow[..n_blocks], sums);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a call needs besides the tables.
struct Scratch<T> {
    masks: Vec<Masks>,
    narrow: Box<Narrow>,
    wide: Box<Wide>,
    sums: Vec<Sums<T>>, // [step][output of the block][slot of the block]
    n_slots: usize,
}

impl<T: Number> Kernel for Patterns<T> {
    fn blocks(&self) -> &[Block] {
        &self.trees.blocks
    }

    /// Tables come from memory, once for each chunk: on M6 512 rows take 1.6 times as long as 2048.
    fn rows_at_once(&self) -> usize {
        2048
    }

    fn add(&self, number: usize, rows: &EncodedRows, sums: &mut [f64]) {
        let (trees, block) = (&*self.trees, &self.trees.blocks[number]);
        let plan = &trees.plans[number];
        let (n_slots, n_outputs) = (plan.slots.len(), block.outputs.len());
        let n_steps = rows.n_blocks().div_ceil(STEP);
        let mut scratch = Scratch {
            masks: Vec::new(),
            narrow: Box::new([[0; ROWS_PER_BLOCK]; STEP]),
            wide: Box::new([[0; ROWS_PER_BLOCK]; STEP]),
            sums: vec![[[T::default(); ROWS_PER_BLOCK]; STEP]; n_steps * n_outputs * n_slots],
            n_slots,
        };
        for (program, locals) in &plan.trees {
            match &self.kept {
                Kept::Tables(tables) => {
                    self.tree((*program, locals), block, rows, &tables[*program], &mut scratch);
                }
                Kept::Histograms(histograms, vector) => {
                    let histogram = &histograms[*program];
                    let mut builder = trees.builder();
                    let tables = trees.build_one(&trees.programs[*program], histogram, *vector, &mut builder);
                    self.tree((*program, locals), block, rows, &tables, &mut scratch);
                }
            }
        }
        let stride = sums.len() / (n_outputs * trees.n_slots).max(1);
        for (step, of_step) in scratch.sums.chunks((n_outputs * n_slots).max(1)).enumerate() {
            for (place, found) in of_step.iter().enumerate() {
                let slot = place / n_slots * trees.n_slots + plan.slots[place % n_slots] as usize;
                let n_blocks = STEP.min(rows.n_blocks() - step * STEP);
                let out = &mut sums[slot * stride + step * STEP * ROWS_PER_BLOCK..];
                for (out, found) in out.chunks_exact_mut(ROWS_PER_BLOCK).zip(&found[..n_blocks]) {
                    trees.layout.flush(found, out);
                }
            }
        }
    }
}
