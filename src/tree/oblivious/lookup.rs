//! Tables by leaf number, and the sum of a slot's look-ups for 64 rows at a time.
//!
//! With AVX-512 a small table is looked up by permutes of two registers and blends. Doubles are then held as
//! two tables of 32-bit halves: a permute of halves serves 32 entries of 16 rows, one of doubles 16 entries of 8
//! rows, and putting the halves together is exact. Elsewhere entries are loaded one by one. All ways add the same
//! numbers in the same order.

use super::ROWS_PER_TILE;
use super::indices::Order;
use crate::simd::InstructionSet;
use crate::tree::encode::ROWS_PER_BLOCK;
use crate::tree::forest::Precision;
use crate::tree::sweep::TREES_PER_BLOCK;

/// Fewest bits of a table: what one permute of two registers serves.
const LEAST_BITS: usize = 5;
/// Most bits of a table that is looked up by permutes; above, loads one by one are faster (measured: at 8 bits singles
/// take 2.0 ns a row and tree by permutes and 3.9 by loads, doubles 5.2 and 4.5).
const MOST_BITS: usize = 8;
const MOST_BITS_OF_HALVES: usize = 7;

/// The tables of a block, all of one length.
#[derive(Debug)]
pub(super) struct Tables {
    bits: usize,
    entries: Entries,
}

#[derive(Debug)]
enum Entries {
    Single(Vec<f32>),
    Double(Vec<f64>),
    /// For each table all low halves, then all high halves.
    Halves(Vec<u32>),
}

/// A table, and the tree of the block whose leaves it is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub tree: usize,
    pub table: usize,
}

/// Leaf numbers by tree of the block and row of the tile.
pub(super) type Leaves = [[u32; ROWS_PER_TILE]; TREES_PER_BLOCK];

impl Tables {
    /// For trees of at most `n_levels`.
    pub(super) fn new(n_levels: usize, precision: Precision, set: InstructionSet) -> Self {
        let bits = n_levels.max(LEAST_BITS);
        let entries = match precision {
            Precision::F32 => Entries::Single(Vec::new()),
            Precision::F64 if set == InstructionSet::Avx512 && bits <= MOST_BITS_OF_HALVES => {
                Entries::Halves(Vec::new())
            }
            Precision::F64 => Entries::Double(Vec::new()),
        };
        Self { bits, entries }
    }

    /// Add a table, whose number comes back.
    pub(super) fn push(&mut self, table: &[f64]) -> usize {
        let padded = table.iter().copied().chain(std::iter::repeat(0.0)).take(1 << self.bits);
        #[expect(clippy::cast_possible_truncation, reason = "rounding, and the halves of 64 bits")]
        let length = match &mut self.entries {
            Entries::Single(entries) => {
                entries.extend(padded.map(|entry| entry as f32));
                entries.len()
            }
            Entries::Double(entries) => {
                entries.extend(padded);
                entries.len()
            }
            Entries::Halves(entries) => {
                entries.extend(padded.clone().map(|entry| entry.to_bits() as u32));
                entries.extend(padded.map(|entry| (entry.to_bits() >> 32) as u32));
                entries.len() / 2
            }
        };
        (length >> self.bits) - 1
    }

    /// The order of rows that the look-up needs.
    pub(super) fn order(&self) -> Order {
        if matches!(self.entries, Entries::Halves(_)) { Order::Halves } else { Order::Straight }
    }

    pub(super) fn n_bytes(&self) -> usize {
        match &self.entries {
            Entries::Single(entries) => size_of_val(entries.as_slice()),
            Entries::Double(entries) => size_of_val(entries.as_slice()),
            Entries::Halves(entries) => size_of_val(entries.as_slice()),
        }
    }
}

/// Add the sum of some look-ups to each row, a whole number of blocks of 64.
pub(super) fn add(set: InstructionSet, tables: &Tables, looks: &[Look], leaves: &Leaves, sums: &mut [f64]) {
    #[cfg(target_arch = "x86_64")]
    match (&tables.entries, set, tables.bits) {
        (Entries::Halves(entries), _, bits) => return x86::doubles(entries, bits, looks, leaves, sums),
        (Entries::Single(entries), InstructionSet::Avx512, ..=MOST_BITS) => {
            return x86::singles(entries, tables.bits, looks, leaves, sums);
        }
        _ => {}
    }
    match &tables.entries {
        #[cfg(target_arch = "x86_64")]
        Entries::Single(entries) if set > InstructionSet::Portable => {
            x86::one_by_one(entries, tables.bits, looks, leaves, sums);
        }
        #[cfg(target_arch = "x86_64")]
        Entries::Double(entries) if set > InstructionSet::Portable => {
            x86::one_by_one(entries, tables.bits, looks, leaves, sums);
        }
        Entries::Single(entries) => one_by_one(entries, tables.bits, looks, leaves, sums),
        Entries::Double(entries) => one_by_one(entries, tables.bits, looks, leaves, sums),
        Entries::Halves(_) => unreachable!("halves are AVX-512's alone"),
    }
}

/// 16 rows at a time, whose totals stay in registers.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled once for each instruction set")]
fn one_by_one<T: Copy + Default + std::ops::AddAssign + Into<f64>>(
    entries: &[T],
    bits: usize,
    looks: &[Look],
    leaves: &Leaves,
    sums: &mut [f64],
) {
    for (group, sums) in sums.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let mut totals = [T::default(); 16];
        for look in looks {
            let table = &entries[look.table << bits..][..1 << bits];
            let leaves = leaves[look.tree].as_chunks::<16>().0[group];
            for (total, leaf) in totals.iter_mut().zip(leaves) {
                *total += table[leaf as usize & (table.len() - 1)];
            }
        }
        sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum += total.into());
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![expect(
        unsafe_code,
        reason = "entry points of an instruction set, and loads and stores of whole vectors"
    )]

    use std::arch::x86_64::{
        __m512d, __m512i, _mm512_add_pd, _mm512_add_ps, _mm512_castps512_ps256, _mm512_castsi512_pd,
        _mm512_castsi512_ps, _mm512_cvtps_pd, _mm512_extractf32x8_ps, _mm512_loadu_pd, _mm512_loadu_si512,
        _mm512_mask_blend_epi32, _mm512_permutex2var_epi32, _mm512_set1_epi32, _mm512_setzero_pd,
        _mm512_setzero_ps, _mm512_setzero_si512, _mm512_storeu_pd, _mm512_test_epi32_mask,
        _mm512_unpackhi_epi32, _mm512_unpacklo_epi32,
    };

    use super::{Leaves, Look, ROWS_PER_BLOCK};

    /// The loads one by one, with AVX2's wider additions.
    pub(super) fn one_by_one<T: Copy + Default + std::ops::AddAssign + Into<f64>>(
        entries: &[T],
        bits: usize,
        looks: &[Look],
        leaves: &Leaves,
        sums: &mut [f64],
    ) {
        #[target_feature(enable = "avx2,fma")]
        fn inner<T: Copy + Default + std::ops::AddAssign + Into<f64>>(
            entries: &[T],
            bits: usize,
            looks: &[Look],
            leaves: &Leaves,
            sums: &mut [f64],
        ) {
            super::one_by_one(entries, bits, looks, leaves, sums);
        }
        // SAFETY: both sets that come here have AVX2, and are chosen only where the processor has them.
        unsafe { inner(entries, bits, looks, leaves, sums) }
    }

    macro_rules! by_bits {
        ($run:ident, $bits:expr, $($argument:expr),*) => {
            // SAFETY: the set is chosen only where the processor has it.
            unsafe {
                match $bits {
                    5 => $run::<5, 2>($($argument),*),
                    6 => $run::<6, 4>($($argument),*),
                    7 => $run::<7, 8>($($argument),*),
                    _ => $run::<8, 16>($($argument),*),
                }
            }
        };
    }

    pub(super) fn doubles(entries: &[u32], bits: usize, looks: &[Look], leaves: &Leaves, sums: &mut [f64]) {
        by_bits!(add_doubles, bits, entries, looks, leaves, sums);
    }

    pub(super) fn singles(entries: &[f32], bits: usize, looks: &[Look], leaves: &Leaves, sums: &mut [f64]) {
        by_bits!(add_singles, bits, entries, looks, leaves, sums);
    }

    /// `V` = 2^(B - 4) registers hold a table of 2^B halves.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn add_doubles<const B: usize, const V: usize>(
        entries: &[u32],
        looks: &[Look],
        leaves: &Leaves,
        sums: &mut [f64],
    ) {
        let sums: &mut [[f64; ROWS_PER_BLOCK]] = sums.as_chunks_mut().0;
        for (block, sums) in sums.iter_mut().enumerate() {
            let mut totals = [_mm512_setzero_pd(); 8];
            for look in looks {
                let table = &entries[look.table << (B + 1)..][..2 << B];
                let leaves = &leaves[look.tree][block * ROWS_PER_BLOCK..][..ROWS_PER_BLOCK];
                let leaves = numbers(leaves);
                let low = look_up::<B, V>(&table[..1 << B], leaves);
                let high = look_up::<B, V>(&table[1 << B..], leaves);
                for group in 0..4 {
                    let first = _mm512_unpacklo_epi32(low[group], high[group]);
                    let second = _mm512_unpackhi_epi32(low[group], high[group]);
                    totals[2 * group] = _mm512_add_pd(totals[2 * group], _mm512_castsi512_pd(first));
                    totals[2 * group + 1] = _mm512_add_pd(totals[2 * group + 1], _mm512_castsi512_pd(second));
                }
            }
            for (sums, total) in sums.as_chunks_mut().0.iter_mut().zip(totals) {
                add(sums, total);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn add_singles<const B: usize, const V: usize>(
        entries: &[f32],
        looks: &[Look],
        leaves: &Leaves,
        sums: &mut [f64],
    ) {
        let sums: &mut [[f64; ROWS_PER_BLOCK]] = sums.as_chunks_mut().0;
        for (block, sums) in sums.iter_mut().enumerate() {
            let mut totals = [_mm512_setzero_ps(); 4];
            for look in looks {
                let table = &entries[look.table << B..][..1 << B];
                let leaves = &leaves[look.tree][block * ROWS_PER_BLOCK..][..ROWS_PER_BLOCK];
                let found = look_up::<B, V>(table, numbers(leaves));
                for group in 0..4 {
                    totals[group] = _mm512_add_ps(totals[group], _mm512_castsi512_ps(found[group]));
                }
            }
            let (sums, _) = sums.as_chunks_mut::<8>();
            for (sums, total) in sums.as_chunks_mut::<2>().0.iter_mut().zip(totals) {
                add(&mut sums[0], _mm512_cvtps_pd(_mm512_castps512_ps256(total)));
                add(&mut sums[1], _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(total)));
            }
        }
    }

    /// The entries of 64 rows.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn look_up<const B: usize, const V: usize>(table: &[impl Word], leaves: [__m512i; 4]) -> [__m512i; 4] {
        let mut registers = [_mm512_setzero_si512(); V];
        for (register, words) in registers.iter_mut().zip(table.as_chunks().0) {
            *register = load(words);
        }
        let mut found = leaves;
        for leaves in &mut found {
            *leaves = select::<V>(&registers, *leaves);
        }
        found
    }

    /// The entries that 16 leaf numbers name: pairs of registers by permute, then one blend a bit.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn select<const V: usize>(table: &[__m512i; V], leaves: __m512i) -> __m512i {
        let of_pair = |pair: usize| _mm512_permutex2var_epi32(table[2 * pair], leaves, table[2 * pair + 1]);
        let bit = |place: u32| _mm512_test_epi32_mask(leaves, _mm512_set1_epi32(1 << place));
        let blend = |place: u32, zero, one| _mm512_mask_blend_epi32(bit(place), zero, one);
        let of_two = |first: usize| blend(5, of_pair(first), of_pair(first + 1));
        let of_four = |first: usize| blend(6, of_two(first), of_two(first + 2));
        match V {
            2 => of_pair(0),
            4 => of_two(0),
            8 => of_four(0),
            _ => blend(7, of_four(0), of_four(4)),
        }
    }

    /// 64 leaf numbers.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn numbers(leaves: &[u32]) -> [__m512i; 4] {
        let mut numbers = [_mm512_setzero_si512(); 4];
        for (numbers, leaves) in numbers.iter_mut().zip(leaves.as_chunks::<16>().0) {
            *numbers = load(leaves);
        }
        numbers
    }

    /// 32 bits.
    trait Word: Copy {}
    impl Word for u32 {}
    impl Word for f32 {}

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(words: &[impl Word; 16]) -> __m512i {
        // SAFETY: 16 words of 32 bits are 64 bytes, and no alignment is asked for.
        unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn add(sums: &mut [f64; 8], total: __m512d) {
        // SAFETY: 8 doubles are 64 bytes, and no alignment is asked for.
        unsafe { _mm512_storeu_pd(sums.as_mut_ptr(), _mm512_add_pd(_mm512_loadu_pd(sums.as_ptr()), total)) }
    }
}
