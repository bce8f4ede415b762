//! Filling batches of masked rows: present players' columns from the explained row, the others from the
//! background.

use std::ops::{BitAnd, BitOr, Not};

use multiversion::multiversion;

use super::layout::{Layout, Segment};
use crate::coalition;
use crate::error::Error;
use crate::parallel::Workers;

/// Elements that a mask covers at once: short rows are masked several background rows at a time, because a
/// loop of 12 elements costs as much in set-up as in work.
const PATTERN: usize = 64;

/// Bytes that one unit of parallel work writes: about 8 microseconds, and several segments even of wide rows.
const UNIT_BYTES: usize = 1 << 18;

/// A word that can be selected bit by bit: values are chosen, never computed with, so any type of the
/// same width may travel as one.
pub trait Word:
    Copy + Send + Sync + Not<Output = Self> + BitAnd<Output = Self> + BitOr<Output = Self>
{
    /// No bit set.
    const ZERO: Self;
}

macro_rules! words {
    ($($type:ty),*) => { $(impl Word for $type { const ZERO: Self = 0; })* };
}
words!(u8, u16, u32, u64);

/// Explained rows and a background, of `n_columns` words each.
#[derive(Debug, Clone, Copy)]
pub struct MaskedRows<'a, T> {
    /// `(background rows, columns)`.
    pub background: &'a [T],
    /// `(rows, columns)`.
    pub rows: &'a [T],
    /// The player that each column of each row belongs to, or -1 where it belongs to nobody and always comes
    /// from the background: `(rows, columns)`.
    pub column_player: &'a [i32],
    /// Number of columns.
    pub n_columns: usize,
}

impl<T: Word> MaskedRows<'_, T> {
    /// Write the model rows of the batch from `first` on, as many as `out` holds.
    ///
    /// `words` holds `words_per_coalition` words for each evaluation. Cost: one pass over `out`; nothing is
    /// allocated but one pattern a unit.
    pub fn fill(
        &self,
        words: &[u64],
        words_per_coalition: usize,
        layout: &Layout,
        first: usize,
        out: &mut [T],
        workers: &Workers<'_>,
    ) -> Result<(), Error> {
        let n_columns = self.n_columns;
        check("background", self.background.len(), layout.n_background() * n_columns)?;
        check("rows", self.rows.len(), layout.n_rows() * n_columns)?;
        check("column_player", self.column_player.len(), layout.n_rows() * n_columns)?;
        check("words", words.len(), layout.n_evaluations() * words_per_coalition)?;
        if n_columns == 0 || out.is_empty() {
            return Ok(());
        }
        if !out.len().is_multiple_of(n_columns) || first + out.len() / n_columns > layout.n_model_rows() {
            let want = layout.n_model_rows().saturating_sub(first) * n_columns;
            return Err(Error::Length { argument: "out", got: out.len(), want });
        }
        let unit_rows = (UNIT_BYTES / (n_columns * size_of::<T>())).max(1);
        workers.for_each_unit(out.chunks_mut(unit_rows * n_columns), |number, unit| {
            let start = first + number * unit_rows;
            let mut pattern = Pattern::new(n_columns);
            let mut rest = unit;
            for segment in layout.segments(start, start + rest.len() / n_columns) {
                let coalition = &words[segment.evaluation * words_per_coalition..][..words_per_coalition];
                let (part, after) = rest.split_at_mut((segment.end - segment.first) * n_columns);
                self.fill_segment(&segment, coalition, &mut pattern, part);
                rest = after;
            }
        })
    }

    /// Write the model rows of these numbers, ascending, one after the other.
    pub fn fill_rows(
        &self,
        words: &[u64],
        words_per_coalition: usize,
        layout: &Layout,
        numbers: &[u32],
        out: &mut [T],
    ) -> Result<(), Error> {
        let n_columns = self.n_columns;
        check("background", self.background.len(), layout.n_background() * n_columns)?;
        check("rows", self.rows.len(), layout.n_rows() * n_columns)?;
        check("column_player", self.column_player.len(), layout.n_rows() * n_columns)?;
        check("words", words.len(), layout.n_evaluations() * words_per_coalition)?;
        check("out", out.len(), numbers.len() * n_columns)?;
        if numbers.last().is_some_and(|&last| last as usize >= layout.n_model_rows()) || n_columns == 0 {
            return check("numbers", numbers.len(), 0);
        }
        let mut pattern = Pattern::new(n_columns);
        let mut under_way = None;
        for (&number, out) in numbers.iter().zip(out.chunks_exact_mut(n_columns)) {
            let (evaluation, row, background) = layout.at(number as usize);
            if under_way != Some((evaluation, row)) {
                let coalition = &words[evaluation * words_per_coalition..][..words_per_coalition];
                let columns = row * n_columns..(row + 1) * n_columns;
                pattern.set(&self.rows[columns.clone()], &self.column_player[columns], coalition, 1);
                under_way = Some((evaluation, row));
            }
            let background = &self.background[background * n_columns..(background + 1) * n_columns];
            for (((out, &other), &present), &absent) in
                out.iter_mut().zip(background).zip(&pattern.present).zip(&pattern.absent)
            {
                *out = present | (other & absent);
            }
        }
        Ok(())
    }

    fn fill_segment(&self, segment: &Segment, coalition: &[u64], pattern: &mut Pattern<T>, out: &mut [T]) {
        let width = self.n_columns;
        let row = segment.row * width..(segment.row + 1) * width;
        let repeats = pattern.repeats.min(segment.end - segment.first);
        pattern.set(&self.rows[row.clone()], &self.column_player[row], coalition, repeats);
        let length = repeats * width;
        select(
            out,
            &self.background[segment.first * width..segment.end * width],
            &pattern.present[..length],
            &pattern.absent[..length],
        );
    }
}

fn check(argument: &'static str, got: usize, want: usize) -> Result<(), Error> {
    if got == want { Ok(()) } else { Err(Error::Length { argument, got, want }) }
}

/// One explained row under one coalition, repeated for several background rows.
struct Pattern<T> {
    repeats: usize,
    /// The explained row where its players are present, zero elsewhere.
    present: Vec<T>,
    /// All ones where the background shows, zero elsewhere.
    absent: Vec<T>,
}

impl<T: Word> Pattern<T> {
    fn new(n_columns: usize) -> Self {
        let repeats = (PATTERN / n_columns).max(1);
        let zeros = vec![T::ZERO; repeats * n_columns];
        Self { repeats, present: zeros.clone(), absent: zeros }
    }

    fn set(&mut self, row: &[T], players: &[i32], coalition: &[u64], repeats: usize) {
        let width = row.len();
        for (column, (&value, &player)) in row.iter().zip(players).enumerate() {
            // A negative number is no player, and its cast is past the end.
            let is_present = usize::try_from(player).is_ok_and(|p| coalition::contains(coalition, p));
            (self.present[column], self.absent[column]) =
                if is_present { (value, T::ZERO) } else { (T::ZERO, !T::ZERO) };
        }
        for repeat in 1..repeats {
            self.present.copy_within(..width, repeat * width);
            self.absent.copy_within(..width, repeat * width);
        }
    }
}

/// `out = present | (background & absent)`, the two patterns repeating.
///
/// Four repetitions at a time share the loads of the patterns, which brings it to the speed of a copy (aligned
/// output of 12, 50, 200 columns: 1.4, 8.2, 30 ns a row; copying 1.2, 7.5, 30). Wider registers than AVX2's
/// gain nothing more. Nothing is computed with, so every instruction set gives the same bits.
#[multiversion(targets("x86_64+avx2", "aarch64+neon"))]
fn select<T: Word>(out: &mut [T], background: &[T], present: &[T], absent: &[T]) {
    let width = present.len();
    let mut out = out.chunks_exact_mut(4 * width);
    let mut background = background.chunks_exact(4 * width);
    for (out, background) in (&mut out).zip(&mut background) {
        let (out, last) = out.split_at_mut(3 * width);
        let (out, third) = out.split_at_mut(2 * width);
        let (first, second) = out.split_at_mut(width);
        let from = |repeat: usize| &background[repeat * width..(repeat + 1) * width];
        let (from_first, from_second, from_third, from_last) = (from(0), from(1), from(2), from(3));
        for column in 0..width {
            let (present, absent) = (present[column], absent[column]);
            first[column] = present | (from_first[column] & absent);
            second[column] = present | (from_second[column] & absent);
            third[column] = present | (from_third[column] & absent);
            last[column] = present | (from_last[column] & absent);
        }
    }
    let rest = out.into_remainder().chunks_mut(width).zip(background.remainder().chunks(width));
    for (out, background) in rest {
        for (((out, &background), &present), &absent) in
            out.iter_mut().zip(background).zip(present).zip(absent)
        {
            *out = present | (background & absent);
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "small numbers"
)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;

    #[test]
    fn every_model_row_is_selected_column_by_column() {
        for n_columns in [1_usize, 3, 12, 70, 200] {
            let (n_background, n_rows) = (7, 3);
            let background: Vec<u32> = (0..n_background * n_columns).map(|i| 1000 + i as u32).collect();
            let rows: Vec<u32> = (0..n_rows * n_columns).map(|i| i as u32).collect();
            // Column 0 belongs to nobody, the others to players in reverse order.
            let column_player: Vec<i32> = (0..n_rows * n_columns)
                .map(|i| (n_columns - 1 - i % n_columns) as i32)
                .map(|player| if player as usize == n_columns - 1 { -1 } else { player })
                .collect();
            let width = coalition::words_for(n_columns);
            let words: Vec<u64> = (0..4 * width).map(|i| crate::random::mix(i as u64 + 1)).collect();
            let layout = Layout::new(n_rows, &[0, 4, n_background], &[0, 1, 1, 0]).unwrap();
            let masked =
                MaskedRows { background: &background, rows: &rows, column_player: &column_player, n_columns };
            let total = layout.n_model_rows();
            let mut expected = Vec::new();
            for s in layout.segments(0, total) {
                for b in s.first..s.end {
                    for c in 0..n_columns {
                        let player = column_player[s.row * n_columns + c];
                        let coalition = &words[s.evaluation * width..][..width];
                        let present = player >= 0 && coalition::contains(coalition, player as usize);
                        let from =
                            if present { rows[s.row * n_columns + c] } else { background[b * n_columns + c] };
                        expected.push(from);
                    }
                }
            }
            let cancel = Cancel::default();
            for n_threads in [1, 2, 7] {
                for cut in [0, 1, 5, total] {
                    let mut out = vec![0; total * n_columns];
                    let workers = Workers::new(n_threads, &cancel);
                    let (head, tail) = out.split_at_mut(cut * n_columns);
                    masked.fill(&words, width, &layout, 0, head, &workers).unwrap();
                    masked.fill(&words, width, &layout, cut, tail, &workers).unwrap();
                    assert_eq!(out, expected);
                }
            }
        }
    }
}
