//! How likely a shape makes the half-differences, whatever is linear in them.

use super::kernel::Kernel;
use super::rotation::{Rotation, dot};
use super::signs::Signs;
use super::{posterior, readout};
use crate::coalition::Coalitions;
use crate::linalg::{Cholesky, Matrix, Square, product};

/// The rows that a shape is judged by.
#[derive(Debug)]
pub(super) struct Likelihood {
    signs: Signs,
    rotation: Rotation,
    /// `o`, that of the empty coalition first: `(rows, outputs)`.
    raw: Matrix,
    /// `Z'o`: `(nu, outputs)`.
    targets: Matrix,
}

/// One shape: `S = Z'KZ + lambda I` and what follows.
#[derive(Debug)]
pub(super) struct Judged {
    /// The logarithm of the restricted likelihood, but for a constant.
    pub(super) value: f64,
    factor: Cholesky,
    /// `L^-1 Z'o`: `(nu, outputs)`.
    whitened: Matrix,
}

impl Likelihood {
    /// The empty coalition and the first `n_pairs` pairs; `targets` are `(pairs + 1, outputs)`, those of the empty
    /// coalition first. None where the signs lack rank.
    pub(super) fn new(coalitions: &Coalitions, n_pairs: usize, targets: &Matrix) -> Option<Self> {
        let signs = Signs::after_empty(coalitions, n_pairs);
        let rotation = Rotation::new(&signs)?;
        let raw = Matrix::from_fn(n_pairs + 1, targets.n_columns(), |i, j| targets.row(i)[j]);
        let targets = rotation.beyond_linear(&raw);
        Some(Self { signs, rotation, raw, targets })
    }

    /// Number of players.
    pub(super) fn n_players(&self) -> usize {
        self.signs.n_players()
    }

    /// `Z'KZ`, the lower triangle.
    pub(super) fn rotated(&self, kernel: &Kernel) -> Square {
        self.rotation.inner(&kernel.among(&self.signs))
    }

    /// The logarithm of the likelihood, but for a constant, under `Z'KZ` and noise of variance `lambda`:
    ///
    /// $$ \ell = -\sum_c \frac{\nu}{2} \ln(z_c' S^{-1} z_c) - \frac{K}{2} \ln\det S $$
    ///
    /// for `z_c = Z'o_c` and `K` outputs; the unknown factor of all variances has gone. `spare` is memory for `S`, taken
    /// and given back. None where `S` is not positive definite or an output vanishes.
    pub(super) fn value(&self, rotated: &Square, lambda: f64, spare: &mut Option<Square>) -> Option<f64> {
        let mut covariance = spare.take().unwrap_or_else(|| Square::zeros(rotated.n()));
        for i in 0..rotated.n() {
            covariance.row_mut(i)[..=i].copy_from_slice(&rotated.row(i)[..=i]);
        }
        let judged = self.judge(covariance, lambda)?;
        let value = judged.value;
        *spare = Some(judged.factor.into_zeros());
        Some(value)
    }

    /// The likelihood and what its derivatives need.
    pub(super) fn judge(&self, mut rotated: Square, lambda: f64) -> Option<Judged> {
        (0..rotated.n()).for_each(|i| rotated.row_mut(i)[i] += lambda);
        let factor = Cholesky::new(rotated)?;
        let mut whitened = self.targets.clone();
        factor.solve_lower(&mut whitened);
        let freedom = self.rotation.freedom() as f64;
        let misfits = squared_columns(&whitened).into_iter().map(|square| freedom * square.ln());
        let value = -0.5 * (misfits.sum::<f64>() + whitened.n_columns() as f64 * factor.ln_det());
        value.is_finite().then_some(Judged { value, factor, whitened })
    }

    /// The derivatives of the likelihood by each `kappa_j`, and by `lambda`.
    ///
    /// With `W = Z (nu sum_c a_c a_c' / (z_c'a_c) - K S^-1) Z'`, `a_c = S^-1 z_c`, and `*` element by element,
    ///
    /// $$ \partial\ell/\partial\kappa_j = \big(x_j' (W * e^c \cosh y) x_j - \rho_j \textstyle\sum W * K\big) / 2,
    ///    \qquad \partial\ell/\partial\lambda = \mathrm{tr}(W) / 2 $$
    ///
    /// where the linear parts of both kernels vanish, because `W X = 0`.
    pub(super) fn gradient(
        &self,
        kernel: &Kernel,
        cells: &Matrix,
        slope: &Matrix,
        judged: &Judged,
    ) -> (Vec<f64>, f64) {
        let weights = self.weights(judged);
        let trace: f64 = (0..weights.n()).map(|i| weights.row(i)[i]).sum();
        let n_rows = self.signs.len();
        let mut weighted = Matrix::zeros(n_rows, n_rows);
        let mut total = 0.0;
        let weights = self.rotation.outer(&weights);
        for i in 0..n_rows {
            // The lower triangle counts twice, the diagonal once.
            let row = &weights.row(i)[..=i];
            total += 2.0 * dot(&row[..i], &cells.row(i)[..i]) + row[i] * cells.row(i)[i];
            for ((to, weight), slope) in weighted.row_mut(i)[..i].iter_mut().zip(row).zip(slope.row(i)) {
                *to = 2.0 * weight * slope;
            }
            weighted.row_mut(i)[i] = row[i] * slope.row(i)[i];
        }
        let images = product(&weighted, self.signs.matrix());
        let mut by_kappa: Vec<f64> = kernel.rho.iter().map(|rho| -0.5 * rho * total).collect();
        for r in 0..n_rows {
            for ((sum, image), sign) in by_kappa.iter_mut().zip(images.row(r)).zip(self.signs.matrix().row(r))
            {
                *sum += 0.5 * image * sign;
            }
        }
        (by_kappa, 0.5 * trace)
    }

    /// `Z'KZ` with the kernel's cells.
    pub(super) fn with_slope(&self, kernel: &Kernel) -> (Square, Matrix, Matrix) {
        let (cells, slope) = kernel.among_with_slope(&self.signs);
        (self.rotation.inner(&cells), cells, slope)
    }

    /// The values under a shape, `(players, outputs)`.
    pub(super) fn values(&self, kernel: &Kernel, lambda: f64) -> Option<Matrix> {
        let mut covariance = kernel.among(&self.signs);
        let judged = self.judge(self.rotation.inner(&covariance), lambda)?;
        (0..covariance.n_rows()).for_each(|i| covariance.row_mut(i)[i] += lambda);
        let mut solved = judged.whitened;
        judged.factor.solve_upper(&mut solved);
        let alpha = self.rotation.back(&solved);
        let linear = posterior::linear_part(&self.rotation, &covariance, &self.raw, &alpha);
        let readout = readout::covariances(kernel, &self.signs);
        Some(posterior::values(&readout, &linear, &alpha))
    }

    /// `nu sum_c a_c a_c' / (z_c' a_c) - K S^-1`.
    fn weights(&self, judged: &Judged) -> Square {
        let freedom = self.rotation.freedom() as f64;
        let mut solved = judged.whitened.clone();
        judged.factor.solve_upper(&mut solved);
        let n_outputs = solved.n_columns();
        let scales: Vec<f64> =
            squared_columns(&judged.whitened).into_iter().map(|square| freedom / square).collect();
        let mut weights = judged.factor.inverse();
        let n = weights.n();
        for i in 0..n {
            weights.row_mut(i)[..n].iter_mut().for_each(|cell| *cell *= -(n_outputs as f64));
        }
        for (output, scale) in scales.iter().enumerate() {
            let column: Vec<f64> = (0..n).map(|i| solved.row(i)[output]).collect();
            for i in 0..n {
                let own = scale * column[i];
                weights.row_mut(i)[..n]
                    .iter_mut()
                    .zip(&column)
                    .for_each(|(cell, other)| *cell += own * other);
            }
        }
        weights
    }
}

/// The squared length of each column.
pub(super) fn squared_columns(matrix: &Matrix) -> Vec<f64> {
    let mut sums = vec![0.0; matrix.n_columns()];
    for i in 0..matrix.n_rows() {
        sums.iter_mut().zip(matrix.row(i)).for_each(|(sum, cell)| *sum += cell * cell);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn likelihood(n: usize, n_pairs: usize) -> Likelihood {
        let mut coalitions = Coalitions::new(n);
        (0..n).for_each(|j| coalitions.push(&[1 << j]));
        let mut stream = Stream::new(1, Purpose::Order, 0, n as u64);
        (n..n_pairs).for_each(|_| coalitions.push(&[stream.below(1 << n)]));
        let numbers: Vec<f64> =
            (0..2 * (n_pairs + 1)).map(|_| (stream.word() >> 11) as f64 / 2f64.powi(52) - 1.0).collect();
        let targets = Matrix::from_fn(n_pairs + 1, 2, |i, j| numbers[2 * i + j]);
        Likelihood::new(&coalitions, n_pairs, &targets).expect("a star has full rank")
    }

    #[test]
    fn the_gradient_is_that_of_differences() {
        for (n, n_pairs) in [(4, 9), (6, 25), (8, 90)] {
            let likelihood = likelihood(n, n_pairs);
            let kappa: Vec<f64> = (0..n).map(|j| 0.1 + 0.05 * j as f64).collect();
            let lambda = 0.02;
            let at = |kappa: Vec<f64>, lambda: f64| {
                let kernel = Kernel::new(kappa);
                let judged = likelihood.judge(likelihood.rotated(&kernel), lambda);
                judged.expect("noise keeps it definite").value
            };
            let kernel = Kernel::new(kappa.clone());
            let (rotated, cells, slope) = likelihood.with_slope(&kernel);
            let judged = likelihood.judge(rotated, lambda).expect("noise keeps it definite");
            let (by_kappa, by_lambda) = likelihood.gradient(&kernel, &cells, &slope, &judged);
            let step = 1e-5;
            let scale = by_lambda.abs() + by_kappa.iter().fold(0.0, |sum, slope| sum + slope.abs());
            for j in 0..n {
                let moved = |by: f64| {
                    let mut kappa = kappa.clone();
                    kappa[j] += by;
                    at(kappa, lambda)
                };
                let difference = (moved(step) - moved(-step)) / (2.0 * step);
                assert!((by_kappa[j] - difference).abs() < 1e-6 * scale, "{j}: {} {difference}", by_kappa[j]);
            }
            let difference = (at(kappa.clone(), lambda + step) - at(kappa, lambda - step)) / (2.0 * step);
            assert!((by_lambda - difference).abs() < 1e-4 * scale, "{by_lambda} {difference}");
        }
    }

    #[test]
    fn a_linear_part_of_the_targets_changes_nothing() {
        let (n, n_pairs) = (6, 20);
        let one = likelihood(n, n_pairs);
        let lifted = Matrix::from_fn(n_pairs + 1, 2, |i, output| {
            let linear: f64 = one.signs.matrix().row(i).iter().zip(1..).map(|(x, j)| x * f64::from(j)).sum();
            one.raw.row(i)[output] + linear
        });
        let targets = one.rotation.beyond_linear(&lifted);
        let other =
            Likelihood { signs: one.signs.clone(), rotation: one.rotation.clone(), raw: lifted, targets };
        let kernel = Kernel::of_rho(&vec![0.2; n]);
        let of = |likelihood: &Likelihood| {
            likelihood.judge(likelihood.rotated(&kernel), 0.1).expect("definite").value
        };
        assert!((of(&one) - of(&other)).abs() < 1e-10);
    }
}
