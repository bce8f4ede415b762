//! Sums of means over strata, and their variances.

use super::folds::Remainder;
use super::terms::Terms;
use crate::coalition::{Coalitions, words_for};
use crate::error::Error;
use crate::linalg::{LANES, Lanes};
use crate::parallel::Workers;

/// Players of one word of a bitset: they are summed together, as one work unit for eight outputs.
const BITS: usize = 64;

/// What was drawn: pairs by the size of their smaller half, or single coalitions by size.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    /// Weights of the strata.
    pub(super) terms: &'a Terms,
    /// The coalitions; those past the length of `strata` are not used.
    pub(super) coalitions: &'a Coalitions,
    /// The stratum of each.
    pub(super) strata: &'a [u32],
    /// `N_k`, None where it is beyond counting.
    pub(super) pools: Vec<Option<u64>>,
    /// Worths that each coalition has.
    pub(super) n_outputs: usize,
}

/// What the units say of each player and output: `(players, outputs)`.
#[derive(Debug)]
pub(super) struct Sums {
    /// `sum_a y_a w_i(S_a)`.
    pub(super) values: Vec<f64>,
    /// Estimated variances; NaN where no stratum holds two units.
    pub(super) variances: Vec<f64>,
}

impl Sample<'_> {
    /// `c_k`.
    pub(super) fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.pools.len()];
        self.strata.iter().for_each(|&stratum| counts[stratum as usize] += 1);
        counts
    }

    /// `1 - c_k / N_k`, the share of each stratum that was not drawn.
    pub(super) fn unseen(&self, counts: &[u64]) -> Vec<f64> {
        let share = |(&count, pool): (&u64, &Option<u64>)| {
            pool.map_or(1.0, |pool| if pool == 0 { 0.0 } else { 1.0 - count as f64 / pool as f64 })
        };
        counts.iter().zip(&self.pools).map(share).collect()
    }

    /// Degrees of freedom of the variances: units beyond the first in each stratum that is not exhausted.
    pub(super) fn degrees_of_freedom(&self) -> u64 {
        let counts = self.counts();
        let unseen = self.unseen(&counts);
        counts
            .iter()
            .zip(&unseen)
            .filter(|(_, unseen)| **unseen > 0.0)
            .map(|(c, _)| c.saturating_sub(1))
            .sum()
    }

    /// `sum_a y_a w_i(S_a)` with `w_i(S) = A_k` where `i` is in `S`, else `-B_k`; and the variance of
    /// `sum_k mean_k(d w_i)`.
    ///
    /// The variance is that of stratified draws without replacement (Cochran 1977, "Sampling Techniques",
    /// section 5.3), `sum_k (1 - c_k / N_k) s_k^2 / c_k` with `s_k^2` the sample variance of `d w_i` in stratum
    /// `k`: unbiased. A stratum of a single unit takes the others' mean, each in units of what an even `d` gives.
    ///
    /// `p n K` additions and `n K` times the number of strata; each player's sums run in the order of the units.
    pub(super) fn sums(&self, rest: &Remainder, workers: &Workers<'_>) -> Result<Sums, Error> {
        let n_players = self.coalitions.n_players();
        let plan = Plan::new(self, &rest.inflation);
        let scales = scales(&rest.d, self.n_outputs);
        let n_words = words_for(n_players);
        let n_groups = self.n_outputs.div_ceil(LANES);
        let packed: Vec<Vec<[Lanes; 2]>> =
            (0..n_groups).map(|group| pack(&rest.y, &rest.d, &scales, group, self.n_outputs)).collect();
        let mut blocks = vec![Block::default(); n_words * n_groups];
        workers.for_each_unit(blocks.iter_mut(), |number, block| {
            plan.sum(self, number % n_words, &packed[number / n_words], block, workers);
        })?;
        let length = n_players * self.n_outputs;
        let mut sums = Sums { values: vec![0.0; length], variances: vec![0.0; length] };
        for (number, block) in blocks.iter().enumerate() {
            let (first, group) = (number % n_words * BITS, number / n_words);
            let players = first..n_players.min(first + BITS);
            for (player, (values, variances)) in players.zip(block.values.iter().zip(&block.variances)) {
                for lane in 0..LANES.min(self.n_outputs - group * LANES) {
                    let output = group * LANES + lane;
                    sums.values[player * self.n_outputs + output] = values[lane];
                    let scale = scales[output];
                    sums.variances[player * self.n_outputs + output] = variances[lane] * scale * scale;
                }
            }
        }
        Ok(sums)
    }
}

/// The units stratum by stratum, and what each stratum's sums count for.
struct Plan {
    /// Stratum and its units in their order.
    strata: Vec<(usize, Vec<usize>)>,
    /// `(1 - c_k / N_k) / (c_k (c_k - 1))`; zero for a single unit.
    factors: Vec<f64>,
    /// Pooled variance that strata of a single unit take, in units of an even `d`, over the pooled sum.
    borrowed: f64,
}

impl Plan {
    fn new(sample: &Sample<'_>, inflation: &[f64]) -> Self {
        let counts = sample.counts();
        let unseen = sample.unseen(&counts);
        let mut strata: Vec<(usize, Vec<usize>)> =
            counts.iter().enumerate().map(|(k, &c)| (k, Vec::with_capacity(to_usize(c)))).collect();
        sample.strata.iter().enumerate().for_each(|(unit, &k)| strata[k as usize].1.push(unit));
        strata.retain(|(_, units)| !units.is_empty());
        let spare: u64 = counts.iter().map(|count| count.saturating_sub(1)).sum();
        let alone = strata.iter().filter(|(_, units)| units.len() == 1);
        let missing: f64 = alone.map(|&(k, _)| unseen[k] * sample.terms.masses[k].powi(2)).sum();
        let borrowed = if missing > 0.0 { missing / spare as f64 } else { 0.0 };
        let factor = |(k, units): &(usize, Vec<usize>)| {
            let count = units.len() as f64;
            if units.len() > 1 { inflation[*k] * unseen[*k] / (count * (count - 1.0)) } else { 0.0 }
        };
        let factors = strata.iter().map(factor).collect();
        Self { strata, factors, borrowed }
    }

    /// Sum the units over the players of one word of their bitsets, for eight outputs.
    fn sum(
        &self,
        sample: &Sample<'_>,
        word: usize,
        units: &[[Lanes; 2]],
        block: &mut Block,
        workers: &Workers<'_>,
    ) {
        let mut pooled = [[0.0; LANES]; BITS];
        let terms = sample.terms;
        for ((k, of_stratum), &factor) in self.strata.iter().zip(&self.factors) {
            if workers.check().is_err() {
                return;
            }
            let mut sums = StratumSums::new();
            for &unit in of_stratum {
                sums.add(sample.coalitions.get(unit)[word], units[unit]);
            }
            let (inside, outside) = (terms.inside[*k], terms.outside[*k]);
            let mass = terms.masses[*k].powi(2);
            let players = sums.members.iter().zip(&mut block.values).zip(&mut block.variances);
            for (((members, values), variances), pooled) in players.zip(&mut pooled) {
                for lane in 0..LANES {
                    let [y, d, squares] = members.map(|lanes| lanes[lane]);
                    let [all_y, all_d, all_squares] = sums.all.map(|lanes| lanes[lane]);
                    values[lane] += inside * y - outside * (all_y - y);
                    let total = inside * d - outside * (all_d - d);
                    let spread = inside * inside * squares + outside * outside * (all_squares - squares)
                        - total * total / of_stratum.len() as f64;
                    let spread = if of_stratum.len() > 1 { spread.max(0.0) } else { 0.0 };
                    variances[lane] += factor * spread;
                    pooled[lane] += spread / mass;
                }
            }
        }
        if self.borrowed > 0.0 {
            for (variances, pooled) in block.variances.iter_mut().zip(&pooled) {
                for (variance, pooled) in variances.iter_mut().zip(pooled) {
                    *variance += self.borrowed * pooled;
                }
            }
        }
    }
}

/// Values and variances of the players of one word, for eight outputs.
#[derive(Debug, Clone)]
struct Block {
    values: [Lanes; BITS],
    variances: [Lanes; BITS],
}

impl Default for Block {
    fn default() -> Self {
        Self { values: [[0.0; LANES]; BITS], variances: [[0.0; LANES]; BITS] }
    }
}

/// Sums of `y`, `d` and `d^2` over the units of a stratum, and over those that each player is in.
struct StratumSums {
    all: [Lanes; 3],
    members: [[Lanes; 3]; BITS],
}

impl StratumSums {
    fn new() -> Self {
        Self { all: [[0.0; LANES]; 3], members: [[[0.0; LANES]; 3]; BITS] }
    }

    fn add(&mut self, mut word: u64, [y, d]: [Lanes; 2]) {
        let terms = [y, d, d.map(|d| d * d)];
        add(&mut self.all, &terms);
        while word != 0 {
            add(&mut self.members[word.trailing_zeros() as usize], &terms);
            word &= word - 1;
        }
    }
}

fn add(sums: &mut [Lanes; 3], terms: &[Lanes; 3]) {
    for (sums, terms) in sums.iter_mut().zip(terms) {
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum += term;
        }
    }
}

/// The power of two at or below the largest `|d|` of each output, so that squares stay in the range of numbers.
fn scales(d: &[f64], n_outputs: usize) -> Vec<f64> {
    let mut largest = vec![0.0_f64; n_outputs];
    for row in d.chunks_exact(n_outputs) {
        largest.iter_mut().zip(row).for_each(|(largest, d)| *largest = largest.max(d.abs()));
    }
    let power = |x: f64| f64::from_bits(x.to_bits() & f64::INFINITY.to_bits());
    largest.into_iter().map(|x| if x.is_normal() { power(x) } else { 1.0 }).collect()
}

/// `y` and scaled `d` of the outputs of one group; zeros past the last output.
fn pack(y: &[f64], d: &[f64], scales: &[f64], group: usize, n_outputs: usize) -> Vec<[Lanes; 2]> {
    let outputs = group * LANES..n_outputs.min((group + 1) * LANES);
    let rows = y.chunks_exact(n_outputs).zip(d.chunks_exact(n_outputs));
    rows.map(|(y, d)| {
        let mut lanes = [[0.0; LANES]; 2];
        for (lane, output) in outputs.clone().enumerate() {
            lanes[0][lane] = y[output];
            lanes[1][lane] = d[output] / scales[output];
        }
        lanes
    })
    .collect()
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX) // never: units are in memory
}
