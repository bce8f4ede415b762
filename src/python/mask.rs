//! Glue of `mask`: batches of masked rows, averages of model outputs, columns that vary.

use std::sync::{Mutex, PoisonError};

use numpy::{Element, IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::arrays::{flat, vector};
use super::error::{DimensionError, to_python};
use super::interrupt::briefly;
use crate::mask::{Average, Layout, varying_columns};

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(varying, module)?)?;
    module.add_class::<PyAverage>()
}

/// Call `$body` with the word type of the arrays, which travel as unsigned integers of their width.
macro_rules! by_word {
    ($array:expr, $function:ident, $($argument:expr),*) => {
        if $array.cast::<numpy::PyArray2<u8>>().is_ok() {
            $function::<u8>($($argument),*)
        } else if $array.cast::<numpy::PyArray2<u16>>().is_ok() {
            $function::<u16>($($argument),*)
        } else if $array.cast::<numpy::PyArray2<u32>>().is_ok() {
            $function::<u32>($($argument),*)
        } else if $array.cast::<numpy::PyArray2<u64>>().is_ok() {
            $function::<u64>($($argument),*)
        } else {
            Err(DimensionError::new_err("columns must be viewed as unsigned integers, two-dimensional"))
        }
    };
}

pub(super) use by_word;

#[pyfunction]
fn varying<'py>(
    py: Python<'py>,
    background: &Bound<'py, PyAny>,
    rows: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray1<bool>>> {
    by_word!(rows, varying_words, py, background, rows)
}

fn varying_words<'py, T: PartialEq + Element + Sync>(
    py: Python<'py>,
    background: &Bound<'py, PyAny>,
    rows: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray1<bool>>> {
    let background: PyReadonlyArray2<'_, T> = background.extract()?;
    let rows: PyReadonlyArray2<'_, T> = rows.extract()?;
    let n_columns = rows.as_array().ncols();
    if background.as_array().ncols() != n_columns {
        return Err(DimensionError::new_err("`background` and `rows` must have the same columns"));
    }
    let (background, rows) = (flat("background", &background)?, flat("rows", &rows)?);
    let varying = briefly(py, 1, |_| Ok(varying_columns(background, rows, n_columns)))?;
    Ok(varying.into_pyarray(py))
}

#[pyclass(name = "Average", frozen, module = "ferroshap._native")]
struct PyAverage(Mutex<Option<Average>>);

#[pymethods]
impl PyAverage {
    #[new]
    fn new(
        n_rows: usize,
        block_starts: Vec<usize>,
        blocks: PyReadonlyArray1<'_, u32>,
        weights: PyReadonlyArray2<'_, f64>,
    ) -> PyResult<Self> {
        let n_outputs = weights.as_array().ncols();
        let weights = flat("weights", &weights)?;
        let average = Layout::new(n_rows, &block_starts, vector("blocks", &blocks)?)
            .and_then(|layout| Average::new(layout, n_outputs, weights))
            .map_err(|error| to_python(&error))?;
        Ok(Self(Mutex::new(Some(average))))
    }

    fn add(&self, py: Python<'_>, outputs: PyReadonlyArray2<'_, f64>) -> PyResult<()> {
        let outputs = flat("outputs", &outputs)?;
        briefly(py, 1, |_| {
            let mut average = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            average.as_mut().map_or(Ok(()), |average| average.add(outputs))
        })
    }

    /// The worths, flat; the average is spent.
    fn worths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let average = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let average = average.ok_or_else(|| DimensionError::new_err("the worths were taken before"))?;
        Ok(average.into_worths().map_err(|error| to_python(&error))?.into_pyarray(py))
    }
}
