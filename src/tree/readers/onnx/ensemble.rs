//! What both generations of tree operators say, in one form: nodes, roots, and weights of leaves.

use super::attributes::{Operator, wrong};
use crate::error::{Error, ModelError};
use crate::tree::forest::Transform;

/// A tree operator of any version.
#[derive(Debug)]
pub(super) struct Ensemble {
    pub(super) nodes: Vec<Stored>,
    pub(super) roots: Vec<u32>,
    /// (node, output, weight), in the order of nodes.
    pub(super) weights: Vec<(u32, u32, f64)>,
    /// Values that `Member` nodes look for.
    pub(super) members: Vec<f64>,
    pub(super) n_outputs: usize,
    pub(super) offset: Vec<f64>,
    pub(super) is_average: bool,
    pub(super) transform: Transform,
}

/// A node as it is stored; children are numbers of nodes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stored {
    Leaf,
    Split { mode: Mode, column: i64, value: f64, on_true: u32, on_false: u32, missing_is_true: bool },
}

/// What a node asks of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Leq,
    Lt,
    Gte,
    Gt,
    Eq,
    Neq,
    /// One of `members[first..last]`.
    Member(u32, u32),
}

impl Ensemble {
    /// `TreeEnsembleRegressor` and `TreeEnsembleClassifier`: parallel arrays, keyed by tree and node.
    pub(super) fn keyed(operator: &Operator<'_>) -> Result<Self, Error> {
        let trees = operator.integers("nodes_treeids")?;
        let node_ids = operator.integers("nodes_nodeids")?;
        let modes = operator.texts("nodes_modes")?;
        let columns = operator.integers("nodes_featureids")?;
        let values = operator.either("nodes_values")?;
        let (on_true, on_false) =
            (operator.integers("nodes_truenodeids")?, operator.integers("nodes_falsenodeids")?);
        let missing = operator.integers("nodes_missing_value_tracks_true")?;
        let n_nodes = trees.len();
        let lengths = [
            ("nodes_nodeids", node_ids.len()),
            ("nodes_modes", modes.len()),
            ("nodes_featureids", columns.len()),
            ("nodes_values", values.len()),
            ("nodes_truenodeids", on_true.len()),
            ("nodes_falsenodeids", on_false.len()),
        ];
        if let Some((name, length)) = lengths.into_iter().find(|&(_, length)| length != n_nodes) {
            return Err(wrong(name, &format!("of length {length}"), "as long as nodes_treeids"));
        }
        if !missing.is_empty() && missing.len() != n_nodes {
            let got = format!("of length {}", missing.len());
            return Err(wrong(
                "nodes_missing_value_tracks_true",
                &got,
                "as long as nodes_treeids, or absent",
            ));
        }
        let places = Places::new(&trees, &node_ids)?;
        let mut nodes = Vec::with_capacity(n_nodes);
        for (i, &mode) in modes.iter().enumerate() {
            nodes.push(match mode {
                "LEAF" => Stored::Leaf,
                _ => Stored::Split {
                    mode: Mode::named(mode)?,
                    column: columns[i],
                    value: values[i],
                    on_true: places.find(trees[i], on_true[i])?,
                    on_false: places.find(trees[i], on_false[i])?,
                    missing_is_true: missing.get(i).is_some_and(|&missing| missing != 0),
                },
            });
        }
        let mut ensemble = Self::without_trees(operator)?;
        ensemble.nodes = nodes;
        ensemble.roots.clone_from(&places.roots);
        ensemble.read_weights(operator, &places)?;
        Ok(ensemble)
    }

    /// The weights of the leaves, each with its node and its output.
    fn read_weights(&mut self, operator: &Operator<'_>, places: &Places) -> Result<(), Error> {
        let kind = if operator.kind == "TreeEnsembleClassifier" { "class" } else { "target" };
        let outputs = operator.integers(&format!("{kind}_ids"))?;
        let weights = operator.either(&format!("{kind}_weights"))?;
        let keys =
            (operator.integers(&format!("{kind}_treeids"))?, operator.integers(&format!("{kind}_nodeids"))?);
        if [keys.0.len(), keys.1.len(), weights.len()].iter().any(|&length| length != outputs.len()) {
            return Err(wrong(&format!("{kind}_weights"), &"of another length", "as long as its ids"));
        }
        self.count_outputs(operator, &outputs)?;
        let of_one = self.n_outputs == 1;
        for (i, &output) in outputs.iter().enumerate() {
            let node = places.find(keys.0[i], keys.1[i])?;
            let output = if of_one { 0 } else { u32::try_from(output).unwrap_or(u32::MAX) };
            self.weights.push((node, output, weights[i]));
        }
        self.weights.sort_by_key(|&(node, ..)| node);
        Ok(())
    }

    /// What stands in all operators of the older generation, besides the trees.
    fn without_trees(operator: &Operator<'_>) -> Result<Self, Error> {
        let is_average = match operator.text("aggregate_function", "SUM")? {
            "SUM" => false,
            "AVERAGE" => true,
            other => return Err(not_additive(other)),
        };
        let post_transform = operator.text("post_transform", "NONE")?;
        Ok(Self {
            nodes: Vec::new(),
            roots: Vec::new(),
            weights: Vec::new(),
            members: Vec::new(),
            n_outputs: 1,
            offset: operator.either("base_values")?,
            is_average,
            transform: transform(post_transform)?,
        })
    }

    /// Outputs: targets; or classes, of which two are one score when all weights are of one.
    fn count_outputs(&mut self, operator: &Operator<'_>, outputs: &[i64]) -> Result<(), Error> {
        let is_classifier = operator.kind == "TreeEnsembleClassifier";
        self.n_outputs = if is_classifier {
            let n_names = operator.texts("classlabels_strings")?.len();
            let n_classes = n_names.max(operator.integers("classlabels_int64s")?.len()).max(1);
            let is_one = outputs.windows(2).all(|pair| pair[0] == pair[1]);
            if n_classes == 2 && is_one { 1 } else { n_classes }
        } else {
            let n_targets = operator.integer("n_targets", 1)?;
            let most = outputs.len().max(1);
            usize::try_from(n_targets)
                .ok()
                .filter(|n| (1..=most).contains(n))
                .ok_or_else(|| wrong("n_targets", &n_targets, "from 1 to the number of target_ids"))?
        };
        let is_score = is_classifier && self.n_outputs == 1;
        self.offset = match self.offset.as_slice() {
            [] => vec![0.0; self.n_outputs],
            &[_, of_second] if is_score => vec![of_second],
            &[first] if is_classifier && self.n_outputs == 2 => vec![first, 0.0], // as onnxruntime has it
            offset if offset.len() == self.n_outputs => offset.to_vec(),
            offset => return Err(wrong("base_values", &offset.len(), "as many as outputs, or none")),
        };
        Ok(())
    }
}

/// Where the node with a tree's number and its own number stands.
struct Places {
    sorted: Vec<(i64, i64, u32)>,
    roots: Vec<u32>,
}

impl Places {
    fn new(trees: &[i64], nodes: &[i64]) -> Result<Self, Error> {
        if u32::try_from(trees.len()).is_err() {
            let limit = u64::from(u32::MAX);
            return Err(ModelError::TooLarge { what: "nodes", got: trees.len() as u64, limit }.into());
        }
        let keys = trees.iter().zip(nodes).zip(0..).map(|((&tree, &node), place)| (tree, node, place));
        let mut sorted: Vec<_> = keys.collect();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) {
            let got = format!("{} twice in tree {}", pair[0].1, pair[0].0);
            return Err(wrong("nodes_nodeids", &got, "different within a tree"));
        }
        // The root of a tree is the first of its nodes in the file.
        let mut roots: Vec<u32> = sorted
            .chunk_by(|a, b| a.0 == b.0)
            .filter_map(|tree| tree.iter().map(|&(.., place)| place).min())
            .collect();
        roots.sort_unstable();
        Ok(Self { sorted, roots })
    }

    fn find(&self, tree: i64, node: i64) -> Result<u32, Error> {
        let found = self.sorted.binary_search_by_key(&(tree, node), |&(tree, node, _)| (tree, node));
        match found {
            Ok(at) => Ok(self.sorted[at].2),
            Err(_) => Err(wrong("a node number", &format!("{node} in tree {tree}"), "one of nodes_nodeids")),
        }
    }
}

impl Mode {
    fn named(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "BRANCH_LEQ" => Self::Leq,
            "BRANCH_LT" => Self::Lt,
            "BRANCH_GTE" => Self::Gte,
            "BRANCH_GT" => Self::Gt,
            "BRANCH_EQ" => Self::Eq,
            "BRANCH_NEQ" => Self::Neq,
            _ => return Err(wrong("nodes_modes", &name, "BRANCH_LEQ, _LT, _GTE, _GT, _EQ, _NEQ or LEAF")),
        })
    }
}

pub(super) fn transform(name: &str) -> Result<Transform, Error> {
    Ok(match name {
        "NONE" => Transform::Identity,
        "SOFTMAX" => Transform::Softmax,
        "LOGISTIC" => Transform::Sigmoid { scale: 1.0 },
        "SOFTMAX_ZERO" | "PROBIT" => Transform::Other,
        _ => return Err(wrong("post_transform", &name, "NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT")),
    })
}

pub(super) fn not_additive(aggregate: &str) -> Error {
    let what = format!("aggregate function {aggregate}");
    let remedy =
        "only sums and averages of trees have exact values by tree; use ferroshap.PermutationExplainer";
    ModelError::Unsupported { library: "ONNX", what, remedy }.into()
}
