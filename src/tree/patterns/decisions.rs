//! The decisions of a tree for 64 rows at a time, as the bits of a word.

use crate::simd::InstructionSet;
use crate::tree::encode::{EncodedRows, ROWS_PER_BLOCK, Test};

/// Blocks of rows that are worked on together: their sums and a group's table stay in the first-level cache.
pub(super) const STEP: usize = 4;

/// A split, as kernels ask it; bit = goes left.
#[derive(Debug)]
pub(super) enum Ask {
    Le { column: usize, threshold: f32, nan_left: bool },
    InSet { column: usize, words: Box<[u32]>, nan_left: bool, invalid_left: bool, rest_left: bool },
}

/// One more condition on a player: mask `from` and the decision `by`, all its bits changed by `flip`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Merge {
    pub(super) from: u32,
    pub(super) by: u32,
    pub(super) flip: u64,
}

/// One word for each block of a step.
pub(super) type Masks = [u64; STEP];

impl Ask {
    pub(super) fn new(test: &Test<'_>) -> Self {
        match *test {
            Test::Le { column, threshold, nan_left } => Self::Le { column, threshold, nan_left },
            Test::InSet { column, words, nan_left, invalid_left, rest_left } => {
                Self::InSet { column, words: words.into(), nan_left, invalid_left, rest_left }
            }
        }
    }

    /// Decisions of the blocks from `first` on.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the instruction set of its caller")]
    fn of(
        &self,
        rows: &EncodedRows,
        first: usize,
        n_blocks: usize,
        below: impl Fn(&[f32; ROWS_PER_BLOCK], f32, bool) -> u64,
    ) -> Masks {
        let mut masks = [0; STEP];
        for (block, mask) in masks.iter_mut().enumerate().take(n_blocks) {
            *mask = match self {
                Self::Le { column, threshold, nan_left } => {
                    below(rows.column(first + block, *column), *threshold, *nan_left)
                }
                Self::InSet { column, words, nan_left, invalid_left, rest_left } => {
                    let codes = rows.column(first + block, *column);
                    members(codes, words, *nan_left, *invalid_left, *rest_left)
                }
            };
        }
        masks
    }
}

/// Fill the masks of a tree for the blocks from `first` on: the constant, the decisions, the merged conditions.
pub(super) fn decide(
    set: InstructionSet,
    (asks, merges): (&[Ask], &[Merge]),
    rows: &EncodedRows,
    (first, n_blocks): (usize, usize),
    masks: &mut Vec<Masks>,
) {
    masks.clear();
    masks.push([!0; STEP]);
    match set {
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "entry into code for this instruction set")]
        // SAFETY: `InstructionSet` is one that this processor has.
        InstructionSet::Avx512 => unsafe { x86::asks_avx512(asks, rows, first, n_blocks, masks) },
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "entry into code for this instruction set")]
        // SAFETY: as above.
        InstructionSet::Avx2 => unsafe { x86::asks_avx2(asks, rows, first, n_blocks, masks) },
        _ => masks.extend(asks.iter().map(|ask| ask.of(rows, first, n_blocks, below))),
    }
    for merge in merges {
        let (from, by) = (masks[merge.from as usize], masks[merge.by as usize]);
        masks.push(std::array::from_fn(|block| from[block] & (by[block] ^ merge.flip)));
    }
}

/// Bits of the codes that go left, one after the other.
fn below(codes: &[f32; ROWS_PER_BLOCK], threshold: f32, nan_left: bool) -> u64 {
    let bits = codes.iter().enumerate();
    bits.fold(0, |mask, (row, &code)| {
        mask | u64::from(code <= threshold || (nan_left && code.is_nan())) << row
    })
}

/// Bits of the category codes that go left.
fn members(
    codes: &[f32; ROWS_PER_BLOCK],
    words: &[u32],
    nan_left: bool,
    invalid_left: bool,
    rest_left: bool,
) -> u64 {
    let goes_left = |code: f32| {
        if code.is_nan() {
            return nan_left;
        }
        if code < 0.0 {
            return invalid_left;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "codes are small integers"
        )]
        let code = code as usize;
        words.get(code / 32).map_or(rest_left, |word| word >> (code % 32) & 1 == 1)
    };
    codes.iter().enumerate().fold(0, |mask, (row, &code)| mask | u64::from(goes_left(code)) << row)
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "loads of whole blocks")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Ask, Masks, ROWS_PER_BLOCK};
    use crate::tree::encode::EncodedRows;

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn asks_avx512(
        asks: &[Ask],
        rows: &EncodedRows,
        first: usize,
        n_blocks: usize,
        masks: &mut Vec<Masks>,
    ) {
        masks.extend(asks.iter().map(|ask| {
            ask.of(rows, first, n_blocks, |codes, threshold, nan_left| {
                below_avx512(codes, threshold, nan_left)
            })
        }));
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn below_avx512(codes: &[f32; ROWS_PER_BLOCK], threshold: f32, nan_left: bool) -> u64 {
        let threshold = _mm512_set1_ps(threshold);
        let quarter = |n: usize| {
            // SAFETY: four quarters of 16 codes make a block.
            let codes = unsafe { _mm512_loadu_ps(codes.as_ptr().add(16 * n)) };
            u64::from(if nan_left {
                _mm512_cmp_ps_mask::<_CMP_NGT_UQ>(codes, threshold)
            } else {
                _mm512_cmp_ps_mask::<_CMP_LE_OQ>(codes, threshold)
            })
        };
        quarter(0) | quarter(1) << 16 | quarter(2) << 32 | quarter(3) << 48
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn asks_avx2(
        asks: &[Ask],
        rows: &EncodedRows,
        first: usize,
        n_blocks: usize,
        masks: &mut Vec<Masks>,
    ) {
        masks.extend(asks.iter().map(|ask| {
            ask.of(rows, first, n_blocks, |codes, threshold, nan_left| below_avx2(codes, threshold, nan_left))
        }));
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn below_avx2(codes: &[f32; ROWS_PER_BLOCK], threshold: f32, nan_left: bool) -> u64 {
        let threshold = _mm256_set1_ps(threshold);
        let mut mask = 0;
        for n in 0..8 {
            // SAFETY: eight eighths of 8 codes make a block.
            let codes = unsafe { _mm256_loadu_ps(codes.as_ptr().add(8 * n)) };
            let left = if nan_left {
                _mm256_cmp_ps::<_CMP_NGT_UQ>(codes, threshold)
            } else {
                _mm256_cmp_ps::<_CMP_LE_OQ>(codes, threshold)
            };
            mask |= u64::from(_mm256_movemask_ps(left).cast_unsigned()) << (8 * n);
        }
        mask
    }
}
