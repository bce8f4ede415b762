//! The first look for a shape: a grid of few kernels and noises.

use super::kernel::Kernel;
use super::likelihood::{Likelihood, Workspace};
use crate::error::Error;
use crate::parallel::Workers;

/// `sum rho` of the shapes tried first.
const TOTALS: [f64; 5] = [0.3, 0.6, 1.2, 2.4, 4.8];
/// Noise variances tried, in units of the kernel's own variance.
const NOISES: [f64; 6] = [1e-8, 1e-6, 1e-4, 1e-2, 1.0, 100.0];
/// Where the first climb over the noises begins.
const FIRST_NOISE: usize = 2;
/// How strongly a player's `rho` follows the size of his value, tried after the first look.
const POWERS: [f64; 2] = [0.5, 1.0];
/// The range of each `rho`.
const RHO: (f64, f64) = (1e-4, 0.95);

/// A shape that was found, and how likely it is.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) kernel: Kernel,
    pub(super) lambda: f64,
    /// Likelihood and prior.
    pub(super) value: f64,
    /// `sum rho` before clipping.
    total: f64,
    /// The position of the noise in the grid.
    noise: usize,
}

/// The shape whose `rho_j` share out `total` in proportion to `shares`.
pub(super) fn shape(total: f64, shares: &[f64]) -> Kernel {
    let all: f64 = shares.iter().sum();
    let rho: Vec<f64> = shares.iter().map(|share| (total * share / all).clamp(RHO.0, RHO.1)).collect();
    Kernel::of_rho(&rho)
}

/// The grid, and the likeliest shape found so far.
#[derive(Debug)]
pub(super) struct Grid<'a> {
    likelihood: &'a Likelihood,
    workspace: Workspace,
    best: Option<Found>,
    /// Where the last shape had its likeliest noise.
    noise: usize,
}

impl<'a> Grid<'a> {
    /// Nothing tried yet.
    pub(super) fn new(likelihood: &'a Likelihood) -> Self {
        Self { likelihood, workspace: likelihood.workspace(), best: None, noise: FIRST_NOISE }
    }

    /// The likeliest isotropic shape: all players alike.
    pub(super) fn isotropic(&mut self, workers: &Workers<'_>) -> Result<Option<Found>, Error> {
        let shares = vec![1.0; self.likelihood.n_players()];
        for total in TOTALS {
            self.consider(total, 0.0, &shares, workers)?;
        }
        Ok(self.best.clone())
    }

    /// `found`, or the likeliest shape in which players with larger values interact more.
    ///
    /// `sizes` are the players' values as the first look has them, of all outputs together.
    pub(super) fn anisotropic(
        &mut self,
        found: Found,
        sizes: &[f64],
        workers: &Workers<'_>,
    ) -> Result<Found, Error> {
        let mean = sizes.iter().sum::<f64>() / sizes.len() as f64;
        if !(mean.is_normal() && mean > 0.0) {
            return Ok(found);
        }
        self.noise = found.noise;
        for power in POWERS {
            let shares: Vec<f64> = sizes.iter().map(|size| (size / mean + 1e-3).powf(power)).collect();
            for total in [0.5 * found.total, found.total, 2.0 * found.total] {
                self.consider(total, power, &shares, workers)?;
            }
        }
        Ok(self.best.clone().unwrap_or(found))
    }

    /// Keep the shape with its likeliest noise if it beats the best so far.
    ///
    /// Over the noises the likelihood has one hill, as good as always: it is climbed from where the last shape had its
    /// top, which takes three looks in place of six.
    fn consider(
        &mut self,
        total: f64,
        power: f64,
        shares: &[f64],
        workers: &Workers<'_>,
    ) -> Result<(), Error> {
        let kernel = shape(total, shares);
        let rotated = self.likelihood.rotated(&kernel, &mut self.workspace);
        let variance = kernel.variance();
        let mut value_of = |noise: usize| -> Result<f64, Error> {
            workers.check()?;
            let value = self.likelihood.value(&rotated, NOISES[noise] * variance, &mut self.workspace);
            Ok(value.map_or(f64::NEG_INFINITY, |value| value + prior(total, power, NOISES[noise])))
        };
        let start = self.noise;
        let (mut at, mut value) = (start, value_of(start)?);
        for upwards in [true, false] {
            while at == start || upwards == (at > start) {
                let next = if upwards { at + 1 } else { at.wrapping_sub(1) };
                if next >= NOISES.len() {
                    break;
                }
                let next_value = value_of(next)?;
                // Too little noise to be definite: more of it.
                if next_value <= value && value > f64::NEG_INFINITY {
                    break;
                }
                (at, value) = (next, next_value);
            }
        }
        self.noise = at;
        if value > f64::NEG_INFINITY && self.best.as_ref().is_none_or(|best| value > best.value) {
            self.best = Some(Found { kernel, lambda: NOISES[at] * variance, value, total, noise: at });
        }
        Ok(())
    }
}

/// `ln u ~ N(0, 1.5^2)`, `gamma ~ N(0.5, 0.5^2)`, `log10(lambda / k0) ~ N(-4, 3^2)`: what decides where the likelihood
/// is flat, as it is on the star alone.
fn prior(total: f64, power: f64, noise: f64) -> f64 {
    let square = |deviation: f64| -0.5 * deviation * deviation;
    square(total.ln() / 1.5) + square((power - 0.5) / 0.5) + square((noise.log10() + 4.0) / 3.0)
}
