//! `forest_from_arrays`: trees as scikit-learn and its kin hold them, arrays over the nodes.

use numpy::{Element, PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::super::error::{DimensionError, OptionError, to_python};
use super::forest::PyForest;
use super::{precision_named, transform_named};
use crate::tree::builder::{Builder, RawNode, RawTree, node_number};
use crate::tree::{CategoryCodes, CategorySet, Column, Forest, Output, Predicate, Split};

/// What holds for all trees.
struct Common {
    is_strict: bool,
    n_outputs: usize,
}

#[pyfunction]
#[pyo3(signature = (
    trees, *, n_columns, offset, library="arrays", compare="<=", cast="float64", predicts_in="float64",
    has_cover=true, absent=0.0, names=Vec::new(), transform=("identity".to_owned(), 1.0), trees_per_round=0,
    sets=Vec::new(), columns=None,
))]
#[expect(clippy::too_many_arguments, reason = "a whole model, by name")]
pub(super) fn forest_from_arrays(
    trees: Vec<Bound<'_, PyDict>>,
    n_columns: usize,
    offset: PyReadonlyArray1<'_, f64>,
    library: &str,
    compare: &str,
    cast: &str,
    predicts_in: &str,
    has_cover: bool,
    absent: f64,
    names: Vec<String>,
    transform: (String, f64),
    trees_per_round: u32,
    sets: Vec<PyReadonlyArray1<'_, u32>>,
    columns: Option<Vec<Option<Bound<'_, PyDict>>>>,
) -> PyResult<PyForest> {
    let is_strict = match compare {
        "<" => true,
        "<=" => false,
        _ => return Err(OptionError::new_err(format!("`compare` is {compare:?}, but must be '<=' or '<'"))),
    };
    let numeric = Column::Numeric { cast: precision_named(cast)?, missing: None };
    let columns = match columns {
        None => vec![numeric; n_columns],
        Some(columns) => {
            let read = |column: Option<Bound<'_, PyDict>>| column.map_or(Ok(numeric.clone()), category);
            columns.into_iter().map(read).collect::<PyResult<Vec<_>>>()?
        }
    };
    if columns.len() != n_columns {
        let message =
            format!("`columns` has {} entries, but the model has {n_columns} columns", columns.len());
        return Err(DimensionError::new_err(message));
    }
    let common = Common { is_strict, n_outputs: offset.len() };
    let mut builder = Builder::new(Forest {
        library: library.to_owned(),
        predicts_in: precision_named(predicts_in)?,
        columns,
        names,
        player: (0..u32::try_from(n_columns).unwrap_or(u32::MAX)).collect(),
        offset: offset.to_vec().map_err(|_| DimensionError::new_err("`offset` must be contiguous"))?,
        trees: Vec::with_capacity(trees.len()),
        sets: Vec::new(),
        transform: transform_named(&transform.0, transform.1)?,
        has_cover,
        absent,
        trees_per_round,
    });
    for set in sets {
        builder.set(CategorySet { words: set.as_array().iter().copied().collect() });
    }
    for (number, tree) in trees.iter().enumerate() {
        let raw = raw_tree(number, tree, &common)?;
        builder.tree(raw).map_err(|error| to_python(&error))?;
    }
    builder.finish().map(PyForest::new).map_err(|error| to_python(&error))
}

/// A column of categories.
fn category(described: Bound<'_, PyDict>) -> PyResult<Column> {
    let text = |name: &str| described.get_item(name)?.map(|value| value.extract::<String>()).transpose();
    let known = described.get_item("known")?.map_or(Ok(0), |value| value.extract())?;
    let rule = text("codes")?.unwrap_or_default();
    let codes = match rule.as_str() {
        "negative_first" => CategoryCodes::NegativeFirst,
        "truncate_first" => CategoryCodes::TruncateFirst,
        "known_or_missing" => CategoryCodes::KnownOrMissing { known },
        "known_or_invalid" => CategoryCodes::KnownOrInvalid { known },
        _ => return Err(OptionError::new_err(format!("`codes` is {rule:?}, which is not known"))),
    };
    Ok(Column::Category {
        codes,
        missing: None,
        dictionary: described.get_item("values")?.map_or(Ok(Vec::new()), |values| values.extract())?,
        is_numeric: described.get_item("is_numeric")?.map_or(Ok(false), |value| value.extract())?,
    })
}

/// One tree, its nodes as they come.
fn raw_tree(number: usize, tree: &Bound<'_, PyDict>, common: &Common) -> PyResult<RawTree> {
    let needed = |name: &str| DimensionError::new_err(format!("tree {number} has no `{name}`"));
    let left = numbers::<i64>(tree, "children_left", "int64")?.ok_or_else(|| needed("children_left"))?;
    let right = numbers::<i64>(tree, "children_right", "int64")?.ok_or_else(|| needed("children_right"))?;
    let feature = numbers::<i64>(tree, "feature", "int64")?.ok_or_else(|| needed("feature"))?;
    let threshold = numbers::<f64>(tree, "threshold", "float64")?.ok_or_else(|| needed("threshold"))?;
    let nan_left = numbers::<bool>(tree, "nan_left", "bool")?;
    let sets = numbers::<i64>(tree, "category_set", "int64")?;
    let covers = numbers::<f64>(tree, "cover", "float64")?.unwrap_or_default();
    let n_nodes = left.len();
    let lengths = [
        ("children_right", right.len()),
        ("feature", feature.len()),
        ("threshold", threshold.len()),
        ("nan_left", nan_left.as_ref().map_or(n_nodes, Vec::len)),
        ("category_set", sets.as_ref().map_or(n_nodes, Vec::len)),
        ("cover", if covers.is_empty() { n_nodes } else { covers.len() }),
    ];
    for (name, length) in lengths {
        if length != n_nodes {
            let message =
                format!("`{name}` of tree {number} has length {length}, but it has {n_nodes} nodes");
            return Err(DimensionError::new_err(message));
        }
    }
    let (values, output) = leaf_values(number, tree, n_nodes, common)?;
    let nan_left = nan_left.unwrap_or_else(|| vec![false; n_nodes]);
    let node = |at: usize| {
        if left[at] < 0 {
            return RawNode::Leaf(node_number(i64::try_from(at).unwrap_or(-1)));
        }
        let predicate = match sets.as_ref().map_or(-1, |sets| sets[at]) {
            set if set >= 0 => {
                Predicate::InSet { set: node_number(set), in_set_left: true, invalid_left: nan_left[at] }
            }
            _ if common.is_strict => Predicate::Lt(threshold[at]),
            _ => Predicate::Le(threshold[at]),
        };
        let (column, right) = (node_number(feature[at]), node_number(right[at]));
        let split = Split { predicate, column, right, nan_left: nan_left[at], zero_is_missing: false };
        RawNode::Split { left: node_number(left[at]), split }
    };
    let is_oblivious = tree.get_item("is_oblivious")?.map_or(Ok(false), |value| value.extract())?;
    let nodes = (0..n_nodes).map(node).collect();
    Ok(RawTree { nodes, covers, values, linear: Vec::new(), output, is_oblivious })
}

/// Values of all nodes, those of inner ones unused, and where they go.
fn leaf_values(
    number: usize,
    tree: &Bound<'_, PyDict>,
    n_nodes: usize,
    common: &Common,
) -> PyResult<(Vec<f64>, Output)> {
    let Some(value) = tree.get_item("value")? else {
        return Err(DimensionError::new_err(format!("tree {number} has no `value`")));
    };
    let value = as_contiguous(&value, "float64")?;
    let value: PyReadonlyArrayDyn<'_, f64> = value.extract().map_err(PyErr::from)?;
    let width = match value.shape() {
        [rows] if *rows == n_nodes => 1,
        [rows, width] if *rows == n_nodes && [1, common.n_outputs].contains(width) => *width,
        shape => {
            let accepted = format!("({n_nodes},) or ({n_nodes}, {})", common.n_outputs);
            let message = format!("`value` of tree {number} has shape {shape:?}, but {accepted} is needed");
            return Err(DimensionError::new_err(message));
        }
    };
    let output = match tree.get_item("output")? {
        Some(output) if width == 1 => Output::One(node_number(output.extract()?)),
        _ if width == 1 && common.n_outputs > 1 && value.ndim() == 1 => Output::One(0),
        _ if width == common.n_outputs => Output::All,
        _ => Output::One(0),
    };
    let output = if common.n_outputs == 1 { Output::One(0) } else { output };
    Ok((value.as_slice()?.to_vec(), output))
}

/// An array of the dict as numbers; `None` where it is absent or None.
fn numbers<T: Element + Copy>(tree: &Bound<'_, PyDict>, name: &str, dtype: &str) -> PyResult<Option<Vec<T>>> {
    let Some(array) = tree.get_item(name)?.filter(|array| !array.is_none()) else { return Ok(None) };
    if let Ok(array) = array.cast::<PyArray1<T>>()
        && let Ok(values) = array.to_vec()
    {
        return Ok(Some(values));
    }
    let array = as_contiguous(&array, dtype)?;
    let array = array.cast::<PyArray1<T>>().map_err(|_| {
        DimensionError::new_err(format!("`{name}` must be a one-dimensional array of {dtype}"))
    })?;
    Ok(Some(array.to_vec()?))
}

/// NumPy's own conversion, for arrays of other types and orders.
fn as_contiguous<'py>(array: &Bound<'py, PyAny>, dtype: &str) -> PyResult<Bound<'py, PyAny>> {
    array.py().import("numpy")?.call_method1("ascontiguousarray", (array, dtype))
}
