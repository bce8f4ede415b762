//! `TreeEnsemble` of `ai.onnx.ml` 5: inner nodes and leaves in arrays of their own, children by position.

use super::attributes::{Operator, wrong};
use super::ensemble::{Ensemble, Mode, Stored, not_additive, transform};
use crate::error::Error;

/// The post-transforms by number.
const TRANSFORMS: [&str; 5] = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"];

/// Read the operator. Nodes are the inner ones, followed by the leaves.
pub(super) fn ensemble(operator: &Operator<'_>) -> Result<Ensemble, Error> {
    let columns = operator.integers("nodes_featureids")?;
    let modes = operator.numbers("nodes_modes")?;
    let values = operator.numbers("nodes_splits")?;
    let (true_ids, true_leaves) =
        (operator.integers("nodes_truenodeids")?, operator.integers("nodes_trueleafs")?);
    let (false_ids, false_leaves) =
        (operator.integers("nodes_falsenodeids")?, operator.integers("nodes_falseleafs")?);
    let missing = operator.integers("nodes_missing_value_tracks_true")?;
    let (outputs, weights) = (operator.integers("leaf_targetids")?, operator.numbers("leaf_weights")?);
    let members = operator.numbers("membership_values")?;
    let n_nodes = columns.len();
    let lengths =
        [modes.len(), values.len(), true_ids.len(), true_leaves.len(), false_ids.len(), false_leaves.len()];
    if lengths.iter().any(|&length| length != n_nodes) || !matches!(missing.len(), 0 | 1..) {
        return Err(wrong(
            "the arrays nodes_*",
            &format!("of lengths {lengths:?}"),
            "as long as nodes_featureids",
        ));
    }
    if outputs.len() != weights.len() {
        return Err(wrong(
            "leaf_weights",
            &format!("of length {}", weights.len()),
            "as long as leaf_targetids",
        ));
    }
    let mut sets = member_runs(&members).into_iter();
    let mut nodes = Vec::with_capacity(n_nodes + weights.len());
    for i in 0..n_nodes {
        nodes.push(Stored::Split {
            mode: mode(modes[i], &mut sets)?,
            column: columns[i],
            value: values[i],
            on_true: child(true_ids[i], true_leaves[i], n_nodes),
            on_false: child(false_ids[i], false_leaves[i], n_nodes),
            missing_is_true: missing.get(i).is_some_and(|&missing| missing != 0),
        });
    }
    nodes.resize(n_nodes + weights.len(), Stored::Leaf);
    let n_outputs = count_targets(operator, outputs.len())?;
    let weight = |(i, (&output, &weight)): (usize, (&i64, &f64))| {
        (u32::try_from(n_nodes + i).unwrap_or(u32::MAX), u32::try_from(output).unwrap_or(u32::MAX), weight)
    };
    let post_transform = usize::try_from(operator.integer("post_transform", 0)?).unwrap_or(usize::MAX);
    Ok(Ensemble {
        nodes,
        roots: operator.integers("tree_roots")?.into_iter().map(place).collect(),
        weights: outputs.iter().zip(&weights).enumerate().map(weight).collect(),
        members,
        n_outputs,
        offset: vec![0.0; n_outputs],
        is_average: is_average(operator)?,
        transform: transform(TRANSFORMS.get(post_transform).unwrap_or(&"unknown"))?,
    })
}

fn is_average(operator: &Operator<'_>) -> Result<bool, Error> {
    match operator.integer("aggregate_function", 1)? {
        0 => Ok(true),
        1 => Ok(false),
        2 => Err(not_additive("MIN")),
        _ => Err(not_additive("MAX")),
    }
}

fn count_targets(operator: &Operator<'_>, n_leaves: usize) -> Result<usize, Error> {
    let n_targets = operator.integer("n_targets", 1)?;
    let n_outputs = usize::try_from(n_targets).ok().filter(|n| (1..=n_leaves.max(1)).contains(n));
    n_outputs.ok_or_else(|| wrong("n_targets", &n_targets, "from 1 to the number of leaves"))
}

fn place(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Leaves stand behind the inner nodes.
fn child(id: i64, is_leaf: i64, n_nodes: usize) -> u32 {
    let first = if is_leaf == 0 { 0 } else { i64::try_from(n_nodes).unwrap_or(i64::MAX) };
    place(id.saturating_add(first))
}

/// Runs between NaN, one for each node that asks for members, in their order.
fn member_runs(members: &[f64]) -> Vec<(u32, u32)> {
    let mut runs = Vec::new();
    let mut first = 0;
    for (at, member) in (0..).zip(members) {
        if member.is_nan() {
            runs.push((first, at));
            first = at + 1;
        }
    }
    let end = u32::try_from(members.len()).unwrap_or(u32::MAX);
    if first < end {
        runs.push((first, end));
    }
    runs
}

fn mode(number: f64, sets: &mut impl Iterator<Item = (u32, u32)>) -> Result<Mode, Error> {
    let modes = [Mode::Leq, Mode::Lt, Mode::Gte, Mode::Gt, Mode::Eq, Mode::Neq];
    if let Some(at) = (0_u8..6).position(|mode| f64::from(mode).total_cmp(&number).is_eq()) {
        return Ok(modes[at]);
    }
    if number.total_cmp(&6.0).is_ne() {
        return Err(wrong("nodes_modes", &number, "a number from 0 to 6"));
    }
    let (first, last) = sets
        .next()
        .ok_or_else(|| wrong("membership_values", &"too short", "one run for each node of mode 6"))?;
    Ok(Mode::Member(first, last))
}
