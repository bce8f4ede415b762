//! The projected system: regression under the constraint that the values add up.

use super::design::Design;
use crate::error::Error;
use crate::linalg::{LANES, Lanes, Square};
use crate::parallel::Workers;

/// Pivots below this share of the mean eigenvalue count as zero.
const SINGULAR: f64 = 1e-12;

/// What up to eight outputs are fitted to.
#[derive(Debug)]
pub(in crate::estimate) struct Targets {
    /// `o_a = (v(S_a) - v(S_a^c)) / 2`, a pair.
    pub(in crate::estimate) half_differences: Vec<Lanes>,
    /// `D = v(N) - v({})`.
    pub(in crate::estimate) grand: Lanes,
}

/// The values of up to eight outputs and what they leave unexplained.
#[derive(Debug, Clone)]
pub(in crate::estimate) struct Fit {
    /// `phi`, a player.
    pub(in crate::estimate) values: Vec<Lanes>,
    /// `r_a = o_a + x_a' phi / 2`, a pair.
    pub(in crate::estimate) residuals: Vec<Lanes>,
}

/// The inverse of the projected Gram matrix of some players, who alone share the worth.
///
/// With `P y = y - mean(y) 1` and `s = tr(P M P) / (n - 1)`, `Q = P (P M P + ridge s P + s 11'/n)^-1 P` maps
/// the gradient `X' W r` of the squared residuals to the step `-2 Q X' W r` that removes it, along which the sum
/// of the values does not change.
#[derive(Debug)]
pub(in crate::estimate) struct System<'a> {
    players: &'a [usize],
    /// `Q`.
    pub(in crate::estimate) inverse: Square,
}

impl<'a> System<'a> {
    /// The system of `players` from the lower triangle of the Gram matrix of all; None where it is singular.
    pub(in crate::estimate) fn new(
        gram: &Square,
        players: &'a [usize],
        ridge: f64,
        workers: &Workers<'_>,
    ) -> Result<Option<Self>, Error> {
        let n = players.len();
        let mut inverse = Square::zeros(n);
        if n < 2 {
            return Ok(Some(Self { players, inverse })); // one player takes all: there is nothing to step along
        }
        let mut means = vec![0.0; n];
        for (i, &player) in players.iter().enumerate() {
            for (j, &other) in players[..i].iter().enumerate() {
                let cell = gram.row(player.max(other))[player.min(other)];
                means[i] += cell;
                means[j] += cell;
                inverse.row_mut(i)[j] = cell;
            }
            inverse.row_mut(i)[i] = gram.row(player)[player];
            means[i] += gram.row(player)[player];
        }
        for mean in &mut means {
            *mean /= n as f64;
        }
        let grand_mean = means.iter().sum::<f64>() / n as f64;
        let trace =
            players.iter().map(|&player| gram.row(player)[player]).sum::<f64>() - n as f64 * grand_mean;
        let scale = trace / (n - 1) as f64;
        for i in 0..n {
            let shift = grand_mean + scale / n as f64 - means[i];
            for (cell, mean) in inverse.row_mut(i)[..=i].iter_mut().zip(&means) {
                *cell += shift - mean;
            }
            inverse.row_mut(i)[i] += ridge * scale;
        }
        if !inverse.invert(SINGULAR * scale, workers)? {
            return Ok(None);
        }
        let along_ones = 1.0 / (n as f64 * scale * (1.0 + ridge));
        for i in 0..n {
            inverse.row_mut(i)[..n].iter_mut().for_each(|cell| *cell -= along_ones);
        }
        Ok(Some(Self { players, inverse }))
    }

    /// Fit the values: from equal shares, `steps` times the step that removes the gradient of the residuals.
    ///
    /// One step solves the normal equations. A second, taken from residuals that were computed anew, mends what
    /// rounding spoilt, so that an ill-conditioned system is solved about as well as by an orthogonal
    /// factorisation (Bjorck 1987, "Stability analysis of the method of seminormal equations").
    pub(in crate::estimate) fn fit(
        &self,
        design: &Design<'_>,
        targets: &Targets,
        steps: usize,
        workers: &Workers<'_>,
    ) -> Result<Fit, Error> {
        let mut fit = equal_shares(design, targets, self.players, workers)?;
        for _ in 0..steps {
            let gradient = weighted_signs(design, &fit.residuals, workers)?;
            let gradient: Vec<Lanes> = self.players.iter().map(|&player| gradient[player]).collect();
            for (&player, step) in self.players.iter().zip(centred(self.inverse.times(&gradient))) {
                for (value, step) in fit.values[player].iter_mut().zip(step) {
                    *value -= 2.0 * step;
                }
            }
            fit.residuals = residuals(design, targets, &fit.values, workers)?;
        }
        Ok(fit)
    }
}

/// `D / n` to each of `players`, nothing to the others.
pub(super) fn equal_shares(
    design: &Design<'_>,
    targets: &Targets,
    players: &[usize],
    workers: &Workers<'_>,
) -> Result<Fit, Error> {
    let mut values = vec![[0.0; LANES]; design.n_players()];
    for &player in players {
        values[player] = targets.grand.map(|grand| grand / players.len() as f64);
    }
    let residuals = residuals(design, targets, &values, workers)?;
    Ok(Fit { values, residuals })
}

/// `o + X phi / 2`.
pub(super) fn residuals(
    design: &Design<'_>,
    targets: &Targets,
    values: &[Lanes],
    workers: &Workers<'_>,
) -> Result<Vec<Lanes>, Error> {
    let mut residuals = design.signs.times(values, workers)?;
    for (residual, half_difference) in residuals.iter_mut().zip(&targets.half_differences) {
        for lane in 0..LANES {
            residual[lane] = half_difference[lane] + 0.5 * residual[lane];
        }
    }
    Ok(residuals)
}

/// `X' W y`.
pub(super) fn weighted_signs(
    design: &Design<'_>,
    by_pair: &[Lanes],
    workers: &Workers<'_>,
) -> Result<Vec<Lanes>, Error> {
    let weighted: Vec<Lanes> =
        by_pair.iter().zip(&design.weights).map(|(lanes, weight)| lanes.map(|lane| weight * lane)).collect();
    design.signs.transposed_times(&weighted, workers)
}

/// `P y`.
pub(super) fn centred(mut by_player: Vec<Lanes>) -> Vec<Lanes> {
    let mut mean = [0.0; LANES];
    for lanes in &by_player {
        (0..LANES).for_each(|lane| mean[lane] += lanes[lane]);
    }
    let mean = mean.map(|sum| sum / by_player.len() as f64);
    for lanes in &mut by_player {
        (0..LANES).for_each(|lane| lanes[lane] -= mean[lane]);
    }
    by_player
}

/// Share what the values miss of `D` equally among `players`; returns what was missing.
pub(super) fn share_gap(values: &mut [Lanes], grand: &Lanes, players: &[usize]) -> Lanes {
    let mut gap = *grand;
    for &player in players {
        (0..LANES).for_each(|lane| gap[lane] -= values[player][lane]);
    }
    for &player in players {
        (0..LANES).for_each(|lane| values[player][lane] += gap[lane] / players.len() as f64);
    }
    gap
}
