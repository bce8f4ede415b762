//! Trees as the walk reads them: what each node asks, and below which of them a leaf is wanted.

use crate::tree::encode::{Encoding, Test};
use crate::tree::forest::{Forest, Step, Tree};

/// A node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    /// The number of the leaf.
    Leaf(u32),
    /// No wanted leaf is below: nobody comes here.
    Unwanted,
    /// A split.
    Split(Split),
}

/// A split.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    /// The encoded column.
    pub(super) column: u32,
    /// The player, numbered within the tree.
    pub(super) player: u32,
    /// The right child; the left one is the next node.
    pub(super) right: u32,
    /// What it asks.
    pub(super) ask: Ask,
    /// Are there fewer nodes below the left child than below the right one?
    pub(super) is_left_smaller: bool,
}

/// What a split asks of a code.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask {
    /// `code <= threshold`
    Le { threshold: f32, nan_left: bool },
    /// A category set, by its number in [`Trees::sets`].
    InSet(u32),
}

/// Which codes go left.
#[derive(Debug)]
pub(super) struct Set {
    words: Box<[u32]>,
    nan_left: bool,
    invalid_left: bool,
    rest_left: bool,
}

impl Set {
    #[inline]
    pub(super) fn goes_left(&self, code: f32) -> bool {
        if code.is_nan() {
            return self.nan_left;
        }
        if code < 0.0 {
            return self.invalid_left;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "codes are small integers"
        )]
        let code = code as usize;
        self.words.get(code / 32).map_or(self.rest_left, |word| word >> (code % 32) & 1 == 1)
    }
}

/// The trees of a forest that the walk visits.
#[derive(Debug, Default)]
pub(super) struct Trees {
    nodes: Vec<Node>,
    /// Where each tree of the forest starts in `nodes`.
    roots: Vec<usize>,
    /// The players that each tree asks about, ascending.
    pub(super) players: Vec<Vec<u32>>,
    pub(super) sets: Vec<Set>,
}

impl Trees {
    /// Compile the forest; `leaves` names the wanted leaves of each tree in ascending order, `None` all.
    pub(super) fn new(forest: &Forest, encoding: &Encoding, leaves: Option<&[Vec<u32>]>) -> Self {
        let mut trees = Self::default();
        for (number, tree) in forest.trees.iter().enumerate() {
            trees.roots.push(trees.nodes.len());
            let players = players_of(forest, tree);
            let wanted = |leaf: &u32| leaves.is_none_or(|leaves| leaves[number].binary_search(leaf).is_ok());
            // children come after their parents: from the end, each node knows whether they are wanted
            let mut nodes = vec![Node::Unwanted; tree.nodes.len()];
            let mut sizes = vec![1_u32; tree.nodes.len()];
            for (at, node) in tree.nodes.iter().enumerate().rev() {
                let mut is_left_smaller = false;
                if let Step::Split(split) = &node.step {
                    let (left, right) = (sizes[at + 1], sizes[split.right as usize]);
                    sizes[at] = 1 + left + right;
                    is_left_smaller = left < right;
                }
                nodes[at] = match &node.step {
                    Step::Leaf(leaf) if wanted(leaf) => Node::Leaf(*leaf),
                    Step::Split(split) => {
                        let children = [nodes[at + 1], nodes[split.right as usize]];
                        if children.iter().all(|child| matches!(child, Node::Unwanted)) {
                            continue;
                        }
                        let (column, ask) = trees.ask(encoding.test(split));
                        let player = players.binary_search(&forest.player[split.column as usize]);
                        let player = self::number(player.expect("it is one of them"));
                        let right = split.right;
                        Node::Split(Split { column, player, right, ask, is_left_smaller })
                    }
                    Step::Leaf(_) => continue,
                };
            }
            trees.nodes.extend(nodes);
            trees.players.push(players);
        }
        trees
    }

    /// The nodes of a tree, and perhaps more.
    pub(super) fn of(&self, tree: usize) -> &[Node] {
        &self.nodes[self.roots[tree]..]
    }

    /// Leave out some leaves of a tree, and what has no wanted leaf below any more.
    pub(super) fn leave_out(&mut self, tree: usize, n_nodes: usize, leaves: &[u32]) {
        let nodes = self.of_mut(tree, n_nodes);
        for at in (0..n_nodes).rev() {
            let is_out = match nodes[at] {
                Node::Unwanted => false,
                Node::Leaf(leaf) => leaves.binary_search(&leaf).is_ok(),
                Node::Split(split) => {
                    let children = [nodes[at + 1], nodes[split.right as usize]];
                    children.iter().all(|child| matches!(child, Node::Unwanted))
                }
            };
            if is_out {
                nodes[at] = Node::Unwanted;
            }
        }
    }

    pub(super) fn of_mut(&mut self, tree: usize, n_nodes: usize) -> &mut [Node] {
        &mut self.nodes[self.roots[tree]..][..n_nodes]
    }

    pub(super) fn is_wanted(&self, tree: usize) -> bool {
        !matches!(self.of(tree)[0], Node::Unwanted)
    }

    fn ask(&mut self, test: Test<'_>) -> (u32, Ask) {
        match test {
            Test::Le { column, threshold, nan_left } => (number(column), Ask::Le { threshold, nan_left }),
            Test::InSet { column, words, nan_left, invalid_left, rest_left } => {
                self.sets.push(Set { words: words.into(), nan_left, invalid_left, rest_left });
                (number(column), Ask::InSet(number(self.sets.len() - 1)))
            }
        }
    }
}

/// The players that a tree's splits and linear leaves ask about, ascending.
fn players_of(forest: &Forest, tree: &Tree) -> Vec<u32> {
    let columns = tree.nodes.iter().filter_map(|node| match &node.step {
        Step::Split(split) => Some(split.column),
        Step::Leaf(_) => None,
    });
    let terms = tree.linear.iter().flat_map(|linear| &linear.terms).map(|&(column, _)| column);
    let mut players: Vec<u32> = columns.chain(terms).map(|column| forest.player[column as usize]).collect();
    players.sort_unstable();
    players.dedup();
    players
}

/// Nodes, leaves, columns and rows are counted in 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "a forest has fewer than 2^32 of anything")]
pub(super) fn number(position: usize) -> u32 {
    position as u32
}
