//! Categories as CatBoost's model files know them: by hash.

use pyo3::prelude::*;

use crate::tree::readers::catboost;

#[pyfunction]
pub(super) fn category_hash(text: &str) -> i32 {
    catboost::category_hash(text)
}

#[pyfunction]
pub(super) fn category_with_hash(hash: i32) -> String {
    catboost::category_with_hash(hash)
}
