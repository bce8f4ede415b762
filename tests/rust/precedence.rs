//! Asymmetric values, judged by the definition: the mean over all orders that keep the precedence.

use std::sync::Arc;

use ferroshap::coalition::members;
use ferroshap::estimate::auto::Method;
use ferroshap::estimate::owen::{self, Sampling, Step, Tree};
use ferroshap::estimate::precedence::{Law, Options};
use ferroshap::estimate::{Endpoints, Estimate, Problem, Status};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};

use crate::oracle::{random_game, shapley_by_orders};

fn problem(n_players: usize, budget: u64, seed: u64) -> Problem {
    Problem { n_players, n_outputs: 1, n_rows: 1, budget, seed, row_key: 0, endpoints: None }
}

/// The mean over the orders that keep the pairs; whoever is free next is equally likely, or every order is.
fn by_orders(v: &[f64], n: usize, pairs: &[(u32, u32)], law: Law) -> Vec<f64> {
    /// Walk all orders; returns their number, or 1, and adds gains weighed by what was returned.
    fn walk(
        v: &[f64],
        n: usize,
        pairs: &[(u32, u32)],
        law: Law,
        before: usize,
        weight: f64,
        values: &mut [f64],
    ) -> f64 {
        if before + 1 == 1 << n {
            return 1.0;
        }
        let waits = |player: usize| {
            pairs.iter().any(|&(first, second)| second as usize == player && before >> first & 1 == 0)
        };
        let free: Vec<usize> = (0..n).filter(|&p| before >> p & 1 == 0 && !waits(p)).collect();
        let next = if law == Law::Sequential { weight / free.len() as f64 } else { weight };
        let mut sum = 0.0;
        for &player in &free {
            let after = before | 1 << player;
            let count = walk(v, n, pairs, law, after, next, values);
            let own = if law == Law::Sequential { next } else { weight * count };
            values[player] += own * (v[after] - v[before]);
            sum += count;
        }
        if law == Law::Sequential { 1.0 } else { sum }
    }
    let mut values = vec![0.0; n];
    let count = walk(v, n, pairs, law, 0, 1.0, &mut values);
    values.iter().map(|value| value / count).collect()
}

fn random_pairs(n: u32, stream: &mut Stream) -> Vec<(u32, u32)> {
    let mut ranks: Vec<u32> = (0..n).collect();
    stream.shuffle(&mut ranks);
    let all = (0..n).flat_map(|a| (0..n).map(move |b| (a, b)));
    all.filter(|&(a, b)| ranks[a as usize] < ranks[b as usize] && stream.below(4) == 0).collect()
}

fn play(method: &Method, problem: &Problem, game: impl Fn(&[u64], u32) -> f64) -> (u64, Estimate) {
    let mut run = method.clone().start(problem.clone()).expect("enough budget");
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let mut asked = 0;
    loop {
        let batch = run.ask(5, &workers).expect("a batch");
        let count = batch.coalitions.len();
        if count == 0 {
            return (asked, run.estimate(&workers).expect("values"));
        }
        asked += count as u64;
        let worths = (0..count).map(|place| game(batch.coalitions.get(place), batch.blocks[place]));
        run.tell(batch.first, &worths.collect::<Vec<_>>()).expect("as asked");
    }
}

#[test]
fn all_coalitions_give_the_mean_over_the_orders_by_either_law() {
    let mut stream = Stream::new(1, Purpose::Order, 2, 3);
    for number in 0..60 {
        let n = 1 + stream.index_below(6);
        let pairs = random_pairs(u32::try_from(n).unwrap(), &mut stream);
        let v = random_game(n, 1, number);
        for law in [Law::Uniform, Law::Sequential] {
            let method = Method::Precedence(Options { pairs: pairs.clone(), law: Some(law) });
            let (asked, estimate) =
                play(&method, &problem(n, 64, 0), |s, _| v[usize::try_from(s[0]).unwrap()]);
            assert_eq!(estimate.status, Status::Exact);
            assert!(asked <= 1 << n && estimate.n_evaluations == asked);
            let truth = by_orders(&v, n, &pairs, law);
            for (value, truth) in estimate.values.iter().zip(&truth) {
                // Worths below 1, with weights that sum to 1.
                assert!((value - truth).abs() < 256.0 * f64::EPSILON, "{number} {law:?}: {pairs:?}");
            }
        }
    }
    let v = random_game(5, 1, 0);
    let free = by_orders(&v, 5, &[], Law::Uniform);
    let shapley = shapley_by_orders(&v);
    assert!(free.iter().zip(&shapley).all(|(a, b)| (a - b).abs() < 1e-14));
}

#[test]
fn chains_cost_one_order_and_twenty_players_are_counted() {
    let pairs: Vec<(u32, u32)> = (0..29).map(|player| (player, player + 1)).collect();
    let game = |words: &[u64], _| members(words).map(|player| (player * player) as f64).sum::<f64>();
    for n in [10_usize, 20, 30] {
        let method = Method::Precedence(Options { pairs: pairs[..n - 1].to_vec(), law: None });
        assert!(method.check_budget(n, n as u64).is_err());
        let (asked, estimate) = play(&method, &problem(n, n as u64 + 1, 0), game);
        assert_eq!(asked, n as u64 + 1);
        assert_eq!(estimate.values, (0..n).map(|player| (player * player) as f64).collect::<Vec<_>>());
        assert_eq!(estimate.status == Status::Exact, n <= 20);
    }
}

#[test]
fn blocks_that_all_had_their_turn_average_to_the_whole_along_structured_orders() {
    // The game of block g: player j adds (j + 1) * (g + 1); three blocks of equal weight.
    let base = |block: u32| f64::from(block) * 10.0;
    let gain = |player: usize, block: u32| (player + 1) as f64 * f64::from(block + 1);
    let game = |words: &[u64], block: u32| base(block) + members(words).map(|p| gain(p, block)).sum::<f64>();
    let endpoints = Endpoints {
        empty: (0..3).map(base).collect(),
        full: vec![40.0],
        block_weights: vec![1.0 / 3.0; 3],
        base: vec![10.0],
    };
    let walk = [
        Step::Inner(2),
        Step::Inner(2),
        Step::Leaf(0),
        Step::Leaf(2),
        Step::Inner(2),
        Step::Leaf(1),
        Step::Leaf(3),
    ];
    let tree = |sampling| {
        Method::Owen(owen::Options { tree: Arc::new(Tree::new(&walk).unwrap()), sampling, shares: None })
    };
    let precedence = Method::Precedence(Options { pairs: vec![(0, 1), (2, 3)], law: None });
    for method in [tree(Sampling::Auto), tree(Sampling::Orders), precedence] {
        let problem = Problem { endpoints: Some(endpoints.clone()), ..problem(4, 18, 1) };
        let (asked, estimate) = play(&method, &problem, game);
        assert_eq!((asked, estimate.status), (18, Status::BudgetSpent));
        assert!((estimate.values.iter().sum::<f64>() - 30.0).abs() < 1e-13);
    }
    for sampling in [Sampling::Exact, Sampling::Adaptive] {
        let problem = Problem { endpoints: Some(endpoints.clone()), ..problem(4, 18, 1) };
        assert!(tree(sampling).start(problem).is_err());
    }
}
