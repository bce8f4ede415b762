//! Which coalition is number `a` of a class.

use crate::coalition::rank::{Pascal, TOO_MANY};
use crate::coalition::{insert, words_for};
use crate::random::{Purpose, Stream, mix};

/// Classes of at most this many pairs are shuffled in a table.
const LARGEST_TABLE: u64 = 4096;

const LANES: usize = 4;

const ROUNDS: usize = 6;

/// The random streams of all classes of one row.
#[derive(Debug, Clone)]
pub(super) struct Classes {
    n_players: usize,
    seed: u64,
    row_key: u64,
    pascal: Pascal,
    ranked: Vec<Ranked>, // class k at k - 1; larger classes have too many pairs to number
}

/// A class whose pairs are numbered, and the order in which they come.
#[derive(Debug, Clone)]
enum Ranked {
    Shuffled(Shuffled),
    Walked(Feistel),
}

impl Classes {
    pub(super) fn new(n_players: usize, seed: u64, row_key: u64) -> Self {
        let largest = largest_numbered_size(n_players);
        let pascal = Pascal::new(n_players, largest);
        let ranked = (1..=largest)
            .map(|class| {
                let pool = pool(&pascal, n_players, class);
                if pool <= LARGEST_TABLE {
                    Ranked::Shuffled(Shuffled::new(
                        pool,
                        Stream::new(seed, Purpose::PairRank, row_key, unit(class, 0)),
                    ))
                } else {
                    Ranked::Walked(Feistel::new(pool, seed ^ row_key, class))
                }
            })
            .collect();
        Self { n_players, seed, row_key, pascal, ranked }
    }

    /// Number of pairs in a class; None from 2^63 on.
    pub(super) fn pool(&self, class: usize) -> Option<u64> {
        (class <= self.ranked.len()).then(|| pool(&self.pascal, self.n_players, class))
    }

    /// Make ready for [`Classes::write`] with numbers up to `number`.
    pub(super) fn prepare(&mut self, class: usize, number: u64) {
        if let Some(Ranked::Shuffled(table)) = self.ranked.get_mut(class - 1) {
            table.draw_to(number);
        }
    }

    /// Write pair `number` of a class into `words`, which must be empty.
    pub(super) fn write(&self, class: usize, number: u64, words: &mut [u64]) {
        match self.rank(class, number) {
            Some(rank) => self.pascal.unrank(rank, class, words),
            None => self.draw(class, number, words),
        }
    }

    /// Write pairs `(class, number)` into `words`, which must be empty: a coalition of `words_for(n_players)` each.
    pub(super) fn write_all(&self, pairs: &[(usize, u64)], words: &mut [u64]) {
        let width = words_for(self.n_players);
        let (mut lanes, mut done) = ([(0, 0); LANES], 0);
        if width == 1 {
            let (groups, _) = pairs.as_chunks::<LANES>();
            let (slots, _) = words.as_chunks_mut::<LANES>();
            for (group, slot) in groups.iter().zip(slots) {
                lanes = group.map(|(class, number)| (self.rank(class, number).unwrap_or(0), class));
                *slot = self.pascal.unrank_lanes(lanes.map(|lane| lane.0), lanes.map(|lane| lane.1));
            }
            done = groups.len() * LANES;
        }
        for (&(class, number), words) in pairs.iter().zip(words.chunks_exact_mut(width)).skip(done) {
            self.write(class, number, words);
        }
    }

    /// The rank among all coalitions of its size; None in classes that are too large to number.
    ///
    /// The halves that hold the last player are the upper half of the numbers.
    fn rank(&self, class: usize, number: u64) -> Option<u64> {
        let (pool, rank) = match self.ranked.get(class - 1)? {
            Ranked::Shuffled(table) => (table.pool, table.get(number)),
            Ranked::Walked(feistel) => (feistel.pool, feistel.apply(number)),
        };
        Some(if 2 * class == self.n_players { pool + rank } else { rank })
    }

    fn draw(&self, class: usize, number: u64, words: &mut [u64]) {
        let mut stream = Stream::new(self.seed, Purpose::PairSet, self.row_key, unit(class, number));
        let (size, n) = if 2 * class == self.n_players {
            insert(words, self.n_players - 1);
            (class - 1, self.n_players - 1)
        } else {
            (class, self.n_players)
        };
        for last in n - size..n {
            let player = stream.index_below(last + 1);
            insert(words, if crate::coalition::contains(words, player) { last } else { player });
        }
    }
}

/// The work unit of pair `number` of a class.
fn unit(class: usize, number: u64) -> u64 {
    ((class as u64) << 40) + number
}

fn pool(pascal: &Pascal, n_players: usize, class: usize) -> u64 {
    if 2 * class == n_players {
        pascal.binomial(n_players - 1, class - 1)
    } else {
        pascal.binomial(n_players, class)
    }
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

/// A shuffled table of ranks, drawn from its front as far as it is needed.
#[derive(Debug, Clone)]
struct Shuffled {
    pool: u64,
    stream: Stream,
    ranks: Vec<u16>,
    drawn: usize,
}

impl Shuffled {
    fn new(pool: u64, stream: Stream) -> Self {
        Self { pool, stream, ranks: Vec::new(), drawn: 0 }
    }

    fn draw_to(&mut self, number: u64) {
        if self.ranks.is_empty() {
            self.ranks = (0..u16::try_from(self.pool).expect("a small class")).collect();
        }
        while (self.drawn as u64) <= number {
            let other = self.drawn + self.stream.index_below(self.ranks.len() - self.drawn);
            self.ranks.swap(self.drawn, other);
            self.drawn += 1;
        }
    }

    fn get(&self, number: u64) -> u64 {
        u64::from(self.ranks[usize::try_from(number).expect("below the pool")])
    }
}

/// A keyed permutation of `0..pool`.
#[derive(Debug, Clone)]
struct Feistel {
    pool: u64,
    half_bits: u32,
    keys: [u64; ROUNDS],
}

impl Feistel {
    fn new(pool: u64, key: u64, class: usize) -> Self {
        let half_bits = (u64::BITS - (pool - 1).leading_zeros()).div_ceil(2);
        let base = mix(key);
        let keys = std::array::from_fn(|round| mix(base ^ ((class as u64) << 8 | round as u64)));
        Self { pool, half_bits, keys }
    }

    fn apply(&self, number: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let mut rank = number;
        loop {
            let (mut left, mut right) = (rank >> self.half_bits, rank & mask);
            for key in self.keys {
                (left, right) = (right, left ^ (mix(key ^ right) & mask));
            }
            rank = left << self.half_bits | right;
            if rank < self.pool {
                return rank;
            }
        }
    }
}
