//! How good the answers are: exactness, sums, scales, degenerate games.

use ferroshap::coalition::contains;
use ferroshap::estimate::Status;
use ferroshap::estimate::odd_gp::{Options, Shape};
use ferroshap::sample::Sequence;

use super::{additive, dense, games, largest, oracle, problem, run, squared_distance, voting};

type Game<'a> = Box<dyn Fn(&[u64]) -> f64 + 'a>;

fn every_option() -> Vec<Options> {
    let mut all = Vec::new();
    for sequence in [Sequence::StarMiddle, Sequence::Leverage] {
        for shape in [Shape::Row, Shape::Pooled] {
            all.extend([true, false].map(|ascent| Options { ascent, shape, sequence }));
        }
    }
    all
}

#[test]
fn all_pairs_give_the_values_of_the_definition() {
    for n in 4..=10 {
        for (name, game) in games(n, 7) {
            let estimate = run(problem(n, 1, 5000, 1), Options::default(), &game);
            let values = oracle(&game, n);
            let error = squared_distance(&estimate.values, &values).sqrt();
            assert!(error <= 1e-12 * largest(&values).max(1e-3), "n = {n}, {name}: {error:e}");
            assert_eq!((estimate.status, estimate.n_evaluations), (Status::Exact, 1 << n));
            assert!(estimate.std_errors.iter().all(|&error| error == 0.0));
        }
    }
}

#[test]
fn two_additive_games_are_exact_from_the_star_on() {
    for n in (4..=16).chain([20, 33, 50]) {
        for seed in 0..5 {
            let (game, values) = additive(n, 2, 5 * n, seed);
            for options in every_option() {
                for budget in [2 * n as u64 + 2, 3 * n as u64 + 1] {
                    let estimate = run(problem(n, 1, budget, seed), options, &game);
                    let error = squared_distance(&estimate.values, &values).sqrt() / largest(&values);
                    assert!(error <= 1e-10, "n = {n}, seed = {seed}, {options:?}: {error:e}");
                }
            }
        }
    }
}

#[test]
fn values_add_up_to_the_grand_coalition() {
    for (n, budget) in [(4, 10), (8, 18), (16, 60), (31, 100), (70, 300)] {
        for (name, game) in games(n, 11) {
            for options in every_option() {
                let estimate = run(problem(n, 1, budget, 3), options, &game);
                let mut all = vec![u64::MAX; n.div_ceil(64)];
                *all.last_mut().unwrap() >>= (64 - n % 64) % 64;
                let (empty, full) = (game(&vec![0; n.div_ceil(64)])[0], game(&all)[0]);
                let missing = estimate.values.iter().sum::<f64>() - (full - empty);
                let scale = largest(&estimate.values).max(full.abs()).max(empty.abs());
                assert!(missing.abs() <= 1e-12 * scale, "n = {n}, {name}: {missing:e}");
                assert!(estimate.gap[0].abs() <= 1e-9 * scale, "n = {n}, {name}: {:e}", estimate.gap[0]);
            }
        }
    }
}

#[test]
fn games_of_any_scale_are_fitted_alike_to_the_bit() {
    for (n, budget) in [(10, 22), (10, 80)] {
        let game = additive(n, 3, 40, 1).0;
        for options in every_option() {
            let plain = run(problem(n, 1, budget, 2), options, &game);
            for exponent in [-332, -3, 1, 332] {
                let scale = 2f64.powi(exponent);
                let scaled =
                    run(problem(n, 1, budget, 2), options, &|words: &[u64]| vec![scale * game(words)[0]]);
                for (a, b) in scaled.values.iter().zip(&plain.values) {
                    assert_eq!((a / scale).to_bits(), b.to_bits(), "2^{exponent}");
                }
                for (a, b) in scaled.std_errors.iter().zip(&plain.std_errors) {
                    assert!((a / scale - b).abs() <= 1e-12 * b, "2^{exponent}: {a} {b}");
                }
            }
        }
    }
}

#[test]
fn degenerate_games_get_finite_efficient_values() {
    let n = 8;
    let pair = |words: &[u64], i, j| f64::from(u8::from(contains(words, i) && contains(words, j)));
    let noisy = dense(n, 3);
    let cases: Vec<(&str, Game<'_>)> = vec![
        ("zero", Box::new(|_| 0.0)),
        ("constant", Box::new(|_| -3e5)),
        ("tiny", Box::new(|words| 5e-324 * f64::from(u8::from(contains(words, 2))))),
        ("one player", Box::new(|words| f64::from(u8::from(contains(words, 5))))),
        ("enormous", Box::new(|words| noisy(words)[0] + 1e150 * f64::from(u8::from(contains(words, 1))))),
        ("large", Box::new(|words| noisy(words)[0] + 1e8 * pair(words, 1, 2))),
        ("unanimity", Box::new(|words| f64::from(u8::from(words[0] == 255)))),
    ];
    for (name, game) in &cases {
        for budget in [18, 19, 25, 60, 254] {
            for options in every_option() {
                let estimate = run(problem(n, 1, budget, 2), options, &|words: &[u64]| vec![game(words)]);
                let total = game(&[255]) - game(&[0]);
                assert!(estimate.values.iter().all(|value| value.is_finite()), "{name}, {budget}");
                assert!(estimate.std_errors.iter().all(|error| *error >= 0.0), "{name}, {budget}");
                let scale = largest(&estimate.values).max(total.abs());
                let missing = (estimate.values.iter().sum::<f64>() - total).abs();
                // Eight numbers as small as can be round to half of the smallest each.
                assert!(missing <= 1e-12 * scale + 4.0 * 5e-324, "{name}, {budget}: {missing:e}");
                if ["zero", "constant"].contains(name) {
                    assert!(estimate.values.iter().chain(&estimate.std_errors).all(|&number| number == 0.0));
                }
            }
        }
    }
}

#[test]
fn values_stay_within_what_the_worths_allow() {
    for n in [4, 5, 6, 8, 10] {
        for seed in 0..10 {
            for budget in 2 * n as u64 + 2..=3 * n as u64 + 5 {
                let estimate = run(problem(n, 1, budget, seed), Options::default(), &voting(n, seed));
                assert!(largest(&estimate.values) <= 2.0, "n = {n}, seed = {seed}: {:?}", estimate.values);
            }
        }
    }
}

#[test]
fn smooth_games_are_learnt_faster_than_by_least_squares() {
    // Errors of leverage least squares on these games: 0.02 at 4n, 0.004 at 8n.
    for (factor, most) in [(4, 0.02), (8, 0.003), (16, 0.0005)] {
        let mut logarithms = Vec::new();
        for seed in 0..8 {
            let (n, game) = (10, dense(10, seed));
            let values = oracle(&game, n);
            let estimate = run(problem(n, 1, factor * n as u64, seed), Options::default(), &game);
            let square: f64 = values.iter().map(|value| value * value).sum();
            logarithms.push((squared_distance(&estimate.values, &values) / square).ln());
        }
        let mean = (logarithms.iter().sum::<f64>() / 8.0).exp();
        assert!(mean <= most, "{factor}n: {mean:e}");
    }
}
