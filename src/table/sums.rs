//! Superset sums of all small sets, and how two halves of a game become one.

use std::sync::LazyLock;

use crate::coalition::rank::Pascal;

/// Binomials of as many players as a table can have: its length is a `usize`.
static PASCAL: LazyLock<Pascal> = LazyLock::new(|| Pascal::new(64, 64));

/// `C(n, k)`, zero for `k > n`.
pub(super) fn binomial(n: usize, k: usize) -> usize {
    usize::try_from(PASCAL.binomial(n, k)).unwrap_or(usize::MAX)
}

/// `P(A) = sum_{S >= A} u(S)` for every set `A` of at most `order` of the first `n_players` players.
///
/// Sets stand by size, and within a size in colexicographic order (by their highest player, then the next): the
/// sets without the last player come first, those with it after, which makes joining two halves a concatenation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SupersetSums {
    pub(super) n_players: usize,
    pub(super) order: usize,
    pub(super) sums: Vec<f64>,
}

impl SupersetSums {
    /// Sums of zeros, to be filled.
    pub(super) fn zeros(n_players: usize, order: usize) -> Self {
        Self { n_players, order, sums: vec![0.0; n_sets(n_players, order)] }
    }

    /// The game in which one more player chooses between `self` (out) and `joined` (in).
    pub(super) fn join(&self, joined: &Self) -> Self {
        debug_assert_eq!((self.n_players, self.order), (joined.n_players, joined.order));
        let mut sums = Vec::with_capacity(n_sets(self.n_players + 1, self.order));
        for size in 0..=self.order {
            let (out, with) = (self.of_size(size), joined.of_size(size));
            sums.extend(out.iter().zip(with).map(|(a, b)| a + b));
            if size > 0 {
                sums.extend_from_slice(joined.of_size(size - 1));
            }
        }
        Self { n_players: self.n_players + 1, order: self.order, sums }
    }

    /// The same sums for the first `n_players` alone, where the others are in no coalition that counts.
    pub(super) fn truncate(&self, n_players: usize) -> Self {
        let kept = |size| &self.of_size(size)[..binomial(n_players, size)];
        let sums = (0..=self.order).flat_map(kept).copied().collect();
        Self { n_players, order: self.order, sums }
    }

    /// The sums of the sets of one size.
    pub(super) fn of_size(&self, size: usize) -> &[f64] {
        let first = if size == 0 { 0 } else { n_sets(self.n_players, size - 1) };
        &self.sums[first..first + binomial(self.n_players, size)]
    }
}

/// How many sets of at most `order` players there are.
pub(super) fn n_sets(n_players: usize, order: usize) -> usize {
    (0..=order).fold(0, |count: usize, size| count.saturating_add(binomial(n_players, size)))
}
