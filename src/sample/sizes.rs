//! Which size class comes next.
//!
//! Sizes are not drawn but follow a rule, so that every prefix of the sequence is a balanced design, and a
//! larger budget only adds pairs. Class `k` holds the pairs whose smaller half has `k` of the `n` players,
//! `k = 1 ..= n/2`: `N_k` of them, `c_k` given so far. Single coalitions have classes too: their sizes,
//! `k = 1 ..= n-1`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// A deterministic sequence of size classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequence {
    /// Every size of coalition equally often, which are the leverage scores of Shapley's least squares
    /// (Musco, Witter 2025, "Provably accurate Shapley value estimation via leverage score sampling"):
    /// Webster's rule with mass 2, or 1 at `k = n/2`, where a pair holds two coalitions of one size.
    Leverage,
    /// The star of all `n` pairs of class 1, then `min(n, N_h)` pairs of the largest class `h`, then for ever
    /// two pairs of class `h` and one, by Webster's rule with equal masses, of the classes between. What is
    /// exhausted is skipped.
    StarMiddle,
    /// Sizes in proportion to the Shapley kernel `1 / (k (n - k))`, by Webster's rule.
    Kernel,
}

/// How a class is chosen.
#[derive(Debug, Clone)]
enum Rule {
    Named(Sequence),
    /// Equal proportions: see [`Sizes::in_proportion`].
    Proportions {
        /// `1 / mass_k^2` at k.
        inverse_squares: Vec<f64>,
        /// `c_k (c_k + 1) / mass_k^2` as the bits of a number that is not negative, and the class: the
        /// smallest comes next; among equals the one with the larger mass, then the larger class.
        queue: BinaryHeap<Reverse<(u64, u64, Reverse<usize>)>>,
    },
}

/// The sequence of sizes, and how many pairs of each class it has given.
///
/// O(log n) a step: 10,000 players and 11,000 pairs take about a millisecond.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    rule: Rule,
    n_players: usize,
    pools: Vec<u64>,  // N_k at k; entry 0 is unused
    counts: Vec<u64>, // c_k at k
    /// `(2 c_k + 1) / mass_k` in integers, and the class: the smallest comes next, the larger class if equal.
    webster: BinaryHeap<Reverse<(u64, Reverse<usize>)>>,
    drawn: u64,
    turn: u8, // of StarMiddle's three: 0 and 1 for the largest class, 2 for those between
    /// Does the star come before everything else, whatever the sequence?
    star_first: bool,
    /// After how many pairs Webster's rule begins anew, by the masses of `Leverage`; never where None.
    turns_after: Option<u64>,
}

impl Sizes {
    /// `pools[k]` is `N_k`, or any number that no budget reaches; entry 0 is unused.
    pub(super) fn new(sequence: Sequence, n_players: usize, pools: Vec<u64>) -> Self {
        let half = n_players / 2;
        let between = if sequence == Sequence::StarMiddle { 2..half } else { 1..half + 1 };
        Self {
            rule: Rule::Named(sequence),
            n_players,
            counts: vec![0; pools.len()],
            pools,
            webster: between.map(|k| Reverse((inverse_mass(sequence, n_players, k), Reverse(k)))).collect(),
            drawn: 0,
            turn: 0,
            star_first: false,
            turns_after: None,
        }
    }

    /// Let the pairs from number `after` on come by the rule of `Leverage`, which counts them alone: the sizes of what
    /// came before do not matter, but that no pair comes twice.
    pub(super) fn turn_after(&mut self, after: u64) {
        self.turns_after = Some(after);
    }

    fn turn(&mut self) {
        self.turns_after = None;
        self.rule = Rule::Named(Sequence::Leverage);
        self.webster = (1..self.pools.len())
            .filter(|&k| self.counts[k] < self.pools[k])
            .map(|k| Reverse((inverse_mass(Sequence::Leverage, self.n_players, k), Reverse(k))))
            .collect();
    }

    /// Classes in proportion to masses, whatever these are: the method of equal proportions (Huntington, Hill),
    /// the class with the largest `mass_k^2 / (c_k (c_k + 1))`.
    ///
    /// Each class comes once first, the one of the largest mass at the head. After that every prefix is the
    /// allocation of its length with the least `sum_k mass_k^2 / c_k`, the variance of a sum of means over
    /// classes in which the standard deviation of one term is `mass_k`, for another term makes it smaller by
    /// just that quotient (Wright 2012, "The equivalence of Neyman optimum allocation for sampling and equal
    /// proportions for apportioning the U.S. House of Representatives"). Drawing without replacement lowers it
    /// by a constant. House-monotone, as Webster's rule is; that one would leave classes of little mass without
    /// a term. Classes without mass never come.
    pub(super) fn in_proportion(masses: &[f64], n_players: usize, mut pools: Vec<u64>) -> Self {
        let inverse_squares: Vec<f64> = masses.iter().map(|mass| 1.0 / (mass * mass)).collect();
        let mut queue = BinaryHeap::new();
        for class in 1..pools.len() {
            if inverse_squares[class].is_finite() {
                queue.push(Reverse((0, inverse_squares[class].to_bits(), Reverse(class))));
            } else {
                pools[class] = 0;
            }
        }
        Self {
            rule: Rule::Proportions { inverse_squares, queue },
            n_players,
            counts: vec![0; pools.len()],
            pools,
            webster: BinaryHeap::new(),
            drawn: 0,
            turn: 0,
            star_first: false,
            turns_after: None,
        }
    }

    /// All pairs that ever come; None where their number does not fit.
    pub(super) fn total(&self) -> Option<u64> {
        self.pools[1..].iter().try_fold(0_u64, |total, &pool| total.checked_add(pool))
    }

    /// The star of all pairs of class 1, then the sequence without them: by Webster's rule the other classes come
    /// in the order that they have among themselves anyway.
    pub(super) fn star_first(sequence: Sequence, n_players: usize, pools: Vec<u64>) -> Self {
        let mut sizes = Self::new(sequence, n_players, pools);
        sizes.webster.retain(|Reverse((_, Reverse(class)))| *class > 1);
        sizes.star_first = true;
        sizes
    }

    /// Pairs of class `class` given so far.
    pub(super) fn count(&self, class: usize) -> u64 {
        self.counts[class]
    }

    /// Pairs given so far.
    pub(super) fn drawn(&self) -> u64 {
        self.drawn
    }

    /// The next pair: its class, and how many of the class came before. None when all are exhausted.
    pub(super) fn next(&mut self) -> Option<(usize, u64)> {
        if self.turns_after == Some(self.drawn) {
            self.turn();
        }
        let class = match &self.rule {
            _ if self.star_first && self.counts[1] < self.pools[1] => 1,
            Rule::Named(Sequence::StarMiddle) => self.star_middle()?,
            Rule::Named(sequence) => self.webster(*sequence)?,
            Rule::Proportions { .. } => self.equal_proportions()?,
        };
        let before = self.counts[class];
        self.counts[class] += 1;
        self.drawn += 1;
        Some((class, before))
    }

    /// Webster's rule (Balinski, Young 1982, "Fair representation"): the class with the largest
    /// `mass_k / (2 c_k + 1)` among those with pairs left, the larger class where two tie.
    ///
    /// Unlike rounding by largest remainders it is house-monotone: no class loses a pair as the total grows.
    /// Compared without rounding, in integers below `4 n^2 c_k`.
    fn webster(&mut self, sequence: Sequence) -> Option<usize> {
        let mut top = self.webster.peek_mut()?;
        let Reverse((cost, Reverse(class))) = &mut *top;
        let class = *class;
        *cost += 2 * inverse_mass(sequence, self.n_players, class);
        if self.counts[class] + 1 == self.pools[class] {
            PeekMut::pop(top);
        }
        Some(class)
    }

    fn star_middle(&mut self) -> Option<usize> {
        let half = self.n_players / 2;
        if self.counts[1] < self.pools[1] {
            return Some(1);
        }
        let half_left = self.counts[half] < self.pools[half];
        if half_left && self.counts[half] < self.n_players as u64 {
            return Some(half);
        }
        let turn = self.turn;
        self.turn = (turn + 1) % 3;
        if turn < 2 && half_left {
            return Some(half);
        }
        self.turn = 0;
        self.webster(Sequence::StarMiddle).or(half_left.then_some(half))
    }

    fn equal_proportions(&mut self) -> Option<usize> {
        let Rule::Proportions { inverse_squares, queue } = &mut self.rule else { return None };
        let mut top = queue.peek_mut()?;
        let Reverse((cost, _, Reverse(class))) = &mut *top;
        let class = *class;
        let count = self.counts[class] as f64 + 1.0;
        *cost = (count * (count + 1.0) * inverse_squares[class]).to_bits();
        if self.counts[class] + 1 == self.pools[class] {
            PeekMut::pop(top);
        }
        Some(class)
    }
}

/// The inverse of a class's mass, times 2.
fn inverse_mass(sequence: Sequence, n_players: usize, class: usize) -> u64 {
    let halved = if 2 * class == n_players { 2 } else { 1 };
    match sequence {
        Sequence::Leverage | Sequence::StarMiddle => halved,
        Sequence::Kernel => halved * (class * (n_players - class)) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coalition::rank::Pascal;

    const SEQUENCES: [Sequence; 3] = [Sequence::Leverage, Sequence::StarMiddle, Sequence::Kernel];

    fn pools(n: usize) -> Vec<u64> {
        let pascal = Pascal::new(n, n / 2);
        let pool = |k| if 2 * k == n { pascal.binomial(n - 1, k - 1) } else { pascal.binomial(n, k) };
        (0..=n / 2).map(pool).collect()
    }

    fn classes(sequence: Sequence, n: usize) -> impl Iterator<Item = usize> {
        let mut sizes = Sizes::new(sequence, n, pools(n));
        std::iter::from_fn(move || sizes.next().map(|(class, _)| class))
    }

    /// The classes whose `mass / (2 c + 1)` is largest, by cross-multiplied fractions; the largest of them.
    fn naive_webster(masses: &[(u128, u128)], counts: &[u64], pools: &[u64]) -> Option<usize> {
        (0..masses.len()).filter(|&k| masses[k].0 > 0 && counts[k] < pools[k]).max_by(|&a, &b| {
            let share =
                |k: usize, other: usize| masses[k].0 * masses[other].1 * u128::from(2 * counts[other] + 1);
            share(a, b).cmp(&share(b, a)).then(a.cmp(&b))
        })
    }

    #[test]
    fn classes_come_by_websters_rule() {
        for n in (4..=14).chain([31, 60, 64]) {
            let pools = pools(n);
            let g = |k: usize| if 2 * k == n { 1 } else { 2 };
            let leverage: Vec<_> = (0..=n / 2).map(|k| (if k == 0 { 0 } else { g(k) }, 1)).collect();
            let kernel: Vec<_> =
                (0..=n / 2).map(|k| (if k == 0 { 0 } else { g(k) }, (k * (n - k)).max(1) as u128)).collect();
            for (sequence, masses) in [(Sequence::Leverage, leverage), (Sequence::Kernel, kernel)] {
                let mut counts = vec![0; pools.len()];
                for class in classes(sequence, n).take(10_000) {
                    assert_eq!(
                        Some(class),
                        naive_webster(&masses, &counts, &pools),
                        "{sequence:?}, {n} players"
                    );
                    counts[class] += 1;
                }
                assert!(counts.iter().sum::<u64>() == 10_000 || counts[1..] == pools[1..]);
            }
        }
    }

    #[test]
    fn star_and_middle_come_in_the_written_order() {
        // 4 players: 4 singletons, then the 3 halves; 6: 6 + 6 of 10, then two halves to one middle.
        assert_eq!(classes(Sequence::StarMiddle, 4).collect::<Vec<_>>(), [1, 1, 1, 1, 2, 2, 2]);
        let six: Vec<_> = classes(Sequence::StarMiddle, 6).collect();
        assert_eq!(six[..12], [1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3]);
        assert_eq!(six[12..18], [3, 3, 2, 3, 3, 2]);
        assert_eq!(six[18..], [2; 13]);
        // 9: the middle classes 2 and 3 take turns, the larger first, until class 2 is exhausted.
        let nine: Vec<_> = classes(Sequence::StarMiddle, 9).skip(18).collect();
        assert_eq!(nine[..12], [4, 4, 3, 4, 4, 2, 4, 4, 3, 4, 4, 2]);
    }

    #[test]
    fn proportions_give_each_class_one_and_then_what_lowers_the_variance_most() {
        for n in [4, 5, 9, 14] {
            let pools = pools(n);
            let masses: Vec<f64> =
                (0..pools.len()).map(|k| if k == 3 { 0.0 } else { 1.0 / k as f64 }).collect();
            let mut sizes = Sizes::in_proportion(&masses, n, pools.clone());
            let variance = |counts: &[u64]| -> f64 {
                let live = (1..pools.len()).filter(|&k| k != 3);
                live.map(|k| masses[k] * masses[k] / counts[k] as f64).sum()
            };
            let n_live = if pools.len() > 3 { pools.len() - 2 } else { pools.len() - 1 };
            let mut counts = vec![0; pools.len()];
            for step in 0..200 {
                let Some((class, before)) = sizes.next() else { break };
                assert_eq!(before, counts[class]);
                if step >= n_live {
                    let after = |k: usize| {
                        let mut counts = counts.clone();
                        counts[k] += 1;
                        variance(&counts)
                    };
                    let open = (1..pools.len()).filter(|&k| k != 3 && counts[k] < pools[k]);
                    let least = open.map(after).fold(f64::INFINITY, f64::min);
                    // Sums of up to seven terms: a tie may be broken by a rounding.
                    assert!(after(class) <= least * (1.0 + 1e-14), "{n} players, step {step}");
                } else {
                    assert_eq!(counts[class], 0, "each class comes once first");
                }
                counts[class] += 1;
            }
            assert!(counts.get(3).is_none_or(|&count| count == 0), "no mass, no pair");
            let all: u64 = (1..pools.len()).filter(|&k| k != 3).map(|k| pools[k]).sum();
            assert_eq!(sizes.total(), Some(all));
        }
    }

    #[test]
    fn a_star_in_front_leaves_the_order_of_the_other_classes() {
        for (sequence, n) in SEQUENCES.into_iter().flat_map(|s| (4..=14).map(move |n| (s, n))) {
            let mut sizes = Sizes::star_first(sequence, n, pools(n));
            let given: Vec<_> = std::iter::from_fn(|| sizes.next().map(|(class, _)| class)).collect();
            assert_eq!(given[..n], vec![1; n], "{sequence:?}, {n} players");
            let others: Vec<_> = classes(sequence, n).filter(|&class| class > 1).collect();
            assert_eq!(given[n..], others, "{sequence:?}, {n} players");
        }
    }

    #[test]
    fn a_second_phase_follows_its_own_rule_on_what_the_first_left() {
        for (n, after) in [(6, 9_usize), (8, 20), (9, 30), (12, 200)] {
            let mut sizes = Sizes::new(Sequence::StarMiddle, n, pools(n));
            sizes.turn_after(after as u64);
            let given: Vec<_> = std::iter::from_fn(|| sizes.next()).collect();
            let classes_given: Vec<_> = given.iter().map(|&(class, _)| class).collect();
            let (first, second) = classes_given.split_at(after);
            assert_eq!(first, classes(Sequence::StarMiddle, n).take(first.len()).collect::<Vec<_>>());
            let mut left = pools(n);
            for &class in first {
                left[class] -= 1;
            }
            let mut alone = Sizes::new(Sequence::Leverage, n, left.clone());
            alone.webster.retain(|Reverse((_, Reverse(class)))| left[*class] > 0);
            let expected: Vec<_> = std::iter::from_fn(|| alone.next().map(|(class, _)| class)).collect();
            assert_eq!(second, expected, "{n} players");
            let mut counts = vec![0; n / 2 + 1];
            for (class, before) in given {
                assert_eq!(before, counts[class], "the stream of class {class} goes on");
                counts[class] += 1;
            }
            assert_eq!(counts[1..], pools(n)[1..]);
        }
    }

    #[test]
    fn every_class_is_exhausted_and_none_is_exceeded() {
        for (sequence, n) in SEQUENCES.into_iter().flat_map(|s| (4..=16).map(move |n| (s, n))) {
            let mut counts = vec![0; n / 2 + 1];
            classes(sequence, n).for_each(|class| counts[class] += 1);
            assert_eq!(counts[1..], pools(n)[1..], "{sequence:?}, {n} players");
        }
    }
}
