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

/// The format of a model file, by its first bytes; None where they are of no format that we know.
pub fn detect(bytes: &[u8]) -> Option<Format> {
    const CATBOOST: [&[u8]; 8] = [
        b"\"features_info\"",
        b"\"ctr_data\"",
        b"\"model_info\"",
        b"\"oblivious_trees\"",
        b"\"scale_and_bias\"",
        b"\"trees\"",
        b"\"linear_trees\"",
        b"\"ctrs\"",
    ];
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let member = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    if bytes.starts_with(b"CBM1")
        || member.is_some_and(|first| CATBOOST.iter().any(|key| first.starts_with(key)))
    {
        Some(Format::Catboost)
    } else if xgboost::is_ours(bytes) {
        Some(Format::Xgboost)
    } else if text.starts_with(b"tree\n") || text.starts_with(b"tree\r\n") {
        Some(Format::Lightgbm)
    } else if onnx::is_ours(bytes) {
        Some(Format::Onnx)
    } else {
        None
    }
}
