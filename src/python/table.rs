//! Glue of `table`: exact values and interactions of games given as all worths.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;

use super::arrays::flat;
use super::error::{OptionError, to_python};
use super::interrupt::{briefly, interruptible};
use crate::index::{Interaction, Semivalue};
use crate::parallel::Workers;
use crate::table::Table;
use crate::table::fold::values;
use crate::table::interactions::interactions;

/// Worths that are folded within a millisecond or two.
const SHORT: usize = 1 << 22;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(table_values, module)?)?;
    module.add_function(wrap_pyfunction!(table_interactions, module)?)
}

/// Shapley values `(players, outputs)` of worths `(2^players, outputs)`.
#[pyfunction]
fn table_values<'py>(
    py: Python<'py>,
    worths: PyReadonlyArray2<'py, f64>,
    n_threads: usize,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let n_outputs = worths.as_array().ncols();
    let worths = flat("worths", &worths)?;
    let table = Table::new(worths, n_outputs).map_err(|error| to_python(&error))?;
    let work = |workers: &Workers<'_>| values(&table, &Semivalue::Shapley, workers);
    let is_short = worths.len() <= SHORT;
    let values = if is_short { briefly(py, n_threads, work) } else { interruptible(py, n_threads, work) }?;
    PyArray1::from_vec(py, values).reshape([table.n_players(), n_outputs])
}

/// Interactions `(sets, outputs)` of the sets of 1 to `order` players, by size, then lexicographic.
#[pyfunction]
fn table_interactions<'py>(
    py: Python<'py>,
    worths: PyReadonlyArray2<'py, f64>,
    index: &str,
    order: usize,
    memory_limit_bytes: u64,
    n_threads: usize,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let n_outputs = worths.as_array().ncols();
    let worths = flat("worths", &worths)?;
    let table = Table::new(worths, n_outputs).map_err(|error| to_python(&error))?;
    let index = Interaction::from_name(index)
        .ok_or_else(|| OptionError::new_err(format!("`index` is {index:?}, which is not known")))?;
    let work = |workers: &Workers<'_>| interactions(&table, index, order, memory_limit_bytes, workers);
    let is_short = worths.len() <= SHORT >> (4 * order.min(8));
    let values = if is_short { briefly(py, n_threads, work) } else { interruptible(py, n_threads, work) }?;
    let n_sets = values.len() / n_outputs;
    PyArray1::from_vec(py, values).reshape([n_sets, n_outputs])
}
