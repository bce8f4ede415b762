//! From a block and a chunk of rows to the descent that is compiled for them.

use super::descent::{Descent, Frame};
use super::lanes::{Job, Lanes, Number};
use super::portable::Arrays;
use super::prepared::{Prepared, Subjects};
use super::program::{MOST_POINTS, Program};
#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Avx512};
use crate::simd::InstructionSet;
use crate::tree::encode::{EncodedRows, ROWS_PER_BLOCK, Test};
use crate::tree::forest::Step;

/// Encoded blocks of rows that a block of trees is swept for before the next ones: their codes and sums stay in the
/// first cache.
const BLOCKS_AT_ONCE: usize = 2;

/// A precision that descents are compiled for.
pub(in crate::tree) trait Arithmetic: Number {
    /// Do `work` with the vectors of an instruction set.
    fn with_lanes<W: OnLanes<Self>>(set: InstructionSet, work: W);
}

/// Work for vectors of any kind.
pub(in crate::tree) trait OnLanes<R> {
    /// With vectors and room for many of them.
    fn on_many<S: Lanes<Real = R>>(self, lanes: S);
    /// With vectors, but few registers.
    fn on_few<S: Lanes<Real = R>>(self, lanes: S);
    /// With arrays: little code rather than fast code.
    fn on_arrays<S: Lanes<Real = R>>(self, lanes: S);
}

macro_rules! arithmetic {
    ($real:ty) => {
        impl Arithmetic for $real {
            fn with_lanes<W: OnLanes<Self>>(set: InstructionSet, work: W) {
                match set {
                    #[cfg(target_arch = "x86_64")]
                    #[expect(unsafe_code, reason = "the token is the proof that the processor has the set")]
                    // SAFETY: an `InstructionSet` beyond the portable one is only made where the processor has it.
                    InstructionSet::Avx512 => work.on_many(unsafe { Avx512::<$real>::new() }),
                    #[cfg(target_arch = "x86_64")]
                    #[expect(unsafe_code, reason = "the token is the proof that the processor has the set")]
                    // SAFETY: as above
                    InstructionSet::Avx2 => work.on_few(unsafe { Avx2::<$real>::new() }),
                    _ => work.on_arrays(Arrays::<$real>::new()),
                }
            }
        }
    };
}

arithmetic!(f32);
arithmetic!(f64);

/// A block of trees and a chunk of rows.
pub(in crate::tree) struct Chunk<'a, R> {
    pub(in crate::tree) subjects: &'a Subjects,
    pub(in crate::tree) prepared: &'a Prepared<R>,
    pub(in crate::tree) rows: &'a EncodedRows,
    /// `[encoded block][local slot][output][row of the block]`
    pub(in crate::tree) local: &'a mut [R],
    /// `[output][slot][row]`
    pub(in crate::tree) sums: &'a mut [f64],
    pub(in crate::tree) stride: usize,
    pub(in crate::tree) n_outputs: usize,
}

impl<R: Arithmetic> Chunk<'_, R> {
    /// Sweep all trees, then add the local sums.
    pub(in crate::tree) fn add(&mut self, set: InstructionSet) {
        let size = self.prepared.slots.len() * self.prepared.width * ROWS_PER_BLOCK;
        if size == 0 {
            return;
        }
        // A row costs what a vector of rows does: the fewer lanes lie idle, the cheaper. No bit depends on it.
        let is_few = self.rows.n_rows() * size_of::<R>() <= 32;
        let set = if is_few && set == InstructionSet::Avx512 { InstructionSet::Avx2 } else { set };
        let n_blocks = self.rows.n_blocks();
        let mut answers = Vec::new();
        for first in (0..n_blocks).step_by(BLOCKS_AT_ONCE) {
            let blocks = first..(first + BLOCKS_AT_ONCE).min(n_blocks);
            for program in &self.prepared.programs {
                answers.clear();
                for block in blocks.clone() {
                    answers.extend(program.sets.iter().map(|set| {
                        let node = &self.subjects.forest.trees[set.tree as usize].nodes[set.node as usize];
                        let Step::Split(split) = &node.step else { return 0 };
                        answer(&self.subjects.encoding.test(split), self.rows, block)
                    }));
                }
                let local = &mut self.local[blocks.start * size..blocks.end * size];
                R::with_lanes(set, Sweep { program, rows: self.rows, first, answers: &answers, local, size });
            }
        }
        R::with_lanes(set, Flush { chunk: self });
    }
}

/// A set test, answered for the rows of a block: bit `i` is row `i`.
fn answer(test: &Test<'_>, rows: &EncodedRows, block: usize) -> u64 {
    let codes = rows.column(block, test.column());
    codes.iter().enumerate().fold(0, |bits, (row, &code)| bits | u64::from(test.goes_left(code)) << row)
}

/// One program over some blocks of rows.
struct Sweep<'a, R> {
    program: &'a Program<R>,
    rows: &'a EncodedRows,
    first: usize,
    answers: &'a [u64],
    /// The local sums of the blocks, `size` each.
    local: &'a mut [R],
    size: usize,
}

/// The same, for a number of points, outputs and vectors.
struct Sized<'a, R, const N: usize, const K: usize, const B: usize, const PAIRS: bool>(Sweep<'a, R>);

macro_rules! sized {
    ($sweep:ident, $lanes:ident: $($n:literal $k:literal $b:literal $pairs:literal,)*) => {
        match ($sweep.program.n_points, $sweep.program.width, $sweep.program.with_pairs) {
            $(($n, $k, $pairs) => $lanes.run(Sized::<R, $n, $k, $b, $pairs>($sweep)),)*
            other => unreachable!("a program for {other:?} points, outputs, pairs"),
        }
    };
}

impl<R: Number> OnLanes<R> for Sweep<'_, R> {
    fn on_many<S: Lanes<Real = R>>(self, lanes: S) {
        sized!(self, lanes: 1 1 2 false, 2 1 2 false, 3 1 2 false, 4 1 1 false, 1 4 1 false, 2 4 1 false,
               1 1 2 true, 2 1 2 true, 3 1 2 true, 4 1 1 true,);
    }

    fn on_few<S: Lanes<Real = R>>(self, lanes: S) {
        sized!(self, lanes: 1 1 1 false, 2 1 1 false, 3 1 1 false, 4 1 1 false, 1 4 1 false, 2 4 1 false,
               1 1 1 true, 2 1 1 true, 3 1 1 true, 4 1 1 true,);
    }

    fn on_arrays<S: Lanes<Real = R>>(self, lanes: S) {
        match (self.program.width, self.program.with_pairs) {
            (1, false) => lanes.run(Sized::<R, MOST_POINTS, 1, 1, false>(self)),
            (_, false) => lanes.run(Sized::<R, MOST_POINTS, 4, 1, false>(self)),
            (_, true) => lanes.run(Sized::<R, MOST_POINTS, 1, 1, true>(self)),
        }
    }
}

impl<R, S, const N: usize, const K: usize, const B: usize, const PAIRS: bool> Job<S>
    for Sized<'_, R, N, K, B, PAIRS>
where
    R: Number,
    S: Lanes<Real = R>,
{
    #[inline(always)]
    fn work(self, lanes: S) {
        let Sweep { program, rows, first, answers, local, size } = self.0;
        let mut frames = vec![Frame::<S, N, K, B>::zeros(lanes); program.n_frames];
        let n_sets = program.sets.len();
        for (place, sums) in local.chunks_exact_mut(size).enumerate() {
            let block = first + place;
            let n_rows = (rows.n_rows() - block * ROWS_PER_BLOCK).min(ROWS_PER_BLOCK);
            for first in (0..n_rows).step_by(S::LANES * B) {
                let descent = Descent::<S, N, K, B, PAIRS> {
                    lanes,
                    program,
                    columns: rows.block(block),
                    first,
                    answers: &answers[place * n_sets..][..n_sets],
                    sums,
                    frames: &mut frames,
                };
                descent.sweep();
            }
        }
    }
}

/// Local sums are added, each once.
struct Flush<'a, 'b, R> {
    chunk: &'b mut Chunk<'a, R>,
}

impl<R: Number> OnLanes<R> for Flush<'_, '_, R> {
    fn on_many<S: Lanes<Real = R>>(self, lanes: S) {
        lanes.run(self);
    }

    fn on_few<S: Lanes<Real = R>>(self, lanes: S) {
        lanes.run(self);
    }

    fn on_arrays<S: Lanes<Real = R>>(self, lanes: S) {
        lanes.run(self);
    }
}

impl<R: Number, S: Lanes<Real = R>> Job<S> for Flush<'_, '_, R> {
    #[inline(always)]
    fn work(self, _: S) {
        let Prepared { slots, width, .. } = self.chunk.prepared;
        let n_slots = self.chunk.subjects.n_slots();
        let (locals, _) = self.chunk.local.as_chunks::<ROWS_PER_BLOCK>();
        let mut locals = locals.iter();
        for block in 0..self.chunk.rows.n_blocks() {
            for &slot in slots {
                for (output, local) in locals.by_ref().take(*width).enumerate() {
                    let Some(slot) = slot.filter(|_| output < self.chunk.n_outputs) else { continue };
                    let first = (output * n_slots + slot) * self.chunk.stride + block * ROWS_PER_BLOCK;
                    let sums = &mut self.chunk.sums[first..][..ROWS_PER_BLOCK];
                    for (sum, &more) in sums.iter_mut().zip(local) {
                        *sum += more.into();
                    }
                }
            }
        }
    }
}
