//! Who must come before whom.

use crate::error::Error;

/// Pairs of players, of whom the one joins before the other: no circle among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialOrder {
    n_players: usize,
    /// Those who wait for each player; a pair that was given twice stands twice.
    after: Vec<Vec<u32>>,
    n_before: Vec<u32>,
}

impl PartialOrder {
    /// The order among `n_players` in which the first of each pair joins before the second.
    pub fn new(pairs: &[(u32, u32)], n_players: usize) -> Result<Self, Error> {
        let (mut after, mut n_before) = (vec![Vec::new(); n_players], vec![0; n_players]);
        for &(first, second) in pairs {
            if first.max(second) as usize >= n_players {
                let got = format!("({first}, {second}) in a game of {n_players} players");
                return Err(Error::Parameter {
                    argument: "precedence",
                    got,
                    accepted: "pairs of its players",
                });
            }
            after[first as usize].push(second);
            n_before[second as usize] += 1;
        }
        let order = Self { n_players, after, n_before };
        match order.circle() {
            None => Ok(order),
            Some(circle) => {
                let names: Vec<String> = circle.iter().map(ToString::to_string).collect();
                let got = format!("a circle, {}", names.join(" before "));
                Err(Error::Parameter { argument: "precedence", got, accepted: "without circles" })
            }
        }
    }

    /// Number of players.
    pub fn n_players(&self) -> usize {
        self.n_players
    }

    /// For each player, those who must have joined, as bits: up to 64 players.
    pub fn needs(&self) -> Vec<u64> {
        let mut needs = vec![0; self.n_players];
        for (first, after) in self.after.iter().enumerate() {
            for &second in after {
                needs[second as usize] |= 1 << first;
            }
        }
        needs
    }

    /// One order: `choose` picks a place among the players who may join next.
    pub fn order(&self, mut choose: impl FnMut(usize) -> usize) -> Vec<u32> {
        let mut missing = self.n_before.clone();
        let mut free: Vec<u32> = (0..).zip(&missing).filter(|(_, n)| **n == 0).map(|(p, _)| p).collect();
        let mut order = Vec::with_capacity(self.n_players);
        while !free.is_empty() {
            let player = free.swap_remove(choose(free.len()));
            order.push(player);
            for &next in &self.after[player as usize] {
                missing[next as usize] -= 1;
                if missing[next as usize] == 0 {
                    free.push(next);
                }
            }
        }
        order
    }

    /// A circle, its first player at both ends.
    fn circle(&self) -> Option<Vec<u32>> {
        let order = self.order(|_| 0);
        let mut is_stuck = vec![true; self.n_players];
        for player in order {
            is_stuck[player as usize] = false;
        }
        // Each player that is stuck waits for another one: going back comes round.
        let waits_for = |player: u32| {
            let holds = |first: &usize| is_stuck[*first] && self.after[*first].contains(&player);
            (0..self.n_players).find(holds).and_then(|first| u32::try_from(first).ok())
        };
        let mut back = vec![(0..).zip(&is_stuck).find(|(_, stuck)| **stuck)?.0];
        loop {
            let before = waits_for(*back.last()?)?;
            let met = back.iter().position(|&player| player == before);
            back.push(before);
            if let Some(met) = met {
                let mut circle = back.split_off(met);
                circle.reverse();
                return Some(circle);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_and_strangers_are_refused_by_name() {
        let refused = |pairs: &[(u32, u32)]| PartialOrder::new(pairs, 4).unwrap_err().to_string();
        assert!(
            refused(&[(0, 1), (1, 3), (3, 2), (2, 1)]).contains("a circle, 1 before 3 before 2 before 1")
        );
        assert!(refused(&[(2, 2)]).contains("a circle, 2 before 2"));
        assert!(refused(&[(0, 4)]).contains("(0, 4)"));
        assert!(PartialOrder::new(&[(0, 1), (0, 1), (0, 2), (1, 2)], 4).is_ok());
    }

    #[test]
    fn orders_keep_every_pair() {
        let pairs = [(3, 0), (0, 1), (0, 1), (2, 1)];
        let partial = PartialOrder::new(&pairs, 4).unwrap();
        let mut number = 0_usize;
        for _ in 0..20 {
            let order = partial.order(|n| {
                number += 7;
                number % n
            });
            assert_eq!(order.len(), 4);
            let place = |player: u32| order.iter().position(|p| *p == player);
            assert!(pairs.iter().all(|&(first, second)| place(first) < place(second)), "{order:?}");
        }
        assert_eq!(partial.needs(), [0b1000, 0b101, 0, 0]);
    }
}
