//! The covariance of half-differences: all odd interactions, those of more players the smaller.

use super::hyperbolic::{odd_and_even_parts, odd_parts};
use super::signs::Signs;
use crate::linalg::{Matrix, product_transposed};

/// Rows of a kernel matrix that are made at once, so that no more than half of it is.
const BLOCK: usize = 64;

/// The kernel of one shape, up to a linear part.
///
/// Walsh terms `beta_U chi_U` of odd degree are independent with variances `prod_{j in U} rho_j`, `0 < rho_j < 1`.
/// With `kappa_j = atanh rho_j`, `c = sum_j ln(1 - rho_j^2) / 2` and `y = sum_j kappa_j x_j(S) x_j(T)`,
///
/// $$ \sum_{|U| \text{ odd}} \rho^U \chi_U(S) \chi_U(T) = e^c \sinh y, \qquad
///    K(S, T) = e^c (\sinh y - y) $$
///
/// The prior of the linear terms is flat, so a kernel may hold any linear part `sum_j a_j x_j(S) x_j(T)` without
/// changing a likelihood, a prediction or a value. Left with `a_j = rho_j - e^c kappa_j >= 0`, the kernel needs one
/// product and loses no digit to cancellation however small the `rho_j` are.
#[derive(Debug, Clone)]
pub(super) struct Kernel {
    /// `kappa_j`.
    pub(super) kappa: Vec<f64>,
    /// `rho_j = tanh kappa_j`.
    pub(super) rho: Vec<f64>,
    /// `c`.
    shift: f64,
}

impl Kernel {
    /// The kernel of some `kappa`.
    pub(super) fn new(kappa: Vec<f64>) -> Self {
        let rho: Vec<f64> = kappa.iter().map(|kappa| kappa.tanh()).collect();
        // ln(1 - rho^2) = -2 ln cosh kappa
        let shift = -kappa.iter().map(|kappa| ln_cosh(*kappa)).sum::<f64>();
        Self { kappa, rho, shift }
    }

    /// The kernel of some `rho`, each above 0 and below 1.
    pub(super) fn of_rho(rho: &[f64]) -> Self {
        Self::new(rho.iter().map(|rho| rho.atanh()).collect())
    }

    /// The variance of the terms of degree 3 and more at any coalition: `e^c sinh(sum kappa) - sum rho`.
    pub(super) fn variance(&self) -> f64 {
        let mut odd = [self.kappa.iter().sum::<f64>()];
        odd_parts(&mut odd, self.shift);
        let linear =
            self.kappa.iter().zip(&self.rho).map(|(&kappa, &rho)| {
                rho * self.shift.exp_m1() + self.shift.exp() * atanh_beyond(kappa, rho)
            });
        odd[0] + linear.sum::<f64>()
    }

    /// `e^c kappa_j`: what the kernel has of `sinh` but not of its linear part.
    pub(super) fn subtracted(&self) -> Vec<f64> {
        self.kappa.iter().map(|kappa| self.shift.exp() * kappa).collect()
    }

    /// `K` between some rows and others.
    pub(super) fn between(&self, rows: &Signs, others: &Signs) -> Matrix {
        let mut cells = product_transposed(&rows.scaled(&self.kappa), others.matrix());
        (0..cells.n_rows()).for_each(|i| odd_parts(cells.row_mut(i), self.shift));
        cells
    }

    /// `K` between all rows.
    pub(super) fn among(&self, rows: &Signs) -> Matrix {
        let mut kernel = Matrix::zeros(rows.len(), rows.len());
        self.write_among(rows, &mut kernel);
        kernel
    }

    /// Write `K` between all rows over a matrix.
    pub(super) fn write_among(&self, rows: &Signs, kernel: &mut Matrix) {
        self.write(rows, kernel, |cells, _| odd_parts(cells, self.shift));
    }

    /// Write `K` between all rows, and `e^c cosh y` up to the diagonal or beyond: `e^c (cosh y - 1) x_j x_j'` is the
    /// derivative of `K` by `kappa_j`, but for `-rho_j K`.
    pub(super) fn write_with_slope(&self, rows: &Signs, kernel: &mut Matrix, slope: &mut Matrix) {
        self.write(rows, kernel, |cells, i| {
            let count = cells.len();
            odd_and_even_parts(cells, &mut slope.row_mut(i)[..count], self.shift);
        });
    }

    /// Write a symmetric matrix whose rows `change` makes of `y`, up to the diagonal or beyond.
    fn write(&self, rows: &Signs, kernel: &mut Matrix, mut change: impl FnMut(&mut [f64], usize)) {
        let scaled = rows.scaled(&self.kappa);
        for first in (0..rows.len()).step_by(BLOCK) {
            let after = rows.len().min(first + BLOCK);
            let left = Matrix::from_fn(after - first, rows.n_players(), |i, j| scaled.row(first + i)[j]);
            let mut cells = product_transposed(&left, &rows.first(after));
            for i in first..after {
                change(cells.row_mut(i - first), i);
                kernel.row_mut(i)[..after].copy_from_slice(cells.row(i - first));
            }
        }
        mirror(kernel);
    }
}

/// Copy the lower triangle into the upper one.
fn mirror(matrix: &mut Matrix) {
    for top in (0..matrix.n_rows()).step_by(BLOCK) {
        for left in (0..=top).step_by(BLOCK) {
            for i in top..matrix.n_rows().min(top + BLOCK) {
                for j in left..(left + BLOCK).min(i) {
                    matrix.row_mut(j)[i] = matrix.row(i)[j];
                }
            }
        }
    }
}

/// `ln cosh x` for `x >= 0`.
fn ln_cosh(x: f64) -> f64 {
    if x < 1.0 { 0.5 * (x.sinh() * x.sinh()).ln_1p() } else { x + (0.5 * (-2.0 * x).exp() + 0.5).ln() }
}

/// `atanh rho - rho`.
fn atanh_beyond(kappa: f64, rho: f64) -> f64 {
    if rho >= 0.1 {
        return kappa - rho;
    }
    let square = rho * rho;
    let series = (1..10).rev().fold(0.0, |sum, k| square * (1.0 / f64::from(2 * k + 1) + sum));
    rho * series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coalition::Coalitions;

    /// `sum_{|U| odd, at least 3} rho^U chi_U(S Delta T)` and `sum_j (rho_j - e^c kappa_j) x_j(S Delta T)`.
    fn by_definition(kernel: &Kernel, difference: u64) -> f64 {
        let n = kernel.rho.len();
        let sign = |set: u64| if (set & difference).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
        let term = |set: u64| {
            let variance: f64 = (0..n).filter(|j| set >> j & 1 == 1).map(|j| kernel.rho[j]).product();
            variance * sign(set)
        };
        let odd = (0..1_u64 << n).filter(|set| set.count_ones() % 2 == 1);
        let all: f64 = odd.map(term).sum();
        all - (0..n).map(|j| kernel.subtracted()[j] * sign(1 << j)).sum::<f64>()
    }

    fn kernels() -> Vec<Kernel> {
        vec![
            Kernel::of_rho(&[0.9, 0.3, 0.05, 0.6, 0.2, 0.01]),
            Kernel::of_rho(&[0.02; 7]),
            Kernel::of_rho(&[1e-3, 2e-4, 5e-4, 1e-4]),
        ]
    }

    #[test]
    fn cells_are_sums_over_all_odd_sets() {
        for kernel in kernels() {
            let n = kernel.rho.len();
            let mut all = Coalitions::new(n);
            (0..1_u64 << n).for_each(|set| all.push(&[set]));
            let signs = Signs::new(&all);
            let mut cells = Matrix::zeros(signs.len(), signs.len());
            let mut slope = cells.clone();
            kernel.write_with_slope(&signs, &mut cells, &mut slope);
            assert_eq!(cells, kernel.among(&signs));
            let rounding = 1e-15 * kernel.rho.iter().sum::<f64>() * n as f64;
            for i in (0..all.len()).step_by(3) {
                for j in 0..all.len() {
                    let expected = by_definition(&kernel, (i ^ j) as u64);
                    assert!((cells.row(i)[j] - expected).abs() <= rounding, "({i}, {j}): {expected}");
                    let even = (0..1_u64 << n).filter(|set| set.count_ones() % 2 == 0);
                    let expected: f64 = even
                        .map(|set| {
                            let sign = if (set & (i ^ j) as u64).count_ones().is_multiple_of(2) {
                                1.0
                            } else {
                                -1.0
                            };
                            let of = |j: usize| if set >> j & 1 == 1 { kernel.rho[j] } else { 1.0 };
                            sign * (0..n).map(of).product::<f64>()
                        })
                        .sum();
                    assert!(j > i || (slope.row(i)[j] - expected).abs() <= 1e-14 * slope.row(0)[0]);
                }
            }
            assert_eq!(kernel.between(&signs, &signs), cells);
        }
    }

    #[test]
    fn the_variance_is_that_of_all_terms_however_small() {
        for kernel in kernels() {
            let n = kernel.rho.len();
            let sets = (0..1_u64 << n).filter(|set| set.count_ones() % 2 == 1 && set.count_ones() > 1);
            let variance =
                |set: u64| (0..n).filter(|j| set >> j & 1 == 1).map(|j| kernel.rho[j]).product::<f64>();
            let expected: f64 = sets.map(variance).sum();
            // What e^c (sinh y - y) and the linear parts cancel is of the same order: three roundings of each.
            assert!((kernel.variance() / expected - 1.0).abs() < 1e-13, "{} {expected}", kernel.variance());
        }
    }
}
