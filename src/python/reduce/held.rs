//! States that Python holds, and the blocks that are added to them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use numpy::{PyReadonlyArray2, PyReadonlyArray3, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::error::Error;
use crate::parallel::Workers;
use crate::python::arrays::flat;
use crate::python::error::{DimensionError, ReducerError, to_python};
use crate::python::interrupt::{briefly, interruptible};
use crate::reduce::Block;

/// Numbers that are summed up within a few milliseconds.
const SHORT: usize = 1 << 20;

/// A state; None while rows are being added to it, and for ever if that was interrupted.
pub(super) struct Held<S>(Mutex<Option<S>>);

impl<S: Clone + Send + Sync> Held<S> {
    pub(super) fn new(state: S) -> Self {
        Self(Mutex::new(Some(state)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ask the state.
    pub(super) fn ask<T>(&self, question: impl FnOnce(&S) -> T) -> PyResult<T> {
        self.lock().as_ref().map(question).ok_or_else(lost)
    }

    /// Add `n` numbers: in the calling thread if they are few, else while signals are looked for.
    pub(super) fn add(
        &self,
        py: Python<'_>,
        n: usize,
        n_threads: usize,
        work: impl FnOnce(&mut S, &Workers<'_>) -> Result<(), Error> + Send,
    ) -> PyResult<()> {
        // Not under the lock: the handler of a signal may look at the state.
        let mut state = self.lock().take().ok_or_else(lost)?;
        let work = |workers: &Workers<'_>| {
            work(&mut state, workers)?;
            Ok(state)
        };
        let state =
            if n <= SHORT { briefly(py, n_threads, work) } else { interruptible(py, n_threads, work) }?;
        *self.lock() = Some(state);
        Ok(())
    }

    /// Add what another state has.
    pub(super) fn merge(
        &self,
        py: Python<'_>,
        other: &Self,
        merge: impl FnOnce(&mut S, &S) -> Result<(), Error> + Send,
    ) -> PyResult<()> {
        let other = other.ask(S::clone)?;
        let mut state = self.ask(S::clone)?;
        py.detach(|| merge(&mut state, &other)).map_err(|error| to_python(&error))?;
        *self.lock() = Some(state);
        Ok(())
    }
}

fn lost() -> PyErr {
    ReducerError::new_err(
        "rows are being added to the reducer by another thread, or were when it was interrupted: give each thread a \
         reducer of its own, and go on from what `to_bytes` or `part` made before",
    )
}

/// An array of three axes, singles or doubles.
#[derive(FromPyObject)]
pub(super) enum Numbers<'py> {
    Singles(PyReadonlyArray3<'py, f32>),
    Doubles(PyReadonlyArray3<'py, f64>),
}

/// An array of two axes, singles or doubles.
#[derive(FromPyObject)]
pub(super) enum Rows<'py> {
    Singles(PyReadonlyArray2<'py, f32>),
    Doubles(PyReadonlyArray2<'py, f64>),
}

/// The same for a C-contiguous array `(rows, features)`.
pub(super) fn flat_block<'a, T: numpy::Element + Copy + Into<f64> + Sync>(
    array: &'a PyReadonlyArray2<'_, T>,
) -> PyResult<Block<'a, T>> {
    let (n_rows, n_features) = (array.shape()[0], array.shape()[1]);
    let numbers = flat("data", array)?;
    Block::new(numbers, [n_rows, n_features, 1], [n_features, 1, 1]).map_err(|error| to_python(&error))
}

/// The numbers of an array as a block; it must be whole in memory, in any order of axes.
pub(super) fn block<'a, T: numpy::Element + Copy + Into<f64> + Sync>(
    argument: &str,
    array: &'a PyReadonlyArray3<'_, T>,
) -> PyResult<Block<'a, T>> {
    let whole =
        || DimensionError::new_err(format!("`{argument}` must be contiguous in some order of its axes"));
    let view = array.as_array();
    let mut strides = [0; 3];
    for (to, &stride) in strides.iter_mut().zip(view.strides()) {
        *to = usize::try_from(stride).map_err(|_| whole())?;
    }
    let &[n_rows, n_features, n_outputs] = array.shape() else { return Err(whole()) };
    let numbers = view.to_slice_memory_order().ok_or_else(whole)?;
    Block::new(numbers, [n_rows, n_features, n_outputs], strides).map_err(|error| to_python(&error))
}
