//! Values and errors against their definitions.

use ferroshap::coalition::{contains, size};
use ferroshap::estimate::{Estimator, Status};
use ferroshap::parallel::{Cancel, Workers};

use super::{Game, additive, dense, estimator, games, largest, oracle, play, problem, run, squared_distance};

#[test]
fn all_pairs_give_the_values_of_the_definition() {
    for n in 4..=10 {
        for (name, game) in games(n, 7) {
            let estimate = run(problem(n, 1, 5000, 1), &game);
            let values = oracle(&game, n);
            let error = squared_distance(&estimate.values, &values).sqrt();
            assert!(error <= 1e-12 * largest(&values).max(1e-3), "n = {n}, {name}: {error:e}");
            assert_eq!(estimate.status, Status::Exact);
            assert_eq!(estimate.n_evaluations, 1 << n);
            assert!(estimate.std_errors.iter().all(|&error| error == 0.0));
        }
    }
}

#[test]
fn two_additive_games_are_exact_from_n_pairs_on() {
    let mut worst = 0.0_f64;
    for n in (4..=16).chain([20, 33, 50]) {
        for seed in 0..20 {
            let (game, values) = additive(n, 2, 5 * n, seed);
            let estimate = run(problem(n, 1, 2 * n as u64 + 2, seed), &game);
            let error = squared_distance(&estimate.values, &values).sqrt() / largest(&values);
            assert!(error <= 1e-10, "n = {n}, seed = {seed}: {error:e}");
            worst = worst.max(error);
        }
    }
    assert!(worst > 0.0);
}

/// Solve `A x = b` by elimination with pivots.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).expect("a row is left");
        a.swap(k, pivot);
        b.swap(k, pivot);
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[i][k] / a[k][k];
            (k..n).for_each(|j| a[i][j] -= factor * a[k][j]);
            b[i] -= factor * b[k];
        }
    }
    (0..n).map(|i| b[i] / a[i][i]).collect()
}

/// The regression on coalitions by its definition: weights, squares, Lagrange multiplier.
struct Definition {
    coalitions: Vec<Vec<u64>>,
    weights: Vec<f64>,
    unseen: Vec<f64>,
    worths: Vec<f64>,
    ends: [f64; 2],
}

impl Definition {
    fn of(n: usize, budget: u64, seed: u64, game: &Game) -> Self {
        let mut leverage = estimator(problem(n, 1, budget, seed));
        let batch =
            leverage.ask(usize::MAX, &Workers::serial(&Cancel::default())).expect("asking does not fail");
        let all: Vec<Vec<u64>> =
            (0..batch.coalitions.len()).map(|i| batch.coalitions.get(i).to_vec()).collect();
        let ends = [game(&all[0])[0], game(&all[1])[0]];
        let coalitions = all[2..].to_vec();
        let binomial = |k: usize| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
        let of_size = |k: usize| coalitions.iter().filter(|words| size(words) == k).count() as f64;
        let sizes = coalitions.iter().map(|words| size(words));
        let weight = |k: usize| 1.0 / (k as f64 * (n - k) as f64 * of_size(k));
        let weights = sizes.clone().map(weight).collect();
        let unseen = sizes.map(|k| 1.0 - of_size(k) / binomial(k)).collect();
        let worths = coalitions.iter().map(|words| game(words)[0]).collect();
        Self { coalitions, weights, unseen, worths, ends }
    }

    fn indicator(&self, row: usize, player: usize) -> f64 {
        f64::from(u8::from(contains(&self.coalitions[row], player)))
    }

    fn values(&self, players: &[usize]) -> Vec<f64> {
        let q = players.len();
        let mut a = vec![vec![0.0; q + 1]; q + 1];
        let mut b = vec![0.0; q + 1];
        for (row, weight) in self.weights.iter().enumerate() {
            for (i, &player) in players.iter().enumerate() {
                let own = weight * self.indicator(row, player);
                b[i] += own * (self.worths[row] - self.ends[0]);
                players
                    .iter()
                    .enumerate()
                    .for_each(|(j, &other)| a[i][j] += own * self.indicator(row, other));
            }
        }
        a[q][..q].fill(1.0);
        for row in &mut a[..q] {
            row[q] = 1.0;
        }
        b[q] = self.ends[1] - self.ends[0];
        solve(a, b)[..q].to_vec()
    }
}

#[test]
fn values_solve_the_constrained_regression_of_the_definition() {
    for (n, budget) in [(6, 40), (9, 60), (12, 200), (20, 300)] {
        for (name, game) in games(n, 3) {
            let all: Vec<usize> = (0..n).collect();
            let expected = Definition::of(n, budget, 5, &game).values(&all);
            let values = run(problem(n, 1, budget, 5), &game).values;
            let error = squared_distance(&values, &expected).sqrt();
            assert!(error <= 1e-11 * largest(&expected).max(0.1), "n = {n}, {name}: {error:e}");
        }
    }
}

#[test]
fn values_among_some_players_solve_the_regression_on_their_columns() {
    let (n, budget) = (12, 100);
    for (name, game) in games(n, 4) {
        let mut leverage = estimator(problem(n, 1, budget, 6));
        play(&mut leverage, &game, 64);
        let definition = Definition::of(n, budget, 6, &game);
        for players in [vec![3], vec![11, 0], vec![1, 4, 5, 8, 9, 10]] {
            let cancel = Cancel::default();
            let values = leverage.estimate_among(0, &players, &Workers::serial(&cancel)).unwrap();
            let mut expected = vec![0.0; n];
            players
                .iter()
                .zip(definition.values(&players))
                .for_each(|(&player, value)| expected[player] = value);
            let error = squared_distance(&values, &expected).sqrt();
            assert!(error <= 1e-11 * largest(&expected).max(0.1), "{name}, {players:?}: {error:e}");
        }
    }
}

#[test]
fn normal_equations_are_those_of_the_pairs() {
    let (n, game) = (7, dense(7, 1));
    let mut leverage = estimator(problem(n, 1, 40, 2));
    play(&mut leverage, &game, 7);
    let (gram, right) = leverage.normal_equations(&Workers::serial(&Cancel::default())).unwrap();
    let definition = Definition::of(n, 40, 2, &game);
    let sign = |row, player| 1.0 - 2.0 * definition.indicator(row, player);
    let rows = 0..definition.weights.len();
    for i in 0..n {
        let term = |row: usize| definition.weights[row] * sign(row, i) * definition.worths[row];
        let expected: f64 = rows.clone().map(|row| -2.0 * term(row)).sum();
        assert!((right[i] - expected).abs() < 1e-12, "{} {expected}", right[i]);
        for j in 0..n {
            let expected: f64 =
                rows.clone().map(|row| definition.weights[row] * sign(row, i) * sign(row, j)).sum();
            assert!((gram[i * n + j] - expected).abs() < 1e-12, "({i}, {j})");
        }
    }
}

#[test]
fn standard_errors_are_those_of_the_dense_formula() {
    let (n, budget, game) = (6, 46, dense(6, 9));
    let estimate = run(problem(n, 1, budget, 3), &game);
    let definition = Definition::of(n, budget, 3, &game);
    let pairs: Vec<usize> = (0..definition.weights.len()).step_by(2).collect();
    let (p, rows) = (pairs.len(), &definition);
    // Two rows of a pair weigh 2 w each over a whole class, the same twice over half the players.
    let weight: Vec<f64> = pairs.iter().map(|&row| rows.weights[row] * 2.0).collect();
    let half = |row: usize| 0.5 * (rows.worths[row] - rows.worths[row + 1]);
    let x = |row: usize, player: usize| 1.0 - 2.0 * rows.indicator(row, player);
    let mean = |row: usize| (0..n).map(|j| x(row, j)).sum::<f64>() / n as f64;
    let px: Vec<Vec<f64>> =
        pairs.iter().map(|&row| (0..n).map(|j| x(row, j) - mean(row)).collect()).collect();
    let mut a = vec![vec![1.0 / n as f64; n]; n]; // P M P + 11'/n
    for (weight, px) in weight.iter().zip(&px) {
        (0..n).for_each(|i| (0..n).for_each(|j| a[i][j] += weight * px[i] * px[j]));
    }
    let images: Vec<Vec<f64>> = px.iter().map(|px| solve(a.clone(), px.clone())).collect();
    for player in 0..n {
        let mut variance = 0.0;
        for a in 0..p {
            let leverage: f64 = weight[a] * (0..n).map(|j| px[a][j] * images[a][j]).sum::<f64>();
            let fitted: f64 = (0..n).map(|j| x(pairs[a], j) * estimate.values[j]).sum::<f64>() / 2.0;
            let error = 2.0 * weight[a] * (half(pairs[a]) + fitted) / (1.0 - leverage) * images[a][player];
            variance += rows.unseen[pairs[a]] * error * error;
        }
        let error = (estimate.std_errors[player] / variance.sqrt() - 1.0).abs();
        assert!(error < 1e-9, "player {player}: {} {}", estimate.std_errors[player], variance.sqrt());
    }
    assert!((estimate.interval_df[0] - (p + 1 - n) as f64).abs() < 0.5);
}
