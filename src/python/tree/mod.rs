//! Glue of `tree`: forests, model files, and plans that explain.

mod categories;
mod filling;
mod forest;
mod from_arrays;
mod margins;
mod plan;
mod rows;

use pyo3::prelude::*;

use crate::tree::{Precision, Transform};

use super::error::OptionError;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<forest::PyForest>()?;
    module.add_class::<plan::PyTreePlan>()?;
    module.add_class::<margins::PyMarginPlan>()?;
    module.add_function(wrap_pyfunction!(forest::format_of, module)?)?;
    module.add_function(wrap_pyfunction!(forest::read_forest, module)?)?;
    module.add_function(wrap_pyfunction!(forest::combine_forests, module)?)?;
    module.add_function(wrap_pyfunction!(categories::category_hash, module)?)?;
    module.add_function(wrap_pyfunction!(categories::category_with_hash, module)?)?;
    module.add_function(wrap_pyfunction!(from_arrays::forest_from_arrays, module)?)
}

fn precision_named(name: &str) -> PyResult<Precision> {
    match name {
        "float32" => Ok(Precision::F32),
        "float64" => Ok(Precision::F64),
        _ => Err(OptionError::new_err(format!("`dtype` is {name:?}, but must be float32 or float64"))),
    }
}

fn precision_name(precision: Precision) -> &'static str {
    match precision {
        Precision::F32 => "float32",
        Precision::F64 => "float64",
    }
}

fn transform_named(name: &str, scale: f64) -> PyResult<Transform> {
    Ok(match name {
        "identity" => Transform::Identity,
        "sigmoid" => Transform::Sigmoid { scale },
        "softmax" => Transform::Softmax,
        "exp" => Transform::Exp,
        "other" => Transform::Other,
        _ => return Err(OptionError::new_err(format!("`transform` is {name:?}, which is not known"))),
    })
}

fn transform_name(transform: Transform) -> (&'static str, f64) {
    match transform {
        Transform::Identity => ("identity", 1.0),
        Transform::Sigmoid { scale } => ("sigmoid", scale),
        Transform::Softmax => ("softmax", 1.0),
        Transform::Exp => ("exp", 1.0),
        Transform::Other => ("other", 1.0),
    }
}
