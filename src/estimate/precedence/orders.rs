//! Random orders that respect a partial order.

use super::Law;
use super::lattice::Lattice;
use super::partial_order::PartialOrder;
use crate::estimate::permutation::JoiningOrders;
use crate::random::{Purpose, Stream};

/// A numbered sequence of random orders in which nobody joins before those whom he needs.
///
/// Their reversals break the partial order, so each stands for itself. Order `b` depends on its number, the seed and
/// the row key alone.
#[derive(Debug, Clone)]
pub struct PrecedenceOrders {
    partial: PartialOrder,
    /// The counts that make orders equally likely; None for the sequential law.
    lattice: Option<Lattice>,
    seed: u64,
    row_key: u64,
}

impl PrecedenceOrders {
    /// Orders by the law of `lattice`; without one, by the sequential law.
    pub fn new(partial: PartialOrder, lattice: Option<Lattice>, seed: u64, row_key: u64) -> Self {
        let lattice = lattice.filter(|lattice| lattice.law() == Law::Uniform);
        Self { partial, lattice, seed, row_key }
    }
}

impl JoiningOrders for PrecedenceOrders {
    const ARE_REVERSED: bool = false;

    fn order(&self, number: u64) -> Vec<u32> {
        let mut stream = Stream::new(self.seed, Purpose::Precedence, self.row_key, number);
        let Some(lattice) = &self.lattice else {
            return self.partial.order(|n_free| stream.index_below(n_free));
        };
        // One number among all orders names one of them.
        let mut rank = stream.below(lattice.completions(0));
        let mut order = Vec::with_capacity(lattice.n_players());
        let mut coalition = 0;
        while order.len() < lattice.n_players() {
            for player in lattice.joiners(coalition) {
                let count = lattice.completions(coalition | 1 << player);
                if rank < count {
                    order.push(u32::try_from(player).unwrap_or(u32::MAX));
                    coalition |= 1 << player;
                    break;
                }
                rank -= count;
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn counts(law: Law, n_draws: u64) -> BTreeMap<Vec<u32>, f64> {
        // 0 before 1 and 2; 3 is free.
        let partial = PartialOrder::new(&[(0, 1), (0, 2)], 4).unwrap();
        let mut counts = BTreeMap::new();
        for seed in 0..n_draws {
            let lattice = Lattice::new(&partial, law);
            let orders = PrecedenceOrders::new(partial.clone(), lattice, seed, 0);
            *counts.entry(orders.order(3)).or_insert(0.0) += 1.0;
        }
        counts
    }

    #[test]
    fn uniform_orders_are_equally_likely() {
        let counts = counts(Law::Uniform, 8000);
        let chi_square: f64 = counts.values().map(|c| (c - 1000.0_f64).powi(2) / 1000.0).sum();
        // 7 degrees of freedom: 31.8 is exceeded with probability 4e-5.
        assert!(counts.len() == 8 && chi_square < 31.8, "{chi_square}");
    }

    #[test]
    fn sequential_orders_are_as_likely_as_their_choices() {
        let counts = counts(Law::Sequential, 8000);
        // First 0 or 3; where 0 came first, one of three, then one of two.
        let share = |order: &[u32]| match order.iter().position(|player| *player == 3) {
            Some(0) => 1.0 / 4.0,
            _ => 1.0 / 12.0,
        };
        let chi_square: f64 = counts
            .iter()
            .map(|(order, c)| (c - 8000.0 * share(order)).powi(2) / (8000.0 * share(order)))
            .sum();
        assert!(counts.len() == 8 && chi_square < 31.8, "{chi_square}");
    }
}
