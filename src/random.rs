//! Counter-based random streams: what is drawn depends on the seed, the purpose, the row and the number
//! of the work unit, never on a thread, a batch or on what was drawn before.
//!
//! The generator is Philox4x64-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as
//! 1, 2, 3"), the one in NumPy, so that
//! `np.random.Philox(key=[seed, purpose], counter=[0, unit, row_key, 0])` yields the same words.

/// What a stream is drawn for. The list grows at its end and is never renumbered: the numbers are part of
/// the promise that a seed gives the same values in every release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Orders of the players.
    Order = 1,
    /// The order in which a size class is walked through by rank.
    PairRank = 2,
    /// The members of a coalition of a class too large to rank.
    PairSet = 3,
    /// The cut of the background into blocks, and the order in which the blocks rotate.
    Blocks = 4,
    /// Where along their paths gradients are taken.
    Gradient = 5,
    /// Noise added to the places where gradients are taken.
    GradientNoise = 6,
    /// Draws of columns given others.
    Conditional = 8,
    /// Orders along a tree of players.
    TreeOrder = 9,
    /// The groups that players are screened in, and the random halves that judge what was screened out.
    Screen = 10,
    /// The masked rows that plausibility looks at.
    Masked = 12,
    /// Orders in which some players come before others.
    Precedence = 13,
    /// Coalitions that maskers are measured on.
    Measured = 14,
}

const MULTIPLIER: [u64; 2] = [0xD2E7_470E_E14C_6C93, 0xCA5A_8263_9512_1157];
const WEYL: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xBB67_AE85_84CA_A73B];

/// A stream of 64-bit words for one work unit.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u64; 2],
    counter: [u64; 4],
    words: [u64; 4],
    used: usize,
}

impl Stream {
    /// The stream of work unit `unit` of the row `row_key`.
    pub fn new(seed: u64, purpose: Purpose, row_key: u64, unit: u64) -> Self {
        Self { key: [seed, purpose as u64], counter: [0, unit, row_key, 0], words: [0; 4], used: 4 }
    }

    /// The same stream, from word `4 block` on.
    pub fn from_block(seed: u64, purpose: Purpose, row_key: u64, unit: u64, block: u64) -> Self {
        let mut stream = Self::new(seed, purpose, row_key, unit);
        stream.counter[0] = block;
        stream
    }

    /// The next 64 random bits.
    pub fn word(&mut self) -> u64 {
        if self.used == 4 {
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.words = philox(self.counter, self.key);
            self.used = 0;
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    /// A uniform number in `0..n`, without bias (Lemire 2019). `n` must be positive.
    pub fn below(&mut self, n: u64) -> u64 {
        debug_assert!(n > 0);
        loop {
            let product = u128::from(self.word()) * u128::from(n);
            let (high, low) = halves(product);
            if low >= n || low >= n.wrapping_neg() % n {
                return high;
            }
        }
    }

    /// A uniform number in `[0, 1)`, a multiple of `2^-53`.
    pub fn uniform(&mut self) -> f64 {
        (self.word() >> 11) as f64 * f64::EPSILON / 2.0
    }

    /// Shuffle `items` (Fisher-Yates from the top): every order is equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.index_below(i + 1));
        }
    }

    /// [`Stream::below`] for positions in memory.
    pub fn index_below(&mut self, n: usize) -> usize {
        usize::try_from(self.below(n as u64)).unwrap_or(usize::MAX) // never: the number is below a usize
    }
}

/// Scramble 64 bits (the finaliser of SplitMix64; Steele, Lea, Flood 2014).
#[must_use]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
fn halves(product: u128) -> (u64, u64) {
    ((product >> 64) as u64, product as u64)
}

fn philox(mut c: [u64; 4], mut key: [u64; 2]) -> [u64; 4] {
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        let (h0, l0) = halves(u128::from(MULTIPLIER[0]) * u128::from(c[0]));
        let (h1, l1) = halves(u128::from(MULTIPLIER[1]) * u128::from(c[2]));
        c = [h1 ^ c[1] ^ key[0], l1, h0 ^ c[3] ^ key[1], l0];
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_published_generator() {
        let known =
            [0x1655_4d9e_ca36_314c, 0xdb20_fe9d_672d_0fdc, 0xd7e7_72ce_e186_176b, 0x7e68_b68a_ec7b_a23b];
        assert_eq!(philox([0; 4], [0; 2]), known);
    }

    #[test]
    fn orders_are_those_of_the_recorded_vector() {
        let mut order: Vec<u32> = (0..8).collect();
        Stream::new(42, Purpose::Order, 0, 7).shuffle(&mut order);
        assert_eq!(order, [0, 1, 3, 5, 4, 7, 6, 2]);
    }

    #[test]
    fn conditional_draws_begin_as_recorded() {
        // np.random.Philox(key=[42, 8], counter=[0, 7, 0, 0]).random_raw(2)
        let mut stream = Stream::new(42, Purpose::Conditional, 0, 7);
        assert_eq!([stream.word(), stream.word()], [0xe295_3d95_b259_dade, 0x9795_34b9_fc02_c5d4]);
    }

    #[test]
    fn a_stream_can_be_entered_at_any_block() {
        let mut whole = Stream::new(3, Purpose::GradientNoise, 9, 1);
        let words: Vec<u64> = (0..24).map(|_| whole.word()).collect();
        for block in 0..6 {
            let mut late = Stream::from_block(3, Purpose::GradientNoise, 9, 1, block as u64);
            assert_eq!(late.word(), words[4 * block]);
        }
    }

    #[test]
    fn all_orders_of_four_are_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for unit in 0..24_000 {
            let mut order = [0, 1, 2, 3];
            Stream::new(5, Purpose::Order, 0, unit).shuffle(&mut order);
            *counts.entry(order).or_insert(0_u32) += 1;
        }
        let chi_square: f64 = counts.values().map(|&c| (f64::from(c) - 1000.0).powi(2) / 1000.0).sum();
        // 23 degrees of freedom: 59.8 is exceeded with probability 4e-5.
        assert!(counts.len() == 24 && chi_square < 59.8, "{chi_square}");
    }
}
