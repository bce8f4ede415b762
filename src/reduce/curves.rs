//! Dependence curves: how values depend on the feature they belong to.
//!
//! For each feature, count and exact moments of the values in buckets of the feature's own numbers. The buckets are the
//! finest `grid` with no more than so many filled: single numbers where there are few, as with categories.

use super::block::Block;
use super::bytes::{Reader, Writer};
use super::grid::{Finder, Grid, MOST_BUCKETS};
use super::spread::{Spread, Sum};
use super::sums::check_columns;
use crate::error::Error;
use crate::parallel::Workers;

/// Rows whose buckets are found before their values are put in: enough to pay for bringing a feature's sums into the cache.
const ROWS: usize = 4096;
/// Features that one unit of work follows: their buckets of so many rows stay in the second cache.
const TILE: usize = 16;

/// One feature.
#[derive(Debug, Clone)]
struct Curve {
    grid: Grid,
    counts: Vec<u64>,
    /// One an output.
    spreads: Vec<Spread>,
}

/// One bucket of a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// The least and the greatest number that it can hold; NaN for the bucket of NaN.
    pub ends: (f64, f64),
    /// Rows in it.
    pub count: u64,
    /// Of each output, mean and variance of the values.
    pub moments: Vec<(f64, f64)>,
}

/// One curve a feature.
#[derive(Debug, Clone)]
pub struct Curves {
    n_rows: u64,
    n_outputs: usize,
    most: usize,
    features: Vec<Curve>,
}

impl Curves {
    /// Nothing yet; at most `most` buckets of a feature (2 to `MOST_BUCKETS`), and one for NaN.
    pub fn new(n_features: usize, n_outputs: usize, most: usize) -> Result<Self, Error> {
        if !(2..=MOST_BUCKETS).contains(&most) {
            let got = most.to_string();
            return Err(Error::Parameter { argument: "bins", got, accepted: "from 2 to 16384" });
        }
        let curve =
            Curve { grid: Grid::new(most), counts: Vec::new(), spreads: vec![Spread::default(); n_outputs] };
        Ok(Self { n_rows: 0, n_outputs, most, features: vec![curve; n_features] })
    }

    /// Rows that were added.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Features, outputs, buckets at most.
    pub fn shape(&self) -> (usize, usize, usize) {
        (self.features.len(), self.n_outputs, self.most)
    }

    /// Add the rows of a block of values and of a block of data, `(rows, features, 1)`.
    pub fn add<T: Copy + Into<f64> + Sync, X: Copy + Into<f64> + Sync>(
        &mut self,
        values: &Block<'_, T>,
        data: &Block<'_, X>,
        workers: &Workers<'_>,
    ) -> Result<(), Error> {
        let [n_rows, n_features, n_outputs] = values.shape();
        check_columns(n_features, self.features.len())?;
        check_columns(n_outputs, self.n_outputs)?;
        if data.shape() != [n_rows, n_features, 1] {
            return Err(Error::Length { argument: "data", got: data.shape()[1], want: n_features });
        }
        let most = self.most;
        workers.for_each_unit(self.features.chunks_mut(TILE), |tile, curves| {
            let first = tile * TILE;
            let features = first..first + curves.len();
            // At first, look a little ahead: raising the level bucket by bucket takes longer.
            if curves.iter().any(|curve| curve.counts.is_empty()) {
                let mut ahead = vec![Vec::new(); curves.len()];
                data.pieces(features.clone(), 0..n_rows.min(4 * most), |place, _, piece| {
                    ahead[place].extend_from_slice(piece);
                });
                curves.iter_mut().zip(ahead).for_each(|(curve, ahead)| curve.grid.foresee(ahead));
            }
            let mut finders: Vec<Finder> = curves.iter().map(|curve| Finder::of(&curve.grid)).collect();
            let mut buckets = vec![0; ROWS * curves.len()];
            for row in (0..n_rows).step_by(ROWS) {
                let rows = row..n_rows.min(row + ROWS);
                data.pieces(features.clone(), rows.clone(), |place, at, piece| {
                    let buckets = &mut buckets[place * ROWS..][..ROWS];
                    curves[place].find(&mut finders[place], piece, buckets, at - row);
                });
                for column in (first * n_outputs..features.end * n_outputs).step_by(TILE) {
                    let columns = column..(column + TILE).min(features.end * n_outputs);
                    values.pieces(columns, rows.clone(), |place, at, piece| {
                        let (feature, output) = ((column + place) / n_outputs, (column + place) % n_outputs);
                        let buckets = &buckets[(feature - first) * ROWS + at - row..];
                        curves[feature - first].spreads[output].add(piece, buckets);
                    });
                }
            }
        })?;
        self.n_rows += n_rows as u64;
        Ok(())
    }

    /// Add what another state has seen.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        check_columns(other.features.len(), self.features.len())?;
        check_columns(other.n_outputs, self.n_outputs)?;
        check_columns(other.most, self.most)?;
        for (own, other) in self.features.iter_mut().zip(&other.features) {
            own.merge(other);
        }
        self.n_rows += other.n_rows;
        Ok(())
    }

    /// The buckets of a feature, by their numbers, that of NaN last.
    pub fn buckets(&self, feature: usize) -> Vec<Bucket> {
        let Some(curve) = self.features.get(feature) else { return Vec::new() };
        let bucket = |place: usize| {
            let count = curve.counts[place];
            let moments = curve.spreads.iter().map(|spread| spread.moments(place, count)).collect();
            Bucket { ends: curve.grid.ends(place), count, moments }
        };
        curve.grid.sorted().into_iter().map(bucket).collect()
    }

    /// The state as bytes: the same for the same rows, in whatever order they came.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.count(self.n_rows);
        for length in [self.n_outputs, self.most, self.features.len()] {
            to.length(length);
        }
        for curve in &self.features {
            curve.write(&mut to);
        }
        to.bytes()
    }

    /// The state that [`Curves::to_bytes`] made bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut from = Reader::new(bytes);
        let n_rows = from.rows()?;
        let n_outputs = from.length(0)?;
        let most = from.place(MOST_BUCKETS, "too many buckets")?;
        let n_features = from.length(2)?;
        // Each bucket has a few bytes an output, and there is one where there are rows.
        let is_sound = most >= 2 && (n_rows > 0 || n_outputs <= bytes.len());
        from.check(is_sound, "too few buckets, or outputs without rows")?;
        let features = (0..n_features).map(|_| Curve::read(&mut from, n_rows, n_outputs, most));
        let features = features.collect::<Result<_, _>>()?;
        from.end()?;
        Ok(Self { n_rows, n_outputs, most, features })
    }
}

impl Curve {
    /// Find the buckets of a piece of the feature's numbers; `buckets[..at]` are of rows before.
    fn find(&mut self, finder: &mut Finder, numbers: &[f64], buckets: &mut [u16], at: usize) {
        let Self { grid, counts, spreads } = self;
        let (before, to) = buckets.split_at_mut(at);
        let to = &mut to[..numbers.len()];
        finder.places(numbers, grid, to, |places, grid| {
            for place in &mut *before {
                *place = places[usize::from(*place)];
            }
            gather(counts, places, grid.keys().len());
            for spread in &mut *spreads {
                spread.grow(places.len());
                spread.gather(places, grid.keys().len());
            }
        });
        if counts.len() < grid.keys().len() {
            counts.resize(grid.keys().len(), 0);
            for spread in spreads {
                spread.grow(counts.len());
            }
        }
        for &place in &*to {
            counts[usize::from(place)] += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        let places = self.grid.make_room(&other.grid);
        let n_buckets = self.grid.keys().len();
        gather(&mut self.counts, &places, n_buckets);
        self.spreads.iter_mut().for_each(|spread| spread.gather(&places, n_buckets));
        let places = self.grid.take_in(&other.grid);
        self.counts.resize(self.grid.keys().len(), 0);
        for (&place, &count) in places.iter().zip(&other.counts) {
            self.counts[usize::from(place)] += count;
        }
        for (own, other) in self.spreads.iter_mut().zip(&other.spreads) {
            own.grow(self.counts.len());
            own.merge(other, &places);
        }
    }

    fn write(&self, to: &mut Writer) {
        to.count(self.grid.level());
        let order = self.grid.sorted();
        to.length(order.len());
        for place in order {
            to.count(self.grid.keys()[place]);
            to.count(self.counts[place]);
            for spread in &self.spreads {
                to.count(spread.n_not_finite(place));
                let sums = spread.sums(place);
                to.length(sums.len());
                for (class, sum) in sums {
                    to.length(class);
                    to.signed(sum.sum);
                    to.number(sum.squares);
                }
            }
        }
    }

    fn read(from: &mut Reader<'_>, n_rows: u64, n_outputs: usize, most: usize) -> Result<Self, Error> {
        let level = from.at_most(63, "no such level")?;
        let n_buckets = from.length(2 + 2 * n_outputs)?;
        from.check(n_buckets <= most + 1, "too many buckets")?;
        let mut spreads = vec![Spread::default(); n_outputs];
        for spread in &mut spreads {
            spread.grow(n_buckets);
        }
        let (mut keys, mut counts) = (Vec::new(), Vec::new());
        for place in 0..n_buckets {
            keys.push(from.count()?);
            let count = from.at_most(n_rows, "more values than rows")?;
            from.check(count > 0, "a bucket with nothing in it")?;
            counts.push(count);
            for spread in &mut spreads {
                let n_not_finite = from.count()?;
                let sums = (0..from.length(3)?).map(|_| read_sum(from)).collect::<Result<Vec<_>, _>>()?;
                let are_sorted = sums.windows(2).all(|pair| pair[0].0 < pair[1].0);
                let is_sound = are_sorted && spread.put_back(place, n_not_finite, &sums, count);
                from.check(is_sound, "sums that so few rows cannot have")?;
            }
        }
        let n_seen: u128 = counts.iter().map(|&count| u128::from(count)).sum();
        from.check(n_seen == u128::from(n_rows), "a feature has not one number a row")?;
        let grid = Grid::read(most, level, keys).ok_or_else(|| from.damaged("buckets that are none"))?;
        Ok(Self { grid, counts, spreads })
    }
}

fn read_sum(from: &mut Reader<'_>) -> Result<(usize, Sum), Error> {
    let class = from.place(255, "no such exponents")?;
    Ok((class, Sum { sum: from.signed()?, squares: from.number()? }))
}

/// Buckets went together: `places` says where each is now. The last of them may have no count yet.
fn gather(counts: &mut Vec<u64>, places: &[u16], n_buckets: usize) {
    let old = std::mem::replace(counts, vec![0; n_buckets]);
    for (&place, count) in places.iter().zip(old) {
        counts[usize::from(place)] += count;
    }
}
