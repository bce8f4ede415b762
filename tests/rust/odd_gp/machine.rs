//! Asking, telling, stopping, rows, and the bits that come of it.

use ferroshap::error::Error;
use ferroshap::estimate::odd_gp::{OddGp, Options, Shape};
use ferroshap::estimate::{Estimator, Problem, Status};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};
use ferroshap::sample::Sequence;

use super::{bits, dense, estimate, estimator, play, problem, run, several};

#[test]
fn bits_do_not_depend_on_threads_batches_or_order_of_arrival() {
    for (n, budget, shape) in
        [(9, 20, Shape::Row), (10, 120, Shape::Row), (10, 120, Shape::Pooled), (70, 150, Shape::Row)]
    {
        let game = several(n);
        let of = || Problem { n_rows: 11, ..problem(n, 11, budget, 1) };
        let options = Options { shape, ..Options::default() };
        let mut reference = estimator(of(), options);
        assert_eq!(play(&mut reference, &game, usize::MAX), budget / 2 * 2);
        let expected = estimate(&reference, 1);
        for (n_threads, size) in [(2, 3), (7, 64)] {
            let mut odd_gp = estimator(of(), options);
            let mut batches = Vec::new();
            loop {
                let batch = odd_gp.ask(size, &Workers::serial(&Cancel::default())).unwrap();
                if batch.coalitions.is_empty() {
                    break;
                }
                batches.push(batch);
            }
            Stream::new(1, Purpose::Order, 0, size as u64).shuffle(&mut batches);
            for batch in &batches {
                let worths: Vec<f64> =
                    (0..batch.coalitions.len()).flat_map(|i| game(batch.coalitions.get(i))).collect();
                odd_gp.tell(batch.first, &worths).unwrap();
            }
            let again = estimate(&odd_gp, n_threads);
            assert_eq!(bits(&again.values), bits(&expected.values), "n = {n}, {n_threads} threads");
            assert_eq!(bits(&again.std_errors), bits(&expected.std_errors), "n = {n}, {n_threads} threads");
        }
    }
}

#[test]
fn a_row_alone_has_the_bits_it_has_among_neighbours() {
    let n = 10;
    let game = several(n);
    for budget in [22, 90] {
        let of = Problem { n_rows: 11, ..problem(n, 11, budget, 1) };
        let together = run(of, Options::default(), &game);
        for row in [0, 3, 4, 10] {
            let alone =
                run(problem(n, 1, budget, 1), Options::default(), &|words: &[u64]| vec![game(words)[row]]);
            let column = |array: &[f64]| array[row..].iter().step_by(11).copied().collect::<Vec<_>>();
            assert_eq!(bits(&alone.values), bits(&column(&together.values)), "row {row}");
            assert_eq!(bits(&alone.std_errors), bits(&column(&together.std_errors)), "row {row}");
            assert_eq!(alone.interval_df[0].to_bits(), together.interval_df[row].to_bits());
        }
    }
}

#[test]
fn equal_outputs_get_equal_values() {
    let (n, game) = (9, dense(9, 4));
    let twice = |words: &[u64]| vec![game(words)[0], game(words)[0], 0.0, 2.5];
    for shape in [Shape::Row, Shape::Pooled] {
        let estimate = run(problem(n, 4, 60, 2), Options { shape, ..Options::default() }, &twice);
        for player in estimate.values.chunks(4) {
            assert_eq!(player[0].to_bits(), player[1].to_bits());
            assert_eq!(player[2..], [0.0, 0.0]);
        }
    }
}

#[test]
fn budgets_are_kept_or_refused_by_name() {
    for n in 4..=12 {
        for budget in 0..=3 * n as u64 + 5 {
            match OddGp::new(problem(n, 1, budget, 0), Options::default()) {
                Ok(mut odd_gp) => {
                    let spent = play(&mut odd_gp, &dense(n, 0), 7);
                    assert!(
                        spent <= budget && spent + 1 >= budget.min(1 << n),
                        "n = {n}: {spent} of {budget}"
                    );
                    assert!(estimate(&odd_gp, 1).values.iter().all(|value| value.is_finite()));
                }
                Err(error) => {
                    let least = 2 * n as u64 + 2;
                    assert_eq!(error, Error::Budget { method: "odd_gp", got: budget, least, n_players: n });
                    assert!(budget < least);
                }
            }
        }
    }
}

#[test]
fn a_stopped_run_answers_from_its_complete_pairs() {
    let (n, game) = (9, dense(9, 2));
    for sequence in [Sequence::StarMiddle, Sequence::Leverage, Sequence::Kernel] {
        let options = Options { sequence, ..Options::default() };
        let mut odd_gp = estimator(problem(n, 1, 100, 1), options);
        assert!(estimate(&odd_gp, 1).values[0].is_nan());
        let batch = odd_gp.ask(61, &Workers::serial(&Cancel::default())).unwrap();
        let worths: Vec<f64> = (0..61).map(|i| game(batch.coalitions.get(i))[0]).collect();
        let mut before = 0;
        for told in [2, 10, 19, 20, 21, 61] {
            odd_gp.tell(before as u64, &worths[before..told]).unwrap();
            before = told;
            let stopped = estimate(&odd_gp, 1);
            assert_eq!((stopped.n_evaluations, stopped.status), (told as u64 / 2 * 2, Status::Interrupted));
            if told < 2 * n + 2 {
                let share = (worths[1] - worths[0]) / n as f64;
                assert!(stopped.values.iter().all(|value| (value - share).abs() < 1e-15));
                assert!(stopped.std_errors[0].is_nan() && stopped.interval_df[0].is_nan());
            } else {
                let whole = run(problem(n, 1, told as u64, 1), options, &game);
                assert_eq!(bits(&stopped.values), bits(&whole.values));
            }
        }
    }
}

#[test]
fn a_set_flag_stops_a_fit() {
    let n = 12;
    let mut odd_gp = estimator(problem(n, 1, 400, 1), Options::default());
    play(&mut odd_gp, &dense(n, 1), 1000);
    let cancel = Cancel::default();
    cancel.set();
    assert_eq!(odd_gp.estimate(&Workers::new(2, &cancel)), Err(Error::Interrupted));
}
