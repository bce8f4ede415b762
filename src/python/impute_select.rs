//! Glue of the conditional maskers that select rows of the background.

use std::sync::{Arc, Mutex, PoisonError};

use numpy::{Element, IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray2};
use pyo3::prelude::*;

use super::ahead::{Filling, Job, Span};
use super::arrays::{flat, not_contiguous, vector};
use super::error::{DimensionError, to_python};
use super::interrupt::{briefly, interruptible};
use super::mask::by_word;
use crate::error::Error;
use crate::impute::{
    Choice, Empirical, Forest, ForestRows, SelectedRows, Selection, SelectionAverage, StandardRows,
};
use crate::mask::Word;
use crate::parallel::Workers;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PySelection>()?;
    module.add_class::<PySelectionAverage>()?;
    module.add_class::<PyStandardRows>()?;
    module.add_class::<PyEmpirical>()?;
    module.add_class::<PyForestRows>()?;
    module.add_class::<PyConditionalForest>()
}

#[pyclass(name = "Selection", frozen, module = "ferroshap._native")]
struct PySelection(Arc<Selection>);

/// First entry of each list, background rows, weights.
type Lists<'py> = (Bound<'py, PyArray1<usize>>, Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<f64>>);

#[pymethods]
impl PySelection {
    #[getter]
    fn n_model_rows(&self) -> usize {
        self.0.n_model_rows()
    }

    fn lists<'py>(&self, py: Python<'py>) -> Lists<'py> {
        let selection = &self.0;
        let (mut starts, mut rows, mut weights) = (vec![0], Vec::new(), Vec::new());
        for (list_rows, list_weights) in (0..selection.n_lists()).map(|number| selection.list(number)) {
            rows.extend_from_slice(list_rows);
            weights.extend_from_slice(list_weights);
            starts.push(rows.len());
        }
        (starts.into_pyarray(py), rows.into_pyarray(py), weights.into_pyarray(py))
    }

    fn average(&self, n_outputs: usize) -> PyResult<PySelectionAverage> {
        if n_outputs == 0 {
            return Err(DimensionError::new_err("`n_outputs` is 0, but must be positive"));
        }
        Ok(PySelectionAverage(Mutex::new(Some(SelectionAverage::new(Arc::clone(&self.0), n_outputs)))))
    }

    #[expect(clippy::too_many_arguments, reason = "one call a batch: everything that describes it")]
    fn fill(
        &self,
        py: Python<'_>,
        out: Vec<Bound<'_, PyAny>>,
        background: Vec<Bound<'_, PyAny>>,
        rows: Vec<Bound<'_, PyAny>>,
        columns: Vec<Vec<usize>>,
        words: PyReadonlyArray2<'_, u64>,
        explained: Vec<usize>,
        first: usize,
        is_immediate: bool,
    ) -> PyResult<Filling> {
        let mut jobs = Vec::with_capacity(out.len());
        let mut arrays = Vec::with_capacity(3 * out.len());
        for (((out, background), rows), columns) in out.iter().zip(&background).zip(&rows).zip(columns) {
            let batch = Batch {
                selection: Arc::clone(&self.0),
                words: flat("words", &words)?.to_vec(),
                words_per_coalition: words.as_array().ncols(),
                columns,
                explained: explained.clone(),
                first,
            };
            jobs.push(by_word!(out, job, out, background, rows, batch)?);
            arrays.extend([out, background, rows].map(|array| array.clone().unbind()));
        }
        Filling::begin(
            py,
            move |workers| jobs.into_iter().try_for_each(|job| job(workers)),
            arrays,
            is_immediate,
        )
    }
}

/// What the blocks of columns of a batch have in common, and the columns of one of them.
struct Batch {
    selection: Arc<Selection>,
    words: Vec<u64>,
    words_per_coalition: usize,
    columns: Vec<usize>,
    explained: Vec<usize>,
    first: usize,
}

fn job<T: Word + Default + Element + 'static>(
    out: &Bound<'_, PyAny>,
    background: &Bound<'_, PyAny>,
    rows: &Bound<'_, PyAny>,
    batch: Batch,
) -> PyResult<Job> {
    let mut out: PyReadwriteArray2<'_, T> = out.extract()?;
    let background: PyReadonlyArray2<'_, T> = background.extract()?;
    let rows: PyReadonlyArray2<'_, T> = rows.extract()?;
    let width = batch.columns.len();
    if [out.as_array().ncols(), background.as_array().ncols(), rows.as_array().ncols()] != [width; 3] {
        return Err(DimensionError::new_err(
            "`out`, `background` and `rows` must have the columns of their block",
        ));
    }
    let (background, rows) = (Span::of(flat("background", &background)?), Span::of(flat("rows", &rows)?));
    let out = Span::of_mut(out.as_slice_mut().map_err(|_| not_contiguous("out"))?);
    Ok(Box::new(move |workers| {
        let selected = SelectedRows {
            background: background.read(),
            rows: rows.read(),
            columns: &batch.columns,
            explained: &batch.explained,
        };
        let Batch { selection, words, words_per_coalition, first, .. } = &batch;
        selected.fill(selection, words, *words_per_coalition, *first, out.write(), workers)
    }))
}

#[pyclass(name = "SelectionAverage", frozen, module = "ferroshap._native")]
struct PySelectionAverage(Mutex<Option<SelectionAverage>>);

#[pymethods]
impl PySelectionAverage {
    fn add(&self, py: Python<'_>, outputs: PyReadonlyArray2<'_, f64>) -> PyResult<()> {
        let n_outputs = outputs.as_array().ncols();
        let outputs = flat("outputs", &outputs)?;
        briefly(py, 1, |_| {
            let mut average = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            average.as_mut().map_or(Ok(()), |average| {
                if average.n_outputs() == n_outputs {
                    average.add(outputs)
                } else {
                    Err(Error::Length { argument: "outputs", got: n_outputs, want: average.n_outputs() })
                }
            })
        })
    }

    /// The worths, flat; the average is spent.
    fn worths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let average = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let average = average.ok_or_else(|| DimensionError::new_err("the worths were taken before"))?;
        Ok(average.into_worths().map_err(|error| to_python(&error))?.into_pyarray(py))
    }
}

#[pyclass(name = "StandardRows", frozen, module = "ferroshap._native")]
struct PyStandardRows(StandardRows);

#[pyclass(name = "Empirical", frozen, module = "ferroshap._native")]
struct PyEmpirical(Empirical);

#[pymethods]
impl PyEmpirical {
    #[new]
    fn new(
        py: Python<'_>,
        values: PyReadonlyArray2<'_, f64>,
        weights: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<Self> {
        let n_columns = values.as_array().ncols();
        let (values, weights) = (flat("values", &values)?, vector("weights", &weights)?);
        Ok(Self(interruptible(py, 1, |_| Empirical::new(values, n_columns, weights))?))
    }

    #[getter]
    fn n_varying(&self) -> usize {
        self.0.n_varying()
    }

    fn rows(&self, py: Python<'_>, values: PyReadonlyArray2<'_, f64>) -> PyResult<PyStandardRows> {
        let values = flat("rows", &values)?;
        Ok(PyStandardRows(briefly(py, 1, |_| self.0.rows(values))?))
    }

    #[expect(clippy::too_many_arguments, reason = "one call a batch: everything that describes it")]
    fn draw(
        &self,
        py: Python<'_>,
        explained: &PyStandardRows,
        words: PyReadonlyArray2<'_, u64>,
        rows: Vec<usize>,
        bandwidths: Vec<f64>,
        n_samples: usize,
        seed: u64,
        n_threads: usize,
    ) -> PyResult<PySelection> {
        let width = words.as_array().ncols();
        let words = flat("words", &words)?;
        let choice = Choice { bandwidths: &bandwidths, n_samples, seed };
        let selection = interruptible(py, n_threads, |workers| {
            self.0.draw(&explained.0, words, width, &rows, &choice, workers)
        })?;
        Ok(PySelection(Arc::new(selection)))
    }

    fn bandwidths<'py>(
        &self,
        py: Python<'py>,
        outputs: PyReadonlyArray2<'_, f64>,
        seed: u64,
        fallback: f64,
        n_threads: usize,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let outputs = flat("outputs", &outputs)?;
        let work = |workers: &Workers<'_>| self.0.bandwidths(outputs, seed, fallback, workers);
        Ok(interruptible(py, n_threads, work)?.into_pyarray(py))
    }
}

#[pyclass(name = "ForestRows", frozen, module = "ferroshap._native")]
struct PyForestRows(ForestRows);

#[pyclass(name = "ConditionalForest", frozen, module = "ferroshap._native")]
struct PyConditionalForest(Forest);

#[pymethods]
impl PyConditionalForest {
    #[new]
    fn new(
        py: Python<'_>,
        values: PyReadonlyArray2<'_, f64>,
        n_categories: Vec<usize>,
        weights: PyReadonlyArray1<'_, f64>,
        n_trees: usize,
        seed: u64,
        n_threads: usize,
    ) -> PyResult<Self> {
        if values.as_array().ncols() != n_categories.len() || n_trees == 0 {
            return Err(DimensionError::new_err(
                "`n_categories` must have an entry a column, and `n_trees` be positive",
            ));
        }
        let (values, weights) = (flat("values", &values)?, vector("weights", &weights)?);
        let grow =
            |workers: &Workers<'_>| Forest::new(values, &n_categories, weights, n_trees, seed, workers);
        Ok(Self(interruptible(py, n_threads, grow)?))
    }

    fn renumbered(&self, py: Python<'_>, order: Vec<usize>) -> PyResult<Self> {
        Ok(Self(briefly(py, 1, |_| self.0.renumbered(&order))?))
    }

    fn rows(
        &self,
        py: Python<'_>,
        values: PyReadonlyArray2<'_, f64>,
        n_threads: usize,
    ) -> PyResult<PyForestRows> {
        let values = flat("rows", &values)?;
        Ok(PyForestRows(interruptible(py, n_threads, |workers| self.0.rows(values, workers))?))
    }

    #[expect(clippy::too_many_arguments, reason = "one call a batch: everything that describes it")]
    fn draw(
        &self,
        py: Python<'_>,
        explained: &PyForestRows,
        words: PyReadonlyArray2<'_, u64>,
        rows: Vec<usize>,
        n_samples: usize,
        seed: u64,
        n_threads: usize,
    ) -> PyResult<PySelection> {
        let width = words.as_array().ncols();
        let words = flat("words", &words)?;
        let selection = interruptible(py, n_threads, |workers| {
            self.0.draw(&explained.0, words, width, &rows, (n_samples, seed), workers)
        })?;
        Ok(PySelection(Arc::new(selection)))
    }
}
