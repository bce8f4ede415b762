//! All coalitions that a partial order lets form, for few players.

use super::Law;
use super::partial_order::PartialOrder;

/// `20! < 2^63`: orders are counted without rounding, in a table of 8 MiB.
pub const MOST_PLAYERS: usize = 20;

/// The coalitions that hold with each player everybody whom the player needs, and how often orders pass through them.
#[derive(Debug, Clone)]
pub struct Lattice {
    n_players: usize,
    needs: Vec<u64>,
    law: Law,
    /// Orders in which the others can join each coalition, by its number; 0 for coalitions that cannot form.
    completions: Vec<u64>,
}

impl Lattice {
    /// Those of at most 20 players; None for more. O(2^n n) time.
    pub fn new(partial: &PartialOrder, law: Law) -> Option<Self> {
        let n_players = partial.n_players();
        if n_players > MOST_PLAYERS {
            return None;
        }
        let needs = partial.needs();
        let mut completions = vec![0_u64; 1 << n_players];
        // Forward: which can form, each being smaller than what it grows into.
        completions[0] = 1;
        for coalition in 0..completions.len() {
            if completions[coalition] != 0 {
                for player in joiners(&needs, coalition) {
                    completions[coalition | 1 << player] = 1;
                }
            }
        }
        for coalition in (0..completions.len() - 1).rev() {
            if completions[coalition] != 0 {
                let grown = joiners(&needs, coalition).map(|player| completions[coalition | 1 << player]);
                completions[coalition] = grown.sum();
            }
        }
        Some(Self { n_players, needs, law, completions })
    }

    /// The coalitions that can form, by their numbers: nobody first, everybody last.
    pub fn coalitions(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.completions.len()).filter(|&coalition| self.completions[coalition] != 0)
    }

    /// Orders in which the players who are missing can join.
    pub fn completions(&self, coalition: usize) -> u64 {
        self.completions[coalition]
    }

    /// The players who may join a coalition that has formed, in ascending order.
    pub fn joiners(&self, coalition: usize) -> impl Iterator<Item = usize> + '_ {
        joiners(&self.needs, coalition)
    }

    /// The share of all orders that pass through each coalition, by its number.
    pub fn reach(&self) -> Vec<f64> {
        let mut reach = vec![0.0; self.completions.len()];
        reach[0] = 1.0;
        for coalition in self.coalitions() {
            for player in self.joiners(coalition) {
                reach[coalition | 1 << player] += reach[coalition] * self.step(coalition, player);
            }
        }
        reach
    }

    /// How likely it is that `player` joins next.
    pub fn step(&self, coalition: usize, player: usize) -> f64 {
        match self.law {
            Law::Uniform => {
                self.completions[coalition | 1 << player] as f64 / self.completions[coalition] as f64
            }
            Law::Sequential => 1.0 / self.joiners(coalition).count() as f64,
        }
    }

    /// How likely orders are.
    pub fn law(&self) -> Law {
        self.law
    }

    /// Number of players.
    pub fn n_players(&self) -> usize {
        self.n_players
    }
}

fn joiners(needs: &[u64], coalition: usize) -> impl Iterator<Item = usize> + '_ {
    let inside = coalition as u64;
    let may_join = move |player: &usize| inside >> player & 1 == 0 && needs[*player] & !inside == 0;
    (0..needs.len()).filter(may_join)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lattice(pairs: &[(u32, u32)], n_players: usize) -> Lattice {
        Lattice::new(&PartialOrder::new(pairs, n_players).unwrap(), Law::Uniform).unwrap()
    }

    #[test]
    fn orders_are_counted_without_rounding() {
        assert_eq!(lattice(&[], 20).completions(0), 2_432_902_008_176_640_000);
        let chain: Vec<(u32, u32)> = (0..19).map(|player| (player, player + 1)).collect();
        let chain = lattice(&chain, 20);
        assert_eq!((chain.completions(0), chain.coalitions().count()), (1, 21));
        // 0 before 1 and 2, 3 free: 2 orders of three, 4 places for the fourth.
        assert_eq!(lattice(&[(0, 1), (0, 2)], 4).completions(0), 8);
        assert!(Lattice::new(&PartialOrder::new(&[], 21).unwrap(), Law::Uniform).is_none());
    }

    #[test]
    fn every_size_is_passed_once() {
        let partial = PartialOrder::new(&[(0, 3), (1, 3), (3, 5), (2, 4)], 7).unwrap();
        for law in [Law::Uniform, Law::Sequential] {
            let lattice = Lattice::new(&partial, law).unwrap();
            let reach = lattice.reach();
            let mut by_size = [0.0; 8];
            lattice.coalitions().for_each(|s| by_size[s.count_ones() as usize] += reach[s]);
            assert!(by_size.iter().all(|share| (share - 1.0).abs() < 1e-14), "{law:?}: {by_size:?}");
        }
    }
}
