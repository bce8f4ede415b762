//! Orders in which the players of every node of a tree stay together.

use std::sync::Arc;

use super::tree::Tree;
use crate::estimate::permutation::JoiningOrders;
use crate::random::{Purpose, Stream};

/// A numbered sequence of random orders, each uniform among those that respect a tree: at every node the children
/// stand in an order of their own. The reversal of such an order is one, too, and as likely.
///
/// Order `b` depends on its number, the seed and the row key alone.
#[derive(Debug, Clone)]
pub struct TreeOrders {
    tree: Arc<Tree>,
    seed: u64,
    row_key: u64,
}

impl TreeOrders {
    /// The orders that respect `tree`.
    pub fn new(tree: Arc<Tree>, seed: u64, row_key: u64) -> Self {
        Self { tree, seed, row_key }
    }
}

impl JoiningOrders for TreeOrders {
    const ARE_REVERSED: bool = true;

    fn order(&self, number: u64) -> Vec<u32> {
        let mut stream = Stream::new(self.seed, Purpose::TreeOrder, self.row_key, number);
        let mut order = Vec::with_capacity(self.tree.n_players());
        let mut waiting = vec![0];
        while let Some(node) = waiting.pop() {
            let children = self.tree.children(node);
            if children.is_empty() {
                order.extend(self.tree.players(node));
            }
            let first = waiting.len();
            waiting.extend(children);
            stream.shuffle(&mut waiting[first..]);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Step::{Inner, Leaf};
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_order_that_respects_a_tree_is_equally_likely() {
        // ((0, 1, 2), (3, 4)): 2 * 6 * 2 orders.
        let walk = [Inner(2), Inner(3), Leaf(0), Leaf(1), Leaf(2), Inner(2), Leaf(3), Leaf(4)];
        let tree = Arc::new(Tree::new(&walk).unwrap());
        let mut counts = BTreeMap::new();
        for seed in 0..24_000 {
            *counts.entry(TreeOrders::new(Arc::clone(&tree), seed, 0).order(1)).or_insert(0_u32) += 1;
        }
        let chi_square: f64 = counts.values().map(|&c| (f64::from(c) - 1000.0).powi(2) / 1000.0).sum();
        // 23 degrees of freedom: 59.8 is exceeded with probability 4e-5.
        assert!(counts.len() == 24 && chi_square < 59.8, "{chi_square}");
        let whole = |order: &[u32]| order[..2].iter().all(|p| *p > 2) || order[3..].iter().all(|p| *p > 2);
        assert!(counts.keys().all(|order| whole(order)));
    }
}
