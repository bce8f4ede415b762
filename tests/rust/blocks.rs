//! Laws of pairs on a background in blocks: what they are for the whole background, exactly or on average.

use ferroshap::coalition::members;
use ferroshap::error::Error;
use ferroshap::estimate::leverage::Leverage;
use ferroshap::estimate::odd_gp::{self, OddGp};
use ferroshap::estimate::paired::{Paired, least_for_blocks, pays_for_blocks};
use ferroshap::estimate::{Batch, Endpoints, Estimate, Estimator, Problem, Status};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::sample::sizes::Sequence;

use crate::oracle::{random_game, shapley_by_orders};

const SEQUENCES: [Sequence; 3] = [Sequence::Leverage, Sequence::StarMiddle, Sequence::Kernel];

/// A game on each block, all outputs of all coalitions: `(blocks, 2^n, outputs)`. Everybody is worth the same on every
/// block: the explained row shows nothing of the background.
struct Blocks {
    n_players: usize,
    n_outputs: usize,
    weights: Vec<f64>,
    worths: Vec<Vec<f64>>,
}

impl Blocks {
    fn new(n_players: usize, n_outputs: usize, weights: &[f64], game: impl Fn(usize) -> Vec<f64>) -> Self {
        let mut worths: Vec<Vec<f64>> = (0..weights.len()).map(game).collect();
        let full = worths[0][worths[0].len() - n_outputs..].to_vec();
        for worths in &mut worths {
            let first = worths.len() - n_outputs;
            worths[first..].copy_from_slice(&full);
        }
        Self { n_players, n_outputs, weights: weights.to_vec(), worths }
    }

    /// Unrelated games on the blocks.
    fn random(n_players: usize, n_outputs: usize, weights: &[f64], number: usize) -> Self {
        Self::new(n_players, n_outputs, weights, |g| random_game(n_players, n_outputs, 100 * number + g))
    }

    /// One game, plus on each block an additive game of its own.
    fn apart_by_additive_games(n_players: usize, weights: &[f64], number: usize) -> Self {
        let common = random_game(n_players, 1, number);
        Self::new(n_players, 1, weights, |g| {
            let own = random_game(n_players, 1, 1000 + 100 * number + g);
            // The missing feature's own number: nobody misses anything from everybody.
            let missing = |s: usize| (0..n_players).filter(move |j| s >> j & 1 == 0);
            (0..1 << n_players).map(|s| common[s] + missing(s).map(|j| own[j]).sum::<f64>()).collect()
        })
    }

    fn whole(&self) -> Vec<f64> {
        let mut whole = vec![0.0; self.worths[0].len()];
        for (worths, weight) in self.worths.iter().zip(&self.weights) {
            whole.iter_mut().zip(worths).for_each(|(sum, worth)| *sum += weight * worth);
        }
        whole
    }

    fn problem(&self, granted: u64, seed: u64) -> Problem {
        let k = self.n_outputs;
        let endpoints = Endpoints {
            empty: self.worths.iter().flat_map(|worths| worths[..k].to_vec()).collect(),
            full: self.worths[0][self.worths[0].len() - k..].to_vec(),
            block_weights: self.weights.clone(),
            base: self.whole()[..k].to_vec(),
        };
        let (n_players, budget) = (self.n_players, granted - 2);
        let endpoints = Some(endpoints);
        Problem { n_players, n_outputs: k, n_rows: 1, budget, seed, row_key: 0, endpoints }
    }

    fn answer(&self, batch: &Batch) -> Vec<f64> {
        let worth = |i: usize| {
            let coalition = usize::try_from(batch.coalitions.get(i)[0]).expect("few players");
            let first = coalition * self.n_outputs;
            self.worths[batch.blocks[i] as usize][first..first + self.n_outputs].to_vec()
        };
        (0..batch.coalitions.len()).flat_map(worth).collect()
    }

    /// Play at most `most` evaluations in batches of `size`; returns how many there were.
    fn play(&self, run: &mut dyn Asked, size: usize, most: usize) -> usize {
        let mut count = 0;
        while count < most {
            let batch = run.ask(size.min(most - count));
            if batch.coalitions.is_empty() {
                break;
            }
            count += batch.coalitions.len();
            run.tell(batch.first, &self.answer(&batch));
        }
        count
    }
}

trait Asked {
    fn ask(&mut self, max: usize) -> Batch;
    fn tell(&mut self, first: u64, worths: &[f64]);
}

impl Asked for Paired {
    fn ask(&mut self, max: usize) -> Batch {
        Paired::ask(self, max, &Workers::serial(&Cancel::default())).expect("asking does not fail")
    }
    fn tell(&mut self, first: u64, worths: &[f64]) {
        Paired::tell(self, first, worths).expect("finite worths that were asked");
    }
}

macro_rules! asked {
    ($($estimator:ty),*) => { $(impl Asked for $estimator {
        fn ask(&mut self, max: usize) -> Batch {
            Estimator::ask(self, max, &Workers::serial(&Cancel::default())).expect("asking does not fail")
        }
        fn tell(&mut self, first: u64, worths: &[f64]) {
            Estimator::tell(self, first, worths).expect("finite worths that were asked");
        }
    })* };
}
asked!(Leverage, OddGp);

fn estimate(run: &dyn Estimator) -> Estimate {
    run.estimate(&Workers::serial(&Cancel::default())).expect("nobody interrupts")
}

/// What the pairs know of the whole background: half-differences, half-sums.
fn by_definition(blocks: &Blocks, pairs: &Paired) -> (Vec<f64>, Vec<f64>) {
    let whole = blocks.whole();
    let k = blocks.n_outputs;
    let half = |sign: f64| {
        let of_pair = |pair: usize| {
            let s = usize::try_from(pairs.coalitions().get(pair)[0]).expect("few players");
            let complement = (1 << blocks.n_players) - 1 - s;
            let whole = &whole;
            (0..k).map(move |c| 0.5 * (whole[s * k + c] + sign * whole[complement * k + c]))
        };
        (0..pairs.n_told()).flat_map(of_pair).collect()
    };
    (half(-1.0), half(1.0))
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |largest, (a, b)| (a - b).abs().max(largest))
}

/// Worths are at most 2 and each number is a sum of fewer than 200 terms of that size.
const ROUNDING: f64 = 1e-13;

#[test]
fn pairs_that_met_all_blocks_are_those_of_the_whole_background() {
    for (n, weights) in [(4, vec![0.5, 0.5]), (5, vec![0.1, 0.6, 0.3]), (6, vec![0.25; 4])] {
        for (number, sequence) in SEQUENCES.into_iter().enumerate() {
            let blocks = Blocks::random(n, 3, &weights, number);
            let all = (weights.len() * ((1 << n) - 2)) as u64;
            let granted = (all + 102).max(least_for_blocks(n, u32::try_from(weights.len()).unwrap()));
            let mut pairs = Paired::new(blocks.problem(granted, 7), sequence, true).unwrap();
            assert_eq!(blocks.play(&mut pairs, 7, usize::MAX) as u64, all);
            assert!(pairs.is_exact() && pairs.status() == Status::Exact);
            assert_eq!((pairs.n_told(), pairs.n_evaluations()), ((1 << (n - 1)) - 1, all));
            let (differences, sums) = by_definition(&blocks, &pairs);
            assert!(largest_difference(pairs.half_differences(), &differences) < ROUNDING);
            assert!(largest_difference(pairs.half_sums().unwrap(), &sums) < ROUNDING);
            assert!(pairs.seen().unwrap().iter().all(|&seen| (seen - 1.0).abs() < ROUNDING));
        }
    }
}

#[test]
fn values_are_exact_once_all_pairs_met_all_blocks() {
    let weights = [0.2, 0.5, 0.3];
    let blocks = Blocks::random(6, 1, &weights, 3);
    let mut run = Leverage::new(blocks.problem(3 * 62 + 2, 0), Sequence::Leverage).unwrap();
    blocks.play(&mut run, 16, usize::MAX);
    let estimate = estimate(&run);
    assert_eq!(estimate.status, Status::Exact);
    assert!(largest_difference(&estimate.values, &shapley_by_orders(&blocks.whole())) < ROUNDING);
    assert_eq!(estimate.std_errors, [0.0; 6]);
}

#[test]
fn the_star_is_that_of_the_whole_background() {
    let blocks = Blocks::random(6, 2, &[0.25, 0.4, 0.35], 1);
    let mut pairs = Paired::new(blocks.problem(200, 0), Sequence::Leverage, true).unwrap();
    blocks.play(&mut pairs, 5, 36);
    assert_eq!((pairs.n_told(), pairs.classes()), (6, &[1_u32; 6][..]));
    let (differences, sums) = by_definition(&blocks, &pairs);
    assert!(largest_difference(pairs.half_differences(), &differences) < ROUNDING);
    assert!(largest_difference(pairs.half_sums().unwrap(), &sums) < ROUNDING);
}

#[test]
fn nothing_is_left_of_blocks_that_differ_by_additive_games() {
    for (number, sequence) in SEQUENCES.into_iter().enumerate() {
        let blocks = Blocks::apart_by_additive_games(6, &[0.3, 0.25, 0.45], number);
        for granted in [84, 100, 119] {
            let mut pairs = Paired::new(blocks.problem(granted, 5), sequence, true).unwrap();
            blocks.play(&mut pairs, 9, usize::MAX);
            let (differences, sums) = by_definition(&blocks, &pairs);
            assert!(largest_difference(pairs.half_differences(), &differences) < ROUNDING);
            assert!(largest_difference(pairs.half_sums().unwrap(), &sums) < ROUNDING);
        }
    }
}

/// Six players: 23 of 25 pairs meet one block; five: all ten pairs meet two, which is a ratio where weights differ.
#[test]
fn pairs_of_some_blocks_are_unbiased_for_the_whole_background() {
    for (n, granted, weights) in [(6, 84, [0.5, 0.2, 0.3]), (5, 72, [1.0 / 3.0; 3])] {
        let blocks = Blocks::random(n, 1, &weights, 2);
        let n_seeds = 4_000;
        let mut errors = [vec![], vec![]];
        for seed in 0..n_seeds {
            let mut pairs = Paired::new(blocks.problem(granted, seed), Sequence::StarMiddle, true).unwrap();
            blocks.play(&mut pairs, 64, usize::MAX);
            let (differences, sums) = by_definition(&blocks, &pairs);
            // A mean over pairs with fixed, unequal weights, so that no error is made up for by another.
            let mean_error = |own: &[f64], whole: &[f64]| {
                let errors = own[n..].iter().zip(&whole[n..]).map(|(own, whole)| own - whole);
                errors.zip(1..).map(|(error, number)| error / f64::from(number)).sum::<f64>()
            };
            errors[0].push(mean_error(pairs.half_differences(), &differences));
            errors[1].push(mean_error(pairs.half_sums().unwrap(), &sums));
        }
        for errors in errors {
            let mean = errors.iter().sum::<f64>() / n_seeds as f64;
            let variance = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / n_seeds as f64;
            assert!(variance > 0.0 && mean.abs() < 5.0 * (variance / n_seeds as f64).sqrt(), "{mean}");
        }
    }
}

#[test]
fn batches_and_the_order_of_arrival_change_no_bit() {
    let blocks = Blocks::random(7, 2, &[0.3, 0.3, 0.4], 4);
    let run = |size: usize, backwards: bool| {
        let mut pairs = Paired::new(blocks.problem(600, 1), Sequence::Leverage, true).unwrap();
        let mut batches: Vec<Batch> = Vec::new();
        loop {
            let batch = pairs.ask(size, &Workers::serial(&Cancel::default())).unwrap();
            if batch.coalitions.is_empty() {
                break;
            }
            batches.push(batch);
        }
        if backwards {
            batches.reverse();
        }
        for batch in &batches {
            Asked::tell(&mut pairs, batch.first, &blocks.answer(batch));
        }
        let bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        (bits(pairs.half_differences()), bits(pairs.half_sums().unwrap()), pairs.n_evaluations())
    };
    let known = run(1000, false);
    for size in [1, 2, 3, 64] {
        assert_eq!(run(size, false), known);
        assert_eq!(run(size, true), known);
    }
}

#[test]
fn a_run_stopped_anywhere_answers_sensibly() {
    let blocks = Blocks::random(6, 1, &[0.25, 0.4, 0.35], 9);
    let grand = blocks.whole()[63] - blocks.whole()[0];
    for stop in 0..98 {
        let mut run = Leverage::new(blocks.problem(100, 2), Sequence::Leverage).unwrap();
        assert_eq!(blocks.play(&mut run, 5, stop), stop);
        let estimate = estimate(&run);
        let sum: f64 = estimate.values.iter().sum();
        assert!((sum - grand).abs() < ROUNDING && estimate.n_evaluations <= stop as u64);
        assert!(estimate.values.iter().all(|value| value.abs() < 10.0));
        assert_eq!(estimate.status, Status::Interrupted);
        if stop < 36 {
            assert!(estimate.std_errors.iter().all(|error| error.is_nan()), "blocks that nobody has seen");
        }
        if (12..36).contains(&stop) {
            assert_eq!(estimate.n_evaluations, (stop - stop % 12) as u64);
        }
    }
}

#[test]
fn a_star_on_some_blocks_agrees_with_the_endpoints_of_all() {
    let blocks = Blocks::new(5, 1, &[0.5, 0.2, 0.3], |g| {
        (0..32_usize)
            .map(|s| (0..5).map(|j| if s >> j & 1 == 1 { 0.0 } else { (g + j) as f64 }).sum())
            .collect()
    });
    for n_blocks in 1..=3_usize {
        let mut pairs = Paired::new(blocks.problem(72, 0), Sequence::Leverage, true).unwrap();
        blocks.play(&mut pairs, 64, 10 * n_blocks);
        assert_eq!(pairs.is_representative(), n_blocks == 3);
        // Additive in players, but for what is missing of D, which all share: all rows are still of an additive game
        // with the endpoints of the whole.
        let grand = pairs.endpoints().total_difference(0);
        let values: Vec<f64> = pairs.half_differences().iter().map(|o| o + grand / 2.0).collect();
        assert!((values.iter().sum::<f64>() - grand).abs() < ROUNDING);
        let at_nobody = 0.5 * (pairs.endpoints().empty(0) + pairs.endpoints().full(0));
        assert!(pairs.half_sums().unwrap().iter().all(|sum| (sum - at_nobody).abs() < ROUNDING));
    }
}

#[test]
fn a_budget_that_the_stars_would_eat_is_refused() {
    assert_eq!(least_for_blocks(10, 4), 132);
    assert!(pays_for_blocks(10, 132, 4) && !pays_for_blocks(10, 131, 4) && pays_for_blocks(10, 0, 1));
    let blocks = Blocks::random(4, 1, &[0.5, 0.5], 0);
    let refused = Paired::new(blocks.problem(29, 0), Sequence::Leverage, false);
    assert!(matches!(refused, Err(Error::Budget { got: 29, least: 30, .. })));
    let mut pairs = Paired::new(blocks.problem(30, 0), Sequence::Leverage, false).unwrap();
    let batch = pairs.ask(1000, &Workers::serial(&Cancel::default())).unwrap();
    // Both stars, three pairs left of seven, each on both blocks: no more than the game has.
    assert_eq!(batch.coalitions.len(), 2 * (4 + 4 + 3 + 3));
    for (i, block) in batch.blocks.iter().enumerate().take(16) {
        assert_eq!(*block as usize, i / 8);
        let inside = members(batch.coalitions.get(i)).count();
        assert_eq!(inside, if i % 2 == 0 { 1 } else { 3 });
    }
}

#[test]
fn errors_stay_where_all_pairs_are_known_on_one_block_each() {
    let (mut squares, mut stated) = ([0.0; 2], [0.0; 2]);
    for number in 0..60 {
        let blocks = Blocks::random(6, 1, &[1.0 / 3.0; 3], number);
        let truth = shapley_by_orders(&blocks.whole());
        // 18 looks at the stars, one at each of the 25 other pairs.
        let problem = blocks.problem(2 + 2 * 43, number as u64);
        let mut leverage = Leverage::new(problem.clone(), Sequence::Leverage).unwrap();
        let mut kriging = OddGp::new(problem, odd_gp::Options::default()).unwrap();
        assert_eq!(blocks.play(&mut leverage, 64, usize::MAX), 86);
        assert_eq!(blocks.play(&mut kriging, 64, usize::MAX), 86);
        for (method, estimate) in [estimate(&leverage), estimate(&kriging)].iter().enumerate() {
            for (player, value) in truth.iter().enumerate() {
                squares[method] += (estimate.values[player] - value).powi(2);
                stated[method] += estimate.std_errors[player].powi(2);
            }
        }
    }
    for (squares, stated) in squares.iter().zip(&stated) {
        // Errors are at least those made, but for what 60 games of six players leave to luck, and of their size.
        assert!((0.8..6.0).contains(&(stated / squares)), "stated {stated}, made {squares}");
    }
}
