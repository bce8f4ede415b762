//! Coalitions of one size, one after the other.

use super::{Coalitions, contains, insert, words_for};

/// Step to the next coalition of the same size among `n_players`; false, and unchanged, at the last.
///
/// Coalitions come in the order of the bitsets read as integers, so the one at position `r` is the one that
/// [`Pascal::rank`](super::rank::Pascal::rank) gives the number `r`. The lowest run of members ends at a
/// player who is out: that one joins, the run's last member leaves, its others go down to players 0, 1, ...
/// (Knuth, The Art of Computer Programming 4A, section 7.2.1.3, algorithm L). O(1) on average over all
/// coalitions of a size, for any number of players.
pub fn next_of_size(words: &mut [u64], n_players: usize) -> bool {
    let is_in = |words: &[u64], player| player < n_players && contains(words, player);
    let Some(first) = (0..n_players).find(|&player| contains(words, player)) else { return false };
    let Some(joiner) = (first..n_players).find(|&player| !is_in(words, player)) else { return false };
    for player in first..joiner {
        words[player / 64] &= !(1 << (player % 64));
    }
    for player in 0..joiner - first - 1 {
        insert(words, player);
    }
    insert(words, joiner);
    true
}

/// All coalitions of `size` of `n_players`, in the order of their ranks.
///
/// Memory: `C(n_players, size)` coalitions.
pub fn of_size(n_players: usize, size: usize) -> Coalitions {
    let mut coalitions = Coalitions::new(n_players);
    if size > n_players {
        return coalitions;
    }
    let mut words = vec![0; words_for(n_players)];
    for player in 0..size {
        insert(&mut words, player);
    }
    loop {
        coalitions.push(&words);
        if !next_of_size(&mut words, n_players) {
            return coalitions;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coalition::rank::Pascal;
    use crate::coalition::size;

    #[test]
    fn every_coalition_of_a_size_comes_once_in_the_order_of_integers() {
        for n_players in 0..=10 {
            for wanted in 0..=n_players + 1 {
                let expected: Vec<u64> =
                    (0..1 << n_players).filter(|s: &u64| size(&[*s]) == wanted).collect();
                let words = of_size(n_players, wanted);
                // No players at all: one coalition, without a word.
                if n_players == 0 {
                    assert_eq!(words.len(), expected.len());
                } else {
                    assert_eq!(words.words(), expected, "{wanted} of {n_players}");
                }
            }
        }
    }

    #[test]
    fn position_is_rank_across_words() {
        for (n_players, wanted) in [(66, 1), (70, 2), (130, 2), (66, 3)] {
            let pascal = Pascal::new(n_players, wanted);
            let coalitions = of_size(n_players, wanted);
            assert_eq!(coalitions.len() as u64, pascal.binomial(n_players, wanted));
            for position in 0..coalitions.len() {
                assert_eq!(pascal.rank(coalitions.get(position)), position as u64);
            }
        }
    }
}
