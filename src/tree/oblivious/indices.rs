//! Leaf numbers of rows: one comparison a level, one bit each.

use std::ops::Range;
use std::sync::Arc;

use super::ROWS_PER_TILE;
use crate::simd::InstructionSet;
use crate::tree::encode::{EncodedRows, ROWS_PER_BLOCK, Test};

/// A [`Test`] that owns what it needs. True goes left: bit 0.
#[derive(Debug, Clone)]
pub(super) enum Level {
    Le { column: usize, threshold: f32, nan_left: bool },
    InSet { column: usize, words: Arc<[u32]>, nan_left: bool, invalid_left: bool, rest_left: bool },
}

/// How the 16 rows of a group stand in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As they are.
    Straight,
    /// As the halves of doubles must stand so that unpacking them gives rows 0-7 and 8-15.
    Halves,
}

impl Level {
    pub(super) fn new(test: Test<'_>, shared: impl Fn(&[u32]) -> Arc<[u32]>) -> Self {
        match test {
            Test::Le { column, threshold, nan_left } => Self::Le { column, threshold, nan_left },
            Test::InSet { column, words, nan_left, invalid_left, rest_left } => {
                Self::InSet { column, words: shared(words), nan_left, invalid_left, rest_left }
            }
        }
    }

    fn test(&self) -> Test<'_> {
        match *self {
            Self::Le { column, threshold, nan_left } => Test::Le { column, threshold, nan_left },
            Self::InSet { column, ref words, nan_left, invalid_left, rest_left } => {
                Test::InSet { column, words, nan_left, invalid_left, rest_left }
            }
        }
    }

    /// The decisions of a block, a bit a row: 1 is right.
    fn mask(&self, rows: &EncodedRows, block: usize) -> u64 {
        let test = self.test();
        let codes = rows.column(block, test.column());
        codes.iter().rev().fold(0, |mask, &code| mask << 1 | u64::from(!test.goes_left(code)))
    }
}

/// The leaf numbers of some blocks of rows in a tree, its levels given from the lowest bit up.
pub(super) fn leaf_numbers(
    set: InstructionSet,
    levels: &[Level],
    rows: &EncodedRows,
    blocks: Range<usize>,
    order: Order,
    leaves: &mut [u32; ROWS_PER_TILE],
) {
    let blocks = blocks.zip(leaves.as_chunks_mut().0);
    #[cfg(target_arch = "x86_64")]
    match set {
        InstructionSet::Avx512 => {
            return blocks.for_each(|(block, leaves)| x86::avx512(levels, rows, block, order, leaves));
        }
        InstructionSet::Avx2 => {
            return blocks.for_each(|(block, leaves)| x86::avx2(levels, rows, block, leaves));
        }
        InstructionSet::Portable => {}
    }
    debug_assert_eq!(order, Order::Straight, "halves are AVX-512's alone");
    blocks.for_each(|(block, leaves)| portable(levels, rows, block, leaves));
}

#[inline(always)]
fn portable(levels: &[Level], rows: &EncodedRows, block: usize, leaves: &mut [u32; ROWS_PER_BLOCK]) {
    let mut bits = [0_u32; ROWS_PER_BLOCK];
    for (place, level) in levels.iter().enumerate() {
        match *level {
            Level::Le { column, threshold, nan_left } => {
                let codes = rows.column(block, column);
                if nan_left {
                    bits.iter_mut()
                        .zip(codes)
                        .for_each(|(bits, &code)| *bits |= u32::from(code > threshold) << place);
                } else {
                    let right = |code: f32| !(code <= threshold);
                    bits.iter_mut()
                        .zip(codes)
                        .for_each(|(bits, &code)| *bits |= u32::from(right(code)) << place);
                }
            }
            Level::InSet { .. } => {
                let mask = level.mask(rows, block);
                bits.iter_mut()
                    .enumerate()
                    .for_each(|(row, bits)| *bits |= u32::from(mask >> row & 1 == 1) << place);
            }
        }
    }
    *leaves = bits;
}

/// The weight of the rows that come to each leaf.
pub(super) fn histogram(
    set: InstructionSet,
    levels: &[Level],
    rows: &EncodedRows,
    weights: &[f64],
    n_levels: usize,
) -> Vec<f64> {
    let mut histogram = vec![0.0; 1 << n_levels];
    let mut leaves = [0; ROWS_PER_TILE];
    for (first, weights) in
        (0..).step_by(super::BLOCKS_PER_TILE).zip(weights[..rows.n_rows()].chunks(ROWS_PER_TILE))
    {
        let tile = first..rows.n_blocks().min(first + super::BLOCKS_PER_TILE);
        leaf_numbers(set, levels, rows, tile, Order::Straight, &mut leaves);
        weights.iter().zip(&leaves).for_each(|(weight, &leaf)| histogram[leaf as usize] += weight);
    }
    histogram
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![expect(
        unsafe_code,
        reason = "entry points of instruction sets, and loads and stores of whole vectors"
    )]

    use std::arch::x86_64::*;

    use super::{EncodedRows, Level, Order, ROWS_PER_BLOCK};

    pub(super) fn avx2(
        levels: &[Level],
        rows: &EncodedRows,
        block: usize,
        leaves: &mut [u32; ROWS_PER_BLOCK],
    ) {
        #[target_feature(enable = "avx2,fma")]
        fn inner(levels: &[Level], rows: &EncodedRows, block: usize, leaves: &mut [u32; ROWS_PER_BLOCK]) {
            super::portable(levels, rows, block, leaves);
        }
        // SAFETY: the set is chosen only where the processor has it.
        unsafe { inner(levels, rows, block, leaves) }
    }

    pub(super) fn avx512(
        levels: &[Level],
        rows: &EncodedRows,
        block: usize,
        order: Order,
        leaves: &mut [u32; ROWS_PER_BLOCK],
    ) {
        // SAFETY: the set is chosen only where the processor has it.
        unsafe { leaf_numbers(levels, rows, block, order, leaves) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn leaf_numbers(
        levels: &[Level],
        rows: &EncodedRows,
        block: usize,
        order: Order,
        leaves: &mut [u32; ROWS_PER_BLOCK],
    ) {
        let mut bits = [_mm512_setzero_si512(); 4];
        for (place, level) in levels.iter().enumerate() {
            let bit = _mm512_set1_epi32(1 << place);
            let mut set =
                |group: usize, mask| bits[group] = _mm512_mask_or_epi32(bits[group], mask, bits[group], bit);
            match *level {
                Level::Le { column, threshold, nan_left } => {
                    let threshold = _mm512_set1_ps(threshold);
                    let codes = rows.column(block, column).as_chunks().0;
                    for (group, codes) in codes.iter().enumerate() {
                        let codes = load(codes);
                        if nan_left {
                            set(group, _mm512_cmp_ps_mask::<_CMP_GT_OQ>(codes, threshold));
                        } else {
                            set(group, _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(codes, threshold));
                        }
                    }
                }
                Level::InSet { .. } => {
                    let mask = level.mask(rows, block);
                    #[expect(clippy::cast_possible_truncation, reason = "16 bits at a time")]
                    (0..4).for_each(|group| set(group, (mask >> (16 * group)) as u16));
                }
            }
        }
        let halves = _mm512_setr_epi32(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
        for (bits, leaves) in bits.into_iter().zip(leaves.as_chunks_mut().0) {
            let bits = match order {
                Order::Straight => bits,
                Order::Halves => _mm512_permutexvar_epi32(halves, bits),
            };
            store(bits, leaves);
        }
    }

    #[target_feature(enable = "avx512f")]
    fn load(codes: &[f32; 16]) -> __m512 {
        // SAFETY: 16 floats are 64 bytes, and no alignment is asked for.
        unsafe { _mm512_loadu_ps(codes.as_ptr()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store(numbers: __m512i, leaves: &mut [u32; 16]) {
        // SAFETY: 16 numbers are 64 bytes, and no alignment is asked for.
        unsafe { _mm512_storeu_si512(leaves.as_mut_ptr().cast(), numbers) }
    }
}
