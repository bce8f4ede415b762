//! The path to a leaf, with the conditions of each player merged.

use super::code;
use crate::tree::encode::{EncodedRows, Encoding, Test};
use crate::tree::forest::{Forest, Split, Step, Tree};

/// The distinct players of a path, and what the path asks of them.
pub(super) struct LeafPath {
    /// In the order in which they appear.
    pub(super) players: Vec<u32>,
    /// Each player's product of cover fractions, `c_j`.
    pub(super) covers: Vec<f64>,
    /// Each player's nodes, with the side that the path takes.
    steps: Vec<Vec<(usize, bool)>>,
}

/// What a row must satisfy to come down a path.
pub(super) struct Conditions<'a> {
    of_player: Vec<Vec<(Test<'a>, bool)>>,
}

/// Call `visit(leaf, path)` for each leaf from left to right; a path is (node, did it go left) from the root down.
pub(super) fn for_each_leaf(tree: &Tree, mut visit: impl FnMut(u32, &[(usize, bool)])) {
    let mut path: Vec<(usize, bool)> = Vec::new();
    for (number, node) in tree.nodes.iter().enumerate() {
        match node.step {
            Step::Split(_) => path.push((number, true)),
            Step::Leaf(leaf) => {
                visit(leaf, &path);
                while path.last().is_some_and(|&(_, is_left)| !is_left) {
                    path.pop();
                }
                if let Some((_, is_left)) = path.last_mut() {
                    *is_left = false;
                }
            }
        }
    }
}

fn split_at(tree: &Tree, node: usize) -> &Split {
    match &tree.nodes[node].step {
        Step::Split(split) => split,
        Step::Leaf(_) => unreachable!("a path consists of splits"),
    }
}

impl LeafPath {
    pub(super) fn new(forest: &Forest, tree: &Tree, nodes: &[(usize, bool)]) -> Self {
        let mut path = Self { players: Vec::new(), covers: Vec::new(), steps: Vec::new() };
        for &(node, is_left) in nodes {
            let split = split_at(tree, node);
            let player = forest.player[split.column as usize];
            let left = tree.fraction_left(node, split);
            let place = path.players.iter().position(|&other| other == player).unwrap_or_else(|| {
                path.players.push(player);
                path.covers.push(1.0);
                path.steps.push(Vec::new());
                path.players.len() - 1
            });
            path.covers[place] *= if is_left { left } else { 1.0 - left };
            path.steps[place].push((node, is_left));
        }
        path
    }

    pub(super) fn conditions<'a>(&self, encoding: &'a Encoding, tree: &Tree) -> Conditions<'a> {
        let test = |&(node, is_left): &(usize, bool)| (encoding.test(split_at(tree, node)), is_left);
        Conditions { of_player: self.steps.iter().map(|steps| steps.iter().map(test).collect()).collect() }
    }
}

impl Conditions<'_> {
    /// Which players' conditions does the row satisfy?
    pub(super) fn hold(&self, rows: &EncodedRows, row: usize) -> Vec<bool> {
        let holds =
            |&(test, is_left): &(Test<'_>, bool)| test.goes_left(code(rows, row, test.column())) == is_left;
        self.of_player.iter().map(|conditions| conditions.iter().all(holds)).collect()
    }
}
