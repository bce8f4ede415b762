//! Kernels: which Walsh terms are likely, and how alike they make two coalitions.
//!
//! Every Walsh term `U` of the kind that [`Terms`] names has a coefficient `beta_U ~ N(0, prod_(j in U) rho_j)`, so
//! that with `kappa_j = atanh rho_j`, `c = sum_j ln(1 - rho_j^2) / 2` and `y = sum_j kappa_j x_j(S) x_j(T)`
//!
//! $$ \sum_{|U| \text{ even}} \Lambda_U \chi_U(S) \chi_U(T) = e^c \cosh y, \qquad
//! \sum_{|U| \text{ odd}} \Lambda_U \chi_U(S) \chi_U(T) = e^c \sinh y $$
//!
//! less the terms of low degree, whose coefficients are left free.

use crate::coalition::{Coalitions, members};
use crate::error::Error;
use crate::linalg::{Matrix, product_transposed};
use crate::parallel::Workers;

/// Walsh terms that have a prior; those of the same parity below them are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Terms {
    /// Even degrees from 2 on: the constant is free.
    EvenFrom2,
    /// Even degrees from 4 on: pairs are free, too.
    EvenFrom4,
    /// Odd degrees from 3 on: single players are free.
    OddFrom3,
}

/// `x_j = -1` where player `j` is in, else 1: `(1 + coalitions, players)`, the empty coalition first.
pub(super) fn signs(coalitions: &Coalitions, n_told: usize) -> Matrix {
    let mut signs = Matrix::zeros(1 + n_told, coalitions.n_players());
    for row in 0..=n_told {
        let cells = signs.row_mut(row);
        cells.fill(1.0);
        if row > 0 {
            members(coalitions.get(row - 1)).for_each(|player| cells[player] = -1.0);
        }
    }
    signs
}

/// The free terms at each coalition: `(coalitions, free terms)`.
pub(super) fn basis(signs: &Matrix, terms: Terms) -> Matrix {
    let n = signs.n_columns();
    match terms {
        Terms::EvenFrom2 => Matrix::from_fn(signs.n_rows(), 1, |_, _| 1.0),
        Terms::OddFrom3 => signs.clone(),
        Terms::EvenFrom4 => {
            let mut basis = Matrix::zeros(signs.n_rows(), 1 + n * (n - 1) / 2);
            for row in 0..signs.n_rows() {
                let x = signs.row(row);
                let cells = basis.row_mut(row);
                cells[0] = 1.0;
                let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
                cells[1..].iter_mut().zip(pairs).for_each(|(cell, (i, j))| *cell = x[i] * x[j]);
            }
            basis
        }
    }
}

/// `K(S, T)` for all rows of `left` and `right`: `n R^2` multiply-adds and `R^2` exponentials.
pub(super) fn kernel(
    left: &Matrix,
    right: &Matrix,
    rho: &[f64],
    terms: Terms,
    workers: &Workers<'_>,
) -> Result<Matrix, Error> {
    let scaled = |factors: &[f64]| {
        Matrix::from_fn(left.n_rows(), left.n_columns(), |row, player| {
            left.row(row)[player] * factors[player]
        })
    };
    let kappa: Vec<f64> = rho.iter().map(|rho| rho.atanh()).collect();
    let c: f64 = rho.iter().map(|rho| 0.5 * (-rho * rho).ln_1p()).sum();
    let (front, front_less_one) = (c.exp(), c.exp_m1());
    let squares: f64 = rho.iter().map(|rho| rho * rho).sum();
    let mut kernel = product_transposed(&scaled(&kappa), right);
    let singles = (terms != Terms::EvenFrom2).then(|| product_transposed(&scaled(rho), right));
    for row in 0..kernel.n_rows() {
        workers.check()?;
        let singles = singles.as_ref().map_or(&[][..], |singles| singles.row(row));
        let cells = kernel.row_mut(row);
        match terms {
            Terms::EvenFrom2 => {
                for y in cells.iter_mut() {
                    *y = even_from_2(*y, front, front_less_one);
                }
            }
            Terms::EvenFrom4 => cells.iter_mut().zip(singles).for_each(|(y, s)| {
                *y = even_from_2(*y, front, front_less_one) - 0.5 * (s * s - squares);
            }),
            Terms::OddFrom3 => cells.iter_mut().zip(singles).for_each(|(y, s)| *y = front * y.sinh() - s),
        }
    }
    Ok(kernel)
}

/// `e^c cosh y - 1`; near zero both `c` and `y` are small.
fn even_from_2(y: f64, front: f64, front_less_one: f64) -> f64 {
    let half = (0.5 * y).sinh();
    2.0 * front * half * half + front_less_one
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;

    /// All coalitions of `n` players as signs.
    fn all_signs(n: usize) -> Matrix {
        Matrix::from_fn(1 << n, n, |row, player| if row >> player & 1 == 1 { -1.0 } else { 1.0 })
    }

    #[test]
    fn kernels_are_sums_over_walsh_terms() {
        let cancel = Cancel::default();
        for n in [4_usize, 5, 7] {
            let signs = all_signs(n);
            for sum in [1e-3, 0.3, 1.2, 4.8] {
                let rho: Vec<f64> =
                    (0..n).map(|j| (sum * (j + 1) as f64 / (n * n) as f64).min(0.95)).collect();
                for (terms, least) in [(Terms::EvenFrom2, 2), (Terms::EvenFrom4, 4), (Terms::OddFrom3, 3)] {
                    let got = kernel(&signs, &signs, &rho, terms, &Workers::serial(&cancel)).unwrap();
                    let of_kind = |u: &usize| {
                        let size = u.count_ones();
                        size >= least && size % 2 == least % 2
                    };
                    let prior =
                        |u: usize| (0..n).filter(|j| u >> j & 1 == 1).map(|j| rho[j]).product::<f64>();
                    for (s, t) in [(0, 0), (0, 3), (5, 9), (7, 8), (2, (1 << n) - 1)] {
                        let terms = (0..1 << n).filter(of_kind);
                        let want: f64 = terms
                            .map(|u: usize| {
                                if (u & (s ^ t)).count_ones().is_multiple_of(2) {
                                    prior(u)
                                } else {
                                    -prior(u)
                                }
                            })
                            .sum();
                        // What cancels is at most (1 + sum rho)^2, in a dozen roundings for each player.
                        let tolerance = 12.0 * n as f64 * (1.0 + sum).powi(2) * f64::EPSILON;
                        let got = got.row(s)[t];
                        assert!(
                            (got - want).abs() <= tolerance,
                            "n = {n}, sum {sum}, {s} {t}: {got}, {want}"
                        );
                    }
                }
            }
        }
    }
}
