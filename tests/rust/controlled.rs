//! Laws of least squares with kriging as a control variate.

use ferroshap::estimate::odd_gp::{self, Options, Shape};
use ferroshap::estimate::{Estimate, Estimator, Problem, Status, controlled, leverage::Leverage};
use ferroshap::index::Semivalue;
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};
use ferroshap::sample::Sequence;

use crate::oracle::{output, random_game, semivalue_by_definition};

fn problem(n_players: usize, n_outputs: usize, budget: u64, seed: u64) -> Problem {
    Problem { n_players, n_outputs, n_rows: 1, budget, seed, row_key: 0, endpoints: None }
}

/// Ask in batches of `size` and tell, then estimate; the game is a table `(2^n, outputs)`.
fn run(
    mut run: Box<dyn Estimator>,
    worths: &[f64],
    n_outputs: usize,
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
        let told: Vec<f64> = (0..batch.coalitions.len())
            .flat_map(|i| {
                let coalition = usize::try_from(batch.coalitions.get(i)[0]).expect("few players");
                worths[coalition * n_outputs..][..n_outputs].to_vec()
            })
            .collect();
        run.tell(batch.first, &told).expect("finite worths that were asked");
    }
}

fn start(problem: Problem) -> Box<dyn Estimator> {
    controlled::start(problem, Options::default()).expect("a valid problem")
}

fn shapley(worths: &[f64], n: usize) -> Vec<f64> {
    semivalue_by_definition(worths, &Semivalue::Shapley.size_weights(n).expect("small games").weights())
}

/// The table of `tanh` of a random quadratic form: interactions of every order, falling fast.
fn smooth(n: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Order, 3, n as u64);
    let mut number = || (stream.word() >> 11) as f64 / 2f64.powi(52) - 1.0;
    let weights: Vec<f64> = (0..n * n + n).map(|_| number() / (n as f64).sqrt()).collect();
    (0..1_usize << n)
        .map(|s| {
            let x = |i: usize| (s >> i & 1) as f64 - 0.5;
            let linear: f64 = (0..n).map(|i| weights[n * n + i] * x(i)).sum();
            let pairs: f64 = (0..n * n).map(|ij| weights[ij] * x(ij / n) * x(ij % n)).sum();
            (2.0 * linear + pairs).tanh()
        })
        .collect()
}

/// The table of a product of one factor a player: a game of the very form that kriging expects.
fn products(n: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Order, 5, n as u64);
    let weights: Vec<f64> = (0..n).map(|_| (stream.word() >> 11) as f64 / 2f64.powi(52) - 1.0).collect();
    let factor = |s: usize, i: usize| 1.0 + weights[i] * ((s >> i & 1) as f64 - 0.5);
    (0..1_usize << n).map(|s| (0..n).map(|i| factor(s, i)).product()).collect()
}

fn squared_error(estimate: &[f64], truth: &[f64]) -> f64 {
    let squares: f64 = truth.iter().map(|value| value * value).sum();
    estimate.iter().zip(truth).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / squares
}

#[test]
fn every_game_is_exact_once_all_pairs_are_told() {
    for n in [5, 6, 7, 8, 9] {
        for (number, worths) in [random_game(n, 1, n), smooth(n, 4)].into_iter().enumerate() {
            let estimate = run(start(problem(n, 1, 1 << n, 2)), &worths, 1, 1000, 1);
            assert_eq!(estimate.status, Status::Exact);
            for (value, truth) in estimate.values.iter().zip(shapley(&worths, n)) {
                assert!((value - truth).abs() < 1e-12, "n = {n}, game {number}: {value}, {truth}");
            }
            assert!(estimate.std_errors.iter().all(|&error| error == 0.0));
        }
    }
}

#[test]
fn games_of_pairs_are_exact() {
    let n = 10;
    let mut stream = Stream::new(8, Purpose::Order, 4, n as u64);
    let weights: Vec<f64> = (0..n * n).map(|_| (stream.word() >> 11) as f64 / 2f64.powi(52) - 1.0).collect();
    let pair = |s: usize| (0..n * n).filter(move |ij| s >> (ij / n) & 1 == 1 && s >> (ij % n) & 1 == 1);
    let worths: Vec<f64> = (0..1_usize << n).map(|s| pair(s).map(|ij| weights[ij]).sum()).collect();
    let estimate = run(start(problem(n, 1, 300, 1)), &worths, 1, 1000, 1);
    for (value, truth) in estimate.values.iter().zip(shapley(&worths, n)) {
        assert!((value - truth).abs() < 1e-10, "{value}, {truth}");
    }
}

#[test]
fn errors_are_far_below_those_of_least_squares_where_kriging_fits() {
    let (n, budget) = (11, 800);
    let (mut ours, mut theirs) = (0.0, 0.0);
    for seed in 0..8 {
        let worths = products(n, seed);
        let truth = shapley(&worths, n);
        let plain = Leverage::new(problem(n, 1, budget, seed), Sequence::Leverage).expect("a valid problem");
        ours +=
            squared_error(&run(start(problem(n, 1, budget, seed)), &worths, 1, 1000, 1).values, &truth).ln();
        theirs += squared_error(&run(Box::new(plain), &worths, 1, 1000, 1).values, &truth).ln();
    }
    assert!(ours - theirs < -8.0 * 2f64.ln(), "{} against {}", (ours / 8.0).exp(), (theirs / 8.0).exp());
}

#[test]
fn errors_are_those_of_least_squares_where_kriging_is_worth_nothing() {
    let (n, budget) = (10, 500);
    let (mut ours, mut theirs) = (0.0, 0.0);
    for seed in 0..16 {
        let worths = random_game(n, 1, seed);
        let truth = shapley(&worths, n);
        let seed = seed as u64;
        let plain = Leverage::new(problem(n, 1, budget, seed), Sequence::Leverage).expect("a valid problem");
        ours +=
            squared_error(&run(start(problem(n, 1, budget, seed)), &worths, 1, 1000, 1).values, &truth).ln();
        theirs += squared_error(&run(Box::new(plain), &worths, 1, 1000, 1).values, &truth).ln();
    }
    assert!(ours - theirs < 16.0 * 1.5f64.ln(), "{} against {}", (ours / 16.0).exp(), (theirs / 16.0).exp());
}

#[test]
fn batches_threads_and_neighbouring_rows_change_no_bit() {
    let (n, budget) = (9, 300);
    let worths = random_game(n, 3, 1);
    let rows = || Problem { n_rows: 3, ..problem(n, 3, budget, 4) };
    let together = run(start(rows()), &worths, 3, 1000, 1);
    assert_eq!(run(start(rows()), &worths, 3, 7, 3), together);
    for row in 0..3 {
        let alone = run(start(problem(n, 1, budget, 4)), &output(&worths, 3, row), 1, 64, 1);
        assert_eq!(alone.values, output(&together.values, 3, row));
        assert_eq!(alone.std_errors, output(&together.std_errors, 3, row));
    }
}

#[test]
fn few_pairs_are_kriged_alone() {
    let n = 9;
    let worths = random_game(n, 1, 2);
    let kriged = odd_gp::start(problem(n, 1, 60, 3), Options::default()).expect("a valid problem");
    let kriged = run(kriged, &worths, 1, 1000, 1);
    assert_eq!(run(start(problem(n, 1, 60, 3)), &worths, 1, 1000, 1), kriged);
}

#[test]
fn what_it_cannot_do_is_refused_by_name() {
    let refused =
        |options| controlled::start(problem(9, 1, 300, 3), options).err().expect("an error").to_string();
    assert!(refused(Options { shape: Shape::Pooled, ..Options::default() }).contains("hyper"));
    assert!(refused(Options { sequence: Sequence::Kernel, ..Options::default() }).contains("sequence"));
}
