//! Histograms of any numbers: a bucket is a sign, an exponent and the top seven bits of a mantissa.
//!
//! So the middle of a bucket is off by at most `2^-8` of any number in it, however large or small (below `2^-1022`, where
//! doubles have fewer digits, by at most `2^-1030`), without a logarithm, without bounds that must be known beforehand.

use super::block::{Block, TILE};
use super::bytes::{Reader, Writer};
use super::pages::{Key, Pages, is_key};
use super::sums::check_columns;
use crate::error::Error;
use crate::parallel::Workers;

/// Buckets of one sign and exponent.
const BUCKETS: usize = 1 << 7;
/// Bits of a mantissa that a bucket does not see.
const UNSEEN: u32 = 52 - 7;

/// Numbers of one sign and exponent.
#[derive(Debug, Clone, PartialEq)]
struct Counts([u64; BUCKETS]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; BUCKETS])
    }
}

/// The numbers of one column.
#[derive(Debug, Clone, Default)]
struct Column {
    pages: Pages<Counts>,
    /// NaN, infinity, minus infinity.
    n_not_finite: [u64; 3],
}

/// One histogram a column.
#[derive(Debug, Clone)]
pub struct Histograms {
    n_rows: u64,
    columns: Vec<Column>,
}

impl Histograms {
    /// Nothing yet, of `n_columns` columns.
    pub fn new(n_columns: usize) -> Self {
        Self { n_rows: 0, columns: vec![Column::default(); n_columns] }
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
            let mut places: Vec<_> = columns.iter().map(|column| column.pages.places()).collect();
            block.pieces(first..first + columns.len(), 0..n_rows, |place, _, piece| {
                let Column { pages, n_not_finite } = &mut columns[place];
                pages.put(&mut places[place], piece, count, |value| n_not_finite[class(value)] += 1);
            });
        })?;
        self.n_rows += n_rows as u64;
        Ok(())
    }

    /// Add what another histogram has counted.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        check_columns(other.columns.len(), self.columns.len())?;
        for (own, other) in self.columns.iter_mut().zip(&other.columns) {
            for (key, theirs) in other.pages.sorted() {
                let counts = own.pages.page(key);
                counts.0.iter_mut().zip(theirs.0).for_each(|(own, other)| *own += other);
            }
            own.n_not_finite.iter_mut().zip(other.n_not_finite).for_each(|(own, other)| *own += other);
        }
        self.n_rows += other.n_rows;
        Ok(())
    }

    /// Quantiles of each column, `(columns, quantiles)`: the middle of the bucket that holds the number of rank
    /// `ceil(q n)` (of rank 1 for `q = 0`). Zero is itself; NaN for a column that has one.
    pub fn quantiles(&self, q: &[f64]) -> Vec<f64> {
        self.columns.iter().flat_map(|column| column.quantiles(q, self.n_rows)).collect()
    }

    /// The buckets of one column that hold something: their lower and upper ends, their counts. Numbers that are not
    /// finite are left out.
    pub fn buckets(&self, column: usize) -> (Vec<f64>, Vec<f64>, Vec<u64>) {
        let mut found = (Vec::new(), Vec::new(), Vec::new());
        for (lower, upper, count) in self.columns.get(column).map(Column::buckets).unwrap_or_default() {
            found.0.push(lower);
            found.1.push(upper);
            found.2.push(count);
        }
        found
    }

    /// The state as bytes: the same for the same rows, in whatever order they came.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.count(self.n_rows);
        to.length(self.columns.len());
        for column in &self.columns {
            column.n_not_finite.iter().for_each(|&count| to.count(count));
            let pages = column.pages.sorted();
            to.length(pages.len());
            for (key, counts) in pages {
                to.count(u64::from(key));
                counts.write(&mut to);
            }
        }
        to.bytes()
    }

    /// The state that [`Histograms::to_bytes`] made bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut from = Reader::new(bytes);
        let n_rows = from.rows()?;
        let n_columns = from.length(4)?;
        let columns = (0..n_columns).map(|_| Column::read(&mut from, n_rows)).collect::<Result<_, _>>()?;
        from.end()?;
        Ok(Self { n_rows, columns })
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the bits above are the page's")]
fn count(counts: &mut Counts, bits: u64) {
    counts.0[usize::from((bits >> UNSEEN) as u8) % BUCKETS] += 1;
}

fn class(value: f64) -> usize {
    if value.is_nan() { 0 } else { 1 + usize::from(value < 0.0) }
}

impl Column {
    /// Lower end, upper end and count of each bucket that holds something, in the order of numbers.
    fn buckets(&self) -> Vec<(f64, f64, u64)> {
        let mut found = Vec::new();
        for (key, counts) in self.pages.sorted() {
            for (bucket, &count) in counts.0.iter().enumerate().filter(|&(_, &count)| count > 0) {
                let (near, far) = ends(key, bucket);
                found.push(if near.is_sign_negative() { (far, near, count) } else { (near, far, count) });
            }
        }
        // Positive numbers come in their own order, negative ones the other way round.
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found
    }

    fn quantiles(&self, q: &[f64], n_rows: u64) -> Vec<f64> {
        let [n_nan, n_plus, n_minus] = self.n_not_finite;
        if n_nan > 0 || n_rows == 0 {
            return vec![f64::NAN; q.len()];
        }
        let mut places = vec![(f64::NEG_INFINITY, n_minus)];
        places.extend(self.buckets().into_iter().map(|(lower, upper, count)| (middle(lower, upper), count)));
        places.push((f64::INFINITY, n_plus));
        let mut up_to = 0;
        for (_, count) in &mut places {
            up_to += *count;
            *count = up_to;
        }
        q.iter()
            .map(|q| {
                let rank = rank(*q, n_rows);
                places[places.partition_point(|&(_, up_to)| up_to < rank).min(places.len() - 1)].0
            })
            .collect()
    }

    fn read(from: &mut Reader<'_>, n_rows: u64) -> Result<Self, Error> {
        let mut column = Self::default();
        let mut n_seen = 0;
        for count in &mut column.n_not_finite {
            *count = from.at_most(n_rows, "more values than rows")?;
            n_seen += u128::from(*count);
        }
        let mut least = 0;
        for _ in 0..from.length(4)? {
            let key = u16::try_from(from.count()?).unwrap_or(u16::MAX);
            from.check(is_key(key) && key >= least, "no such exponent, or not in order")?;
            least = key + 1;
            let counts = Counts::read(from, n_rows)?;
            n_seen += counts.0.iter().map(|&count| u128::from(count)).sum::<u128>();
            column.pages.push(key, counts);
        }
        from.check(n_seen == u128::from(n_rows), "a column has not one value a row")?;
        Ok(column)
    }
}

impl Counts {
    /// Buckets that hold something: how many, and of each how many are skipped before it, and its count.
    fn write(&self, to: &mut Writer) {
        to.length(self.0.iter().filter(|&&count| count > 0).count());
        let mut n_skipped = 0;
        for &count in &self.0 {
            if count == 0 {
                n_skipped += 1;
            } else {
                to.count(n_skipped);
                to.count(count);
                n_skipped = 0;
            }
        }
    }

    fn read(from: &mut Reader<'_>, n_rows: u64) -> Result<Self, Error> {
        let mut counts = Self::default();
        let mut next = 0_usize;
        let n_filled = from.length(2)?;
        from.check(n_filled > 0, "an exponent without numbers")?;
        for _ in 0..n_filled {
            let bucket = next + from.place(BUCKETS, "no such bucket")?;
            let count = from.at_most(n_rows, "more values than rows")?;
            from.check(bucket < BUCKETS && count > 0, "no such bucket, or nothing in it")?;
            counts.0[bucket] = count;
            next = bucket + 1;
        }
        Ok(counts)
    }
}

/// The rank of a quantile among so many numbers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a quantile is between 0 and 1")]
fn rank(q: f64, n_rows: u64) -> u64 {
    ((q * n_rows as f64).ceil() as u64).clamp(1, n_rows)
}

/// The two ends of a bucket, that nearer to zero first.
fn ends(key: Key, bucket: usize) -> (f64, f64) {
    let near = u64::from(key) << 52 | (bucket as u64) << UNSEEN;
    let far = near + (1 << UNSEEN);
    let far = if far << 1 == f64::INFINITY.to_bits() << 1 { far - 1 } else { far }; // the last bucket ends at the last double
    (f64::from_bits(near), f64::from_bits(far))
}

/// The middle of a bucket; zero where it begins or ends at zero.
fn middle(lower: f64, upper: f64) -> f64 {
    if lower == 0.0 || upper == 0.0 { 0.0 } else { lower + (upper - lower) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_lies_between_the_ends_of_its_bucket_and_near_its_middle() {
        for value in [1.0, -1.0, 1.999_999, 3.7e-300, -8.1e299, f64::MAX, -f64::MAX, f64::MIN_POSITIVE] {
            let mut column = Column::default();
            let mut places = column.pages.places();
            column.pages.put(&mut places, &[value], count, |_| unreachable!());
            let [(lower, upper, 1)] = column.buckets()[..] else { panic!("one bucket holds {value}") };
            assert!(lower <= value && value <= upper, "{lower} <= {value} <= {upper}");
            assert!((middle(lower, upper) - value).abs() <= value.abs() / 256.0, "{value}");
        }
    }
}
