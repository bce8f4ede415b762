//! From the leaves that a row may reach to weighted rows of the background.

use super::tree::{Tree, for_each_run};
use crate::impute::selection::{Selection, Thinning};
use crate::random::Stream;

/// Entries of all trees together, for each row that is kept, where trees reach more rows than may be kept.
const ENTRIES: usize = 4;

/// Chooses rows for one explained row after the other; the memory is used again.
pub(super) struct Reach<'a> {
    trees: &'a [Tree],
    /// First word of each tree in a set of leaves.
    words: &'a [usize],
    thinning: Thinning,
    /// The leaves that can be reached by the splits, and those of them whose rows are like the explained one.
    leaves: Vec<u64>,
    /// The ranges of a tree's rows that can be reached.
    ranges: Vec<(usize, usize)>,
    /// What each row of the background weighs so far, and which do.
    counts: Vec<f64>,
    counted: Vec<u32>,
    rows: Vec<u32>,
    shares: Vec<f64>,
}

impl<'a> Reach<'a> {
    pub(super) fn new(
        trees: &'a [Tree],
        words: &'a [usize],
        n_background: usize,
        thinning: Thinning,
    ) -> Self {
        let leaves = vec![0; 2 * words[trees.len()]];
        let counts = vec![0.0; n_background];
        let (ranges, counted, rows, shares) = Default::default();
        Self { trees, words, thinning, leaves, ranges, counts, counted, rows, shares }
    }

    /// Append the list of an explained row, whose present columns `close` leaves: by the splits, and then by the rows
    /// in them. A tree without any leaf of rows like it goes by the splits alone.
    ///
    /// A row of the background weighs the mean over the trees of its share of what the tree reaches, where a tree counts
    /// for one over the weight of all that (if all trees count alike, MSEv is 1.014 times as large: geometric mean
    /// of four tables and two models). A tree that reaches more rows than may be kept lends some of them in place of
    /// all, so that a coalition of few columns does not cost more than one of many.
    pub(super) fn choose(
        &mut self,
        close: impl FnOnce(&mut [u64]),
        mut stream: Stream,
        lists: &mut Selection,
    ) {
        self.leaves.fill(u64::MAX);
        close(&mut self.leaves);
        let n_lent = ENTRIES.saturating_mul(self.thinning.n_samples).div_ceil(self.trees.len());
        let mut total = 0.0;
        for number in 0..self.trees.len() {
            let (n_rows, weight) = self.find_ranges(number);
            // The less a tree reaches, the more it knows of the row, and the more its rows count.
            total += 1.0 / weight;
            if n_rows <= n_lent.max(self.thinning.n_samples) {
                self.count_all(number, weight);
            } else {
                self.count_some(number, weight, n_lent, stream.uniform());
            }
        }
        self.gather(total);
        self.thinning.thin(&mut self.rows, &mut self.shares, || stream.uniform());
        lists.push(&self.rows, &self.shares);
    }

    /// Find the ranges of rows that a tree reaches; count and weigh them.
    fn find_ranges(&mut self, number: usize) -> (usize, f64) {
        let tree = &self.trees[number];
        let (by_splits, by_rows) = self.leaves.split_at_mut(self.words[self.trees.len()]);
        let leaves = &mut by_splits[self.words[number]..self.words[number + 1]];
        let alike = &by_rows[self.words[number]..self.words[number + 1]];
        if let Some(last) = leaves.last_mut() {
            *last &= u64::MAX >> (tree.n_words() * 64 - tree.n_leaves());
        }
        if leaves.iter().zip(alike).any(|(leaves, alike)| leaves & alike != 0) {
            leaves.iter_mut().zip(alike).for_each(|(leaves, alike)| *leaves &= alike);
        }
        self.ranges.clear();
        let (mut n_rows, mut weight) = (0, 0.0);
        for_each_run(leaves, |first, end| {
            let rows = (tree.leaves[first], tree.leaves[end]);
            n_rows += rows.1 - rows.0;
            weight += tree.sums[rows.1] - tree.sums[rows.0];
            self.ranges.push(rows);
        });
        (n_rows, weight)
    }

    fn count_all(&mut self, number: usize, weight: f64) {
        let tree = &self.trees[number];
        let share = 1.0 / (weight * weight);
        for &(first, end) in &self.ranges {
            for place in first..end {
                let own = tree.sums[place + 1] - tree.sums[place];
                count(&mut self.counts, &mut self.counted, tree.rows[place], share * own);
            }
        }
    }

    /// Count `n_lent` rows at equal steps of weight.
    fn count_some(&mut self, number: usize, weight: f64, n_lent: usize, offset: f64) {
        let tree = &self.trees[number];
        let step = weight / n_lent as f64;
        let share = 1.0 / (n_lent as f64 * weight);
        let (mut before, mut lent) = (0.0, 0);
        for &(first, end) in &self.ranges {
            let start = tree.sums[first];
            let inside = tree.sums[end] - start;
            while lent < n_lent {
                let target = (lent as f64 + offset) * step - before;
                if target >= inside {
                    break;
                }
                let place = first + tree.sums[first + 1..end].partition_point(|&sum| sum - start <= target);
                count(&mut self.counts, &mut self.counted, tree.rows[place], share);
                lent += 1;
            }
            before += inside;
        }
    }

    /// Take the rows that weigh something, in their order, and forget what they weigh, which is `total` together.
    fn gather(&mut self, total: f64) {
        if self.counted.len() * 8 < self.counts.len() {
            self.counted.sort_unstable();
            std::mem::swap(&mut self.rows, &mut self.counted);
        } else {
            self.rows.clear();
            self.rows.extend((0..).zip(&self.counts).filter(|(_, count)| **count > 0.0).map(|(row, _)| row));
        }
        self.shares.clear();
        for &row in &self.rows {
            self.shares.push(std::mem::take(&mut self.counts[row as usize]) / total);
        }
        self.counted.clear();
    }
}

fn count(counts: &mut [f64], counted: &mut Vec<u32>, row: u32, share: f64) {
    let known = &mut counts[row as usize];
    if *known == 0.0 {
        counted.push(row);
    }
    *known += share;
}
