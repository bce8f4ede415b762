//! A block of values, handed out column by column in short pieces that stay in the first cache.

use std::ops::Range;

use crate::error::Error;

/// Columns that are walked through together: those of one or two cache lines.
pub(super) const TILE: usize = 32;
/// Rows of one piece. [`TILE`] pieces of doubles fill half of the first cache.
const PIECE: usize = 128;
/// Between the pieces of two columns: not a power of two, which would put them all in the same corner of the cache.
const STRIDE: usize = PIECE + 8;

/// Numbers `(rows, features, outputs)` in any order of axes.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a, T> {
    numbers: &'a [T],
    shape: [usize; 3],
    strides: [usize; 3],
}

impl<'a, T: Copy + Into<f64> + Sync> Block<'a, T> {
    /// A view of memory: number `(i, j, k)` is at place `i s_0 + j s_1 + k s_2`.
    pub fn new(numbers: &'a [T], shape: [usize; 3], strides: [usize; 3]) -> Result<Self, Error> {
        let last = shape.iter().zip(&strides).try_fold(0_usize, |last, (&length, &stride)| {
            last.checked_add(length.saturating_sub(1).checked_mul(stride)?)
        });
        let want =
            if shape.contains(&0) { 0 } else { last.map_or(usize::MAX, |last| last.saturating_add(1)) };
        if numbers.len() < want {
            return Err(Error::Length { argument: "values", got: numbers.len(), want });
        }
        Ok(Self { numbers, shape, strides })
    }

    /// Rows, features, outputs.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Features times outputs: output `k` of feature `j` is column `j n_outputs + k`.
    pub fn n_columns(&self) -> usize {
        self.shape[1] * self.shape[2]
    }

    fn start(&self, column: usize) -> usize {
        column / self.shape[2] * self.strides[1] + column % self.shape[2] * self.strides[2]
    }

    /// Call `take(place, first_row, numbers)` for short pieces of the `rows` of all `columns`, [`TILE`] of them at most;
    /// `place` counts from the first of these columns. The pieces of each come in the order of rows. Minus zero comes as
    /// zero.
    pub(super) fn pieces(
        &self,
        columns: Range<usize>,
        rows: Range<usize>,
        mut take: impl FnMut(usize, usize, &[f64]),
    ) {
        let mut buffer = vec![0.0; STRIDE * TILE];
        let starts: Vec<usize> = columns.map(|column| self.start(column)).collect();
        let is_run = starts.windows(2).all(|pair| pair[1] == pair[0] + 1);
        for first in rows.clone().step_by(PIECE) {
            let n = PIECE.min(rows.end - first);
            if is_run && self.strides[0] != 1 {
                self.transpose(starts[0], starts.len(), first..first + n, &mut buffer);
            } else {
                for (&start, piece) in starts.iter().zip(buffer.chunks_exact_mut(STRIDE)) {
                    self.gather(start, first, &mut piece[..n]);
                }
            }
            for (place, piece) in buffer.chunks_exact(STRIDE).take(starts.len()).enumerate() {
                take(place, first, &piece[..n]);
            }
        }
    }

    /// Write the absolute values of one output, `(rows, features)`, one row after the other.
    pub(super) fn absolute_rows(&self, rows: Range<usize>, output: usize, to: &mut [f64]) {
        let [by_row, by_feature, by_output] = self.strides;
        let start = rows.start * by_row + output * by_output;
        let width = self.shape[1];
        if by_feature <= by_row {
            for (row, to) in to.chunks_exact_mut(width.max(1)).take(rows.len()).enumerate() {
                let numbers = self.numbers[start + row * by_row..].iter().step_by(by_feature.max(1));
                to.iter_mut().zip(numbers).for_each(|(to, &number)| *to = number.into().abs());
            }
        } else {
            for feature in 0..width {
                let numbers = self.numbers[start + feature * by_feature..].iter().step_by(by_row.max(1));
                let places = to[feature..].iter_mut().step_by(width).take(rows.len());
                places.zip(numbers).for_each(|(to, &number)| *to = number.into().abs());
            }
        }
    }

    /// Columns that lie side by side: some rows at a time, so that neither reading nor writing jumps about.
    fn transpose(&self, start: usize, width: usize, rows: Range<usize>, to: &mut [f64]) {
        let row = |row: usize| &self.numbers[start + row * self.strides[0]..][..width];
        let in_eights = rows.len() / 8 * 8;
        for first in (0..in_eights).step_by(8) {
            let eight: [&[T]; 8] = std::array::from_fn(|i| row(rows.start + first + i));
            for (column, piece) in to.chunks_exact_mut(STRIDE).take(width).enumerate() {
                let places = &mut piece[first..first + 8];
                for (to, numbers) in places.iter_mut().zip(&eight) {
                    *to = numbers[column].into() + 0.0;
                }
            }
        }
        for place in in_eights..rows.len() {
            for (&number, piece) in row(rows.start + place).iter().zip(to.chunks_exact_mut(STRIDE)) {
                piece[place] = number.into() + 0.0;
            }
        }
    }

    fn gather(&self, start: usize, first: usize, to: &mut [f64]) {
        let numbers = &self.numbers[start + first * self.strides[0]..];
        if self.strides[0] == 1 {
            for (to, &number) in to.iter_mut().zip(numbers) {
                *to = number.into() + 0.0;
            }
        } else {
            for (to, &number) in to.iter_mut().zip(numbers.iter().step_by(self.strides[0].max(1))) {
                *to = number.into() + 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_columns_whatever_the_order_of_axes() {
        let shape = [700, 9, 2];
        for strides in [[18, 2, 1], [1, 700, 6300], [18, 1, 9], [2, 1400, 1], [20, 2, 1]] {
            let numbers: Vec<f32> = (0..14_000).map(|place| place as f32).collect();
            let block = Block::new(&numbers, shape, strides).unwrap();
            let mut found = vec![Vec::new(); 18];
            for columns in [0..16, 16..18] {
                block.pieces(columns.clone(), 0..700, |place, first, piece| {
                    let found = &mut found[columns.start + place];
                    assert_eq!(found.len(), first);
                    found.extend_from_slice(piece);
                });
            }
            for (column, found) in found.iter().enumerate() {
                let start = column / 2 * strides[1] + column % 2 * strides[2];
                let want: Vec<f64> = (0..700).map(|row| (start + row * strides[0]) as f64).collect();
                assert_eq!(*found, want, "{strides:?}, column {column}");
            }
        }
    }

    #[test]
    fn a_view_beyond_its_memory_is_refused() {
        assert!(Block::new(&[0.0; 12], [2, 3, 2], [6, 2, 1]).is_ok());
        assert!(Block::new(&[0.0; 11], [2, 3, 2], [6, 2, 1]).is_err());
        assert!(Block::new(&[0.0; 12], [2, 3, usize::MAX], [6, 2, usize::MAX]).is_err());
        assert!(Block::<f64>::new(&[], [0, 3, 2], [6, 2, 1]).is_ok());
    }
}
