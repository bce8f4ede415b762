//! How much of the background shows each pattern of each group.

use std::ops::{AddAssign, Range};
use std::sync::Mutex;

use super::groups::Program;
use crate::error::Error;
use crate::parallel::Workers;
use crate::simd::InstructionSet;
use crate::tree::decisions::bytes::{Narrow, Wide, narrow, wide};
use crate::tree::decisions::{Masks, STEP};
use crate::tree::encode::{EncodedRows, ROWS_PER_BLOCK};

/// Blocks of background rows that all trees count before the next; part of the order of sums, so no tuning by machine.
const BLOCKS_PER_CHUNK: usize = 64;
/// Trees that a unit of parallel work counts.
const TREES_PER_UNIT: usize = 8;
/// Weight vectors that are counted at once.
const OCTET: usize = 8;

/// Eight weights of a row.
#[derive(Debug, Clone, Copy, Default)]
struct Octet([f64; OCTET]);

impl AddAssign for Octet {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }
}

/// The weighted pattern counts of a tree.
#[derive(Debug)]
pub(super) enum Histogram {
    /// Rows counted, and what one of them weighs.
    Counts(Vec<u64>, f64),
    /// Of one vector of weights.
    One(Vec<f64>),
    /// `[eight vectors][pattern]`
    Many(Vec<Octets>),
}

/// Counts of eight vectors of weights at once.
#[derive(Debug)]
pub(super) struct Octets(Vec<Octet>);

impl Histogram {
    fn new(weights: &[Vec<f64>], n_entries: usize) -> Self {
        match weights {
            [alike] if alike.iter().all(|weight| weight.to_bits() == alike[0].to_bits()) => {
                Self::Counts(vec![0; n_entries], alike[0])
            }
            [_] => Self::One(vec![0.0; n_entries]),
            vectors => {
                let octets = 0..vectors.len().div_ceil(OCTET);
                Self::Many(octets.map(|_| Octets(vec![Octet::default(); n_entries])).collect())
            }
        }
    }

    /// The counts under one vector of weights.
    pub(super) fn of(&self, vector: usize, out: &mut Vec<f64>) {
        out.clear();
        match self {
            Self::Counts(counts, weight) => out.extend(counts.iter().map(|&count| count as f64 * weight)),
            Self::One(sums) => out.extend(sums),
            Self::Many(octets) => {
                out.extend(octets[vector / OCTET].0.iter().map(|octet| octet.0[vector % OCTET]));
            }
        }
    }
}

/// Count the patterns of all background rows, for each tree.
pub(super) fn count(
    set: InstructionSet,
    programs: &[Program],
    rows: &EncodedRows,
    weights: &[Vec<f64>],
    workers: &Workers<'_>,
) -> Result<Vec<Histogram>, Error> {
    let fresh = |program: &Program| Histogram::new(weights, program.n_entries);
    let mut histograms: Vec<Histogram> = programs.iter().map(fresh).collect();
    let octets = octets(weights);
    // Scratch is handed from unit to unit, not made anew.
    let spare: Mutex<Vec<Counter>> = Mutex::default();
    for first in (0..rows.n_blocks()).step_by(BLOCKS_PER_CHUNK) {
        let blocks = first..(first + BLOCKS_PER_CHUNK).min(rows.n_blocks());
        let units = programs.chunks(TREES_PER_UNIT).zip(histograms.chunks_mut(TREES_PER_UNIT));
        workers.for_each_unit(units, |_, (programs, histograms)| {
            let taken = spare.lock().ok().and_then(|mut spare| spare.pop());
            let mut counter = taken.unwrap_or_else(|| Counter::new(set));
            for (program, histogram) in programs.iter().zip(histograms) {
                counter.add(program, &(rows, blocks.clone()), (weights, &octets), histogram);
            }
            if let Ok(mut spare) = spare.lock() {
                spare.push(counter);
            }
        })?;
    }
    Ok(histograms)
}

/// Weight vectors side by side, eight at a time: `[eight vectors][row]`.
fn octets(vectors: &[Vec<f64>]) -> Vec<Vec<Octet>> {
    if vectors.len() < 2 {
        return Vec::new();
    }
    let side_by_side = |vectors: &[Vec<f64>]| {
        let of_row = |row: usize| {
            let weight = |n: usize| vectors.get(n).map_or(0.0, |vector: &Vec<f64>| vector[row]);
            Octet(std::array::from_fn(weight))
        };
        (0..vectors[0].len()).map(of_row).collect()
    };
    vectors.chunks(OCTET).map(side_by_side).collect()
}

/// Scratch of a thread.
struct Counter {
    set: InstructionSet,
    masks: Vec<Masks>,
    narrow: Box<Narrow>,
    wide: Box<Wide>,
}

impl Counter {
    fn new(set: InstructionSet) -> Self {
        let (narrow, wide) = (Box::new([[0; ROWS_PER_BLOCK]; STEP]), Box::new([[0; ROWS_PER_BLOCK]; STEP]));
        Self { set, masks: Vec::new(), narrow, wide }
    }

    /// Add a chunk of the background to a tree's counts.
    fn add(
        &mut self,
        program: &Program,
        chunk: &(&EncodedRows, Range<usize>),
        (weights, octets): (&[Vec<f64>], &[Vec<Octet>]),
        histogram: &mut Histogram,
    ) {
        match histogram {
            Histogram::Counts(counts, _) => {
                // Two bytes hold a chunk's rows.
                let total = self.tree::<u16, 8>(program, chunk, |_| 1);
                counts.iter_mut().zip(total).for_each(|(sum, more)| *sum += u64::from(more));
            }
            Histogram::One(sums) => {
                let total = self.tree::<f64, 4>(program, chunk, |row| weights[0][row]);
                sums.iter_mut().zip(total).for_each(|(sum, more)| *sum += more);
            }
            Histogram::Many(sums) => {
                for (sums, octets) in sums.iter_mut().zip(octets) {
                    let total = self.tree::<Octet, 1>(program, chunk, |row| octets[row]);
                    sums.0.iter_mut().zip(total).for_each(|(sum, more)| *sum += more);
                }
            }
        }
    }

    /// The pattern counts of a tree, in `COPIES` copies so that a sum need not wait for the one before, folded.
    fn tree<V: Copy + Default + AddAssign, const COPIES: usize>(
        &mut self,
        program: &Program,
        (rows, blocks): &(&EncodedRows, Range<usize>),
        weight: impl Fn(usize) -> V + Copy,
    ) -> Vec<V> {
        let mut counts = vec![[V::default(); COPIES]; program.n_entries];
        for first in blocks.clone().step_by(STEP) {
            let n_blocks = STEP.min(blocks.end - first);
            program.decisions.decide(self.set, rows, (first, n_blocks), &mut self.masks);
            let row = first * ROWS_PER_BLOCK;
            let n_rows = (rows.n_rows() - row).min(n_blocks * ROWS_PER_BLOCK);
            let weight = |of_step: usize| weight(row + of_step);
            for group in &program.groups {
                let counts = &mut counts[group.first_entry..][..group.n_patterns()];
                if group.is_wide() {
                    wide(&group.bits, &self.masks, n_blocks, &mut self.wide);
                    tally(&self.wide.as_flattened()[..n_rows], weight, counts);
                } else {
                    narrow(self.set, &group.bits, &self.masks, n_blocks, &mut self.narrow);
                    tally(&self.narrow.as_flattened()[..n_rows], weight, counts);
                }
            }
        }
        let folded = |copies: [V; COPIES]| {
            let mut sum = V::default();
            for copy in copies {
                sum += copy;
            }
            sum
        };
        counts.into_iter().map(folded).collect()
    }
}

/// Add the weight of each row to the count of its pattern, the rows by turns to the copies.
fn tally<P: Copy + Into<usize>, V: Copy + AddAssign, const COPIES: usize>(
    patterns: &[P],
    weight: impl Fn(usize) -> V,
    counts: &mut [[V; COPIES]],
) {
    let last = counts.len() - 1; // a power of two less one
    let (turns, rest) = patterns.as_chunks::<COPIES>();
    for (turn, patterns) in turns.iter().enumerate() {
        for copy in 0..COPIES {
            counts[patterns[copy].into() & last][copy] += weight(turn * COPIES + copy);
        }
    }
    for (copy, &pattern) in rest.iter().enumerate() {
        counts[pattern.into() & last][copy] += weight(turns.len() * COPIES + copy);
    }
}
