//! The sequence of complementary pairs.

use super::class::Classes;
use super::repair::Repair;
use super::sizes::{Sequence, Sizes};
use crate::coalition::{Coalitions, words_for};
use crate::error::Error;
use crate::parallel::Workers;

/// Consecutive pairs of a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pairs {
    /// The size class of each pair: the size of its smaller half.
    pub classes: Vec<u32>,
    /// The smaller half of each pair.
    pub coalitions: Coalitions,
}

/// An endless (or exhaustive) sequence of complementary pairs.
#[derive(Debug, Clone)]
pub struct PairSequence {
    n_players: usize,
    sizes: Sizes,
    classes: Classes,
    repair: Repair,
}

impl PairSequence {
    /// The sequence of a row. `n_players` must be at least 4.
    pub fn new(sequence: Sequence, n_players: usize, seed: u64, row_key: u64) -> Self {
        debug_assert!(n_players >= 4);
        let mut classes = Classes::new(n_players, seed, row_key);
        let pools = (0..=n_players / 2).map(|k| if k == 0 { 0 } else { classes.pool(k).unwrap_or(u64::MAX) });
        let sizes = Sizes::new(sequence, n_players, pools.collect());
        let repair = match sequence {
            Sequence::Leverage => Repair::new(n_players, sizes.clone(), &mut classes),
            Sequence::StarMiddle | Sequence::Kernel => Repair::default(),
        };
        Self { n_players, sizes, classes, repair }
    }

    /// The next `count` pairs, fewer when no more are left.
    pub fn next_pairs(&mut self, count: usize, workers: &Workers<'_>) -> Result<Pairs, Error> {
        let mut sizes = self.sizes.clone();
        let mut plan = Vec::new();
        while plan.len() < count {
            let Some((class, position)) = sizes.next() else { break };
            let number = self.repair.number(class, position);
            self.classes.prepare(class, number);
            plan.push((class, number));
        }
        let mut coalitions = Coalitions::empty(self.n_players, plan.len());
        let width = words_for(self.n_players);
        let per_unit = (1_usize << 16).div_ceil(self.n_players);
        let units = plan.chunks(per_unit).zip(coalitions.words_mut().chunks_mut(per_unit * width));
        workers.for_each_unit(units, |_, (plan, words)| {
            self.classes.write_all(plan, words);
        })?;
        self.sizes = sizes;
        let classes =
            plan.iter().map(|&(class, _)| u32::try_from(class).expect("a class fits 32 bits")).collect();
        Ok(Pairs { classes, coalitions })
    }

    /// Pairs given so far.
    pub fn drawn(&self) -> u64 {
        self.sizes.drawn()
    }

    /// Number of all pairs, `2^(n-1) - 1`; None where it does not fit 64 bits.
    pub fn n_pairs(&self) -> Option<u64> {
        (self.n_players <= 65).then(|| u64::MAX >> (65 - self.n_players))
    }

    /// `c_k`: pairs of class `k` given so far.
    pub fn count(&self, class: usize) -> u64 {
        self.sizes.count(class)
    }

    /// `N_k`: all pairs of class `k`; None from 2^63 on.
    pub fn pool(&self, class: usize) -> Option<u64> {
        self.classes.pool(class)
    }

    /// `g_k`: coalitions of size `k` in a pair of class `k` or its mirror: 2, but 1 at half the players.
    pub fn multiplicity(&self, class: usize) -> u64 {
        if 2 * class == self.n_players { 1 } else { 2 }
    }
}
