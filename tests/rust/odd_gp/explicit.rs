//! The fitted process against the model it stands for: every Walsh coefficient a number of its own.

use ferroshap::coalition::Coalitions;
use ferroshap::estimate::odd_gp::{Data, OddModel, Options};
use ferroshap::parallel::{Cancel, Workers};

use super::{data, dense, fit, largest};

/// All sets of an odd number of at least 3 players, and the prior variance of their coefficients.
fn terms(n: usize, rho: &[f64]) -> Vec<(u64, f64)> {
    let is_curved = |set: &u64| set.count_ones() % 2 == 1 && set.count_ones() >= 3;
    let variance = |set: u64| (0..n).filter(|j| set >> j & 1 == 1).map(|j| rho[j]).product();
    (0..1_u64 << n).filter(is_curved).map(|set| (set, variance(set))).collect()
}

fn chi(set: u64, coalition: u64) -> f64 {
    if (set & coalition).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 }
}

fn sign(row: u64, player: usize) -> f64 {
    if row >> player & 1 == 1 { -1.0 } else { 1.0 }
}

/// Solve `A X = B` by elimination with pivots.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).expect("a row is left");
        a.swap(k, pivot);
        b.swap(k, pivot);
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[i][k] / a[k][k];
            (k..n).for_each(|j| a[i][j] -= factor * a[k][j]);
            (0..b[0].len()).for_each(|j| b[i][j] -= factor * b[k][j]);
        }
    }
    (0..n).map(|i| b[i].iter().map(|cell| cell / a[i][i]).collect()).collect()
}

/// Universal kriging by its definition, with the shape of a fitted model: the system
/// `[C X; X' 0] [alpha; b] = [o; 0]`.
struct Explicit {
    n: usize,
    /// Row after row, the empty coalition first.
    rows: Vec<u64>,
    targets: Vec<f64>,
    terms: Vec<(u64, f64)>,
    noise: Vec<f64>,
}

impl Explicit {
    fn new(model: &OddModel, data: &Data) -> Self {
        let n = data.coalitions.n_players();
        let mut rows = vec![0];
        rows.extend((0..data.coalitions.len()).map(|pair| data.coalitions.get(pair)[0]));
        let mut targets = vec![-0.5 * data.grand[0]];
        targets.extend(&data.targets);
        let terms = terms(n, &model.rho());
        let variance: f64 = terms.iter().map(|(_, variance)| variance).sum();
        let mut noise = vec![model.noise(); rows.len()];
        noise[0] = 1e-12 * variance;
        Self { n, rows, targets, terms, noise }
    }

    fn covariance(&self, a: u64, b: u64) -> f64 {
        self.terms.iter().map(|&(set, variance)| variance * chi(set, a) * chi(set, b)).sum()
    }

    /// The bordered matrix `[C X; X' 0]`.
    fn matrix(&self) -> Vec<Vec<f64>> {
        let r = self.rows.len();
        let mut a = vec![vec![0.0; r + self.n]; r + self.n];
        for (i, &row) in self.rows.iter().enumerate() {
            (0..r).for_each(|j| a[i][j] = self.covariance(row, self.rows[j]));
            a[i][i] += self.noise[i];
            for j in 0..self.n {
                a[i][r + j] = sign(row, j);
                a[r + j][i] = sign(row, j);
            }
        }
        a
    }

    /// `alpha`, then `b`.
    fn weights(&self) -> Vec<f64> {
        let mut right: Vec<Vec<f64>> = self.targets.iter().map(|&target| vec![target]).collect();
        right.extend((0..self.n).map(|_| vec![0.0]));
        solve(self.matrix(), right).into_iter().map(|row| row[0]).collect()
    }

    /// `-1/2` times each player's value as a functional of a row's half-difference.
    fn readout(&self, player: usize, row: u64) -> f64 {
        let holds = |set: &u64| set >> player & 1 == 1;
        let part = |&(set, variance): &(u64, f64)| variance * chi(set, row) / f64::from(set.count_ones());
        self.terms.iter().filter(|(set, _)| holds(set)).map(part).sum()
    }

    fn values(&self) -> Vec<f64> {
        let (weights, r) = (self.weights(), self.rows.len());
        let value = |i: usize| {
            let curved: f64 = (0..r).map(|row| self.readout(i, self.rows[row]) * weights[row]).sum();
            -2.0 * (weights[r + i] + curved)
        };
        (0..self.n).map(value).collect()
    }

    /// The kriging variance of each value, in units of the scale.
    fn variances(&self) -> Vec<f64> {
        let r = self.rows.len();
        let functional = |i: usize| -> Vec<f64> {
            let mut right: Vec<f64> = self.rows.iter().map(|&row| self.readout(i, row)).collect();
            right.extend((0..self.n).map(|j| f64::from(u8::from(i == j))));
            right
        };
        let right: Vec<Vec<f64>> =
            (0..r + self.n).map(|k| (0..self.n).map(|i| functional(i)[k]).collect()).collect();
        let weights = solve(self.matrix(), right);
        let prior = |i: usize| -> f64 {
            let holds = |set: &u64| set >> i & 1 == 1;
            let part = |&(set, variance): &(u64, f64)| variance / f64::from(set.count_ones().pow(2));
            self.terms.iter().filter(|(set, _)| holds(set)).map(part).sum()
        };
        (0..self.n)
            .map(|i| {
                4.0 * (prior(i) - functional(i).iter().zip(&weights).map(|(f, w)| f * w[i]).sum::<f64>())
            })
            .collect()
    }

    fn without(&self, row: usize) -> Self {
        let mut rest = Self {
            n: self.n,
            rows: self.rows.clone(),
            targets: self.targets.clone(),
            terms: self.terms.clone(),
            noise: self.noise.clone(),
        };
        rest.rows.remove(row);
        rest.targets.remove(row);
        rest.noise.remove(row);
        rest
    }

    fn predict(&self, coalition: u64) -> f64 {
        let (weights, r) = (self.weights(), self.rows.len());
        let curved: f64 = (0..r).map(|row| self.covariance(coalition, self.rows[row]) * weights[row]).sum();
        curved + (0..self.n).map(|j| weights[r + j] * sign(coalition, j)).sum::<f64>()
    }

    /// `o'Qo / nu`, the factor of all variances.
    fn scale(&self) -> f64 {
        let weights = self.weights();
        let square: f64 = self.targets.iter().zip(&weights).map(|(target, alpha)| target * alpha).sum();
        square / (self.rows.len() - self.n) as f64
    }
}

fn fitted() -> Vec<(usize, Data, OddModel)> {
    let mut fitted = Vec::new();
    for (n, n_pairs) in [(4, 5), (6, 6), (6, 17), (7, 30), (8, 40)] {
        for ascent in [false, true] {
            let data = data(n, n_pairs, 3, &dense(n, 5));
            let model = fit(&data, Options { ascent, ..Options::default() });
            assert!(model.rho().iter().all(|&rho| rho > 0.0 && rho < 1.0));
            fitted.push((n, data, model));
        }
    }
    fitted
}

/// What elimination in the explicit model may lose: its condition is below the variance over the noise.
fn rounding(model: &OddModel, explicit: &Explicit) -> f64 {
    let variance: f64 = explicit.terms.iter().map(|(_, variance)| variance).sum();
    1e-14 * explicit.rows.len() as f64 * (1.0 + variance / model.noise())
}

#[test]
fn values_are_those_of_the_explicit_model() {
    for (n, data, model) in fitted() {
        let explicit = Explicit::new(&model, &data);
        let expected = explicit.values();
        for (value, expected_value) in model.values().iter().zip(&expected) {
            let error = (value - expected_value).abs();
            assert!(
                error <= rounding(&model, &explicit).min(1e-8) * largest(&expected),
                "n = {n}: {error:e}"
            );
        }
    }
}

#[test]
fn errors_are_those_of_the_explicit_model_but_for_their_calibration() {
    for (n, data, model) in fitted() {
        let explicit = Explicit::new(&model, &data);
        let scale = explicit.scale();
        let ratios: Vec<f64> = (explicit.variances().iter().zip(model.std_errors()))
            .map(|(variance, error)| error * error / (variance * scale))
            .collect();
        for ratio in &ratios {
            assert!(*ratio >= 1.0 - 1e-6 && (ratio / ratios[0] - 1.0).abs() < 1e-6, "n = {n}: {ratios:?}");
        }
        // Without pairs to leave out nothing is calibrated, but scales that were learnt widen the errors.
        assert!(data.is_star.iter().any(|star| !star) || ratios[0] <= 1.86);
    }
}

#[test]
fn predictions_and_coefficients_are_those_of_the_explicit_model() {
    for (n, data, model) in fitted() {
        let explicit = Explicit::new(&model, &data);
        let mut all = Coalitions::new(n);
        (0..1_u64 << n).for_each(|set| all.push(&[set]));
        let predicted = model.predict(&all, &Workers::serial(&Cancel::default())).unwrap();
        let tolerance = rounding(&model, &explicit).min(1e-8);
        for set in [0, 1, 6, (1 << n) - 1, 11] {
            let expected = explicit.predict(set);
            let error = (predicted[usize::try_from(set).unwrap()] - expected).abs();
            assert!(error <= tolerance * largest(&predicted), "n = {n}, {set}: {error:e}");
        }
        // The coefficients are the Walsh transform of what is predicted.
        for members in [vec![1], vec![0, 1, 3], vec![1, 2, 3]] {
            let set = members.iter().fold(0, |set, j| set | 1 << j);
            let terms = (0..1_u64 << n).zip(&predicted).map(|(coalition, worth)| worth * chi(set, coalition));
            let expected = terms.sum::<f64>() / 2f64.powi(i32::try_from(n).unwrap());
            let error = (model.coefficient(&members)[0] - expected).abs();
            assert!(error <= tolerance * largest(&predicted), "n = {n}, {members:?}: {error:e}");
        }
    }
}

#[test]
fn left_out_pairs_are_predicted_from_all_others() {
    for (n, data, model) in fitted().into_iter().filter(|(_, data, _)| data.targets.len() > 8) {
        let explicit = Explicit::new(&model, &data);
        let left_out = model.left_out(&Workers::serial(&Cancel::default())).unwrap();
        for pair in (0..data.targets.len()).filter(|&pair| !data.is_star[pair]).step_by(5) {
            let rest = explicit.without(pair + 1);
            let expected = data.targets[pair] - rest.predict(data.coalitions.get(pair)[0]);
            let error = (left_out[pair] - expected).abs();
            assert!(
                error <= rounding(&model, &explicit).min(1e-7) * largest(&left_out),
                "n = {n}, {pair}: {error:e}"
            );
        }
    }
}
