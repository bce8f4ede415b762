//! Glue of `mask::sparse`: masked rows of sparse matrices.

use numpy::{Element, IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::arrays::{flat, vector};
use super::error::{DimensionError, to_python};
use super::interrupt::briefly;
use crate::mask::{Layout, SparseMasked, SparseRows};
use crate::parallel::Workers;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(fill_sparse, module)?)
}

/// Starts, columns and words of a matrix in compressed rows.
type Compressed<'py> = (PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, i32>, Bound<'py, PyAny>);
type Filled<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i32>>, Bound<'py, PyAny>);

/// The model rows `first..first + count` of a batch: (starts, columns, words).
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "one call a batch: everything that describes it")]
fn fill_sparse<'py>(
    py: Python<'py>,
    background: Compressed<'py>,
    rows: Compressed<'py>,
    column_player: PyReadonlyArray2<'py, i32>,
    words: PyReadonlyArray2<'py, u64>,
    block_starts: Vec<usize>,
    blocks: PyReadonlyArray1<'py, u32>,
    first: usize,
    count: usize,
    n_threads: usize,
) -> PyResult<Filled<'py>> {
    let layout = Layout::new(column_player.as_array().nrows(), &block_starts, vector("blocks", &blocks)?)
        .map_err(|error| to_python(&error))?;
    let batch = Batch { words, layout, first, count, n_threads };
    let array = background.2.clone();
    if array.cast::<PyArray1<u8>>().is_ok() {
        batch.fill::<u8>(py, &background, &rows, &column_player)
    } else if array.cast::<PyArray1<u16>>().is_ok() {
        batch.fill::<u16>(py, &background, &rows, &column_player)
    } else if array.cast::<PyArray1<u32>>().is_ok() {
        batch.fill::<u32>(py, &background, &rows, &column_player)
    } else if array.cast::<PyArray1<u64>>().is_ok() {
        batch.fill::<u64>(py, &background, &rows, &column_player)
    } else {
        Err(DimensionError::new_err("entries must be viewed as unsigned integers, one-dimensional"))
    }
}

/// Which model rows are wanted.
struct Batch<'py> {
    words: PyReadonlyArray2<'py, u64>,
    layout: Layout,
    first: usize,
    count: usize,
    n_threads: usize,
}

impl Batch<'_> {
    fn fill<'py, T: Element + Copy + Send + Sync>(
        &self,
        py: Python<'py>,
        background: &Compressed<'py>,
        rows: &Compressed<'py>,
        column_player: &PyReadonlyArray2<'py, i32>,
    ) -> PyResult<Filled<'py>> {
        let values: [PyReadonlyArray1<'_, T>; 2] = [background.2.extract()?, rows.2.extract()?];
        let known = SparseRows {
            starts: vector("background", &background.0)?,
            columns: vector("background", &background.1)?,
            values: vector("background", &values[0])?,
        };
        let given = SparseRows {
            starts: vector("rows", &rows.0)?,
            columns: vector("rows", &rows.1)?,
            values: vector("rows", &values[1])?,
        };
        let n_columns = column_player.as_array().ncols();
        let players = flat("column_player", column_player)?;
        let masked =
            SparseMasked::new(known, given, players, n_columns).map_err(|error| to_python(&error))?;
        let (words, width) = (flat("words", &self.words)?, self.words.as_array().ncols());
        let (layout, first, count) = (&self.layout, self.first, self.count);
        let fill = |workers: &Workers<'_>| masked.fill(words, width, layout, first, count, workers);
        let (starts, columns, values) = briefly(py, self.n_threads, fill)?;
        Ok((starts.into_pyarray(py), columns.into_pyarray(py), values.into_pyarray(py).into_any()))
    }
}
