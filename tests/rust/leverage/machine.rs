//! Asking, telling, stopping, and the bits that come of it.

use ferroshap::error::Error;
use ferroshap::estimate::leverage::Leverage;
use ferroshap::estimate::{Endpoints, Estimator, Problem, Status};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};
use ferroshap::sample::sizes::Sequence;

use super::{bits, dense, estimate, estimator, play, problem, run, several, squared_distance};

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
                let batch = leverage.ask(size, &Workers::serial(&Cancel::default())).unwrap();
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
fn known_endpoints_are_neither_asked_nor_counted() {
    let (n, game) = (8, dense(8, 2));
    let full = game(&[255])[0];
    let empty = game(&[0])[0];
    let endpoints =
        Endpoints { empty: vec![empty], full: vec![full], block_weights: vec![1.0], base: vec![empty] };
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
                    assert!(
                        leverage.ask(1, &Workers::serial(&Cancel::default())).unwrap().coalitions.is_empty()
                    );
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
    let cancel = Cancel::default();
    assert!(leverage.estimate_among(0, &[1], &Workers::serial(&cancel)).unwrap()[1].is_nan());
    let batch = leverage.ask(61, &Workers::serial(&Cancel::default())).unwrap();
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
