//! Filling batches of conditional rows: present columns from the explained row, the others from the background
//! rows that were selected.

use std::ops::{BitAnd, BitOr, Not};

use multiversion::multiversion;

use super::Selection;
use crate::coalition;
use crate::error::Error;
use crate::parallel::Workers;

/// Bytes that one unit of parallel work writes.
const UNIT_BYTES: usize = 1 << 18;

/// Explained rows and a background, of `n_columns` words each. Words are chosen, never computed with.
#[derive(Debug, Clone, Copy)]
pub struct SelectedRows<'a, T> {
    /// `(background rows, columns)`.
    pub background: &'a [T],
    /// `(rows, columns)`: all that the positions `explained` point into.
    pub rows: &'a [T],
    /// The bit of a coalition that says whether a column is present.
    pub columns: &'a [usize],
    /// The explained row of each list of an evaluation.
    pub explained: &'a [usize],
}

impl<T> SelectedRows<'_, T>
where
    T: Copy + Default + Send + Sync + Not<Output = T> + BitAnd<Output = T> + BitOr<Output = T>,
{
    /// Write the model rows of the selection from `first` on, as many as `out` holds.
    ///
    /// `words` holds `words_per_coalition` words for each evaluation.
    pub fn fill(
        &self,
        selection: &Selection,
        words: &[u64],
        words_per_coalition: usize,
        first: usize,
        out: &mut [T],
        workers: &Workers<'_>,
    ) -> Result<(), Error> {
        let width = self.columns.len();
        self.check(selection, words, words_per_coalition, first, out.len())?;
        if width == 0 || out.is_empty() {
            return Ok(());
        }
        let unit_rows = (UNIT_BYTES / (width * size_of::<T>())).max(1);
        workers.for_each_unit(out.chunks_mut(unit_rows * width), |number, unit| {
            let start = first + number * unit_rows;
            let (mut present, mut absent) = (vec![T::default(); width], vec![T::default(); width]);
            let mut rest = unit;
            for (list, entries) in selection.segments(start, start + rest.len() / width) {
                let evaluation = list / self.explained.len();
                let row = self.explained[list % self.explained.len()];
                let coalition = &words[evaluation * words_per_coalition..][..words_per_coalition];
                let explained = &self.rows[row * width..][..width];
                for (place, (&value, &column)) in explained.iter().zip(self.columns).enumerate() {
                    let is_present = coalition::contains(coalition, column);
                    (present[place], absent[place]) =
                        if is_present { (value, T::default()) } else { (T::default(), !T::default()) };
                }
                let (part, after) = rest.split_at_mut(entries.len() * width);
                select(part, self.background, &selection.list(list).0[entries], &present, &absent);
                rest = after;
            }
        })
    }

    fn check(
        &self,
        selection: &Selection,
        words: &[u64],
        words_per_coalition: usize,
        first: usize,
        n_out: usize,
    ) -> Result<(), Error> {
        let check = |argument, got, want| {
            if got == want { Ok(()) } else { Err(Error::Length { argument, got, want }) }
        };
        let width = self.columns.len();
        let n_evaluations = selection.n_lists() / self.explained.len().max(1);
        check("lists", selection.n_lists(), n_evaluations * self.explained.len())?;
        check("words", words.len(), n_evaluations * words_per_coalition)?;
        let n_rows = self.explained.iter().map(|&row| row + 1).max().unwrap_or(0);
        check("rows", self.rows.len().min(n_rows * width), n_rows * width)?;
        let n_background = selection.rows.iter().map(|&row| row as usize + 1).max().unwrap_or(0);
        check("background", self.background.len().min(n_background * width), n_background * width)?;
        let n_bits = self.columns.iter().map(|&column| column + 1).max().unwrap_or(0);
        check("columns", n_bits.min(words_per_coalition * 64), n_bits)?;
        let want = selection.n_model_rows().saturating_sub(first) * width;
        if width > 0 && (!n_out.is_multiple_of(width) || n_out > want) {
            return Err(Error::Length { argument: "out", got: n_out, want });
        }
        Ok(())
    }
}

/// `out = present | (background row & absent)`, for one background row after the other.
#[multiversion(targets("x86_64+avx2", "aarch64+neon"))]
fn select<T: Copy + BitAnd<Output = T> + BitOr<Output = T>>(
    out: &mut [T],
    background: &[T],
    rows: &[u32],
    present: &[T],
    absent: &[T],
) {
    let width = present.len();
    for (out, &row) in out.chunks_exact_mut(width).zip(rows) {
        let background = &background[row as usize * width..][..width];
        for column in 0..width {
            out[column] = present[column] | (background[column] & absent[column]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;

    #[test]
    fn every_model_row_is_selected_column_by_column() {
        for width in [1, 3, 70] {
            let background: Vec<u32> = (0..5 * width).map(|i| 1000 + i).collect();
            let rows: Vec<u32> = (0..4 * width).collect();
            let width = width as usize;
            let columns: Vec<usize> = (0..width).rev().collect();
            let explained = [3, 0];
            let words: Vec<u64> =
                (0..3 * coalition::words_for(width)).map(|i| crate::random::mix(i as u64 + 1)).collect();
            let per = coalition::words_for(width);
            let mut selection = Selection::default();
            for list in 0..6_u32 {
                let chosen: Vec<u32> = (0..=list).map(|i| (i * 3 + list) % 5).collect();
                selection.push(&chosen, &vec![1.0; chosen.len()]);
            }
            let mut expected = Vec::new();
            for list in 0..6 {
                let (row, coalition) = (explained[list % 2], &words[list / 2 * per..][..per]);
                for &from in selection.list(list).0 {
                    expected.extend((0..width).map(|c| {
                        let is_present = coalition::contains(coalition, columns[c]);
                        if is_present { rows[row * width + c] } else { background[from as usize * width + c] }
                    }));
                }
            }
            let cancel = Cancel::default();
            let selected = SelectedRows {
                background: &background,
                rows: &rows,
                columns: &columns,
                explained: &explained,
            };
            for n_threads in [1, 2, 7] {
                for cut in [0, 1, 5, 21] {
                    let workers = Workers::new(n_threads, &cancel);
                    let mut out = vec![0; 21 * width];
                    let (head, tail) = out.split_at_mut(cut * width);
                    selected.fill(&selection, &words, per, 0, head, &workers).unwrap();
                    selected.fill(&selection, &words, per, cut, tail, &workers).unwrap();
                    assert_eq!(out, expected);
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let cancel = Cancel::default();
        let workers = Workers::serial(&cancel);
        let mut selection = Selection::default();
        selection.push(&[4], &[1.0]);
        let fill = |background: &[u8], n_out: usize| {
            let selected = SelectedRows { background, rows: &[0, 0], columns: &[0, 1], explained: &[0] };
            selected.fill(&selection, &[1], 1, 0, &mut vec![0; n_out], &workers)
        };
        assert!(fill(&[0; 10], 2).is_ok());
        assert!(fill(&[0; 8], 2).is_err(), "no row 4");
        assert!(fill(&[0; 10], 4).is_err(), "only one model row");
        assert!(fill(&[0; 10], 1).is_err(), "half a row");
    }
}
