//! A tree as a list of splits, each over a range of leaves: what a value closes is a range of bits.

/// Which way a value goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// Left up to the threshold; missing numbers as was better, or as most rows went.
    Below { threshold: f64, is_missing_left: bool },
    /// Left where the bit of the code is set.
    Among(Vec<u64>),
}

impl Test {
    /// Does a value go left? None where the background does not tell.
    pub(super) fn is_left(&self, value: f64, has_missing: bool) -> Option<bool> {
        match self {
            Self::Below { threshold, .. } if !value.is_nan() => Some(value <= *threshold),
            Self::Below { is_missing_left, .. } => has_missing.then_some(*is_missing_left),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "codes are small integers"
            )]
            Self::Among(codes) => {
                (value >= 0.0).then(|| codes[value as usize / 64] >> (value as usize % 64) & 1 == 1)
            }
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
    /// First of `rows` of each leaf, and the end of the last.
    pub(super) leaves: Vec<usize>,
    /// The rows of the background, leaf after leaf.
    pub(super) rows: Vec<u32>,
    /// Sums of the weights of the rows before each of `rows`, and of all.
    pub(super) sums: Vec<f64>,
}

impl Tree {
    pub(super) fn new(
        mut splits: Vec<Split>,
        n_columns: usize,
        leaves: Vec<usize>,
        rows: Vec<u32>,
        weights: &[f64],
    ) -> Self {
        splits.sort_by_key(|split| split.column); // stable
        let starts =
            (0..=n_columns).map(|column| splits.partition_point(|split| split.column < column)).collect();
        let mut sums = vec![0.0];
        sums.extend(rows.iter().scan(0.0, |sum, &row| {
            *sum += weights[row as usize];
            Some(*sum)
        }));
        Self { splits, starts, leaves, rows, sums }
    }

    pub(super) fn n_leaves(&self) -> usize {
        self.leaves.len() - 1
    }

    /// Words that a set of leaves takes.
    pub(super) fn n_words(&self) -> usize {
        self.n_leaves().div_ceil(64)
    }

    /// Take the leaves from a set that a value of a column closes.
    pub(super) fn close(&self, column: usize, value: f64, has_missing: bool, open: &mut [u64]) {
        for split in &self.splits[self.starts[column]..self.starts[column + 1]] {
            match split.test.is_left(value, has_missing) {
                Some(true) => clear(open, split.middle, split.end),
                Some(false) => clear(open, split.first, split.middle),
                None => {}
            }
        }
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
    fn values_that_the_background_does_not_know_go_nowhere() {
        let below = Test::Below { threshold: 1.0, is_missing_left: true };
        assert_eq!([1.0, 1.5].map(|x| below.is_left(x, false)), [Some(true), Some(false)]);
        assert_eq!([true, false].map(|has| below.is_left(f64::NAN, has)), [Some(true), None]);
        let among = Test::Among(vec![0, 2]);
        assert_eq!([65.0, 1.0, -1.0].map(|x| among.is_left(x, true)), [Some(true), Some(false), None]);
    }
}
