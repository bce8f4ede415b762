//! From masks of 64 rows to the patterns of these rows.

use super::{Masks, STEP};
use crate::simd::InstructionSet;
use crate::tree::encode::ROWS_PER_BLOCK;

/// Patterns of a step's rows: one byte each.
pub(in crate::tree) type Narrow = [[u8; ROWS_PER_BLOCK]; STEP];
/// Patterns of more than eight bits.
pub(in crate::tree) type Wide = [[u16; ROWS_PER_BLOCK]; STEP];

/// Join up to eight masks.
pub(in crate::tree) fn narrow(
    set: InstructionSet,
    bits: &[u32],
    masks: &[Masks],
    n_blocks: usize,
    out: &mut Narrow,
) {
    match set {
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "entry into code for this instruction set")]
        // SAFETY: `InstructionSet` is one that this processor has, and the other two are asked for.
        InstructionSet::Avx512 => unsafe {
            if is_x86_feature_detected!("gfni") && is_x86_feature_detected!("avx512vbmi") {
                x86::narrow_gfni(bits, masks, out);
            } else {
                x86::narrow_avx512(bits, masks, n_blocks, out);
            }
        },
        _ => {
            for (block, out) in out.iter_mut().enumerate().take(n_blocks) {
                *out = transposed(bits, masks, block);
            }
        }
    }
}

/// Join up to sixteen masks.
pub(in crate::tree) fn wide(bits: &[u32], masks: &[Masks], n_blocks: usize, out: &mut Wide) {
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
    #[allow(clippy::wildcard_imports, reason = "intrinsics; the lint sleeps where tests are compiled")]
    use std::arch::x86_64::*;

    use super::{Masks, Narrow};
    use crate::tree::decisions::NO_ROW;

    /// Byte `q` of mask `n`, for all `q` and eight `n`: where it lies in two vectors of four masks each, and where the
    /// transposition of bits wants it. `half` says which half of both vectors belongs to the block.
    const fn places(half: usize) -> [u8; 64] {
        let mut places = [0; 64];
        let mut place = 0;
        while place < 64 {
            let (q, n) = (place / 8, 7 - place % 8);
            #[expect(clippy::cast_possible_truncation, reason = "below 128")]
            {
                places[place] = (64 * (n / 4) + 32 * half + 8 * (n % 4) + q) as u8;
            }
            place += 1;
        }
        places
    }

    const LOW: [u8; 64] = places(0);
    const HIGH: [u8; 64] = places(1);

    /// Eight masks of eight blocks: words to their blocks, bytes to their eight rows, then bits to their row.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,gfni")]
    pub(super) fn narrow_gfni(bits: &[u32], masks: &[Masks], out: &mut Narrow) {
        let load = |n: usize| {
            let mask = &masks[bits.get(n).map_or(NO_ROW, |&bit| bit) as usize];
            // SAFETY: eight words are read.
            unsafe { _mm512_loadu_si512(mask.as_ptr().cast()) }
        };
        // [half: masks 0 to 3, masks 4 to 7][pair of blocks]
        let mut quads = [[_mm512_setzero_si512(); 4]; 2];
        let (first, last) =
            (_mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15));
        for (half, quads) in quads.iter_mut().enumerate() {
            let (a, b, c, d) = (load(4 * half), load(4 * half + 1), load(4 * half + 2), load(4 * half + 3));
            let (even_ab, odd_ab) = (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
            let (even_cd, odd_cd) = (_mm512_unpacklo_epi64(c, d), _mm512_unpackhi_epi64(c, d));
            *quads = [
                _mm512_permutex2var_epi64(even_ab, first, even_cd), // blocks 0, 2
                _mm512_permutex2var_epi64(odd_ab, first, odd_cd),   // blocks 1, 3
                _mm512_permutex2var_epi64(even_ab, last, even_cd),  // blocks 4, 6
                _mm512_permutex2var_epi64(odd_ab, last, odd_cd),    // blocks 5, 7
            ];
        }
        let rows = _mm512_set1_epi64(0x8040_2010_0804_0201_u64.cast_signed());
        for (block, out) in out.iter_mut().enumerate() {
            let places = if block % 4 < 2 { &LOW } else { &HIGH };
            let pair = block / 4 * 2 + block % 2;
            // SAFETY: 64 bytes are read and written.
            unsafe {
                let places = _mm512_loadu_si512(places.as_ptr().cast());
                let bytes = _mm512_permutex2var_epi8(quads[0][pair], places, quads[1][pair]);
                let patterns = _mm512_gf2p8affine_epi64_epi8::<0>(rows, bytes);
                _mm512_storeu_si512(out.as_mut_ptr().cast(), patterns);
            }
        }
    }

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
    use super::super::NO_ROW;
    use super::*;
    use crate::simd;

    #[test]
    fn patterns_are_the_bits_of_the_masks_in_every_instruction_set() {
        let mut masks: Vec<Masks> = (0..12_u64)
            .map(|n| {
                std::array::from_fn(|b| {
                    (n * 8 + b as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
                })
            })
            .collect();
        masks[NO_ROW as usize] = [0; STEP];
        let bits: Vec<u32> = vec![3, 11, 6, 7, 8, 2, 9, 1, 10, 4];
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
