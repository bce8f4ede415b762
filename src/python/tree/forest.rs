//! `Forest`: what readers make, with what the front door asks of it.

use std::sync::{Arc, OnceLock};

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::super::arrays::vector;
use super::super::error::{DimensionError, OptionError, to_python};
use super::super::interrupt::{briefly, interruptible};
use super::rows::Borrowed;
use super::{precision_name, transform_name};
use crate::error::Error;
use crate::parallel::Workers;
use crate::tree::compose::{Part, combine};
use crate::tree::predict::predict;
use crate::tree::readers::{self, Format};
use crate::tree::{Column, Encoding, Forest, Predicate, Step, Tree};

/// Descents of a row through a tree that take about a millisecond.
const SHORT: usize = 1 << 15;

#[pyclass(name = "Forest", frozen, module = "ferroshap._native")]
pub(crate) struct PyForest {
    pub(super) forest: Arc<Forest>,
    encoding: OnceLock<Arc<Encoding>>,
}

impl PyForest {
    pub(super) fn new(forest: Forest) -> Self {
        Self { forest: Arc::new(forest), encoding: OnceLock::new() }
    }

    fn checked(forest: Forest) -> PyResult<Self> {
        forest.validated().map(Self::new).map_err(|error| to_python(&error))
    }

    /// How rows are encoded; found at the first prediction. Nothing in here calls Python.
    fn encoding(&self) -> Result<Arc<Encoding>, Error> {
        if let Some(encoding) = self.encoding.get() {
            return Ok(Arc::clone(encoding));
        }
        let encoding = Arc::new(Encoding::new(&self.forest)?);
        Ok(Arc::clone(self.encoding.get_or_init(|| encoding)))
    }
}

/// The name of the format that the bytes are in, by what only its files hold.
#[pyfunction]
pub(super) fn format_of(data: &[u8]) -> Option<&'static str> {
    if data.starts_with(b"FSHP") {
        return Some("ferroshap");
    }
    readers::detect(data).map(|format| match format {
        Format::Xgboost => "xgboost",
        Format::Lightgbm => "lightgbm",
        Format::Catboost => "catboost",
        Format::Onnx => "onnx",
    })
}

#[pyfunction]
pub(super) fn read_forest(py: Python<'_>, data: &[u8], format: &str) -> PyResult<PyForest> {
    let format = match format {
        "xgboost" => Format::Xgboost,
        "lightgbm" => Format::Lightgbm,
        "catboost" => Format::Catboost,
        "onnx" => Format::Onnx,
        "ferroshap" => return briefly(py, 1, |_| Forest::from_bytes(data)).map(PyForest::new),
        _ => {
            let known = "xgboost, lightgbm, catboost, onnx, ferroshap";
            return Err(OptionError::new_err(format!("`format` is {format:?}, but must be one of {known}")));
        }
    };
    briefly(py, 1, |_| readers::read(data, format)).map(PyForest::new)
}

/// A function and its arguments, as pickles hold them.
type Reduced<'py> = (Bound<'py, PyAny>, (Bound<'py, PyBytes>, &'static str));
/// One part of a sum: forest, weight, columns of the whole, outputs of the whole.
type PartOf<'py> = (Bound<'py, PyForest>, f64, Option<Vec<u32>>, Option<Vec<u32>>);

#[pyfunction]
pub(super) fn combine_forests(
    parts: Vec<PartOf<'_>>,
    n_columns: usize,
    n_outputs: usize,
    offset: PyReadonlyArray1<'_, f64>,
) -> PyResult<PyForest> {
    let offset = vector("offset", &offset)?;
    if offset.len() != n_outputs {
        let message = format!("`offset` has length {}, but there are {n_outputs} outputs", offset.len());
        return Err(DimensionError::new_err(message));
    }
    let part = |(forest, weight, columns, outputs): &PartOf<'_>| {
        (Arc::clone(&forest.get().forest), *weight, columns.clone(), outputs.clone())
    };
    let parts: Vec<_> = parts.iter().map(part).collect();
    let borrowed: Vec<Part<'_>> = parts
        .iter()
        .map(|(forest, weight, columns, outputs)| Part {
            forest,
            weight: *weight,
            columns: columns.as_deref(),
            outputs: outputs.as_deref(),
        })
        .collect();
    combine(&borrowed, n_columns, offset).map(PyForest::new).map_err(|error| to_python(&error))
}

#[pymethods]
impl PyForest {
    #[getter]
    fn library(&self) -> &str {
        &self.forest.library
    }

    #[getter]
    fn n_columns(&self) -> usize {
        self.forest.n_columns()
    }

    #[getter]
    fn n_outputs(&self) -> usize {
        self.forest.n_outputs()
    }

    #[getter]
    fn n_players(&self) -> usize {
        self.forest.n_players()
    }

    #[getter]
    fn n_trees(&self) -> usize {
        self.forest.trees.len()
    }

    #[getter]
    fn n_leaves(&self) -> usize {
        self.forest.n_leaves()
    }

    #[getter]
    fn depth(&self) -> usize {
        self.forest.trees.iter().map(depth).max().unwrap_or(0)
    }

    #[getter]
    fn names(&self) -> Vec<String> {
        self.forest.names.clone()
    }

    #[getter]
    fn offset<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.forest.offset)
    }

    #[getter]
    fn has_cover(&self) -> bool {
        self.forest.has_cover
    }

    #[getter]
    fn has_linear_leaves(&self) -> bool {
        self.forest.trees.iter().any(|tree| !tree.linear.is_empty())
    }

    #[getter]
    fn is_oblivious(&self) -> bool {
        self.forest.trees.iter().all(|tree| tree.is_oblivious)
    }

    #[getter]
    fn predicts_in(&self) -> &'static str {
        precision_name(self.forest.predicts_in)
    }

    #[getter]
    fn absent(&self) -> f64 {
        self.forest.absent
    }

    #[getter]
    fn transform(&self) -> (&'static str, f64) {
        transform_name(self.forest.transform)
    }

    #[getter]
    fn trees_per_round(&self) -> u32 {
        self.forest.trees_per_round
    }

    #[getter]
    fn players(&self) -> Vec<u32> {
        self.forest.player.clone()
    }

    #[getter]
    fn categories<'py>(&self, py: Python<'py>) -> PyResult<Vec<Option<Bound<'py, PyDict>>>> {
        let of_column = |column: &Column| match column {
            Column::Numeric { .. } => Ok(None),
            Column::Category { dictionary, is_numeric, .. } => {
                let described = PyDict::new(py);
                described.set_item("values", dictionary)?;
                described.set_item("is_numeric", is_numeric)?;
                Ok(Some(described))
            }
        };
        self.forest.columns.iter().map(of_column).collect()
    }

    fn predict<'py>(
        &self,
        py: Python<'py>,
        rows: Bound<'py, PyAny>,
        n_threads: usize,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let borrowed = Borrowed::new("rows", &rows)?;
        let rows = borrowed.rows("rows", self.forest.n_columns())?;
        let encoding = self.encoding().map_err(|error| to_python(&error))?;
        let work = |workers: &Workers<'_>| predict(&self.forest, &encoding, &rows, workers);
        let descents = rows.n_rows().saturating_mul(self.forest.trees.len());
        let margins = if descents <= SHORT {
            briefly(py, if descents <= SHORT / 8 { 1 } else { n_threads }, work)?
        } else {
            interruptible(py, n_threads, work)?
        };
        PyArray1::from_vec(py, margins).reshape([rows.n_rows(), self.forest.n_outputs()])
    }

    fn with_covers(
        &self,
        py: Python<'_>,
        rows: Bound<'_, PyAny>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
        n_threads: usize,
    ) -> PyResult<Self> {
        let borrowed = Borrowed::new("rows", &rows)?;
        let rows = borrowed.rows("rows", self.forest.n_columns())?;
        let weights = weights.as_ref().map(|weights| vector("weights", weights)).transpose()?;
        let work = |workers: &Workers<'_>| self.forest.with_covers(&rows, weights, workers);
        interruptible(py, n_threads, work).map(Self::new)
    }

    fn with_missing(&self, value: f64) -> Self {
        Self::new(self.forest.with_missing(value))
    }

    fn with_players(&self, players: Vec<u32>) -> PyResult<Self> {
        self.forest.with_players(&players).map(Self::new).map_err(|error| to_python(&error))
    }

    fn with_offset(&self, offset: PyReadonlyArray1<'_, f64>) -> PyResult<Self> {
        let offset = vector("offset", &offset)?.to_vec();
        if offset.len() != self.forest.n_outputs() {
            let accepted = format!("{} outputs", self.forest.n_outputs());
            let message = format!("`offset` has length {}, but the model has {accepted}", offset.len());
            return Err(DimensionError::new_err(message));
        }
        Self::checked(Forest { offset, ..Forest::clone(&self.forest) })
    }

    fn first_trees(&self, count: usize) -> Self {
        Self::new(self.forest.first_trees(count))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.forest.to_bytes()))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let read = py.import("ferroshap._native")?.getattr("read_forest")?;
        Ok((read, (self.to_bytes(py), "ferroshap")))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn thresholds<'py>(&self, py: Python<'py>, column: usize) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let found = thresholds(&self.forest).into_iter().nth(column);
        let outside =
            || OptionError::new_err(format!("`column` is {column}, but the model has none of that number"));
        Ok(found.ok_or_else(outside)?.unwrap_or_default().into_pyarray(py))
    }

    fn all_thresholds<'py>(&self, py: Python<'py>) -> Vec<Option<Bound<'py, PyArray1<f64>>>> {
        let found = thresholds(&self.forest).into_iter();
        found.map(|thresholds| thresholds.map(|thresholds| thresholds.into_pyarray(py))).collect()
    }

    fn __repr__(&self) -> String {
        let Self { forest, .. } = self;
        format!(
            "<Forest: {}, {} trees, {} columns, {} outputs>",
            forest.library,
            forest.trees.len(),
            forest.n_columns(),
            forest.n_outputs()
        )
    }
}

/// Splits on the longest path. Nodes are in preorder, so a parent comes before its children.
fn depth(tree: &Tree) -> usize {
    let mut depths = vec![0; tree.nodes.len()];
    for (number, node) in tree.nodes.iter().enumerate() {
        if let Step::Split(split) = node.step {
            depths[number + 1] = depths[number] + 1;
            depths[split.right as usize] = depths[number] + 1;
        }
    }
    depths.into_iter().max().unwrap_or(0)
}

/// The distinct thresholds of each column, sorted; `None` for a column that nothing asks about.
fn thresholds(forest: &Forest) -> Vec<Option<Vec<f64>>> {
    let mut found: Vec<Option<Vec<f64>>> = vec![None; forest.n_columns()];
    for tree in &forest.trees {
        for node in &tree.nodes {
            let Step::Split(split) = node.step else { continue };
            let thresholds = found[split.column as usize].get_or_insert_default();
            if let Predicate::Lt(value) | Predicate::Le(value) | Predicate::Eq(value) = split.predicate {
                thresholds.push(value);
            }
        }
        for &(column, _) in tree.linear.iter().flat_map(|linear| &linear.terms) {
            found[column as usize].get_or_insert_default();
        }
    }
    for thresholds in found.iter_mut().flatten() {
        thresholds.sort_unstable_by(f64::total_cmp);
        thresholds.dedup();
    }
    found
}
