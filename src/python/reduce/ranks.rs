//! Glue of `reduce::ranks`.

use numpy::{IntoPyArray, PyArray1, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::held::{Held, Numbers, block};
use crate::python::error::to_python;
use crate::reduce::ranks::Ranks;

/// How often each feature is among the largest of its row.
#[pyclass(frozen, module = "ferroshap._native", name = "Ranks")]
pub(super) struct PyRanks(Held<Ranks>);

#[pymethods]
impl PyRanks {
    #[new]
    fn new(n_features: usize, n_outputs: usize, k: usize) -> Self {
        Self(Held::new(Ranks::new(n_features, n_outputs, k)))
    }

    fn add(&self, py: Python<'_>, values: Numbers<'_>, n_threads: usize) -> PyResult<()> {
        match values {
            Numbers::Singles(values) => {
                let block = block("values", &values)?;
                self.0.add(py, values.len(), n_threads, |ranks, workers| ranks.add(&block, workers))
            }
            Numbers::Doubles(values) => {
                let block = block("values", &values)?;
                self.0.add(py, values.len(), n_threads, |ranks, workers| ranks.add(&block, workers))
            }
        }
    }

    fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        self.0.merge(py, &other.0, Ranks::merge)
    }

    #[getter]
    fn n_rows(&self) -> PyResult<u64> {
        self.0.ask(Ranks::n_rows)
    }

    #[getter]
    fn shape(&self) -> PyResult<(usize, usize, usize)> {
        self.0.ask(Ranks::shape)
    }

    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u64>>> {
        Ok(self.0.ask(|ranks| ranks.counts().to_vec())?.into_pyarray(py))
    }

    fn copy(&self) -> PyResult<Self> {
        Ok(Self(Held::new(self.0.ask(Ranks::clone)?)))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.ask(Ranks::to_bytes)?))
    }

    #[staticmethod]
    fn from_bytes(data: &[u8]) -> PyResult<Self> {
        Ranks::from_bytes(data).map(|ranks| Self(Held::new(ranks))).map_err(|error| to_python(&error))
    }
}
