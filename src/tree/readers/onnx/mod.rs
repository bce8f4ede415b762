//! ONNX models of one tree ensemble: `TreeEnsembleRegressor` and `TreeEnsembleClassifier` of `ai.onnx.ml` up to 4, and
//! `TreeEnsemble` of 5, with what converters put around them.
//!
//! What is explained is the ensemble's raw score, before its post-transform. The files hold no covers.

mod attributes;
mod ensemble;
mod graph;
mod opset5;
mod protobuf;
mod trees;

use crate::error::{Error, ModelError};
use crate::tree::builder::Builder;
use crate::tree::forest::{Column, Forest, Precision};
use ensemble::{Ensemble, Stored};

/// Columns that are accepted from a file of fewer bytes than that.
const MOST_COLUMNS: usize = 1 << 20;

/// Read a model.
pub fn read(bytes: &[u8]) -> Result<Forest, Error> {
    let graph = graph::Graph::read(bytes)?;
    let mut ensemble = match graph.operator.kind {
        "TreeEnsemble" => opset5::ensemble(&graph.operator)?,
        _ => Ensemble::keyed(&graph.operator)?,
    };
    graph.add_to(&mut ensemble.offset)?;
    let asked = ensemble.nodes.iter().filter_map(|node| match node {
        Stored::Split { column, .. } => usize::try_from(column.saturating_add(1)).ok(),
        Stored::Leaf => None,
    });
    let n_columns = graph.n_columns.unwrap_or_else(|| asked.max().unwrap_or(0));
    let limit = bytes.len().max(MOST_COLUMNS);
    if n_columns > limit {
        let error = ModelError::TooLarge { what: "columns", got: n_columns as u64, limit: limit as u64 };
        return Err(error.into());
    }
    let mut builder = Builder::new(Forest {
        library: "ONNX".to_owned(),
        predicts_in: if graph.is_double { Precision::F64 } else { Precision::F32 },
        columns: vec![Column::Numeric { cast: graph.cast, missing: None }; n_columns],
        names: Vec::new(),
        player: (0..).take(n_columns).collect(),
        offset: ensemble.offset.clone(),
        trees: Vec::new(),
        sets: Vec::new(),
        transform: ensemble.transform,
        has_cover: false,
        absent: 0.0,
        trees_per_round: 0,
    });
    trees::add(&ensemble, &mut builder, bytes.len())?;
    builder.finish()
}

/// Does this look like an ONNX model: a message that begins with its format's version, and names the tree operators?
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    let domain = b"ai.onnx.ml";
    bytes.first() == Some(&0x08) && bytes.windows(domain.len()).any(|window| window == domain)
}
