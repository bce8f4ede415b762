//! `TreePlan`: a forest ready to be explained.

use std::sync::atomic::{AtomicUsize, Ordering};

use numpy::{
    Element, IntoPyArray, IxDyn, PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyReadonlyArray1,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use super::super::arrays::{not_contiguous, vector};
use super::super::error::DimensionError;
use super::super::interrupt::{briefly, watched};
use super::forest::PyForest;
use super::rows::Borrowed;
use super::{precision_name, precision_named};
use crate::error::Error;
use crate::parallel::Workers;
use crate::tree::Rows;
use crate::tree::plan::{Plan, Real};

#[pyclass(name = "TreePlan", frozen, module = "ferroshap._native")]
pub(crate) struct PyTreePlan {
    plan: Plan,
    n_columns: usize,
    n_outputs: usize,
    n_players: usize,
    n_leaves: usize,
}

/// Leaf-rows that are worked off in about a millisecond.
const SHORT: usize = 1 << 20;
/// Rows that a kernel works on at once, also where there are fewer.
const LEAST_ROWS: usize = 16;

/// What is asked of a plan.
#[derive(Clone, Copy)]
enum Question {
    Values,
    Interactions,
    Pairs,
}

#[pymethods]
impl PyTreePlan {
    #[new]
    #[pyo3(signature = (forest, precision, n_threads, background=None, weights=None))]
    fn new(
        py: Python<'_>,
        forest: &PyForest,
        precision: &str,
        n_threads: usize,
        background: Option<Bound<'_, PyAny>>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let precision = precision_named(precision)?;
        let forest = &forest.forest;
        let plan = match &background {
            None => briefly(py, 1, |_| Plan::path_dependent(forest.clone(), precision))?,
            Some(background) => {
                let background = Borrowed::new("background", background)?;
                let rows = background.rows("background", forest.n_columns())?;
                let weights = weights.as_ref().map(|weights| vector("weights", weights)).transpose()?;
                let work = |workers: &Workers<'_>| {
                    Plan::interventional(forest.clone(), &rows, weights, precision, workers)
                };
                watched(py, n_threads, work, |_| Ok(()))?
            }
        };
        Ok(Self {
            plan,
            n_columns: forest.n_columns(),
            n_outputs: forest.n_outputs(),
            n_players: forest.n_players(),
            n_leaves: forest.n_leaves(),
        })
    }

    #[getter]
    fn base_values<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.plan.base_values().into_pyarray(py)
    }

    #[getter]
    fn pairs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<i64>>> {
        let pairs = self.plan.pairs();
        let flat: Vec<i64> = pairs.iter().flat_map(|&(i, j)| [i64::from(i), i64::from(j)]).collect();
        PyArray1::from_vec(py, flat).reshape([pairs.len(), 2])
    }

    fn describe(&self) -> Vec<String> {
        self.plan.describe()
    }

    #[pyo3(signature = (rows, n_threads, dtype="float64", out=None, report=None))]
    fn values<'py>(
        &self,
        py: Python<'py>,
        rows: Bound<'py, PyAny>,
        n_threads: usize,
        dtype: &str,
        out: Option<Bound<'py, PyAny>>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py, Question::Values, &rows, n_threads, dtype, out, report)
    }

    #[pyo3(signature = (rows, n_threads, dtype="float64", out=None, report=None))]
    fn interactions<'py>(
        &self,
        py: Python<'py>,
        rows: Bound<'py, PyAny>,
        n_threads: usize,
        dtype: &str,
        out: Option<Bound<'py, PyAny>>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py, Question::Interactions, &rows, n_threads, dtype, out, report)
    }

    #[pyo3(signature = (rows, n_threads, dtype="float64", out=None, report=None))]
    fn pair_interactions<'py>(
        &self,
        py: Python<'py>,
        rows: Bound<'py, PyAny>,
        n_threads: usize,
        dtype: &str,
        out: Option<Bound<'py, PyAny>>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py, Question::Pairs, &rows, n_threads, dtype, out, report)
    }
}

impl PyTreePlan {
    #[expect(clippy::too_many_arguments, reason = "the three questions share all of them")]
    fn answer<'py>(
        &self,
        py: Python<'py>,
        question: Question,
        rows: &Bound<'py, PyAny>,
        n_threads: usize,
        dtype: &str,
        out: Option<Bound<'py, PyAny>>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let borrowed = Borrowed::new("rows", rows)?;
        let rows = borrowed.rows("rows", self.n_columns)?;
        match precision_name(precision_named(dtype)?) {
            "float32" => self.filled::<f32>(py, question, &rows, n_threads, out, report),
            _ => self.filled::<f64>(py, question, &rows, n_threads, out, report),
        }
    }

    /// Compute into `out`, or into a new array.
    fn filled<'py, T: Real + Element>(
        &self,
        py: Python<'py>,
        question: Question,
        rows: &Rows<'_>,
        n_threads: usize,
        out: Option<Bound<'py, PyAny>>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (n_rows, p, k) = (rows.n_rows(), self.n_players, self.n_outputs);
        let shape = match question {
            Question::Values => vec![n_rows, p, k],
            Question::Interactions => vec![n_rows, p, p, k],
            Question::Pairs => vec![n_rows, self.plan.pairs().len(), k],
        };
        let size = shape.iter().try_fold(1_usize, |size, &axis| size.checked_mul(axis));
        if size.and_then(|size| size.checked_mul(8)).is_none() {
            return Err(pyo3::exceptions::PyMemoryError::new_err(format!(
                "no memory holds {shape:?} numbers"
            )));
        }
        let array: Bound<'py, PyArrayDyn<T>> = match out {
            None => PyArrayDyn::zeros(py, IxDyn(&shape), false),
            Some(out) => out.cast_into().map_err(|error| DimensionError::new_err(error.to_string()))?,
        };
        // The same numbers in the same order, whatever axes of length 1 the caller sees.
        if Some(array.len()) != size || !array.is_c_contiguous() {
            let message =
                format!("`out` has shape {:?}, but {shape:?}, C-contiguous, is needed", array.shape());
            return Err(DimensionError::new_err(message));
        }
        let mut writable =
            array.try_readwrite().map_err(|_| DimensionError::new_err("`out` is read-only"))?;
        let out = writable.as_slice_mut().map_err(|_| not_contiguous("out"))?;
        let done = AtomicUsize::new(0);
        let progress = |n_rows: usize| {
            done.fetch_add(n_rows, Ordering::Relaxed);
        };
        let work = |workers: &Workers<'_>| -> Result<(), Error> {
            match question {
                Question::Values => self.plan.values(rows, workers, &progress, out),
                Question::Interactions => self.plan.interactions(rows, workers, &progress, out),
                Question::Pairs => self.plan.pair_interactions(rows, workers, &progress, out),
            }
        };
        let heaviness = if matches!(question, Question::Values) { 1 } else { 16 };
        let leaf_rows = n_rows.max(LEAST_ROWS).saturating_mul(self.n_leaves).saturating_mul(heaviness);
        if leaf_rows <= SHORT {
            // Too little to share, and too little to wait for a signal.
            briefly(py, if leaf_rows <= SHORT / 4 { 1 } else { n_threads }, work)?;
        } else {
            watched(py, n_threads, work, |py| match &report {
                Some(report) => report.call1(py, (done.load(Ordering::Relaxed),)).map(drop),
                None => Ok(()),
            })?;
        }
        drop(writable);
        Ok(array.into_any())
    }
}
