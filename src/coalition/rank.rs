//! Rank and unrank: the coalitions of one size, numbered from 0.
//!
//! The number of `{p_1 < p_2 < ... < p_k}` is `C(p_1, 1) + C(p_2, 2) + ... + C(p_k, k)`, the combinatorial
//! number system (Knuth, The Art of Computer Programming 4A, section 7.2.1.3, theorem L): a bijection between
//! the `k`-subsets of `n` players and `0..C(n, k)`, in the order of the bitsets read as integers.

use super::{insert, members};

/// No binomial at or above this is held: it stands for "too many to number".
pub const TOO_MANY: u64 = 1 << 63;

/// Pascal's triangle, and with it the numbering of coalitions.
///
/// Entries saturate at [`TOO_MANY`]; coalitions can be numbered where `C(n_players, size)` lies below it,
/// which is every size up to 66 players. Memory: `8 (n_players + 1) (largest_size + 1)` bytes.
#[derive(Debug, Clone)]
pub struct Pascal {
    stride: usize,
    binomials: Vec<u64>, // (players, sizes): C(m, k) at m * stride + k
}

impl Pascal {
    /// Binomials `C(m, k)` for `m <= n_players` and `k <= largest_size`.
    pub fn new(n_players: usize, largest_size: usize) -> Self {
        let stride = largest_size + 1;
        let mut binomials = vec![0_u64; (n_players + 1) * stride];
        binomials[0] = 1;
        for m in 1..=n_players {
            let (above, row) = binomials[(m - 1) * stride..(m + 1) * stride].split_at_mut(stride);
            row[0] = 1;
            for k in 1..stride {
                row[k] = above[k - 1].saturating_add(above[k]).min(TOO_MANY);
            }
        }
        Self { stride, binomials }
    }

    /// `C(m, k)`, or [`TOO_MANY`].
    pub fn binomial(&self, m: usize, k: usize) -> u64 {
        self.binomials[m * self.stride + k]
    }

    /// The number of a coalition among those of its size.
    pub fn rank(&self, words: &[u64]) -> u64 {
        members(words).zip(1..).map(|(player, k)| self.binomial(player, k)).sum()
    }

    /// Write coalition number `rank` of those with `size` players into `words`, which must be empty.
    ///
    /// O(size log n_players).
    pub fn unrank(&self, mut rank: u64, size: usize, words: &mut [u64]) {
        let mut above = self.binomials.len() / self.stride - 1;
        debug_assert!(rank < self.binomial(above, size));
        for left in (1..=size).rev() {
            // The largest player whose binomial does not exceed the rank, by bisection.
            let (mut player, mut candidates) = (left - 1, above - (left - 1));
            while candidates > 1 {
                let step = candidates / 2;
                player += if self.binomial(player + step, left) <= rank { step } else { 0 };
                candidates -= step;
            }
            rank -= self.binomial(player, left);
            insert(words, player);
            above = player;
        }
    }

    /// [`Pascal::unrank`] of several coalitions of up to 64 players, one in each lane.
    ///
    /// Walks down the players without a branch that could be mispredicted; one lane waits for its loads
    /// while the others go on.
    pub fn unrank_lanes<const LANES: usize>(
        &self,
        mut ranks: [u64; LANES],
        mut left: [usize; LANES],
    ) -> [u64; LANES] {
        let mut words = [0; LANES];
        let n_rows = self.binomials.len() / self.stride - 1;
        for row in self.binomials[..n_rows * self.stride].chunks_exact(self.stride).rev() {
            for lane in 0..LANES {
                let without = row[left[lane]];
                let joins = ranks[lane] >= without;
                ranks[lane] -= if joins { without } else { 0 };
                left[lane] -= usize::from(joins);
                words[lane] = words[lane] << 1 | u64::from(joins);
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coalition::{size, words_for};
    use crate::random::{Purpose, Stream};

    #[test]
    fn binomials_are_those_of_the_product_formula() {
        let pascal = Pascal::new(130, 130);
        for n in 0..=130_u128 {
            let mut expected = Some(1_u128); // None once it has passed 2^127
            for k in 0..=n / 2 {
                let saturated = expected.map_or(TOO_MANY, |b| u64::try_from(b.min(1 << 63)).unwrap());
                let (n, left) = (usize::try_from(n).unwrap(), usize::try_from(k).unwrap());
                assert_eq!(pascal.binomial(n, left), saturated, "{k} of {n}");
                assert_eq!(pascal.binomial(n, n - left), saturated, "{k} of {n}, mirrored");
                expected = expected.and_then(|b| b.checked_mul(n as u128 - k)).map(|b| b / (k + 1));
            }
        }
    }

    #[test]
    fn rank_and_unrank_are_inverse_on_all_coalitions_of_few_players() {
        for n_players in 1..=12 {
            let pascal = Pascal::new(n_players, n_players);
            let mut next = vec![0; n_players + 1]; // coalitions met so far, by size
            for coalition in 0..1_u64 << n_players {
                let k = size(&[coalition]);
                let rank = pascal.rank(&[coalition]);
                assert_eq!(rank, next[k], "ranks follow the integers");
                next[k] += 1;
                let mut words = [0];
                pascal.unrank(rank, k, &mut words);
                assert_eq!(words, [coalition]);
                assert_eq!(pascal.unrank_lanes([rank, 0], [k, 1]), [coalition, 1]);
            }
        }
    }

    #[test]
    fn rank_and_unrank_are_inverse_wherever_coalitions_can_be_numbered() {
        let mut stream = Stream::new(1, Purpose::PairRank, 0, 0);
        for (n_players, largest) in (13..=66).map(|n| (n, n)).chain([(100, 16), (1000, 7), (10_000, 5)]) {
            let pascal = Pascal::new(n_players, largest);
            for _ in 0..50 {
                let k = stream.index_below(largest + 1);
                let count = pascal.binomial(n_players, k);
                assert!(count < TOO_MANY);
                for rank in [0, count - 1, stream.below(count)] {
                    let mut words = vec![0; words_for(n_players)];
                    pascal.unrank(rank, k, &mut words);
                    assert_eq!((size(&words), pascal.rank(&words)), (k, rank));
                    if let [word] = words[..] {
                        assert_eq!(pascal.unrank_lanes([rank], [k]), [word]);
                    }
                }
            }
        }
    }
}
