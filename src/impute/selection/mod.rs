//! Conditional rows that are rows of the background: which of them, with what weights.
//!
//! A list belongs to one evaluation and one explained row; evaluation after explained row, the lists of a batch
//! make its model rows. Lists have different lengths.

mod average;
mod fill;
mod thinning;

use std::ops::Range;

pub use average::SelectionAverage;
pub use fill::SelectedRows;
pub(super) use thinning::{Thinning, list_key, row_key};

use crate::error::Error;
use crate::parallel::Workers;

/// Weighted rows of the background, list after list.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// First entry of each list, and the end of the last.
    starts: Vec<usize>,
    rows: Vec<u32>,
    weights: Vec<f64>,
}

impl Default for Selection {
    fn default() -> Self {
        Self { starts: vec![0], rows: Vec::new(), weights: Vec::new() }
    }
}

impl Selection {
    /// Model rows of all lists.
    pub fn n_model_rows(&self) -> usize {
        self.rows.len()
    }

    /// Number of lists.
    pub fn n_lists(&self) -> usize {
        self.starts.len() - 1
    }

    /// The background rows of a list, and their weights, whose sum is 1.
    pub fn list(&self, number: usize) -> (&[u32], &[f64]) {
        let entries = self.starts[number]..self.starts[number + 1];
        (&self.rows[entries.clone()], &self.weights[entries])
    }

    /// Append a list; its weights are scaled to the sum 1.
    pub fn push(&mut self, rows: &[u32], weights: &[f64]) {
        debug_assert_eq!(rows.len(), weights.len());
        let total: f64 = weights.iter().sum();
        self.rows.extend_from_slice(rows);
        self.weights.extend(weights.iter().map(|weight| weight / total));
        self.starts.push(self.rows.len());
    }

    /// Append the lists of another selection.
    fn append(&mut self, other: &Self) {
        let before = self.rows.len();
        self.rows.extend_from_slice(&other.rows);
        self.weights.extend_from_slice(&other.weights);
        self.starts.extend(other.starts[1..].iter().map(|start| before + start));
    }

    /// The lists that the model rows `first..end` belong to: number, entries inside the list.
    fn segments(&self, first: usize, end: usize) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        let mut list = self.starts.partition_point(|&start| start <= first).saturating_sub(1);
        let mut position = first;
        std::iter::from_fn(move || {
            if position >= end {
                return None;
            }
            while self.starts[list + 1] <= position {
                list += 1;
            }
            let start = self.starts[list];
            let stop = self.starts[list + 1].min(end);
            let inside = position - start..stop - start;
            position = stop;
            Some((list, inside))
        })
    }
}

/// Make the lists of a batch, in parallel: `draw` appends those of one evaluation and some explained rows.
///
/// At most `rows_per_unit` rows go into one unit, fewer where there would be less than a unit for each thread: a list
/// may depend on its evaluation and its row alone.
pub(super) fn gather(
    n_evaluations: usize,
    n_rows: usize,
    rows_per_unit: usize,
    workers: &Workers<'_>,
    draw: impl Fn(usize, Range<usize>, &mut Selection) + Sync,
) -> Result<Selection, Error> {
    let parts = (2 * workers.n_threads()).div_ceil(n_evaluations.max(1));
    let step = n_rows.div_ceil(parts).clamp(1, rows_per_unit.max(1));
    let mut units: Vec<(usize, Range<usize>, Selection)> = (0..n_evaluations)
        .flat_map(|evaluation| {
            (0..n_rows)
                .step_by(step)
                .map(move |row| (evaluation, row..n_rows.min(row + step), Selection::default()))
        })
        .collect();
    workers.for_each_unit(units.iter_mut(), |_, (evaluation, rows, lists)| {
        draw(*evaluation, rows.clone(), lists);
    })?;
    let mut selection = Selection::default();
    let n_entries = units.iter().map(|unit| unit.2.n_model_rows()).sum();
    selection.rows.reserve_exact(n_entries);
    selection.weights.reserve_exact(n_entries);
    for (_, _, lists) in &units {
        selection.append(lists);
    }
    Ok(selection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;

    #[test]
    fn any_cut_visits_the_same_entries() {
        let mut selection = Selection::default();
        for length in [2, 1, 5, 3] {
            selection.push(&vec![7; length], &vec![2.0; length]);
        }
        assert_eq!((selection.n_model_rows(), selection.n_lists()), (11, 4));
        assert_eq!(selection.list(0), (&[7, 7][..], &[0.5, 0.5][..]));
        let visit = |first, end| {
            let all =
                selection.segments(first, end).flat_map(|(list, inside)| inside.map(move |i| (list, i)));
            all.collect::<Vec<_>>()
        };
        let whole = visit(0, 11);
        assert_eq!(whole[..4], [(0, 0), (0, 1), (1, 0), (2, 0)]);
        for cut in 0..=11 {
            assert_eq!([visit(0, cut), visit(cut, 11)].concat(), whole);
        }
    }

    #[test]
    fn lists_come_in_order_whoever_makes_them() {
        for n_threads in [1, 2, 7] {
            for rows_per_unit in [1, 3, 100] {
                let cancel = Cancel::default();
                let workers = Workers::new(n_threads, &cancel);
                let selection = gather(3, 10, rows_per_unit, &workers, |evaluation, rows, lists| {
                    for row in rows {
                        let number = u32::try_from(10 * evaluation + row).unwrap();
                        lists.push(&[number], &[1.0]);
                    }
                });
                assert_eq!(selection.unwrap().rows, (0..30).collect::<Vec<_>>());
            }
        }
    }
}
