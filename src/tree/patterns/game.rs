//! The game of one leaf against the background, solved for all patterns at once.
//!
//! With `g(S)` the weight of the background rows that satisfy every player outside `S`, the leaf is worth `g(S)` to a
//! coalition `S` of players who satisfy their conditions, and to any other what the satisfied ones among them make it
//! worth. Hence player `i` receives in pattern `p` the sum, over the subsets `S` of `p`, of
//! `([i in S] w(s - 1) - [i not in S] w(s)) g(S)`, `w(s) = s! (d - 1 - s)! / d!`, and the pair `i, j` the sum of
//! `(neither in S: w2(s), one: -w2(s - 1), both: w2(s - 2)) g(S)`, `w2(s) = s! (d - 2 - s)! / (d - 1)!`.

use super::MOST_PLAYERS;
use super::groups::{Condition, Lane};

/// Lanes that are summed together.
pub(super) const LANES: usize = 8;

/// What eight lanes receive.
pub(super) type Received = [f64; LANES];

/// `weights[s] = s! (n - 1 - s)! / n!`, from `w(0) = 1 / n` by `w(s + 1) = w(s) (s + 1) / (n - 1 - s)`.
fn weights(n: usize) -> [f64; MOST_PLAYERS + 1] {
    let mut weights = [0.0; MOST_PLAYERS + 1];
    if n > 0 {
        weights[0] = 1.0 / n as f64;
        for s in 0..n - 1 {
            weights[s + 1] = weights[s] * (s + 1) as f64 / (n - 1 - s) as f64;
        }
    }
    weights
}

/// Factors of `g(S)` by the size of `S`: for lanes without a member in `S`, with one of two, with all.
#[derive(Debug)]
pub(super) struct Factors {
    none: [f64; MOST_PLAYERS + 1],
    one: [f64; MOST_PLAYERS + 1],
    all: [f64; MOST_PLAYERS + 1],
}

impl Factors {
    /// Of a leaf with `n_players` players.
    pub(super) fn new(n_players: usize, pairs: bool) -> Self {
        let w = weights(if pairs { n_players.saturating_sub(1) } else { n_players });
        let shifted = |by: usize, sign: f64| {
            std::array::from_fn(|s: usize| if s >= by && s <= n_players { sign * w[s - by] } else { 0.0 })
        };
        if pairs {
            Self { none: shifted(0, 1.0), one: shifted(1, -1.0), all: shifted(2, 1.0) }
        } else {
            Self { none: shifted(0, -1.0), one: [0.0; MOST_PLAYERS + 1], all: shifted(1, 1.0) }
        }
    }
}

/// For each pattern of the group the pattern of the leaf.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the instruction set of its caller")]
pub(super) fn project(conditions: &[Condition], n_patterns: usize, projection: &mut Vec<u16>) {
    projection.clear();
    projection.resize(n_patterns, 0);
    for (bit, condition) in conditions.iter().enumerate() {
        for (pattern, projected) in (0_u16..).zip(projection.iter_mut()) {
            *projected |= u16::from(pattern & condition.care == condition.want) << bit;
        }
    }
}

/// The weight of the background rows that satisfy (at least) the players of each set.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the instruction set of its caller")]
pub(super) fn satisfied(projection: &[u16], histogram: &[f64], n_players: usize, weight: &mut Vec<f64>) {
    weight.clear();
    weight.resize(1 << n_players, 0.0);
    for (&projected, &count) in projection.iter().zip(histogram) {
        weight[projected as usize] += count;
    }
    for bit in 0..n_players {
        for pair in weight.chunks_exact_mut(2 << bit) {
            let (without, with) = pair.split_at_mut(1 << bit);
            without.iter_mut().zip(with).for_each(|(without, with)| *without += *with);
        }
    }
}

/// What the lanes (at most eight) receive in each pattern of the leaf, for a leaf of value 1.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the instruction set of its caller")]
pub(super) fn receive(
    lanes: &[Lane],
    conditions: &[Condition],
    satisfied: &[f64],
    factors: &Factors,
    received: &mut Vec<Received>,
) {
    let (mut members, mut playing) = ([0_u64; LANES], [0.0; LANES]);
    for ((members, playing), lane) in members.iter_mut().zip(&mut playing).zip(lanes) {
        let bit = |player: u32| conditions.iter().position(|condition| condition.player == player);
        if let (Some(i), Some(j)) = (bit(lane.0), bit(lane.1)) {
            *members = 1 << i | 1 << j;
            *playing = 1.0;
        }
    }
    let everybody = satisfied.len() - 1;
    received.clear();
    received.extend((0..satisfied.len()).map(|set| {
        let size = set.count_ones() as usize;
        let weight = satisfied[everybody ^ set];
        let (none, one, all) =
            (factors.none[size] * weight, factors.one[size] * weight, factors.all[size] * weight);
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            let present = set as u64 & members[lane];
            let share = if present == 0 {
                none
            } else if present == members[lane] {
                all
            } else {
                one
            };
            out[lane] = share * playing[lane];
        }
        out
    }));
    for bit in 0..conditions.len() {
        for pair in received.chunks_exact_mut(2 << bit) {
            let (without, with) = pair.split_at_mut(1 << bit);
            for (with, without) in with.iter_mut().zip(without) {
                for lane in 0..LANES {
                    with[lane] += without[lane];
                }
            }
        }
    }
}

/// `table[pattern] += value * received[pattern of the leaf]`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the instruction set of its caller")]
pub(super) fn spread(value: f64, projection: &[u16], received: &[Received], table: &mut [Received]) {
    for (sums, &projected) in table.iter_mut().zip(projection) {
        let received = &received[projected as usize];
        for lane in 0..LANES {
            sums[lane] += value * received[lane];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(n: u32) -> Vec<Condition> {
        (0..n).map(|player| Condition { player, care: 1 << player, want: 1 << player }).collect()
    }

    /// `v(S)`: the weight of background patterns that, joined with the row's satisfied members of `S`, are whole.
    fn worth(set: usize, row: usize, weight: &[f64], n: usize) -> f64 {
        let everybody = (1 << n) - 1;
        let hybrid = |z: usize| row & set | z & !set & everybody;
        (0..1 << n).filter(|&z| hybrid(z) == everybody).map(|z| weight[z]).sum()
    }

    fn factorial(n: usize) -> f64 {
        (1..=n).map(|k| k as f64).product()
    }

    #[test]
    fn a_leaf_s_game_is_that_of_the_definition() {
        for n in 1..=6_usize {
            let weight: Vec<f64> = (0..1 << n).map(|z| f64::from((z * 37 + 11) % 23) / 23.0 - 0.3).collect();
            let players = conditions(u32::try_from(n).unwrap());
            let (mut projection, mut sums, mut received) = (Vec::new(), Vec::new(), Vec::new());
            project(&players, 1 << n, &mut projection);
            satisfied(&projection, &weight, n, &mut sums);
            let v = |set: usize, row: usize| worth(set, row, &weight, n);
            for i in 0..n {
                let player = u32::try_from(i).unwrap();
                receive(&[(player, player)], &players, &sums, &Factors::new(n, false), &mut received);
                for (row, received) in received.iter().enumerate() {
                    let others = (0..1 << n).filter(|set| set >> i & 1 == 0);
                    let want: f64 = others
                        .map(|set: usize| {
                            let s = set.count_ones() as usize;
                            factorial(s) * factorial(n - 1 - s) / factorial(n)
                                * (v(set | 1 << i, row) - v(set, row))
                        })
                        .sum();
                    assert!((received[0] - want).abs() < 1e-14, "{n} players, {i}, row {row}");
                    assert!(received[1] == 0.0, "a lane without a player stays 0");
                }
                for j in i + 1..n {
                    let pair = (player, u32::try_from(j).unwrap());
                    receive(&[pair], &players, &sums, &Factors::new(n, true), &mut received);
                    for (row, received) in received.iter().enumerate() {
                        let others = (0..1 << n).filter(|set| set >> i & 1 == 0 && set >> j & 1 == 0);
                        let want: f64 = others
                            .map(|set: usize| {
                                let s = set.count_ones() as usize;
                                let both = set | 1 << i | 1 << j;
                                let second = v(both, row) - v(set | 1 << i, row) - v(set | 1 << j, row);
                                factorial(s) * factorial(n - 2 - s) / factorial(n - 1)
                                    * (second + v(set, row))
                            })
                            .sum();
                        assert!((received[0] - want).abs() < 1e-14, "{n} players, {i} and {j}, row {row}");
                    }
                }
            }
        }
    }
}
