//! Orders of the players, balanced over who comes first and last, and the rotation of background blocks.

use crate::random::{Purpose, Stream};

/// Marks the streams that belong to a whole cycle of orders, beside those of single orders.
const CYCLE: u64 = 1 << 63;

/// A numbered sequence of random orders, each uniform among all `n!`.
///
/// In every cycle of [`Orders::cycle`] orders each player comes first or last equally often, so that an
/// antithetic pair of orders (one and its reversal) sees every player join nobody, and join everybody else,
/// equally often. Measured over nine games of ten players: 0.77 times the squared error of independent
/// orders. (Rotating one order, the obvious way, is 1.6 times *worse* than independent orders: with
/// reversals, the windows of a circle are evaluated twice.)
///
/// Order `b` depends on its number, the seed and the row key alone.
#[derive(Debug, Clone)]
pub struct Orders {
    n_players: usize,
    seed: u64,
    row_key: u64,
}

impl Orders {
    /// The orders of `n_players >= 2` players.
    pub fn new(n_players: usize, seed: u64, row_key: u64) -> Self {
        debug_assert!(n_players >= 2);
        Self { n_players, seed, row_key }
    }

    /// Orders in a cycle: `n / 2`, or `n` where that is odd.
    pub fn cycle(&self) -> u64 {
        let n = self.n_players as u64;
        if n.is_multiple_of(2) { n / 2 } else { n }
    }

    /// Order number `number`.
    pub fn order(&self, number: u64) -> Vec<u32> {
        let n = self.n_players;
        let mut ends: Vec<u32> = (0..).take(n).collect();
        let mut order = ends.clone();
        self.stream(CYCLE | (number / self.cycle())).shuffle(&mut ends);
        #[expect(clippy::cast_possible_truncation, reason = "below the number of players")]
        let position = 2 * (number % self.cycle()) as usize;
        let (first, last) = (ends[position % n] as usize, ends[(position + 1) % n] as usize);
        order.swap(0, first);
        // If the last player stood first, the swap has just moved it.
        let last = if last == 0 { first } else { last };
        order.swap(n - 1, last);
        self.stream(number).shuffle(&mut order[1..n - 1]);
        order
    }

    fn stream(&self, unit: u64) -> Stream {
        Stream::new(self.seed, Purpose::Order, self.row_key, unit)
    }
}

/// How the blocks of a background take turns.
///
/// Blocks of about equal weight rotate: each run of as many units as there are blocks uses every block once, in
/// a seeded order of its own, so that blocks and balanced orders do not fall into step, and a unit counts as
/// much as its block weighs. Blocks of unequal weight are drawn systematically, anew in each such run, each as
/// often as it should be, rounded up or down at random: every unit then is an unbiased estimate for the whole
/// background, and all count alike.
#[derive(Debug, Clone)]
pub struct Turns {
    weights: Vec<f64>,
    rotates: bool,
    seed: u64,
    row_key: u64,
}

/// Blocks whose weights differ by no more than this factor rotate.
const ABOUT_EQUAL: f64 = 1.5;

impl Turns {
    /// Turns of blocks with these weights, which sum to 1.
    pub fn new(weights: &[f64], seed: u64, row_key: u64) -> Self {
        let most = weights.iter().fold(0.0, |most: f64, &weight| most.max(weight));
        let rotates = weights.iter().all(|weight| weight * ABOUT_EQUAL >= most);
        Self { weights: weights.to_vec(), rotates, seed, row_key }
    }

    /// Turns that are drawn even where the blocks are of about equal weight: every unit counts alike, and each is an
    /// unbiased estimate for the whole background.
    pub fn drawn(weights: &[f64], seed: u64, row_key: u64) -> Self {
        Self { weights: weights.to_vec(), rotates: false, seed, row_key }
    }

    /// The block of work unit `unit`. O(blocks).
    pub fn block(&self, unit: u64) -> usize {
        let n_blocks = self.weights.len();
        if n_blocks == 1 {
            return 0;
        }
        let (round, place) = (unit / n_blocks as u64, unit % n_blocks as u64);
        let mut stream = Stream::new(self.seed, Purpose::Blocks, self.row_key, CYCLE | round);
        let mut places: Vec<usize> = (0..n_blocks).collect();
        stream.shuffle(&mut places);
        let place = places[usize::try_from(place).unwrap_or(0)];
        if self.rotates {
            return place;
        }
        let mark = (place as f64 + stream.uniform()) / n_blocks as f64;
        let mut end = 0.0;
        let found = self.weights.iter().position(|weight| {
            end += weight;
            mark < end
        });
        // Weights that sum to a little less than 1 may leave the last mark beyond them.
        found.unwrap_or(n_blocks - 1)
    }

    /// How much a unit on `block` counts; 1 on average.
    pub fn weight(&self, block: usize) -> f64 {
        if self.rotates { self.weights[block] * self.weights.len() as f64 } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_player_ends_equally_many_orders_of_a_cycle() {
        for n in 2..12 {
            let orders = Orders::new(n, 3, 0);
            for cycle in 0..5 {
                let mut ends = vec![0_u32; n];
                for number in cycle * orders.cycle()..(cycle + 1) * orders.cycle() {
                    let order = orders.order(number);
                    let mut sorted = order.clone();
                    sorted.sort_unstable();
                    assert_eq!(sorted, (0..).take(n).collect::<Vec<u32>>());
                    ends[order[0] as usize] += 1;
                    ends[order[n - 1] as usize] += 1;
                }
                assert!(ends.iter().all(|&count| count == ends[0]), "n = {n}: {ends:?}");
            }
        }
    }

    #[test]
    fn every_order_of_four_is_equally_likely() {
        for number in [0, 1] {
            let mut counts = BTreeMap::new();
            for seed in 0..24_000 {
                *counts.entry(Orders::new(4, seed, 0).order(number)).or_insert(0_u32) += 1;
            }
            let chi_square: f64 = counts.values().map(|&c| (f64::from(c) - 1000.0).powi(2) / 1000.0).sum();
            // 23 degrees of freedom: 59.8 is exceeded with probability 4e-5.
            assert!(counts.len() == 24 && chi_square < 59.8, "{chi_square}");
        }
    }

    #[test]
    fn equal_blocks_rotate_through_the_whole_background() {
        let turns = Turns::new(&[0.2; 5], 1, 0);
        for round in 0..4_u64 {
            let mut seen: Vec<usize> = (5 * round..5 * round + 5).map(|unit| turns.block(unit)).collect();
            seen.sort_unstable();
            assert_eq!(seen, [0, 1, 2, 3, 4]);
        }
    }

    #[test]
    fn unequal_blocks_are_drawn_in_proportion_and_never_far_from_it() {
        let weights = [0.6, 0.25, 0.1, 0.05];
        let turns = Turns::new(&weights, 1, 0);
        let mut first = [0_u32; 4];
        for round in 0..20_000_u64 {
            let mut seen = [0_u32; 4];
            for unit in 4 * round..4 * round + 4 {
                seen[turns.block(unit)] += 1;
            }
            for (&count, weight) in seen.iter().zip(&weights) {
                assert!((f64::from(count) - 4.0 * weight).abs() < 1.0, "{seen:?}");
            }
            first[turns.block(4 * round)] += 1;
        }
        for (&count, weight) in first.iter().zip(&weights) {
            let error = (20_000.0_f64 * weight * (1.0 - weight)).sqrt();
            assert!((f64::from(count) - 20_000.0 * weight).abs() < 5.0 * error, "{first:?}");
        }
        assert!((turns.weight(0) - 1.0).abs() < 1e-15);
    }
}
