//! Trees as libraries store them, nodes in any order, brought into preorder and checked.
//!
//! A reader fills a [`Forest`] without trees (columns, offset, names, ...), hands it to [`Builder::new`], gives one
//! [`RawTree`] after the other, and ends with [`Builder::finish`], which validates the whole. Nothing here trusts an
//! index; work and memory are linear in what was given; nothing recurses.

use super::forest::{CategorySet, Forest, Linear, Node, Output, Split, Step, Tree};
use super::validation::{MOST_DEPTH, check_predicate};
use crate::error::{Error, ModelError};

/// A forest that grows tree by tree.
#[derive(Debug, Clone)]
pub struct Builder {
    forest: Forest,
}

/// A tree with its nodes in any order; the root is node 0. Nodes that the root does not reach are dropped.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawTree {
    /// The nodes.
    pub nodes: Vec<RawNode>,
    /// Cover of each node; empty where unknown.
    pub covers: Vec<f64>,
    /// `[row][value]`: rows of one value, or of one for each output of the forest; [`RawNode::Leaf`] names the row.
    pub values: Vec<f64>,
    /// One linear function for each row of `values`, where leaves are linear; else empty.
    pub linear: Vec<Linear>,
    /// Where the values go.
    pub output: Output,
    /// Whether the tree is to be held as an oblivious one; forgotten if it is none.
    pub is_oblivious: bool,
}

/// A node of a [`RawTree`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RawNode {
    /// A leaf, with the number of its row in [`RawTree::values`]; no two leaves share one.
    Leaf(u32),
    /// A split; `split.right` and `left` are node numbers of the raw tree.
    Split {
        /// The left child.
        left: u32,
        /// The split, with the right child.
        split: Split,
    },
}

/// A node number read from a file; what cannot be one becomes a number that [`Builder::tree`] refuses.
pub fn node_number(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Builder {
    /// Begin with a forest whose trees are still to come.
    pub fn new(forest: Forest) -> Self {
        Self { forest }
    }

    /// Add a category set; splits name it by the number that comes back.
    pub fn set(&mut self, set: CategorySet) -> u32 {
        self.forest.sets.push(set);
        u32::try_from(self.forest.sets.len() - 1).unwrap_or(u32::MAX)
    }

    /// Category sets added so far.
    pub fn n_sets(&self) -> usize {
        self.forest.sets.len()
    }

    /// Add a tree. Each node must be reached at most once, each number must be one.
    #[expect(clippy::needless_pass_by_value, reason = "a reader is done with it")]
    pub fn tree(&mut self, raw: RawTree) -> Result<(), Error> {
        let tree = preorder(&raw, &self.forest)?;
        self.forest.trees.push(tree);
        Ok(())
    }

    /// The forest, [validated](Forest::validated).
    pub fn finish(self) -> Result<Forest, Error> {
        self.forest.validated()
    }
}

/// The tree in preorder: what the root reaches, each node once.
fn preorder(raw: &RawTree, forest: &Forest) -> Result<Tree, Error> {
    let wrong =
        |node: usize, what: String| Error::Model(ModelError::Node { tree: forest.trees.len(), node, what });
    let width = if raw.output == Output::All { forest.n_outputs() } else { 1 };
    if !raw.covers.is_empty() && raw.covers.len() != raw.nodes.len() {
        return Err(wrong(0, format!("{} covers for {} nodes", raw.covers.len(), raw.nodes.len())));
    }
    let mut tree = Tree {
        nodes: Vec::with_capacity(raw.nodes.len()),
        values: Vec::with_capacity(raw.values.len()),
        output: raw.output,
        linear: Vec::with_capacity(raw.linear.len()),
        is_oblivious: raw.is_oblivious,
    };
    let mut is_reached = vec![false; raw.nodes.len()];
    let mut row_is_taken = vec![false; raw.values.len().checked_div(width).unwrap_or(0)];
    let mut n_leaves = 0_u32;
    let mut to_visit = vec![(0_u32, 0_usize, None::<usize>)]; // (raw node, depth, parent whose right child it is)
    while let Some((number, depth, right_of)) = to_visit.pop() {
        let at = number as usize;
        let Some(node) = raw.nodes.get(at) else {
            return Err(wrong(at, format!("there is no such node among {}", raw.nodes.len())));
        };
        if std::mem::replace(&mut is_reached[at], true) {
            return Err(wrong(at, "reached twice: the children do not form a tree".to_owned()));
        }
        if depth > MOST_DEPTH {
            return Err(wrong(at, format!("deeper than {MOST_DEPTH} splits")));
        }
        let place = tree.nodes.len();
        if let Some(Step::Split(split)) = right_of.map(|parent| &mut tree.nodes[parent].step) {
            split.right = u32::try_from(place).unwrap_or(u32::MAX);
        }
        let step = match *node {
            RawNode::Leaf(row) => {
                match row_is_taken.get_mut(row as usize) {
                    None => return Err(wrong(at, format!("the leaf has no values (row {row})"))),
                    Some(true) => {
                        return Err(wrong(at, format!("two leaves share their values (row {row})")));
                    }
                    Some(taken) => *taken = true,
                }
                push_leaf(raw, row as usize, width, &mut tree).map_err(|what| wrong(at, what))?;
                n_leaves += 1;
                Step::Leaf(n_leaves - 1)
            }
            RawNode::Split { left, split } => {
                check_predicate(&split, forest).map_err(|what| wrong(at, what))?;
                to_visit.push((split.right, depth + 1, Some(place)));
                to_visit.push((left, depth + 1, None));
                Step::Split(split)
            }
        };
        tree.nodes.push(Node { cover: raw.covers.get(at).copied().unwrap_or(0.0), step });
    }
    if let Some(bad) = tree.values.iter().position(|value| !value.is_finite()) {
        return Err(wrong(0, format!("leaf {} has value {}", bad / width, tree.values[bad])));
    }
    Ok(tree)
}

/// What a row of the raw tree's values says, as the next leaf; the row has values.
fn push_leaf(raw: &RawTree, row: usize, width: usize, tree: &mut Tree) -> Result<(), String> {
    tree.values.extend_from_slice(&raw.values[row * width..][..width]);
    if !raw.linear.is_empty() {
        let Some(linear) = raw.linear.get(row) else {
            return Err(format!("the leaf has no linear function (row {row})"));
        };
        tree.linear.push(linear.clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::forest::{Column, Precision, Predicate, Transform};
    use super::*;

    fn forest(n_columns: u32) -> Forest {
        let numeric = Column::Numeric { cast: Precision::F64, missing: None };
        Forest {
            library: "test".to_owned(),
            predicts_in: Precision::F64,
            columns: vec![numeric; n_columns as usize],
            names: Vec::new(),
            player: (0..n_columns).collect(),
            offset: vec![0.0],
            trees: Vec::new(),
            sets: Vec::new(),
            transform: Transform::Identity,
            has_cover: true,
            absent: 0.0,
            trees_per_round: 1,
        }
    }

    fn split(left: u32, right: u32, threshold: f64) -> RawNode {
        let predicate = Predicate::Le(threshold);
        RawNode::Split {
            left,
            split: Split { predicate, column: 0, right, nan_left: false, zero_is_missing: false },
        }
    }

    fn built(nodes: Vec<RawNode>, values: Vec<f64>) -> Result<Forest, Error> {
        let mut builder = Builder::new(forest(1));
        builder.tree(RawTree { nodes, values, ..RawTree::default() })?;
        builder.finish()
    }

    #[test]
    fn nodes_come_into_preorder_and_unreached_ones_are_dropped() {
        // 0 -> (3, 1), 3 -> (4, 2); node 5 is pruned.
        let nodes = vec![
            split(3, 1, 0.5),
            RawNode::Leaf(2),
            RawNode::Leaf(0),
            split(4, 2, 0.25),
            RawNode::Leaf(1),
            split(9, 9, 0.0),
        ];
        let tree = &built(nodes, vec![10.0, 11.0, 12.0]).unwrap().trees[0];
        assert_eq!(tree.values, [11.0, 10.0, 12.0]);
        let rights = tree.nodes.iter().filter_map(|node| match node.step {
            Step::Split(split) => Some(split.right),
            Step::Leaf(_) => None,
        });
        assert_eq!(rights.collect::<Vec<_>>(), [4, 3]);
        assert_eq!(tree.nodes[4].step, Step::Leaf(2));
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let leaf = RawNode::Leaf(0);
        let cases: [(&str, Vec<RawNode>, Vec<f64>); 9] = [
            ("cycle", vec![split(0, 1, 0.0), leaf], vec![0.0]),
            ("shared child", vec![split(1, 1, 0.0), leaf], vec![0.0]),
            ("child out of range", vec![split(1, 2, 0.0), leaf], vec![0.0]),
            ("no nodes", vec![], vec![]),
            ("NaN threshold", vec![split(1, 2, f64::NAN), leaf, RawNode::Leaf(1)], vec![0.0, 0.0]),
            ("NaN leaf", vec![leaf], vec![f64::NAN]),
            ("infinite leaf", vec![leaf], vec![f64::INFINITY]),
            ("leaf without a value", vec![RawNode::Leaf(1)], vec![0.0]),
            ("shared values", vec![split(1, 2, 0.0), leaf, leaf], vec![0.0]),
        ];
        for (case, nodes, values) in cases {
            let result = built(nodes, values);
            assert!(
                matches!(result, Err(Error::Model(ModelError::Node { tree: 0, .. }))),
                "{case}: {result:?}"
            );
        }
        let outside = Split {
            predicate: Predicate::Le(0.0),
            column: 1,
            right: 2,
            nan_left: false,
            zero_is_missing: false,
        };
        let nodes = vec![RawNode::Split { left: 1, split: outside }, leaf, RawNode::Leaf(1)];
        assert!(built(nodes, vec![0.0, 0.0]).is_err(), "column out of range");
    }

    /// A chain of so many splits, each with a leaf to the left.
    fn chain(depth: u32) -> RawTree {
        let mut nodes = Vec::new();
        for level in 0..depth {
            nodes.push(split(2 * level + 1, 2 * level + 2, 0.0));
            nodes.push(RawNode::Leaf(level));
        }
        nodes.push(RawNode::Leaf(depth));
        RawTree { nodes, values: vec![1.0; depth as usize + 1], ..RawTree::default() }
    }

    #[test]
    fn chains_may_be_4096_deep_and_no_deeper() {
        let mut builder = Builder::new(forest(1));
        builder.tree(chain(4096)).unwrap();
        assert!(matches!(builder.tree(chain(4097)), Err(Error::Model(ModelError::Node { tree: 1, .. }))));
        assert_eq!(builder.finish().unwrap().n_leaves(), 4097);
    }

    #[test]
    fn numbers_that_are_no_node_are_refused_later() {
        assert_eq!(node_number(7), 7);
        assert_eq!(node_number(-1), u32::MAX);
        assert_eq!(node_number(1 << 40), u32::MAX);
    }
}
