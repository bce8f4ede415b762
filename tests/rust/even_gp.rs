//! Interactions from samples: exact where they must be, sums, budgets, errors that are honest, the same bits.

use ferroshap::error::Error;
use ferroshap::estimate::auto::Method;
use ferroshap::estimate::even_gp::{Options, start};
use ferroshap::estimate::{Estimator, Interactions, Problem, Status};
use ferroshap::index::Interaction;
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};
use ferroshap::table::Table;
use ferroshap::table::interactions::interactions;

use crate::oracle::random_game;

fn uniform(seed: u64, count: usize) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Order, 0, count as u64);
    (0..count).map(|_| stream.below(1 << 53) as f64 / (1_u64 << 52) as f64 - 1.0).collect()
}

/// Twelve smooth steps, each of a weighted sum of the players present; the last player is in none of them.
fn network(n: usize, seed: u64) -> Vec<f64> {
    let numbers = uniform(seed, 12 * (n + 2));
    let worth = |coalition: usize| {
        let steps = numbers.chunks_exact(n + 2).map(|unit| {
            let sum: f64 = (0..n - 1).filter(|j| coalition >> j & 1 == 1).map(|j| unit[j]).sum();
            unit[n] * (2.0 * sum + unit[n + 1]).tanh()
        });
        steps.sum()
    };
    (0..1 << n).map(worth).collect()
}

/// Players and pairs alone.
fn two_additive(n: usize, seed: u64) -> Vec<f64> {
    let numbers = uniform(seed, n * n);
    let worth = |coalition: usize| {
        let members: Vec<usize> = (0..n).filter(|j| coalition >> j & 1 == 1).collect();
        let pairs =
            members.iter().flat_map(|i| members.iter().filter(move |j| i <= j).map(move |j| i * n + j));
        pairs.map(|place| numbers[place]).sum::<f64>()
    };
    (0..1 << n).map(worth).collect()
}

fn problem(n_players: usize, n_outputs: usize, budget: u64) -> Problem {
    Problem { n_players, n_outputs, n_rows: 1, budget, seed: 1, row_key: 0, endpoints: None }
}

/// Ask in batches of `size` and tell; the evaluations asked.
fn play(estimator: &mut dyn Estimator, worths: &[f64], n_outputs: usize, size: usize) -> u64 {
    let cancel = Cancel::default();
    let mut asked = 0;
    loop {
        let batch =
            estimator.ask(size, &Workers::serial(&cancel)).expect("a valid run that nobody interrupts");
        if batch.coalitions.is_empty() {
            return asked;
        }
        asked += batch.coalitions.len() as u64;
        let told: Vec<f64> = (0..batch.coalitions.len())
            .flat_map(|i| {
                let place = usize::try_from(batch.coalitions.get(i)[0])
                    .expect("a valid run that nobody interrupts")
                    * n_outputs;
                worths[place..place + n_outputs].to_vec()
            })
            .collect();
        estimator.tell(batch.first, &told).expect("a valid run that nobody interrupts");
    }
}

fn run(worths: &[f64], n: usize, budget: u64, index: Interaction) -> (Box<dyn Estimator>, Interactions) {
    let mut estimator =
        start(problem(n, 1, budget), Options { index }).expect("a valid run that nobody interrupts");
    assert!(play(&mut *estimator, worths, 1, 100) <= budget);
    let cancel = Cancel::default();
    let found = estimator
        .interactions(&Workers::serial(&cancel))
        .expect("a valid run that nobody interrupts")
        .expect("a valid run that nobody interrupts");
    (estimator, found)
}

fn exact(worths: &[f64], index: Interaction) -> Vec<f64> {
    let cancel = Cancel::default();
    let table = Table::new(worths, 1).expect("a valid run that nobody interrupts");
    interactions(&table, index, 2, u64::MAX, &Workers::serial(&cancel))
        .expect("a valid run that nobody interrupts")
}

/// Squared distance, in units of the truth's squared length.
fn error(found: &[f64], truth: &[f64]) -> f64 {
    let squares = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>();
    squares(&mut found.iter().zip(truth).map(|(a, b)| a - b)) / squares(&mut truth.iter().copied())
}

#[test]
fn all_coalitions_give_the_table_s_interactions() {
    for n in [1, 2, 3, 4, 5, 8] {
        let worths = random_game(n, 1, 5);
        for (name, index) in Interaction::ALL {
            let (estimator, found) = run(&worths, n, 1 << n, index);
            let cancel = Cancel::default();
            assert_eq!(
                estimator
                    .estimate(&Workers::serial(&cancel))
                    .expect("a valid run that nobody interrupts")
                    .status,
                Status::Exact
            );
            for (found, truth) in found.values.iter().zip(exact(&worths, index)) {
                // Half-sums and half-differences round twice, and the table sums 2^8 worths below 1 in 9 sums.
                assert!(
                    (found - truth).abs() < 9.0 * 256.0 * f64::EPSILON,
                    "{name}, n = {n}: {found}, {truth}"
                );
            }
            assert!(found.std_errors.iter().all(|error| *error == 0.0));
        }
    }
}

#[test]
fn games_without_higher_interactions_are_exact_once_pairs_outnumber_terms() {
    for (n, seed) in [(6, 0), (8, 1), (11, 2)] {
        let worths = two_additive(n, seed);
        let n_pairs = 1 + n * (n - 1) / 2 + 8;
        for (name, index) in Interaction::ALL {
            let budget = (2 * n_pairs as u64 + 2).min((1 << n) - 2);
            let (_, found) = run(&worths, n, budget, index);
            for (found, truth) in found.values.iter().zip(exact(&worths, index)) {
                // Worths below 70 at up to 130 rows; the condition number of the squares is below 1e4.
                assert!((found - truth).abs() < 1e-9, "{name}, n = {n}: {found}, {truth}");
            }
        }
    }
}

#[test]
fn large_budgets_fit_least_squares_that_are_exact_on_pairs_and_sum_to_the_worth() {
    let (n, budget) = (13, 4100);
    let worths = two_additive(n, 6);
    for index in [Interaction::Sii, Interaction::KSii, Interaction::Fsii] {
        let (_, found) = run(&worths, n, budget, index);
        for (found, truth) in found.values.iter().zip(exact(&worths, index)) {
            // Worths below 90; the condition number of the squares is below 1e4.
            assert!((found - truth).abs() < 1e-9, "{index:?}: {found}, {truth}");
        }
    }
    let worths = network(n, 8);
    let grand = worths[worths.len() - 1] - worths[0];
    for index in [Interaction::KSii, Interaction::Fsii] {
        let (estimator, found) = run(&worths, n, budget, index);
        assert!((found.values.iter().sum::<f64>() - grand).abs() < 1e-11, "{index:?}");
        let truth = exact(&worths, index);
        assert!(error(&found.values[n..], &truth[n..]) < 0.1, "{index:?}");
        let inside = found.values.iter().zip(&truth).zip(&found.std_errors);
        let count = inside.filter(|((found, truth), error)| (*found - *truth).abs() <= 3.0 * **error).count();
        assert!(count * 100 >= 90 * truth.len(), "{index:?}: {count} of {}", truth.len());
        let cancel = Cancel::default();
        for n_threads in [2, 7] {
            let again = estimator
                .interactions(&Workers::new(n_threads, &cancel))
                .expect("a valid run that nobody interrupts")
                .expect("a valid run that nobody interrupts");
            assert_eq!(again, found);
        }
    }
}

#[test]
fn interactions_that_share_the_worth_sum_to_it() {
    for n in [4, 6, 9] {
        for (seed, worths) in [(3, network(n, 3)), (4, random_game(n, 1, 4))] {
            let grand = worths[worths.len() - 1] - worths[0];
            let scale: f64 = worths.iter().fold(1.0, |most, worth| most.max(worth.abs()));
            for budget in [2 * n as u64 + 2, 4 * n as u64 + 1, (1 << n) - 2] {
                let estimates = [Interaction::KSii, Interaction::Stii, Interaction::Fsii];
                for found in estimates.map(|index| run(&worths, n, budget, index).1) {
                    let sum: f64 = found.values.iter().sum();
                    assert!((sum - grand).abs() < 1e-12 * scale, "n = {n}, {seed}, {budget}: {sum}, {grand}");
                }
            }
        }
    }
}

#[test]
fn players_alone_receive_the_run_s_values_and_what_they_are_worth() {
    let (n, budget) = (8, 80);
    let worths = network(n, 5);
    let cancel = Cancel::default();
    let (estimator, found) = run(&worths, n, budget, Interaction::Sii);
    let values = estimator.estimate(&Workers::serial(&cancel)).expect("a valid run that nobody interrupts");
    assert_eq!(found.values[..n], values.values);
    assert_eq!(found.std_errors[..n], values.std_errors);
    let (_, taylor) = run(&worths, n, budget, Interaction::Stii);
    for player in 0..n {
        assert!((taylor.values[player] - (worths[1 << player] - worths[0])).abs() < 1e-14);
        assert!(taylor.std_errors[player].abs() < f64::MIN_POSITIVE);
    }
}

#[test]
fn errors_fall_with_the_budget_and_are_as_large_as_stated() {
    let n = 9;
    for (name, index) in Interaction::ALL {
        let mut errors = [0.0; 3];
        let (mut inside, mut count) = (0, 0);
        for seed in 0..12 {
            let worths = network(n, seed);
            let truth = exact(&worths, index);
            for (error_at, budget) in errors.iter_mut().zip([36, 72, 288]) {
                let (_, found) = run(&worths, n, budget, index);
                *error_at += error(&found.values[n..], &truth[n..]) / 12.0;
                for (set, truth) in truth.iter().enumerate().skip(n) {
                    count += 1;
                    inside += usize::from((found.values[set] - truth).abs() <= 3.0 * found.std_errors[set]);
                }
            }
        }
        // Eight times the evaluations leave a tenth of the squared error; STII, which alone reads the odd terms too,
        // falls to a ninth (measured: 0.11).
        let left = if index == Interaction::Stii { 0.25 } else { 0.1 };
        assert!(
            errors[0] < 1.0 && errors[1] < errors[0] && errors[2] < left * errors[0],
            "{name}: {errors:?}"
        );
        // 1296 intervals of three errors; those of one fit are wrong together.
        assert!(inside * 100 >= count * 95, "{name}: {inside} of {count}");
    }
}

#[test]
fn a_player_who_adds_nothing_receives_nothing_within_the_errors() {
    let n = 8;
    for seed in 0..5 {
        let worths = network(n, seed); // its last player is null
        let (_, found) = run(&worths, n, 120, Interaction::Sii);
        let (mut set, mut seen) = (n, 0);
        for i in 0..n {
            for j in i + 1..n {
                if i == n - 1 || j == n - 1 {
                    seen += 1;
                    let bound = 5.0 * found.std_errors[set] + 1e-9;
                    assert!(found.values[set].abs() <= bound, "{seed}: {} {bound}", found.values[set]);
                }
                set += 1;
            }
        }
        assert_eq!(seen, n - 1);
    }
}

#[test]
fn bits_do_not_depend_on_threads_batches_or_neighbouring_rows() {
    let n = 7;
    let games = [network(n, 1), network(n, 2), random_game(n, 1, 3)];
    let together: Vec<f64> = (0..1 << n).flat_map(|s| games.iter().map(move |game| game[s])).collect();
    let cancel = Cancel::default();
    let of = |n_rows: usize, worths: &[f64], size: usize, n_threads: usize| {
        let problem = Problem { n_rows, n_outputs: n_rows, ..problem(n, 1, 60) };
        let mut estimator =
            start(problem, Options { index: Interaction::Stii }).expect("a valid run that nobody interrupts");
        play(&mut *estimator, worths, n_rows, size);
        estimator
            .interactions(&Workers::new(n_threads, &cancel))
            .expect("a valid run that nobody interrupts")
            .expect("a valid run that nobody interrupts")
    };
    let reference = of(3, &together, usize::MAX, 1);
    for (size, n_threads) in [(1, 2), (3, 7), (64, 1)] {
        assert_eq!(of(3, &together, size, n_threads), reference, "{size}, {n_threads} threads");
    }
    for (row, game) in games.iter().enumerate() {
        let alone = of(1, game, 10, 1);
        let column = |numbers: &[f64]| numbers.iter().skip(row).step_by(3).copied().collect::<Vec<_>>();
        assert_eq!(alone.values, column(&reference.values), "row {row}");
        assert_eq!(alone.std_errors, column(&reference.std_errors), "row {row}");
    }
}

#[test]
fn outputs_that_are_constant_have_none_and_scales_carry_over() {
    let n = 6;
    let game = network(n, 7);
    let worths: Vec<f64> =
        game.iter().flat_map(|worth| [3.5, *worth, 1e100 * worth, -1e-100 * worth]).collect();
    let cancel = Cancel::default();
    for (name, index) in Interaction::ALL {
        let mut estimator =
            start(problem(n, 4, 40), Options { index }).expect("a valid run that nobody interrupts");
        play(&mut *estimator, &worths, 4, 7);
        let found = estimator
            .interactions(&Workers::serial(&cancel))
            .expect("a valid run that nobody interrupts")
            .expect("a valid run that nobody interrupts");
        let largest =
            found.values.iter().skip(1).step_by(4).fold(0.0_f64, |most, value| most.max(value.abs()));
        for set in found.values.chunks_exact(4) {
            assert!(set[0].abs() < f64::MIN_POSITIVE, "{name}");
            for (value, factor) in [(set[2], 1e100), (set[3], -1e-100)] {
                assert!((value / factor - set[1]).abs() < 1e-6 * largest, "{name}: {set:?}");
            }
        }
    }
}

#[test]
fn budgets_are_kept_or_refused_by_name() {
    for n in 1..=9_usize {
        let worths = network(n.max(2), 1);
        let least = (2 * n as u64 + 2).min(1 << n);
        for budget in 0..=3 * n as u64 + 5 {
            let method = Method::EvenGp(Options { index: Interaction::Sii });
            assert_eq!(method.check_budget(n, budget).is_ok(), budget >= least, "n = {n}, {budget}");
            match start(problem(n, 1, budget), Options { index: Interaction::Sii }) {
                Err(refused) => {
                    assert!(budget < least);
                    assert!(matches!(refused, Error::Budget { least: said, .. } if said == least));
                }
                Ok(mut estimator) => {
                    assert!(play(&mut *estimator, &worths, 1, 4) <= budget && budget >= least);
                }
            }
        }
    }
}

#[test]
fn runs_stopped_before_the_star_is_told_say_that_they_know_nothing() {
    let n = 6;
    let worths = network(n, 1);
    let cancel = Cancel::default();
    let mut estimator = start(problem(n, 1, 40), Options { index: Interaction::Sii })
        .expect("a valid run that nobody interrupts");
    let batch = estimator.ask(9, &Workers::serial(&cancel)).expect("a valid run that nobody interrupts");
    let told: Vec<f64> = (0..9)
        .map(|i| {
            worths[usize::try_from(batch.coalitions.get(i)[0]).expect("a valid run that nobody interrupts")]
        })
        .collect();
    estimator.tell(0, &told).expect("a valid run that nobody interrupts");
    let found = estimator
        .interactions(&Workers::serial(&cancel))
        .expect("a valid run that nobody interrupts")
        .expect("a valid run that nobody interrupts");
    assert_eq!((found.values.len(), found.diagonal_errors.len()), (21, 6));
    assert!(found.values.iter().chain(&found.std_errors).all(|number| number.is_nan()));
}
