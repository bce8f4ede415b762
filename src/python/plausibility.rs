//! Glue of `impute::plausibility`.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::arrays::{flat, vector};
use super::interrupt::interruptible;
use crate::impute::{Sample, plausibility as judge};

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(plausibility, module)?)
}

/// (score, ratios, typical ratio, worst pair, its score).
type Found<'py> = (f64, Bound<'py, PyArray1<f64>>, f64, Option<(usize, usize)>, f64);

#[pyfunction]
fn plausibility<'py>(
    py: Python<'py>,
    background: PyReadonlyArray2<'py, f64>,
    explained: PyReadonlyArray2<'py, f64>,
    filling: PyReadonlyArray2<'py, f64>,
    is_present: PyReadonlyArray2<'py, bool>,
    is_category: PyReadonlyArray1<'py, bool>,
    n_threads: usize,
) -> PyResult<Found<'py>> {
    let sample = Sample {
        background: flat("background", &background)?,
        explained: flat("explained", &explained)?,
        filling: flat("filling", &filling)?,
        is_present: flat("is_present", &is_present)?,
        is_category: vector("is_category", &is_category)?,
    };
    let found = interruptible(py, n_threads, |workers| judge(&sample, workers))?;
    Ok((found.score, found.ratios.into_pyarray(py), found.typical, found.worst_pair, found.pair_score))
}
