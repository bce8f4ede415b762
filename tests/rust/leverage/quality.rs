//! How good the answers are: sums, tiny budgets, intervals, extreme worths.

use ferroshap::coalition::members;
use ferroshap::random::{Purpose, Stream};

use super::{additive, games, largest, normal, oracle, problem, run, squared_distance, voting};

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

#[test]
fn tiny_budgets_are_never_worse_than_all_zeros() {
    for n in [4, 5, 6, 8, 10, 12] {
        for (position, name) in ["additive", "two-additive", "three-additive", "dense"].iter().enumerate() {
            for budget in n + 2..=3 * n + 5 {
                let errors = (0..10).map(|seed| {
                    let (_, game) = games(n, seed).swap_remove(position);
                    let values = oracle(&game, n);
                    let estimate = run(problem(n, 1, budget as u64, seed), &game);
                    squared_distance(&estimate.values, &values) / values.iter().map(|v| v * v).sum::<f64>()
                });
                let errors: Vec<f64> = errors.collect();
                let mean = errors.iter().sum::<f64>() / 10.0;
                assert!(mean <= 0.85 && largest(&errors) <= 1.2, "n = {n}, {name}, {budget}: {errors:?}");
            }
        }
    }
}

#[test]
fn tiny_budgets_of_voting_games_stay_within_the_range_of_the_worths() {
    for n in [4, 5, 6, 8, 10, 12, 30] {
        for seed in 0..20 {
            for budget in n + 2..=3 * n + 5 {
                let estimate = run(problem(n, 1, budget as u64, seed), &voting(n, seed));
                assert!(largest(&estimate.values) <= 2.0, "n = {n}, seed = {seed}: {:?}", estimate.values);
            }
        }
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
