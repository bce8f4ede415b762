//! Laws of the sparse refit: sparse games are recovered, others are left to kriging.

use ferroshap::coalition::contains;
use ferroshap::estimate::odd_gp::{self, Options, Shape};
use ferroshap::estimate::{Estimate, Estimator, Problem, sparse_odd};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};

fn problem(n_players: usize, n_outputs: usize, budget: u64, seed: u64) -> Problem {
    Problem { n_players, n_outputs, n_rows: 1, budget, seed, row_key: 0, endpoints: None }
}

/// A number from 0.5 to 1.5, or its negative: terms that drown in others are found by nobody.
fn weight(stream: &mut Stream) -> f64 {
    let size = 0.5 + (stream.word() >> 11) as f64 / 2f64.powi(53);
    if stream.word().is_multiple_of(2) { size } else { -size }
}

/// A game with few interactions.
struct Sparse {
    /// Sets of players and their Walsh coefficients.
    terms: Vec<(Vec<usize>, f64)>,
    /// The size of what a dense game adds.
    noise: f64,
}

impl Sparse {
    /// All single players, `count` sets of each of the sizes, all of about the same weight.
    fn new(n: usize, sizes: &[usize], count: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, Purpose::Order, 5, n as u64);
        let mut terms: Vec<(Vec<usize>, f64)> = (0..n).map(|i| (vec![i], weight(&mut stream))).collect();
        for &size in sizes {
            for _ in 0..count {
                let mut players: Vec<usize> = (0..n).collect();
                stream.shuffle(&mut players);
                players.truncate(size);
                terms.push((players, weight(&mut stream)));
            }
        }
        Self { terms, noise: 0.0 }
    }

    fn worth(&self, words: &[u64]) -> f64 {
        let sign = |players: &[usize]| -> f64 {
            players.iter().map(|&player| if contains(words, player) { -1.0 } else { 1.0 }).product()
        };
        let sum: f64 = self.terms.iter().map(|(players, weight)| weight * sign(players)).sum();
        let dense: f64 = self.terms.iter().map(|(players, weight)| weight * sign(&players[..1])).sum();
        sum + self.noise * (1.0 + dense).tanh()
    }

    /// Values of the game without noise.
    fn values(&self, n: usize) -> Vec<f64> {
        let mut values = vec![0.0; n];
        for (players, weight) in self.terms.iter().filter(|(players, _)| players.len() % 2 == 1) {
            for &player in players {
                values[player] -= 2.0 * weight / players.len() as f64;
            }
        }
        values
    }
}

fn run(
    mut run: Box<dyn Estimator>,
    game: &dyn Fn(&[u64]) -> Vec<f64>,
    size: usize,
    n_threads: usize,
) -> Estimate {
    let cancel = Cancel::default();
    let workers = Workers::new(n_threads, &cancel);
    loop {
        let batch = run.ask(size, &workers).expect("asking does not fail");
        if batch.coalitions.is_empty() {
            return run.estimate(&workers).expect("nobody interrupts");
        }
        let worths: Vec<f64> =
            (0..batch.coalitions.len()).flat_map(|i| game(batch.coalitions.get(i))).collect();
        run.tell(batch.first, &worths).expect("finite worths that were asked");
    }
}

fn start(problem: Problem) -> Box<dyn Estimator> {
    sparse_odd::start(problem, Options::default()).expect("a valid problem")
}

fn squared_error(estimate: &[f64], truth: &[f64]) -> f64 {
    let squares: f64 = truth.iter().map(|value| value * value).sum();
    estimate.iter().zip(truth).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / squares
}

#[test]
fn sparse_games_of_order_three_are_recovered() {
    for seed in 0..10 {
        let game = Sparse::new(12, &[2, 3], 6, seed);
        let estimate = run(start(problem(12, 1, 400, seed)), &|words| vec![game.worth(words)], 1000, 1);
        let error = squared_error(&estimate.values, &game.values(12));
        assert!(error < 1e-24, "seed {seed}: {error}");
        assert!(estimate.std_errors.iter().all(|error| *error < 1e-12), "{:?}", estimate.std_errors);
    }
}

#[test]
fn sparse_games_of_order_five_are_recovered() {
    for seed in 0..10 {
        let game = Sparse::new(10, &[3, 4, 5], 3, seed);
        let estimate = run(start(problem(10, 1, 600, seed)), &|words| vec![game.worth(words)], 1000, 1);
        let error = squared_error(&estimate.values, &game.values(10));
        assert!(error < 1e-24, "seed {seed}: {error}");
    }
}

#[test]
fn what_is_not_sparse_is_left_to_kriging() {
    let mut game = Sparse::new(11, &[], 0, 1);
    game.noise = 3.0;
    let worth = |words: &[u64]| vec![game.worth(words)];
    let refitted = run(start(problem(11, 1, 300, 2)), &worth, 1000, 1);
    let kriged = odd_gp::start(problem(11, 1, 300, 2), Options::default()).expect("a valid problem");
    assert_eq!(refitted.values, run(kriged, &worth, 1000, 1).values);
}

#[test]
fn worths_of_few_values_are_left_to_kriging() {
    // The majority of three players: one term of three beside the single players.
    let worth = |words: &[u64]| vec![f64::from(u8::from((words[0] & 7).count_ones() >= 2))];
    let refitted = run(start(problem(10, 1, 200, 2)), &worth, 1000, 1);
    let kriged = odd_gp::start(problem(10, 1, 200, 2), Options::default()).expect("a valid problem");
    assert_eq!(refitted.values, run(kriged, &worth, 1000, 1).values);
}

#[test]
fn outputs_choose_for_themselves_and_batches_and_threads_change_no_bit() {
    let (sparse, mut dense) = (Sparse::new(10, &[3], 4, 3), Sparse::new(10, &[], 0, 4));
    dense.noise = 3.0;
    let worth = |words: &[u64]| vec![sparse.worth(words), dense.worth(words)];
    let rows = |n_rows| Problem { n_rows, ..problem(10, 2, 300, 5) };
    let together = run(start(rows(2)), &worth, 1000, 1);
    let of_first: Vec<f64> = together.values.iter().step_by(2).copied().collect();
    assert!(squared_error(&of_first, &sparse.values(10)) < 1e-24);
    for (output, game) in [&sparse, &dense].into_iter().enumerate() {
        let alone = run(start(problem(10, 1, 300, 5)), &|words| vec![game.worth(words)], 7, 1);
        let values: Vec<f64> = together.values.iter().skip(output).step_by(2).copied().collect();
        assert_eq!(values, alone.values);
        assert_eq!(together.interval_df[output].to_bits(), alone.interval_df[0].to_bits());
    }
    assert_eq!(run(start(rows(2)), &worth, 64, 3), together);
}

#[test]
fn values_add_up_and_scale_with_the_worths() {
    for scale in [1e-100, 1e-3, 1e100] {
        let game = Sparse::new(9, &[3], 4, 6);
        let estimate = run(start(problem(9, 1, 200, 6)), &|words| vec![scale * game.worth(words)], 1000, 1);
        let grand = scale * (game.worth(&[0x1FF]) - game.worth(&[0]));
        let largest = estimate.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        assert!((estimate.values.iter().sum::<f64>() - grand).abs() <= 1e-14 * largest, "scale {scale}");
        let truth: Vec<f64> = game.values(9).iter().map(|value| scale * value).collect();
        for (value, truth) in estimate.values.iter().zip(truth) {
            assert!((value - truth).abs() <= 1e-12 * largest, "scale {scale}: {value}, {truth}");
        }
    }
}

#[test]
fn pooled_shapes_are_refused_by_name() {
    let options = Options { shape: Shape::Pooled, ..Options::default() };
    let refused = sparse_odd::start(problem(9, 1, 200, 6), options).err().expect("an error");
    assert!(refused.to_string().contains("hyper"), "{refused}");
}
