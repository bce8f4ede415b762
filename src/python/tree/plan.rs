//! `TreePlan`: a forest ready to be explained.

use numpy::{Element, IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;

use super::super::arrays::vector;
use super::super::interrupt::{briefly, interruptible};
use super::filling::Filling;
use super::forest::PyForest;
use super::precision_named;
use super::rows::Borrowed;
use crate::parallel::Workers;
use crate::tree::plan::{Plan, Real};
use crate::tree::{Precision, Rows};

#[pyclass(name = "TreePlan", frozen, module = "ferroshap._native")]
pub(crate) struct PyTreePlan {
    plan: Plan,
    n_columns: usize,
    n_outputs: usize,
    n_players: usize,
    n_leaves: usize,
}

/// Rows that a kernel works on at once, also where there are fewer.
const LEAST_ROWS: usize = 16;
/// Matrices take longer than values, by about so much.
const PAIRS_ARE_HEAVIER: usize = 16;

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
    #[pyo3(signature = (forest, precision, n_threads, background=None, weights=None, approximate=false))]
    fn new(
        py: Python<'_>,
        forest: &PyForest,
        precision: &str,
        n_threads: usize,
        background: Option<Bound<'_, PyAny>>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
        approximate: bool,
    ) -> PyResult<Self> {
        let precision = precision_named(precision)?;
        let forest = &forest.forest;
        let plan = match &background {
            None if approximate => briefly(py, 1, |_| Plan::saabas(forest.clone()))?,
            None => briefly(py, 1, |_| Plan::path_dependent(forest.clone(), precision))?,
            Some(background) => {
                let background = Borrowed::new("background", background)?;
                let rows = background.rows("background", forest.n_columns())?;
                let weights = weights.as_ref().map(|weights| vector("weights", weights)).transpose()?;
                let work = |workers: &Workers<'_>| {
                    Plan::interventional(forest.clone(), &rows, weights, precision, workers)
                };
                interruptible(py, n_threads, work)?
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
        let heaviness = if matches!(question, Question::Values) { 1 } else { PAIRS_ARE_HEAVIER };
        let leaf_rows = rows.n_rows().max(LEAST_ROWS).saturating_mul(self.n_leaves).saturating_mul(heaviness);
        let filling = Filling { n_threads, leaf_rows, out, report };
        match precision_named(dtype)? {
            Precision::F32 => self.filled::<f32>(py, question, &rows, filling),
            Precision::F64 => self.filled::<f64>(py, question, &rows, filling),
        }
    }

    /// Compute into `out`, or into a new array.
    fn filled<'py, T: Real + Element>(
        &self,
        py: Python<'py>,
        question: Question,
        rows: &Rows<'_>,
        filling: Filling<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (n_rows, p, k) = (rows.n_rows(), self.n_players, self.n_outputs);
        let shape = match question {
            Question::Values => vec![n_rows, p, k],
            Question::Interactions => vec![n_rows, p, p, k],
            Question::Pairs => vec![n_rows, self.plan.pairs().len(), k],
        };
        filling.fill::<T>(py, &shape, |workers, progress, out| match question {
            Question::Values => self.plan.values(rows, workers, progress, out),
            Question::Interactions => self.plan.interactions(rows, workers, progress, out),
            Question::Pairs => self.plan.pair_interactions(rows, workers, progress, out),
        })
    }
}
