//! From masks of 64 rows to the patterns of these rows.

use super::decisions::{Masks, STEP};
use crate::simd::InstructionSet;
use crate::tree::encode::ROWS_PER_BLOCK;

/// Patterns of a step's rows: one byte each.
pub(super) type Narrow = [[u8; ROWS_PER_BLOCK]; STEP];
/// Patterns of more than eight bits.
pub(super) type Wide = [[u16; ROWS_PER_BLOCK]; STEP];

/// Join up to eight masks.
pub(super) fn narrow(set: InstructionSet, bits: &[u32], masks: &[Masks], n_blocks: usize, out: &mut Narrow) {
    match set {
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "entry into code for this instruction set")]
        // SAFETY: `InstructionSet` is one that this processor has.
        InstructionSet::Avx512 => unsafe { x86::narrow_avx512(bits, masks, n_blocks, out) },
        _ => {
            for (block, out) in out.iter_mut().enumerate().take(n_blocks) {
                *out = transposed(bits, masks, block);
            }
        }
    }
}

/// Join up to sixteen masks.
pub(super) fn wide(bits: &[u32], masks: &[Masks], n_blocks: usize, out: &mut Wide) {
    let (low, high) = bits.split_at(bits.len().min(8));
    for (block, out) in out.iter_mut().enumerate().take(n_blocks) {
        let (low, high) = (transposed(low, masks, block), transposed(high, masks, block));
        for (out, (low, high)) in out.iter_mut().zip(low.into_iter().zip(high)) {
            *out = u16::from_le_bytes([low, high]);
        }
    }
}

/// Bit `b` of byte `row` is bit `row` of mask `b`: eight rows at a time, by three swaps of ever larger squares.
fn transposed(bits: &[u32], masks: &[Masks], block: usize) -> [u8; ROWS_PER_BLOCK] {
    let mut out = [0; ROWS_PER_BLOCK];
    let mut words = [0; 8];
    for (word, &bit) in words.iter_mut().zip(bits) {
        *word = masks[bit as usize][block];
    }
    for (eighth, out) in out.chunks_exact_mut(8).enumerate() {
        let column = |sum: u64, (bit, word): (usize, &u64)| sum | (word >> (8 * eighth) & 0xFF) << (8 * bit);
        let mut square = words.iter().enumerate().fold(0, column);
        for (distance, keep) in
            [(7, 0x00AA_00AA_00AA_00AA), (14, 0x0000_CCCC_0000_CCCC), (28, 0x0000_0000_F0F0_F0F0)]
        {
            let swap = (square ^ square >> distance) & keep;
            square ^= swap ^ swap << distance;
        }
        out.copy_from_slice(&square.to_le_bytes());
    }
    out
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "stores of whole blocks")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Masks, Narrow};

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn narrow_avx512(bits: &[u32], masks: &[Masks], n_blocks: usize, out: &mut Narrow) {
        for (block, out) in out.iter_mut().enumerate().take(n_blocks) {
            let mut bytes = _mm512_setzero_si512();
            let mut one = _mm512_set1_epi8(1);
            for &bit in bits {
                bytes = _mm512_mask_add_epi8(bytes, masks[bit as usize][block], bytes, one);
                one = _mm512_add_epi8(one, one);
            }
            // SAFETY: 64 bytes are a block.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), bytes) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd;

    #[test]
    fn patterns_are_the_bits_of_the_masks_in_every_instruction_set() {
        let masks: Vec<Masks> = (0..12_u64)
            .map(|n| {
                std::array::from_fn(|b| {
                    (n * 4 + b as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
                })
            })
            .collect();
        let bits: Vec<u32> = vec![3, 11, 0, 7, 8, 2, 9, 1, 10, 4];
        let bit = |n: usize, block: usize, row: usize| masks[bits[n] as usize][block] >> row & 1;
        for set in simd::supported() {
            for n_bits in 0..=8 {
                let mut out = [[0; ROWS_PER_BLOCK]; STEP];
                narrow(set, &bits[..n_bits], &masks, STEP, &mut out);
                for (block, out) in out.iter().enumerate() {
                    for (row, &pattern) in out.iter().enumerate() {
                        let want = (0..n_bits).fold(0, |sum, n| sum | bit(n, block, row) << n);
                        assert_eq!(u64::from(pattern), want, "{set:?}, {n_bits} bits, row {row}");
                    }
                }
            }
        }
        let mut out = [[0; ROWS_PER_BLOCK]; STEP];
        wide(&bits, &masks, STEP, &mut out);
        for (row, &pattern) in out[2].iter().enumerate() {
            assert_eq!(u64::from(pattern), (0..10).fold(0, |sum, n| sum | bit(n, 2, row) << n));
        }
    }
}
