//! Laws of the unbiased estimators on games that cannot be enumerated, or are too large for doubt.

use ferroshap::estimate::unbiased::{self, Options, Surrogate};
use ferroshap::estimate::{Estimate, Estimator, Problem, Status};
use ferroshap::index::Semivalue;
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};

use crate::oracle::{random_game, semivalue_by_definition};

fn problem(n_players: usize, n_outputs: usize, budget: u64, seed: u64) -> Problem {
    Problem { n_players, n_outputs, n_rows: 1, budget, seed, row_key: 0, endpoints: None }
}

fn options(semivalue: Semivalue, surrogate: Surrogate) -> Options {
    Options { semivalue, surrogate, ..Options::default() }
}

/// Play a game to its end, batches of `size` told in a random order.
fn play(
    problem: Problem,
    options: &Options,
    game: &dyn Fn(&[u64]) -> Vec<f64>,
    size: usize,
) -> Box<dyn Estimator> {
    let mut run = unbiased::start(problem, options).expect("a valid run that nobody interrupts");
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let mut batches = Vec::new();
    loop {
        let batch = run.ask(size, &workers).expect("a valid run that nobody interrupts");
        if batch.coalitions.is_empty() {
            break;
        }
        batches.push(batch);
    }
    Stream::new(9, Purpose::Order, 0, size as u64).shuffle(&mut batches);
    for batch in &batches {
        let worths: Vec<f64> =
            (0..batch.coalitions.len()).flat_map(|i| game(batch.coalitions.get(i))).collect();
        run.tell(batch.first, &worths).expect("a valid run that nobody interrupts");
    }
    run
}

fn estimate(run: &dyn Estimator, n_threads: usize) -> Estimate {
    let cancel = Cancel::default();
    run.estimate(&Workers::new(n_threads, &cancel)).expect("a valid run that nobody interrupts")
}

fn beta(alpha: f64, beta: f64) -> Semivalue {
    Semivalue::Beta { alpha, beta }
}

#[test]
fn means_over_seeds_meet_the_definition_and_variances_are_those_made() {
    const SEEDS: u64 = 2000;
    let n = 8;
    let v = random_game(n, 1, 3);
    let game =
        |words: &[u64]| vec![v[usize::try_from(words[0]).expect("a valid run that nobody interrupts")]];
    let cases = [
        (Semivalue::Shapley, Surrogate::None, 40),
        (Semivalue::Shapley, Surrogate::Linear, 50),
        (Semivalue::Shapley, Surrogate::Kriging, 66),
        (Semivalue::Banzhaf, Surrogate::None, 40),
        (Semivalue::Banzhaf, Surrogate::Linear, 70),
        (beta(4.0, 1.0), Surrogate::None, 40),
        (beta(4.0, 1.0), Surrogate::Linear, 70),
        (beta(16.0, 1.0), Surrogate::None, 41),
    ];
    for (semivalue, surrogate, budget) in cases {
        let truth = semivalue_by_definition(
            &v,
            &semivalue.size_weights(n).expect("a valid run that nobody interrupts").weights(),
        );
        let options = options(semivalue.clone(), surrogate);
        // Kriging costs a hundred times the others.
        let seeds = if surrogate == Surrogate::Kriging { SEEDS / 4 } else { SEEDS };
        let (mut sum, mut squares, mut stated) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        for seed in 0..seeds {
            let found = estimate(&*play(problem(n, 1, budget, seed), &options, &game, 1000), 1);
            for i in 0..n {
                let error = found.values[i] - truth[i];
                sum[i] += error;
                squares[i] += error * error;
                stated[i] += found.std_errors[i].powi(2);
            }
        }
        let runs = seeds as f64;
        for i in 0..n {
            let (mean, made) = (sum[i] / runs, squares[i] / runs);
            assert!(
                mean.abs() < 5.0 * (made / runs).sqrt(),
                "{semivalue:?}, {surrogate:?}, player {i}: {mean}"
            );
            // A surrogate that was fitted to one fold is judged on another, but all folds share most of their
            // training: the variance stated is then a little off.
            let ratio = stated[i] / runs / made;
            let slack = if surrogate == Surrogate::None { 0.2 } else { 0.4 };
            assert!((ratio - 1.0).abs() < slack, "{semivalue:?}, {surrogate:?}, player {i}: {ratio}");
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads_batches_or_order_of_arrival() {
    for (n, budget) in [(9, 20), (9, 101), (70, 701), (300, 2000)] {
        let game = |words: &[u64]| -> Vec<f64> {
            (0..11)
                .map(|k| words.iter().map(|w| f64::from((w >> k).count_ones()).sqrt()).sum::<f64>())
                .collect()
        };
        for (semivalue, surrogate) in [
            (Semivalue::Shapley, Surrogate::None),
            (Semivalue::Shapley, Surrogate::Linear),
            (Semivalue::Banzhaf, Surrogate::None),
            (beta(4.0, 1.0), Surrogate::Linear),
        ] {
            let options = options(semivalue, surrogate);
            let expected = estimate(&*play(problem(n, 11, budget, 1), &options, &game, usize::MAX), 1);
            for (n_threads, size) in [(2, 1), (7, 64)] {
                let again = estimate(&*play(problem(n, 11, budget, 1), &options, &game, size), n_threads);
                let bits = |array: &[f64]| array.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&again.values), bits(&expected.values), "{n} players, {options:?}");
                assert_eq!(bits(&again.std_errors), bits(&expected.std_errors), "{n} players, {options:?}");
            }
        }
    }
}

#[test]
fn all_coalitions_give_the_semivalue_of_the_table() {
    for n in 1..=9 {
        let v = random_game(n, 1, n);
        let game =
            |words: &[u64]| vec![v[usize::try_from(words[0]).expect("a valid run that nobody interrupts")]];
        for semivalue in [Semivalue::Shapley, Semivalue::Banzhaf, beta(16.0, 1.0), beta(0.5, 0.5)] {
            let truth = semivalue_by_definition(
                &v,
                &semivalue.size_weights(n).expect("a valid run that nobody interrupts").weights(),
            );
            let options = options(semivalue, Surrogate::None);
            let found = estimate(&*play(problem(n, 1, 1 << n, 0), &options, &game, 7), 1);
            assert_eq!(found.status, Status::Exact);
            for (value, truth) in found.values.iter().zip(&truth) {
                // At most 512 terms below 2, and half an EPSILON each.
                assert!((value - truth).abs() < 512.0 * f64::EPSILON, "{n} players");
            }
        }
    }
}

#[test]
fn thousands_of_players_are_counted_without_overflow() {
    // Shapley's sizes all count; Banzhaf's are a few hundred around the middle.
    for (n, semivalue) in [(3000, Semivalue::Shapley), (10_000, Semivalue::Banzhaf), (3000, beta(16.0, 1.0))]
    {
        let game = |words: &[u64]| {
            let share = words.iter().map(|word| f64::from(word.count_ones())).sum::<f64>() / n as f64;
            vec![share * share + f64::from(u8::from(words[0] & 3 == 3))]
        };
        let options = options(semivalue, Surrogate::None);
        let found = estimate(&*play(problem(n, 1, 2 * n as u64 + 2, 0), &options, &game, 4096), 2);
        assert!(found.values.iter().all(|value| value.is_finite()), "{options:?}");
        assert!(found.std_errors.iter().all(|error| error.is_finite() && *error > 0.0), "{options:?}");
    }
}

#[test]
fn a_fitted_surrogate_leaves_additive_games_without_error() {
    let n = 30;
    let game = |words: &[u64]| vec![(0..n).filter(|i| words[0] >> i & 1 == 1).map(|i| i as f64).sum()];
    for semivalue in [Semivalue::Shapley, Semivalue::Banzhaf, beta(4.0, 1.0)] {
        let options = options(semivalue, Surrogate::Linear);
        let found = estimate(&*play(problem(n, 1, 8 * n as u64, 0), &options, &game, 64), 1);
        for (i, (value, error)) in found.values.iter().zip(&found.std_errors).enumerate() {
            // The fits solve systems of 30 unknowns; worths are below 435.
            assert!((value - i as f64).abs() < 1e-10 && *error < 1e-10, "{options:?}: {value} of {i}");
        }
    }
}

#[test]
fn what_cannot_be_estimated_is_refused() {
    let start = |problem: Problem, options: &Options| {
        unbiased::start(problem, options).err().expect("a valid run that nobody interrupts").to_string()
    };
    let shapley = Options::default();
    assert!(
        start(problem(10, 1, 21, 0), &shapley).contains("`budget` is 21, but unbiased needs at least 22")
    );
    let kriged = options(Semivalue::Banzhaf, Surrogate::Kriging);
    assert!(start(problem(10, 1, 100, 0), &kriged).contains("`surrogate`"));
    let one_fold = Options { folds: 1, ..options(Semivalue::Shapley, Surrogate::Linear) };
    assert!(start(problem(10, 1, 100, 0), &one_fold).contains("`folds` is 1"));
}
