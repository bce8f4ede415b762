//! What the half-differences say under one shape: coefficients, values, errors, residuals.

use super::kernel::Kernel;
use super::likelihood::squared_columns;
use super::readout;
use super::rotation::Rotation;
use super::signs::Signs;
use crate::error::Error;
use crate::linalg::{Cholesky, Matrix, product};
use crate::parallel::Workers;

/// Noise of the empty coalition, whose worth is known, in units of the kernel's own variance: it only keeps the
/// matrix definite.
const JITTER: f64 = 1e-12;
/// The first noise that is added, in units of the kernel's own variance, where that is not enough.
const MORE_NOISE: f64 = 1e-13;
/// `Q_rr` is taken to be at least this share of `1 / C_rr`: a pair that determines its own fit says nothing.
const LEAST_SLACK: f64 = 1e-9;

/// A shape that all rows were solved with.
#[derive(Debug, Clone)]
pub(super) struct Solved {
    pub(super) kernel: Kernel,
    pub(super) lambda: f64,
    /// Factor of `Z'CZ`.
    factor: Cholesky,
    /// `L^-1 Z'o`: `(nu, outputs)`.
    whitened: Matrix,
}

impl Solved {
    /// The first of some shapes that can be solved, with up to six rounds of more noise, and its covariance matrix.
    pub(super) fn ladder(
        signs: &Signs,
        rotation: &Rotation,
        targets: &Matrix,
        shapes: Vec<(Kernel, f64)>,
    ) -> Option<(Self, Matrix)> {
        shapes.into_iter().find_map(|(kernel, lambda)| {
            let least = MORE_NOISE * kernel.variance();
            let more = (0..6).map(|round| least * 10_f64.powi(round));
            std::iter::once(0.0)
                .chain(more)
                .find_map(|more| Self::new(signs, rotation, targets, kernel.clone(), lambda + more))
        })
    }

    /// Solve with a kernel and a noise; None where `Z'CZ` is not positive definite.
    fn new(
        signs: &Signs,
        rotation: &Rotation,
        targets: &Matrix,
        kernel: Kernel,
        lambda: f64,
    ) -> Option<(Self, Matrix)> {
        let mut covariance = kernel.among(signs);
        covariance.row_mut(0)[0] += JITTER * kernel.variance();
        (1..signs.len()).for_each(|i| covariance.row_mut(i)[i] += lambda);
        let factor = Cholesky::new(rotation.inner(&covariance, None))?;
        let mut whitened = rotation.beyond_linear(targets);
        factor.solve_lower(&mut whitened);
        let is_finite = squared_columns(&whitened).iter().all(|square| square.is_finite());
        is_finite.then_some((Self { kernel, lambda, factor, whitened }, covariance))
    }

    /// `alpha = C^-1 (o - X b) = Q o`, `(rows, outputs)`.
    pub(super) fn alpha(&self, rotation: &Rotation) -> Matrix {
        let mut solved = self.whitened.clone();
        self.factor.solve_upper(&mut solved);
        rotation.back(&solved)
    }

    /// `o'Qo / nu` of each output: the factor by which the prior's variances are multiplied.
    pub(super) fn scales(&self) -> Vec<f64> {
        squared_columns(&self.whitened).into_iter().map(|square| square / self.factor.n() as f64).collect()
    }

    /// `Q_rr` of some rows: a leave-one-out residual is `(Qo)_r / Q_rr`.
    pub(super) fn slacks(
        &self,
        rotation: &Rotation,
        rows: &[usize],
        workers: &Workers<'_>,
    ) -> Result<Vec<f64>, Error> {
        let least = LEAST_SLACK / (self.kernel.variance() + self.lambda);
        let mut slacks = Vec::with_capacity(rows.len());
        for rows in rows.chunks(64) {
            workers.check()?;
            let mut columns = rotation.rows_beyond_linear(rows);
            self.factor.solve_lower(&mut columns);
            slacks.extend(squared_columns(&columns).into_iter().map(|square| square.max(least)));
        }
        Ok(slacks)
    }

    /// The variance of what is read out for each player, `-1/2` times his value, in units of the scale.
    ///
    /// With `B = (X'X)^-1 X'` and the read-out's prior covariances `E` with the rows and `G` with itself, the
    /// unweighted linear fit misses it by a Gaussian of covariance `G - E B' - B E' + B C B'`, of which `Z'o` tells
    /// what its covariance `(E - B C) Z` with it allows:
    ///
    /// $$ \mathrm{Var}(\phi) = 4 s^2 \big(G - E B' - B E' + B C B' - (E - B C) Z S^{-1} Z' (E - B C)'\big) $$
    ///
    /// the variance of universal kriging (Matheron 1969) of a linear functional.
    pub(super) fn variances(&self, readout: &Matrix, rotation: &Rotation, covariance: &Matrix) -> Vec<f64> {
        let fit_of_covariance = rotation.linear_fit(covariance); // B C
        let fit_of_readout = rotation.linear_fit(&readout.transposed()); // B E'
        let fit_of_fit = rotation.linear_fit(&fit_of_covariance.transposed()); // B C B'
        let (n, n_rows) = (readout.n_rows(), readout.n_columns());
        let across = Matrix::from_fn(n_rows, n, |r, i| readout.row(i)[r] - fit_of_covariance.row(i)[r]);
        let mut told = rotation.beyond_linear(&across);
        self.factor.solve_lower(&mut told);
        let told = squared_columns(&told);
        let prior = readout::variances(&self.kernel);
        (0..n)
            .map(|i| prior[i] - 2.0 * fit_of_readout.row(i)[i] + fit_of_fit.row(i)[i] - told[i])
            .map(|variance| variance.max(0.0))
            .collect()
    }
}

/// `b`, the coefficients of the linear part given `alpha`, `(players, outputs)`.
pub(super) fn linear_part(
    rotation: &Rotation,
    covariance: &Matrix,
    targets: &Matrix,
    alpha: &Matrix,
) -> Matrix {
    let mut rest = product(covariance, alpha);
    for i in 0..rest.n_rows() {
        rest.row_mut(i).iter_mut().zip(targets.row(i)).for_each(|(cell, target)| *cell = target - *cell);
    }
    rotation.linear_fit(&rest)
}

/// The values `-2 (b + E alpha)` of a read-out `E`, `(players, outputs)`.
pub(super) fn values(readout: &Matrix, linear: &Matrix, alpha: &Matrix) -> Matrix {
    let beyond = product(readout, alpha);
    Matrix::from_fn(linear.n_rows(), linear.n_columns(), |i, output| {
        -2.0 * (linear.row(i)[output] + beyond.row(i)[output])
    })
}

/// `b'x(S) + K(S, .) alpha` at other coalitions, `(coalitions, outputs)`.
pub(super) fn predict(
    kernel: Option<&Kernel>,
    signs: &Signs,
    linear: &Matrix,
    alpha: &Matrix,
    others: &Signs,
) -> Matrix {
    let linear = product(others.matrix(), linear);
    let Some(kernel) = kernel else { return linear };
    let beyond = product(&kernel.between(others, signs), alpha);
    Matrix::from_fn(others.len(), alpha.n_columns(), |i, output| {
        linear.row(i)[output] + beyond.row(i)[output]
    })
}
