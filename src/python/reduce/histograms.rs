//! Glue of `reduce::histogram`.

use numpy::{IntoPyArray, PyArray1, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::held::{Held, Numbers, block};
use crate::python::error::to_python;
use crate::reduce::histogram::Histograms;

/// One histogram a column.
#[pyclass(frozen, module = "ferroshap._native", name = "Histograms")]
pub(super) struct PyHistograms(Held<Histograms>);

/// Lower ends, upper ends, counts.
type Buckets<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<u64>>);

#[pymethods]
impl PyHistograms {
    #[new]
    fn new(n_columns: usize) -> Self {
        Self(Held::new(Histograms::new(n_columns)))
    }

    fn add(&self, py: Python<'_>, values: Numbers<'_>, n_threads: usize) -> PyResult<()> {
        match values {
            Numbers::Singles(values) => {
                let block = block("values", &values)?;
                self.0.add(py, values.len(), n_threads, |counts, workers| counts.add(&block, workers))
            }
            Numbers::Doubles(values) => {
                let block = block("values", &values)?;
                self.0.add(py, values.len(), n_threads, |counts, workers| counts.add(&block, workers))
            }
        }
    }

    fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        self.0.merge(py, &other.0, Histograms::merge)
    }

    #[getter]
    fn n_rows(&self) -> PyResult<u64> {
        self.0.ask(Histograms::n_rows)
    }

    #[getter]
    fn n_columns(&self) -> PyResult<usize> {
        self.0.ask(Histograms::n_columns)
    }

    fn quantiles<'py>(&self, py: Python<'py>, q: Vec<f64>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(self.0.ask(|counts| counts.quantiles(&q))?.into_pyarray(py))
    }

    fn buckets<'py>(&self, py: Python<'py>, column: usize) -> PyResult<Buckets<'py>> {
        let (lower, upper, count) = self.0.ask(|counts| counts.buckets(column))?;
        Ok((lower.into_pyarray(py), upper.into_pyarray(py), count.into_pyarray(py)))
    }

    fn copy(&self) -> PyResult<Self> {
        Ok(Self(Held::new(self.0.ask(Histograms::clone)?)))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.ask(Histograms::to_bytes)?))
    }

    #[staticmethod]
    fn from_bytes(data: &[u8]) -> PyResult<Self> {
        Histograms::from_bytes(data).map(|counts| Self(Held::new(counts))).map_err(|error| to_python(&error))
    }
}
