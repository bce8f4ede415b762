//! Path-dependent values: the multilinear extension's derivative at quadrature points, rows in lanes.
//!
//! One leaf of value V is the product game `V prod_j (h_j if j in S else c_j)` over the players of its path: h_j says
//! whether the row satisfies the path's conditions on j, c_j is the share of the cover that does. The value of player
//! i is the integral over t of `V (h_i - c_i) prod_{j != i} (h_j t + c_j (1 - t))`, a polynomial: few Gauss points are
//! exact ([`points`](super::points)). One descent of the tree does all leaves and all players (`descent`).
//!
//! Rows are lanes; trees are outside, rows inside, so that a tree's constants stay in the first cache. The cost is
//! about 0.15 ns for each leaf, row and point on a processor with AVX-512, whatever the data.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the instruction set")]

mod descent;
mod dispatch;
mod lanes;
mod portable;
mod prepared;
mod program;
mod slots;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::{Arc, OnceLock};

use self::dispatch::{Arithmetic, Chunk};
use self::prepared::{Prepared, Subjects};
use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Forest, Precision};
use super::sweep::{Block, Kernel};
use crate::simd::InstructionSet;

/// What stands for absent players.
#[derive(Debug)]
pub enum Absent {
    /// Covers: path-dependent values.
    Covers,
    /// Encoded background rows, one after the other: each is a descent of its own, so let them be few.
    Rows {
        /// The rows.
        rows: EncodedRows,
        /// Their weights, of sum 1.
        weights: Vec<f64>,
    },
}

/// What a kernel's slots are.
#[derive(Debug, Clone, Copy)]
pub enum Slots<'a> {
    /// One for each player: values.
    Players,
    /// One for each of these pairs `(i, j)`, `i < j`, ascending: undivided interactions. A pair that shares a path of
    /// the kernel's trees must be among them.
    Pairs(&'a [(u32, u32)]),
    /// First the players, then the pairs: both from one descent.
    PlayersAndPairs(&'a [(u32, u32)]),
}

/// What a kernel is made of.
#[derive(Debug)]
pub struct Request<'a> {
    /// The forest; its linear leaves are not looked at.
    pub forest: Arc<Forest>,
    /// How its rows are encoded.
    pub encoding: Arc<Encoding>,
    /// The trees of it.
    pub trees: &'a [u32],
    /// What stands for absent players.
    pub absent: Absent,
    /// What is computed.
    pub slots: Slots<'a>,
    /// The arithmetic.
    pub precision: Precision,
    /// What the kernel runs in.
    pub set: InstructionSet,
}

/// Unrolled trees are kept up to here; larger forests are unrolled again for each chunk of rows.
const KEPT_BYTES: usize = 64 << 20;

/// The quadrature kernel: values, pairs, or both.
#[derive(Debug)]
pub struct Quadrature {
    subjects: Subjects,
    set: InstructionSet,
    units: Units,
    keeps: bool,
}

/// What each block is unrolled to, once it is.
#[derive(Debug)]
enum Units {
    F32(Vec<OnceLock<Prepared<f32>>>),
    F64(Vec<OnceLock<Prepared<f64>>>),
}

impl Quadrature {
    /// A kernel. Trees are unrolled when they are first swept, unless they are too many to be kept.
    pub fn new(request: Request<'_>) -> Self {
        let (precision, set) = (request.precision, request.set);
        let subjects = Subjects::new(request);
        let n_blocks = subjects.blocks.len();
        let units = match precision {
            Precision::F32 => Units::F32((0..n_blocks).map(|_| OnceLock::new()).collect()),
            Precision::F64 => Units::F64((0..n_blocks).map(|_| OnceLock::new()).collect()),
        };
        let keeps = subjects.unrolled_bytes() <= KEPT_BYTES;
        Self { subjects, set, units, keeps }
    }

    fn add_in<R: Arithmetic>(
        &self,
        units: &[OnceLock<Prepared<R>>],
        number: usize,
        rows: &EncodedRows,
        sums: &mut [f64],
    ) {
        let built;
        let prepared = if self.keeps {
            units[number].get_or_init(|| self.subjects.prepare(number))
        } else {
            built = self.subjects.prepare(number);
            &built
        };
        let n_slots = prepared.slots.len();
        let mut local = vec![R::default(); rows.n_blocks() * n_slots * prepared.width * ROWS_PER_BLOCK];
        let outputs = self.subjects.blocks[number].outputs.len();
        let stride = sums.len() / (outputs * self.subjects.n_slots());
        let mut chunk = Chunk {
            subjects: &self.subjects,
            prepared,
            rows,
            local: &mut local,
            sums,
            stride,
            n_outputs: outputs,
        };
        chunk.add(self.set);
    }
}

impl Kernel for Quadrature {
    fn blocks(&self) -> &[Block] {
        &self.subjects.blocks
    }

    fn add(&self, number: usize, rows: &EncodedRows, sums: &mut [f64]) {
        match &self.units {
            Units::F32(units) => self.add_in(units, number, rows, sums),
            Units::F64(units) => self.add_in(units, number, rows, sums),
        }
    }
}
