//! Rows as the caller holds them: borrowed, dense or sparse, single or double precision.

use super::encode::EncodedRows;
use crate::error::Error;

/// A table of rows.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// Dense, single precision.
    F32(Dense<'a, f32>),
    /// Dense, double precision.
    F64(Dense<'a, f64>),
    /// Compressed sparse rows; what is not stored is the forest's `absent`.
    Csr(Csr<'a>),
    /// Encoded already, by the encoding that they are given to.
    Encoded(&'a EncodedRows),
}

/// A dense table with any strides, in elements.
#[derive(Debug, Clone, Copy)]
pub struct Dense<'a, T> {
    values: &'a [T],
    n_rows: usize,
    n_columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T: Copy> Dense<'a, T> {
    /// A table that lies within `values`.
    pub fn new(
        values: &'a [T],
        (n_rows, n_columns): (usize, usize),
        (row_stride, column_stride): (usize, usize),
    ) -> Result<Self, Error> {
        let needed = if n_rows == 0 || n_columns == 0 {
            0
        } else {
            (n_rows - 1) * row_stride + (n_columns - 1) * column_stride + 1
        };
        if values.len() < needed {
            return Err(Error::Length { argument: "values", got: values.len(), want: needed });
        }
        Ok(Self { values, n_rows, n_columns, row_stride, column_stride })
    }

    /// Row after row.
    pub fn contiguous(values: &'a [T], n_columns: usize) -> Self {
        let n_rows = values.len().checked_div(n_columns).unwrap_or(0);
        Self { values, n_rows, n_columns, row_stride: n_columns, column_stride: 1 }
    }

    /// A column's entries in the rows from `first` on; those after row `last` repeat it.
    #[inline]
    pub(super) fn gather<const N: usize>(&self, first: usize, last: usize, column: usize, out: &mut [T; N]) {
        let column = &self.values[column * self.column_stride..];
        let n_rows = (last + 1 - first).min(N);
        let entries = column[first * self.row_stride..].iter().step_by(self.row_stride.max(1));
        if self.row_stride == 0 {
            out.fill(column[0]); // one row, seen many times
        } else {
            out[..n_rows].iter_mut().zip(entries).for_each(|(slot, &entry)| *slot = entry);
            let repeated = out[n_rows - 1];
            out[n_rows..].fill(repeated);
        }
    }

    /// One entry.
    #[inline]
    pub fn at(&self, row: usize, column: usize) -> T {
        self.values[row * self.row_stride + column * self.column_stride]
    }
}

/// Compressed sparse rows: the entries of row `i` are those from `starts[i]` to `starts[i + 1]`.
#[derive(Debug, Clone, Copy)]
pub struct Csr<'a> {
    starts: &'a [i64],
    columns: &'a [i64],
    values: &'a [f64],
    n_columns: usize,
}

impl<'a> Csr<'a> {
    /// Check that all entries lie inside.
    pub fn new(
        starts: &'a [i64],
        columns: &'a [i64],
        values: &'a [f64],
        n_columns: usize,
    ) -> Result<Self, Error> {
        let ends = starts.first() == Some(&0)
            && starts.is_sorted()
            && starts.last().is_some_and(|&last| usize::try_from(last) == Ok(values.len()))
            && columns.len() == values.len();
        if !ends {
            return Err(Error::Length { argument: "starts", got: starts.len(), want: values.len() });
        }
        if let Some(&column) = columns.iter().find(|&&c| !usize::try_from(c).is_ok_and(|c| c < n_columns)) {
            return Err(Error::Parameter {
                argument: "columns",
                got: column.to_string(),
                accepted: "a column number of the matrix",
            });
        }
        Ok(Self { starts, columns, values, n_columns })
    }

    /// The stored entries of a row: column and value.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked at construction"
        )]
        let (first, last) = (self.starts[row] as usize, self.starts[row + 1] as usize);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked at construction"
        )]
        let columns = self.columns[first..last].iter().map(|&column| column as usize);
        columns.zip(self.values[first..last].iter().copied())
    }
}

impl Rows<'_> {
    /// Rows of the table.
    pub fn n_rows(&self) -> usize {
        match self {
            Self::F32(dense) => dense.n_rows,
            Self::F64(dense) => dense.n_rows,
            Self::Csr(csr) => csr.starts.len() - 1,
            Self::Encoded(rows) => rows.n_rows(),
        }
    }

    /// Columns of the table.
    pub fn n_columns(&self) -> usize {
        match self {
            Self::F32(dense) => dense.n_columns,
            Self::F64(dense) => dense.n_columns,
            Self::Csr(csr) => csr.n_columns,
            Self::Encoded(rows) => rows.n_columns(),
        }
    }
}
