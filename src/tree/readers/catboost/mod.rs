//! CatBoost's model files, in JSON.
//!
//! A float feature is cast to f32 and goes right above its border. A category is known by a 32-bit hash of its text
//! ([`category_hash`]): the file holds no texts, so the dictionary of a categorical column lists the hashes, as
//! decimal numbers, in rising order, and rows bring the place of a hash in it (anything else is an unknown category).
//! One-hot splits and counters over a single categorical column are then sets of codes. Values, scale and bias are
//! f64; the bias is a vector.

mod city;
mod columns;
mod counters;
#[expect(clippy::struct_field_names, reason = "CatBoost's names")]
mod json;
mod splits;

pub use city::{category_hash, category_with_hash};

use self::columns::Columns;
use self::json::{Model, Numbers, ObliviousTree, TreeNode};
use self::splits::Splits;
use crate::error::{Error, ModelError};
use crate::tree::builder::{Builder, RawNode, RawTree};
use crate::tree::forest::{Forest, Output, Precision, Split, Transform};

/// Levels of an oblivious tree: CatBoost grows at most 16.
const MOST_LEVELS: usize = 24;

/// Read a model.
pub fn read(bytes: &[u8]) -> Result<Forest, Error> {
    let model: Model = serde_json::from_slice(bytes).map_err(|error| syntax(bytes, &error))?;
    refuse_features(&model)?;
    let (scale, bias) =
        model.scale_and_bias.as_ref().map_or((1.0, &[0.0][..]), |(scale, bias)| (*scale, &bias.0));
    let n_outputs = n_outputs(&model, bias.len())?;
    let offset = match bias {
        [] => vec![0.0; n_outputs],
        [one] => vec![*one; n_outputs],
        _ => bias.to_vec(),
    };
    let columns = Columns::new(&model)?;
    let mut builder = Builder::new(Forest {
        library: library(&model.model_info.catboost_version_info),
        predicts_in: Precision::F64,
        names: columns.names(),
        player: (0..).take(columns.kinds.len()).collect(),
        columns: columns.kinds.clone(),
        offset,
        trees: Vec::new(),
        sets: Vec::new(),
        transform: transform(&model.model_info.params.loss_function.name),
        has_cover: has_weights(&model),
        absent: 0.0,
        trees_per_round: 1,
    });
    let mut splits = Splits::new(&model, &columns);
    let output = if n_outputs == 1 { Output::One(0) } else { Output::All };
    for (number, tree) in model.oblivious_trees.iter().flatten().enumerate() {
        let mut raw = oblivious(tree, number, n_outputs, &mut splits, &mut builder)?;
        raw.values.iter_mut().for_each(|value| *value *= scale);
        builder.tree(RawTree { output, ..raw })?;
    }
    for (number, tree) in model.trees.iter().flatten().enumerate() {
        let mut raw = nested(tree, number, n_outputs, &mut splits, &mut builder)?;
        raw.values.iter_mut().for_each(|value| *value *= scale);
        builder.tree(RawTree { output, ..raw })?;
    }
    builder.finish()
}

/// A field that holds what it must not.
#[expect(clippy::needless_pass_by_value, reason = "numbers and texts alike")]
fn wrong(field: impl Into<String>, got: impl ToString, accepted: &'static str) -> Error {
    ModelError::Field { format: "CatBoost", field: field.into(), got: got.to_string(), accepted }.into()
}

/// What serde says, with its line and column as a byte.
fn syntax(bytes: &[u8], error: &serde_json::Error) -> Error {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n').take(error.line().saturating_sub(1));
    let at = lines.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1);
    ModelError::Syntax { format: "CatBoost", at: at.min(bytes.len()), what: error.to_string() }.into()
}

fn refuse_features(model: &Model) -> Result<(), Error> {
    let refused = [
        ("text features", model.features_info.text_features.len()),
        ("embedding features", model.features_info.embedding_features.len()),
    ];
    match refused.iter().find(|(_, count)| *count > 0) {
        Some((what, _)) => {
            let remedy = "train without them, or use `algorithm='permutation'`";
            Err(ModelError::Unsupported { library: "CatBoost", what: (*what).to_owned(), remedy }.into())
        }
        None => Ok(()),
    }
}

/// How many outputs: told by the first tree, and by the biases unless there is a single one.
fn n_outputs(model: &Model, n_biases: usize) -> Result<usize, Error> {
    let oblivious = model.oblivious_trees.iter().flatten().next();
    let of_oblivious = |tree: &ObliviousTree| tree.leaf_values.len() >> n_levels(tree).min(63);
    let nested = model.trees.iter().flatten().next();
    let by_trees = oblivious.map(of_oblivious).or_else(|| nested.map(first_leaf_width));
    match (by_trees, n_biases) {
        (None, _) => Ok(n_biases.max(1)),
        (Some(0), _) => Err(wrong("leaf values", "too few", "one or more for each leaf")),
        (Some(width), 0 | 1) => Ok(width),
        (Some(width), _) if width == n_biases => Ok(width),
        (Some(width), _) => Err(wrong("leaf values", width, "as many for each leaf as there are biases")),
    }
}

fn n_levels(tree: &ObliviousTree) -> usize {
    tree.splits.as_ref().map_or(0, Vec::len)
}

fn first_leaf_width(mut tree: &TreeNode) -> usize {
    while let Some(left) = &tree.left {
        tree = left;
    }
    tree.value.as_ref().map_or(0, |value| value.0.len())
}

fn has_weights(model: &Model) -> bool {
    let all_oblivious = model.oblivious_trees.iter().flatten().all(|tree| match &tree.leaf_weights {
        Some(weights) => !weights.is_empty(),
        None => false,
    });
    let mut to_visit: Vec<&TreeNode> = model.trees.iter().flatten().collect();
    while let Some(node) = to_visit.pop() {
        match (&node.left, &node.right) {
            (Some(left), Some(right)) => to_visit.extend([&**left, &**right]),
            _ if node.weight.is_none() => return false,
            _ => {}
        }
    }
    all_oblivious
}

fn library(version_info: &str) -> String {
    let mut words = version_info.split_whitespace().skip_while(|&word| word != "release");
    let is_version = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit()) && word.len() < 20;
    let version = words.nth(1).map(|word| word.trim_end_matches('.')).filter(is_version);
    version.map_or_else(|| "CatBoost".to_owned(), |version| format!("CatBoost {version}"))
}

/// What `predict` makes of the raw value for a loss; ranking and regression losses leave it alone.
fn transform(loss: &str) -> Transform {
    match loss {
        "Logloss" | "CrossEntropy" | "Focal" => Transform::Sigmoid { scale: 1.0 },
        "MultiClass" => Transform::Softmax,
        "Poisson" | "Tweedie" => Transform::Exp,
        "MultiClassOneVsAll" | "MultiLogloss" | "MultiCrossEntropy" | "RMSEWithUncertainty" => {
            Transform::Other
        }
        _ => Transform::Identity,
    }
}

/// A complete tree whose root asks the LAST split: then a leaf's number, the root's decision its highest bit, is
/// CatBoost's own index, and conditioning from the root down is CatBoost's own order.
fn oblivious(
    tree: &ObliviousTree,
    number: usize,
    n_outputs: usize,
    splits: &mut Splits<'_>,
    builder: &mut Builder,
) -> Result<RawTree, Error> {
    let n_levels = n_levels(tree);
    let name = |field: &str| format!("oblivious_trees[{number}].{field}");
    if n_levels > MOST_LEVELS {
        return Err(wrong(name("splits"), n_levels, "at most 24 splits"));
    }
    let n_leaves = 1_usize << n_levels;
    if tree.leaf_values.len() != n_leaves * n_outputs {
        let got = format!("{} numbers for {n_levels} splits", tree.leaf_values.len());
        return Err(wrong(name("leaf_values"), got, "one for each leaf and output"));
    }
    let weights = tree.leaf_weights.as_deref().unwrap_or_default();
    if !weights.is_empty() && weights.len() != n_leaves {
        return Err(wrong(name("leaf_weights"), weights.len(), "one for each leaf"));
    }
    let mut levels: Vec<Split> = Vec::with_capacity(n_levels); // by level, root first
    for split in tree.splits.iter().flatten().rev() {
        levels.push(splits.split(split, || name("splits"), builder)?);
    }
    // Numbered level by level: node i has children 2 i + 1 and 2 i + 2, leaves come last and in order.
    let node = |level: usize, place: u32| {
        let left = 2 * place + 1;
        RawNode::Split { left, split: Split { right: left + 1, ..levels[level] } }
    };
    let mut nodes = Vec::with_capacity(2 * n_leaves - 1);
    for level in 0..n_levels {
        let first = (1_u32 << level) - 1;
        nodes.extend((first..=2 * first).map(|place| node(level, place)));
    }
    nodes.extend((0..1_u32 << n_levels).map(RawNode::Leaf));
    let mut covers = Vec::new();
    if !weights.is_empty() {
        covers.resize(n_leaves - 1, 0.0);
        covers.extend_from_slice(weights);
        for place in (0..n_leaves - 1).rev() {
            covers[place] = covers[2 * place + 1] + covers[2 * place + 2];
        }
    }
    Ok(RawTree { nodes, covers, values: tree.leaf_values.clone(), is_oblivious: true, ..RawTree::default() })
}

/// A tree whose nodes hold their children.
fn nested(
    tree: &TreeNode,
    number: usize,
    n_outputs: usize,
    splits: &mut Splits<'_>,
    builder: &mut Builder,
) -> Result<RawTree, Error> {
    let mut raw = RawTree::default();
    let mut parents: Vec<usize> = Vec::new();
    let name = |field: &str| format!("trees[{number}].{field}");
    let mut to_visit = vec![(tree, None::<(usize, bool)>)]; // (node, (parent, is the right child))
    while let Some((node, parent)) = to_visit.pop() {
        let place = raw.nodes.len();
        if let Some((parent, is_right)) = parent
            && let RawNode::Split { left, split } = &mut raw.nodes[parent]
        {
            *(if is_right { &mut split.right } else { left }) = number_of(place);
        }
        parents.push(parent.map_or(0, |(parent, _)| parent));
        raw.covers.push(if node.split.is_some() { 0.0 } else { node.weight.unwrap_or(0.0) });
        raw.nodes.push(match (&node.split, &node.left, &node.right, &node.value) {
            (Some(split), Some(left), Some(right), None) => {
                to_visit.push((right, Some((place, true))));
                to_visit.push((left, Some((place, false))));
                RawNode::Split { left: u32::MAX, split: splits.split(split, || name("split"), builder)? }
            }
            (None, None, None, Some(Numbers(values))) if values.len() == n_outputs => {
                raw.values.extend_from_slice(values);
                RawNode::Leaf(number_of(raw.values.len() / n_outputs - 1))
            }
            (None, None, None, Some(Numbers(values))) => {
                return Err(wrong(name("value"), format!("{} numbers", values.len()), "one for each output"));
            }
            _ => return Err(wrong(name("node"), "neither", "a split with two children, or a value")),
        });
    }
    for place in (1..raw.nodes.len()).rev() {
        raw.covers[parents[place]] += raw.covers[place]; // children stand after their parents
    }
    Ok(raw)
}

/// A count as the builder takes it; what is too large it refuses.
fn number_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
