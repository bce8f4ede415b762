//! How far masked rows lie from the rows of the background, against how far those lie from each other.

use super::distances::{Columns, median, typical_of};
use crate::error::Error;
use crate::parallel::Workers;

/// The fewest background rows that can be compared with each other.
const LEAST_ROWS: usize = 3;

/// Masked rows by what they are made of, and the background that they are held against.
///
/// All tables are row-major with `is_category.len()` columns. What is not finite counts as missing.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Rows that can exist.
    pub background: &'a [f64],
    /// The explained row of each masked row.
    pub explained: &'a [f64],
    /// The background row that fills it.
    pub filling: &'a [f64],
    /// Which entries come from the explained row.
    pub is_present: &'a [bool],
    /// Columns whose entries are equal or not: numbers of categories.
    pub is_category: &'a [bool],
}

/// What [`plausibility`] finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Plausibility {
    /// The share of masked rows that are further from the background than 99 % of its own rows.
    pub score: f64,
    /// The distance from each masked row to its nearest background row, in units of the typical one.
    pub ratios: Vec<f64>,
    /// The ratio that 99 % of the background rows do not exceed.
    pub typical: f64,
    /// The two columns in which masked rows stand out most; None of fewer than two.
    pub worst_pair: Option<(usize, usize)>,
    /// The score in these two columns alone; NaN of fewer than two.
    pub pair_score: f64,
}

/// Compare masked rows with the rows of a background.
///
/// The distance of two rows is $\sqrt{\sum_j d_j^2}$. In a column of numbers $d_j = |a_j - b_j| / s_j$, with
/// $s_j$ the median absolute deviation from the median (where that is 0 the mean one, where that is 0 too 1); it
/// is 1 where one of the two is missing, 0 where both are. In a column of categories it is 1 where they differ.
///
/// A background row's nearest neighbour is the nearest *other* row. Ratios are distances in units of the median
/// of these nearest distances (where that is 0 of their mean, where that is 0 too of 1). Their 99th percentile is
/// the smallest of them that at least 99 % do not exceed: below 100 rows the largest.
///
/// The worst pair is the one with the largest score in its two columns alone; among equals that with the largest
/// median ratio, then the first. Of more than 50 columns, pairs are formed of the 50 that differ most between the
/// explained and the filling rows, in the mean of $d_j$.
///
/// Costs `(n + m) n (columns + pairs)` additions for `n` background rows and `m` masked ones.
///
/// # Errors
/// [`Error::Parameter`] for fewer than three background rows or no masked one, [`Error::Length`] for tables that do
/// not fit each other.
pub fn plausibility(sample: &Sample<'_>, workers: &Workers<'_>) -> Result<Plausibility, Error> {
    sample.check()?;
    let columns = Columns::new(sample.background, sample.is_category);
    let pairs = pairs_of(&columns.most_different(sample.explained, sample.filling));
    let width = pairs.len() + 1;
    let known = columns.nearest(sample.background, true, &pairs, workers)?;
    let found = columns.nearest(&sample.masked(), false, &pairs, workers)?;
    let whole = Judged::new(&known, &found, 0, width);
    let mut worst: Option<(usize, Judged)> = None;
    for k in 1..width {
        let judged = Judged::new(&known, &found, k, width);
        if worst.as_ref().is_none_or(|(_, other)| judged.stands_out_more(other)) {
            worst = Some((k - 1, judged));
        }
    }
    Ok(Plausibility {
        score: whole.score,
        ratios: found.iter().step_by(width).map(|distance| distance / whole.unit).collect(),
        typical: whole.threshold / whole.unit,
        worst_pair: worst.as_ref().map(|(k, _)| pairs[*k]),
        pair_score: worst.map_or(f64::NAN, |(_, judged)| judged.score),
    })
}

impl Sample<'_> {
    fn check(&self) -> Result<(), Error> {
        let d = self.is_category.len();
        if d == 0 || self.background.len() < LEAST_ROWS * d || self.explained.is_empty() {
            return Err(Error::Parameter {
                argument: "background",
                got: format!("{} numbers in {d} columns", self.background.len()),
                accepted: "at least 3 rows of at least 1 column, held against at least 1 masked row",
            });
        }
        let n_background = self.background.len() / d * d;
        let n_masked = self.explained.len() / d * d;
        for (argument, got, want) in [
            ("background", self.background.len(), n_background),
            ("explained", self.explained.len(), n_masked),
            ("filling", self.filling.len(), n_masked),
            ("is_present", self.is_present.len(), n_masked),
        ] {
            if got != want {
                return Err(Error::Length { argument, got, want });
            }
        }
        Ok(())
    }

    fn masked(&self) -> Vec<f64> {
        let entries = self.explained.iter().zip(self.filling);
        self.is_present.iter().zip(entries).map(|(&own, (&x, &b))| if own { x } else { b }).collect()
    }
}

fn pairs_of(columns: &[usize]) -> Vec<(usize, usize)> {
    let later = |k: usize| columns[k + 1..].iter().map(move |&second| (columns[k], second));
    (0..columns.len()).flat_map(later).collect()
}

/// Masked rows against the background, in some columns.
struct Judged {
    /// The typical distance inside the background.
    unit: f64,
    /// The distance that 99 % of the background do not exceed.
    threshold: f64,
    /// The share of the masked rows that do.
    score: f64,
    /// The median ratio of the masked rows.
    median: f64,
}

impl Judged {
    /// From the distances at place `k` of each row of `width`.
    fn new(known: &[f64], found: &[f64], k: usize, width: usize) -> Self {
        let at_place =
            |distances: &[f64]| distances.iter().skip(k).step_by(width).copied().collect::<Vec<_>>();
        let (mut known, mut found) = (at_place(known), at_place(found));
        let unit = typical_of(&mut known); // sorts
        let threshold = known[(99 * known.len()).div_ceil(100) - 1];
        let above = found.iter().filter(|&&distance| distance > threshold).count();
        let score = above as f64 / found.len() as f64;
        Self { unit, threshold, score, median: median(&mut found).unwrap_or(0.0) / unit }
    }

    fn stands_out_more(&self, other: &Self) -> bool {
        self.score > other.score || (self.score.total_cmp(&other.score).is_eq() && self.median > other.median)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;
    use crate::random::{Purpose, Stream};

    const N_ROWS: usize = 203;
    const N_MASKED: usize = 64;

    struct Case {
        background: Vec<f64>,
        explained: Vec<f64>,
        filling: Vec<f64>,
        is_present: Vec<bool>,
        is_category: Vec<bool>,
    }

    impl Case {
        /// Two columns of numbers of which one has gaps, a category, a constant, and one of few numbers.
        fn new(seed: u64) -> Self {
            let mut stream = Stream::new(seed, Purpose::Masked, 0, 0);
            let mut table = |n: usize| -> Vec<f64> {
                (0..n)
                    .flat_map(|_| {
                        let gap = stream.below(10) == 0;
                        let number = if gap { f64::NAN } else { stream.uniform() };
                        let few = stream.below(3) as f64;
                        [stream.uniform() * 1e6, number, stream.below(4) as f64, 7.0, few]
                    })
                    .collect()
            };
            let (background, explained, filling) = (table(N_ROWS), table(N_MASKED), table(N_MASKED));
            let is_present = (0..filling.len()).map(|_| stream.below(2) == 0).collect();
            let is_category = vec![false, false, true, false, false];
            Self { background, explained, filling, is_present, is_category }
        }

        fn judged(&self, n_threads: usize) -> Plausibility {
            let Self { background, explained, filling, is_present, is_category } = self;
            let sample = Sample { background, explained, filling, is_present, is_category };
            plausibility(&sample, &Workers::new(n_threads, &Cancel::default())).unwrap()
        }
    }

    #[test]
    fn threads_change_no_bit() {
        let case = Case::new(1);
        let one = case.judged(1);
        assert_eq!(one, case.judged(2));
        assert_eq!(one, case.judged(7));
        assert_eq!(one.ratios.len(), N_MASKED);
    }

    #[test]
    fn rows_of_the_background_are_at_distance_zero() {
        let mut case = Case::new(2);
        case.filling = case.background[..N_MASKED * 5].to_vec();
        case.is_present.fill(false);
        let judged = case.judged(2);
        assert!(judged.ratios.iter().all(|&ratio| ratio == 0.0));
        assert_eq!((judged.score, judged.pair_score), (0.0, 0.0));
    }

    #[test]
    fn the_unit_of_a_column_changes_nothing() {
        let case = Case::new(3);
        let mut other = Case::new(3);
        for table in [&mut other.background, &mut other.explained, &mut other.filling] {
            table.iter_mut().step_by(5).for_each(|value| *value *= 1024.0); // exact
        }
        assert_eq!(case.judged(1), other.judged(1));
    }

    #[test]
    fn two_equal_columns_are_the_worst_pair() {
        let mut case = Case::new(4);
        for table in [&mut case.background, &mut case.explained, &mut case.filling] {
            table.chunks_exact_mut(5).for_each(|row| row[4] = row[0]);
        }
        let judged = case.judged(1);
        assert_eq!(judged.worst_pair, Some((0, 4)));
        assert!(judged.pair_score > 0.25, "{judged:?}");
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let cancel = Cancel::default();
        let workers = Workers::serial(&cancel);
        let is_category = [false, false];
        let two = [0.0; 4];
        let sample = Sample {
            background: &two,
            explained: &two,
            filling: &two,
            is_present: &[true; 4],
            is_category: &is_category,
        };
        assert!(matches!(plausibility(&sample, &workers), Err(Error::Parameter { .. })));
        let sample = Sample { background: &[0.0; 8], filling: &two[..2], ..sample };
        assert!(matches!(plausibility(&sample, &workers), Err(Error::Length { argument: "filling", .. })));
    }
}
