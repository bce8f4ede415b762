//! Glue of `impute`: absent columns drawn given those that are present, and linear models in closed form.

use std::sync::Arc;

use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray2,
};
use pyo3::prelude::*;

use super::ahead::{Filling, Span};
use super::arrays::{flat, not_contiguous, vector};
use super::error::{DimensionError, to_python};
use super::interrupt::{briefly, interruptible};
use crate::error::Error;
use crate::impute::{
    Conditioned, Covariance, Margins, Shift, exact_transform, normal_rows, sampled_transforms,
};

/// Operations that take some tens of milliseconds.
const SHORT: usize = 1 << 26;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(draw_normal, module)?)?;
    module.add_function(wrap_pyfunction!(correlated_transform, module)?)?;
    module.add_function(wrap_pyfunction!(correlated_samples, module)?)?;
    module.add_class::<PyShift>()?;
    module.add_class::<PyConditioned>()
}

/// Rows `(n_samples, n)` of a normal distribution.
#[pyfunction]
fn draw_normal<'py>(
    py: Python<'py>,
    mean: PyReadonlyArray1<'py, f64>,
    cov: PyReadonlyArray2<'py, f64>,
    n_samples: usize,
    seed: u64,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let (mean, cov) = (vector("mean", &mean)?, flat("cov", &cov)?);
    let rows = briefly(py, 1, |_| Ok(normal_rows(&Covariance::known(mean, cov)?, n_samples, seed)))?;
    PyArray1::from_vec(py, rows).reshape([n_samples, mean.len()])
}

#[pyclass(name = "Shift", frozen, module = "ferroshap._native")]
struct PyShift(Arc<Shift>);

impl PyShift {
    fn made(py: Python<'_>, make: impl FnOnce() -> Result<Shift, Error> + Send) -> PyResult<Self> {
        briefly(py, 1, |_| make()).map(|shift| Self(Arc::new(shift)))
    }
}

#[pymethods]
impl PyShift {
    /// Draws of the normal distribution with the moments of weighted rows.
    #[staticmethod]
    fn normal(
        py: Python<'_>,
        rows: PyReadonlyArray2<'_, f64>,
        weights: PyReadonlyArray1<'_, f64>,
        n_samples: usize,
        seed: u64,
    ) -> PyResult<Self> {
        let n = rows.as_array().ncols();
        let (rows, weights) = (flat("rows", &rows)?, vector("weights", &weights)?);
        Self::made(py, || {
            let covariance = Covariance::of_rows(rows, weights, n)?;
            let draws = normal_rows(&covariance, n_samples, seed);
            Shift::new(covariance, draws, None)
        })
    }

    /// Draws of the Gaussian copula of weighted rows, with their margins.
    #[staticmethod]
    fn copula(
        py: Python<'_>,
        rows: PyReadonlyArray2<'_, f64>,
        weights: PyReadonlyArray1<'_, f64>,
        n_samples: usize,
        seed: u64,
    ) -> PyResult<Self> {
        let n = rows.as_array().ncols();
        let (rows, weights) = (flat("rows", &rows)?, vector("weights", &weights)?);
        Self::made(py, || {
            let margins = Margins::of_rows(rows, weights, n);
            let covariance = Covariance::of_scores(&margins.scores(rows), weights, n)?;
            let draws = normal_rows(&covariance, n_samples, seed);
            Shift::new(covariance, draws, Some(margins))
        })
    }

    /// Weighted rows themselves as draws.
    #[staticmethod]
    fn rows(
        py: Python<'_>,
        rows: PyReadonlyArray2<'_, f64>,
        weights: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<Self> {
        let n = rows.as_array().ncols();
        let (rows, weights) = (flat("rows", &rows)?, vector("weights", &weights)?);
        Self::made(py, || Shift::new(Covariance::of_rows(rows, weights, n)?, rows.to_vec(), None))
    }

    /// Draws whose mean and covariance are known.
    #[staticmethod]
    fn known(
        py: Python<'_>,
        mean: PyReadonlyArray1<'_, f64>,
        cov: PyReadonlyArray2<'_, f64>,
        draws: PyReadonlyArray2<'_, f64>,
    ) -> PyResult<Self> {
        let (mean, cov, draws) = (vector("mean", &mean)?, flat("cov", &cov)?, flat("draws", &draws)?);
        Self::made(py, || Shift::new(Covariance::known(mean, cov)?, draws.to_vec(), None))
    }

    #[getter]
    fn n_draws(&self) -> usize {
        self.0.n_draws()
    }

    /// `(draws, n)`; normal scores where there are margins.
    #[getter]
    fn draws<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let n = self.0.covariance().n();
        PyArray1::from_slice(py, self.0.draws()).reshape([self.0.n_draws(), n])
    }

    #[getter]
    fn mean<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.0.covariance().mean())
    }

    #[getter]
    fn cov<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let n = self.0.covariance().n();
        self.0.covariance().covariance().into_pyarray(py).reshape([n, n])
    }

    /// What takes to write the rows of coalitions of columns, given explained rows `(rows, n)`.
    fn condition(
        &self,
        py: Python<'_>,
        words: PyReadonlyArray2<'_, u64>,
        rows: PyReadonlyArray2<'_, f64>,
        n_threads: usize,
    ) -> PyResult<PyConditioned> {
        let (count, width) = words.as_array().dim();
        let n = self.0.covariance().n();
        if rows.as_array().ncols() != n {
            let got = rows.as_array().ncols();
            return Err(DimensionError::new_err(format!("`rows` has {got} columns, but {n} are needed")));
        }
        let (words, rows) = (flat("words", &words)?, flat("rows", &rows)?);
        let operations = count * n * n / 2 * (self.0.n_draws() + rows.len() / n + n);
        let shift = &self.0;
        let work = |workers: &crate::parallel::Workers<'_>| shift.condition(words, width, rows, workers);
        let conditioned = if operations < SHORT {
            briefly(py, n_threads, work)
        } else {
            interruptible(py, n_threads, work)
        }?;
        Ok(PyConditioned { conditioned: Arc::new(conditioned), shift: self.0.clone() })
    }
}

#[pyclass(name = "Conditioned", frozen, module = "ferroshap._native")]
struct PyConditioned {
    conditioned: Arc<Conditioned>,
    shift: Arc<Shift>,
}

#[pymethods]
impl PyConditioned {
    #[getter]
    fn n_model_rows(&self) -> usize {
        self.conditioned.n_model_rows()
    }

    /// Begin to write the model rows from `first` on into `out`.
    fn fill(
        &self,
        py: Python<'_>,
        out: Bound<'_, PyAny>,
        first: usize,
        is_immediate: bool,
    ) -> PyResult<Filling> {
        let mut cells: PyReadwriteArray2<'_, f64> = out.extract()?;
        if cells.as_array().ncols() != self.conditioned.n_columns() {
            let (got, want) = (cells.as_array().ncols(), self.conditioned.n_columns());
            return Err(DimensionError::new_err(format!("`out` has {got} columns, but {want} are needed")));
        }
        let span = Span::of_mut(cells.as_slice_mut().map_err(|_| not_contiguous("out"))?);
        let (conditioned, shift) = (self.conditioned.clone(), self.shift.clone());
        let job = move |workers: &crate::parallel::Workers<'_>| {
            conditioned.fill(first, span.write(), shift.margins(), workers)
        };
        Filling::begin(py, job, vec![out.clone().unbind()], is_immediate)
    }
}

/// Exact values of a linear model as `(outputs, m, m)`, `m = len(columns)`.
#[pyfunction]
fn correlated_transform<'py>(
    py: Python<'py>,
    cov: PyReadonlyArray2<'py, f64>,
    columns: Vec<usize>,
    coefficients: PyReadonlyArray2<'py, f64>,
    n_threads: usize,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let n = cov.as_array().ncols();
    let (cov, coefficients) = (flat("cov", &cov)?, flat("coefficients", &coefficients)?);
    let known = Covariance::known(&vec![0.0; n], cov).map_err(|error| to_python(&error))?;
    let transform =
        interruptible(py, n_threads, |workers| exact_transform(&known, &columns, coefficients, workers))?;
    Ok(transform.into_pyarray(py))
}

/// Estimates of the same from orders, one for each of `n_groups` groups: `(groups, outputs, m, m)`.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "everything that describes the game and the draw")]
fn correlated_samples<'py>(
    py: Python<'py>,
    cov: PyReadonlyArray2<'py, f64>,
    columns: Vec<usize>,
    coefficients: PyReadonlyArray2<'py, f64>,
    n_groups: usize,
    pairs_per_group: usize,
    seed: u64,
    n_threads: usize,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let n = cov.as_array().ncols();
    let (cov, coefficients) = (flat("cov", &cov)?, flat("coefficients", &coefficients)?);
    let known = Covariance::known(&vec![0.0; n], cov).map_err(|error| to_python(&error))?;
    let groups = (n_groups, pairs_per_group);
    let transforms = interruptible(py, n_threads, |workers| {
        sampled_transforms(&known, &columns, coefficients, groups, seed, workers)
    })?;
    Ok(transforms.into_pyarray(py))
}
