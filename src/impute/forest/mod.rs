//! Conditional rows by the leaves of trees: rows of the background that fall where the explained row falls, as far
//! as its present columns tell.
//!
//! Trees are grown on the background alone, to explain all of its columns at once; they serve every coalition and
//! every model. Close to Cevid, Michel, Naef, Buhlmann, Meinshausen 2022, "Distributional random forests", with
//! sums of variances for the criterion, and both sides followed where a column is absent.

mod columns;
mod grow;
mod reach;
mod split;
mod tree;

use columns::{Columns, Feature};
use reach::Reach;
use tree::Tree;

use super::selection::{Selection, Thinning, gather, list_key, row_key};
use crate::coalition;
use crate::error::Error;
use crate::parallel::Workers;

/// Bytes that the leaves open to explained rows may take; beyond, they are found anew for each coalition.
const MOST_BYTES: usize = 1 << 28;
/// Leaves' bits that one unit of parallel work reads at most, in words: about a millisecond.
const UNIT_WORDS: usize = 1 << 20;

/// Trees grown on a background.
#[derive(Debug, Clone)]
pub struct Forest {
    n_columns: usize,
    features: Vec<Feature>,
    /// Which of them have missing numbers in the background.
    has_missing: Vec<bool>,
    trees: Vec<Tree>,
    /// First word of each tree in a set of leaves of the whole forest, and the end of the last.
    words: Vec<usize>,
    n_background: usize,
}

/// Rows to explain, and what their values leave open.
#[derive(Debug, Clone)]
pub struct ForestRows {
    /// `(rows, columns)`.
    values: Vec<f64>,
    keys: Vec<u64>,
    /// The leaves open to each row by each of its columns, by the splits and by what is in them:
    /// `(rows, columns, 2 words)`; empty where they are too many.
    open: Vec<u64>,
}

impl Forest {
    /// Grow trees.
    ///
    /// `values` `(rows, columns)`: numbers, NaN where one is missing, or codes below `n_categories` of the column,
    /// which is 0 for numbers. `weights` of the rows are positive and sum to 1. Each tree sees 63 % of the rows.
    pub fn new(
        values: &[f64],
        n_categories: &[usize],
        weights: &[f64],
        n_trees: usize,
        seed: u64,
        workers: &Workers<'_>,
    ) -> Result<Self, Error> {
        let columns = Columns::new(values, n_categories, weights)?;
        let mut trees = vec![None; n_trees];
        workers.for_each_unit(trees.iter_mut(), |number, tree| {
            *tree = Some(grow::grow(&columns, seed, number as u64, workers));
        })?;
        let trees: Vec<Tree> = trees.into_iter().flatten().collect();
        let mut words = vec![0];
        words.extend(trees.iter().scan(0, |end, tree| {
            *end += tree.n_words();
            Some(*end)
        }));
        Ok(Self {
            n_columns: n_categories.len(),
            has_missing: columns.features.iter().map(Feature::has_missing).collect(),
            features: columns.features,
            trees,
            words,
            n_background: weights.len(),
        })
    }

    /// The same trees, where row `order[i]` of the background is called `i`.
    ///
    /// The order in which rows are thinned is that of their numbers.
    pub fn renumbered(&self, order: &[usize]) -> Result<Self, Error> {
        let mut numbers = vec![u32::MAX; self.n_background];
        for (number, &row) in (0..).zip(order) {
            if let Some(place) = numbers.get_mut(row) {
                *place = number;
            }
        }
        if order.len() != self.n_background || numbers.contains(&u32::MAX) {
            return Err(Error::Length { argument: "order", got: order.len(), want: self.n_background });
        }
        let mut twin = self.clone();
        for tree in &mut twin.trees {
            tree.rows.iter_mut().for_each(|row| *row = numbers[*row as usize]);
        }
        for (feature, known) in twin.features.iter_mut().zip(&self.features) {
            if let (Feature::Categories { codes, .. }, Feature::Categories { codes: known, .. }) =
                (feature, known)
            {
                codes.iter_mut().zip(order).for_each(|(code, &row)| *code = known[row]);
            }
        }
        Ok(twin)
    }

    /// Read rows to explain, `(rows, columns)`: as the background, but -1 for a category that it does not have.
    pub fn rows(&self, values: &[f64], workers: &Workers<'_>) -> Result<ForestRows, Error> {
        if !values.len().is_multiple_of(self.n_columns) {
            let want = values.len().next_multiple_of(self.n_columns);
            return Err(Error::Length { argument: "rows", got: values.len(), want });
        }
        let keys = values.chunks_exact(self.n_columns).map(|row| row_key(row.iter().copied())).collect();
        let n_words = 2 * self.words[self.trees.len()];
        let mut open = Vec::new();
        if n_words > 0 && values.len() <= MOST_BYTES / 8 / n_words {
            open.resize(values.len() * n_words, 0);
            let cells = open.chunks_mut(n_words).zip(values);
            workers.for_each_unit(cells, |number, (open, &value)| {
                self.open_leaves(number % self.n_columns, value, open);
            })?;
        }
        Ok(ForestRows { values: values.to_vec(), keys, open })
    }

    /// Choose background rows for coalitions of columns (`words_per_coalition` words each) and the explained rows
    /// at the positions `rows`. A list depends on nothing but its coalition and its row.
    pub fn draw(
        &self,
        explained: &ForestRows,
        words: &[u64],
        words_per_coalition: usize,
        rows: &[usize],
        thinning: (usize, u64),
        workers: &Workers<'_>,
    ) -> Result<Selection, Error> {
        if words_per_coalition != coalition::words_for(self.n_columns)
            || !words.len().is_multiple_of(words_per_coalition)
        {
            let want = words.len().next_multiple_of(words_per_coalition.max(1));
            return Err(Error::Length { argument: "words", got: words.len(), want });
        }
        if let Some(&row) = rows.iter().find(|&&row| row >= explained.keys.len()) {
            return Err(Error::Length { argument: "rows", got: explained.keys.len(), want: row + 1 });
        }
        let (n_samples, seed) = thinning;
        let thinning = Thinning { n_samples, seed };
        let per_row = 2 * self.words[self.trees.len()] * self.n_columns;
        gather(
            words.len() / words_per_coalition,
            rows.len(),
            UNIT_WORDS / per_row.max(1),
            workers,
            |evaluation, unit, lists| {
                let coalition = &words[evaluation * words_per_coalition..][..words_per_coalition];
                let number = list_key(coalition);
                let mut reach = Reach::new(&self.trees, &self.words, self.n_background, thinning);
                for &row in &rows[unit] {
                    let stream = thinning.stream(explained.keys[row], number);
                    reach.choose(|leaves| self.close(explained, row, coalition, leaves), stream, lists);
                }
            },
        )
    }

    /// Keep the leaves that a row may reach by its columns in the coalition.
    fn close(&self, explained: &ForestRows, row: usize, coalition: &[u64], leaves: &mut [u64]) {
        let mut found = Vec::new();
        for column in (0..self.n_columns).filter(|&column| coalition::contains(coalition, column)) {
            let cell = row * self.n_columns + column;
            let open = if explained.open.is_empty() {
                found.resize(leaves.len(), 0);
                self.open_leaves(column, explained.values[cell], &mut found);
                &found[..]
            } else {
                &explained.open[cell * leaves.len()..][..leaves.len()]
            };
            leaves.iter_mut().zip(open).for_each(|(leaves, open)| *leaves &= open);
        }
    }

    /// Write which leaves of all trees a value of a column leaves open.
    fn open_leaves(&self, column: usize, value: f64, open: &mut [u64]) {
        open.fill(u64::MAX);
        let (by_splits, by_rows) = open.split_at_mut(open.len() / 2);
        let feature = &self.features[column];
        let is_told = match feature {
            Feature::Numbers { .. } => !value.is_nan() || self.has_missing[column],
            Feature::Categories { .. } => value >= 0.0,
        };
        if !is_told {
            return;
        }
        for (tree, words) in self.trees.iter().zip(self.words.windows(2)) {
            tree.close(column, value, &mut by_splits[words[0]..words[1]]);
            tree.close_strangers(column, value, feature, &mut by_rows[words[0]..words[1]]);
        }
    }
}

#[cfg(test)]
mod tests;
