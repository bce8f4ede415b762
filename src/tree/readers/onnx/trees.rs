//! From stored nodes to trees: true-goes-left predicates, copies where a node has several ways in.

use super::attributes::wrong;
use super::ensemble::{Ensemble, Mode, Stored};
use crate::error::{Error, ModelError};
use crate::tree::builder::{Builder, RawNode, RawTree};
use crate::tree::forest::{Output, Predicate, Split};

/// Values of leaves that are accepted whatever the file's size.
const MOST_VALUES: usize = 1 << 22;

/// Add all trees; `n_bytes` bounds what they may take.
pub(super) fn add(ensemble: &Ensemble, builder: &mut Builder, n_bytes: usize) -> Result<(), Error> {
    // A member test becomes one split for each member, and its subtree is copied: so far, and no further.
    let n_members = ensemble.members.len();
    let mut nodes_left =
        if n_members == 0 { ensemble.nodes.len() } else { 10 * (ensemble.nodes.len() + n_members) };
    let mut values_left = MOST_VALUES.max(n_bytes.saturating_mul(4));
    let scale = if ensemble.is_average { 1.0 / ensemble.roots.len() as f64 } else { 1.0 };
    for &root in &ensemble.roots {
        let tree =
            Growth { ensemble, raw: RawTree::default(), leaves: Vec::new() }.grow(root, &mut nodes_left)?;
        let n_values = tree.values.len();
        values_left = values_left.checked_sub(n_values).ok_or(ModelError::TooLarge {
            what: "values of leaves",
            got: n_values as u64,
            limit: MOST_VALUES.max(n_bytes.saturating_mul(4)) as u64,
        })?;
        builder.tree(scaled(tree, scale))?;
    }
    Ok(())
}

fn scaled(mut tree: RawTree, scale: f64) -> RawTree {
    for value in &mut tree.values {
        *value *= scale;
    }
    tree
}

/// A tree that is being copied out of the ensemble.
struct Growth<'a> {
    ensemble: &'a Ensemble,
    raw: RawTree,
    leaves: Vec<u32>, // the stored node of each leaf
}

/// A node to come: where it is stored, how many members its test has passed, and whose child it is.
struct Pending {
    stored: u32,
    n_passed: u32,
    parent: Option<(usize, bool)>, // (node, is it the right child?)
}

impl Growth<'_> {
    fn grow(mut self, root: u32, nodes_left: &mut usize) -> Result<RawTree, Error> {
        let mut pending = vec![Pending { stored: root, n_passed: 0, parent: None }];
        while let Some(next) = pending.pop() {
            let number = self.raw.nodes.len();
            let node = u32::try_from(number).unwrap_or(u32::MAX);
            *nodes_left = nodes_left.checked_sub(1).ok_or_else(|| {
                wrong("the children", &"cyclic or shared", "a tree: each node reached once from its root")
            })?;
            match next.parent.and_then(|(parent, is_right)| Some((self.raw.nodes.get_mut(parent)?, is_right)))
            {
                Some((RawNode::Split { split, .. }, true)) => split.right = node,
                Some((RawNode::Split { left, .. }, false)) => *left = node,
                _ => {}
            }
            let Some(stored) = self.ensemble.nodes.get(next.stored as usize) else {
                return Err(wrong("a child", &next.stored, "the number of a node"));
            };
            match *stored {
                Stored::Split { on_true, on_false, .. } if on_true != on_false => {
                    let (split, true_is_left, is_last) = self.split(stored, next.n_passed)?;
                    self.raw.nodes.push(RawNode::Split { left: 0, split });
                    let other = Pending {
                        stored: if is_last { on_false } else { next.stored },
                        n_passed: if is_last { 0 } else { next.n_passed + 1 },
                        parent: Some((number, true_is_left)),
                    };
                    pending.push(other);
                    pending.push(Pending {
                        stored: on_true,
                        n_passed: 0,
                        parent: Some((number, !true_is_left)),
                    });
                }
                // Both ways lead to one node: a tree of one leaf, as opset 5 has to write it.
                Stored::Split { on_true, .. }
                    if matches!(self.ensemble.nodes.get(on_true as usize), Some(Stored::Leaf)) =>
                {
                    self.leaf(on_true);
                }
                Stored::Split { .. } => {
                    return Err(wrong("the children", &"cyclic or shared", "a tree: each node reached once"));
                }
                Stored::Leaf => self.leaf(next.stored),
            }
        }
        self.with_values()
    }

    fn leaf(&mut self, stored: u32) {
        self.raw.nodes.push(RawNode::Leaf(u32::try_from(self.leaves.len()).unwrap_or(u32::MAX)));
        self.leaves.push(stored);
    }

    /// The question of a node, whether its true child is the left one, and whether it is the node's last question.
    fn split(&self, stored: &Stored, n_passed: u32) -> Result<(Split, bool, bool), Error> {
        let Stored::Split { mode, column, value, missing_is_true, .. } = *stored else {
            return Err(wrong("a node", &"a leaf", "a split"));
        };
        let mut is_last = true;
        let (predicate, true_is_left) = match mode {
            Mode::Leq => (Predicate::Le(value), true),
            Mode::Lt => (Predicate::Lt(value), true),
            Mode::Gte => (Predicate::Lt(value), false),
            Mode::Gt => (Predicate::Le(value), false),
            Mode::Eq => (Predicate::Eq(value), true),
            Mode::Neq => (Predicate::Eq(value), false),
            Mode::Member(first, last) => {
                is_last = first + n_passed + 1 >= last;
                let member = self.ensemble.members.get((first + n_passed) as usize);
                let member = member.filter(|_| first < last);
                let member =
                    member.ok_or_else(|| wrong("membership_values", &"empty", "one value or more"))?;
                (Predicate::Eq(*member), true)
            }
        };
        // NaN compares as IEEE has it, so only "not equal" is true of it, unless the node says otherwise.
        let nan_is_true = missing_is_true || mode == Mode::Neq;
        let split = Split {
            predicate,
            column: u32::try_from(column).unwrap_or(u32::MAX),
            right: 0,
            nan_left: nan_is_true == true_is_left,
            zero_is_missing: false,
        };
        Ok((split, true_is_left, is_last))
    }

    /// Give the leaves their values: one each if all of the tree's weights are of one output.
    fn with_values(mut self) -> Result<RawTree, Error> {
        let weights_of = |leaf: u32| {
            let first = self.ensemble.weights.partition_point(|&(node, ..)| node < leaf);
            self.ensemble.weights[first..].iter().take_while(move |&&(node, ..)| node == leaf)
        };
        let mut outputs = self.leaves.iter().flat_map(|&leaf| weights_of(leaf)).map(|&(_, output, _)| output);
        let first = outputs.next().unwrap_or(0);
        let is_one = outputs.all(|output| output == first);
        let width = if is_one { 1 } else { self.ensemble.n_outputs };
        let n_values = width.checked_mul(self.leaves.len()).filter(|&n| n <= 1 << 28);
        let n_values =
            n_values.ok_or_else(|| wrong("the leaves", &"too many for so many outputs", "fewer"))?;
        let mut values = vec![0.0; n_values];
        for (row, &leaf) in self.leaves.iter().enumerate() {
            for &(_, output, weight) in weights_of(leaf) {
                let at = if is_one { 0 } else { output as usize };
                if output as usize >= self.ensemble.n_outputs {
                    return Err(wrong("the output of a leaf", &output, "below the number of outputs"));
                }
                values[row * width + at] += weight;
            }
        }
        self.raw.values = values;
        self.raw.output = if is_one { Output::One(first) } else { Output::All };
        Ok(self.raw)
    }
}
