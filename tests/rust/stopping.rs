//! The stopping rule does not see how worths travel, and never spends more than it was granted.

use ferroshap::estimate::auto::Method;
use ferroshap::estimate::{Estimate, Problem, Status, stopping};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};
use ferroshap::sample::Sequence;

use crate::oracle::random_game;

const METHODS: [Method; 4] = [
    Method::Leverage(Sequence::Leverage),
    Method::Leverage(Sequence::Kernel),
    Method::Leverage(Sequence::StarMiddle),
    Method::Permutation,
];

/// A game with interactions that fade: most of what is random is additive.
fn game(n_players: usize, number: usize) -> Vec<f64> {
    let mut worths = random_game(n_players, 1, number);
    for (coalition, worth) in worths.iter_mut().enumerate() {
        let alone: f64 = (0..n_players).filter(|i| coalition >> i & 1 == 1).map(|i| (i as f64).sin()).sum();
        *worth = 0.2 * *worth + alone;
    }
    worths
}

fn problem(n_players: usize, budget: u64, seed: u64) -> Problem {
    Problem { n_players, n_outputs: 1, n_rows: 1, budget, seed, row_key: 0, endpoints: None }
}

/// Ask and tell to the end, in steps and an order of arrival that `shuffle` draws; and how many worths were asked.
fn play(
    method: &Method,
    problem: &Problem,
    tolerance: f64,
    worths: &[f64],
    shuffle: Option<u64>,
) -> (Estimate, u64) {
    let mut run =
        stopping::start(method.clone(), problem.clone(), tolerance).expect("a method of ten players");
    let cancel = Cancel::default();
    let workers = Workers::new(if shuffle.is_some() { 3 } else { 1 }, &cancel);
    let mut stream = Stream::new(shuffle.unwrap_or(0), Purpose::Order, 7, 7);
    let (mut waiting, mut n_asked): (Vec<(u64, Vec<f64>)>, u64) = (Vec::new(), 0);
    loop {
        let most = if shuffle.is_some() { 1 + stream.index_below(40) } else { 1000 };
        let batch = run.ask(most, &workers).expect("not interrupted");
        let n_new = batch.coalitions.len();
        assert!(n_new <= most);
        n_asked += n_new as u64;
        if n_new > 0 {
            let told = (0..n_new)
                .map(|i| worths[usize::try_from(batch.coalitions.get(i)[0]).expect("ten players")])
                .collect();
            waiting.push((batch.first, told));
        }
        let has_to = n_new == 0 || shuffle.is_none();
        if !waiting.is_empty() && (has_to || stream.index_below(3) == 0) {
            let (first, told) = waiting.swap_remove(stream.index_below(waiting.len()));
            run.tell(first, &told).expect("asked, and told once");
            if stream.index_below(4) == 0 {
                run.look(&workers).expect("not interrupted"); // may come at any time
                run.estimate(&workers).expect("not interrupted");
            }
        } else if n_new == 0 {
            return (run.estimate(&workers).expect("not interrupted"), n_asked);
        }
    }
}

#[test]
fn any_batches_and_any_order_of_arrival_end_alike() {
    for (number, method) in METHODS.iter().enumerate() {
        for tolerance in [1.0, 0.1, 0.02] {
            for budget in [100, 301, 1024, 5000] {
                let (problem, worths) = (problem(10, budget, number as u64), game(10, number));
                let (expected, n_asked) = play(method, &problem, tolerance, &worths, None);
                assert!(n_asked <= budget && expected.n_evaluations == n_asked);
                assert_ne!(expected.status, Status::Interrupted, "{method:?}, {tolerance}, {budget}");
                for shuffle in 0..3 {
                    let (found, n_found) = play(method, &problem, tolerance, &worths, Some(shuffle));
                    assert_eq!(found, expected, "{method:?}, {tolerance}, {budget}");
                    assert_eq!(n_found, n_asked);
                }
            }
        }
    }
}

#[test]
fn forecasts_of_those_who_stopped_are_what_they_used_and_others_ask_for_more() {
    for method in &METHODS {
        let worths = game(10, 3);
        let (stopped, n_asked) = play(method, &problem(10, 1024, 1), 0.3, &worths, None);
        assert_eq!(
            (stopped.status, stopped.predicted_budget),
            (Status::Converged, Some(n_asked)),
            "{method:?}"
        );
        let (spent, n_asked) = play(method, &problem(10, 200, 1), 1e-3, &worths, None);
        assert_eq!(spent.status, Status::BudgetSpent);
        assert!(spent.predicted_budget.is_some_and(|more| more > n_asked), "{method:?}: {spent:?}");
    }
}

#[test]
fn no_tolerance_but_a_positive_number_is_taken() {
    for tolerance in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(stopping::start(Method::Permutation, problem(10, 200, 0), tolerance).is_err());
    }
}
