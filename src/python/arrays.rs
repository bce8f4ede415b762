//! Arrays across the boundary: C-contiguous ones are borrowed, as slices.

use numpy::{Element, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::error::DimensionError;

/// The elements of a C-contiguous array, row after row.
pub(super) fn flat<'a, T: Element>(argument: &str, array: &'a PyReadonlyArray2<'_, T>) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| not_contiguous(argument))
}

/// The elements of a contiguous vector.
pub(super) fn vector<'a, T: Element>(
    argument: &str,
    array: &'a PyReadonlyArray1<'_, T>,
) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| not_contiguous(argument))
}

/// The error for an array that would have to be copied.
pub(super) fn not_contiguous(argument: &str) -> PyErr {
    DimensionError::new_err(format!("`{argument}` must be C-contiguous"))
}
