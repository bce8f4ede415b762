//! Glue of `estimate`: one class for every method, asked and told.

use std::sync::{Mutex, MutexGuard, PoisonError};

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::arrays::{flat, vector};
use super::error::{DimensionError, to_python};
use super::interrupt::{briefly, interruptible};
use super::methods::{method_named, name_of, options_of, wishes};
use crate::coalition::{self, words_for};
use crate::error::Error;
use crate::estimate::auto::Method;
use crate::estimate::unbiased::{Fit, Training};
use crate::estimate::{Endpoints, Estimator, Problem, Status, stopping};
use crate::parallel::Workers;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(choose_method, module)?)?;
    module.add_function(wrap_pyfunction!(unpack_coalitions, module)?)?;
    module.add_function(wrap_pyfunction!(pack_coalitions, module)?)?;
    module.add_function(wrap_pyfunction!(look, module)?)?;
    module.add_class::<PyEstimator>()
}

/// Name and options of the method that would run: for "auto" the automatic choice, else what a named one gives
/// way to. Refuses a budget below the least.
#[pyfunction]
#[pyo3(signature = (name, n_players, granted, n_blocks, options=None))]
fn choose_method<'py>(
    py: Python<'py>,
    name: &str,
    n_players: usize,
    granted: u64,
    n_blocks: u32,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<(&'static str, Bound<'py, PyDict>)> {
    let method = match name {
        "auto" => Method::choose(n_players, granted, n_blocks, &wishes(options)?),
        name => method_named(name, options)?,
    };
    method.check_budget(n_players, granted).map_err(|error| to_python(&error))?;
    let method = method.or_smaller(n_players, granted, n_blocks);
    Ok((name_of(&method), options_of(py, &method)?))
}

/// Coalitions as a bool array `(coalitions, players)`.
#[pyfunction]
fn unpack_coalitions<'py>(
    py: Python<'py>,
    words: PyReadonlyArray2<'py, u64>,
    n_players: usize,
) -> PyResult<Bound<'py, PyArray2<bool>>> {
    let width = words_for(n_players).max(1);
    if words.as_array().ncols() != width {
        let message = format!("`words` has {} columns, but {width} are needed", words.as_array().ncols());
        return Err(DimensionError::new_err(message));
    }
    let mut present = Vec::with_capacity(words.as_array().nrows() * n_players);
    for coalition in flat("words", &words)?.chunks_exact(width) {
        present.extend((0..n_players).map(|player| coalition::contains(coalition, player)));
    }
    PyArray1::from_vec(py, present).reshape([words.as_array().nrows(), n_players])
}

/// A bool array `(coalitions, players)` as words.
#[pyfunction]
fn pack_coalitions<'py>(
    py: Python<'py>,
    present: PyReadonlyArray2<'py, bool>,
) -> PyResult<Bound<'py, PyArray2<u64>>> {
    let (count, n_players) = present.as_array().dim();
    let width = words_for(n_players).max(1);
    let mut words = vec![0; count * width];
    let rows = flat("coalitions", &present)?.chunks_exact(n_players.max(1));
    for (row, words) in rows.zip(words.chunks_exact_mut(width)) {
        for (player, _) in row.iter().enumerate().filter(|(_, present)| **present) {
            coalition::insert(words, player);
        }
    }
    PyArray1::from_vec(py, words).reshape([count, width])
}

/// Let runs that have come to a checkpoint look whether they may stop: each on one thread, or a single one on all.
#[pyfunction]
fn look(py: Python<'_>, estimators: Vec<Py<PyEstimator>>, n_threads: usize) -> PyResult<()> {
    let runs: Vec<&PyEstimator> = estimators.iter().map(Py::get).collect();
    if let [run] = runs[..] {
        return if run.is_small {
            briefly(py, 1, |workers| run.lock().look(workers))
        } else {
            interruptible(py, n_threads, |workers| run.lock().look(workers))
        };
    }
    interruptible(py, n_threads, |workers| look_at_all(&runs, workers))
}

fn look_at_all(runs: &[&PyEstimator], workers: &Workers<'_>) -> Result<(), Error> {
    let outcomes: Vec<_> = runs.iter().map(|_| Mutex::new(Ok(()))).collect();
    workers.for_each_unit(runs.iter().zip(&outcomes), |_, (run, outcome)| {
        *outcome.lock().unwrap_or_else(PoisonError::into_inner) = run.lock().look(&workers.alone());
    })?;
    outcomes.into_iter().try_for_each(|outcome| outcome.into_inner().unwrap_or_else(PoisonError::into_inner))
}

type EndpointArrays<'py> = (
    PyReadonlyArray2<'py, f64>,
    PyReadonlyArray1<'py, f64>,
    PyReadonlyArray1<'py, f64>,
    PyReadonlyArray1<'py, f64>,
);

type SurrogateArrays<'py> =
    (PyReadonlyArray2<'py, f64>, PyReadonlyArray1<'py, f64>, PyReadonlyArray2<'py, f64>);

fn fit_of((predictions, grand, values): &SurrogateArrays<'_>) -> PyResult<Fit> {
    Ok(Fit {
        predictions: flat("predictions", predictions)?.to_vec(),
        grand: vector("grand", grand)?.to_vec(),
        values: flat("values", values)?.to_vec(),
    })
}

#[pyclass(name = "Estimator", frozen, module = "ferroshap._native")]
struct PyEstimator {
    estimator: Mutex<Box<dyn Estimator>>,
    n_outputs: usize,
    /// Is an estimate a matter of a millisecond? Then it is not worth a walk to the pool.
    is_small: bool,
}

/// Operations on numbers that take about a millisecond.
const MILLISECOND: f64 = 1e6;

impl PyEstimator {
    fn lock(&self) -> MutexGuard<'_, Box<dyn Estimator>> {
        self.estimator.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyEstimator {
    #[new]
    #[pyo3(signature = (method, n_players, n_outputs, budget, seed, row_key, endpoints=None, n_rows=1, options=None, tol=None))]
    #[expect(clippy::too_many_arguments, reason = "the whole problem, once a run")]
    fn new(
        py: Python<'_>,
        method: &str,
        n_players: usize,
        n_outputs: usize,
        budget: u64,
        seed: u64,
        row_key: u64,
        endpoints: Option<EndpointArrays<'_>>,
        n_rows: usize,
        options: Option<&Bound<'_, PyDict>>,
        tol: Option<f64>,
    ) -> PyResult<Self> {
        let endpoints = match endpoints {
            None => None,
            Some((empty, full, weights, base)) => Some(Endpoints {
                empty: flat("empty", &empty)?.to_vec(),
                full: vector("full", &full)?.to_vec(),
                block_weights: vector("block_weights", &weights)?.to_vec(),
                base: vector("base", &base)?.to_vec(),
            }),
        };
        let problem = Problem { n_players, n_outputs, n_rows, budget, seed, row_key, endpoints };
        let method = method_named(method, options)?;
        let (n, m) = (n_players as f64, budget as f64);
        // Least squares: a Gram matrix by bits, a factorisation, products with every pair. Kriging: tens of
        // factorisations a row.
        let least_squares = n * n * (n + m / 16.0) + m * n * n_outputs as f64 / 8.0;
        let kriging = if method.is_kriging() { n_rows as f64 * m.powi(3) } else { 0.0 };
        let is_small = least_squares + kriging < MILLISECOND;
        let estimator = briefly(py, 1, |_| match tol {
            None => method.start(problem),
            Some(tol) => stopping::start(method, problem, tol),
        })?;
        Ok(Self { estimator: Mutex::new(estimator), n_outputs, is_small })
    }

    /// The next evaluations: (number of the first, words (count, words), blocks (count,)).
    #[expect(clippy::type_complexity, reason = "a tuple that Python unpacks at once")]
    fn ask<'py>(
        &self,
        py: Python<'py>,
        max: usize,
    ) -> PyResult<(u64, Bound<'py, PyArray2<u64>>, Bound<'py, PyArray1<u32>>)> {
        let batch = briefly(py, 1, |workers| self.lock().ask(max, workers))?;
        let shape = [batch.coalitions.len(), words_for(batch.coalitions.n_players())];
        let words = PyArray1::from_slice(py, batch.coalitions.words()).reshape(shape)?;
        Ok((batch.first, words, batch.blocks.into_pyarray(py)))
    }

    fn tell(&self, py: Python<'_>, first: u64, worths: PyReadonlyArray2<'_, f64>) -> PyResult<()> {
        let worths = flat("worths", &worths)?;
        briefly(py, 1, |_| self.lock().tell(first, worths))
    }

    /// What surrogates from outside are to be fitted to: (words (pairs, words), half-differences (pairs, outputs),
    /// grand (outputs), held back (folds, pairs)).
    #[expect(clippy::type_complexity, reason = "a tuple that Python unpacks at once")]
    fn training<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<
        Option<(
            Bound<'py, PyArray2<u64>>,
            Bound<'py, PyArray2<f64>>,
            Bound<'py, PyArray1<f64>>,
            Bound<'py, PyArray2<bool>>,
        )>,
    > {
        let Some(training) = briefly(py, 1, |_| Ok(self.lock().training()))? else { return Ok(None) };
        let Training { coalitions, half_differences, grand, folds } = training;
        let n_pairs = coalitions.len();
        let held: Vec<bool> = (0..folds.n_folds)
            .flat_map(|fold| (0..n_pairs).map(|pair| folds.holds(fold, pair)).collect::<Vec<_>>())
            .collect();
        let words = PyArray1::from_slice(py, coalitions.words());
        Ok(Some((
            words.reshape([n_pairs, words_for(coalitions.n_players())])?,
            half_differences.into_pyarray(py).reshape([n_pairs, grand.len()])?,
            grand.into_pyarray(py),
            held.into_pyarray(py).reshape([folds.n_folds as usize, n_pairs])?,
        )))
    }

    /// (values (players, outputs), std_errors, interval_df (rows), base (outputs), gap, n_evaluations, status,
    /// predicted_budget); with surrogates, one a fold: (predictions (pairs, outputs), grand (outputs), values).
    #[pyo3(signature = (n_threads, surrogates=None))]
    #[expect(clippy::type_complexity, reason = "a tuple that Python unpacks at once")]
    fn estimate<'py>(
        &self,
        py: Python<'py>,
        n_threads: usize,
        surrogates: Option<Vec<SurrogateArrays<'py>>>,
    ) -> PyResult<(
        Bound<'py, PyArray2<f64>>,
        Bound<'py, PyArray2<f64>>,
        Bound<'py, PyArray1<f64>>,
        Bound<'py, PyArray1<f64>>,
        Bound<'py, PyArray1<f64>>,
        u64,
        &'static str,
        Option<u64>,
    )> {
        let estimate = if let Some(surrogates) = surrogates {
            let fits = surrogates.iter().map(fit_of).collect::<PyResult<Vec<_>>>()?;
            interruptible(py, n_threads, |workers| self.lock().estimate_with(fits, workers))?
        } else if self.is_small {
            briefly(py, 1, |workers| self.lock().estimate(workers))?
        } else {
            interruptible(py, n_threads, |workers| self.lock().estimate(workers))?
        };
        let n_outputs = estimate.base.len();
        let shape = [estimate.values.len() / n_outputs, n_outputs];
        let status = match estimate.status {
            Status::Exact => "EXACT",
            Status::Converged => "CONVERGED",
            Status::BudgetSpent => "BUDGET_SPENT",
            Status::Interrupted => "INTERRUPTED",
        };
        Ok((
            estimate.values.into_pyarray(py).reshape(shape)?,
            estimate.std_errors.into_pyarray(py).reshape(shape)?,
            estimate.interval_df.into_pyarray(py),
            estimate.base.into_pyarray(py),
            estimate.gap.into_pyarray(py),
            estimate.n_evaluations,
            status,
            estimate.predicted_budget,
        ))
    }

    /// What a screening second pass plays with: (owner of each player, values, errors, spread); None where there is none.
    #[expect(clippy::type_complexity, reason = "a tuple that Python unpacks at once")]
    fn screening<'py>(
        &self,
        py: Python<'py>,
        n_threads: usize,
    ) -> PyResult<
        Option<(
            Bound<'py, PyArray1<u32>>,
            Bound<'py, PyArray2<f64>>,
            Bound<'py, PyArray2<f64>>,
            Bound<'py, PyArray1<f64>>,
        )>,
    > {
        let found = interruptible(py, n_threads, |workers| self.lock().screening(workers))?;
        let Some(found) = found else { return Ok(None) };
        let shape = [found.values.len() / self.n_outputs, self.n_outputs];
        Ok(Some((
            found.owners.into_pyarray(py),
            found.values.into_pyarray(py).reshape(shape)?,
            found.std_errors.into_pyarray(py).reshape(shape)?,
            found.spread.into_pyarray(py),
        )))
    }

    /// Interactions of order 2: (values (sets, outputs), std_errors, diagonal_errors (players, outputs), interval_df
    /// (rows)); None for methods that estimate values alone.
    #[expect(clippy::type_complexity, reason = "a tuple that Python unpacks at once")]
    fn interactions<'py>(
        &self,
        py: Python<'py>,
        n_threads: usize,
    ) -> PyResult<
        Option<(
            Bound<'py, PyArray2<f64>>,
            Bound<'py, PyArray2<f64>>,
            Bound<'py, PyArray2<f64>>,
            Bound<'py, PyArray1<f64>>,
        )>,
    > {
        let found = interruptible(py, n_threads, |workers| self.lock().interactions(workers))?;
        let Some(found) = found else { return Ok(None) };
        let n_outputs = self.n_outputs;
        let shaped = |numbers: Vec<f64>| {
            let shape = [numbers.len() / n_outputs, n_outputs];
            numbers.into_pyarray(py).reshape(shape)
        };
        Ok(Some((
            shaped(found.values)?,
            shaped(found.std_errors)?,
            shaped(found.diagonal_errors)?,
            found.interval_df.into_pyarray(py),
        )))
    }
}
