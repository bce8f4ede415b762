//! Results that the core writes, into arrays of the caller or new ones.

use std::sync::atomic::{AtomicUsize, Ordering};

use numpy::{Element, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::super::arrays::not_contiguous;
use super::super::error::DimensionError;
use super::super::interrupt::{briefly, watched};
use crate::error::Error;
use crate::parallel::Workers;

/// Leaf-rows that are worked off in about a millisecond.
const SHORT: usize = 1 << 20;

/// How a result comes about: on how many threads, into which array, and who hears of it.
pub(super) struct Filling<'py> {
    pub(super) n_threads: usize,
    /// How much work it is, in leaf-rows.
    pub(super) leaf_rows: usize,
    pub(super) out: Option<Bound<'py, PyAny>>,
    /// Called with the number of rows done, from the calling thread, while the work lasts.
    pub(super) report: Option<Py<PyAny>>,
}

impl<'py> Filling<'py> {
    /// Let `work` write an array of that shape; it counts the rows that it has done.
    pub(super) fn fill<T: Element>(
        self,
        py: Python<'py>,
        shape: &[usize],
        work: impl FnOnce(&Workers<'_>, &(dyn Fn(usize) + Sync), &mut [T]) -> Result<(), Error> + Send,
    ) -> PyResult<Bound<'py, PyAny>> {
        let size = shape.iter().try_fold(1_usize, |size, &axis| size.checked_mul(axis));
        if size.and_then(|size| size.checked_mul(8)).is_none() {
            return Err(pyo3::exceptions::PyMemoryError::new_err(format!(
                "no memory holds {shape:?} numbers"
            )));
        }
        let array: Bound<'py, PyArrayDyn<T>> = match self.out {
            // NumPy's own function: where there is not enough memory it raises, `PyArray::zeros` panics.
            None => {
                let arguments = (PyTuple::new(py, shape)?, numpy::dtype::<T>(py));
                py.import("numpy")?.call_method1("zeros", arguments)?.cast_into().map_err(PyErr::from)?
            }
            Some(out) => out.cast_into().map_err(|error| DimensionError::new_err(error.to_string()))?,
        };
        // The same numbers in the same order, whatever axes of length 1 the caller sees.
        if Some(array.len()) != size || !array.is_c_contiguous() {
            let message =
                format!("`out` has shape {:?}, but {shape:?}, C-contiguous, is needed", array.shape());
            return Err(DimensionError::new_err(message));
        }
        let mut writable =
            array.try_readwrite().map_err(|_| DimensionError::new_err("`out` is read-only"))?;
        let out = writable.as_slice_mut().map_err(|_| not_contiguous("out"))?;
        let done = AtomicUsize::new(0);
        let progress = |n_rows: usize| {
            done.fetch_add(n_rows, Ordering::Relaxed);
        };
        let work = |workers: &Workers<'_>| work(workers, &progress, out);
        if self.leaf_rows <= SHORT {
            // Too little to share, and too little to wait for a signal.
            briefly(py, if self.leaf_rows <= SHORT / 4 { 1 } else { self.n_threads }, work)?;
        } else {
            watched(py, self.n_threads, work, |py| match &self.report {
                Some(report) => report.call1(py, (done.load(Ordering::Relaxed),)).map(drop),
                None => Ok(()),
            })?;
        }
        drop(writable);
        Ok(array.into_any())
    }
}
