//! One tree: arrays by node number, as XGBoost holds it.

use super::categories;
use super::document::{Value, field_error};
use crate::error::{Error, ModelError};
use crate::tree::builder::{Builder, RawNode, RawTree, node_number};
use crate::tree::forest::{Output, Predicate, Split};

/// Where a tree stands in its forest.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) number: usize,
    pub(super) output: u32,
    pub(super) n_outputs: usize,
    pub(super) weight: f64,
    /// Whether codes past a category set take the default direction, as in 1.6, and not the left.
    pub(super) rest_by_default: bool,
}

/// The tree of one object.
pub(super) fn tree(
    tree: Value<'_, '_>,
    place: &Place,
    builder: &mut Builder,
    budget: &mut categories::Budget,
) -> Result<RawTree, Error> {
    let left = tree.member("left_children")?.integers()?;
    let right = tree.member("right_children")?.integers()?;
    let columns = tree.member("split_indices")?.integers()?;
    let conditions = tree.member("split_conditions")?.singles()?;
    let nan_left = tree.member("default_left")?.integers()?;
    let covers = tree.get("sum_hessian").map_or(Ok(Vec::new()), Value::singles)?;
    let rest_left = |node: usize| !place.rest_by_default || nan_left.get(node).is_some_and(|&left| left != 0);
    let sets = categories::sets(tree, left.len(), rest_left, (builder, budget))?;
    let lengths = [
        ("right_children", right.len()),
        ("split_indices", columns.len()),
        ("split_conditions", conditions.len()),
        ("default_left", nan_left.len()),
    ];
    if let Some((name, length)) = lengths.into_iter().find(|&(_, length)| length != left.len()) {
        let field = format!("{name} of tree {}", place.number);
        return Err(field_error(field, format!("of length {length}"), "as long as left_children"));
    }
    let leaves = Leaves::new(tree, place)?;
    let mut values = Vec::new();
    let mut nodes = Vec::with_capacity(left.len());
    let mut n_leaves = 0;
    for (node, &child) in left.iter().enumerate() {
        if child == -1 {
            leaves.push(node, &right, &conditions, &mut values).ok_or_else(|| {
                let what = "the leaf has no values".to_owned();
                ModelError::Node { tree: place.number, node, what }
            })?;
            nodes.push(RawNode::Leaf(n_leaves));
            n_leaves += 1;
            continue;
        }
        let in_set = sets.get(node).copied().flatten();
        let predicate = in_set.unwrap_or_else(|| Predicate::Lt(f64::from(conditions[node])));
        let split = Split {
            predicate,
            column: node_number(columns[node].into()),
            right: node_number(right[node].into()),
            nan_left: nan_left[node] != 0,
            zero_is_missing: false,
        };
        nodes.push(RawNode::Split { left: node_number(child.into()), split });
    }
    for value in &mut values {
        *value *= place.weight;
    }
    Ok(RawTree {
        nodes,
        covers: covers.into_iter().map(f64::from).collect(),
        values,
        output: if leaves.is_vector { Output::All } else { Output::One(place.output) },
        ..RawTree::default()
    })
}

/// Where the leaves keep their values.
struct Leaves {
    is_vector: bool,
    width: usize,
    /// `[row][output]`: of each leaf, at the row that its right child names; since 3.2.
    by_leaf: Vec<f32>,
    /// `[node][output]`, before.
    by_node: Vec<f32>,
}

impl Leaves {
    fn new(tree: Value<'_, '_>, place: &Place) -> Result<Self, Error> {
        let parameters = tree.get("tree_param");
        let width = match parameters.and_then(|parameters| parameters.get("size_leaf_vector")) {
            Some(size) => size.count()?.max(1), // 0 in old versions
            None => 1,
        };
        if width != 1 && width != place.n_outputs {
            let field = format!("size_leaf_vector of tree {}", place.number);
            return Err(field_error(field, width.to_string(), "1, or the number of outputs"));
        }
        let numbers = |key| tree.get(key).map_or(Ok(Vec::new()), Value::singles);
        let is_vector = width > 1;
        let by_leaf = if is_vector { numbers("leaf_weights")? } else { Vec::new() };
        let by_node = if is_vector && by_leaf.is_empty() { numbers("base_weights")? } else { Vec::new() };
        Ok(Self { is_vector, width, by_leaf, by_node })
    }

    /// Add the values of a leaf.
    fn push(&self, node: usize, right: &[i32], conditions: &[f32], values: &mut Vec<f64>) -> Option<()> {
        let row = |numbers: &[f32], row: usize, values: &mut Vec<f64>| {
            let first = row.checked_mul(self.width)?;
            let numbers = numbers.get(first..first.checked_add(self.width)?)?;
            values.extend(numbers.iter().map(|&value| f64::from(value)));
            Some(())
        };
        match (self.is_vector, self.by_leaf.is_empty()) {
            (false, _) => row(conditions, node, values),
            (true, false) => row(&self.by_leaf, usize::try_from(right[node]).ok()?, values),
            (true, true) => row(&self.by_node, node, values),
        }
    }
}
