//! The same regression for whoever wants to know how players differ, on any coalitions and weights.

use super::conjugate;
use super::design::Design;
use super::ridge;
use super::signs::Signs;
use super::solve::{System, Targets};
use super::{LARGEST_DENSE, scatter};
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::linalg::{LANES, Lanes};
use crate::parallel::Workers;

/// Coalitions, and what a fit is to explain of them.
#[derive(Debug)]
pub struct Observed<'a> {
    /// The coalitions; those past the length of `sizes` are not used.
    pub coalitions: &'a Coalitions,
    /// Their sizes.
    pub sizes: &'a [u32],
    /// What all coalitions of a size weigh together, by size; each weighs the same part of it.
    pub weights: &'a [f64],
    /// `(coalitions, outputs)`.
    pub targets: &'a [f64],
    /// Number of outputs.
    pub n_outputs: usize,
}

impl Observed<'_> {
    /// Numbers `u` of the players that sum to zero and minimise `sum_a w_a (t_a + x_a' u / 2)^2`, the signs `x_aj`
    /// being -1 where `j` is in the coalition, else +1: `(players, outputs)`.
    ///
    /// Shrunk towards zero as [`Leverage`](super::Leverage) shrinks below twice as many coalitions as players.
    pub fn contrasts(&self, workers: &Workers<'_>) -> Result<Vec<f64>, Error> {
        let n_players = self.coalitions.n_players();
        let design = Design::weighted(self.coalitions, self.sizes, self.weights, |_, _| 1.0);
        let targets: Vec<Targets> =
            (0..self.n_outputs.div_ceil(LANES)).map(|group| self.group(group)).collect();
        let players: Vec<usize> = (0..n_players).collect();
        let mut contrasts = vec![0.0; n_players * self.n_outputs];
        let mut write = |group, values: &[Lanes]| {
            scatter(values, group, self.n_outputs, &mut contrasts, |value| value);
        };
        if n_players > LARGEST_DENSE {
            for (group, targets) in targets.iter().enumerate() {
                write(group, &conjugate::fit(&design, targets, workers)?.values);
            }
            return Ok(contrasts);
        }
        let gram = design.gram(workers)?;
        let comfortable = design.n_pairs() >= 2 * n_players;
        if comfortable && let Some(system) = System::new(&gram, &players, 0.0, workers)? {
            for (group, targets) in targets.iter().enumerate() {
                write(group, &system.fit(&design, targets, 1, workers)?.values);
            }
        } else {
            let ridged = ridge::fit(&design, &gram, &targets, &players, workers)?;
            ridged.fits.iter().enumerate().for_each(|(group, fit)| write(group, &fit.values));
        }
        Ok(contrasts)
    }

    fn group(&self, group: usize) -> Targets {
        let outputs = group * LANES..self.n_outputs.min((group + 1) * LANES);
        let lanes = |row: &[f64]| {
            let mut lanes: Lanes = [0.0; LANES];
            lanes[..outputs.len()].copy_from_slice(&row[outputs.clone()]);
            lanes
        };
        let half_differences = self.targets.chunks_exact(self.n_outputs).map(lanes).collect();
        Targets { half_differences, grand: [0.0; LANES] }
    }
}

/// `x_a' u` of the first `count` coalitions, for `u` of shape `(players, outputs)`: `(coalitions, outputs)`.
pub fn signed_sums(
    coalitions: &Coalitions,
    count: usize,
    u: &[f64],
    n_outputs: usize,
    workers: &Workers<'_>,
) -> Result<Vec<f64>, Error> {
    let signs = Signs::new(coalitions, count);
    let mut sums = vec![0.0; count * n_outputs];
    for group in 0..n_outputs.div_ceil(LANES) {
        let lanes = |row: &[f64]| {
            let mut lanes: Lanes = [0.0; LANES];
            lanes.iter_mut().zip(&row[group * LANES..]).for_each(|(lane, u)| *lane = *u);
            lanes
        };
        let by_player: Vec<Lanes> = u.chunks_exact(n_outputs).map(lanes).collect();
        scatter(&signs.times(&by_player, workers)?, group, n_outputs, &mut sums, |sum| sum);
    }
    Ok(sums)
}
