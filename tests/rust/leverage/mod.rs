//! Laws of leverage-weighted least squares; here the games and what plays them.

mod definition;
mod machine;
mod quality;

use ferroshap::coalition::{contains, members};
use ferroshap::estimate::leverage::Leverage;
use ferroshap::estimate::{Estimate, Estimator, Problem};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};
use ferroshap::sample::sizes::Sequence;

pub(super) type Game = Box<dyn Fn(&[u64]) -> Vec<f64>>;

pub(super) fn problem(n_players: usize, n_outputs: usize, budget: u64, seed: u64) -> Problem {
    Problem { n_players, n_outputs, n_rows: 1, budget, seed, row_key: 0, endpoints: None }
}

fn estimator(problem: Problem) -> Leverage {
    Leverage::new(problem, Sequence::Leverage).expect("a valid problem")
}

/// Ask and tell in batches of `size` until nothing is left; returns the number of evaluations.
fn play(leverage: &mut Leverage, game: &dyn Fn(&[u64]) -> Vec<f64>, size: usize) -> u64 {
    let mut count = 0;
    loop {
        let batch = leverage.ask(size, &Workers::serial(&Cancel::default())).expect("asking does not fail");
        if batch.coalitions.is_empty() {
            return count;
        }
        count += batch.coalitions.len() as u64;
        let worths: Vec<f64> =
            (0..batch.coalitions.len()).flat_map(|i| game(batch.coalitions.get(i))).collect();
        leverage.tell(batch.first, &worths).expect("finite worths that were asked");
    }
}

fn estimate(leverage: &Leverage, n_threads: usize) -> Estimate {
    leverage.estimate(&Workers::new(n_threads, &Cancel::default())).expect("nobody interrupts")
}

fn run(problem: Problem, game: &dyn Fn(&[u64]) -> Vec<f64>) -> Estimate {
    let mut leverage = estimator(problem);
    play(&mut leverage, game, 1000);
    estimate(&leverage, 1)
}

/// A standard normal number, by twelve uniform ones.
pub(super) fn normal(stream: &mut Stream) -> f64 {
    (0..12).map(|_| (stream.word() >> 11) as f64 / 2f64.powi(53)).sum::<f64>() - 6.0
}

/// A sum of `count` products of up to `order` players' memberships, with its values.
pub(super) fn additive(n: usize, order: usize, count: usize, seed: u64) -> (Game, Vec<f64>) {
    let mut stream = Stream::new(seed, Purpose::Order, 1, (n * 10 + order) as u64);
    let terms: Vec<(Vec<usize>, f64)> = (0..count)
        .map(|term| {
            let mut players: Vec<usize> = (0..n).collect();
            stream.shuffle(&mut players);
            players.truncate(1 + term % order);
            (players, normal(&mut stream))
        })
        .collect();
    let mut values = vec![0.0; n];
    for (players, worth) in &terms {
        for &player in players {
            values[player] += worth / players.len() as f64;
        }
    }
    let game = move |words: &[u64]| {
        let complete = |players: &[usize]| players.iter().all(|&player| contains(words, player));
        vec![terms.iter().filter(|(players, _)| complete(players)).map(|(_, worth)| worth).sum()]
    };
    (Box::new(game), values)
}

/// `tanh` of a random linear form: interactions of every order.
pub(super) fn dense(n: usize, seed: u64) -> Game {
    let mut stream = Stream::new(seed, Purpose::Order, 2, n as u64);
    let weights: Vec<f64> = (0..n).map(|_| 1.5 * normal(&mut stream) / (n as f64).sqrt()).collect();
    Box::new(move |words| vec![(members(words).map(|j| weights[j]).sum::<f64>() + 0.2).tanh()])
}

/// A weighted majority.
pub(super) fn voting(n: usize, seed: u64) -> Game {
    let mut stream = Stream::new(seed, Purpose::Order, 3, n as u64);
    let weights: Vec<u64> = (0..n).map(|_| 1 + stream.below(10)).collect();
    let quota = weights.iter().sum::<u64>() / 2;
    Box::new(move |words| vec![f64::from(members(words).map(|j| weights[j]).sum::<u64>() > quota)])
}

pub(super) fn games(n: usize, seed: u64) -> Vec<(&'static str, Game)> {
    vec![
        ("additive", additive(n, 1, 2 * n, seed).0),
        ("two-additive", additive(n, 2, 4 * n, seed).0),
        ("three-additive", additive(n, 3, 6 * n, seed).0),
        ("dense", dense(n, seed)),
        ("voting", voting(n, seed)),
    ]
}

/// Eleven outputs of unlike games, in one.
pub(super) fn several(n: usize) -> Game {
    let parts: Vec<Game> = (0..11).map(|part| games(n, part as u64).swap_remove(part % 5).1).collect();
    Box::new(move |words| parts.iter().flat_map(|part| part(words)).collect())
}

/// The values by their definition, over all coalitions.
pub(super) fn oracle(game: &dyn Fn(&[u64]) -> Vec<f64>, n: usize) -> Vec<f64> {
    let worths: Vec<f64> = (0..1_u64 << n).map(|bits| game(&[bits])[0]).collect();
    let mut weights = vec![1.0 / n as f64]; // of a coalition of the index's size
    (1..n).for_each(|size| weights.push(weights[size - 1] * size as f64 / (n - size) as f64));
    let gain = |player: usize, bits: usize| worths[bits | 1 << player] - worths[bits];
    let without = |player: usize| (0..1_usize << n).filter(move |bits| bits >> player & 1 == 0);
    let value =
        |player| without(player).map(|bits| weights[bits.count_ones() as usize] * gain(player, bits)).sum();
    (0..n).map(value).collect()
}

pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

pub(super) fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}
