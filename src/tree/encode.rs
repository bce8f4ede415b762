//! Rows as the kernels read them: one f32 for each column that a split asks about, 64 rows at a time.
//!
//! A column whose numbers are single precision anyway is taken as it is, and thresholds are rounded once, when
//! the test is compiled: `x <= t` becomes `x <= floor32(t)`. A column of doubles becomes ranks among the
//! thresholds that it is ever compared with. Either way a numeric split is `code <= threshold`, exactly.

use std::ops::Range;

use super::forest::{Forest, Split};
use super::rows::Rows;
use crate::error::Error;

/// Rows that are encoded together; kernels may read all of them, whatever the number of true rows.
pub const ROWS_PER_BLOCK: usize = 64;

/// How the rows of one forest are encoded, and what its splits become.
#[derive(Debug)]
pub struct Encoding {}

/// A split as kernels ask it: about one encoded column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test<'a> {
    /// Left if `code <= threshold`; NaN goes left if `nan_left`.
    Le {
        /// The encoded column.
        column: usize,
        /// Never NaN.
        threshold: f32,
        /// Where a missing value goes.
        nan_left: bool,
    },
    /// Left if `bit code of words` is set (the words are those of the codes that go LEFT). Codes are exact small
    /// integers as f32; NaN goes left if `nan_left`; a code of -1 is invalid and goes left if `invalid_left`;
    /// a code past the words goes left if `rest_left`.
    InSet {
        /// The encoded column.
        column: usize,
        /// Bit `c % 32` of word `c / 32`: does code `c` go left? (Already inverted where members go right.)
        words: &'a [u32],
        /// Where a missing value goes.
        nan_left: bool,
        /// Where code -1 goes.
        invalid_left: bool,
        /// Where a code past the words goes.
        rest_left: bool,
    },
}

/// Encoded rows: `[block][encoded column][row of the block]`; the last block repeats its last row.
#[derive(Debug, Default, Clone)]
pub struct EncodedRows {
    n_rows: usize,
    n_columns: usize,
    values: Vec<f32>,
}

impl EncodedRows {
    /// True rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Blocks of [`ROWS_PER_BLOCK`] rows.
    pub fn n_blocks(&self) -> usize {
        self.n_rows.div_ceil(ROWS_PER_BLOCK)
    }

    /// An encoded column of a block.
    #[inline]
    pub fn column(&self, block: usize, column: usize) -> &[f32; ROWS_PER_BLOCK] {
        let first = (block * self.n_columns + column) * ROWS_PER_BLOCK;
        let (codes, _) = self.values[first..].split_first_chunk().expect("blocks are whole");
        codes
    }
}

impl Encoding {
    /// Find how the columns of a forest are encoded.
    pub fn new(_forest: &Forest) -> Result<Self, Error> {
        todo!("room core")
    }

    /// Encoded columns.
    pub fn n_columns(&self) -> usize {
        todo!("room core")
    }

    /// What a split of the forest asks of encoded rows.
    pub fn test(&self, _split: &Split) -> Test<'_> {
        todo!("room core")
    }

    /// Encode the rows `range` into `out`, whose memory is used again.
    pub fn encode(&self, _rows: &Rows<'_>, _range: Range<usize>, _out: &mut EncodedRows) {
        todo!("room core")
    }
}
