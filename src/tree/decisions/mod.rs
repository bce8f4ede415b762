//! The decisions of a tree for 64 rows at a time, as the bits of a word.

pub(super) mod bytes;

use crate::simd::InstructionSet;
use crate::tree::encode::{EncodedRows, ROWS_PER_BLOCK, Test};

/// Blocks of rows that are worked on together: as many words fill one vector, and a table is read once for 512 rows.
pub(super) const STEP: usize = 8;

/// A split of numbers; bit = goes left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Below {
    column: u32,
    threshold: f32,
}

/// A split of categories.
#[derive(Debug)]
pub(super) struct Members {
    column: usize,
    words: Box<[u32]>,
    nan_left: bool,
    invalid_left: bool,
    rest_left: bool,
}

/// The bits of mask `left` where the decision `by` is left, else those of `right`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    pub(super) by: u32,
    pub(super) left: u32,
    pub(super) right: u32,
}

/// One word for each block of a step.
pub(super) type Masks = [u64; STEP];

/// The mask without a bit: stands for bits that a pattern does not have.
pub(super) const NO_ROW: u32 = 0;
/// The mask with all bits: a path without conditions.
pub(super) const ALL_ROWS: u32 = 1;

/// The decisions of a tree, by kind so that no branch depends on the node. Masks are numbered: none, all,
/// decisions where missing values go right, those where they go left, category sets, choices.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    nan_right: Vec<Below>,
    nan_left: Vec<Below>,
    members: Vec<Members>,
    choices: Vec<Choice>,
    /// For each decision in the order of asking its kind and its place there; empty once masks are numbered.
    asked: Vec<(usize, usize)>,
}

/// Marks a mask that is a choice, until the number of decisions is known.
const CHOSEN: u32 = 1 << 31;

impl Decisions {
    /// None yet, with room for so many.
    pub(super) fn with_capacity(n_decisions: usize) -> Self {
        Self {
            nan_right: Vec::with_capacity(n_decisions),
            nan_left: Vec::with_capacity(n_decisions),
            choices: Vec::with_capacity(n_decisions),
            asked: Vec::with_capacity(n_decisions),
            ..Self::default()
        }
    }

    /// A new decision; gives its mask, until [`Decisions::numbering`].
    pub(super) fn ask(&mut self, test: &Test<'_>) -> u32 {
        let place = match *test {
            Test::Le { column, threshold, nan_left } => {
                let column = u32::try_from(column).expect("columns are u32");
                let (kind, below) = if nan_left { (1, &mut self.nan_left) } else { (0, &mut self.nan_right) };
                below.push(Below { column, threshold });
                (kind, below.len() - 1)
            }
            Test::InSet { column, words, nan_left, invalid_left, rest_left } => {
                self.members.push(Members { column, words: words.into(), nan_left, invalid_left, rest_left });
                (2, self.members.len() - 1)
            }
        };
        self.asked.push(place);
        u32::try_from(self.asked.len() + 1).expect("node numbers are u32")
    }

    /// A new choice among masks that are there; gives its mask, until [`Decisions::numbering`].
    pub(super) fn choose(&mut self, choice: Choice) -> u32 {
        self.choices.push(choice);
        CHOSEN + u32::try_from(self.choices.len() - 1).expect("node numbers are u32")
    }

    /// All decisions are asked: number the masks for good. Gives the final number of each.
    pub(super) fn numbering(&mut self) -> impl Fn(u32) -> u32 + use<> {
        let first = [0, self.nan_right.len(), self.nan_right.len() + self.nan_left.len()];
        let of_asked = |&(kind, place): &(usize, usize)| u32::try_from(2 + first[kind] + place);
        let asked: Result<Vec<u32>, _> = self.asked.iter().map(of_asked).collect();
        let asked = asked.expect("node numbers are u32");
        self.asked = Vec::new();
        let n_asked = u32::try_from(asked.len()).expect("node numbers are u32");
        let number = move |mask: u32| match mask {
            NO_ROW | ALL_ROWS => mask,
            chosen if chosen & CHOSEN != 0 => chosen - CHOSEN + 2 + n_asked,
            asked_as => asked[asked_as as usize - 2],
        };
        for Choice { by, left, right } in &mut self.choices {
            (*by, *left, *right) = (number(*by), number(*left), number(*right));
        }
        number
    }

    /// Fill the masks for the blocks from `first` on.
    pub(super) fn decide(
        &self,
        set: InstructionSet,
        rows: &EncodedRows,
        (first, n_blocks): (usize, usize),
        masks: &mut Vec<Masks>,
    ) {
        let (below, members) = (self.nan_right.len() + self.nan_left.len(), self.members.len());
        masks.resize(2 + below + members + self.choices.len(), [0; STEP]);
        masks[NO_ROW as usize] = [0; STEP];
        masks[ALL_ROWS as usize] = [!0; STEP];
        let blocks = (first, n_blocks);
        match set {
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "entry into code for this instruction set")]
            // SAFETY: `InstructionSet` is one that this processor has.
            InstructionSet::Avx512 => unsafe { x86::fill_avx512(self, rows, blocks, masks) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "entry into code for this instruction set")]
            // SAFETY: as above.
            InstructionSet::Avx2 => unsafe { x86::fill_avx2(self, rows, blocks, masks) },
            _ => self.fill(rows, blocks, masks, below_or_nan::<false>, below_or_nan::<true>),
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the instruction set of its caller")]
    fn fill(
        &self,
        rows: &EncodedRows,
        (first, n_blocks): (usize, usize),
        masks: &mut [Masks],
        nan_right: impl Fn(&[f32; ROWS_PER_BLOCK], f32) -> u64,
        nan_left: impl Fn(&[f32; ROWS_PER_BLOCK], f32) -> u64,
    ) {
        let (right, rest) = masks[2..].split_at_mut(self.nan_right.len());
        let (left, rest) = rest.split_at_mut(self.nan_left.len());
        // All decisions of a block before the next: its codes stay in the first-level cache.
        for block in 0..n_blocks {
            let codes = rows.block(first + block);
            for (ask, masks) in self.nan_right.iter().zip(&mut *right) {
                masks[block] = nan_right(&codes[ask.column as usize], ask.threshold);
            }
            for (ask, masks) in self.nan_left.iter().zip(&mut *left) {
                masks[block] = nan_left(&codes[ask.column as usize], ask.threshold);
            }
        }
        for (ask, masks) in self.members.iter().zip(rest) {
            for (block, mask) in masks[..n_blocks].iter_mut().enumerate() {
                *mask = members(rows.column(first + block, ask.column), ask);
            }
        }
        let decided = masks.len() - self.choices.len();
        for (place, choice) in (decided..).zip(&self.choices) {
            let [by, left, right] = [choice.by, choice.left, choice.right].map(|mask| masks[mask as usize]);
            masks[place] =
                std::array::from_fn(|block| right[block] ^ (by[block] & (left[block] ^ right[block])));
        }
    }
}

/// Bits of the codes that go left: first a byte each, which any vectors do, then eight bytes' bits by a product whose
/// terms do not meet.
fn below_or_nan<const NAN_LEFT: bool>(codes: &[f32; ROWS_PER_BLOCK], threshold: f32) -> u64 {
    let goes_left = |&code: &f32| u8::from((code <= threshold) | (NAN_LEFT & code.is_nan()));
    let bytes: [u8; ROWS_PER_BLOCK] = std::array::from_fn(|row| goes_left(&codes[row]));
    let eighths = bytes.as_chunks().0.iter().enumerate();
    eighths.fold(0, |mask, (eighth, &bytes)| {
        let bits = u64::from_le_bytes(bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask | bits << (8 * eighth)
    })
}

/// Bits of the category codes that go left.
fn members(codes: &[f32; ROWS_PER_BLOCK], ask: &Members) -> u64 {
    let goes_left = |code: f32| {
        if code.is_nan() {
            return ask.nan_left;
        }
        if code < 0.0 {
            return ask.invalid_left;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "codes are small integers"
        )]
        let code = code as usize;
        ask.words.get(code / 32).map_or(ask.rest_left, |word| word >> (code % 32) & 1 == 1)
    };
    codes.iter().enumerate().fold(0, |mask, (row, &code)| mask | u64::from(goes_left(code)) << row)
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "loads of whole blocks")]
mod x86 {
    #[allow(clippy::wildcard_imports, reason = "intrinsics; the lint sleeps where tests are compiled")]
    use std::arch::x86_64::*;

    use super::{Decisions, Masks, ROWS_PER_BLOCK};
    use crate::tree::encode::EncodedRows;

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn fill_avx512(
        decisions: &Decisions,
        rows: &EncodedRows,
        blocks: (usize, usize),
        masks: &mut [Masks],
    ) {
        decisions.fill(
            rows,
            blocks,
            masks,
            |codes, threshold| below_avx512::<_CMP_LE_OQ>(codes, threshold),
            |codes, threshold| below_avx512::<_CMP_NGT_UQ>(codes, threshold),
        );
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn below_avx512<const COMPARE: i32>(codes: &[f32; ROWS_PER_BLOCK], threshold: f32) -> u64 {
        let threshold = _mm512_set1_ps(threshold);
        let quarter = |n: usize| {
            // SAFETY: four quarters of 16 codes make a block.
            let codes = unsafe { _mm512_loadu_ps(codes.as_ptr().add(16 * n)) };
            u32::from(_mm512_cmp_ps_mask::<COMPARE>(codes, threshold))
        };
        let low = _mm512_kunpackw(quarter(1), quarter(0));
        let high = _mm512_kunpackw(quarter(3), quarter(2));
        _mm512_kunpackd(u64::from(high), u64::from(low))
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn fill_avx2(
        decisions: &Decisions,
        rows: &EncodedRows,
        blocks: (usize, usize),
        masks: &mut [Masks],
    ) {
        decisions.fill(
            rows,
            blocks,
            masks,
            |codes, threshold| below_avx2::<_CMP_LE_OQ>(codes, threshold),
            |codes, threshold| below_avx2::<_CMP_NGT_UQ>(codes, threshold),
        );
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn below_avx2<const COMPARE: i32>(codes: &[f32; ROWS_PER_BLOCK], threshold: f32) -> u64 {
        let threshold = _mm256_set1_ps(threshold);
        let mut mask = 0;
        for n in 0..8 {
            // SAFETY: eight eighths of 8 codes make a block.
            let codes = unsafe { _mm256_loadu_ps(codes.as_ptr().add(8 * n)) };
            let left = _mm256_movemask_ps(_mm256_cmp_ps::<COMPARE>(codes, threshold));
            mask |= u64::from(left.cast_unsigned()) << (8 * n);
        }
        mask
    }
}
