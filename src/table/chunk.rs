//! Superset sums of one chunk of a table, 2^12 worths that fit the first-level cache.
//!
//! The weight of a worth depends on the size of its coalition alone. Within a block of 32 worths the sizes are those
//! of the block's number plus a fixed pattern, so each block is weighted by one row of a small table. Sums run in
//! fixed lanes: the bits are the same under every instruction set (no fused multiply-add).

use multiversion::multiversion;

use super::sums::{SupersetSums, binomial, n_sets};

/// Players whose joining stays within a chunk.
pub(super) const CHUNK_PLAYERS: usize = 12;
/// Players whose joining stays within a block.
const BLOCK_PLAYERS: usize = 5;
/// Worths of a block.
const BLOCK: usize = 1 << BLOCK_PLAYERS;
/// Lanes of a sum: one register of AVX-512, two of AVX2.
const LANES: usize = 8;

/// A row for each size of a block's number: the weights of the block's worths.
type Rows = Vec<[f64; BLOCK]>;

/// What is summed over a chunk, for derivatives of sets of `size` players.
///
/// With `g_a(r) = sum_j C(a, j) w_(r-j)` and `P_a` the superset sums of the worths weighted by `g_a`,
///
/// $$ I(S) = \sum_{A \subseteq S} (-1)^{|S| - |A|} P_{|A|}(A) $$
///
/// so table `a = 0..=size` is wanted for the sets of `a` players. For `size = 1` these are the two sums of the
/// Shapley value: `sum_{S with i} (p_(k-1) + p_k) v(S) - sum_S p_k v(S)`.
#[derive(Debug, Clone)]
pub(super) struct ChunkWeights {
    rows: Vec<Rows>, // one for each a
}

impl ChunkWeights {
    /// Weights `w_t` of derivatives of sets of `size` players, `t = 0..=n_players - size`.
    pub(super) fn new(weights: &[f64], size: usize) -> Self {
        let n_players = weights.len() - 1 + size;
        let w = |t: usize| weights.get(t).copied().unwrap_or(0.0);
        let g = |a: usize, r: usize| (0..=a.min(r)).map(|j| binomial(a, j) as f64 * w(r - j)).sum();
        let row = |a, base| std::array::from_fn(|lane: usize| g(a, base + lane.count_ones() as usize));
        Self { rows: (0..=size).map(|a| (0..=n_players).map(|base| row(a, base)).collect()).collect() }
    }

    /// Size of the sets whose derivatives are wanted.
    pub(super) fn size(&self) -> usize {
        self.rows.len() - 1
    }

    /// The superset sums, one for each `a`, of `2^players` worths less `base`, of coalitions that hold
    /// `n_joined` players outside the chunk. There must be at least one block of worths.
    pub(super) fn sums(&self, worths: &[f64], base: f64, n_joined: usize) -> Vec<SupersetSums> {
        let rows = |a: usize| &self.rows[a][n_joined.min(self.rows[a].len() - 1)..];
        if self.size() == 1 {
            return singles(worths, base, rows(0), rows(1));
        }
        let n_players = worths.len().trailing_zeros() as usize;
        let mut weighted = vec![0.0; worths.len()];
        let sums_of = |a: usize| {
            weigh(worths, base, rows(a), &mut weighted);
            let mut sums = SupersetSums::zeros(n_players, a);
            let starts: Vec<usize> =
                (0..=a).map(|size| if size == 0 { 0 } else { n_sets(n_players, size - 1) }).collect();
            fold_sets(&mut weighted, &mut sums.sums, &starts);
            sums
        };
        (0..=self.size()).map(sums_of).collect()
    }
}

/// Sums for values: of the worths weighted by `absent`, and by `joined` for every player.
fn singles(worths: &[f64], base: f64, absent: &[[f64; BLOCK]], joined: &[[f64; BLOCK]]) -> Vec<SupersetSums> {
    let n_blocks = worths.len() / BLOCK;
    let n_players = worths.len().trailing_zeros() as usize;
    let mut without = SupersetSums::zeros(n_players, 0);
    let mut with = SupersetSums::zeros(n_players, 1);
    let mut blocks = [[0.0; LANES]; 1 << (CHUNK_PLAYERS - BLOCK_PLAYERS)];
    let blocks = &mut blocks[..n_blocks];
    let mut columns = [0.0; BLOCK];
    without.sums[0] = sum_blocks(worths, base, absent, joined, blocks, &mut columns);
    let (total, players) = with.sums.split_at_mut(1);
    let (low, high) = players.split_at_mut(BLOCK_PLAYERS);
    total[0] = fold_lanes(blocks, high);
    fold_singles(&mut columns, low);
    vec![without, with]
}

/// Read every worth once: sums over all blocks (`columns`) and within each (`blocks`) under `joined`, and the total
/// under `absent`, which is returned.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn sum_blocks(
    worths: &[f64],
    base: f64,
    absent: &[[f64; BLOCK]],
    joined: &[[f64; BLOCK]],
    blocks: &mut [[f64; LANES]],
    columns: &mut [f64; BLOCK],
) -> f64 {
    let mut total = [0.0; LANES];
    let mut sums = [0.0; BLOCK];
    let (chunks, _) = worths.as_chunks::<BLOCK>();
    for (number, (worths, block)) in chunks.iter().zip(blocks).enumerate() {
        let size = number.count_ones() as usize;
        // Sizes past the last belong to coalitions that do not exist: padding, worth zero.
        let joined = &joined[size.min(joined.len() - 1)];
        let absent = &absent[size.min(absent.len() - 1)];
        let mut of_joined = [0.0; BLOCK];
        let mut of_absent = [0.0; BLOCK];
        for lane in 0..BLOCK {
            let worth = worths[lane] - base;
            of_joined[lane] = worth * joined[lane];
            of_absent[lane] = worth * absent[lane];
            sums[lane] += of_joined[lane];
        }
        for lane in 0..LANES {
            let quarters = |x: &[f64; BLOCK]| (x[lane] + x[lane + 8]) + (x[lane + 16] + x[lane + 24]);
            block[lane] = quarters(&of_joined);
            total[lane] += quarters(&of_absent);
        }
    }
    *columns = sums;
    add_lanes(total)
}

/// Fold blocks of eight lanes: `players[i]` gets the sum of the blocks whose number has bit `i`. Returns the sum of
/// all blocks.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn fold_lanes(blocks: &mut [[f64; LANES]], players: &mut [f64]) -> f64 {
    for (bit, player) in players.iter_mut().enumerate().rev() {
        let (out, joined) = blocks[..2 << bit].split_at_mut(1 << bit);
        let mut sum = [0.0; LANES];
        for (out, joined) in out.iter_mut().zip(joined) {
            for lane in 0..LANES {
                out[lane] += joined[lane];
                sum[lane] += joined[lane];
            }
        }
        *player = add_lanes(sum);
    }
    add_lanes(blocks[0])
}

/// `weighted[q] = (worths[q] - base) * weight of q's size`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn weigh(worths: &[f64], base: f64, rows: &[[f64; BLOCK]], weighted: &mut [f64]) {
    let (chunks, _) = worths.as_chunks::<BLOCK>();
    let (slots, _) = weighted.as_chunks_mut::<BLOCK>();
    for (number, (worths, slots)) in chunks.iter().zip(slots).enumerate() {
        let row = &rows[(number.count_ones() as usize).min(rows.len() - 1)];
        for lane in 0..BLOCK {
            slots[lane] = (worths[lane] - base) * row[lane];
        }
    }
}

/// Superset sums of all sets of up to `starts.len() - 1` players, the sets of size `j` from `sums[starts[j]]` on.
///
/// From the highest player down: the half with the player joins the half without, and is then itself folded for
/// the sets that hold the player. Ends with the table spent. `O((order + 1) 2^players)`.
fn fold_sets(table: &mut [f64], sums: &mut [f64], starts: &[usize]) {
    let n_players = table.len().trailing_zeros() as usize;
    match *starts {
        [] => return,
        [total] => {
            sums[total] = add_all(table);
            return;
        }
        [total, players] => {
            sums[total] = fold_singles(table, &mut sums[players..players + n_players]);
            return;
        }
        _ => {}
    }
    let mut joined_starts = starts[1..].to_vec();
    for player in (0..n_players).rev() {
        let (out, joined) = table[..2 << player].split_at_mut(1 << player);
        add(out, joined);
        for (size, start) in joined_starts.iter_mut().enumerate() {
            *start = starts[size + 1] + binomial(player, size + 1);
        }
        // No more players can be in than there are.
        let sizes = joined_starts.len().min(player + 1);
        fold_sets(joined, sums, &joined_starts[..sizes]);
    }
    sums[starts[0]] = table[0];
}

/// `players[i]` gets the sum over the coalitions that hold player `i`; the sum of all is returned.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn fold_singles(table: &mut [f64], players: &mut [f64]) -> f64 {
    for (bit, player) in players.iter_mut().enumerate().rev() {
        let (out, joined) = table[..2 << bit].split_at_mut(1 << bit);
        let (out_lanes, out_rest) = out.as_chunks_mut::<LANES>();
        let (joined_lanes, joined_rest) = joined.as_chunks::<LANES>();
        let mut sum = [0.0; LANES];
        for (out, joined) in out_lanes.iter_mut().zip(joined_lanes) {
            for lane in 0..LANES {
                out[lane] += joined[lane];
                sum[lane] += joined[lane];
            }
        }
        for (lane, (out, joined)) in out_rest.iter_mut().zip(joined_rest).enumerate() {
            *out += joined;
            sum[lane] += joined;
        }
        *player = add_lanes(sum);
    }
    table[0]
}

/// Add one slice to another of the same length.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn add(out: &mut [f64], joined: &[f64]) {
    for (out, joined) in out.iter_mut().zip(joined) {
        *out += joined;
    }
}

/// The sum of a slice whose length is a power of two.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn add_all(table: &[f64]) -> f64 {
    let (chunks, rest) = table.as_chunks::<LANES>();
    let mut sum = [0.0; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            sum[lane] += chunk[lane];
        }
    }
    for (lane, worth) in rest.iter().enumerate() {
        sum[lane] += worth;
    }
    add_lanes(sum)
}

/// The sum of the lanes, as a tree.
fn add_lanes(x: [f64; LANES]) -> f64 {
    ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]))
}
