//! Glue of `estimate`.

use pyo3::prelude::*;

#[expect(clippy::unnecessary_wraps, reason = "classes are added here next")]
pub(super) fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
