//! Distances of rows to the nearest row of a background, over all columns and over pairs of them.

use crate::error::Error;
use crate::parallel::Workers;
use crate::simd::InstructionSet;

/// Queries of one unit of work: a tenth of a millisecond at 12 columns and 1,000 background rows.
const UNIT: usize = 8;
/// Lanes of a minimum, some registers of them; columns are padded to whole groups.
const LANES: usize = 32;
/// Pairs are formed of at most so many columns: 1,225 pairs.
const MOST_PAIRED: usize = 50;

/// The background by columns, in units of their spread.
pub(super) struct Columns<'a> {
    is_category: &'a [bool],
    n_rows: usize,
    /// Rows of a column in memory: whole groups of lanes.
    n_padded: usize,
    /// Median and spread of each column; 0 and 1 of categories.
    scales: Vec<(f64, f64)>,
    /// `(columns, n_padded)`, NaN where an entry is missing.
    values: Vec<f64>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(background: &[f64], is_category: &'a [bool]) -> Self {
        let d = is_category.len();
        let n_rows = background.len() / d;
        let n_padded = n_rows.next_multiple_of(LANES);
        let mut values = vec![f64::NAN; d * n_padded];
        let mut scales = Vec::with_capacity(d);
        for (j, column) in values.chunks_exact_mut(n_padded).enumerate() {
            let entries = || background.iter().skip(j).step_by(d).copied();
            let (centre, spread) = if is_category[j] {
                (0.0, 1.0)
            } else {
                centre_and_spread(entries().filter(|v| v.is_finite()))
            };
            for (value, entry) in column.iter_mut().zip(entries()) {
                *value = scaled(entry, centre, spread);
            }
            scales.push((centre, spread));
        }
        Self { is_category, n_rows, n_padded, scales, values }
    }

    /// The columns to form pairs of, ascending.
    pub(super) fn most_different(&self, explained: &[f64], filling: &[f64]) -> Vec<usize> {
        let d = self.is_category.len();
        let mut columns: Vec<usize> = (0..d).collect();
        if d > MOST_PAIRED {
            let mut differences = vec![0.0; d];
            for (place, (&x, &b)) in explained.iter().zip(filling).enumerate() {
                let j = place % d;
                let (centre, spread) = self.scales[j];
                differences[j] +=
                    squared(scaled(x, centre, spread), scaled(b, centre, spread), self.is_category[j]).sqrt();
            }
            columns.sort_by(|&a, &b| differences[b].total_cmp(&differences[a]));
            columns.truncate(MOST_PAIRED);
            columns.sort_unstable();
        }
        columns
    }

    /// Distances to the nearest background row, over all columns and over each pair: `(queries, 1 + pairs)`.
    ///
    /// Where the queries are the background itself, a row is not its own neighbour.
    pub(super) fn nearest(
        &self,
        queries: &[f64],
        are_own: bool,
        pairs: &[(usize, usize)],
        workers: &Workers<'_>,
    ) -> Result<Vec<f64>, Error> {
        let set = InstructionSet::chosen()?;
        let (d, width) = (self.is_category.len(), pairs.len() + 1);
        let mut found = vec![0.0; queries.len() / d * width];
        let units = queries.chunks(UNIT * d).zip(found.chunks_mut(UNIT * width));
        workers.for_each_unit(units, |unit, (queries, found)| {
            let first_own = are_own.then_some(unit * UNIT);
            match set {
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the same body, compiled for the processor")]
                // SAFETY: the set is one that this processor has.
                InstructionSet::Avx512 => unsafe { unit_avx512(self, queries, first_own, pairs, found) },
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the same body, compiled for the processor")]
                // SAFETY: as above.
                InstructionSet::Avx2 => unsafe { unit_avx2(self, queries, first_own, pairs, found) },
                _ => self.unit(queries, first_own, pairs, found),
            }
        })?;
        Ok(found)
    }

    /// Some queries, of which the first is background row `first_own`, if they are any.
    ///
    /// No multiply-add is fused below, so all instruction sets give the same bits.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled once for each instruction set")]
    fn unit(&self, queries: &[f64], first_own: Option<usize>, pairs: &[(usize, usize)], found: &mut [f64]) {
        let mut squares = vec![0.0; (self.is_category.len() + 1) * self.n_padded];
        let rows = queries.chunks_exact(self.is_category.len());
        for (k, (query, found)) in rows.zip(found.chunks_exact_mut(pairs.len() + 1)).enumerate() {
            self.squares(query, first_own.map(|first| first + k), &mut squares);
            let (total, by_column) = squares.split_at(self.n_padded);
            let column = |j: usize| &by_column[j * self.n_padded..][..self.n_padded];
            found[0] = least(total).sqrt();
            for (found, &(first, second)) in found[1..].iter_mut().zip(pairs) {
                *found = least_sum(column(first), column(second)).sqrt();
            }
        }
    }

    /// Squared distances from a row to all background rows: their sum, and then those of each column.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled once for each instruction set")]
    fn squares(&self, query: &[f64], own: Option<usize>, squares: &mut [f64]) {
        let (total, by_column) = squares.split_at_mut(self.n_padded);
        total.fill(0.0);
        for (j, out) in by_column.chunks_exact_mut(self.n_padded).enumerate() {
            let (centre, spread) = self.scales[j];
            let value = scaled(query[j], centre, spread);
            let known = &self.values[j * self.n_padded..][..self.n_padded];
            // The kind of a column stands outside the loop, so that each compiles to vectors.
            if self.is_category[j] {
                out.iter_mut().zip(known).for_each(|(out, &known)| *out = squared(value, known, true));
            } else {
                out.iter_mut().zip(known).for_each(|(out, &known)| *out = squared(value, known, false));
            }
            out[self.n_rows..].fill(f64::INFINITY);
            if let Some(own) = own {
                out[own] = f64::INFINITY;
            }
            total.iter_mut().zip(&*out).for_each(|(total, out)| *total += out);
        }
    }
}

/// An entry in units of the column's spread, NaN where it is missing.
fn scaled(entry: f64, centre: f64, spread: f64) -> f64 {
    if entry.is_finite() { (entry - centre) / spread } else { f64::NAN }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn unit_avx512(
    columns: &Columns<'_>,
    queries: &[f64],
    first_own: Option<usize>,
    pairs: &[(usize, usize)],
    found: &mut [f64],
) {
    columns.unit(queries, first_own, pairs, found);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn unit_avx2(
    columns: &Columns<'_>,
    queries: &[f64],
    first_own: Option<usize>,
    pairs: &[(usize, usize)],
    found: &mut [f64],
) {
    columns.unit(queries, first_own, pairs, found);
}

/// The squared distance of two entries of a column.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled once for each instruction set")]
fn squared(a: f64, b: f64, is_category: bool) -> f64 {
    let difference = a - b;
    let either_missing = difference.is_nan();
    let square = if is_category { f64::from(u8::from(difference != 0.0)) } else { difference * difference };
    let among_missing = f64::from(u8::from(a.is_nan() != b.is_nan()));
    if either_missing { among_missing } else { square }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled once for each instruction set")]
fn least(values: &[f64]) -> f64 {
    let mut lanes = [f64::INFINITY; LANES];
    for values in values.chunks_exact(LANES) {
        for (lane, &value) in lanes.iter_mut().zip(values) {
            *lane = if value < *lane { value } else { *lane };
        }
    }
    lanes.into_iter().fold(f64::INFINITY, f64::min)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled once for each instruction set")]
fn least_sum(first: &[f64], second: &[f64]) -> f64 {
    let mut lanes = [f64::INFINITY; LANES];
    for (first, second) in first.chunks_exact(LANES).zip(second.chunks_exact(LANES)) {
        for (lane, (&a, &b)) in lanes.iter_mut().zip(first.iter().zip(second)) {
            let sum = a + b;
            *lane = if sum < *lane { sum } else { *lane };
        }
    }
    lanes.into_iter().fold(f64::INFINITY, f64::min)
}

/// The median, and the median absolute deviation from it; where that is 0 the mean one, where that is 0 too 1.
fn centre_and_spread(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut values: Vec<f64> = values.collect();
    let Some(centre) = median(&mut values) else { return (0.0, 1.0) };
    for value in &mut values {
        *value = (*value - centre).abs();
    }
    let spread = typical_of(&mut values);
    (centre, if spread.is_finite() { spread } else { 1.0 })
}

/// The median; where that is 0 the mean, where that is 0 too 1. Sorts.
pub(super) fn typical_of(values: &mut [f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let median = median(values).unwrap_or(0.0);
    let positive = |value: &f64| *value > 0.0;
    Some(median).filter(positive).or(Some(mean).filter(positive)).unwrap_or(1.0)
}

/// The middle of the values, or halfway between the two middle ones; None of none. Sorts.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(lower + (upper - lower) / 2.0)
}
