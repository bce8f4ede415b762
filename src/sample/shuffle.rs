//! The numbers `0..pool` in a random order, of which any can be had.

use crate::random::{Stream, mix};

/// A random order of a small pool: a table, shuffled from its front as far as it is needed (Fisher-Yates).
///
/// O(1) for each number drawn; the table of `2 pool` bytes is made when the first is.
#[derive(Debug, Clone)]
pub(super) struct Shuffled {
    pool: u64,
    stream: Stream,
    numbers: Vec<u16>,
    drawn: usize,
}

impl Shuffled {
    /// All orders of `0..pool` are equally likely; `pool` is at most 2^16.
    pub(super) fn new(pool: u64, stream: Stream) -> Self {
        Self { pool, stream, numbers: Vec::new(), drawn: 0 }
    }

    /// Draw as far as `position`.
    pub(super) fn draw_to(&mut self, position: u64) {
        debug_assert!(position < self.pool);
        if self.numbers.is_empty() {
            self.numbers = (0..=u16::try_from(self.pool - 1).expect("a small pool")).collect();
        }
        while self.drawn as u64 <= position {
            let other = self.drawn + self.stream.index_below(self.numbers.len() - self.drawn);
            self.numbers.swap(self.drawn, other);
            self.drawn += 1;
        }
    }

    /// The number at `position`, which must have been drawn.
    pub(super) fn get(&self, position: u64) -> u64 {
        let position = usize::try_from(position).expect("below a small pool");
        debug_assert!(position < self.drawn);
        u64::from(self.numbers[position])
    }
}

const ROUNDS: usize = 6;

/// A keyed permutation of `0..pool`, for pools from 2 to 2^63.
///
/// A balanced Feistel network (Luby, Rackoff 1988) on the smallest even number of bits that holds the pool;
/// whatever falls outside is sent through again until it falls inside (Black, Rogaway 2002, "Ciphers with
/// arbitrary finite domains", cycle walking), at most 4 times on average.
///
/// Six rounds of a good mixer, not a cipher: uniform in every number and between numbers as far as tests can
/// see, but only `2^64` of the `pool!` orders occur.
#[derive(Debug, Clone)]
pub(super) struct Feistel {
    pool: u64,
    half_bits: u32,
    keys: [u64; ROUNDS],
}

impl Feistel {
    /// The permutation that belongs to `key` and to the size class `class`.
    pub(super) fn new(pool: u64, key: u64, class: u64) -> Self {
        let half_bits = (u64::BITS - (pool - 1).leading_zeros()).div_ceil(2);
        let key = mix(key);
        let keys = std::array::from_fn(|round| mix(key ^ (class << 8 | round as u64)));
        Self { pool, half_bits, keys }
    }

    /// The number that comes at `position`.
    pub(super) fn apply(&self, position: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let mut number = position;
        loop {
            let (mut left, mut right) = (number >> self.half_bits, number & mask);
            for key in self.keys {
                (left, right) = (right, left ^ (mix(key ^ right) & mask));
            }
            number = left << self.half_bits | right;
            if number < self.pool {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn every_number_comes_once() {
        for pool in (2..70).chain([255, 256, 257, 1023, 1025, 4097, 65_536, 65_537]) {
            for key in 0..3 {
                let feistel = Feistel::new(pool, key, 7);
                let mut numbers: Vec<u64> = (0..pool).map(|position| feistel.apply(position)).collect();
                numbers.sort_unstable();
                assert!(numbers.into_iter().eq(0..pool), "pool {pool}, key {key}");
            }
            if pool <= 65_536 {
                let mut table = Shuffled::new(pool, Stream::new(1, Purpose::PairRank, 0, pool));
                table.draw_to(pool - 1);
                let mut numbers: Vec<u64> = (0..pool).map(|position| table.get(position)).collect();
                numbers.sort_unstable();
                assert!(numbers.into_iter().eq(0..pool), "table of {pool}");
            }
        }
    }

    #[test]
    fn a_table_drawn_in_pieces_is_the_table_drawn_at_once() {
        let mut at_once = Shuffled::new(100, Stream::new(1, Purpose::PairRank, 0, 0));
        let mut in_pieces = at_once.clone();
        at_once.draw_to(99);
        for position in [0, 1, 50, 7, 99] {
            in_pieces.draw_to(position);
            assert_eq!(in_pieces.get(position), at_once.get(position));
        }
        assert_eq!(in_pieces.numbers, at_once.numbers);
    }

    #[test]
    fn neighbouring_positions_are_independent() {
        // The joint cell of positions 0 and 1 in 16 x 16 cells, over keys; a permutation of 4368 numbers.
        const POOL: u64 = 4368;
        let mut counts = [0_u32; 256];
        for key in 0..10_000 {
            let feistel = Feistel::new(POOL, key, 5);
            let cell = |position| usize::try_from(feistel.apply(position) * 16 / POOL).unwrap();
            counts[cell(0) * 16 + cell(1)] += 1;
        }
        let mean = 10_000.0 / 256.0; // the pool is cut in 16 equal cells; equal numbers never meet: 4e-6 of it
        let chi_square: f64 = counts.iter().map(|&c| (f64::from(c) - mean).powi(2) / mean).sum();
        // 255 degrees of freedom: 379 is exceeded with probability 3e-7 (Wilson, Hilferty).
        assert!(chi_square < 379.0, "{chi_square}");
    }

    #[test]
    fn numbers_are_those_of_the_recorded_vector() {
        let numbers = |pool, key, class| {
            let feistel = Feistel::new(pool, key, class);
            (0..4).map(move |position| feistel.apply(position)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(4368, 0, 5), [1383, 4061, 1939, 1671]);
        let large = [3_615_986_946_232_705_198, 2_190_197_779_551_000_753, 1_760_713_557_293_034_774];
        assert_eq!(numbers(1 << 62, 42, 30)[..3], large);
    }
}
