//! Model files to forests: bytes in, a validated [`Forest`] or an error out. Nothing here trusts a count.

pub mod catboost;
pub mod lightgbm;
pub mod onnx;
pub mod xgboost;

use super::forest::Forest;
use crate::error::Error;

/// A format that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// XGBoost's JSON or UBJSON.
    Xgboost,
    /// LightGBM's text.
    Lightgbm,
    /// CatBoost's JSON.
    Catboost,
    /// ONNX with a tree ensemble.
    Onnx,
}

/// Read a model file of a known format.
pub fn read(bytes: &[u8], format: Format) -> Result<Forest, Error> {
    match format {
        Format::Xgboost => xgboost::read(bytes),
        Format::Lightgbm => lightgbm::read(bytes),
        Format::Catboost => catboost::read(bytes),
        Format::Onnx => onnx::read(bytes),
    }
}
