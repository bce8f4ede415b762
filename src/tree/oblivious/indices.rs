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
    #[cfg(target_arch = "x86_64")]
    if set == InstructionSet::Avx512 {
        return x86::avx512(levels, rows, blocks, order, leaves);
    }
    debug_assert_eq!(order, Order::Straight, "halves are AVX-512's alone");
    let blocks = blocks.zip(leaves.as_chunks_mut().0);
    #[cfg(target_arch = "x86_64")]
    if set == InstructionSet::Avx2 {
        return blocks.for_each(|(block, leaves)| x86::avx2(levels, rows, block, leaves));
    }
    blocks.for_each(|(block, leaves)| portable(levels, rows, block, leaves));
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled once for each instruction set")]
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN goes right")]
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

    use std::arch::x86_64::{
        __m512, __m512i, _CMP_GT_OQ, _CMP_NLE_UQ, _mm512_add_epi32, _mm512_cmp_ps_mask, _mm512_loadu_ps,
        _mm512_mask_or_epi32, _mm512_permutexvar_epi32, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setr_epi32,
        _mm512_setzero_si512, _mm512_storeu_si512,
    };
    use std::ops::Range;

    use super::{EncodedRows, Level, Order, ROWS_PER_BLOCK, ROWS_PER_TILE};

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
        blocks: Range<usize>,
        order: Order,
        leaves: &mut [u32; ROWS_PER_TILE],
    ) {
        let n_pairs = blocks.len() / 2;
        let (pairs, last) = leaves.split_at_mut(n_pairs * 2 * ROWS_PER_BLOCK);
        // SAFETY: the set is chosen only where the processor has it.
        unsafe {
            for (pair, leaves) in pairs.chunks_exact_mut(2 * ROWS_PER_BLOCK).enumerate() {
                leaf_numbers::<8>(levels, rows, blocks.start + 2 * pair, order, leaves);
            }
            if blocks.len() % 2 == 1 {
                leaf_numbers::<4>(levels, rows, blocks.end - 1, order, last);
            }
        }
    }

    /// Leaf numbers of `G` groups of 16 rows: one block, or two, which share the work of reading a level.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn leaf_numbers<const G: usize>(
        levels: &[Level],
        rows: &EncodedRows,
        first_block: usize,
        order: Order,
        leaves: &mut [u32],
    ) {
        let mut numbers = [_mm512_setzero_si512(); G];
        let mut bit = _mm512_set1_epi32(1);
        for level in levels {
            let set =
                |number: &mut __m512i, mask| *number = _mm512_mask_or_epi32(*number, mask, *number, bit);
            match *level {
                Level::Le { column, threshold, nan_left } => {
                    let threshold = _mm512_set1_ps(threshold);
                    for (block, numbers) in numbers.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                        let codes = rows.column(first_block + block, column).as_chunks().0;
                        for (number, codes) in numbers.iter_mut().zip(codes) {
                            if nan_left {
                                set(number, _mm512_cmp_ps_mask::<_CMP_GT_OQ>(load(codes), threshold));
                            } else {
                                set(number, _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(load(codes), threshold));
                            }
                        }
                    }
                }
                Level::InSet { .. } => {
                    for (block, numbers) in numbers.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                        let mask = level.mask(rows, first_block + block);
                        #[expect(clippy::cast_possible_truncation, reason = "16 bits at a time")]
                        (0..4)
                            .zip(numbers)
                            .for_each(|(group, number)| set(number, (mask >> (16 * group)) as u16));
                    }
                }
            }
            bit = _mm512_add_epi32(bit, bit);
        }
        let halves = _mm512_setr_epi32(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
        for (number, leaves) in numbers.into_iter().zip(leaves.as_chunks_mut().0) {
            let number = match order {
                Order::Straight => number,
                Order::Halves => _mm512_permutexvar_epi32(halves, number),
            };
            store(number, leaves);
        }
    }

    #[inline]
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
