//! The sign matrix of a design, one bit a cell, multiplied from either side.

use multiversion::multiversion;

use crate::coalition::{Coalitions, words_for};
use crate::error::Error;
use crate::linalg::{LANES, Lanes};
use crate::parallel::Workers;

/// Pairs in one unit of parallel work.
pub(super) const UNIT_PAIRS: usize = 1024;
/// Below this many table lookups a product takes less than a millisecond: not worth a second thread.
const SHARED_FROM: usize = 1 << 18;

/// One row of numbers for every value of a byte of players.
type Table = [Lanes; 256];

/// `X`: `x_aj` is -1 where player `j` is in the smaller half of pair `a`, else +1.
///
/// Products go by the method of four Russians (Arlazarov, Dinic, Kronrod, Faradzev 1970): eight players are one
/// byte, whose 256 possible sums are tabulated, so that a product with eight columns costs one addition of
/// eight lanes a pair and byte, an eighth of the multiply-adds that it stands for.
#[derive(Debug)]
pub(super) struct Signs {
    n_players: usize,
    n_pairs: usize,
    /// `(bytes of players, pairs)`.
    bytes: Vec<u8>,
}

impl Signs {
    /// The signs of the first `n_pairs` coalitions.
    pub(super) fn new(coalitions: &Coalitions, n_pairs: usize) -> Self {
        let n_players = coalitions.n_players();
        let width = words_for(n_players);
        let mut bytes = vec![0; n_players.div_ceil(8) * n_pairs];
        for (word, columns) in bytes.chunks_mut(8 * n_pairs.max(1)).enumerate() {
            for (pair, words) in coalitions.words().chunks_exact(width).take(n_pairs).enumerate() {
                let word = words[word].to_le_bytes();
                for (column, byte) in columns.chunks_exact_mut(n_pairs).zip(word) {
                    column[pair] = byte;
                }
            }
        }
        Self { n_players, n_pairs, bytes }
    }

    /// Number of bytes that hold the players.
    pub(super) fn n_bytes(&self) -> usize {
        self.n_players.div_ceil(8)
    }

    /// Byte `byte` of the players of every pair.
    pub(super) fn column(&self, byte: usize) -> &[u8] {
        &self.bytes[byte * self.n_pairs..(byte + 1) * self.n_pairs]
    }

    /// `X v` for eight vectors: from players to pairs.
    pub(super) fn times(&self, vectors: &[Lanes], workers: &Workers<'_>) -> Result<Vec<Lanes>, Error> {
        let mut products = vec![[0.0; LANES]; self.n_pairs];
        let rows = |byte: usize| -> [Lanes; 8] {
            std::array::from_fn(|bit| vectors.get(8 * byte + bit).copied().unwrap_or_default())
        };
        self.workers(workers).for_each_unit(products.chunks_mut(UNIT_PAIRS), |unit, products| {
            self.add_products(unit * UNIT_PAIRS, 0..self.n_bytes(), rows, products);
        })?;
        Ok(products)
    }

    /// Add, to the sums of the pairs from `first` on, the players' `rows` signed by each pair, for the
    /// players in the bytes `from`.
    pub(super) fn add_products(
        &self,
        first: usize,
        from: std::ops::Range<usize>,
        rows: impl Fn(usize) -> [Lanes; 8],
        sums: &mut [Lanes],
    ) {
        let (mut low, mut high): (Table, Table) = ([[0.0; LANES]; 256], [[0.0; LANES]; 256]);
        for byte in from.clone().step_by(2) {
            tabulate(&rows(byte), &mut low);
            if byte + 1 < from.end {
                tabulate(&rows(byte + 1), &mut high);
                let bytes = [&self.column(byte)[first..], &self.column(byte + 1)[first..]];
                add_two_looked_up([&low, &high], bytes, sums);
            } else {
                add_looked_up(&low, &self.column(byte)[first..], sums);
            }
        }
    }

    /// `X' y` for eight vectors: from pairs to players.
    pub(super) fn transposed_times(
        &self,
        vectors: &[Lanes],
        workers: &Workers<'_>,
    ) -> Result<Vec<Lanes>, Error> {
        let mut products = vec![[0.0; LANES]; self.n_players];
        self.workers(workers).for_each_unit(products.chunks_mut(8), |byte, products| {
            sum_by_sign(self.column(byte), vectors, products);
        })?;
        Ok(products)
    }

    fn workers<'a>(&self, workers: &Workers<'a>) -> Workers<'a> {
        if self.bytes.len() < SHARED_FROM { workers.alone() } else { *workers }
    }
}

/// The signed sums of eight rows, for every byte of signs.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn tabulate(rows: &[Lanes; 8], table: &mut Table) {
    let mut all = [0.0; LANES];
    for row in rows {
        for lane in 0..LANES {
            all[lane] += row[lane];
        }
    }
    table[0] = all;
    for (bit, row) in rows.iter().enumerate() {
        let (known, next) = table.split_at_mut(1 << bit);
        for (next, known) in next.iter_mut().zip(known) {
            for lane in 0..LANES {
                next[lane] = known[lane] - 2.0 * row[lane];
            }
        }
    }
}

/// Add to each pair's sums the row of the table that its byte names.
///
/// The table is a slice whose length the compiler cannot see: the check of each index keeps it from turning
/// the loop over pairs into gathers and scatters, ten times slower than whole rows of eight lanes (measured).
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_looked_up(table: &[Lanes], bytes: &[u8], sums: &mut [Lanes]) {
    for (sum, &byte) in sums.iter_mut().zip(bytes) {
        let row = &table[usize::from(byte)];
        for lane in 0..LANES {
            sum[lane] += row[lane];
        }
    }
}

/// The same for two bytes at once: half the traffic to the sums.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_two_looked_up(tables: [&[Lanes]; 2], bytes: [&[u8]; 2], sums: &mut [Lanes]) {
    for ((sum, &low), &high) in sums.iter_mut().zip(bytes[0]).zip(bytes[1]) {
        let (low, high) = (&tables[0][usize::from(low)], &tables[1][usize::from(high)]);
        for lane in 0..LANES {
            sum[lane] += low[lane] + high[lane];
        }
    }
}

/// For each of up to eight players, the sum over pairs of `y`, signed by whether the player is in.
///
/// Equal bytes are summed first, each in the order of the pairs; the 256 sums are then halved bit by bit.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn sum_by_sign(bytes: &[u8], vectors: &[Lanes], products: &mut [Lanes]) {
    let mut sums: Table = [[0.0; LANES]; 256];
    for (vector, &byte) in vectors.iter().zip(bytes) {
        for (sum, term) in sums[usize::from(byte)].iter_mut().zip(vector) {
            *sum += term;
        }
    }
    for bit in (0..8).rev() {
        let (out, inside) = sums[..2 << bit].split_at_mut(1 << bit);
        let mut difference = [0.0; LANES];
        for (out, inside) in out.iter_mut().zip(inside) {
            for lane in 0..LANES {
                difference[lane] += out[lane] - inside[lane];
                out[lane] += inside[lane];
            }
        }
        if let Some(product) = products.get_mut(bit) {
            *product = difference;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coalition::{contains, last_word};
    use crate::parallel::Cancel;
    use crate::random::{Purpose, Stream};

    #[test]
    fn products_are_those_of_the_matrix_of_signs() {
        let cancel = Cancel::default();
        for (n_players, n_pairs) in [(4, 3), (8, 40), (13, 300), (70, 2100)] {
            let mut stream = Stream::new(1, Purpose::Order, 0, n_players as u64);
            let mut number = || (stream.word() >> 11) as f64 / 2f64.powi(52) - 1.0;
            let mut coalitions = Coalitions::empty(n_players, n_pairs);
            let width = words_for(n_players);
            for (position, word) in coalitions.words_mut().iter_mut().enumerate() {
                *word = number().to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15);
                if position % width == width - 1 {
                    *word &= last_word(n_players);
                }
            }
            let x = |pair: usize, player| if contains(coalitions.get(pair), player) { -1.0 } else { 1.0 };
            let by_player: Vec<Lanes> = (0..n_players).map(|_| std::array::from_fn(|_| number())).collect();
            let by_pair: Vec<Lanes> = (0..n_pairs).map(|_| std::array::from_fn(|_| number())).collect();
            let signs = Signs::new(&coalitions, n_pairs);
            for workers in [Workers::serial(&cancel), Workers::new(3, &cancel)] {
                for (pair, lanes) in signs.times(&by_player, &workers).unwrap().iter().enumerate() {
                    let expected: f64 = (0..n_players).map(|j| x(pair, j) * by_player[j][3]).sum();
                    assert!((lanes[3] - expected).abs() <= n_players as f64 * 3e-16 * n_players as f64);
                }
                for (j, lanes) in signs.transposed_times(&by_pair, &workers).unwrap().iter().enumerate() {
                    let expected: f64 = (0..n_pairs).map(|pair| x(pair, j) * by_pair[pair][3]).sum();
                    assert!((lanes[3] - expected).abs() <= n_pairs as f64 * 3e-16 * n_pairs as f64);
                }
            }
        }
    }
}
