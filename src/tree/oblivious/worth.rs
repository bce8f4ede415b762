//! What every coalition of a tree's players is worth, under every pattern of leaf decisions.
//!
//! A tensor with one axis a player: a player in the coalition brings the decisions of their levels (2^m states for m
//! levels), one outside is the last state of the axis. With distinct players that is 3^D numbers.

use crate::tree::forest::{Step, Tree};

/// The players of a tree, and which levels are whose.
#[derive(Debug)]
pub(super) struct Shape {
    players: Vec<u32>,      // ascending
    owner: Vec<usize>,      // by level, root first: place in `players`
    n_patterns: Vec<usize>, // by player: 2^levels
    major: Vec<usize>,      // by leaf number: the same decisions, ordered by player, the first player highest
}

impl Shape {
    /// From the player of each level, root first.
    pub(super) fn new(levels: impl Iterator<Item = u32>) -> Self {
        let levels: Vec<u32> = levels.collect();
        let mut players = levels.clone();
        players.sort_unstable();
        players.dedup();
        let owner: Vec<usize> =
            levels.iter().map(|level| players.partition_point(|player| player < level)).collect();
        let mut n_patterns = vec![1; players.len()];
        for &player in &owner {
            n_patterns[player] *= 2;
        }
        let mut by_player: Vec<usize> = (0..levels.len()).collect();
        by_player.sort_by_key(|&level| owner[level]); // stable: a player's levels from the root down
        let n_levels = levels.len();
        let major = |leaf: usize| {
            by_player.iter().fold(0, |index, &level| 2 * index + (leaf >> (n_levels - 1 - level) & 1))
        };
        let major = (0..1 << n_levels).map(major).collect();
        Self { players, owner, n_patterns, major }
    }

    pub(super) fn players(&self) -> &[u32] {
        &self.players
    }

    /// By player.
    pub(super) fn n_patterns(&self) -> &[usize] {
        &self.n_patterns
    }

    /// By leaf number: the place in an order by player.
    pub(super) fn major(&self) -> &[usize] {
        &self.major
    }

    fn n_levels(&self) -> usize {
        self.owner.len()
    }
}

/// Players outside the coalition go both ways, by the shares of the covers.
///
/// From the leaves up: a node's tensor is made of its children's, and gains the node's level in its player's axis.
pub(super) fn path_dependent(tree: &Tree, shape: &Shape, values: &[f64]) -> Vec<f64> {
    let n_levels = shape.n_levels();
    let mut sizes = vec![1; shape.players.len()]; // of the axes; 1: no level of this player yet
    let mut below = values.to_vec(); // [node of the level][tensor]
    for level in (0..n_levels).rev() {
        let axis = shape.owner[level];
        let (outer, old): (usize, usize) = (sizes[..axis].iter().product(), sizes[axis]);
        let inner: usize = sizes[axis + 1..].iter().product();
        let n_in = (old - 1).max(1);
        let child = outer * old * inner;
        let mut above = Vec::with_capacity((1 << level) * outer * (2 * n_in + 1) * inner);
        for node in 0..1_usize << level {
            let share = share_left(tree, n_levels, level, node);
            let (left, right) = below[2 * node * child..][..2 * child].split_at(child);
            for place in (0..child).step_by(old * inner) {
                above.extend_from_slice(&left[place..][..n_in * inner]);
                above.extend_from_slice(&right[place..][..n_in * inner]);
                let out = place + (old - 1) * inner;
                let both = left[out..][..inner].iter().zip(&right[out..][..inner]);
                above.extend(both.map(|(left, right)| share * left + (1.0 - share) * right));
            }
        }
        sizes[axis] = 2 * n_in + 1;
        below = above;
    }
    below
}

/// The share of the cover that goes left at a node, by its place in its level. In preorder a right child follows the
/// whole left subtree.
fn share_left(tree: &Tree, n_levels: usize, level: usize, place: usize) -> f64 {
    let step = |node: usize, above: usize| {
        if place >> (level - 1 - above) & 1 == 1 { node + (1 << (n_levels - above)) } else { node + 1 }
    };
    let node = (0..level).fold(0, step);
    match &tree.nodes[node].step {
        Step::Split(split) => tree.fraction_left(node, split),
        Step::Leaf(_) => 0.5, // not in an oblivious tree
    }
}

/// Players outside the coalition bring the decisions of the background, whose leaf numbers have these weights.
pub(super) fn interventional(shape: &Shape, values: &[f64], histogram: &[f64]) -> Vec<f64> {
    let n_states: usize = shape.n_patterns.iter().map(|n| n + 1).product();
    let mut worth = vec![0.0; n_states];
    let by_player = |numbers: &[f64]| {
        let mut ordered = vec![0.0; numbers.len()];
        shape.major.iter().zip(numbers).for_each(|(&place, number)| ordered[place] = *number);
        ordered
    };
    decide(&shape.n_patterns, 1, &by_player(values), &by_player(histogram), &mut worth);
    worth
}

/// Decide for the first of the players left whether they are in; arrays are `[patterns of those outside][of those left]`.
fn decide(left: &[usize], outside: usize, values: &[f64], histogram: &[f64], worth: &mut [f64]) {
    let Some((&patterns, left)) = left.split_first() else {
        worth[0] = values.iter().zip(histogram).map(|(value, weight)| value * weight).sum();
        return;
    };
    let rest: usize = left.iter().product();
    let states = worth.len() / (patterns + 1);
    let (inside, outside_worth) = worth.split_at_mut(patterns * states);
    // The player brings their own decisions, so the background's do not matter: its weights are added up.
    let weights = histogram.chunks_exact(patterns * rest).flat_map(|weights| {
        (0..rest).map(move |place| weights.iter().skip(place).step_by(rest).sum::<f64>())
    });
    let weights: Vec<f64> = weights.collect();
    let mut own = Vec::with_capacity(outside * rest);
    for (pattern, worth) in inside.chunks_exact_mut(states).enumerate() {
        own.clear();
        own.extend(values.chunks_exact(patterns * rest).flat_map(|values| &values[pattern * rest..][..rest]));
        decide(left, outside, &own, &weights, worth);
    }
    decide(left, outside * patterns, values, histogram, outside_worth);
}
