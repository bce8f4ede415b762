//! Conjugate gradients on the signs, for games whose Gram matrix would not fit.

use super::design::Design;
use super::solve::{Fit, Targets, centred, equal_shares, residuals, weighted_signs};
use crate::error::Error;
use crate::linalg::{LANES, Lanes};
use crate::parallel::Workers;

/// Ridge in units of the mean eigenvalue where the pairs may determine the values.
const LEAST_RIDGE: f64 = 1e-10;
/// Ridge where they cannot: about the least that is tried where leaving pairs out can choose.
const DEFICIENT_RIDGE: f64 = 0.03;
/// The gradient that is left, as a share of the first.
const TOLERANCE: f64 = 1e-12;

/// Fit up to eight outputs by conjugate gradients (Hestenes and Stiefel 1952), each with its own step lengths,
/// until the gradient has fallen to 1e-12 of the first.
///
/// The Gram matrix is never formed: an iteration costs `p n / 4` additions of eight lanes and no memory but a
/// handful of vectors. About 100 iterations at `2n` pairs, 250 at `1.2 n`, and ever more towards `n`, where the
/// system is nearly singular: `2n` at most.
///
/// Limit: no ridge is chosen, so that shortly above `n` pairs the errors of games that are not two-additive
/// are amplified.
pub(super) fn fit(design: &Design<'_>, targets: &Targets, workers: &Workers<'_>) -> Result<Fit, Error> {
    let n = design.n_players();
    let players: Vec<usize> = (0..n).collect();
    let mut fit = equal_shares(design, targets, &players, workers)?;
    let share = if design.n_pairs() >= n { LEAST_RIDGE } else { DEFICIENT_RIDGE };
    let ridge = share * design.projected_trace() / (n - 1) as f64;
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
        // Rounding must not leave the space of steps: along the ones the ridge alone would hold them back.
        rest = centred(rest);
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

#[cfg(test)]
mod tests {
    use super::super::solve::System;
    use super::*;
    use crate::coalition::Coalitions;
    use crate::parallel::Cancel;
    use crate::random::{Purpose, Stream};
    use crate::sample::Sequence;
    use crate::sample::pairs::PairSequence;

    #[test]
    fn conjugate_gradients_solve_the_system_that_is_inverted() {
        let cancel = Cancel::default();
        let workers = Workers::new(2, &cancel);
        for (n, n_pairs, ridge) in
            [(50, 200, LEAST_RIDGE), (130, 300, LEAST_RIDGE), (130, 60, DEFICIENT_RIDGE)]
        {
            let mut sequence = PairSequence::new(Sequence::Leverage, n, 3, 0);
            let pairs = sequence.next_pairs(n_pairs, &workers).unwrap();
            let coalitions: &Coalitions = &pairs.coalitions;
            let design = Design::new(&sequence, coalitions, &pairs.classes);
            let mut stream = Stream::new(1, Purpose::Order, 0, n as u64);
            let mut number = || (stream.word() >> 11) as f64 / 2f64.powi(52) - 1.0;
            let half_differences = (0..n_pairs).map(|_| std::array::from_fn(|_| number())).collect();
            let targets = Targets { half_differences, grand: [1.0; LANES] };
            let gram = design.gram(&workers).unwrap();
            let players: Vec<usize> = (0..n).collect();
            let system = System::new(&gram, &players, ridge, &workers).unwrap().unwrap();
            let dense = system.fit(&design, &targets, 1, &workers).unwrap();
            let conjugate = fit(&design, &targets, &workers).unwrap();
            for (dense, conjugate) in dense.values.iter().zip(&conjugate.values) {
                // The condition number is below 1e3, the gradient 1e-12, values below 1.
                assert!((dense[2] - conjugate[2]).abs() < 1e-9, "n = {n}: {dense:?} {conjugate:?}");
            }
        }
    }
}
