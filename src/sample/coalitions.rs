//! The sequence of single coalitions by size, for games in which complements say nothing of each other.

use super::class::Classes;
use super::sizes::Sizes;
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::parallel::Workers;

/// Coalitions of 1 to `n - 1` players in an order that depends on the masses, the seed and the row key alone.
///
/// The sizes come in proportion to masses by the method of equal proportions: each size once first, then the
/// one with the largest `mass_k^2 / (c_k (c_k + 1))`, which keeps `sum_k mass_k^2 / c_k` least at every length.
/// Among the coalitions of a size all are equally likely, and none comes twice (from 2^63 on: with a chance
/// below `p^2 / 2^64`). A size without mass never comes.
///
/// Resumable, and the same by any number of threads. Costs what
/// [`PairSequence`](super::pairs::PairSequence) does; memory at most twice as much.
///
/// ```
/// use ferroshap::parallel::{Cancel, Workers};
/// use ferroshap::sample::coalitions::CoalitionSequence;
///
/// let cancel = Cancel::default();
/// let mut sequence = CoalitionSequence::new(&[0.0, 2.0, 1.0, 1.0], 4, 0, 0);
/// let (sizes, coalitions) = sequence.next_coalitions(6, &Workers::serial(&cancel))?;
/// assert_eq!(sizes, [1, 3, 2, 1, 1, 3]);
/// assert_eq!(coalitions.len(), 6);
/// # Ok::<(), ferroshap::error::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CoalitionSequence {
    sizes: Sizes,
    classes: Classes,
}

impl CoalitionSequence {
    /// The sequence of one row; size `k` has the mass `masses[k]`, `k < n_players`. At least 2 players.
    pub fn new(masses: &[f64], n_players: usize, seed: u64, row_key: u64) -> Self {
        debug_assert!(n_players >= 2 && masses.len() == n_players, "{n_players} players");
        let classes = Classes::of_coalitions(n_players, seed, row_key);
        let pools = (0..n_players).map(|k| if k == 0 { 0 } else { classes.pool(k).unwrap_or(u64::MAX) });
        let sizes = Sizes::in_proportion(masses, n_players, pools.collect());
        Self { sizes, classes }
    }

    /// The next `count` coalitions and their sizes, fewer when no more are left.
    pub fn next_coalitions(
        &mut self,
        count: usize,
        workers: &Workers<'_>,
    ) -> Result<(Vec<u32>, Coalitions), Error> {
        let mut plan = Vec::new(); // (size, number in the size)
        while plan.len() < count {
            let Some((size, number)) = self.sizes.next() else { break };
            self.classes.prepare(size, number);
            plan.push((size, number));
        }
        let coalitions = self.classes.coalitions(&plan, workers)?;
        let sizes = plan.iter().map(|&(size, _)| u32::try_from(size).unwrap_or(u32::MAX)).collect();
        Ok((sizes, coalitions))
    }

    /// All coalitions that ever come; None where their number does not fit 64 bits.
    pub fn n_coalitions(&self) -> Option<u64> {
        self.sizes.total()
    }

    /// Number of coalitions of a size; None from `2^63` on.
    pub fn pool(&self, size: usize) -> Option<u64> {
        self.classes.pool(size)
    }
}
