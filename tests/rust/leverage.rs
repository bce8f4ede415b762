//! Laws of leverage-weighted least squares.

use ferroshap::coalition::{contains, members, size};
use ferroshap::error::Error;
use ferroshap::estimate::leverage::Leverage;
use ferroshap::estimate::{Endpoints, Estimate, Estimator, Problem, Status};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};
use ferroshap::sample::sizes::Sequence;

type Game = Box<dyn Fn(&[u64]) -> Vec<f64>>;

fn problem(n_players: usize, n_outputs: usize, budget: u64, seed: u64) -> Problem {
    Problem { n_players, n_outputs, budget, seed, row_key: 0, endpoints: None }
}

fn estimator(problem: Problem) -> Leverage {
    Leverage::new(problem, Sequence::Leverage).unwrap()
}

/// Ask and tell in batches of `size` until nothing is left; returns the number of evaluations.
fn play(leverage: &mut Leverage, game: &dyn Fn(&[u64]) -> Vec<f64>, size: usize) -> u64 {
    let mut count = 0;
    loop {
        let batch = leverage.ask(size).unwrap();
        if batch.coalitions.is_empty() {
            return count;
        }
        count += batch.coalitions.len() as u64;
        let worths: Vec<f64> =
            (0..batch.coalitions.len()).flat_map(|i| game(batch.coalitions.get(i))).collect();
        leverage.tell(batch.first, &worths).unwrap();
    }
}

fn estimate(leverage: &Leverage, n_threads: usize) -> Estimate {
    leverage.estimate(&Workers::new(n_threads, &Cancel::default())).unwrap()
}

fn run(problem: Problem, game: &dyn Fn(&[u64]) -> Vec<f64>) -> Estimate {
    let mut leverage = estimator(problem);
    play(&mut leverage, game, 1000);
    estimate(&leverage, 1)
}

/// A standard normal number, by twelve uniform ones.
fn normal(stream: &mut Stream) -> f64 {
    (0..12).map(|_| (stream.word() >> 11) as f64 / 2f64.powi(53)).sum::<f64>() - 6.0
}

/// A sum of `count` products of up to `order` players' memberships, with its values.
fn additive(n: usize, order: usize, count: usize, seed: u64) -> (Game, Vec<f64>) {
    let mut stream = Stream::new(seed, Purpose::Order, 1, (n * 10 + order) as u64);
    let terms: Vec<(Vec<usize>, f64)> = (0..count)
        .map(|term| {
            let mut players: Vec<usize> = (0..n).collect();
            stream.shuffle(&mut players);
            players.truncate(1 + term % order);
            (players, normal(&mut stream))
        })
        .collect();
    let mut values = vec![0.0; n];
    for (players, worth) in &terms {
        players.iter().for_each(|&player| values[player] += worth / players.len() as f64);
    }
    let game = move |words: &[u64]| {
        let complete = |players: &[usize]| players.iter().all(|&player| contains(words, player));
        vec![terms.iter().filter(|(players, _)| complete(players)).map(|(_, worth)| worth).sum()]
    };
    (Box::new(game), values)
}

/// `tanh` of a random linear form: interactions of every order.
fn dense(n: usize, seed: u64) -> Game {
    let mut stream = Stream::new(seed, Purpose::Order, 2, n as u64);
    let weights: Vec<f64> = (0..n).map(|_| 1.5 * normal(&mut stream) / (n as f64).sqrt()).collect();
    Box::new(move |words| vec![(members(words).map(|j| weights[j]).sum::<f64>() + 0.2).tanh()])
}

/// A weighted majority.
fn voting(n: usize, seed: u64) -> Game {
    let mut stream = Stream::new(seed, Purpose::Order, 3, n as u64);
    let weights: Vec<u64> = (0..n).map(|_| 1 + stream.below(10)).collect();
    let quota = weights.iter().sum::<u64>() / 2;
    Box::new(move |words| vec![f64::from(members(words).map(|j| weights[j]).sum::<u64>() > quota)])
}

fn games(n: usize, seed: u64) -> Vec<(&'static str, Game)> {
    vec![
        ("additive", additive(n, 1, 2 * n, seed).0),
        ("two-additive", additive(n, 2, 4 * n, seed).0),
        ("three-additive", additive(n, 3, 6 * n, seed).0),
        ("dense", dense(n, seed)),
        ("voting", voting(n, seed)),
    ]
}

/// The values by their definition, over all coalitions.
fn oracle(game: &dyn Fn(&[u64]) -> Vec<f64>, n: usize) -> Vec<f64> {
    let worths: Vec<f64> = (0..1_u64 << n).map(|bits| game(&[bits])[0]).collect();
    let mut weights = vec![1.0 / n as f64]; // of a coalition of the index's size
    (1..n).for_each(|size| weights.push(weights[size - 1] * size as f64 / (n - size) as f64));
    let gain = |player: usize, bits: usize| worths[bits | 1 << player] - worths[bits];
    let without = |player: usize| (0..1_usize << n).filter(move |bits| bits >> player & 1 == 0);
    let value =
        |player| without(player).map(|bits| weights[bits.count_ones() as usize] * gain(player, bits)).sum();
    (0..n).map(value).collect()
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

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
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
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
        let batch = leverage.ask(usize::MAX).unwrap();
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
        for i in 0..q {
            a[i][q] = 1.0;
            a[q][i] = 1.0;
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
    assert_eq!(estimate.interval_df, (p + 1 - n) as f64);
}

#[test]
fn values_add_up_to_the_grand_coalition() {
    for (n, budget) in [(4, 8), (8, 14), (16, 60), (31, 100), (70, 500)] {
        for (name, game) in games(n, 11) {
            let estimate = run(problem(n, 1, budget, 3), &game);
            let mut all = vec![u64::MAX; n.div_ceil(64)];
            *all.last_mut().unwrap() >>= (64 - n % 64) % 64;
            let (empty, full) = (game(&vec![0; n.div_ceil(64)])[0], game(&all)[0]);
            let missing = estimate.values.iter().sum::<f64>() - (full - empty);
            let scale = largest(&estimate.values).max(full.abs()).max(empty.abs());
            assert!(missing.abs() <= 1e-12 * scale, "n = {n}, {name}: {missing:e}");
            assert!(estimate.gap[0].abs() <= 1e-11 * scale, "n = {n}, {name}: {:e}", estimate.gap[0]);
            assert_eq!(estimate.base, [empty]);
        }
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Eleven outputs of unlike games, in one.
fn several(n: usize) -> Game {
    let parts: Vec<Game> = (0..11).map(|seed| games(n, seed).swap_remove(seed as usize % 5).1).collect();
    Box::new(move |words| parts.iter().flat_map(|part| part(words)).collect())
}

#[test]
fn bits_do_not_depend_on_threads_batches_or_order_of_arrival() {
    // Below, near and above full rank; the last large enough for work to be shared.
    for (n, budget) in [(10, 16), (10, 26), (10, 300), (70, 120), (300, 5000)] {
        let game = several(n);
        let mut reference = estimator(problem(n, 11, budget, 1));
        assert_eq!(play(&mut reference, &game, usize::MAX), budget / 2 * 2);
        let expected = estimate(&reference, 1);
        for (n_threads, size) in [(2, 1), (7, 64), (2, 3)] {
            let mut leverage = estimator(problem(n, 11, budget, 1));
            let mut batches = Vec::new();
            loop {
                let batch = leverage.ask(size).unwrap();
                if batch.coalitions.is_empty() {
                    break;
                }
                batches.push(batch);
            }
            Stream::new(1, Purpose::Order, 0, size as u64).shuffle(&mut batches);
            for batch in &batches {
                let worths: Vec<f64> =
                    (0..batch.coalitions.len()).flat_map(|i| game(batch.coalitions.get(i))).collect();
                leverage.tell(batch.first, &worths).unwrap();
            }
            let again = estimate(&leverage, n_threads);
            assert_eq!(bits(&again.values), bits(&expected.values), "n = {n}, {n_threads} threads");
            assert_eq!(bits(&again.std_errors), bits(&expected.std_errors), "n = {n}, {n_threads} threads");
            assert_eq!(again.status, expected.status);
        }
    }
}

#[test]
fn an_output_alone_has_the_bits_it_has_among_neighbours() {
    for (n, budget) in [(10, 16), (10, 26), (10, 300), (70, 120)] {
        let game = several(n);
        let together = run(problem(n, 11, budget, 1), &game);
        for output in 0..11 {
            let alone = run(problem(n, 1, budget, 1), &|words: &[u64]| vec![game(words)[output]]);
            let column = |array: &[f64]| array[output..].iter().step_by(11).copied().collect::<Vec<_>>();
            assert_eq!(bits(&alone.values), bits(&column(&together.values)), "n = {n}, output {output}");
            assert_eq!(bits(&alone.std_errors), bits(&column(&together.std_errors)), "n = {n}, {output}");
        }
    }
}

#[test]
fn tiny_budgets_are_never_worse_than_all_zeros() {
    let mut worst = (0.0, String::new());
    for n in [4, 5, 6, 8, 10, 12] {
        for seed in 0..10 {
            for (name, game) in games(n, seed) {
                let values = oracle(&game, n);
                let zeros = squared_distance(&values, &vec![0.0; n]);
                for budget in n + 2..=3 * n + 5 {
                    let estimate = run(problem(n, 1, budget as u64, seed), &game);
                    let error = squared_distance(&estimate.values, &values) / zeros;
                    let case = format!("n = {n}, seed = {seed}, {name}, budget = {budget}: {error}");
                    if std::env::var("SHOW").is_ok() && (error.is_nan() || error > 1.0) {
                        eprintln!("{case}");
                    }
                    if error.is_nan() || error > worst.0 {
                        worst = (error, case);
                    }
                }
            }
        }
    }
    assert!(worst.0 <= 1.0, "{}", worst.1);
}

#[test]
#[ignore]
fn rho() {
    for n in [4, 5, 6, 7, 8, 10, 12, 16, 20, 33] {
        for seed in 0..2000 {
            let (game, _) = additive(n, 1 + seed as usize % 2, [2, 2 * n, 5 * n][seed as usize % 3], seed);
            run(problem(n, 1, 2 * n as u64 + 2, seed), &game);
        }
    }
}

#[test]
#[ignore]
fn explore() {
    let mut table: std::collections::BTreeMap<(&str, usize), Vec<f64>> = Default::default();
    for n in [6, 8, 10, 12] {
        for seed in 0..25 {
            for (name, game) in games(n, seed) {
                let values = oracle(&game, n);
                let zeros = squared_distance(&values, &vec![0.0; n]);
                for p in [n / 2, 3 * n / 4, n - 1, n, n + 2, 3 * n / 2, 2 * n - 1] {
                    let bin = [n / 2, 3 * n / 4, n - 1, n, n + 2, 3 * n / 2, 2 * n - 1]
                        .iter()
                        .position(|&q| q == p)
                        .unwrap();
                    let estimate = run(problem(n, 1, 2 * p as u64 + 2, seed), &game);
                    let error = squared_distance(&estimate.values, &values) / zeros;
                    if error > 30.0 {
                        eprintln!(
                            "SHOW n={n} seed={seed} p={p} error {error}\n {values:.3?}\n {:.3?}",
                            estimate.values
                        );
                        let mut l = estimator(problem(n, 1, 2 * p as u64 + 2, seed));
                        let b = l.ask(1000).unwrap();
                        for i in (2..b.coalitions.len()).step_by(2) {
                            eprintln!(
                                "   {:012b} {:?} {:?}",
                                b.coalitions.get(i)[0],
                                game(b.coalitions.get(i)),
                                game(b.coalitions.get(i + 1))
                            );
                        }
                    }
                    table.entry((name, bin)).or_default().push(error);
                }
            }
        }
    }
    for ((name, bin), errors) in table {
        let mean = (errors.iter().map(|e| e.max(1e-30).ln()).sum::<f64>() / errors.len() as f64).exp();
        let arith = errors.iter().sum::<f64>() / errors.len() as f64;
        let above = errors.iter().filter(|&&e| e > 1.0).count();
        eprintln!(
            "{name:15} bin {bin}: geo {mean:9.2e} mean {arith:9.3} max {:9.3} above 1: {above}/{}",
            largest(&errors),
            errors.len()
        );
    }
}

#[test]
fn nominal_intervals_cover_the_truth_about_as_often_as_they_say() {
    for factor in [4, 8] {
        let (mut covered, mut all) = (0_u32, 0_u32);
        for n in [8, 10, 12] {
            for seed in 0..12 {
                for (_, game) in games(n, seed).drain(2..) {
                    let estimate = run(problem(n, 1, (factor * n) as u64, seed), &game);
                    let values = oracle(&game, n);
                    for (i, value) in values.iter().enumerate() {
                        // 1.645 is the normal quantile; Student's is larger, so this is the harder test.
                        covered +=
                            u32::from((estimate.values[i] - value).abs() <= 1.645 * estimate.std_errors[i]);
                        all += 1;
                    }
                }
            }
        }
        let coverage = f64::from(covered) / f64::from(all);
        assert!((0.84..=0.97).contains(&coverage), "{factor}n: {coverage}");
    }
}

#[test]
fn null_and_equal_players_are_found_within_five_standard_errors() {
    let n = 12;
    let mut stream = Stream::new(5, Purpose::Order, 4, 0);
    let weights: Vec<f64> = (0..n).map(|_| normal(&mut stream)).collect();
    let game = |words: &[u64]| {
        // Player 2 adds nothing, players 5 and 6 are equal.
        let weight = |j| if j == 2 { 0.0 } else { weights[if j == 6 { 5 } else { j }] };
        vec![members(words).map(weight).sum::<f64>().tanh()]
    };
    for seed in 0..50 {
        let estimate = run(problem(n, 1, 400, seed), &game);
        assert!(estimate.values[2].abs() <= 5.0 * estimate.std_errors[2], "seed {seed}");
        let apart = (estimate.values[5] - estimate.values[6]).abs();
        assert!(apart <= 5.0 * (estimate.std_errors[5] + estimate.std_errors[6]), "seed {seed}: {apart}");
    }
}

#[test]
fn games_of_any_scale_are_fitted_alike() {
    for (n, budget) in [(10, 16), (10, 26), (10, 200)] {
        let game = additive(n, 3, 40, 1).0;
        let plain = run(problem(n, 1, budget, 2), &game);
        for scale in [1e-100, 1e100] {
            let scaled = run(problem(n, 1, budget, 2), &|words: &[u64]| vec![scale * game(words)[0]]);
            for (arrays, name) in [
                ((&scaled.values, &plain.values), "values"),
                ((&scaled.std_errors, &plain.std_errors), "errors"),
            ] {
                for (a, b) in arrays.0.iter().zip(arrays.1) {
                    let close = (a / scale - b).abs() <= 1e-9 * largest(&plain.values);
                    assert!(
                        close || (a.is_nan() && b.is_nan()),
                        "{name}, budget {budget}, scale {scale}: {a} {b}"
                    );
                }
            }
        }
        let offset = run(problem(n, 1, budget, 2), &|words: &[u64]| vec![1e6 + game(words)[0]]);
        let error = squared_distance(&offset.values, &plain.values).sqrt();
        assert!(error <= 1e-6 * largest(&plain.values), "budget {budget}: {error:e}");
        let constant = run(problem(n, 1, budget, 2), &|_: &[u64]| vec![0.1]);
        assert!(constant.values.iter().all(|&value| value == 0.0), "{:?}", constant.values);
    }
}

#[test]
fn known_endpoints_are_neither_asked_nor_counted() {
    let (n, game) = (8, dense(8, 2));
    let full = game(&[255])[0];
    let empty = game(&[0])[0];
    let endpoints = Endpoints {
        empty: vec![empty - 1.0, empty + 3.0],
        full: vec![full],
        block_weights: vec![0.75, 0.25],
    };
    let mut leverage = estimator(Problem { endpoints: Some(endpoints), ..problem(n, 1, 41, 1) });
    assert_eq!(play(&mut leverage, &game, 5), 40);
    let known = estimate(&leverage, 1);
    let asked = run(problem(n, 1, 42, 1), &game);
    assert!(squared_distance(&known.values, &asked.values) < 1e-24);
    assert_eq!((known.n_evaluations, asked.n_evaluations), (40, 42));
    assert_eq!(known.status, Status::BudgetSpent);
}

#[test]
fn budgets_are_kept_or_refused_by_name() {
    for n in 4..=20 {
        for budget in 0..=3 * n as u64 + 5 {
            match Leverage::new(problem(n, 1, budget, 0), Sequence::Leverage) {
                Ok(mut leverage) => {
                    let game = dense(n, 0);
                    let spent = play(&mut leverage, &game, 7);
                    assert!(
                        spent <= budget && spent + 1 >= budget.min(1 << n),
                        "n = {n}: {spent} of {budget}"
                    );
                    assert!(estimate(&leverage, 1).values.iter().all(|value| value.is_finite()));
                    assert!(leverage.ask(1).unwrap().coalitions.is_empty());
                }
                Err(error) => {
                    let least = n as u64 + 2;
                    assert_eq!(error, Error::Budget { method: "leverage", got: budget, least, n_players: n });
                    assert!(budget < least);
                }
            }
        }
    }
}

#[test]
fn a_stopped_run_answers_from_its_complete_pairs() {
    let (n, game) = (9, dense(9, 2));
    let mut leverage = estimator(problem(n, 1, 100, 1));
    let nothing = estimate(&leverage, 1);
    assert!(
        nothing.values[0].is_nan() && nothing.n_evaluations == 0 && nothing.status == Status::Interrupted
    );
    let batch = leverage.ask(61).unwrap();
    let worths: Vec<f64> = (0..61).map(|i| game(batch.coalitions.get(i))[0]).collect();
    leverage.tell(0, &worths[..2]).unwrap();
    let shares = estimate(&leverage, 1);
    let share = (worths[1] - worths[0]) / n as f64;
    assert!(shares.values.iter().all(|value| (value - share).abs() < 1e-15) && shares.std_errors[0].is_nan());
    let mut spoilt = worths[2..30].to_vec();
    spoilt[3] = f64::NAN;
    assert!(matches!(leverage.tell(2, &spoilt), Err(Error::WorthNotFinite { evaluation: 5, .. })));
    assert_eq!(estimate(&leverage, 1).values, shares.values);
    leverage.tell(2, &worths[2..61]).unwrap();
    let stopped = estimate(&leverage, 1);
    assert_eq!((stopped.n_evaluations, stopped.status), (60, Status::Interrupted));
    let whole = run(problem(n, 1, 60, 1), &game);
    assert_eq!(bits(&stopped.values), bits(&whole.values));
}
