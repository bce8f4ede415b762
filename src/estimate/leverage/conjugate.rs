//! Conjugate gradients on the signs, for games whose Gram matrix would not fit.

use super::design::Design;
use super::solve::{Fit, Targets, centred, equal_shares, residuals, weighted_signs};
use crate::error::Error;
use crate::linalg::{LANES, Lanes};
use crate::parallel::Workers;

/// Ridge in units of the mean eigenvalue: below rank it picks about the shortest solution.
const RIDGE: f64 = 1e-10;
/// The gradient that is left, as a share of the first.
const TOLERANCE: f64 = 1e-12;

/// Fit up to eight outputs by conjugate gradients (Hestenes and Stiefel 1952), each with its own step lengths,
/// until the gradient has fallen to 1e-12 of the first.
///
/// The Gram matrix is never formed: an iteration costs `p n / 4` additions of eight lanes and no memory but a
/// handful of vectors.
pub(super) fn fit(design: &Design<'_>, targets: &Targets, workers: &Workers<'_>) -> Result<Fit, Error> {
    let n = design.n_players();
    let players: Vec<usize> = (0..n).collect();
    let mut fit = equal_shares(design, targets, &players, workers)?;
    let ridge = RIDGE * design.projected_trace() / (n - 1) as f64;
    let mut rest: Vec<Lanes> = centred(weighted_signs(design, &fit.residuals, workers)?);
    rest.iter_mut().flatten().for_each(|cell| *cell *= -2.0);
    let mut direction = rest.clone();
    let mut norm = dot(&rest, &rest);
    let enough = norm.map(|norm| norm * TOLERANCE * TOLERANCE);
    for _ in 0..2 * n {
        let active: [bool; LANES] = std::array::from_fn(|lane| norm[lane] > enough[lane]);
        if active == [false; LANES] {
            break;
        }
        let images = design.signs.times(&direction, workers)?;
        let mut curved = centred(weighted_signs(design, &images, workers)?);
        add_scaled(&mut curved, [ridge; LANES], &direction);
        let curvature = dot(&direction, &curved);
        let length = quotient(&norm, &curvature, active);
        add_scaled(&mut fit.values, length, &direction);
        add_scaled(&mut rest, length.map(|length| -length), &curved);
        let next_norm = dot(&rest, &rest);
        let keep = quotient(&next_norm, &norm, active);
        for (direction, rest) in direction.iter_mut().zip(&rest) {
            for lane in 0..LANES {
                direction[lane] = if active[lane] { rest[lane] + keep[lane] * direction[lane] } else { 0.0 };
            }
        }
        norm = next_norm;
    }
    fit.residuals = residuals(design, targets, &fit.values, workers)?;
    Ok(fit)
}

/// `a / b` where active, else 0, so that an output that is done stays as it is.
fn quotient(a: &Lanes, b: &Lanes, active: [bool; LANES]) -> Lanes {
    std::array::from_fn(|lane| if active[lane] && b[lane] > 0.0 { a[lane] / b[lane] } else { 0.0 })
}

fn dot(a: &[Lanes], b: &[Lanes]) -> Lanes {
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        (0..LANES).for_each(|lane| sums[lane] += a[lane] * b[lane]);
    }
    sums
}

fn add_scaled(sums: &mut [Lanes], factor: Lanes, terms: &[Lanes]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        (0..LANES).for_each(|lane| sum[lane] += factor[lane] * term[lane]);
    }
}
