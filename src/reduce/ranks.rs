//! How often each feature is among the largest of its row.

use std::sync::{Mutex, PoisonError};

use super::block::Block;
use super::bytes::{Reader, Writer};
use crate::error::Error;
use crate::parallel::Workers;

/// Rows that one unit of work ranks.
const ROWS: usize = 4096;
/// Rows that are laid out at once.
const LAID: usize = 16;

/// For each feature, output and rank, the rows in which the feature's absolute value has that rank.
///
/// Of equal ones the feature that comes first ranks first. Zeros and NaN have no rank.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    n_rows: u64,
    n_features: usize,
    n_outputs: usize,
    k: usize,
    /// `(features, outputs, k)`
    counts: Vec<u64>,
}

impl Ranks {
    /// Nothing yet; the `k` largest of each row will be counted, at most all features.
    pub fn new(n_features: usize, n_outputs: usize, k: usize) -> Self {
        let k = k.min(n_features);
        Self { n_rows: 0, n_features, n_outputs, k, counts: vec![0; n_features * n_outputs * k] }
    }

    /// Rows that were added.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Features, outputs, ranks that are counted.
    pub fn shape(&self) -> (usize, usize, usize) {
        (self.n_features, self.n_outputs, self.k)
    }

    /// Counts `(features, outputs, k)`.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Add the rows of a block; it must have as many features and outputs.
    pub fn add<T: Copy + Into<f64> + Sync>(
        &mut self,
        block: &Block<'_, T>,
        workers: &Workers<'_>,
    ) -> Result<(), Error> {
        let [n_rows, n_features, n_outputs] = block.shape();
        self.check(n_features, n_outputs, self.k)?;
        let firsts = (0..n_rows).step_by(ROWS);
        let (k, counts) = (self.k, Mutex::new(&mut self.counts));
        workers.for_each_unit(firsts, |_, first| {
            let mut found = vec![0_u32; n_features * n_outputs * k];
            for output in 0..n_outputs {
                count(block, first..n_rows.min(first + ROWS), output, k, &mut found);
            }
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            counts.iter_mut().zip(found).for_each(|(count, found)| *count += u64::from(found));
        })?;
        self.n_rows += n_rows as u64;
        Ok(())
    }

    /// Add what another state has counted.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.check(other.n_features, other.n_outputs, other.k)?;
        self.counts.iter_mut().zip(&other.counts).for_each(|(own, other)| *own += other);
        self.n_rows += other.n_rows;
        Ok(())
    }

    fn check(&self, n_features: usize, n_outputs: usize, k: usize) -> Result<(), Error> {
        for (got, want) in [(n_features, self.n_features), (n_outputs, self.n_outputs), (k, self.k)] {
            if got != want {
                return Err(Error::Length { argument: "values", got, want });
            }
        }
        Ok(())
    }

    /// The state as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.count(self.n_rows);
        for length in [self.n_features, self.n_outputs, self.k] {
            to.length(length);
        }
        self.counts.iter().for_each(|&count| to.count(count));
        to.bytes()
    }

    /// The state that [`Ranks::to_bytes`] made bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut from = Reader::new(bytes);
        let n_rows = from.rows()?;
        let n_features = from.length(0)?;
        let n_outputs = from.length(0)?;
        let k = from.length(0)?;
        let n_counts = n_features.checked_mul(n_outputs).and_then(|n| n.checked_mul(k));
        let is_sound = n_counts.is_some_and(|n| n <= bytes.len()) && k <= n_features;
        from.check(is_sound, "more counts are announced than bytes are there")?;
        let counts = (0..n_counts.unwrap_or(0)).map(|_| from.at_most(n_rows, "more ranks than rows"));
        let counts = counts.collect::<Result<_, _>>()?;
        from.end()?;
        Ok(Self { n_rows, n_features, n_outputs, k, counts })
    }
}

/// Rank some rows of one output.
fn count<T: Copy + Into<f64> + Sync>(
    block: &Block<'_, T>,
    rows: std::ops::Range<usize>,
    output: usize,
    k: usize,
    counts: &mut [u32],
) {
    let [_, n_features, n_outputs] = block.shape();
    let mut laid = vec![0.0; LAID * n_features];
    let mut largest = Largest::new(n_features, k);
    for first in rows.clone().step_by(LAID) {
        let n = LAID.min(rows.end - first);
        block.absolute_rows(first..first + n, output, &mut laid);
        for row in laid.chunks_exact(n_features).take(n) {
            for (rank, &(_, feature)) in largest.of(row).iter().enumerate() {
                counts[(feature as usize * n_outputs + output) * k + rank] += 1;
            }
        }
    }
}

/// Finds the largest of a row, beginning with those features that were largest in the row before.
struct Largest {
    /// Largest first.
    found: Vec<(f64, u32)>,
    candidates: Vec<u32>,
    k: usize,
}

impl Largest {
    fn new(n_features: usize, k: usize) -> Self {
        Self { found: Vec::with_capacity(k + 1), candidates: vec![0; n_features], k }
    }

    /// The `k` largest with their places; only what is above zero counts.
    fn of(&mut self, row: &[f64]) -> &[(f64, u32)] {
        // If k features have at least this value, whatever is smaller is not among the k largest.
        let known = self.found.iter().map(|&(_, feature)| row[feature as usize]);
        let least = if self.found.len() == self.k { known.fold(f64::INFINITY, f64::min) } else { 0.0 };
        let least = if least > 0.0 { least } else { f64::from_bits(1) };
        let mut n_candidates = 0;
        for (feature, &value) in (0..).zip(row) {
            self.candidates[n_candidates] = feature;
            n_candidates += usize::from(value >= least);
        }
        self.found.clear();
        for &feature in &self.candidates[..n_candidates] {
            let value = row[feature as usize];
            if self.found.len() == self.k && self.found.last().is_none_or(|&(smallest, _)| value <= smallest)
            {
                continue;
            }
            let place =
                self.found.iter().rposition(|&(larger, _)| larger >= value).map_or(0, |last| last + 1);
            self.found.insert(place, (value, feature));
            self.found.truncate(self.k);
        }
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;
    use crate::random::{Purpose, Stream};

    #[test]
    fn ranks_are_those_of_a_stable_sort() {
        let (n_rows, n_features) = (9000, 13);
        let mut stream = Stream::new(1, Purpose::Order, 0, 0);
        // Few distinct values, so ties and zeros abound.
        let values: Vec<f64> = (0..n_rows * n_features).map(|_| stream.below(9) as f64 - 4.0).collect();
        let block = Block::new(&values, [n_rows, n_features, 1], [n_features, 1, 1]).unwrap();
        for k in [0, 1, 4, 13, 20] {
            let mut ranks = Ranks::new(n_features, 1, k);
            ranks.add(&block, &Workers::new(3, &Cancel::default())).unwrap();
            let k = k.min(n_features);
            let mut want = vec![0; n_features * k];
            for row in values.chunks_exact(n_features) {
                let mut order: Vec<usize> = (0..n_features).filter(|&j| row[j] != 0.0).collect();
                order.sort_by(|&a, &b| row[b].abs().total_cmp(&row[a].abs()));
                for (rank, &feature) in order.iter().take(k).enumerate() {
                    want[feature * k + rank] += 1;
                }
            }
            assert_eq!(ranks.counts(), want);
        }
    }
}
