//! Exact sums of values, of their absolute values and of their squares, and the moments that follow from them.
//!
//! Mantissas are whole numbers, so those of one sign and exponent add up in a machine word without rounding, and so do
//! their squares; from time to time the words are emptied into numbers as long as it takes (a "superaccumulator": Neal
//! 2015, "Fast exact summation using small and large superaccumulators"). So a state is the same for any order in which
//! rows came. Only a moment that is asked for is rounded, once.

use std::ops::Range;

use super::block::{Block, TILE};
use super::bytes::{Reader, Writer};
use super::natural::Natural;
use super::pages::{Pages, is_negative, mantissa, shift};
use crate::error::Error;
use crate::parallel::Workers;

/// A moment of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// `sum v / n`
    Mean,
    /// `sum |v| / n`
    MeanAbs,
    /// `(sum v^2 - (sum v)^2 / n) / (n - ddof)`
    Variance(u64),
    /// The same of `|v|`.
    VarianceAbs(u64),
    /// The variance of the mean over rows drawn independently: `Variance(1) / n`.
    MeanVariance,
    /// The same of the mean of `|v|`.
    MeanAbsVariance,
    /// The least value.
    Least,
    /// The greatest value.
    Greatest,
    /// `sum v`
    Sum,
}

/// Rows whose mantissas are summed up in machine words before these are emptied: 2^16 squares of singles are below 2^64.
const ROWS: usize = 1 << 16;

/// Bytes of a column, at least.
const COLUMN: usize = 25;

/// What is known of one column.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    /// Sum of what is positive, over `2^-1074`.
    plus: Natural,
    /// Sum of what is negative, without its sign.
    minus: Natural,
    /// Sum of squares, over `2^-2148`.
    squares: Natural,
    least: f64,
    greatest: f64,
    /// NaN, infinity, minus infinity.
    n_not_finite: [u64; 3],
}

/// Exact sums of columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    n_rows: u64,
    columns: Vec<Column>,
}

impl Sums {
    /// Nothing yet, of `n_columns` columns.
    pub fn new(n_columns: usize) -> Self {
        Self { n_rows: 0, columns: vec![Column::new(); n_columns] }
    }

    /// Rows that were added.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Columns there are.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// Add the rows of a block; it must have as many columns.
    pub fn add<T: Copy + Into<f64> + Sync>(
        &mut self,
        block: &Block<'_, T>,
        workers: &Workers<'_>,
    ) -> Result<(), Error> {
        check_columns(block.n_columns(), self.columns.len())?;
        let n_rows = block.shape()[0];
        workers.for_each_unit(self.columns.chunks_mut(TILE), |tile, columns| {
            let first = tile * TILE;
            for row in (0..n_rows).step_by(ROWS) {
                let rows = row..n_rows.min(row + ROWS);
                if size_of::<T>() == size_of::<f32>() {
                    add_rows::<T, Singles>(block, first, rows, columns);
                } else {
                    add_rows::<T, Doubles>(block, first, rows, columns);
                }
            }
        })?;
        self.n_rows += n_rows as u64;
        Ok(())
    }

    /// Add what another state has added up.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        check_columns(other.columns.len(), self.columns.len())?;
        for (own, other) in self.columns.iter_mut().zip(&other.columns) {
            own.merge(other);
        }
        self.n_rows += other.n_rows;
        Ok(())
    }

    /// A moment of each column, correctly rounded.
    ///
    /// NaN where there are too few rows, and what the arithmetic of doubles makes of values that are not finite.
    pub fn moment(&self, moment: Moment) -> Vec<f64> {
        self.columns.iter().map(|column| column.moment(moment, self.n_rows)).collect()
    }

    /// Values of each column that are NaN, infinite or minus infinite.
    pub fn n_not_finite(&self) -> Vec<u64> {
        self.columns.iter().map(|column| column.n_not_finite.iter().sum()).collect()
    }

    /// The state as bytes: the same for the same rows, in whatever order they came.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.count(self.n_rows);
        to.length(self.columns.len());
        for column in &self.columns {
            column.write(&mut to);
        }
        to.bytes()
    }

    /// The state that [`Sums::to_bytes`] made bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut from = Reader::new(bytes);
        let n_rows = from.rows()?;
        let n_columns = from.length(COLUMN)?;
        let columns = (0..n_columns).map(|_| Column::read(&mut from, n_rows)).collect::<Result<_, _>>()?;
        from.end()?;
        Ok(Self { n_rows, columns })
    }
}

/// Add some rows to columns that lie side by side.
fn add_rows<T: Copy + Into<f64> + Sync, W: Words>(
    block: &Block<'_, T>,
    first: usize,
    rows: Range<usize>,
    columns: &mut [Column],
) {
    let mut pages: Vec<Pages<W>> = columns.iter().map(|_| Pages::default()).collect();
    let mut places: Vec<_> = pages.iter().map(Pages::places).collect();
    block.pieces(first..first + columns.len(), rows, |place, _, piece| {
        let column = &mut columns[place];
        column.bound(piece);
        pages[place].put(&mut places[place], piece, W::add, |value| column.count(value));
    });
    for (column, pages) in columns.iter_mut().zip(pages) {
        for (key, words) in pages.sorted() {
            words.empty(
                shift(key),
                if is_negative(key) { &mut column.minus } else { &mut column.plus },
                &mut column.squares,
            );
        }
    }
}

/// Mantissas of one sign and exponent, and their squares, summed up in machine words without carries between them.
trait Words: Default {
    fn add(&mut self, bits: u64);
    /// Put `2^shift` times what was summed up into a sum, and its square times the squares into theirs.
    fn empty(&self, shift: usize, sum: &mut Natural, squares: &mut Natural);
}

/// Of numbers that were singles: 24 bits and 29 zeros.
#[derive(Default)]
#[repr(align(16))] // so that no page lies in two cache lines (measured: up to four times slower)
struct Singles {
    sum: u64,
    squares: u64,
}

impl Words for Singles {
    #[inline]
    fn add(&mut self, bits: u64) {
        let mantissa = mantissa(bits) >> 29;
        self.sum += mantissa;
        self.squares += mantissa * mantissa;
    }

    fn empty(&self, shift: usize, sum: &mut Natural, squares: &mut Natural) {
        sum.add(u128::from(self.sum), shift + 29);
        squares.add(u128::from(self.squares), 2 * (shift + 29));
    }
}

/// Of any numbers: 53 bits.
#[derive(Default)]
#[repr(align(64))]
struct Doubles {
    /// Mantissas' lower 32 bits, and what is above.
    sum: [u64; 2],
    /// Squares' lower 32 bits, the next 32, and what is above.
    squares: [u64; 3],
}

impl Words for Doubles {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the parts are what is wanted")]
    fn add(&mut self, bits: u64) {
        let mantissa = mantissa(bits);
        let square = u128::from(mantissa) * u128::from(mantissa);
        self.sum[0] += mantissa & 0xffff_ffff;
        self.sum[1] += mantissa >> 32;
        self.squares[0] += square as u64 & 0xffff_ffff;
        self.squares[1] += square as u64 >> 32;
        self.squares[2] += (square >> 64) as u64;
    }

    fn empty(&self, shift: usize, sum: &mut Natural, squares: &mut Natural) {
        for (place, &part) in self.sum.iter().enumerate() {
            sum.add(u128::from(part), shift + 32 * place);
        }
        for (place, &part) in self.squares.iter().enumerate() {
            squares.add(u128::from(part), 2 * shift + 32 * place);
        }
    }
}

pub(super) fn check_columns(got: usize, want: usize) -> Result<(), Error> {
    if got == want { Ok(()) } else { Err(Error::Length { argument: "values", got, want }) }
}

impl Column {
    fn new() -> Self {
        let (least, greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        let [plus, minus, squares] = std::array::from_fn(|_| Natural::default());
        Self { plus, minus, squares, least, greatest, n_not_finite: [0; 3] }
    }

    #[cold]
    fn count(&mut self, value: f64) {
        self.n_not_finite[if value.is_nan() { 0 } else { 1 + usize::from(value < 0.0) }] += 1;
    }

    /// The least and the greatest; of two zeros the positive one.
    fn bound(&mut self, piece: &[f64]) {
        let (mut least, mut greatest) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
        let eights = piece.chunks_exact(8);
        for (place, &value) in eights.remainder().iter().enumerate() {
            (least[place], greatest[place]) = bounds(least[place], greatest[place], value);
        }
        for eight in eights {
            for place in 0..8 {
                (least[place], greatest[place]) = bounds(least[place], greatest[place], eight[place]);
            }
        }
        for place in 0..8 {
            self.least = bounds(self.least, 0.0, least[place]).0;
            self.greatest = bounds(0.0, self.greatest, greatest[place]).1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.plus.merge(&other.plus);
        self.minus.merge(&other.minus);
        self.squares.merge(&other.squares);
        (self.least, _) = bounds(self.least, 0.0, other.least);
        (_, self.greatest) = bounds(0.0, self.greatest, other.greatest);
        for (own, other) in self.n_not_finite.iter_mut().zip(other.n_not_finite) {
            *own += other;
        }
    }

    fn moment(&self, moment: Moment, n: u64) -> f64 {
        let [n_nan, n_plus, n_minus] = self.n_not_finite;
        let needs = match moment {
            Moment::Variance(ddof) | Moment::VarianceAbs(ddof) => ddof + 1,
            Moment::MeanVariance | Moment::MeanAbsVariance => 2,
            _ => 1,
        };
        if n_nan > 0 || (n < needs && moment != Moment::Sum) {
            return f64::NAN;
        }
        match moment {
            Moment::Least => return self.least,
            Moment::Greatest => return self.greatest,
            Moment::MeanAbs if n_plus + n_minus > 0 => return f64::INFINITY,
            Moment::Mean | Moment::Sum if n_minus == 0 && n_plus > 0 => return f64::INFINITY,
            Moment::Mean | Moment::Sum if n_plus == 0 && n_minus > 0 => return f64::NEG_INFINITY,
            _ if n_plus + n_minus > 0 => return f64::NAN,
            _ => {}
        }
        let signed = self.plus.distance(&self.minus);
        let all = self.plus.clone().plus(&self.minus);
        let sign = if self.plus.is_below(&self.minus) { -1.0 } else { 1.0 };
        let spread = |sum: &Natural| self.squares.times(&u128::from(n).into()).distance(&sum.times(sum));
        match moment {
            Moment::Mean => sign * signed.over(&[n], -1074),
            Moment::Sum => sign * signed.over(&[], -1074),
            Moment::MeanAbs => all.over(&[n], -1074),
            Moment::Variance(ddof) => spread(&signed).over(&[n, n - ddof], -2148),
            Moment::VarianceAbs(ddof) => spread(&all).over(&[n, n - ddof], -2148),
            Moment::MeanVariance => spread(&signed).over(&[n, n - 1, n], -2148),
            _ => spread(&all).over(&[n, n - 1, n], -2148),
        }
    }

    fn write(&self, to: &mut Writer) {
        to.double(self.least);
        to.double(self.greatest);
        for &count in &self.n_not_finite {
            to.count(count);
        }
        for sum in [&self.plus, &self.minus, &self.squares] {
            to.limbs(sum.limbs());
        }
    }

    fn read(from: &mut Reader<'_>, n_rows: u64) -> Result<Self, Error> {
        let mut column = Self::new();
        (column.least, column.greatest) = (from.double()?, from.double()?);
        from.check(!column.least.is_nan() && !column.greatest.is_nan(), "a bound is NaN")?;
        for count in &mut column.n_not_finite {
            *count = from.at_most(n_rows, "more values than rows")?;
        }
        // The greatest doubles are below 2^(971 + 53), and there are fewer than 2^64 rows.
        let longest = (1074 + 971 + 53 + 64_usize).div_ceil(64);
        column.plus = Natural::from_limbs(from.limbs(longest)?);
        column.minus = Natural::from_limbs(from.limbs(longest)?);
        column.squares = Natural::from_limbs(from.limbs(2 * longest)?);
        Ok(column)
    }
}

/// The smaller of `least` and the value, the larger of `greatest` and the value; NaN changes nothing, zeros lose their
/// sign.
#[inline]
fn bounds(least: f64, greatest: f64, value: f64) -> (f64, f64) {
    let value = value + 0.0;
    (if value < least { value } else { least }, if value > greatest { value } else { greatest })
}
