//! What pairs of players receive, as functionals of a process over Walsh terms.
//!
//! An index of order 2 averages discrete derivatives over coalitions that the others join independently with a
//! probability `q`, itself drawn from a distribution. With `tau = 1 - 2q`
//!
//! $$ I_{ij} = 4 \sum_{U \supseteq ij} \beta_U \, \mathrm{E}\,\tau^{|U| - 2} $$
//!
//! and the expectation is a sum over a few nodes: at each the sum over `U` is a product over players, divided by the
//! factors of `i` and `j`. Grabisch, Roubens (1999) for the indices; the read-out is exact but for rounding up to 24
//! players, and to 1e-14 above (measured up to 300 players).

use super::kernel::Terms;
use super::kriging::Functionals;
use crate::index::Interaction;
use crate::linalg::Matrix;

/// The most nodes.
const MOST_NODES: usize = 13;

/// The distribution of `abs(tau)` as nodes in `[0, 1]` and weights: `E tau^w` for one parity of `w`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measure(Vec<(f64, f64)>);

impl Measure {
    /// The moments of an index for even `w`.
    ///
    /// `q` is uniform for SII, from Beta(2, 2) for FSII, 1/2 for BII and FBII. STII's is from Beta(1, 2), whose
    /// even moments are those of the uniform distribution.
    pub(super) fn even(index: Interaction, n_players: usize) -> Self {
        let nodes = gauss_legendre((n_players.div_ceil(2) + 1).min(MOST_NODES));
        Self(match index {
            Interaction::Sii | Interaction::KSii | Interaction::Stii => nodes,
            Interaction::Fsii => nodes.into_iter().map(|(t, w)| (t, 1.5 * w * (1.0 - t * t))).collect(),
            Interaction::Bii | Interaction::Fbii => vec![(0.0, 1.0)],
        })
    }

    /// The moments of STII for odd `w`: `1 / (w + 2)`.
    pub(super) fn odd_of_taylor(n_players: usize) -> Self {
        let nodes = gauss_legendre((n_players.div_ceil(2) + 1).min(MOST_NODES));
        Self(nodes.into_iter().map(|(t, w)| (t, w * t)).collect())
    }
}

/// All pairs in lexicographic order, then for each player the sum over the pairs that he is in; a quarter of the
/// interactions.
pub(super) fn pairs_and_sums(signs: &Matrix, rho: &[f64], terms: Terms, measure: &Measure) -> Functionals {
    let n = rho.len();
    let n_pairs = n * (n - 1) / 2;
    let mut of_rows = Matrix::zeros(signs.n_rows(), n_pairs + n);
    for row in 0..signs.n_rows() {
        let xi: Vec<f64> = signs.row(row).iter().zip(rho).map(|(x, rho)| x * rho).collect();
        let (pairs, sums) = of_rows.row_mut(row).split_at_mut(n_pairs);
        for &(t, weight) in &measure.0 {
            add_pairs(&xi, t, weight, terms, pairs);
        }
        if terms == Terms::EvenFrom4 {
            // The term of the pair alone is free.
            for_each_pair(n, |which, i, j| pairs[which] -= xi[i] * xi[j]);
        }
        for_each_pair(n, |which, i, j| {
            sums[i] += pairs[which];
            sums[j] += pairs[which];
        });
    }
    Functionals { of_rows, of_free: of_free(n, terms), prior: prior(rho, terms, measure) }
}

/// `sum_(U >= ij) Lambda_U chi_U t^(|U| - 2)` over one parity, for all pairs.
fn add_pairs(xi: &[f64], t: f64, weight: f64, terms: Terms, pairs: &mut [f64]) {
    let n = xi.len();
    for (sign, parity) in both_signs(terms) {
        let product: f64 = xi.iter().map(|xi| 1.0 + sign * t * xi).product();
        let shares: Vec<f64> = xi.iter().map(|xi| xi / (1.0 + sign * t * xi)).collect();
        let front = 0.5 * parity * weight * product;
        let mut first = 0;
        for i in 0..n {
            let factor = front * shares[i];
            let others = &shares[i + 1..];
            pairs[first..first + others.len()]
                .iter_mut()
                .zip(others)
                .for_each(|(sum, share)| *sum += factor * share);
            first += others.len();
        }
    }
}

/// Signs of `t`, and that of the product there: their mean keeps the terms with evenly, or oddly, many others.
fn both_signs(terms: Terms) -> [(f64, f64); 2] {
    [(1.0, 1.0), (-1.0, if terms == Terms::OddFrom3 { -1.0 } else { 1.0 })]
}

/// Pairs that are free terms are read as they are.
fn of_free(n: usize, terms: Terms) -> Matrix {
    let n_pairs = n * (n - 1) / 2;
    let n_free = match terms {
        Terms::EvenFrom2 => 1,
        Terms::EvenFrom4 => 1 + n_pairs,
        Terms::OddFrom3 => n,
    };
    let mut of_free = Matrix::zeros(n_free, n_pairs + n);
    if terms == Terms::EvenFrom4 {
        for_each_pair(n, |which, i, j| {
            for column in [which, n_pairs + i, n_pairs + j] {
                of_free.row_mut(1 + which)[column] = 1.0;
            }
        });
    }
    of_free
}

/// Prior variances: `sum_(U >= ij) Lambda_U (E tau^(|U|-2))^2`, a product of two nodes being a node itself.
fn prior(rho: &[f64], terms: Terms, measure: &Measure) -> Vec<f64> {
    let n = rho.len();
    let n_pairs = n * (n - 1) / 2;
    let mut prior = vec![0.0; n_pairs + n];
    for (number, &(t, weight)) in measure.0.iter().enumerate() {
        for (other, &(u, other_weight)) in measure.0[..=number].iter().enumerate() {
            let weight = if other == number { 1.0 } else { 2.0 } * weight * other_weight;
            add_pairs(rho, t * u, weight, terms, &mut prior[..n_pairs]);
            add_sums(rho, t * u, weight, terms, &mut prior[n_pairs..]);
        }
    }
    if terms == Terms::EvenFrom4 {
        for_each_pair(n, |which, i, j| {
            let alone = rho[i] * rho[j];
            prior[which] -= alone;
            prior[n_pairs + i] -= alone;
            prior[n_pairs + j] -= alone;
        });
    }
    prior
}

/// `sum_(j, k) sum_(U >= ijk) Lambda_U t^(|U|-2)`: covariances of the pairs of `i`, summed.
fn add_sums(rho: &[f64], t: f64, weight: f64, terms: Terms, sums: &mut [f64]) {
    for (sign, parity) in both_signs(terms) {
        let product: f64 = rho.iter().map(|rho| 1.0 + sign * t * rho).product();
        let shares: Vec<f64> = rho.iter().map(|rho| rho / (1.0 + sign * t * rho)).collect();
        let (all, squares) = shares.iter().fold((0.0, 0.0), |(all, squares), s| (all + s, squares + s * s));
        for (sum, share) in sums.iter_mut().zip(&shares) {
            let (others, others_squared) = (all - share, squares - share * share);
            let inner = others + sign * t * (others * others - others_squared);
            *sum += 0.5 * parity * weight * product * share * inner;
        }
    }
}

/// Calls `visit(number, i, j)` for the pairs `i < j` in lexicographic order.
pub(super) fn for_each_pair(n: usize, mut visit: impl FnMut(usize, usize, usize)) {
    let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    pairs.enumerate().for_each(|(which, (i, j))| visit(which, i, j));
}

/// Nodes and weights on `[0, 1]`, exact to degree `2 n - 1`.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let node = |number: usize| {
        let mut x = (std::f64::consts::PI * (number as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..8 {
            let (mut before, mut value) = (1.0, x);
            for k in 2..=n {
                let k = k as f64;
                (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
            }
            slope = n as f64 * (before - x * value) / (1.0 - x * x);
            x -= value / slope;
        }
        (0.5 * (1.0 + x), 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..n).map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `E tau^w` of an index's measure.
    fn moment(index: Interaction, w: usize) -> f64 {
        match index {
            Interaction::Sii | Interaction::KSii => 1.0 / (w + 1) as f64,
            Interaction::Stii => 1.0 / (w + if w.is_multiple_of(2) { 1 } else { 2 }) as f64,
            Interaction::Fsii => (1..=w / 2).map(|j| (2 * j - 1) as f64 / (2 * j + 3) as f64).product(),
            Interaction::Bii | Interaction::Fbii => f64::from(u8::from(w == 0)),
        }
    }

    #[test]
    fn functionals_are_sums_over_walsh_terms() {
        for n in [4_usize, 5, 7] {
            let rho: Vec<f64> = (0..n).map(|j| 0.9 * (j + 1) as f64 / n as f64).collect();
            let signs = Matrix::from_fn(1 << n, n, |row, j| if row >> j & 1 == 1 { -1.0 } else { 1.0 });
            for (_, index) in Interaction::ALL {
                let even = Measure::even(index, n);
                let mut cases = vec![(Terms::EvenFrom2, 2, even.clone()), (Terms::EvenFrom4, 4, even)];
                if index == Interaction::Stii {
                    cases.push((Terms::OddFrom3, 3, Measure::odd_of_taylor(n)));
                }
                for (terms, least, measure) in cases {
                    let got = pairs_and_sums(&signs, &rho, terms, &measure);
                    let members = |u: usize| (0..n).filter(move |j| u >> j & 1 == 1);
                    let sets: Vec<usize> = (0..1_usize << n)
                        .filter(|u| u.count_ones() >= least && u.count_ones() % 2 == least % 2)
                        .collect();
                    let mut factors = vec![vec![0.0; sets.len()]; n * (n + 1) / 2]; // what each functional reads of a term
                    for_each_pair(n, |which, i, j| {
                        for (place, &u) in sets.iter().enumerate().filter(|(_, u)| *u >> i & *u >> j & 1 == 1)
                        {
                            let read = moment(index, u.count_ones() as usize - 2);
                            for functional in [which, n * (n - 1) / 2 + i, n * (n - 1) / 2 + j] {
                                factors[functional][place] += read;
                            }
                        }
                    });
                    for (functional, factors) in factors.iter().enumerate() {
                        let of_terms = || {
                            factors
                                .iter()
                                .zip(&sets)
                                .map(|(read, &u)| (read, u, members(u).map(|j| rho[j]).product::<f64>()))
                        };
                        let prior: f64 = of_terms().map(|(read, _, variance)| read * read * variance).sum();
                        // Products of at most 7 factors below 2 at 13 nodes, or at 91 pairs of them.
                        let tolerance = 1e3 * f64::EPSILON * 128.0;
                        assert!(
                            (got.prior[functional] - prior).abs() < tolerance,
                            "{index:?} {terms:?}: {} {prior}",
                            got.prior[functional]
                        );
                        for row in [0, 1, 6, 11] {
                            let sign =
                                |u: usize| if (u & row).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
                            let want: f64 =
                                of_terms().map(|(read, u, variance)| read * variance * sign(u)).sum();
                            let got = got.of_rows.row(row)[functional];
                            assert!(
                                (got - want).abs() < tolerance,
                                "{index:?} {terms:?} {row}: {got} {want}"
                            );
                        }
                    }
                }
            }
        }
    }
}
