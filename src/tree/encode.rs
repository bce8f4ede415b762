//! Rows as the kernels read them: one f32 for each column that a split asks about, 64 rows at a time.
//!
//! A column whose numbers are single precision anyway is taken as it is, and thresholds are rounded once, when
//! the test is compiled: `x <= t` becomes `x <= floor32(t)`. A column of doubles becomes ranks among the
//! thresholds that it is ever compared with. Either way a numeric split is `code <= threshold`, exactly.

use std::ops::Range;

use super::codec::{Codec, ceil32, floor32, le_key};
use super::forest::{CategorySet, Column, Forest, Precision, Predicate, Split, Step};
use super::rows::{Csr, Dense, Rows};
use super::validation::MOST_CODES;
use crate::error::{Error, ModelError};

/// Rows that are encoded together; kernels may read all of them, whatever the number of true rows.
pub const ROWS_PER_BLOCK: usize = 64;
/// Codes in a line of the cache.
const PER_LINE: usize = 16;
/// Numbers of one column that splits ask to be equal to: each becomes a set of its own.
const MOST_EQUALS: usize = 1 << 14;

/// How the rows of one forest are encoded, and what its splits become.
///
/// A column has up to four encoded ones: splits that count zeros as missing read another than those that do not, and
/// splits that ask for equality another than those that ask for order.
#[derive(Debug)]
pub struct Encoding {
    codecs: Vec<Codec>,
    absent: f64,
    /// For each column of the forest its encoded ones, by [`variant`]; [`NONE`] where no split asks.
    encoded: Vec<[u32; 4]>,
    /// `members[set]`: the codes that go left where members do; `others[set]`: where they go right.
    members: Vec<Option<CategorySet>>,
    others: Vec<Option<CategorySet>>,
    /// For each of the numbers that a column is ever asked to be equal to, the set of its code.
    singletons: Vec<CategorySet>,
    /// Columns whose numbers linear leaves need, ascending.
    raw: Vec<u32>,
    raw_casts: Vec<Precision>,
}

const NONE: u32 = u32::MAX;

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

impl Test<'_> {
    /// The encoded column that is asked about.
    pub fn column(&self) -> usize {
        match *self {
            Self::Le { column, .. } | Self::InSet { column, .. } => column,
        }
    }

    /// Does a row with this code go left? The law that every kernel's comparison follows.
    #[inline]
    pub fn goes_left(&self, code: f32) -> bool {
        match *self {
            Self::Le { threshold, nan_left, .. } => code <= threshold || (nan_left && code.is_nan()),
            Self::InSet { nan_left, .. } if code.is_nan() => nan_left,
            Self::InSet { invalid_left, .. } if code < 0.0 => invalid_left,
            Self::InSet { words, rest_left, .. } => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "codes are whole, and at most 2^24"
                )]
                let code = code as usize;
                words.get(code / 32).map_or(rest_left, |word| word >> (code % 32) & 1 == 1)
            }
        }
    }
}

/// Encoded rows: `[block][encoded column][row of the block]`; the last block repeats its last row.
#[derive(Debug, Default, Clone)]
pub struct EncodedRows {
    n_rows: usize,
    n_columns: usize,
    values: Vec<f32>,
    /// Where in `values` the first block lies: at an address that is a multiple of 64, so that no vector of codes lies
    /// in two lines of the cache.
    start: usize,
    n_raw: usize,
    raw: Vec<f64>,
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
        &self.codes()[block * self.n_columns + column]
    }

    /// All encoded columns of a block.
    #[inline]
    pub fn block(&self, block: usize) -> &[[f32; ROWS_PER_BLOCK]] {
        &self.codes()[block * self.n_columns..][..self.n_columns]
    }

    /// `[block, encoded column][row of the block]`
    #[inline]
    fn codes(&self) -> &[[f32; ROWS_PER_BLOCK]] {
        self.values[self.start..].as_chunks().0
    }

    fn codes_mut(&mut self) -> &mut [[f32; ROWS_PER_BLOCK]] {
        self.values[self.start..].as_chunks_mut().0
    }

    /// Make room for the rows and columns.
    fn resize(&mut self) {
        let length = self.n_blocks() * ROWS_PER_BLOCK;
        self.values.resize(length * self.n_columns + PER_LINE - 1, 0.0);
        self.start = self.values.as_ptr().align_offset(PER_LINE * size_of::<f32>()).min(PER_LINE - 1);
        self.raw.resize(length * self.n_raw, 0.0);
    }

    /// The numbers themselves of a [raw column](Encoding::raw_column) of a block.
    #[inline]
    pub fn raw(&self, block: usize, raw_column: usize) -> &[f64; ROWS_PER_BLOCK] {
        &self.raw.as_chunks().0[block * self.n_raw + raw_column]
    }

    /// Encoded columns.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Some of the rows, in any order.
    #[must_use]
    pub fn selected(&self, rows: &[usize]) -> Self {
        let (n_columns, n_raw) = (self.n_columns, self.n_raw);
        let mut selected = Self { n_rows: rows.len(), n_columns, n_raw, ..Self::default() };
        selected.resize();
        self.copy(|place| rows[place], &mut selected);
        selected
    }

    /// Fill `out`, whose shape is right, with rows of these: `row_of` says which comes to each place.
    fn copy(&self, row_of: impl Fn(usize) -> usize, out: &mut Self) {
        for place in 0..out.n_blocks() * ROWS_PER_BLOCK {
            let row = row_of(place.min(out.n_rows - 1));
            let at = |n: usize, column: usize, row: usize| {
                (row / ROWS_PER_BLOCK * n + column) * ROWS_PER_BLOCK + row % ROWS_PER_BLOCK
            };
            let (lane, from) = (place % ROWS_PER_BLOCK, self.block(row / ROWS_PER_BLOCK));
            let into = &mut out.codes_mut()[place / ROWS_PER_BLOCK * self.n_columns..];
            for (into, from) in into.iter_mut().zip(from) {
                into[lane] = from[row % ROWS_PER_BLOCK];
            }
            for column in 0..self.n_raw {
                out.raw[at(self.n_raw, column, place)] = self.raw[at(self.n_raw, column, row)];
            }
        }
    }
}

/// Which of a column's encoded columns a split reads.
fn variant(split: &Split) -> usize {
    match split.predicate {
        Predicate::Lt(_) | Predicate::Le(_) => usize::from(split.zero_is_missing),
        Predicate::Eq(_) => 2 + usize::from(split.zero_is_missing),
        Predicate::InSet { .. } => 0,
    }
}

fn splits(forest: &Forest) -> impl Iterator<Item = &Split> {
    forest.trees.iter().flat_map(|tree| &tree.nodes).filter_map(|node| match &node.step {
        Step::Split(split) => Some(split),
        Step::Leaf(_) => None,
    })
}

impl Encoding {
    /// Find how the columns of a forest are encoded.
    pub fn new(forest: &Forest) -> Result<Self, Error> {
        let mut keys: Vec<[Option<Vec<f64>>; 4]> = vec![[const { None }; 4]; forest.n_columns()];
        for split in splits(forest) {
            let keys = keys[split.column as usize][variant(split)].get_or_insert_default();
            match split.predicate {
                Predicate::Lt(_) | Predicate::Le(_) => keys.extend(le_key(split.predicate)),
                Predicate::Eq(value) => keys.push(value + 0.0), // -0 becomes 0
                Predicate::InSet { .. } => {}
            }
        }
        let has_bottomless = bottomless(forest);
        let mut encoding = Self {
            codecs: Vec::new(),
            absent: forest.absent,
            encoded: vec![[NONE; 4]; forest.n_columns()],
            members: Vec::new(),
            others: Vec::new(),
            singletons: Vec::new(),
            raw: Vec::new(),
            raw_casts: Vec::new(),
        };
        for (number, (column, keys)) in forest.columns.iter().zip(keys).enumerate() {
            for (variant, keys) in keys.into_iter().enumerate() {
                let Some(mut keys) = keys else { continue };
                keys.sort_unstable_by(f64::total_cmp);
                keys.dedup();
                check_count(number, keys.len(), variant)?;
                let zero_is_missing = variant % 2 == 1;
                encoding.encoded[number][variant] = u32::try_from(encoding.codecs.len()).unwrap_or(NONE);
                encoding.codecs.push(if variant >= 2 {
                    Codec::equal(number, column, zero_is_missing, keys)
                } else {
                    Codec::ordered(number, column, zero_is_missing, keys, has_bottomless[number])
                });
            }
        }
        encoding.keep_sets(forest);
        encoding.keep_raw(forest);
        Ok(encoding)
    }

    fn keep_sets(&mut self, forest: &Forest) {
        self.members = vec![None; forest.sets.len()];
        self.others = vec![None; forest.sets.len()];
        for split in splits(forest) {
            if let Predicate::InSet { set, in_set_left, .. } = split.predicate {
                let words = &forest.sets[set as usize].words;
                if in_set_left {
                    self.members[set as usize].get_or_insert_with(|| CategorySet { words: words.clone() });
                } else {
                    self.others[set as usize].get_or_insert_with(|| CategorySet {
                        words: words.iter().map(|word| !word).collect(),
                    });
                }
            }
        }
        let most = self.codecs.iter().map(Codec::n_equals).max().unwrap_or(0);
        let singleton = |code: usize| {
            let mut words = vec![0; code / 32 + 1];
            words[code / 32] = 1 << (code % 32);
            CategorySet { words: words.into() }
        };
        self.singletons = (0..most).map(singleton).collect();
    }

    fn keep_raw(&mut self, forest: &Forest) {
        let terms = forest.trees.iter().flat_map(|tree| &tree.linear).flat_map(|linear| &linear.terms);
        self.raw = terms.map(|&(column, _)| column).collect();
        self.raw.sort_unstable();
        self.raw.dedup();
        let cast = |&column: &u32| match forest.columns[column as usize] {
            Column::Numeric { cast, .. } => cast,
            Column::Category { .. } => Precision::F64,
        };
        self.raw_casts = self.raw.iter().map(cast).collect();
    }

    /// Encoded columns.
    pub fn n_columns(&self) -> usize {
        self.codecs.len()
    }

    /// The forest's column that an encoded column is made of.
    pub fn source(&self, column: usize) -> usize {
        self.codecs[column].source()
    }

    /// Raw columns: those whose numbers linear leaves need.
    pub fn n_raw_columns(&self) -> usize {
        self.raw.len()
    }

    /// Where [`EncodedRows::raw`] holds the numbers of a forest's column; none where no linear leaf needs them.
    pub fn raw_column(&self, column: u32) -> Option<usize> {
        self.raw.binary_search(&column).ok()
    }

    /// What a split of the forest asks of encoded rows.
    pub fn test(&self, split: &Split) -> Test<'_> {
        let column = self.encoded[split.column as usize][variant(split)] as usize;
        let (nan_left, codec) = (split.nan_left, &self.codecs[column]);
        let set_test =
            |words, invalid_left, rest_left| Test::InSet { column, words, nan_left, invalid_left, rest_left };
        match split.predicate {
            Predicate::Lt(_) | Predicate::Le(_) => {
                Test::Le { column, threshold: threshold(codec, split.predicate), nan_left }
            }
            Predicate::Eq(value) => set_test(&self.singletons[codec.rank(value)].words, false, false),
            Predicate::InSet { set, in_set_left, invalid_left } => {
                let sets = if in_set_left { &self.members } else { &self.others };
                let words = sets[set as usize].as_ref().map_or(&[][..], |set| &set.words);
                set_test(words, invalid_left, !in_set_left)
            }
        }
    }

    /// Encode the rows `range` into `out`, whose memory is used again. The rows have the forest's columns.
    pub fn encode(&self, rows: &Rows<'_>, range: Range<usize>, out: &mut EncodedRows) {
        out.n_rows = range.len();
        out.n_columns = self.n_columns();
        out.n_raw = self.raw.len();
        out.resize();
        match rows {
            Rows::F32(dense) => self.encode_dense(dense, range, out),
            Rows::F64(dense) => self.encode_dense(dense, range, out),
            Rows::Csr(csr) => self.encode_sparse(csr, range, out),
            Rows::Encoded(rows) => rows.copy(|place| range.start + place, out),
        }
    }

    fn encode_dense<T: Number>(&self, rows: &Dense<'_, T>, range: Range<usize>, out: &mut EncodedRows) {
        let last = range.end.saturating_sub(1);
        for (block, first) in range.clone().step_by(ROWS_PER_BLOCK).enumerate() {
            let mut numbers = [T::default(); ROWS_PER_BLOCK];
            let codes = &mut out.codes_mut()[block * self.n_columns()..];
            for (codec, codes) in self.codecs.iter().zip(codes) {
                rows.gather(first, last, codec.source(), &mut numbers);
                codec.encode(&numbers, codes);
            }
            let raw: &mut [[f64; ROWS_PER_BLOCK]] =
                out.raw[block * out.n_raw * ROWS_PER_BLOCK..].as_chunks_mut().0;
            for ((&column, cast), raw) in self.raw.iter().zip(&self.raw_casts).zip(raw) {
                rows.gather(first, last, column as usize, &mut numbers);
                raw.iter_mut().zip(&numbers).for_each(|(raw, number)| *raw = number.in_precision(*cast));
            }
        }
    }

    /// By scatter over the code of what is not stored.
    fn encode_sparse(&self, rows: &Csr<'_>, range: Range<usize>, out: &mut EncodedRows) {
        let n_blocks = out.n_blocks();
        let n_columns = self.n_columns();
        for (column, codec) in self.codecs.iter().enumerate() {
            let fill = codec.code(self.absent);
            for block in 0..n_blocks {
                out.codes_mut()[block * n_columns + column].fill(fill);
            }
        }
        out.raw.fill(self.absent);
        for place in 0..n_blocks * ROWS_PER_BLOCK {
            let (block, lane) = (place / ROWS_PER_BLOCK, place % ROWS_PER_BLOCK);
            let row = (range.start + place).min(range.end - 1);
            for (column, value) in rows.row(row) {
                for &encoded in self.encoded[column].iter().filter(|&&encoded| encoded != NONE) {
                    let code = self.codecs[encoded as usize].code(value);
                    out.codes_mut()[block * n_columns + encoded as usize][lane] = code;
                }
                let raw = u32::try_from(column).ok().and_then(|column| self.raw_column(column));
                if let Some(raw) = raw {
                    out.raw[(block * out.n_raw + raw) * ROWS_PER_BLOCK + lane] =
                        value.in_precision(self.raw_casts[raw]);
                }
            }
        }
    }
}

/// Columns with a split `x < -infinity`, which no threshold of single precision can say: they become ranks.
fn bottomless(forest: &Forest) -> Vec<bool> {
    let mut found = vec![false; forest.n_columns()];
    for split in splits(forest).filter(|split| split.predicate == Predicate::Lt(f64::NEG_INFINITY)) {
        found[split.column as usize] = true;
    }
    found
}

fn check_count(column: usize, got: usize, variant: usize) -> Result<(), Error> {
    let limit = if variant >= 2 { MOST_EQUALS } else { MOST_CODES };
    if got <= limit {
        return Ok(());
    }
    Err(Error::Model(ModelError::Unsupported {
        library: "this model",
        what: format!("column {column} with {got} distinct thresholds, more than {limit},"),
        remedy: "explain the model as a black box: algorithm='permutation'",
    }))
}

/// The threshold that codes are compared with.
fn threshold(codec: &Codec, predicate: Predicate) -> f32 {
    let Some(key) = le_key(predicate) else { return -1.0 }; // below all ranks
    if codec.is_rank() {
        return codec.rank(key) as f32;
    }
    match predicate {
        Predicate::Lt(threshold) => ceil32(threshold).next_down(),
        _ => floor32(key),
    }
}

/// Numbers that rows hold.
pub(super) trait Number: Copy + Default {
    fn single(self) -> f32;
    fn double(self) -> f64;

    /// The number after the library's cast.
    fn in_precision(self, cast: Precision) -> f64 {
        match cast {
            Precision::F32 => f64::from(self.single()),
            Precision::F64 => self.double(),
        }
    }
}

impl Number for f32 {
    fn single(self) -> f32 {
        self
    }

    fn double(self) -> f64 {
        f64::from(self)
    }
}

impl Number for f64 {
    #[expect(clippy::cast_possible_truncation, reason = "the library casts")]
    fn single(self) -> f32 {
        self as f32
    }

    fn double(self) -> f64 {
        self
    }
}
