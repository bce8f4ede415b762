//! `MarginPlan`: a function of the margin ready to be explained over a background.

use std::sync::Arc;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use super::super::arrays::vector;
use super::super::error::OptionError;
use super::super::interrupt::interruptible;
use super::filling::Filling;
use super::forest::PyForest;
use super::precision_named;
use super::rows::Borrowed;
use crate::parallel::Workers;
use crate::tree::Encoding;
use crate::tree::margins::{Function, Margins};

/// Sums of other weights that stand for the background, about.
const PASSES: usize = 16;

#[pyclass(name = "MarginPlan", frozen, module = "ferroshap._native")]
pub(crate) struct PyMarginPlan {
    margins: Margins,
    n_columns: usize,
    n_players: usize,
    n_leaves: usize,
}

fn function_named(name: &str, scale: f64) -> PyResult<Function> {
    Ok(match name {
        "sigmoid" => Function::Sigmoid { scale },
        "exp" => Function::Exp,
        "log_loss" => Function::LogLoss { scale },
        "squared_loss" => Function::SquaredLoss,
        _ => return Err(OptionError::new_err(format!("`function` is {name:?}, which is not known"))),
    })
}

#[pymethods]
impl PyMarginPlan {
    #[new]
    #[pyo3(signature = (forest, function, scale, precision, n_threads, background, weights=None))]
    #[expect(clippy::too_many_arguments, reason = "the whole game, once an explainer")]
    fn new(
        py: Python<'_>,
        forest: &PyForest,
        function: &str,
        scale: f64,
        precision: &str,
        n_threads: usize,
        background: Bound<'_, PyAny>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let (function, precision) = (function_named(function, scale)?, precision_named(precision)?);
        let forest = &forest.forest;
        let borrowed = Borrowed::new("background", &background)?;
        let rows = borrowed.rows("background", forest.n_columns())?;
        let weights = weights.as_ref().map(|weights| vector("weights", weights)).transpose()?;
        let work = |workers: &Workers<'_>| {
            let encoding = Arc::new(Encoding::new(forest)?);
            Margins::new(forest.clone(), encoding, &rows, weights, function, precision, workers)
        };
        let margins = interruptible(py, n_threads, work)?;
        let (n_columns, n_players) = (forest.n_columns(), forest.n_players());
        Ok(Self { margins, n_columns, n_players, n_leaves: forest.n_leaves() })
    }

    fn base_value(&self, label: f64) -> f64 {
        self.margins.base_value(label)
    }

    #[pyo3(signature = (rows, n_threads, labels=None, out=None, report=None))]
    fn values<'py>(
        &self,
        py: Python<'py>,
        rows: Bound<'py, PyAny>,
        n_threads: usize,
        labels: Option<PyReadonlyArray1<'py, f64>>,
        out: Option<Bound<'py, PyAny>>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let borrowed = Borrowed::new("rows", &rows)?;
        let rows = borrowed.rows("rows", self.n_columns)?;
        let labels = labels.as_ref().map(|labels| vector("labels", labels)).transpose()?;
        let leaf_rows = rows.n_rows().max(PASSES).saturating_mul(self.n_leaves).saturating_mul(PASSES);
        let filling = Filling { n_threads, leaf_rows, out, report };
        let shape = [rows.n_rows(), self.n_players, 1];
        filling.fill::<f64>(py, &shape, |workers, progress, out| {
            self.margins.values(&rows, labels, workers, progress, out)
        })
    }
}
