//! From the numbers of one column to the codes that its splits compare.

use super::encode::{Number, ROWS_PER_BLOCK};
use super::forest::{CategoryCodes, Column, Precision, Predicate};
use super::validation::MOST_CODES;

/// What LightGBM counts as zero.
const NEARLY_ZERO: f64 = 1e-35_f32 as f64;
/// A category code that no set holds.
const PAST_ALL_SETS: f32 = MOST_CODES as f32;
const INVALID: f32 = -1.0;

/// How one encoded column is made.
#[derive(Debug)]
pub(super) struct Codec {
    source: usize,
    zero_is_missing: bool,
    missing: Option<f64>,
    cast: Precision,
    codes: Codes,
}

#[derive(Debug)]
enum Codes {
    /// The number itself, in single precision.
    Direct,
    /// How many keys are below the number.
    Rank(Keys),
    /// Which key the number equals; as many as there are keys if none.
    Equal(Keys),
    Category(CategoryCodes),
}

/// Distinct numbers in ascending order, followed by infinities up to one less than a power of two.
#[derive(Debug)]
struct Keys {
    n_keys: usize,
    padded: Vec<f64>,
}

/// The greatest single that is at most `t`.
pub(super) fn floor32(t: f64) -> f32 {
    let nearest = t.single();
    if f64::from(nearest) > t { nearest.next_down() } else { nearest }
}

/// The least single that is at least `t`.
pub(super) fn ceil32(t: f64) -> f32 {
    let nearest = t.single();
    if f64::from(nearest) < t { nearest.next_up() } else { nearest }
}

/// The key for which a comparison of doubles is `x <= key`; none for `x < -infinity`, which nothing satisfies.
pub(super) fn le_key(predicate: Predicate) -> Option<f64> {
    match predicate {
        Predicate::Lt(f64::NEG_INFINITY) | Predicate::InSet { .. } => None,
        Predicate::Lt(threshold) => Some(threshold.next_down() + 0.0),
        Predicate::Le(threshold) | Predicate::Eq(threshold) => Some(threshold + 0.0),
    }
}

impl Codec {
    /// For splits that compare; categories too. `keys` are distinct and ascending.
    pub(super) fn ordered(
        source: usize,
        column: &Column,
        zero_is_missing: bool,
        keys: Vec<f64>,
        has_bottomless: bool,
    ) -> Self {
        let (codes, cast, missing) = match *column {
            Column::Numeric { cast, missing } => {
                let is_direct = cast == Precision::F32 && !has_bottomless;
                (if is_direct { Codes::Direct } else { Codes::Rank(Keys::new(keys)) }, cast, missing)
            }
            Column::Category { codes, missing, .. } => {
                let is_single = codes == CategoryCodes::NegativeFirst; // XGBoost holds all rows in single precision
                let cast = if is_single { Precision::F32 } else { Precision::F64 };
                (Codes::Category(codes), cast, missing)
            }
        };
        Self { source, zero_is_missing, missing: missing.map(|value| value.in_precision(cast)), cast, codes }
    }

    /// For splits that ask whether a number equals one of `keys`, distinct and ascending.
    pub(super) fn equal(source: usize, column: &Column, zero_is_missing: bool, keys: Vec<f64>) -> Self {
        let ordered = Self::ordered(source, column, zero_is_missing, Vec::new(), false);
        Self { codes: Codes::Equal(Keys::new(keys)), ..ordered }
    }

    /// The forest's column.
    pub(super) fn source(&self) -> usize {
        self.source
    }

    /// Numbers that splits ask to be equal to.
    pub(super) fn n_equals(&self) -> usize {
        if let Codes::Equal(keys) = &self.codes { keys.n_keys } else { 0 }
    }

    pub(super) fn is_rank(&self) -> bool {
        matches!(self.codes, Codes::Rank(_))
    }

    /// Keys below a number.
    pub(super) fn rank(&self, number: f64) -> usize {
        match &self.codes {
            Codes::Rank(keys) | Codes::Equal(keys) => keys.below(number),
            Codes::Direct | Codes::Category(_) => 0,
        }
    }

    /// The code of one number.
    pub(super) fn code(&self, number: f64) -> f32 {
        let number = number.in_precision(self.cast);
        if self.is_missing(number) { f32::NAN } else { self.valid(number) }
    }

    /// Is the number, after the cast, missing?
    #[inline]
    #[expect(clippy::float_cmp, reason = "one number stands for missing, not its neighbours")]
    fn is_missing(&self, number: f64) -> bool {
        number.is_nan()
            || self.missing.is_some_and(|missing| number == missing)
            || (self.zero_is_missing && number.abs() <= NEARLY_ZERO)
    }

    /// The code of a number that is not missing by itself (but may be by its category).
    #[expect(clippy::float_cmp, reason = "the predicate is equality")]
    fn valid(&self, number: f64) -> f32 {
        match &self.codes {
            Codes::Direct => number.single(),
            Codes::Rank(keys) => keys.below(number) as f32,
            Codes::Equal(keys) => {
                let rank = keys.below(number);
                let is_met = rank < keys.n_keys && keys.padded[rank] == number;
                (if is_met { rank } else { keys.n_keys }) as f32
            }
            Codes::Category(codes) => category(*codes, number),
        }
    }

    /// The codes of a block of rows.
    pub(super) fn encode<T: Number>(&self, numbers: &[T; ROWS_PER_BLOCK], codes: &mut [f32; ROWS_PER_BLOCK]) {
        match &self.codes {
            Codes::Direct => {
                for (code, number) in codes.iter_mut().zip(numbers) {
                    *code = number.single();
                }
            }
            Codes::Rank(keys) => {
                let numbers = numbers.map(|number| number.in_precision(self.cast));
                keys.below_all(&numbers, codes);
                for (code, number) in codes.iter_mut().zip(numbers) {
                    *code = if number.is_nan() { f32::NAN } else { *code };
                }
            }
            Codes::Equal(_) | Codes::Category(_) => {
                for (code, number) in codes.iter_mut().zip(numbers) {
                    *code = self.code(number.double());
                }
                return;
            }
        }
        if self.missing.is_some() || self.zero_is_missing {
            for (code, number) in codes.iter_mut().zip(numbers) {
                let number = number.in_precision(self.cast);
                *code = if self.is_missing(number) { f32::NAN } else { *code };
            }
        }
    }
}

/// A category code: NaN is missing, -1 invalid.
fn category(rule: CategoryCodes, number: f64) -> f32 {
    let whole = number.trunc() + 0.0;
    let is_known = |known: u32| number >= 0.0 && whole < f64::from(known).min(MOST_CODES as f64);
    match rule {
        CategoryCodes::NegativeFirst => {
            if number >= 0.0 && whole < MOST_CODES as f64 {
                whole.single()
            } else {
                INVALID
            }
        }
        CategoryCodes::TruncateFirst => {
            if whole < 0.0 {
                INVALID
            } else {
                whole.single().min(PAST_ALL_SETS)
            }
        }
        CategoryCodes::KnownOrMissing { known } => {
            if is_known(known) {
                whole.single()
            } else {
                f32::NAN
            }
        }
        CategoryCodes::KnownOrInvalid { known } => {
            if is_known(known) {
                whole.single()
            } else {
                INVALID
            }
        }
    }
}

impl Keys {
    fn new(mut keys: Vec<f64>) -> Self {
        let n_keys = keys.len();
        keys.resize((n_keys + 1).next_power_of_two() - 1, f64::INFINITY);
        Self { n_keys, padded: keys }
    }

    /// Keys below a number, by halving without branches.
    fn below(&self, number: f64) -> usize {
        let mut below = 0;
        let mut step = self.padded.len().div_ceil(2);
        while step > 0 {
            below += if self.padded[below + step - 1] < number { step } else { 0 };
            step /= 2;
        }
        below
    }

    /// [`Keys::below`] for 64 numbers at once: their steps are independent, so that loads overlap.
    fn below_all(&self, numbers: &[f64; ROWS_PER_BLOCK], codes: &mut [f32; ROWS_PER_BLOCK]) {
        let mut below = [0_u32; ROWS_PER_BLOCK];
        let mut step = self.padded.len().div_ceil(2);
        while step > 0 {
            #[expect(clippy::cast_possible_truncation, reason = "at most 2^24 keys")]
            for (below, &number) in below.iter_mut().zip(numbers) {
                let key = self.padded[*below as usize + step - 1];
                *below += if key < number { step as u32 } else { 0 };
            }
            step /= 2;
        }
        for (code, below) in codes.iter_mut().zip(below) {
            *code = below as f32;
        }
    }
}
