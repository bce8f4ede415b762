//! Glue of `mask::distinct`: which model rows of a batch are new.

use std::sync::{Mutex, PoisonError};

use numpy::{
    Element, IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray2,
};
use pyo3::prelude::*;

use super::arrays::{flat, not_contiguous, vector};
use super::error::{DimensionError, to_python};
use super::interrupt::briefly;
use super::mask::by_word;
use crate::mask::{Differences, Distinct, Layout, Looked, MaskedRows, Word};

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(fill_rows, module)?)?;
    module.add_class::<PyLooked>()?;
    module.add_class::<PyDistinct>()
}

/// The model rows of a batch, and where the outputs of each come from.
#[pyclass(name = "Looked", frozen, module = "ferroshap._native")]
struct PyLooked {
    looked: Looked,
    layout: Layout,
}

#[pyclass(name = "Distinct", frozen, module = "ferroshap._native")]
struct PyDistinct(Mutex<Distinct>);

#[pymethods]
impl PyDistinct {
    /// None where looking for equal rows is not worth its time.
    #[staticmethod]
    fn find(
        background: Vec<Bound<'_, PyAny>>,
        rows: Vec<Bound<'_, PyAny>>,
        column_player: Vec<PyReadonlyArray2<'_, i32>>,
        n_players: usize,
        n_outputs: usize,
    ) -> PyResult<Option<Self>> {
        let (Some(first), Some(row)) = (background.first(), rows.first()) else { return Ok(None) };
        if n_players > 64 {
            return Ok(None);
        }
        let mut differences =
            Differences::new(row.len()?, first.len()?, n_players).map_err(|error| to_python(&error))?;
        for ((background, rows), players) in background.iter().zip(&rows).zip(&column_player) {
            by_word!(background, compare, &mut differences, background, rows, players)?;
        }
        Ok(differences.are_worthwhile().then(|| Self(Mutex::new(Distinct::new(differences, n_outputs)))))
    }

    /// What must be asked for a batch: (how many model rows, what `tell` needs).
    fn look(
        &self,
        py: Python<'_>,
        words: PyReadonlyArray2<'_, u64>,
        block_starts: Vec<usize>,
        blocks: PyReadonlyArray1<'_, u32>,
        n_rows: usize,
    ) -> PyResult<(usize, PyLooked)> {
        let words = flat("words", &words)?;
        let layout = Layout::new(n_rows, &block_starts, vector("blocks", &blocks)?)
            .map_err(|error| to_python(&error))?;
        let looked =
            briefly(py, 1, |_| self.0.lock().unwrap_or_else(PoisonError::into_inner).look(words, &layout))?;
        Ok((looked.numbers.len(), PyLooked { looked, layout }))
    }

    /// Keep the outputs of the rows to ask about; returns those of all model rows.
    fn tell<'py>(
        &self,
        py: Python<'py>,
        looked: &PyLooked,
        outputs: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let width = outputs.as_array().ncols();
        let outputs = flat("outputs", &outputs)?;
        let all = briefly(py, 1, |_| {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).tell(&looked.looked, outputs)
        })?;
        let n_rows = all.len() / width.max(1);
        all.into_pyarray(py).reshape([n_rows, width])
    }
}

fn compare<T: Word + Element + Eq + std::hash::Hash>(
    differences: &mut Differences,
    background: &Bound<'_, PyAny>,
    rows: &Bound<'_, PyAny>,
    players: &PyReadonlyArray2<'_, i32>,
) -> PyResult<()> {
    let background: PyReadonlyArray2<'_, T> = background.extract()?;
    let rows: PyReadonlyArray2<'_, T> = rows.extract()?;
    let n_columns = rows.as_array().ncols();
    if background.as_array().ncols() != n_columns || players.as_array().dim() != rows.as_array().dim() {
        return Err(DimensionError::new_err("`background`, `rows` and players must have the same columns"));
    }
    let players = flat("column_player", players)?;
    differences.compare(flat("background", &background)?, flat("rows", &rows)?, players, n_columns);
    Ok(())
}

/// Write the model rows `first..first + count` of those to ask about into `out`, one array for each kind of column.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "one call a batch: everything that describes it")]
fn fill_rows(
    py: Python<'_>,
    out: Vec<Bound<'_, PyAny>>,
    background: Vec<Bound<'_, PyAny>>,
    rows: Vec<Bound<'_, PyAny>>,
    column_player: Vec<PyReadonlyArray2<'_, i32>>,
    words: PyReadonlyArray2<'_, u64>,
    looked: &PyLooked,
    first: usize,
    count: usize,
) -> PyResult<()> {
    let numbers = looked.looked.numbers.get(first..first + count).ok_or_else(|| {
        DimensionError::new_err(format!("rows {first} to {} are not among those to ask about", first + count))
    })?;
    for (((out, background), rows), owners) in out.iter().zip(&background).zip(&rows).zip(&column_player) {
        by_word!(out, fill_words, py, out, background, rows, owners, &words, &looked.layout, numbers)?;
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "as above")]
fn fill_words<T: Word + Element>(
    py: Python<'_>,
    out: &Bound<'_, PyAny>,
    background: &Bound<'_, PyAny>,
    rows: &Bound<'_, PyAny>,
    column_player: &PyReadonlyArray2<'_, i32>,
    words: &PyReadonlyArray2<'_, u64>,
    layout: &Layout,
    numbers: &[u32],
) -> PyResult<()> {
    let mut out: PyReadwriteArray2<'_, T> = out.extract()?;
    let background: PyReadonlyArray2<'_, T> = background.extract()?;
    let rows: PyReadonlyArray2<'_, T> = rows.extract()?;
    let n_columns = rows.as_array().ncols();
    let words_per_coalition = words.as_array().ncols();
    let (words, column_player) = (flat("words", words)?, flat("column_player", column_player)?);
    let (background, rows) = (flat("background", &background)?, flat("rows", &rows)?);
    let out = out.as_slice_mut().map_err(|_| not_contiguous("out"))?;
    let masked = MaskedRows { background, rows, column_player, n_columns };
    briefly(py, 1, |_| masked.fill_rows(words, words_per_coalition, layout, numbers, out))
}
