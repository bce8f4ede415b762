//! Values along a players' tree, judged by the definition: the mean over all orders that respect it.

use std::collections::BTreeSet;
use std::sync::Arc;

use ferroshap::estimate::auto::Method;
use ferroshap::estimate::owen::Sampling::{Adaptive, Auto, Exact, Orders};
use ferroshap::estimate::owen::{Options, Sampling, Step, Tree};
use ferroshap::estimate::{Endpoints, Estimate, Problem, Status};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};

use crate::oracle::{output, random_game, shapley_by_orders};

/// A tree as its groups stand in each other.
#[derive(Debug, Clone)]
enum Nest {
    Player(u32),
    Group(Vec<Self>),
}

impl Nest {
    /// Players in a random tree, among them nodes of one child.
    fn random(players: &[u32], stream: &mut Stream) -> Self {
        if let [player] = players {
            return if stream.below(4) == 0 {
                Self::Group(vec![Self::Player(*player)])
            } else {
                Self::Player(*player)
            };
        }
        let most = players.len().min(4);
        let n_cuts = stream.index_below(most);
        let mut cuts: BTreeSet<usize> =
            (0..n_cuts).map(|_| 1 + stream.index_below(players.len() - 1)).collect();
        cuts.extend([0, players.len()]);
        let ends: Vec<usize> = cuts.into_iter().collect();
        if ends.len() == 2 {
            return Self::Group(vec![Self::balanced(players)]);
        }
        Self::Group(ends.windows(2).map(|end| Self::random(&players[end[0]..end[1]], stream)).collect())
    }

    fn balanced(players: &[u32]) -> Self {
        if let [player] = players {
            return Self::Player(*player);
        }
        let (left, right) = players.split_at(players.len() / 2);
        Self::Group(vec![Self::balanced(left), Self::balanced(right)])
    }

    fn chain(n: u32) -> Self {
        (0..n - 1)
            .rev()
            .fold(Self::Player(n - 1), |rest, player| Self::Group(vec![Self::Player(player), rest]))
    }

    fn flat(n: u32) -> Self {
        Self::Group((0..n).map(Self::Player).collect())
    }

    fn walk(&self) -> Vec<Step> {
        match self {
            Self::Player(player) => vec![Step::Leaf(*player)],
            Self::Group(parts) => {
                let inner = Step::Inner(u32::try_from(parts.len()).expect("few parts"));
                std::iter::once(inner).chain(parts.iter().flat_map(Self::walk)).collect()
            }
        }
    }

    fn tree(&self) -> Arc<Tree> {
        Arc::new(Tree::new(&self.walk()).expect("a tree"))
    }

    /// All orders in which every group's players stand together.
    fn orders(&self) -> Vec<Vec<u32>> {
        match self {
            Self::Player(player) => vec![vec![*player]],
            Self::Group(parts) => arrangements(&parts.iter().map(Self::orders).collect::<Vec<_>>()),
        }
    }

    /// The definition.
    fn values(&self, v: &[f64]) -> Vec<f64> {
        let orders = self.orders();
        let mut values = vec![0.0; v.len().ilog2() as usize];
        for order in &orders {
            let mut before = 0;
            for &player in order {
                let after = before | 1 << player;
                values[player as usize] += (v[after] - v[before]) / orders.len() as f64;
                before = after;
            }
        }
        values
    }
}

/// One order of each part, the parts in every order.
fn arrangements(parts: &[Vec<Vec<u32>>]) -> Vec<Vec<u32>> {
    if parts.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for first in 0..parts.len() {
        let others: Vec<_> = parts[..first].iter().chain(&parts[first + 1..]).cloned().collect();
        for rest in arrangements(&others) {
            all.extend(parts[first].iter().map(|order| [&order[..], &rest].concat()));
        }
    }
    all
}

fn problem(n_players: usize, n_outputs: usize, budget: u64, seed: u64) -> Problem {
    Problem { n_players, n_outputs, n_rows: 1, budget, seed, row_key: 0, endpoints: None }
}

fn method(tree: &Arc<Tree>, sampling: Sampling) -> Method {
    Method::Owen(Options { tree: Arc::clone(tree), sampling, shares: None })
}

/// What was asked, and what is known in the end. Worths are told in shuffled batches.
fn play(method: &Method, problem: &Problem, v: &[f64], number: u64) -> (Vec<u64>, Estimate) {
    let mut run = method.clone().start(problem.clone()).expect("enough budget");
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let mut stream = Stream::new(number, Purpose::Order, 1, 0);
    let (mut asked, mut waiting) = (Vec::new(), Vec::new());
    loop {
        let batch = run.ask(1 + stream.index_below(9), &workers).expect("a batch");
        let count = batch.coalitions.len();
        if count > 0 {
            let words = batch.coalitions.words();
            asked.extend_from_slice(words);
            let worths = words.iter().flat_map(|&s| {
                let first = usize::try_from(s).expect("few players") * problem.n_outputs;
                v[first..first + problem.n_outputs].to_vec()
            });
            waiting.push((batch.first, worths.collect::<Vec<_>>()));
        }
        if count == 0 && waiting.is_empty() {
            break;
        }
        if count == 0 || stream.below(3) == 0 {
            let (first, worths) = waiting.swap_remove(stream.index_below(waiting.len()));
            run.tell(first, &worths).expect("as asked");
        }
    }
    (asked, run.estimate(&workers).expect("values"))
}

fn scale(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |most: f64, worth| most.max(worth.abs()))
}

/// Values are means of at most 2^8 differences of worths.
fn assert_equal(values: &[f64], truth: &[f64], v: &[f64], what: &str) {
    for (value, truth) in values.iter().zip(truth) {
        let tolerance = 1024.0 * f64::EPSILON * scale(v);
        assert!((value - truth).abs() <= tolerance, "{what}: {values:?} != {truth:?}");
    }
}

fn random_nest(n: u32, number: u64) -> Nest {
    let mut stream = Stream::new(number, Purpose::Order, 0, u64::from(n));
    let mut players: Vec<u32> = (0..n).collect();
    stream.shuffle(&mut players);
    Nest::random(&players, &mut stream)
}

#[test]
fn both_complete_ways_are_the_mean_over_the_orders_that_respect_the_tree() {
    for n in 1..8_u32 {
        for number in 0..12 {
            let nest = random_nest(n, number);
            let (tree, v) = (nest.tree(), random_game(n as usize, 2, usize::try_from(number).unwrap()));
            let all = tree.n_coalitions();
            for sampling in [Exact, Adaptive, Auto] {
                let known = Endpoints {
                    empty: v[..2].to_vec(),
                    full: v[v.len() - 2..].to_vec(),
                    block_weights: vec![1.0],
                    base: v[..2].to_vec(),
                };
                for endpoints in [None, Some(known)] {
                    let budget = if endpoints.is_some() { all - 2 } else { all };
                    let problem = Problem { endpoints, ..problem(n as usize, 2, budget, 0) };
                    let (asked, estimate) = play(&method(&tree, sampling), &problem, &v, number);
                    assert_eq!(estimate.status, Status::Exact, "{sampling:?} {nest:?}");
                    assert_eq!((asked.len() as u64, estimate.n_evaluations), (budget, budget));
                    let distinct: BTreeSet<u64> = asked.iter().copied().collect();
                    assert_eq!(distinct.len(), asked.len(), "a coalition twice: {nest:?}");
                    assert!(estimate.std_errors.iter().all(|error| *error == 0.0));
                    for k in 0..2 {
                        let truth = nest.values(&output(&v, 2, k));
                        let what = format!("{sampling:?} {nest:?} {number}");
                        assert_equal(&output(&estimate.values, 2, k), &truth, &v, &what);
                    }
                }
            }
        }
    }
}

#[test]
fn a_tree_without_groups_gives_shapley_values() {
    let v = random_game(7, 1, 3);
    let (_, estimate) = play(&method(&Nest::flat(7).tree(), Auto), &problem(7, 1, 128, 0), &v, 0);
    assert_equal(&estimate.values, &shapley_by_orders(&v), &v, "flat");
    assert_eq!(estimate.status, Status::Exact);
}

#[test]
fn every_budget_is_kept_and_every_prefix_is_efficient() {
    for number in 0..20 {
        let n = 3 + u32::try_from(number % 5).unwrap();
        let nest = random_nest(n, number);
        let (tree, v) = (nest.tree(), random_game(n as usize, 1, usize::try_from(number).unwrap()));
        let total = v[v.len() - 1] - v[0];
        for sampling in [Adaptive, Orders, Auto] {
            for budget in 0..=tree.n_coalitions() + 3 {
                let (method, problem) = (method(&tree, sampling), problem(n as usize, 1, budget, number));
                let refused = method.check_budget(n as usize, budget).is_err();
                assert_eq!(method.clone().start(problem.clone()).is_err(), refused, "{sampling:?} {budget}");
                if refused {
                    continue;
                }
                let (asked, estimate) = play(&method, &problem, &v, budget);
                assert!(asked.len() as u64 <= budget);
                let sum: f64 = estimate.values.iter().sum();
                assert!((sum - total).abs() <= 64.0 * f64::EPSILON * scale(&v), "{sampling:?} {budget}");
                assert_eq!(estimate.n_evaluations, asked.len() as u64);
            }
        }
    }
}

#[test]
fn runs_stopped_anywhere_are_efficient() {
    let nest = random_nest(7, 2);
    let (tree, v) = (nest.tree(), random_game(7, 1, 8));
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    for sampling in [Exact, Adaptive, Orders] {
        let problem = problem(7, 1, tree.n_coalitions().max(14), 0);
        let mut run = method(&tree, sampling).start(problem).unwrap();
        let mut told = 0;
        loop {
            let batch = run.ask(1, &workers).unwrap();
            if batch.coalitions.is_empty() {
                break;
            }
            run.tell(batch.first, &[v[usize::try_from(batch.coalitions.words()[0]).unwrap()]]).unwrap();
            told += 1;
            if told >= 2 {
                let estimate = run.estimate(&workers).unwrap();
                let missed = estimate.values.iter().sum::<f64>() - (v[127] - v[0]);
                assert!(missed.abs() <= 256.0 * f64::EPSILON * scale(&v), "{sampling:?} after {told}");
            }
        }
    }
}

#[test]
fn splitting_goes_where_most_is_at_stake() {
    // Of eight players in a balanced tree 6 and 7 alone matter, and only together.
    let tree = Nest::balanced(&[0, 1, 2, 3, 4, 5, 6, 7]).tree();
    let v: Vec<f64> = (0..256_usize).map(|s| if s >> 6 == 3 { 1.0 } else { 0.0 }).collect();
    let (asked, estimate) = play(&method(&tree, Adaptive), &problem(8, 1, 12, 0), &v, 0);
    // The root, then the half of 6 and 7 without and with the others; the latter's pairs come next.
    assert_eq!(asked[..4], [0, 255, 0b1111, 0b1111_0000]);
    assert_eq!(estimate.values[6..], [0.5, 0.5]);
    assert_eq!(estimate.values[..6], [0.0; 6]);
    assert_eq!(estimate.status, Status::BudgetSpent);
    assert!(estimate.std_errors.iter().all(|error| error.is_nan()));
}

#[test]
fn what_was_not_split_is_shared_by_the_shares() {
    let tree = Nest::balanced(&[0, 1, 2, 3]).tree();
    let v: Vec<f64> = (0..16_usize).map(|s| s.count_ones().into()).collect();
    let options = Options { tree, sampling: Adaptive, shares: Some(Arc::new(vec![1.0, 3.0, 2.0, 2.0])) };
    let (_, estimate) = play(&Method::Owen(options.clone()), &problem(4, 1, 4, 0), &v, 0);
    assert_eq!(estimate.values, [0.5, 1.5, 1.0, 1.0]);
    for shares in [vec![1.0; 3], vec![1.0, 0.0, 1.0, 1.0], vec![1.0, f64::NAN, 1.0, 1.0]] {
        let options = Options { shares: Some(Arc::new(shares)), ..options.clone() };
        assert!(Method::Owen(options).start(problem(4, 1, 4, 0)).is_err());
    }
}

#[test]
fn tree_orders_are_unbiased_and_their_errors_honest() {
    let nest = random_nest(7, 5);
    let (tree, v) = (nest.tree(), random_game(7, 1, 5));
    let truth = nest.values(&v);
    let runs = 2000;
    for budget in [14, 50] {
        let (mut sums, mut squares, mut stated) = ([0.0; 7], [0.0; 7], [0.0; 7]);
        for seed in 0..runs {
            let (_, estimate) = play(&method(&tree, Orders), &problem(7, 1, budget, seed), &v, seed);
            for player in 0..7 {
                let error = estimate.values[player] - truth[player];
                sums[player] += error;
                squares[player] += error * error;
                stated[player] += estimate.std_errors[player].powi(2);
            }
        }
        let count = f64::from(u32::try_from(runs).unwrap());
        for player in 0..7 {
            let mean = sums[player] / count;
            let spread = (squares[player] / count - mean * mean).max(0.0).sqrt();
            assert!(
                mean.abs() <= 5.0 * spread / count.sqrt() + 1e-13,
                "budget {budget}: {player} is off by {mean}"
            );
        }
        if budget > 14 {
            // Moderated towards the players' mean: right for all of them together.
            let ratio = stated.iter().sum::<f64>() / squares.iter().sum::<f64>();
            assert!((0.8..1.25).contains(&ratio), "stated over made: {ratio}");
        }
    }
}

#[test]
fn the_automatic_way_follows_the_budget() {
    let way = |nest: &Nest, granted, n_blocks| {
        let options = Options { tree: nest.tree(), sampling: Auto, shares: None };
        options.resolved(granted, n_blocks).sampling
    };
    let balanced = Nest::balanced(&(0..16).collect::<Vec<_>>());
    assert_eq!([172, 171, 129].map(|m| way(&balanced, m, 1)), [Exact, Adaptive, Adaptive]);
    assert_eq!([128, 32, 31, 4].map(|m| way(&balanced, m, 1)), [Orders, Orders, Adaptive, Adaptive]);
    assert_eq!(way(&balanced, 1000, 2), Orders);
    assert_eq!([1 << 16, 65_535, 32].map(|m| way(&Nest::flat(16), m, 1)), [Exact, Orders, Orders]);
    assert_eq!([1 << 20, 1000, 39].map(|m| way(&Nest::chain(20), m, 1)), [Exact, Orders, Adaptive]);
    let least = |nest: &Nest, sampling| Options { tree: nest.tree(), sampling, shares: None }.least_budget();
    assert_eq!([Auto, Exact, Adaptive, Orders].map(|way| least(&balanced, way)), [4, 172, 4, 32]);
    assert_eq!([Auto, Adaptive].map(|way| least(&Nest::flat(16), way)), [32, 1 << 16]);
}

#[test]
fn many_players_in_deep_and_wide_trees() {
    let game = |words: &[u64]| words.iter().map(|word| f64::from(word.count_ones())).sum::<f64>().sqrt();
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let players: Vec<u32> = (0..4096).collect();
    let chain: Vec<Step> = (0..9_999)
        .flat_map(|player| [Step::Inner(2), Step::Leaf(player)])
        .chain([Step::Leaf(9_999)])
        .collect();
    for (tree, budget) in
        [(Nest::balanced(&players).tree(), 20_000), (Arc::new(Tree::new(&chain).unwrap()), 2_000)]
    {
        let n = tree.n_players();
        let mut run = method(&tree, Auto).start(problem(n, 1, budget, 0)).unwrap();
        loop {
            let batch = run.ask(1000, &workers).unwrap();
            if batch.coalitions.is_empty() {
                break;
            }
            let count = batch.coalitions.len();
            let worths: Vec<f64> = (0..count).map(|place| game(batch.coalitions.get(place))).collect();
            run.tell(batch.first, &worths).unwrap();
        }
        let estimate = run.estimate(&workers).unwrap();
        let sum: f64 = estimate.values.iter().sum();
        assert!((sum - (n as f64).sqrt()).abs() < 1e-9, "{n}: {sum}");
        assert!(estimate.values.iter().all(|value| *value > 0.0));
    }
}
