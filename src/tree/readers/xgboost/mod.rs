//! XGBoost's model files, UBJSON and JSON, as all versions since 1.6 write them.
//!
//! Chen and Guestrin (2016); what the file leaves unsaid was found by comparing predictions: the base score stands in
//! output space, DART's weights always count, members of a category set go right, and `missing=` is not in the file.
//! Opening costs one pass over the bytes; only the arrays that a forest needs are decoded.

mod categories;
mod document;
mod flat;
mod json;
mod learner;
mod objective;
mod trees;
mod ubjson;

use crate::error::{Error, ModelError};
use crate::tree::forest::Forest;
use document::damaged;

/// Read a model: `Booster.save_raw("ubj")`, `save_raw("json")`, or a file of `save_model`.
pub fn read(bytes: &[u8]) -> Result<Forest, Error> {
    let behind_brace = bytes.trim_ascii_start().strip_prefix(b"{");
    let document = match behind_brace.map(|rest| rest.trim_ascii_start().first()) {
        Some(Some(b'"' | b'}')) => json::open(bytes)?,
        Some(_) => ubjson::open(bytes)?,
        None if is_binary(bytes) => {
            let what = "the binary format of versions before 1.6".to_owned();
            let remedy = "load it with an XGBoost before 3.1 and save it as .ubj or .json";
            return Err(ModelError::Unsupported { library: "XGBoost", what, remedy }.into());
        }
        None => return Err(damaged(0, "neither UBJSON nor JSON")),
    };
    let root = document.root().ok_or_else(|| damaged(0, "no model"))?;
    learner::forest(root, bytes.len())
}

/// Does this look like a model to this reader?
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    let has = |word: &[u8]| start.windows(word.len()).any(|window| window == word);
    is_binary(bytes) || (start.trim_ascii_start().starts_with(b"{") && has(b"learner"))
}

fn is_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(b"binf") || bytes.starts_with(b"bs64")
}
