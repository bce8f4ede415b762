//! What a player receives from the terms that are not linear, read out by quadrature.

use super::kernel::Kernel;
use super::signs::Signs;
use crate::index::Rule;
use crate::linalg::{Matrix, product_transposed};

/// More nodes change no digit: for 64, 150 and 300 players with `sum rho` up to 10 twelve leave 1e-14.
const MOST_NODES: usize = 12;

/// Nodes and weights on `[0, 1]`: with `ceil(n / 2)` of them every power up to `t^(n - 1)` is integrated exactly.
fn nodes(n_players: usize) -> Vec<(f64, f64)> {
    let rule = Rule::gauss_legendre(n_players.div_ceil(2).min(MOST_NODES));
    rule.points.into_iter().zip(rule.weights).collect()
}

/// `sum_{U contains i, |U| odd} Lambda_U chi_U(S_r) / |U|`, less `e^c kappa_i x_i`: the covariance between each
/// player's value, divided by `-2`, and each half-difference, under the kernel with its linear part,
/// `(players, rows)`.
///
/// With `xi_j = rho_j x_j(S_r)`, `1 / |U|` is the integral of `t^(|U| - 1)` over `[0, 1]`, and
///
/// $$ \sum_U \Lambda_U \chi_U t^{|U|-1} = \frac{\xi_i}{2}
///    \Big( \prod_{j \ne i} (1 + t \xi_j) + \prod_{j \ne i} (1 - t \xi_j) \Big) $$
///
/// (Owen's multilinear extension, 1972, restricted to odd terms.) A division takes player `i` out of the whole
/// products `P+` and `P-`; it has only two denominators a node, so all is two products of matrices over the nodes.
pub(super) fn covariances(kernel: &Kernel, rows: &Signs) -> Matrix {
    let (n, n_rows) = (rows.n_players(), rows.len());
    let nodes = nodes(n);
    let q = nodes.len();
    // x (P+ + P-) A + (P+ - P-) B with A, B = (1 / (1 + t rho) +- 1 / (1 - t rho)) / 4 w rho.
    let mut even = Matrix::zeros(n_rows, q);
    let mut odd = Matrix::zeros(n_rows, q);
    for r in 0..n_rows {
        for (node, (t, _)) in nodes.iter().enumerate() {
            let (mut plus, mut minus) = (1.0, 1.0);
            for (rho, sign) in kernel.rho.iter().zip(rows.matrix().row(r)) {
                let step = t * rho * sign;
                plus *= 1.0 + step;
                minus *= 1.0 - step;
            }
            even.row_mut(r)[node] = plus + minus;
            odd.row_mut(r)[node] = plus - minus;
        }
    }
    let part = |sign: f64| {
        Matrix::from_fn(n, q, |i, node| {
            let ((t, weight), rho) = (nodes[node], kernel.rho[i]);
            0.25 * weight * rho * (1.0 / (1.0 + t * rho) + sign / (1.0 - t * rho))
        })
    };
    let mut with_sign = product_transposed(&part(1.0), &even);
    let without = product_transposed(&part(-1.0), &odd);
    for (i, subtracted) in kernel.subtracted().into_iter().enumerate() {
        for (r, cell) in with_sign.row_mut(i).iter_mut().enumerate() {
            *cell = rows.matrix().row(r)[i] * (*cell - subtracted) + without.row(i)[r];
        }
    }
    with_sign
}

/// `sum_{U contains i, |U| odd} Lambda_U / |U|^2` less `e^c kappa_i`: the prior variance of what is read out, under
/// the kernel with its linear part. Here `1 / |U|^2` is the double integral of `(t t')^(|U| - 1)`.
pub(super) fn variances(kernel: &Kernel) -> Vec<f64> {
    let nodes = nodes(kernel.rho.len());
    let mut sums: Vec<f64> = kernel.subtracted().iter().map(|part| -part).collect();
    for (t, weight) in &nodes {
        for (other, other_weight) in &nodes {
            let tau = t * other;
            let product =
                |sign: f64| kernel.rho.iter().fold(1.0, |product, rho| product * (1.0 + sign * tau * rho));
            let (plus, minus) = (product(1.0), product(-1.0));
            for (sum, rho) in sums.iter_mut().zip(&kernel.rho) {
                let without = plus / (1.0 + tau * rho) + minus / (1.0 - tau * rho);
                *sum += 0.5 * weight * other_weight * rho * without;
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coalition::Coalitions;

    #[test]
    fn quadrature_agrees_with_the_sums_over_all_odd_sets() {
        for rho in [vec![0.9, 0.3, 0.05, 0.6], vec![0.2, 0.01, 0.7, 0.4, 0.1, 0.3, 0.5], vec![1e-4; 5]] {
            let (n, kernel) = (rho.len(), Kernel::of_rho(&rho));
            let mut all = Coalitions::new(n);
            (0..1_u64 << n).for_each(|set| all.push(&[set]));
            let (covariances, variances) = (covariances(&kernel, &Signs::new(&all)), variances(&kernel));
            let variance = |set: u64| (0..n).filter(|j| set >> j & 1 == 1).map(|j| rho[j]).product::<f64>();
            for (i, found) in variances.iter().enumerate() {
                let sets =
                    || (0..1_u64 << n).filter(move |set| set.count_ones() % 2 == 1 && set >> i & 1 == 1);
                let size = |set: u64| f64::from(set.count_ones());
                let subtracted = kernel.subtracted()[i];
                let expected: f64 = sets().map(|set| variance(set) / (size(set) * size(set))).sum();
                assert!((found - (expected - subtracted)).abs() <= 4e-15 * n as f64);
                for row in 0..1_u64 << n {
                    let sign = |set: u64| if (set & row).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
                    let expected: f64 = sets().map(|set| variance(set) * sign(set) / size(set)).sum();
                    let cell = covariances.row(i)[usize::try_from(row).unwrap()];
                    let error = (cell - (expected - subtracted * sign(1 << i))).abs();
                    assert!(error <= 4e-15 * n as f64, "{i}, {row}: {error:e}");
                }
            }
        }
    }

    #[test]
    fn twelve_nodes_change_no_digit_of_many_players() {
        let n = 150;
        let kernel = Kernel::of_rho(&vec![0.05; n]);
        let mut rows = Coalitions::new(n);
        rows.push_endpoint(false);
        // All players alike: the covariance with the empty coalition is a sum over sizes.
        let cell = covariances(&kernel, &Signs::new(&rows)).row(0)[0];
        let (mut binomial, mut expected) = (0.05, 0.0); // C(n - 1, size - 1) rho^size
        for size in 1..=n {
            if size % 2 == 1 {
                expected += binomial / size as f64;
            }
            binomial *= 0.05 * (n - size) as f64 / size as f64;
        }
        assert!((cell - (expected - kernel.subtracted()[0])).abs() < 1e-14 * expected, "{cell} {expected}");
    }
}
