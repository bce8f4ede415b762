//! A tree of players: who stays together when players join one after the other.

use crate::coalition;
use crate::error::Error;

/// One step of a walk through a tree, a node before its children, these from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A player.
    Leaf(u32),
    /// A node with so many children, which follow.
    Inner(u32),
}

/// A tree whose leaves are the players `0..n`, each exactly once.
///
/// Nodes are numbered breadth first, so that the root is 0 and the children of a node are neighbours. Every node
/// is an interval of [`Tree::order`]. A node with a single child is that child: it has no number of its own, and
/// every inner node has two children or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    nodes: Vec<Node>,
    /// The players, from left to right.
    order: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    parent: u32,
    first_child: u32,
    n_children: u32,
    /// Where its players begin and end in the order.
    first: u32,
    end: u32,
}

impl Tree {
    /// The tree of a walk. O(players) time and memory, whatever the depth.
    pub fn new(walk: &[Step]) -> Result<Self, Error> {
        let walked = Walked::new(walk)?;
        check_players(&walked.leaves)?;
        // Sorted by depth, and where that is equal as they were met: breadth first.
        let mut met: Vec<u32> = (0..).take(walked.nodes.len()).collect();
        met.sort_by_key(|&number| walked.nodes[number as usize].depth);
        let mut number = vec![0_u32; met.len()];
        for (new, &old) in (0..).zip(&met) {
            number[old as usize] = new;
        }
        let mut next_child = 1;
        let nodes = met.iter().map(|&old| {
            let node = &walked.nodes[old as usize];
            let first_child = next_child;
            next_child += node.n_children;
            let (n_children, parent) = (node.n_children, number[node.parent as usize]);
            Node { parent, first_child, n_children, first: node.first, end: node.first + node.n_leaves }
        });
        Ok(Self { nodes: nodes.collect(), order: walked.leaves })
    }

    /// The walk that makes this tree, without nodes of one child.
    pub fn walk(&self) -> Vec<Step> {
        let (mut steps, mut waiting) = (Vec::with_capacity(self.nodes.len()), vec![0]);
        while let Some(node) = waiting.pop() {
            let children = self.children(node);
            let step = match children.len() {
                0 => Step::Leaf(self.players(node)[0]),
                k => Step::Inner(u32::try_from(k).unwrap_or(u32::MAX)),
            };
            steps.push(step);
            waiting.extend(children.rev());
        }
        steps
    }

    /// Number of players.
    pub fn n_players(&self) -> usize {
        self.order.len()
    }

    /// Number of nodes, leaves among them.
    pub fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The players from left to right.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The players of a node.
    pub fn players(&self, node: usize) -> &[u32] {
        let Node { first, end, .. } = self.nodes[node];
        &self.order[first as usize..end as usize]
    }

    /// The children of a node: none of a leaf.
    pub fn children(&self, node: usize) -> std::ops::Range<usize> {
        let Node { first_child, n_children, .. } = self.nodes[node];
        first_child as usize..(first_child + n_children) as usize
    }

    /// The parent of a node other than the root.
    pub fn parent(&self, node: usize) -> usize {
        self.nodes[node].parent as usize
    }

    /// Let the players of a node join a coalition.
    pub fn insert(&self, node: usize, words: &mut [u64]) {
        for &player in self.players(node) {
            coalition::insert(words, player as usize);
        }
    }

    /// Let the players of a node leave a coalition.
    pub fn remove(&self, node: usize, words: &mut [u64]) {
        for &player in self.players(node) {
            coalition::remove(words, player as usize);
        }
    }

    /// Coalitions that the exact values need:
    ///
    /// $$ 2 + \sum_{\text{inner nodes } u} (2^{k_u} - 2) \prod_{a \text{ above } u} 2^{k_a - 1} $$
    ///
    /// with `k` children of a node: no two of these coalitions are equal, for the one node that a coalition cuts,
    /// and what is present around it, tell where it came from. `(2 n^2 + 4) / 3` for a balanced tree of pairs,
    /// `2^n` for a chain and for a tree without groups. Saturates.
    pub fn n_coalitions(&self) -> u64 {
        let mut contexts = vec![1_u64; self.nodes.len()];
        let mut count = 2_u64;
        for node in 0..self.nodes.len() {
            let children = self.children(node);
            let here = contexts[node];
            count = count.saturating_add(here.saturating_mul(split_cost(children.len())));
            let below = here.saturating_mul(1_u64.checked_shl(sides(children.len())).unwrap_or(u64::MAX));
            contexts[children].fill(below);
        }
        count
    }

    /// The most evaluations that splitting a node in one context costs.
    pub fn largest_split(&self) -> u64 {
        (0..self.nodes.len()).map(|node| split_cost(self.children(node).len())).max().unwrap_or(0)
    }

    /// The evaluations that splitting the root costs.
    pub fn first_split(&self) -> u64 {
        split_cost(self.children(0).len())
    }
}

/// `2^k - 2`: the unions of some, but not all, of `k` children. Saturates; 0 for a leaf.
pub(super) fn split_cost(n_children: usize) -> u64 {
    match n_children {
        0 => 0,
        k => u32::try_from(k).ok().and_then(|k| 1_u64.checked_shl(k)).map_or(u64::MAX, |all| all - 2),
    }
}

/// How many siblings a child has.
fn sides(n_children: usize) -> u32 {
    u32::try_from(n_children.saturating_sub(1)).unwrap_or(u32::MAX)
}

/// `t! (k - 1 - t)! / k!` for `t = 0..k`: the weight with which a child joins each set of `t` of its siblings.
pub(super) fn join_weights(n_children: usize) -> Vec<f64> {
    let k = n_children as f64;
    let ratios = 1..n_children;
    let ratios = ratios.map(|t| t as f64 / (k - t as f64));
    std::iter::once(1.0)
        .chain(ratios)
        .scan(1.0 / k, |weight, ratio| {
            *weight *= ratio;
            Some(*weight)
        })
        .collect()
}

/// The nodes of a walk in the order in which they were met.
struct Walked {
    nodes: Vec<Met>,
    leaves: Vec<u32>,
}

struct Met {
    parent: u32,
    depth: u32,
    n_children: u32,
    first: u32,
    n_leaves: u32,
}

impl Walked {
    fn new(walk: &[Step]) -> Result<Self, Error> {
        let mut nodes: Vec<Met> = Vec::with_capacity(walk.len());
        let mut leaves = Vec::new();
        // Inner nodes whose children are not complete, with the number of those that are missing.
        let mut open: Vec<(u32, u32)> = Vec::new();
        let mut is_rooted = false;
        for &step in walk.iter().filter(|&&step| step != Step::Inner(1)) {
            while open.last().is_some_and(|&(_, missing)| missing == 0) {
                open.pop();
            }
            let (parent, depth) = match open.last_mut() {
                Some((parent, missing)) => {
                    *missing -= 1;
                    (*parent, nodes[*parent as usize].depth + 1)
                }
                None if is_rooted => return Err(unsound("players after its last node")),
                None => (0, 0),
            };
            is_rooted = true;
            let number = u32::try_from(nodes.len()).map_err(|_| unsound("2^32 nodes or more"))?;
            let first = u32::try_from(leaves.len()).unwrap_or(u32::MAX);
            match step {
                Step::Leaf(player) => {
                    leaves.push(player);
                    nodes.push(Met { parent, depth, n_children: 0, first, n_leaves: 1 });
                }
                Step::Inner(0) => return Err(unsound("a node without children")),
                Step::Inner(n_children) => {
                    nodes.push(Met { parent, depth, n_children, first, n_leaves: 0 });
                    open.push((number, n_children));
                }
            }
        }
        if !is_rooted || walk.last() == Some(&Step::Inner(1)) || open.iter().any(|&(_, missing)| missing > 0)
        {
            return Err(unsound("a node whose children are missing"));
        }
        for number in (1..nodes.len()).rev() {
            let (parent, n_leaves) = (nodes[number].parent as usize, nodes[number].n_leaves);
            nodes[parent].n_leaves += n_leaves;
        }
        Ok(Self { nodes, leaves })
    }
}

fn unsound(got: &str) -> Error {
    Error::Parameter { argument: "tree", got: format!("a tree with {got}"), accepted: ACCEPTED }
}

const ACCEPTED: &str = "a tree whose leaves are the players 0 to n - 1, each once";

fn check_players(order: &[u32]) -> Result<(), Error> {
    let mut seen = vec![false; order.len()];
    for &player in order {
        match seen.get_mut(player as usize) {
            Some(seen) if !*seen => *seen = true,
            Some(_) => return Err(unsound(&format!("player {player} twice"))),
            None => {
                return Err(unsound(&format!("a player {player} among {}", order.len())));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Step::{Inner, Leaf};
    use super::*;

    fn chain(n: u32) -> Vec<Step> {
        let links = (0..n - 1).flat_map(|player| [Inner(2), Leaf(player)]);
        links.chain([Leaf(n - 1)]).collect()
    }

    fn balanced(first: u32, n: u32) -> Vec<Step> {
        if n == 1 {
            return vec![Leaf(first)];
        }
        [vec![Inner(2)], balanced(first, n / 2), balanced(first + n / 2, n - n / 2)].concat()
    }

    #[test]
    fn nodes_are_numbered_breadth_first_and_are_intervals() {
        // ((4, (2, 0)), 3, (1,)): the last node is its child.
        let walk =
            [Inner(3), Inner(2), Leaf(4), Inner(2), Leaf(2), Leaf(0), Inner(1), Leaf(3), Inner(1), Leaf(1)];
        let tree = Tree::new(&walk).unwrap();
        assert_eq!((tree.n_players(), tree.n_nodes()), (5, 8));
        assert_eq!(tree.order(), [4, 2, 0, 3, 1]);
        assert_eq!((tree.children(0), tree.children(1)), (1..4, 4..6));
        assert_eq!(
            (tree.players(1), tree.players(3), tree.players(5)),
            (&[4, 2, 0][..], &[1][..], &[2, 0][..])
        );
        assert!((1..8).all(|node| tree.children(tree.parent(node)).contains(&node)));
        assert_eq!(Tree::new(&tree.walk()).unwrap(), tree);
    }

    #[test]
    fn coalitions_are_counted_before_they_are_asked() {
        for n in [1_u32, 2, 4, 8, 64, 1024] {
            let tree = Tree::new(&balanced(0, n)).unwrap();
            assert_eq!(tree.n_coalitions(), (2 * u64::from(n).pow(2) + 4) / 3, "n = {n}");
        }
        for n in [2_u32, 5, 20, 62] {
            assert_eq!(Tree::new(&chain(n)).unwrap().n_coalitions(), 1 << n);
            let flat: Vec<Step> = std::iter::once(Inner(n)).chain((0..n).map(Leaf)).collect();
            assert_eq!(Tree::new(&flat).unwrap().n_coalitions(), 1 << n);
        }
        // Blocks {0, 1}, {2, 3, 4}: 2 + 2 + 2 * 2 + 2 * 6.
        let blocks = [Inner(2), Inner(2), Leaf(0), Leaf(1), Inner(3), Leaf(2), Leaf(3), Leaf(4)];
        assert_eq!(Tree::new(&blocks).unwrap().n_coalitions(), 20);
    }

    #[test]
    fn depth_and_width_cost_no_stack_and_no_overflow() {
        let deep = Tree::new(&chain(10_000)).unwrap();
        assert_eq!((deep.n_coalitions(), deep.largest_split()), (u64::MAX, 2));
        assert_eq!(deep.walk(), chain(10_000));
        let wide: Vec<Step> = std::iter::once(Inner(10_000)).chain((0..10_000).map(Leaf)).collect();
        let wide = Tree::new(&wide).unwrap();
        assert_eq!((wide.n_coalitions(), wide.first_split()), (u64::MAX, u64::MAX));
    }

    #[test]
    fn what_is_no_tree_of_the_players_is_refused_by_name() {
        let cases: [(&[Step], &str); 8] = [
            (&[Inner(2), Leaf(0), Leaf(0)], "player 0 twice"),
            (&[Inner(2), Leaf(0), Leaf(2)], "a player 2 among 2"),
            (&[Inner(0)], "a node without children"),
            (&[Inner(2), Leaf(0), Inner(0)], "a node without children"),
            (&[Inner(2), Leaf(0)], "children are missing"),
            (&[Inner(1)], "children are missing"),
            (&[Leaf(0), Leaf(1)], "after its last node"),
            (&[], "children are missing"),
        ];
        for (walk, want) in cases {
            let message = Tree::new(walk).unwrap_err().to_string();
            assert!(message.contains(want) && message.contains("`tree`"), "{message}");
        }
    }

    #[test]
    fn weights_of_all_sets_of_siblings_sum_to_one() {
        for k in 2..30_usize {
            let mut binomial = 1.0;
            let mut sum = 0.0;
            for (t, weight) in join_weights(k).iter().enumerate() {
                sum += weight * binomial;
                binomial *= (k - 1 - t) as f64 / (t + 1) as f64;
            }
            // k terms, each rounded about 2 k times.
            assert!((sum - 1.0).abs() < (2 * k * k) as f64 * f64::EPSILON, "{k}: {sum}");
        }
    }
}
