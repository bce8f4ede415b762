//! Which coalition is number `a` of a size class: of the pairs of a size, or of the coalitions of a size.
//!
//! Every class has its own random order of its pairs, and every pair of it can be had at once, without those
//! before it: never by rejecting what was drawn already, which would make each pair depend on all others.

use super::shuffle::{Feistel, Shuffled};
use crate::coalition::rank::{Pascal, TOO_MANY};
use crate::coalition::{Coalitions, contains, insert, last_word, words_for};
use crate::error::Error;
use crate::parallel::Workers;
use crate::random::{Purpose, Stream, mix};

/// Classes of up to this many pairs are shuffled in a table, larger ones permuted by a keyed function.
const LARGEST_TABLE: u64 = 4096;

/// Coalitions unranked at once: more hide each other's waiting until registers run out (measured: 2 lanes
/// save a third of the time per pair, 4 half, 8 nothing).
const LANES: usize = 4;

/// The pairs of all classes of one row, each in its random order.
///
/// The `a`-th pair of class `k` of `N_k`:
/// 1. `N_k <= 4096`: the `a`-th rank of a shuffled table.
/// 2. `N_k < 2^63`: the image of `a` under a keyed permutation of the ranks.
/// 3. else `k` players drawn from stream `(k, a)`. Two of `p` pairs are equal with a chance below
///    `p^2 / 2^64`, which is harmless.
///
/// Ranks are those of [`Pascal`]. The halves that hold the last player are the upper half of the ranks, so
/// at `k = n/2` the rank starts there. All pairs of a class are equally likely at each `a`.
///
/// Single coalitions have `n - 1` classes, their sizes. Those of more than half the players are the complements of
/// coalitions that are drawn as above, each size in an order of its own.
#[derive(Debug, Clone)]
pub(super) struct Classes {
    n_players: usize,
    seed: u64,
    row_key: u64,
    pascal: Pascal,
    /// Class k at k - 1 up to the largest that can be numbered; of single coalitions then n - 1, n - 2, ...
    ranked: Vec<Ranked>,
    is_paired: bool,
}

/// A class whose pairs are numbered.
#[derive(Debug, Clone)]
struct Ranked {
    pool: u64,
    /// Where the ranks start: those below are the other halves of the pairs.
    first: u64,
    order: Order,
}

#[derive(Debug, Clone)]
enum Order {
    Table(Shuffled),
    Function(Feistel),
}

impl Classes {
    /// The classes of pairs.
    pub(super) fn new(n_players: usize, seed: u64, row_key: u64) -> Self {
        Self::of(n_players, seed, row_key, true)
    }

    /// The classes of single coalitions.
    pub(super) fn of_coalitions(n_players: usize, seed: u64, row_key: u64) -> Self {
        Self::of(n_players, seed, row_key, false)
    }

    fn of(n_players: usize, seed: u64, row_key: u64, is_paired: bool) -> Self {
        let largest = largest_numbered_size(n_players);
        let pascal = Pascal::new(n_players, largest);
        let ranked = |class: usize| {
            let coalitions = pascal.binomial(n_players, class.min(n_players - class));
            let first = if is_paired && 2 * class == n_players { coalitions / 2 } else { 0 };
            let pool = coalitions - first;
            let order = if pool <= LARGEST_TABLE {
                Order::Table(Shuffled::new(
                    pool,
                    Stream::new(seed, Purpose::PairRank, row_key, unit(class, 0)),
                ))
            } else {
                // Mixed, or rows and seeds could stand in for each other: seed 1, row 2 for seed 2, row 1.
                Order::Function(Feistel::new(pool, seed ^ mix(row_key), class as u64))
            };
            Ranked { pool, first, order }
        };
        let upper = if is_paired { 0 } else { largest };
        let ranked = (1..=largest).chain((1..=upper).map(|absent| n_players - absent)).map(ranked).collect();
        Self { n_players, seed, row_key, pascal, ranked, is_paired }
    }

    /// The class, where its members are numbered.
    fn ranked(&self, class: usize) -> Option<&Ranked> {
        self.ranked.get(self.place(class)?)
    }

    fn place(&self, class: usize) -> Option<usize> {
        let largest = if self.is_paired { self.ranked.len() } else { self.ranked.len() / 2 };
        let absent = self.n_players - class;
        if class <= largest {
            Some(class - 1)
        } else {
            (!self.is_paired && absent <= largest).then(|| largest + absent - 1)
        }
    }

    /// Players whom the coalitions of a class are drawn with, before those of more than half are turned round.
    fn drawn_size(&self, class: usize) -> usize {
        class.min(self.n_players - class)
    }

    /// `N_k`; None from about 2^63 on, where `C(n, k)` has passed it.
    pub(super) fn pool(&self, class: usize) -> Option<u64> {
        self.ranked(class).map(|ranked| ranked.pool)
    }

    /// Make pair `number` of a class ready to be written.
    pub(super) fn prepare(&mut self, class: usize, number: u64) {
        let place = self.place(class);
        if let Some(Ranked { order: Order::Table(table), .. }) = place.and_then(|at| self.ranked.get_mut(at))
        {
            table.draw_to(number);
        }
    }

    /// Write pair `number` of a class into `words`, which must be empty. It must have been prepared.
    pub(super) fn write(&self, class: usize, number: u64, words: &mut [u64]) {
        match self.rank(class, number) {
            Some(rank) => self.pascal.unrank(rank, self.drawn_size(class), words),
            None => self.draw(class, number, words),
        }
        self.turn_round(class, words);
    }

    /// The coalitions `(class, number)`, which must have been prepared.
    pub(super) fn coalitions(
        &self,
        plan: &[(usize, u64)],
        workers: &Workers<'_>,
    ) -> Result<Coalitions, Error> {
        let mut coalitions = Coalitions::empty(self.n_players, plan.len());
        // Units of 0.1 to 0.2 ms; one alone is not worth waking other threads for.
        let per_unit = (1_usize << 16).div_ceil(self.n_players);
        if plan.len() <= per_unit {
            workers.check()?;
            self.write_all(plan, coalitions.words_mut());
        } else {
            let words = coalitions.words_mut().chunks_mut(per_unit * words_for(self.n_players));
            let units = plan.chunks(per_unit).zip(words);
            workers.for_each_unit(units, |_, (plan, words)| self.write_all(plan, words))?;
        }
        Ok(coalitions)
    }

    /// Write pairs `(class, number)` into `words`, which must be empty: `words_for(n_players)` a pair.
    fn write_all(&self, pairs: &[(usize, u64)], words: &mut [u64]) {
        let width = words_for(self.n_players);
        let mut written = 0;
        if width == 1 {
            let (groups, _) = pairs.as_chunks::<LANES>();
            let (slots, _) = words.as_chunks_mut::<LANES>();
            for (group, slot) in groups.iter().zip(slots) {
                let ranks =
                    group.map(|(class, number)| self.rank(class, number).expect("64 players are numbered"));
                *slot = self.pascal.unrank_lanes(ranks, group.map(|(class, _)| self.drawn_size(class)));
                for (word, (class, _)) in slot.iter_mut().zip(group) {
                    self.turn_round(*class, std::slice::from_mut(word));
                }
            }
            written = groups.len() * LANES;
        }
        for (&(class, number), words) in pairs.iter().zip(words.chunks_exact_mut(width)).skip(written) {
            self.write(class, number, words);
        }
    }

    /// The rank of a pair's smaller half among the coalitions of its size; None where they are not numbered.
    fn rank(&self, class: usize, number: u64) -> Option<u64> {
        let ranked = self.ranked(class)?;
        Some(
            ranked.first
                + match &ranked.order {
                    Order::Table(table) => table.get(number),
                    Order::Function(feistel) => feistel.apply(number),
                },
        )
    }

    /// Take everybody else, where a class has more than half the players.
    fn turn_round(&self, class: usize, words: &mut [u64]) {
        if 2 * class > self.n_players {
            for word in &mut *words {
                *word = !*word;
            }
            if let Some(last) = words.last_mut() {
                *last &= last_word(self.n_players);
            }
        }
    }

    /// Draw pair `number` of a class from its own stream.
    fn draw(&self, class: usize, number: u64, words: &mut [u64]) {
        let stream = Stream::new(self.seed, Purpose::PairSet, self.row_key, unit(class, number));
        let (mut size, mut n_players) = (self.drawn_size(class), self.n_players);
        if self.is_paired && 2 * class == n_players {
            (size, n_players) = (size - 1, n_players - 1);
            insert(words, n_players);
        }
        draw_players(stream, size, n_players, words);
    }
}

/// Let `size` of the players `0..n_players` join `words`, which holds none of them: all sets are equally likely.
///
/// Floyd's partial shuffle (Bentley, Floyd 1987, "A sample of brilliance"): one draw a member, and no table
/// of players to fill and put back. Called in one place, so that the stream stays in registers: 6 nanoseconds a
/// member instead of 12 (measured).
fn draw_players(mut stream: Stream, size: usize, n_players: usize, words: &mut [u64]) {
    for last in n_players - size..n_players {
        let player = stream.index_below(last + 1);
        insert(words, if contains(words, player) { last } else { player });
    }
}

/// The work unit of pair `number` of a class.
fn unit(class: usize, number: u64) -> u64 {
    debug_assert!(number < 1 << 40);
    ((class as u64) << 40) + number
}

/// The largest `k <= n/2` with `C(n, k) < 2^63`.
fn largest_numbered_size(n_players: usize) -> usize {
    let mut binomial = 1_u128;
    for k in 1..=n_players / 2 {
        binomial = binomial * (n_players + 1 - k) as u128 / k as u128;
        if binomial >= u128::from(TOO_MANY) {
            return k - 1;
        }
    }
    n_players / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coalition::{members, size};

    const SEEDS: u64 = 10_000;

    /// Are the counts those of `expected`, up to a chance of 3e-7?
    fn assert_as_expected(counts: &[u32], expected: &[f64], what: &str) {
        assert_eq!(counts.len(), expected.len());
        let chi_square: f64 = counts.iter().zip(expected).map(|(&c, e)| (f64::from(c) - e).powi(2) / e).sum();
        let df = (counts.len() - 1) as f64;
        // Five standard deviations of the cube root (Wilson, Hilferty 1931).
        let bound = df * (1.0 - 2.0 / (9.0 * df) + 5.0 * (2.0 / (9.0 * df)).sqrt()).powi(3);
        assert!(chi_square < bound, "{what}: {chi_square} with {df} degrees of freedom");
    }

    /// Pair `number` of a class in `SEEDS` seeds.
    fn draws(n_players: usize, class: usize, number: u64) -> impl Iterator<Item = Vec<u64>> {
        (0..SEEDS).map(move |seed| {
            let mut classes = Classes::new(n_players, seed, 3);
            let mut words = vec![0; words_for(n_players)];
            classes.prepare(class, number);
            classes.write(class, number, &mut words);
            assert_eq!(size(&words), class);
            words
        })
    }

    #[test]
    fn all_pairs_of_a_numbered_class_are_equally_likely() {
        // By table: 28 pairs, 35 halves; by function: 4368 pairs, 6435 halves. In up to 35 cells.
        for (n_players, class, pool) in [(8, 2, 28), (8, 4, 35), (16, 5, 4368), (16, 8, 6435)] {
            for number in [0, 1, 27] {
                let pascal = Pascal::new(n_players, n_players / 2);
                let n_cells = pool.min(35);
                let mut counts = vec![0; usize::try_from(n_cells).unwrap()];
                for words in draws(n_players, class, number) {
                    let rank = pascal.rank(&words) - if 2 * class == n_players { pool } else { 0 };
                    counts[usize::try_from(rank * n_cells / pool).unwrap()] += 1;
                }
                let mut expected = vec![0.0; counts.len()];
                let weight = SEEDS as f64 / pool as f64;
                (0..pool)
                    .for_each(|rank| expected[usize::try_from(rank * n_cells / pool).unwrap()] += weight);
                assert_as_expected(&counts, &expected, &format!("{class} of {n_players}, number {number}"));
            }
        }
    }

    #[test]
    fn all_players_of_an_unnumbered_class_are_equally_likely() {
        for (n_players, class) in [(68, 34), (68, 33), (130, 65)] {
            let drawn = if 2 * class == n_players { (n_players - 1, class - 1) } else { (n_players, class) };
            let mut counts = vec![0_u32; drawn.0];
            for words in draws(n_players, class, 5) {
                members(&words).filter(|&player| player < drawn.0).for_each(|player| counts[player] += 1);
                assert!(2 * class != n_players || contains(&words, n_players - 1));
            }
            // A player's count has variance S p (1 - p), and they sum to a constant: scaled by
            // (1 - p) n / (n - 1) their squares are those of a multinomial.
            let (n, share) = (drawn.0 as f64, drawn.1 as f64 / drawn.0 as f64);
            let mean = SEEDS as f64 * share;
            let chi_square: f64 = counts.iter().map(|&c| (f64::from(c) - mean).powi(2)).sum::<f64>()
                / (mean * (1.0 - share) * n / (n - 1.0));
            let df = n - 1.0;
            let bound = df * (1.0 - 2.0 / (9.0 * df) + 5.0 * (2.0 / (9.0 * df)).sqrt()).powi(3);
            assert!(chi_square < bound, "{class} of {n_players}: {chi_square}");
        }
    }

    #[test]
    fn all_drawn_sets_are_equally_likely() {
        let pascal = Pascal::new(7, 3);
        let mut counts = [0; 35];
        for unit in 0..SEEDS {
            let mut words = [0];
            draw_players(Stream::new(11, Purpose::PairSet, 0, unit), 3, 7, &mut words);
            counts[usize::try_from(pascal.rank(&words)).unwrap()] += 1;
        }
        assert_as_expected(&counts, &[SEEDS as f64 / 35.0; 35], "3 of 7");
    }

    #[test]
    fn classes_are_numbered_up_to_two_to_the_63() {
        for (n_players, largest) in [(4, 2), (66, 33), (67, 29), (1000, 7), (10_000, 5)] {
            assert_eq!(largest_numbered_size(n_players), largest, "{n_players} players");
        }
    }

    #[test]
    fn lanes_and_single_pairs_agree() {
        for n_players in [4, 9, 16, 33, 64, 65, 70] {
            let mut classes = Classes::new(n_players, 1, 2);
            let pairs: Vec<_> =
                (1..=n_players / 2).flat_map(|class| (0..3).map(move |a| (class, a))).collect();
            let width = words_for(n_players);
            let (mut together, mut apart) = (vec![0; pairs.len() * width], vec![0; pairs.len() * width]);
            for &(class, number) in &pairs {
                classes.prepare(class, number);
            }
            classes.write_all(&pairs, &mut together);
            for (&(class, number), words) in pairs.iter().zip(apart.chunks_exact_mut(width)) {
                classes.write(class, number, words);
            }
            assert_eq!(together, apart, "{n_players} players");
        }
    }
}
