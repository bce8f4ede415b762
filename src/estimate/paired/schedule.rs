//! Which pair comes when, and on which block of the background.

use crate::sample::orders::Turns;

/// The order of the *looks*: one look is one pair on one block, two evaluations.
///
/// A background in one piece: look `u` is pair `u`. In `G > 1` blocks the star, which are pairs `0..n` of the
/// sequence, is looked at on every block, block by block. Every later pair is then looked at on one block, drawn in
/// proportion to the blocks' weights by [`Turns`], so that blocks do not fall into step with size classes; and when
/// all pairs of the game are through, on the block after that, and so on, until after `G` rounds every pair is
/// known on the whole background.
#[derive(Debug)]
pub(super) struct Schedule {
    n_players: u64,
    n_blocks: u64,
    /// Pairs of the game; None where nobody counts so far.
    n_pairs: Option<u64>,
    turns: Turns,
}

impl Schedule {
    pub(super) fn new(n_players: usize, n_blocks: u32, n_pairs: Option<u64>, turns: Turns) -> Self {
        Self { n_players: n_players as u64, n_blocks: u64::from(n_blocks), n_pairs, turns }
    }

    /// Looks at the star: none where it is not looked at apart.
    pub(super) fn n_star_looks(&self) -> u64 {
        if self.n_blocks == 1 { 0 } else { self.n_players * self.n_blocks }
    }

    /// Looks after which everything is known; None where nobody counts so far.
    pub(super) fn n_looks(&self) -> Option<u64> {
        self.n_pairs.and_then(|n_pairs| n_pairs.checked_mul(self.n_blocks))
    }

    /// The pair and the block of look `look`.
    pub(super) fn at(&self, look: u64) -> (u64, u32) {
        if self.n_blocks == 1 {
            return (look, 0);
        }
        let n_star_looks = self.n_star_looks();
        let Some(later) = look.checked_sub(n_star_looks) else {
            return (look % self.n_players, block(look / self.n_players));
        };
        let a_round = self.a_round();
        let (round, place) = (later / a_round, later % a_round);
        let first = self.turns.block(place) as u64;
        (self.n_players + place, block((first + round) % self.n_blocks))
    }

    /// Pairs that the first `n_looks` looks are at.
    pub(super) fn n_pairs_of(&self, n_looks: u64) -> u64 {
        match n_looks.checked_sub(self.n_star_looks()) {
            _ if self.n_blocks == 1 => n_looks,
            None => n_looks.min(self.n_players),
            Some(later) => self.n_players + later.min(self.a_round()),
        }
    }

    /// Pairs beyond the star.
    fn a_round(&self) -> u64 {
        self.n_pairs.map_or(u64::MAX, |n_pairs| n_pairs - self.n_players)
    }
}

fn block(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX) // never: below the number of blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_pair_meets_every_block_once_and_the_star_meets_them_first() {
        for (n_pairs, weights) in [(15_u64, vec![0.25; 4]), (7, vec![0.5, 0.3, 0.2]), (31, vec![1.0])] {
            let n_blocks = u32::try_from(weights.len()).unwrap();
            let schedule = Schedule::new(4, n_blocks, Some(n_pairs), Turns::drawn(&weights, 1, 0));
            let mut meetings = BTreeMap::new();
            for look in 0..schedule.n_looks().unwrap() {
                let (pair, block) = schedule.at(look);
                *meetings.entry((pair, block)).or_insert(0) += 1;
                assert!(n_blocks == 1 || (look < schedule.n_star_looks()) == (pair < 4));
                let seen = meetings.keys().map(|&(pair, _)| pair).max().unwrap() + 1;
                assert_eq!(schedule.n_pairs_of(look + 1), seen);
            }
            assert_eq!(meetings.len() as u64, n_pairs * u64::from(n_blocks));
            assert!(meetings.values().all(|&count| count == 1));
        }
    }
}
