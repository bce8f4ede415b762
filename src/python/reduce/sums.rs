//! Glue of `reduce::sums`.

use numpy::{IntoPyArray, PyArray1, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::held::{Held, Numbers, block};
use crate::python::error::{OptionError, to_python};
use crate::reduce::sums::{Moment, Sums};

/// Exact sums of columns.
#[pyclass(frozen, module = "ferroshap._native", name = "Sums")]
pub(super) struct PySums(Held<Sums>);

#[pymethods]
impl PySums {
    #[new]
    fn new(n_columns: usize) -> Self {
        Self(Held::new(Sums::new(n_columns)))
    }

    fn add(&self, py: Python<'_>, values: Numbers<'_>, n_threads: usize) -> PyResult<()> {
        match values {
            Numbers::Singles(values) => {
                let block = block("values", &values)?;
                self.0.add(py, values.len(), n_threads, |sums, workers| sums.add(&block, workers))
            }
            Numbers::Doubles(values) => {
                let block = block("values", &values)?;
                self.0.add(py, values.len(), n_threads, |sums, workers| sums.add(&block, workers))
            }
        }
    }

    fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        self.0.merge(py, &other.0, Sums::merge)
    }

    #[getter]
    fn n_rows(&self) -> PyResult<u64> {
        self.0.ask(Sums::n_rows)
    }

    #[getter]
    fn n_columns(&self) -> PyResult<usize> {
        self.0.ask(Sums::n_columns)
    }

    fn moment<'py>(&self, py: Python<'py>, name: &str, ddof: u64) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let moment = match name {
            "mean" => Moment::Mean,
            "mean_abs" => Moment::MeanAbs,
            "variance" => Moment::Variance(ddof),
            "variance_abs" => Moment::VarianceAbs(ddof),
            "mean_variance" => Moment::MeanVariance,
            "mean_abs_variance" => Moment::MeanAbsVariance,
            "least" => Moment::Least,
            "greatest" => Moment::Greatest,
            "sum" => Moment::Sum,
            _ => return Err(OptionError::new_err(format!("`name` is {name:?}, which is no moment"))),
        };
        Ok(self.0.ask(|sums| sums.moment(moment))?.into_pyarray(py))
    }

    fn n_not_finite<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u64>>> {
        Ok(self.0.ask(Sums::n_not_finite)?.into_pyarray(py))
    }

    fn copy(&self) -> PyResult<Self> {
        Ok(Self(Held::new(self.0.ask(Sums::clone)?)))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.ask(Sums::to_bytes)?))
    }

    #[staticmethod]
    fn from_bytes(data: &[u8]) -> PyResult<Self> {
        Sums::from_bytes(data).map(|sums| Self(Held::new(sums))).map_err(|error| to_python(&error))
    }
}
