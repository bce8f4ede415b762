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

/// Memory that one shape leaves to the next: to take fresh one costs as much as to judge a shape of 200 rows.
#[derive(Debug)]
pub(super) struct Workspace {
    /// `K` of the shape looked at last, and `e^c cosh y` where its gradient is wanted: `(rows, rows)`.
    kernel: Matrix,
    slope: Matrix,
    /// `W` before it is rotated back: `(nu, nu)`.
    weights: Matrix,
    inner: Option<Square>,
    outer: Option<Square>,
    scratch: Vec<f64>,
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

    /// Memory for many shapes.
    pub(super) fn workspace(&self) -> Workspace {
        let (n_rows, freedom) = (self.signs.len(), self.rotation.freedom());
        Workspace {
            kernel: Matrix::zeros(n_rows, n_rows),
            slope: Matrix::zeros(n_rows, n_rows),
            weights: Matrix::zeros(freedom, freedom),
            inner: None,
            outer: None,
            scratch: Vec::new(),
        }
    }

    /// `Z'KZ`, the lower triangle.
    pub(super) fn rotated(&self, kernel: &Kernel, workspace: &mut Workspace) -> Square {
        kernel.write_among(&self.signs, &mut workspace.kernel);
        self.rotation.inner(&workspace.kernel, None)
    }

    /// The logarithm of the likelihood, but for a constant, under `Z'KZ` and noise of variance `lambda`:
    ///
    /// $$ \ell = -\sum_c \frac{\nu}{2} \ln(z_c' S^{-1} z_c) - \frac{K}{2} \ln\det S $$
    ///
    /// for `z_c = Z'o_c` and `K` outputs; the unknown factor of all variances has gone. None where `S` is not positive
    /// definite or an output vanishes.
    pub(super) fn value(&self, rotated: &Square, lambda: f64, workspace: &mut Workspace) -> Option<f64> {
        let mut covariance = workspace.inner.take().unwrap_or_else(|| Square::zeros(rotated.n()));
        for i in 0..rotated.n() {
            covariance.row_mut(i)[..=i].copy_from_slice(&rotated.row(i)[..=i]);
        }
        let judged = self.judge(covariance, lambda)?;
        let value = judged.value;
        workspace.inner = Some(judged.factor.into_zeros());
        Some(value)
    }

    /// The likelihood of a kernel and a noise; what its gradient needs stays in the workspace.
    pub(super) fn look(&self, kernel: &Kernel, lambda: f64, workspace: &mut Workspace) -> Option<Judged> {
        kernel.write_with_slope(&self.signs, &mut workspace.kernel, &mut workspace.slope);
        self.judge(self.rotation.inner(&workspace.kernel, workspace.inner.take()), lambda)
    }

    fn judge(&self, mut rotated: Square, lambda: f64) -> Option<Judged> {
        (0..rotated.n()).for_each(|i| rotated.row_mut(i)[i] += lambda);
        let factor = Cholesky::new(rotated)?;
        let mut whitened = self.targets.clone();
        factor.solve_lower(&mut whitened);
        let freedom = self.rotation.freedom() as f64;
        let misfits = squared_columns(&whitened).into_iter().map(|square| freedom * square.ln());
        let value = -0.5 * (misfits.sum::<f64>() + whitened.n_columns() as f64 * factor.ln_det());
        value.is_finite().then_some(Judged { value, factor, whitened })
    }

    /// The derivatives of the likelihood by each `kappa_j`, and by `lambda`, after a look at the kernel.
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
        judged: Judged,
        workspace: &mut Workspace,
    ) -> (Vec<f64>, f64) {
        self.weigh(judged, workspace);
        let Workspace { kernel: cells, slope, weights, outer, .. } = workspace;
        let trace: f64 = (0..weights.n_rows()).map(|i| weights.row(i)[i]).sum();
        let rotated = self.rotation.outer(weights, outer.take());
        let mut total = 0.0;
        for i in 0..self.signs.len() {
            // The lower triangle counts twice, the diagonal once.
            let row = &rotated.row(i)[..=i];
            total += 2.0 * dot(&row[..i], &cells.row(i)[..i]) + row[i] * cells.row(i)[i];
            let products = slope.row_mut(i);
            products[..i].iter_mut().zip(row).for_each(|(cell, weight)| *cell *= 2.0 * weight);
            products[i] *= row[i];
            products[i + 1..].fill(0.0);
        }
        *outer = Some(rotated);
        let images = product(slope, self.signs.matrix());
        let mut by_kappa: Vec<f64> = kernel.rho.iter().map(|rho| -0.5 * rho * total).collect();
        for r in 0..images.n_rows() {
            let signs = self.signs.matrix().row(r);
            for ((sum, image), sign) in by_kappa.iter_mut().zip(images.row(r)).zip(signs) {
                *sum += 0.5 * image * sign;
            }
        }
        (by_kappa, 0.5 * trace)
    }

    /// The values under a shape, `(players, outputs)`.
    pub(super) fn values(&self, kernel: &Kernel, lambda: f64) -> Option<Matrix> {
        let mut covariance = kernel.among(&self.signs);
        let judged = self.judge(self.rotation.inner(&covariance, None), lambda)?;
        (0..covariance.n_rows()).for_each(|i| covariance.row_mut(i)[i] += lambda);
        let mut solved = judged.whitened;
        judged.factor.solve_upper(&mut solved);
        let alpha = self.rotation.back(&solved);
        let linear = posterior::linear_part(&self.rotation, &covariance, &self.raw, &alpha);
        let readout = readout::covariances(kernel, &self.signs);
        Some(posterior::values(&readout, &linear, &alpha))
    }

    /// Write `nu sum_c a_c a_c' / (z_c' a_c) - K S^-1`.
    fn weigh(&self, judged: Judged, workspace: &mut Workspace) {
        let freedom = self.rotation.freedom() as f64;
        let mut solved = judged.whitened.clone();
        judged.factor.solve_upper(&mut solved);
        let squares = squared_columns(&judged.whitened);
        let inverse = judged.factor.into_inverse(&mut workspace.scratch);
        let n_outputs = squares.len() as f64;
        for i in 0..inverse.n() {
            let row = workspace.weights.row_mut(i);
            row.iter_mut().zip(inverse.row(i)).for_each(|(to, cell)| *to = -n_outputs * cell);
        }
        for (output, square) in squares.into_iter().enumerate() {
            let column: Vec<f64> = (0..inverse.n()).map(|i| solved.row(i)[output]).collect();
            for (i, cell) in column.iter().enumerate() {
                let own = freedom / square * cell;
                let row = workspace.weights.row_mut(i);
                row.iter_mut().zip(&column).for_each(|(cell, other)| *cell += own * other);
            }
        }
        workspace.inner = Some(inverse);
    }
}

impl Workspace {
    /// Take back the memory of a shape that is not followed.
    pub(super) fn take_back(&mut self, judged: Judged) {
        self.inner = Some(judged.factor.into_zeros());
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
                let judged = likelihood.look(&kernel, lambda, &mut likelihood.workspace());
                judged.expect("noise keeps it definite").value
            };
            let kernel = Kernel::new(kappa.clone());
            let mut workspace = likelihood.workspace();
            for other in [0.3, 1.0] {
                // What another shape left behind must not matter.
                let judged = likelihood.look(&Kernel::of_rho(&vec![0.5; n]), other, &mut workspace);
                let judged = judged.expect("noise keeps it definite");
                if other < 0.5 {
                    workspace.take_back(judged);
                } else {
                    likelihood.gradient(&kernel, judged, &mut workspace);
                }
            }
            let judged = likelihood.look(&kernel, lambda, &mut workspace).expect("noise keeps it definite");
            let rotated = likelihood.rotated(&kernel, &mut likelihood.workspace());
            let value = likelihood.value(&rotated, lambda, &mut likelihood.workspace());
            assert_eq!(value, Some(judged.value));
            let (by_kappa, by_lambda) = likelihood.gradient(&kernel, judged, &mut workspace);
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
            likelihood.look(&kernel, 0.1, &mut likelihood.workspace()).expect("definite").value
        };
        assert!((of(&one) - of(&other)).abs() < 1e-10);
    }
}
