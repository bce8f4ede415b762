//! Additive games, bent by size, as surrogates.

use super::folds::{Fit, Folds, Told};
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::estimate::leverage::contrasts::{Observed, signed_sums};
use crate::parallel::Workers;

/// A bend that the slope explains but for this share is left out.
const EXPLAINED: f64 = 1e-6;

/// Fit `f(S) = sum of b_j over S + gamma h(|S|)` to all units but those of one fold.
///
/// Equal shares of `D` are taken off; the rest is explained by contrasts between players, which sum to zero, and by
/// columns that know the size alone: a bend, and for semivalues other than Shapley's (who sees no change of slope)
/// one more slope. Least squares of all at once, after Frisch and Waugh: the players' part is taken off targets and
/// columns alike, then the targets' rest is regressed on that of the columns. Contrasts are shrunk where units are
/// few. A unit of stratum `k` weighs `(m_k / c_k)^2`, its part of the variance that is to be made small.
///
/// Additive games are explained to rounding, and on pairs games without interactions above order 2, once the
/// players' part is determined.
pub(super) fn fit(told: &Told<'_>, folds: &Folds, fold: u32, workers: &Workers<'_>) -> Result<Fit, Error> {
    let sample = told.sample;
    let n_players = sample.coalitions.n_players();
    let units: Vec<usize> = folds.training(fold).collect();
    let mut coalitions = Coalitions::new(n_players);
    for &unit in &units {
        coalitions.push(sample.coalitions.get(unit));
    }
    let sizes: Vec<u32> = units.iter().map(|&unit| sample.strata[unit]).collect();
    let columns = Columns::new(told);
    let targets: Vec<f64> = units.iter().flat_map(|&unit| columns.row(told, unit)).collect();
    let counts = sample.counts();
    let of_stratum =
        |(mass, count): (&f64, &u64)| if *count == 0 { 0.0 } else { mass * mass / *count as f64 };
    let weights: Vec<f64> = sample.terms.masses.iter().zip(&counts).map(of_stratum).collect();
    let observed = Observed {
        coalitions: &coalitions,
        sizes: &sizes,
        weights: &weights,
        targets: &targets,
        n_outputs: columns.n_outputs(),
    };
    let nothing = vec![0.0; n_players * columns.n_outputs()];
    let contrasts = if units.is_empty() { nothing } else { observed.contrasts(workers)? };
    let sums = signed_sums(sample.coalitions, sample.strata.len(), &contrasts, columns.n_outputs(), workers)?;
    // What the players' part leaves of every unit's targets and columns.
    let mut rests: Vec<f64> = (0..sample.strata.len()).flat_map(|unit| columns.row(told, unit)).collect();
    rests.iter_mut().zip(&sums).for_each(|(rest, sum)| *rest += 0.5 * sum);
    let weight = |unit: usize| {
        let stratum = sample.strata[unit] as usize;
        weights[stratum] / counts[stratum] as f64
    };
    let factors: Vec<[f64; 2]> =
        (0..sample.n_outputs).map(|output| columns.factors(&rests, &units, weight, output)).collect();
    Ok(columns.assemble(told, &contrasts, &rests, &factors))
}

/// Targets less equal shares, then the columns that know the size alone, side by side.
struct Columns<'a> {
    n_targets: usize,
    /// By stratum.
    of_size: Vec<&'a [f64]>,
    /// What each player gets in the game of a column, and that game's `f(N) - f({})`.
    values: Vec<(f64, f64)>,
}

impl<'a> Columns<'a> {
    fn new(told: &'a Told<'_>) -> Self {
        let n_players = told.sample.coalitions.n_players();
        let (mut of_size, mut values) = (vec![&told.bend[..]], vec![(told.bend_value, 0.0)]);
        if told.sample.terms.sees_slopes {
            of_size.push(&told.equal[..]);
            values.push((1.0 / n_players as f64, 1.0));
        }
        Self { n_targets: told.sample.n_outputs, of_size, values }
    }

    fn n_outputs(&self) -> usize {
        self.n_targets + self.of_size.len()
    }

    fn row<'b>(&'b self, told: &'b Told<'_>, unit: usize) -> impl Iterator<Item = f64> + 'b {
        let stratum = told.sample.strata[unit] as usize;
        let targets = &told.targets[unit * self.n_targets..][..self.n_targets];
        let less = targets.iter().zip(&told.grand).map(move |(t, grand)| t - grand * told.equal[stratum]);
        less.chain(self.of_size.iter().map(move |column| column[stratum]))
    }

    /// Least squares of an output's rests on those of the bend and of the slope: a factor for each column.
    fn factors(
        &self,
        rests: &[f64],
        units: &[usize],
        weight: impl Fn(usize) -> f64,
        output: usize,
    ) -> [f64; 2] {
        let at = |unit: usize, column: usize| rests[unit * self.n_outputs() + column];
        let (bend, slope) = (self.n_targets, self.n_targets + 1);
        let has_slope = self.of_size.len() > 1;
        let (mut bends, mut slopes, mut crossed) = (0.0, 0.0, 0.0);
        let (mut on_bend, mut on_slope) = (0.0, 0.0);
        for &unit in units {
            let (b, t, w) = (at(unit, bend), at(unit, output), weight(unit));
            let s = if has_slope { at(unit, slope) } else { 0.0 };
            bends += w * b * b;
            slopes += w * s * s;
            crossed += w * b * s;
            on_bend += w * b * t;
            on_slope += w * s * t;
        }
        let share = if slopes > 0.0 { crossed / slopes } else { 0.0 };
        let own = bends - share * crossed;
        let bent = if own > EXPLAINED * bends { (on_bend - share * on_slope) / own } else { 0.0 };
        let sloped = if slopes > 0.0 { (on_slope - bent * crossed) / slopes } else { 0.0 };
        [bent, sloped]
    }

    /// The surrogate: equal shares of `D`, the contrasts that remain, and the columns.
    fn assemble(&self, told: &Told<'_>, contrasts: &[f64], rests: &[f64], factors: &[[f64; 2]]) -> Fit {
        let n_players = told.sample.coalitions.n_players() as f64;
        let mixed = |row: &[f64], output: usize| -> f64 {
            let columns = row[self.n_targets..].iter().zip(&factors[output]);
            row[output] - columns.map(|(column, factor)| factor * column).sum::<f64>()
        };
        // What is left of a target is what is not predicted of it.
        let rows = rests.chunks_exact(self.n_outputs()).zip(told.targets.chunks_exact(self.n_targets));
        let predictions = rows.flat_map(|(row, targets)| {
            targets.iter().enumerate().map(move |(output, target)| target - mixed(row, output))
        });
        let games = |output: usize| self.values.iter().zip(&factors[output]);
        let value = |row: &[f64], output: usize| {
            let of_games: f64 = games(output).map(|((value, _), factor)| factor * value).sum();
            told.grand[output] / n_players + mixed(row, output) + of_games
        };
        let grand = |output: usize| {
            told.grand[output] + games(output).map(|((_, total), factor)| factor * total).sum::<f64>()
        };
        let rows = contrasts.chunks_exact(self.n_outputs());
        Fit {
            predictions: predictions.collect(),
            grand: (0..self.n_targets).map(grand).collect(),
            values: rows.flat_map(|row| (0..self.n_targets).map(move |output| value(row, output))).collect(),
        }
    }
}
