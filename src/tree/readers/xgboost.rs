//! XGBoost's model files.

use crate::error::{Error, ModelError};
use crate::tree::forest::Forest;

/// Read a model.
pub fn read(_bytes: &[u8]) -> Result<Forest, Error> {
    let what = "this format".to_owned();
    Err(ModelError::Unsupported { library: "XGBoost", what, remedy: "not there yet" }.into())
}
