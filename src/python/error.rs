//! The one place where an error of the core becomes a Python exception.

use pyo3::PyErr;
use pyo3::import_exception;

use crate::error::Error;

import_exception!(ferroshap.errors, BudgetError);
import_exception!(ferroshap.errors, DimensionError);
import_exception!(ferroshap.errors, InternalError);
import_exception!(ferroshap.errors, InvalidModelError);
import_exception!(ferroshap.errors, OptionError);
import_exception!(ferroshap.errors, ReducerError);
import_exception!(ferroshap.errors, WorthError);

/// The Python exception for an error of the core.
pub(super) fn to_python(error: &Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::Length { .. } | Error::Players { .. } | Error::NotAllCoalitions { .. } => {
            DimensionError::new_err(message)
        }
        Error::Budget { .. } => BudgetError::new_err(message),
        Error::WorthNotFinite { .. } => WorthError::new_err(message),
        Error::Parameter { .. } | Error::NotAsked { .. } => OptionError::new_err(message),
        Error::TooLarge { .. } => pyo3::exceptions::PyMemoryError::new_err(message),
        Error::Damaged { .. } => ReducerError::new_err(message),
        Error::Model(_) => InvalidModelError::new_err(message),
        Error::Interrupted => pyo3::exceptions::PyKeyboardInterrupt::new_err(message),
    }
}

/// A panic of the core, which is a bug of ours, as an ordinary exception.
pub(super) fn from_panic(panic: &(dyn std::any::Any + Send)) -> PyErr {
    let reason = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "no reason given".to_owned());
    InternalError::new_err(format!("ferroshap failed inside: {reason}. This is a bug: please report it"))
}
