//! What the blocks of a background have in common with the whole of it: their stars, as control variates.

use super::super::endpoints::Known;
use crate::coalition;

/// The stars of all blocks, and what they correct.
///
/// With `o^g` and `e^g` the half-difference and the half-sum of a pair on block `g`, of weight `W_g`, and
/// `D_g = v_g(N) - v_g({})`, the star of a block gives the values that are right for games without interactions
/// above order 2,
///
/// $$ \phi^g_j = o^g(\{j\}) + \Big(D_g - \sum_i o^g(\{i\})\Big) / n, \qquad \bar\phi = \sum_g W_g \phi^g $$
///
/// and a pair `{S, S^c}` looked at on block `g` alone enters as
///
/// $$ o^g(S) + x_S'(\phi^g - \bar\phi) / 2, \quad x_{Sj} = -1 \text{ for } j \in S, \text{ else } 1 $$
///
/// The correction has mean zero over the blocks, so the half-difference stays unbiased for the whole background;
/// and where blocks differ by an additive game, as they do for every model that adds up a function of the row and one
/// of the background, nothing is left of the blocks at all.
///
/// Half-sums are corrected by the pairwise interactions of least norm that the star allows: with
/// `u_j = e^g({j}) - e^g({})`, `k = |S|` and sums over `S`, its complement and everybody,
///
/// $$ \hat e^g(S) = e^g(\emptyset) + \frac{(n-k) u_S + k u_{S^c}}{n-2} - \frac{k (n-k) u_N}{(n-1)(n-2)} $$
///
/// which is exact on the star and for additive games; the pair enters as `e^g(S) + mean of \hat e - \hat e^g(S)`.
#[derive(Debug)]
pub(super) struct Stars {
    n_players: usize,
    n_outputs: usize,
    /// The player who is alone in each pair of the star.
    players: Vec<usize>,
    /// `o^g({j})` as told: `(blocks, pairs of the star, outputs)`; the same of `e^g`, where sums are kept.
    differences: Vec<f64>,
    sums: Option<Vec<f64>>,
    /// `phi^g - mean phi`: `(blocks, players, outputs)`, once all stars are complete.
    excess_values: Vec<f64>,
    /// `u^g - mean u`, with `e^g({}) - mean e({})` in an extra row behind: `(blocks, players + 1, outputs)`.
    excess_sums: Vec<f64>,
}

impl Stars {
    pub(super) fn new(n_players: usize, n_outputs: usize, keeps_sums: bool) -> Self {
        Self {
            n_players,
            n_outputs,
            players: Vec::new(),
            differences: Vec::new(),
            sums: keeps_sums.then(Vec::new),
            excess_values: Vec::new(),
            excess_sums: Vec::new(),
        }
    }

    /// Take the next pair of the star on the next block: `words` is its single player.
    pub(super) fn push(&mut self, words: &[u64], difference: &[f64], sum: &[f64]) {
        if self.players.len() < self.n_players {
            self.players.extend(coalition::members(words).next());
        }
        self.differences.extend_from_slice(difference);
        if let Some(sums) = &mut self.sums {
            sums.extend_from_slice(sum);
        }
    }

    /// Blocks whose star is complete.
    pub(super) fn n_complete(&self) -> usize {
        self.differences.len() / (self.n_players * self.n_outputs)
    }

    /// Write the pairs of the star from number `first` on, as the complete blocks know them, or as the first block
    /// does while it is not complete.
    ///
    /// What those blocks miss of `D` is shared equally, and of `v({})` as if it were an additive game's, so that the
    /// rows agree with the endpoints, which are those of the whole background.
    pub(super) fn write(
        &self,
        known: &Known,
        first: usize,
        differences: &mut [f64],
        sums: Option<&mut [f64]>,
    ) {
        let n = self.n_players as f64;
        let n_blocks = self.n_complete().max(1);
        let weights = &known.block_weights()[..n_blocks];
        let total: f64 = weights.iter().sum();
        let mean = |of_block: &dyn Fn(usize) -> f64| {
            weights.iter().enumerate().map(|(g, weight)| weight * of_block(g)).sum::<f64>() / total
        };
        let a_block = self.n_players * self.n_outputs;
        for (place, cell) in (first * self.n_outputs..).zip(differences) {
            let output = place % self.n_outputs;
            let missing = known.total_difference(output) - mean(&|g| known.difference(g, output));
            *cell = mean(&|g| self.differences[g * a_block + place]) - missing * (0.5 - 1.0 / n);
        }
        if let (Some(sums), Some(own)) = (sums, &self.sums) {
            for (place, cell) in (first * self.n_outputs..).zip(sums) {
                let output = place % self.n_outputs;
                let missing = known.empty(output) - mean(&|g| known.empty_on(g, output));
                *cell = mean(&|g| own[g * a_block + place]) + 0.5 * missing;
            }
        }
    }

    /// All stars are complete: find what each block has in excess of the mean.
    pub(super) fn close(&mut self, known: &Known) {
        let (n, n_outputs) = (self.n_players, self.n_outputs);
        let n_blocks = self.n_complete();
        let mut values = Vec::with_capacity(n_blocks * n * n_outputs);
        for (g, differences) in self.differences.chunks_exact(n * n_outputs).enumerate() {
            let missing: Vec<f64> = (0..n_outputs)
                .map(|k| known.difference(g, k) - differences.iter().skip(k).step_by(n_outputs).sum::<f64>())
                .collect();
            let place = by_player(&self.players);
            values.extend((0..n * n_outputs).map(|cell| {
                let (player, output) = (cell / n_outputs, cell % n_outputs);
                differences[place[player] * n_outputs + output] + missing[output] / n as f64
            }));
        }
        subtract_mean(&mut values, known.block_weights());
        self.excess_values = values;
        let Some(sums) = &self.sums else { return };
        let place = by_player(&self.players);
        let mut rows = Vec::with_capacity(n_blocks * (n + 1) * n_outputs);
        for (g, sums) in sums.chunks_exact(n * n_outputs).enumerate() {
            let at_nobody = |k| 0.5 * known.empty_on(g, k) + 0.5 * known.full(k);
            for player in 0..n {
                rows.extend((0..n_outputs).map(|k| sums[place[player] * n_outputs + k] - at_nobody(k)));
            }
            rows.extend((0..n_outputs).map(at_nobody));
        }
        subtract_mean(&mut rows, known.block_weights());
        self.excess_sums = rows;
    }

    /// Correct the half-difference of the pair of `words`, looked at on `block`.
    pub(super) fn correct_difference(&self, words: &[u64], block: usize, difference: &mut [f64]) {
        let (n, n_outputs) = (self.n_players, self.n_outputs);
        let excess = &self.excess_values[block * n * n_outputs..(block + 1) * n * n_outputs];
        let (inside, all) = sums_over(words, excess, n_outputs);
        for (output, cell) in difference.iter_mut().enumerate() {
            *cell += 0.5 * all[output] - inside[output];
        }
    }

    /// Correct the half-sum of the pair of `words`, looked at on `block`.
    pub(super) fn correct_sum(&self, words: &[u64], block: usize, sum: &mut [f64]) {
        let (n, n_outputs) = (self.n_players, self.n_outputs);
        let length = (n + 1) * n_outputs;
        let (excess, at_nobody) =
            self.excess_sums[block * length..(block + 1) * length].split_at(n * n_outputs);
        let (inside, all) = sums_over(words, excess, n_outputs);
        let (n, k) = (n as f64, coalition::size(words) as f64);
        for (output, cell) in sum.iter_mut().enumerate() {
            let (inside, all) = (inside[output], all[output]);
            let singles = ((n - k) * inside + k * (all - inside)) / (n - 2.0);
            *cell -= at_nobody[output] + singles - k * (n - k) * all / ((n - 1.0) * (n - 2.0));
        }
    }
}

/// The pair of the star in which each player is alone.
fn by_player(players: &[usize]) -> Vec<usize> {
    let mut place = vec![0; players.len()];
    for (pair, &player) in players.iter().enumerate() {
        place[player] = pair;
    }
    place
}

/// Subtract from the rows of each block their weighted mean over the blocks.
fn subtract_mean(by_block: &mut [f64], weights: &[f64]) {
    let length = by_block.len() / weights.len();
    let mut mean = vec![0.0; length];
    for (own, weight) in by_block.chunks_exact(length).zip(weights) {
        mean.iter_mut().zip(own).for_each(|(mean, own)| *mean += weight * own);
    }
    for own in by_block.chunks_exact_mut(length) {
        own.iter_mut().zip(&mean).for_each(|(own, mean)| *own -= mean);
    }
}

/// Sums of the rows `(players, outputs)` over the members of a coalition, and over everybody.
fn sums_over(words: &[u64], rows: &[f64], n_outputs: usize) -> (Vec<f64>, Vec<f64>) {
    let mut inside = vec![0.0; n_outputs];
    let mut all = vec![0.0; n_outputs];
    for (player, row) in rows.chunks_exact(n_outputs).enumerate() {
        all.iter_mut().zip(row).for_each(|(sum, cell)| *sum += cell);
        if coalition::contains(words, player) {
            inside.iter_mut().zip(row).for_each(|(sum, cell)| *sum += cell);
        }
    }
    (inside, all)
}
