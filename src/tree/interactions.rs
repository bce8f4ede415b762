//! Pairwise interactions from the same descent as the values: [`Quadrature`](super::quadrature::Quadrature) with
//! [`Slots::Pairs`](super::quadrature::Slots::Pairs) or both.
//!
//! The interaction of i and j is the integral of the second derivative. At a node of player i it is the value's own sum
//! over points, each term times `g_j = (h_j - c_j) / (h_j t + c_j (1 - t))` of another player j of the path, in the
//! latest state (h_j, c_j) of it: `(1 - c_j) / (t + c_j (1 - t))` while the row follows the path on j, and
//! `-1 / (1 - t)` once it has left. Nodes of i below j and nodes of j below i together give the whole.

use std::collections::BTreeSet;

use super::forest::{Forest, Step};

/// Pairs of players `(i, j)`, `i < j`, ascending, that share a path of some of these trees; all others have
/// interaction 0.
pub fn pairs(forest: &Forest, trees: &[u32]) -> Vec<(u32, u32)> {
    let mut pairs = BTreeSet::new();
    for &tree in trees {
        let nodes = &forest.trees[tree as usize].nodes;
        let mut path: Vec<u32> = Vec::new(); // players of the nodes above, the root first
        let mut to_do = vec![(0, 0)]; // a node, and its depth
        while let Some((node, depth)) = to_do.pop() {
            let Step::Split(split) = nodes[node].step else { continue };
            path.truncate(depth);
            let player = forest.player[split.column as usize];
            if !path.contains(&player) {
                pairs.extend(path.iter().map(|&other| (player.min(other), player.max(other))));
            }
            path.push(player);
            to_do.extend([(split.right as usize, depth + 1), (node + 1, depth + 1)]);
        }
    }
    pairs.into_iter().collect()
}
