//! Glue of `gradient`.

use pyo3::prelude::*;

#[expect(clippy::unnecessary_wraps, reason = "as every room's")]
pub(super) fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
