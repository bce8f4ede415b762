//! Glue of `reduce`: summaries of values that never hold the values.

mod curves;
mod held;
mod histograms;
mod ranks;
mod sums;

use pyo3::prelude::*;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<sums::PySums>()?;
    module.add_class::<histograms::PyHistograms>()?;
    module.add_class::<ranks::PyRanks>()?;
    module.add_class::<curves::PyCurves>()?;
    module.add_function(wrap_pyfunction!(curves::content_keys, module)?)
}
