//! The weights that an index gives to coalitions of each size, at any number of players.

use super::scaled::Scaled;

/// One weight for every size `t = 0..=m` of a coalition drawn from `m` other players.
///
/// A value or an interaction is `sum_T w_|T| D_S v(T)`, where `T` runs over the coalitions of the `m` players
/// outside `S` and `D_S v(T) = sum_{A in S} (-1)^(|S|-|A|) v(T + A)`. The weights of all coalitions sum to one:
///
/// $$ \sum_{t=0}^{m} \binom{m}{t} w_t = 1 $$
///
/// Held with 31 digits and an exponent of 32 bits: nothing overflows, and each number that comes out is rounded
/// once. Building costs O(m) operations. Law: `weights_of_all_coalitions_sum_to_one`, to 10,000 players.
#[derive(Debug, Clone, PartialEq)]
pub struct SizeWeights(Vec<Scaled>);

impl SizeWeights {
    /// The weights as given, one a size.
    pub(super) fn new(weights: Vec<Scaled>) -> Self {
        Self(weights)
    }

    /// `w_t = E[q^t (1-q)^(m-t)]` for `q` drawn from Beta(`a`, `b`): `B(t + a, m - t + b) / B(a, b)`.
    ///
    /// By ratios, without any gamma function: `w_0` is the product of `(b + j) / (a + b + j)`, and
    /// `w_(t+1) = w_t (a + t) / (b + m - 1 - t)`.
    pub(super) fn beta(m: usize, a: f64, b: f64) -> Self {
        let at = |x: f64, steps: usize| Scaled::sum(x, steps as f64);
        let both = Scaled::sum(a, b);
        let first = (0..m).fold(Scaled::ONE, |w, j| w * at(b, j) / (both + Scaled::new(j as f64)));
        let ratios = (0..m).map(|t| at(a, t) / at(b, m - 1 - t));
        Self(running_products(first, ratios))
    }

    /// `w_t = 2^-m`: every other player joins with probability one half.
    pub(super) fn half(m: usize) -> Self {
        let bits = i32::try_from(m).expect("fewer than 2^31 players");
        Self(vec![Scaled::power_of_two(-bits); m + 1])
    }

    /// All weight on the empty coalition.
    pub(super) fn empty_only(m: usize) -> Self {
        let mut weights = vec![Scaled::ZERO; m + 1];
        weights[0] = Scaled::ONE;
        Self(weights)
    }

    /// Add `factor` times other weights.
    pub(super) fn add(&mut self, factor: Scaled, other: &Self) {
        for (mine, &theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = *mine + factor * theirs;
        }
    }

    /// `w_t`, rounded once. Below the smallest normal `f64` digits are lost (Shapley: from 1,019 players on), and
    /// then it is zero (from 1,072 on): [`SizeWeights::ln_weights`] and [`SizeWeights::masses`] go on.
    pub fn weights(&self) -> Vec<f64> {
        self.0.iter().map(|w| w.value()).collect()
    }

    /// `ln w_t`, finite at any number of players; minus infinity of a zero, NaN of a negative weight.
    pub fn ln_weights(&self) -> Vec<f64> {
        self.0.iter().map(|w| w.ln()).collect()
    }

    /// `C(m, t) w_t`: what all coalitions of a size weigh together. They sum to one.
    pub fn masses(&self) -> Vec<f64> {
        let m = self.0.len() - 1;
        self.0.iter().zip(binomials(m)).map(|(&w, c)| (w * c).value()).collect()
    }
}

/// `C(m, t)` for `t = 0..=m`.
pub(super) fn binomials(m: usize) -> Vec<Scaled> {
    running_products(Scaled::ONE, (0..m).map(|t| Scaled::new((m - t) as f64) / Scaled::new((t + 1) as f64)))
}

fn running_products(first: Scaled, ratios: impl Iterator<Item = Scaled>) -> Vec<Scaled> {
    let mut products = vec![first];
    let mut last = first;
    for ratio in ratios {
        last = last * ratio;
        products.push(last);
    }
    products
}
