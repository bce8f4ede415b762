//! Rows as Python holds them: borrowed where they are contiguous in either order, or compressed sparse rows.

use numpy::{Element, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;

use super::super::arrays::{not_contiguous, vector};
use super::super::error::{DimensionError, to_python};
use crate::tree::{Csr, Dense, Rows};

/// Arrays that stay borrowed while the core reads them.
pub(super) enum Borrowed<'py> {
    F32(PyReadonlyArray2<'py, f32>),
    F64(PyReadonlyArray2<'py, f64>),
    Csr(PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, f64>),
}

impl<'py> Borrowed<'py> {
    /// Borrow what came from Python.
    pub(super) fn new(argument: &str, rows: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = rows.extract() {
            return Ok(Self::F64(array));
        }
        if let Ok(array) = rows.extract() {
            return Ok(Self::F32(array));
        }
        if let Ok((starts, columns, values)) = rows.extract() {
            return Ok(Self::Csr(starts, columns, values));
        }
        let accepted = "a two-dimensional array of float32 or float64, or (starts, columns, values)";
        Err(DimensionError::new_err(format!("`{argument}` must be {accepted}")))
    }

    /// The rows, which must have `n_columns`.
    pub(super) fn rows(&self, argument: &str, n_columns: usize) -> PyResult<Rows<'_>> {
        let got = match self {
            Self::F32(array) => array.shape()[1],
            Self::F64(array) => array.shape()[1],
            Self::Csr(..) => n_columns,
        };
        if got != n_columns {
            let message = format!("`{argument}` has {got} columns, but the model has {n_columns}");
            return Err(DimensionError::new_err(message));
        }
        match self {
            Self::F32(array) => dense(argument, array).map(Rows::F32),
            Self::F64(array) => dense(argument, array).map(Rows::F64),
            Self::Csr(starts, columns, values) => {
                let (starts, columns) = (vector("starts", starts)?, vector("columns", columns)?);
                let csr = Csr::new(starts, columns, vector("values", values)?, n_columns);
                csr.map(Rows::Csr).map_err(|error| to_python(&error))
            }
        }
    }
}

fn dense<'a, T: Element + Copy>(
    argument: &str,
    array: &'a PyReadonlyArray2<'_, T>,
) -> PyResult<Dense<'a, T>> {
    let (n_rows, n_columns) = array.as_array().dim();
    let strides = if array.is_c_contiguous() {
        (n_columns, 1)
    } else if array.is_fortran_contiguous() {
        (1, n_rows)
    } else {
        return Err(not_contiguous(argument));
    };
    let values = array.as_slice().map_err(|_| not_contiguous(argument))?;
    Dense::new(values, (n_rows, n_columns), strides).map_err(|error| to_python(&error))
}
