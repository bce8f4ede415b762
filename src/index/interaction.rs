//! Interaction indices: one weight for each size of the coalition that a set of players joins.

use super::scaled::Scaled;
use super::size_weights::{SizeWeights, binomials};
use crate::error::Error;

/// What a set of players receives together.
///
/// Every index here is an average of discrete derivatives, for a set `S` of `s` players out of `n`:
///
/// $$ I(S) = \sum_{T \subseteq N \setminus S} w_{|T|} \sum_{A \subseteq S} (-1)^{s - |A|} v(T \cup A),
/// \qquad \sum_{t=0}^{n-s} \binom{n-s}{t} w_t = 1 $$
///
/// The players outside `S` join independently with a probability `q`, and `q` is drawn from a distribution that
/// names the index. The indices with a *top order* `k` tell sets of `k` players from smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    /// Shapley interaction: `q` uniform. Grabisch, Roubens (1999).
    Sii,
    /// SII aggregated so that all sets up to the top order sum to `v(N) - v({})`; made from SII by [`bernoulli`].
    /// Bord, von Luxburg (2023), "n-Shapley values".
    KSii,
    /// Shapley-Taylor: `q` from Beta(1, k) at the top, the empty coalition alone below it. Sundararajan, Dhamdhere,
    /// Agarwal (2020).
    Stii,
    /// Faithful Shapley: `q` from Beta(k, k) at the top. Tsai, Yeh, Ravikumar (2023).
    Fsii,
    /// Banzhaf interaction: `q = 1/2`. Grabisch, Roubens (1999).
    Bii,
    /// Faithful Banzhaf: the best fit of order k over all coalitions with equal weights. Tsai, Yeh, Ravikumar (2023).
    Fbii,
}

impl Interaction {
    /// Every index, under the name that users type.
    pub const ALL: [(&'static str, Self); 6] = [
        ("SII", Self::Sii),
        ("k-SII", Self::KSii),
        ("STII", Self::Stii),
        ("FSII", Self::Fsii),
        ("BII", Self::Bii),
        ("FBII", Self::Fbii),
    ];

    /// The index of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, index)| index)
    }

    /// The name that users type.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, index)| *index == self).map_or("", |(name, _)| name)
    }

    /// Weights of the derivatives of sets of `size` players, where sets of `order` players are at the top.
    ///
    /// An order above `n_players` means `n_players`. For [`Interaction::KSii`] these are SII's: aggregate afterwards.
    /// Where weights change sign (FSII and FBII below the top) their sum is still one. Costs
    /// O((order - size + 1) n).
    pub fn size_weights(self, n_players: usize, order: usize, size: usize) -> Result<SizeWeights, Error> {
        let order = order.min(n_players);
        if size == 0 || size > order {
            return Err(Error::Parameter {
                argument: "size",
                got: size.to_string(),
                accepted: "from 1 to the order and the number of players",
            });
        }
        let others = n_players - size;
        Ok(match self {
            Self::Sii | Self::KSii => SizeWeights::beta(others, 1.0, 1.0),
            Self::Stii if size < order => SizeWeights::empty_only(others),
            Self::Stii => SizeWeights::beta(others, 1.0, order as f64),
            Self::Fsii => faithful_shapley(others, order, size),
            Self::Bii => SizeWeights::half(others),
            Self::Fbii => faithful_banzhaf(others, order, size),
        })
    }
}

/// FSII of sets of `s` players under the top order `k`, `d = k - s`: `q` has the signed density
///
/// $$ h(q) = \frac{(k+s-1)!}{(s-1)!\,d!\,(k-1)!} \; q^{-1} \frac{\mathrm{d}^{d}}{\mathrm{d}q^{d}} q^k (1-q)^{k-1}
/// = \sum_{i=0}^{d} (-1)^{d-i} \binom{d}{i} \frac{s}{k-i} \binom{k}{s} \; \mathrm{Beta}(k-i,\, s+i)(q) $$
///
/// whose moments are the coefficients of the Moebius form in Tsai, Yeh, Ravikumar (2023): one for `T = S`, zero up
/// to order `k`, and the published term above it. No factor grows with `n`, so the form holds at any `n`.
fn faithful_shapley(others: usize, k: usize, s: usize) -> SizeWeights {
    let d = k - s;
    let choices = binomials(d);
    let front = Scaled::new(s as f64) * binomials(k)[s];
    let mut weights = SizeWeights::new(vec![Scaled::ZERO; others + 1]);
    for (i, &choice) in choices.iter().enumerate() {
        let factor = front * choice / Scaled::new((k - i) as f64);
        let factor = if (d - i).is_multiple_of(2) { factor } else { -factor };
        weights.add(factor, &SizeWeights::beta(others, (k - i) as f64, (s + i) as f64));
    }
    weights
}

/// FBII of sets of `s` players under the top order `k`: the Walsh functions up to order `k` around the set,
///
/// $$ w_t = 2^{-m} \sum_{i=0}^{k-s} K_i(t; m), \qquad K_i(t; m) = \sum_j (-1)^j \binom{t}{j} \binom{m-t}{i-j} $$
///
/// with `m = n - s` others and Krawtchouk's polynomials `K_i`. These follow
/// `(i + 1) K_(i+1) = (m - 2t) K_i - (m - i + 1) K_(i-1)`.
fn faithful_banzhaf(others: usize, k: usize, s: usize) -> SizeWeights {
    let exponent = i32::try_from(others).expect("fewer than 2^31 players");
    let number = |x: f64| Scaled::new(x);
    let weight = |t: usize| {
        let (mut before, mut last, mut total) = (Scaled::ZERO, Scaled::ONE, Scaled::ONE);
        for i in 0..k - s {
            let forward = number(others as f64 - 2.0 * t as f64) * last;
            let backward = number(i as f64 - 1.0 - others as f64) * before;
            (before, last) = (last, (forward + backward) / number((i + 1) as f64));
            total = total + last;
        }
        total * Scaled::power_of_two(-exponent)
    };
    SizeWeights::new((0..=others).map(weight).collect())
}

/// Bernoulli numbers `B_0 .. B_30`, `B_1 = -1/2`, as nearest `f64`: the factors with which k-SII hands the
/// interaction of a set down to its subsets, `k-SII(S) = sum_U B_(|U|-|S|) SII(U)`, `U` from `S` up to the top order.
///
/// `None` past 31: a game known at all coalitions has hardly more players.
pub fn bernoulli(j: usize) -> Option<f64> {
    /// Numerators and denominators of `B_2, B_4, .., B_30`.
    const EVEN: [(f64, f64); 15] = [
        (1.0, 6.0),
        (-1.0, 30.0),
        (1.0, 42.0),
        (-1.0, 30.0),
        (5.0, 66.0),
        (-691.0, 2730.0),
        (7.0, 6.0),
        (-3617.0, 510.0),
        (43867.0, 798.0),
        (-174_611.0, 330.0),
        (854_513.0, 138.0),
        (-236_364_091.0, 2730.0),
        (8_553_103.0, 6.0),
        (-23_749_461_029.0, 870.0),
        (8_615_841_276_005.0, 14322.0),
    ];
    match j {
        0 => Some(1.0),
        1 => Some(-0.5),
        _ if j % 2 == 1 => Some(0.0),
        _ => EVEN.get(j / 2 - 1).map(|(numerator, denominator)| numerator / denominator),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_all_coalitions_sum_to_one() {
        for n in [1, 2, 3, 17, 500, 1000, 1021, 1030, 10_000] {
            for (name, index) in Interaction::ALL {
                for (order, size) in [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (5, 1), (5, 3), (5, 5)] {
                    if size > n {
                        continue;
                    }
                    let masses = index.size_weights(n, order, size).unwrap().masses();
                    let (total, absolute) = masses.iter().fold((0.0, 0.0), |(s, a), m| (s + m, a + m.abs()));
                    // n masses, each rounded once, summed in n - 1 roundings of half an EPSILON.
                    let rounding = n as f64 * f64::EPSILON * absolute;
                    assert!((total - 1.0_f64).abs() <= rounding, "{name}, n = {n}, {order}, {size}: {total}");
                }
            }
        }
    }

    #[test]
    fn pair_weights_are_the_published_fractions() {
        let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
        let choose = |n: usize, k: usize| factorial(n) / factorial(k) / factorial(n - k);
        for n in 2..=18 {
            let pair = |index: Interaction| index.size_weights(n, 2, 2).unwrap().weights();
            for t in 0..=n - 2 {
                let m = (n - 1) as f64;
                let close = |got: f64, want: f64| assert!((got / want - 1.0).abs() < 60.0 * f64::EPSILON);
                close(pair(Interaction::Sii)[t], 1.0 / (m * choose(n - 2, t)));
                close(pair(Interaction::Stii)[t], 2.0 / (n as f64 * choose(n - 1, t)));
                let fsii = 6.0 * factorial(n - t - 1) * factorial(t + 1) / factorial(n + 1);
                close(pair(Interaction::Fsii)[t], fsii);
                close(pair(Interaction::Bii)[t], 0.25 / m.exp2() * 8.0);
                close(pair(Interaction::Fbii)[t], pair(Interaction::Bii)[t]);
            }
        }
    }

    /// In Moebius form an index is `sum f(t) a(T)`, and `f(s + r) = sum_t C(m - r, t) w_(t+r)`: one for `T = S`,
    /// zero from there up to the top order, and for FSII above it the term that its authors publish.
    #[test]
    fn faithful_indices_have_the_published_moebius_coefficients() {
        let choose = |n: usize, k: usize| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
        for n in 1..=14_usize {
            for k in 1..=n.min(5) {
                for s in 1..=k {
                    let moments = |index: Interaction| -> Vec<f64> {
                        let w = index.size_weights(n, k, s).unwrap().weights();
                        let m = n - s;
                        (0..=m).map(|r| (r..=m).map(|t| choose(m - r, t - r) * w[t]).sum()).collect()
                    };
                    for (name, index) in [("FSII", Interaction::Fsii), ("FBII", Interaction::Fbii)] {
                        for (r, got) in moments(index).into_iter().enumerate() {
                            let t = s + r;
                            let sign = if (k - s) % 2 == 0 { 1.0 } else { -1.0 };
                            let want = match (name, t > k) {
                                (_, false) => f64::from(u8::from(r == 0)),
                                ("FSII", true) => {
                                    let front = s as f64 / (k + s) as f64 * choose(k, s);
                                    sign * front * choose(t - 1, k) / choose(t + k - 1, k + s)
                                }
                                _ => sign * choose(r - 1, k - s) / (r as f64).exp2(),
                            };
                            // At most 14 terms below 2^14 in size, each with a few roundings.
                            assert!(
                                (got - want).abs() < 1e-10,
                                "{name} n={n} k={k} s={s} t={t}: {got} {want}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn bernoulli_numbers_satisfy_their_recurrence() {
        let choose = |n: usize, k: usize| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
        for m in 1..=30 {
            let terms: Vec<f64> = (0..=m).map(|j| choose(m + 1, j) * bernoulli(j).unwrap()).collect();
            let absolute: f64 = terms.iter().map(|term| term.abs()).sum();
            // Every term carries at most 2 * 30 roundings, the sum 30 more.
            assert!(terms.iter().sum::<f64>().abs() <= 90.0 * f64::EPSILON * absolute, "m = {m}");
        }
        assert_eq!(bernoulli(31), Some(0.0));
        assert_eq!(bernoulli(32), None);
    }

    #[test]
    fn every_index_is_found_by_its_name_alone() {
        for (name, index) in Interaction::ALL {
            assert_eq!(Interaction::from_name(name), Some(index));
        }
        assert_eq!(Interaction::from_name("sii"), None);
    }

    #[test]
    fn sizes_outside_the_order_are_refused() {
        for (order, size) in [(2, 0), (2, 3), (9, 6)] {
            let refused = Interaction::Sii.size_weights(5, order, size);
            assert!(matches!(refused, Err(Error::Parameter { argument: "size", .. })));
        }
    }
}
