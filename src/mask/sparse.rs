//! Filling masked rows of sparse matrices: only what is stored is looked at, and nothing else is written.
//!
//! An entry that is not stored is a value of its own. Where a player is present his columns are as in the explained
//! row, stored or not; elsewhere they are as in the background row. So a masked row holds at most what the two rows
//! hold together, and making it costs that, however many columns there are.

use super::layout::{Layout, Segment};
use crate::coalition;
use crate::error::Error;
use crate::parallel::Workers;

/// Stored entries that one unit of parallel work looks at: some ten thousand nanoseconds.
const UNIT_ENTRIES: usize = 1 << 14;

/// Rows of which the stored entries are known, columns ascending within each row (CSR).
#[derive(Debug, Clone, Copy)]
pub struct SparseRows<'a, T> {
    /// Where each row begins among the entries, and where the last ends: `(rows + 1)`.
    pub starts: &'a [i64],
    /// The column of each entry.
    pub columns: &'a [i32],
    /// The word of each entry.
    pub values: &'a [T],
}

/// Masked rows as they come out: `(starts, columns, values)` of a matrix in compressed rows.
pub type Filled<T> = (Vec<i64>, Vec<i32>, Vec<T>);

impl<'a, T: Copy> SparseRows<'a, T> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Columns and words of row `number`.
    fn row(&self, number: usize) -> (&'a [i32], &'a [T]) {
        let range = position(self.starts[number])..position(self.starts[number + 1]);
        (&self.columns[range.clone()], &self.values[range])
    }

    /// [`Error`] unless the rows are well formed: nothing the core indexes with is taken on trust.
    fn check(&self, argument: &'static str, n_columns: usize) -> Result<(), Error> {
        let n_entries = self.columns.len();
        if self.values.len() != n_entries {
            return Err(Error::Length { argument, got: self.values.len(), want: n_entries });
        }
        let starts_well = self.starts.first() == Some(&0) && self.starts.is_sorted();
        let ends = self.starts.last().map_or(0, |&end| position(end));
        if !starts_well || ends != n_entries {
            return Err(Error::Length { argument, got: ends, want: n_entries });
        }
        for number in 0..self.len() {
            let (columns, _) = self.row(number);
            let is_ascending = columns.windows(2).all(|pair| pair[0] < pair[1]);
            let is_inside = columns.first().is_none_or(|&column| column >= 0)
                && columns.last().is_none_or(|&column| position(column.into()) < n_columns);
            if !is_ascending || !is_inside {
                let got = format!("row {number}");
                let accepted = "columns that ascend within each row and exist";
                return Err(Error::Parameter { argument, got, accepted });
            }
        }
        Ok(())
    }
}

/// Explained rows and a background, sparse both.
#[derive(Debug, Clone, Copy)]
pub struct SparseMasked<'a, T> {
    background: SparseRows<'a, T>,
    rows: SparseRows<'a, T>,
    /// The player that each column of each row belongs to, or -1: `(rows, columns)`.
    column_player: &'a [i32],
    n_columns: usize,
}

impl<'a, T: Copy + Send + Sync> SparseMasked<'a, T> {
    /// [`Error`] unless the arrays fit each other.
    pub fn new(
        background: SparseRows<'a, T>,
        rows: SparseRows<'a, T>,
        column_player: &'a [i32],
        n_columns: usize,
    ) -> Result<Self, Error> {
        background.check("background", n_columns)?;
        rows.check("rows", n_columns)?;
        let want = rows.len() * n_columns;
        if column_player.len() != want {
            return Err(Error::Length { argument: "column_player", got: column_player.len(), want });
        }
        Ok(Self { background, rows, column_player, n_columns })
    }

    /// The model rows `first..first + count` of a batch of evaluations.
    ///
    /// `words` holds `words_per_coalition` words for each evaluation. Cost: the entries of the explained row and of
    /// the background row, for each model row.
    pub fn fill(
        &self,
        words: &[u64],
        words_per_coalition: usize,
        layout: &Layout,
        first: usize,
        count: usize,
        workers: &Workers<'_>,
    ) -> Result<Filled<T>, Error> {
        let want = layout.n_evaluations() * words_per_coalition;
        if words.len() != want {
            return Err(Error::Length { argument: "words", got: words.len(), want });
        }
        if layout.n_background() != self.background.len() || layout.n_rows() != self.rows.len() {
            let (got, want) = (layout.n_background(), self.background.len());
            return Err(Error::Length { argument: "background", got, want });
        }
        let end = first.saturating_add(count);
        if end > layout.n_model_rows() {
            return Err(Error::Length { argument: "count", got: end, want: layout.n_model_rows() });
        }
        let held = self.rows.columns.len() / self.rows.len().max(1)
            + self.background.columns.len() / self.background.len().max(1);
        let unit_rows = (UNIT_ENTRIES / (held + 1)).max(1);
        let mut parts: Vec<Filled<T>> =
            (0..count.div_ceil(unit_rows)).map(|_| (Vec::new(), Vec::new(), Vec::new())).collect();
        workers.for_each_unit(parts.iter_mut(), |number, part| {
            let start = first + number * unit_rows;
            let mut present = (Vec::new(), Vec::new(), Vec::new());
            for segment in layout.segments(start, (start + unit_rows).min(end)) {
                let coalition = &words[segment.evaluation * words_per_coalition..][..words_per_coalition];
                self.fill_segment(&segment, coalition, &mut present, part);
            }
        })?;
        Ok(joined(parts, count))
    }

    /// Append the model rows of one segment; `ends` of a part count from its own beginning.
    fn fill_segment(
        &self,
        segment: &Segment,
        coalition: &[u64],
        present: &mut Filled<T>,
        (ends, columns, values): &mut Filled<T>,
    ) {
        let players = &self.column_player[segment.row * self.n_columns..][..self.n_columns];
        // A negative number is no player, and its cast is past the end.
        let is_present = |column: i32| {
            usize::try_from(players[position(column.into())])
                .is_ok_and(|player| coalition::contains(coalition, player))
        };
        let (own_columns, own_values) = self.rows.row(segment.row);
        let (_, kept_columns, kept_values) = present;
        kept_columns.clear();
        kept_columns.extend_from_slice(own_columns);
        kept_values.clear();
        kept_values.extend_from_slice(own_values);
        // Without a branch: whether a player is present is a coin that no processor can foretell.
        let mut n_kept = 0;
        for (&column, &value) in own_columns.iter().zip(own_values) {
            kept_columns[n_kept] = column;
            kept_values[n_kept] = value;
            n_kept += usize::from(is_present(column));
        }
        let (kept_columns, kept_values) = (&kept_columns[..n_kept], &kept_values[..n_kept]);
        for number in segment.first..segment.end {
            let (other_columns, other_values) = self.background.row(number);
            let mut next = 0;
            for (&column, &value) in other_columns.iter().zip(other_values) {
                let before = next;
                while next < n_kept && kept_columns[next] < column {
                    next += 1;
                }
                columns.extend_from_slice(&kept_columns[before..next]);
                values.extend_from_slice(&kept_values[before..next]);
                // Where the player is present his own entry, if any, is the next of those kept.
                if !is_present(column) {
                    columns.push(column);
                    values.push(value);
                }
            }
            columns.extend_from_slice(&kept_columns[next..]);
            values.extend_from_slice(&kept_values[next..]);
            ends.push(length(columns.len()));
        }
    }
}

/// Parts one after the other; the ends of their rows become starts.
fn joined<T: Copy>(parts: Vec<Filled<T>>, count: usize) -> Filled<T> {
    let n_entries = parts.iter().map(|(_, columns, _)| columns.len()).sum();
    let (mut starts, mut columns, mut values) =
        (Vec::with_capacity(count + 1), Vec::with_capacity(n_entries), Vec::with_capacity(n_entries));
    starts.push(0);
    for (ends, own_columns, own_values) in parts {
        let before = length(columns.len());
        starts.extend(ends.iter().map(|end| before + end));
        columns.extend_from_slice(&own_columns);
        values.extend_from_slice(&own_values);
    }
    (starts, columns, values)
}

/// A number of NumPy's as a position; a negative one is past every end.
fn position(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A count of entries in memory.
fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;
    use crate::random::{Purpose, Stream};

    type Owned = (Vec<i64>, Vec<i32>, Vec<u32>);

    /// Dense words, 0 where nothing is stored; about a third of the entries are.
    fn drawn(n_rows: usize, n_columns: usize, stream: &mut Stream) -> Vec<u32> {
        let word = |stream: &mut Stream| u32::try_from(1 + stream.below(3)).unwrap();
        (0..n_rows * n_columns).map(|_| if stream.below(3) == 0 { word(stream) } else { 0 }).collect()
    }

    fn compressed(words: &[u32], n_columns: usize) -> Owned {
        let (mut starts, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
        for row in words.chunks_exact(n_columns) {
            for (column, &word) in row.iter().enumerate().filter(|(_, word)| **word != 0) {
                columns.push(i32::try_from(column).unwrap());
                values.push(word);
            }
            starts.push(length(columns.len()));
        }
        (starts, columns, values)
    }

    fn view((starts, columns, values): &Owned) -> SparseRows<'_, u32> {
        SparseRows { starts, columns, values }
    }

    #[test]
    fn sparse_rows_are_the_dense_ones_without_what_is_not_stored() {
        let (n_rows, n_background, n_columns) = (3, 4, 70);
        let mut stream = Stream::new(5, Purpose::Order, 0, 0);
        let dense = [drawn(n_background, n_columns, &mut stream), drawn(n_rows, n_columns, &mut stream)];
        let (background, rows) = (compressed(&dense[0], n_columns), compressed(&dense[1], n_columns));
        // Two columns a player, and some that are nobody's.
        let players: Vec<i32> =
            (0..n_rows * n_columns).map(|cell| i32::try_from(cell % n_columns / 2).unwrap() - 1).collect();
        let layout = Layout::new(n_rows, &[0, 1, n_background], &[0, 1, 1]).unwrap();
        let words = [0x5a5a_1234, u64::MAX >> 30, 0];
        let masked = SparseMasked::new(view(&background), view(&rows), &players, n_columns).unwrap();
        let total = layout.n_model_rows();
        let mut expected = Vec::new();
        for segment in layout.segments(0, total) {
            for number in segment.first..segment.end {
                expected.extend((0..n_columns).map(|column| {
                    let player = players[segment.row * n_columns + column];
                    let is_present = player >= 0
                        && coalition::contains(
                            &words[segment.evaluation..],
                            usize::try_from(player).unwrap(),
                        );
                    if is_present {
                        dense[1][segment.row * n_columns + column]
                    } else {
                        dense[0][number * n_columns + column]
                    }
                }));
            }
        }
        let expected = compressed(&expected, n_columns);
        let cancel = Cancel::default();
        for n_threads in [1, 2, 7] {
            let workers = Workers::new(n_threads, &cancel);
            assert_eq!(masked.fill(&words, 1, &layout, 0, total, &workers).unwrap(), expected);
            for cut in [0, 1, 5] {
                let head = masked.fill(&words, 1, &layout, 0, cut, &workers).unwrap();
                let tail = masked.fill(&words, 1, &layout, cut, total - cut, &workers).unwrap();
                assert_eq!([head.1, tail.1].concat(), expected.1);
                assert_eq!([head.2, tail.2].concat(), expected.2);
            }
            assert!(masked.fill(&words, 1, &layout, 1, total, &workers).is_err());
        }
    }

    #[test]
    fn malformed_rows_are_refused() {
        let good = (vec![0, 2, 2], vec![0, 3], vec![1_u32, 2]);
        assert!(view(&good).check("rows", 4).is_ok());
        let bad: [Owned; 7] = [
            (vec![0, 2, 2], vec![3, 0], vec![1, 2]),
            (vec![0, 2, 2], vec![0, 4], vec![1, 2]),
            (vec![0, 2, 2], vec![-1, 3], vec![1, 2]),
            (vec![0, 3, 2], vec![0, 3], vec![1, 2]),
            (vec![1, 2, 2], vec![0, 3], vec![1, 2]),
            (vec![0, 2, 3], vec![0, 3], vec![1, 2]),
            (vec![0, 2, 2], vec![0, 3], vec![1]),
        ];
        for rows in &bad {
            assert!(view(rows).check("rows", 4).is_err(), "{rows:?}");
        }
    }
}
