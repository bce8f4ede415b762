//! A tree as a list of splits, each over a range of leaves: what a value closes is a range of bits.

use super::columns::{Columns, Feature, MISSING};

/// Which way a value goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// Left up to the threshold; missing numbers as was better, or as most rows went.
    Below { threshold: f64, is_missing_left: bool },
    /// Left where the bit of the code is set.
    Among(Vec<u64>),
}

impl Test {
    /// Does a value that the background has, or a number, go left?
    pub(super) fn is_left(&self, value: f64) -> bool {
        match self {
            Self::Below { threshold, .. } if !value.is_nan() => value <= *threshold,
            Self::Below { is_missing_left, .. } => *is_missing_left,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "codes are small integers"
            )]
            Self::Among(codes) => codes[value as usize / 64] >> (value as usize % 64) & 1 == 1,
        }
    }
}

/// A split of a range of leaves: those before `middle` are on its left.
#[derive(Debug, Clone)]
pub(super) struct Split {
    pub(super) column: usize,
    pub(super) test: Test,
    pub(super) first: usize,
    pub(super) middle: usize,
    pub(super) end: usize,
}

/// A tree, and the rows of the background in its leaves.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    /// By column.
    splits: Vec<Split>,
    /// First split of each column, and the end of the last.
    starts: Vec<usize>,
    /// Where the rows of each leaf lie, column by column: `(columns, leaves)`.
    spans: Vec<Span>,
    /// First of `rows` of each leaf, and the end of the last.
    pub(super) leaves: Vec<usize>,
    /// The rows of the background, leaf after leaf.
    pub(super) rows: Vec<u32>,
    /// Sums of the weights of the rows before each of `rows`, and of all.
    pub(super) sums: Vec<f64>,
}

/// The ranks that numbers of a leaf have, from the least to the most; those of categories are not told.
#[derive(Debug, Clone, Copy)]
struct Span {
    least: u32,
    most: u32,
    has_missing: bool,
}

impl Tree {
    pub(super) fn new(mut splits: Vec<Split>, leaves: Vec<usize>, rows: Vec<u32>, columns: &Columns) -> Self {
        let n_columns = columns.features.len();
        splits.sort_by_key(|split| split.column); // stable
        let starts =
            (0..=n_columns).map(|column| splits.partition_point(|split| split.column < column)).collect();
        let mut sums = vec![0.0];
        sums.extend(rows.iter().scan(0.0, |sum, &row| {
            *sum += columns.weights[row as usize];
            Some(*sum)
        }));
        let spans = (columns.features.iter())
            .flat_map(|feature| leaves.windows(2).map(|leaf| Span::of(feature, &rows[leaf[0]..leaf[1]])))
            .collect();
        Self { splits, starts, spans, leaves, rows, sums }
    }

    pub(super) fn n_leaves(&self) -> usize {
        self.leaves.len() - 1
    }

    /// Words that a set of leaves takes.
    pub(super) fn n_words(&self) -> usize {
        self.n_leaves().div_ceil(64)
    }

    /// Take the leaves from a set that a value of a column closes.
    pub(super) fn close(&self, column: usize, value: f64, open: &mut [u64]) {
        for split in &self.splits[self.starts[column]..self.starts[column + 1]] {
            if split.test.is_left(value) {
                clear(open, split.middle, split.end);
            } else {
                clear(open, split.first, split.middle);
            }
        }
    }
}

impl Tree {
    /// Take the leaves from a set none of whose rows has anything like a value of a column: where a split by an
    /// absent column leads to rows that cannot be, those by the present ones would send the value somewhere all the
    /// same.
    pub(super) fn close_strangers(&self, column: usize, value: f64, feature: &Feature, open: &mut [u64]) {
        let n_leaves = self.n_leaves();
        let spans = &self.spans[column * n_leaves..][..n_leaves];
        let is_known = |leaf: usize| match feature {
            Feature::Numbers { .. } if value.is_nan() => spans[leaf].has_missing,
            Feature::Numbers { .. } => true,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "codes are small integers"
            )]
            Feature::Categories { codes, .. } => {
                let mut rows = self.rows[self.leaves[leaf]..self.leaves[leaf + 1]].iter();
                rows.any(|&row| codes[row as usize] == value as u32)
            }
        };
        let place = feature.place(value);
        for (leaf, span) in spans.iter().enumerate() {
            let n_rows = self.leaves[leaf + 1] - self.leaves[leaf];
            let is_open = is_known(leaf) && place.is_none_or(|place| span.reaches(place, n_rows));
            open[leaf / 64] &= !(u64::from(!is_open) << (leaf % 64));
        }
    }
}

impl Span {
    fn of(feature: &Feature, rows: &[u32]) -> Self {
        let mut span = Self { least: u32::MAX, most: 0, has_missing: false };
        if let Feature::Numbers { ranks, .. } = feature {
            for &row in rows {
                let rank = ranks[row as usize];
                if rank == MISSING {
                    span.has_missing = true;
                } else {
                    (span.least, span.most) = (span.least.min(rank), span.most.max(rank));
                }
            }
        }
        span
    }

    /// Is a place among the ranks between the least and the most, or no farther out than these lie from their
    /// neighbours on average? Half a rank is for values between two that the background has.
    fn reaches(self, place: f64, n_rows: usize) -> bool {
        if self.least > self.most {
            return false;
        }
        let (least, most) = (f64::from(self.least), f64::from(self.most));
        let beyond = 0.5 + (most - least) / n_rows.saturating_sub(1).max(1) as f64;
        least - beyond <= place && place <= most + beyond
    }
}

/// Clear the bits `first..end`.
fn clear(bits: &mut [u64], first: usize, end: usize) {
    if first >= end {
        return;
    }
    let (from, to) = (first / 64, (end - 1) / 64);
    let (head, tail) = (u64::MAX << (first % 64), u64::MAX >> (63 - (end - 1) % 64));
    if from == to {
        bits[from] &= !(head & tail);
    } else {
        bits[from] &= !head;
        bits[from + 1..to].fill(0);
        bits[to] &= !tail;
    }
}

/// Tell the runs `first..end` of set bits.
pub(super) fn for_each_run(bits: &[u64], mut tell: impl FnMut(usize, usize)) {
    let mut open = None;
    for (number, &word) in bits.iter().enumerate() {
        let mut position = 0;
        while position < 64 {
            let rest = word >> position;
            match open {
                None if rest == 0 => break,
                None => {
                    position += rest.trailing_zeros();
                    open = Some(number * 64 + position as usize);
                }
                Some(first) => {
                    position += rest.trailing_ones();
                    if position < 64 {
                        tell(first, number * 64 + position as usize);
                        open = None;
                    }
                }
            }
        }
    }
    if let Some(first) = open {
        tell(first, bits.len() * 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::mix;

    #[test]
    fn ranges_are_cleared_and_runs_are_told() {
        for seed in 0..200 {
            let [a, b] =
                [mix(2 * seed + 1), mix(2 * seed + 2)].map(|word| usize::try_from(word % 193).unwrap());
            let (first, end) = (a.min(b), a.max(b));
            let mut bits = [u64::MAX; 3];
            clear(&mut bits, first, end);
            let set = |bits: &[u64], i: usize| bits[i / 64] >> (i % 64) & 1 == 1;
            assert!((0..192).all(|i| set(&bits, i) != (first..end).contains(&i)), "{first}..{end}");
            let mut told = [false; 192];
            for_each_run(&bits, |first, end| told[first..end].fill(true));
            assert!((0..192).all(|i| told[i] == set(&bits, i)));
            let ragged = [mix(seed + 500), mix(seed + 700), mix(seed + 900)];
            let mut told = [false; 192];
            for_each_run(&ragged, |first, end| {
                assert!(told[first..end].iter().all(|told| !told));
                told[first..end].fill(true);
            });
            assert!((0..192).all(|i| told[i] == set(&ragged, i)));
        }
    }

    #[test]
    fn values_go_where_their_test_says() {
        let below = Test::Below { threshold: 1.0, is_missing_left: true };
        assert_eq!([1.0, 1.5, f64::NAN].map(|x| below.is_left(x)), [true, false, true]);
        let among = Test::Among(vec![0, 2]);
        assert_eq!([65.0, 1.0].map(|x| among.is_left(x)), [true, false]);
    }
}
