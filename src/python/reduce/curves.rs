//! Glue of `reduce::curves` and `reduce::row_keys`.

use numpy::{Element, IntoPyArray, PyArray1, PyReadonlyArray2, PyReadonlyArray3, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::held::{Held, Numbers, Rows, block, flat_block};
use crate::python::error::to_python;
use crate::python::interrupt::briefly;
use crate::reduce::curves::Curves;
use crate::reduce::row_keys;

/// One dependence curve a feature.
#[pyclass(frozen, module = "ferroshap._native", name = "Curves")]
pub(super) struct PyCurves(Held<Curves>);

type Column<'py, T> = Bound<'py, PyArray1<T>>;
/// Lower ends, upper ends, counts, means, variances.
type Buckets<'py> =
    (Column<'py, f64>, Column<'py, f64>, Column<'py, u64>, Column<'py, f64>, Column<'py, f64>);

impl PyCurves {
    fn add_typed<T, X>(
        &self,
        py: Python<'_>,
        values: &PyReadonlyArray3<'_, T>,
        data: &PyReadonlyArray2<'_, X>,
        n_threads: usize,
    ) -> PyResult<()>
    where
        T: Element + Copy + Into<f64> + Sync,
        X: Element + Copy + Into<f64> + Sync,
    {
        let (n, values, data) = (values.len(), block("values", values)?, flat_block(data)?);
        self.0.add(py, n, n_threads, |curves, workers| curves.add(&values, &data, workers))
    }
}

#[pymethods]
impl PyCurves {
    #[new]
    fn new(n_features: usize, n_outputs: usize, bins: usize) -> PyResult<Self> {
        let curves = Curves::new(n_features, n_outputs, bins).map_err(|error| to_python(&error))?;
        Ok(Self(Held::new(curves)))
    }

    fn add(&self, py: Python<'_>, values: Numbers<'_>, data: Rows<'_>, n_threads: usize) -> PyResult<()> {
        match (values, data) {
            (Numbers::Singles(v), Rows::Singles(x)) => self.add_typed(py, &v, &x, n_threads),
            (Numbers::Singles(v), Rows::Doubles(x)) => self.add_typed(py, &v, &x, n_threads),
            (Numbers::Doubles(v), Rows::Singles(x)) => self.add_typed(py, &v, &x, n_threads),
            (Numbers::Doubles(v), Rows::Doubles(x)) => self.add_typed(py, &v, &x, n_threads),
        }
    }

    fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        self.0.merge(py, &other.0, Curves::merge)
    }

    #[getter]
    fn n_rows(&self) -> PyResult<u64> {
        self.0.ask(Curves::n_rows)
    }

    #[getter]
    fn shape(&self) -> PyResult<(usize, usize, usize)> {
        self.0.ask(Curves::shape)
    }

    fn buckets<'py>(&self, py: Python<'py>, feature: usize) -> PyResult<Buckets<'py>> {
        let buckets = self.0.ask(|curves| curves.buckets(feature))?;
        let column = |take: fn(&(f64, f64)) -> f64| {
            let moments = buckets.iter().flat_map(|bucket| &bucket.moments);
            moments.map(take).collect::<Vec<_>>().into_pyarray(py)
        };
        Ok((
            buckets.iter().map(|bucket| bucket.ends.0).collect::<Vec<_>>().into_pyarray(py),
            buckets.iter().map(|bucket| bucket.ends.1).collect::<Vec<_>>().into_pyarray(py),
            buckets.iter().map(|bucket| bucket.count).collect::<Vec<_>>().into_pyarray(py),
            column(|moments| moments.0),
            column(|moments| moments.1),
        ))
    }

    fn copy(&self) -> PyResult<Self> {
        Ok(Self(Held::new(self.0.ask(Curves::clone)?)))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.ask(Curves::to_bytes)?))
    }

    #[staticmethod]
    fn from_bytes(data: &[u8]) -> PyResult<Self> {
        Curves::from_bytes(data).map(|curves| Self(Held::new(curves))).map_err(|error| to_python(&error))
    }
}

/// Numbers that tell rows apart by what is in them.
#[pyfunction]
pub(super) fn content_keys<'py>(
    py: Python<'py>,
    data: Rows<'py>,
    n_threads: usize,
) -> PyResult<Bound<'py, PyArray1<u64>>> {
    let keys = match data {
        Rows::Singles(data) => {
            let data = flat_block(&data)?;
            briefly(py, n_threads, |workers| row_keys::content_keys(&data, workers))
        }
        Rows::Doubles(data) => {
            let data = flat_block(&data)?;
            briefly(py, n_threads, |workers| row_keys::content_keys(&data, workers))
        }
    }?;
    Ok(keys.into_pyarray(py))
}
