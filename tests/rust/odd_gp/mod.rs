//! Laws of kriging on half-differences; here what plays the games of `leverage`.

mod explicit;
mod machine;
mod quality;

use ferroshap::coalition::Coalitions;
use ferroshap::estimate::odd_gp::{Data, OddGp, OddModel, Options};
use ferroshap::estimate::{Estimate, Estimator, Problem};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::sample::Sequence;
use ferroshap::sample::pairs::PairSequence;

use super::leverage::{
    additive, bits, dense, games, largest, oracle, problem, several, squared_distance, voting,
};

fn estimator(problem: Problem, options: Options) -> OddGp {
    OddGp::new(problem, options).expect("a valid problem")
}

/// Ask and tell in batches of `size` until nothing is left; returns the number of evaluations.
fn play(odd_gp: &mut OddGp, game: &dyn Fn(&[u64]) -> Vec<f64>, size: usize) -> u64 {
    let mut count = 0;
    loop {
        let batch = odd_gp.ask(size, &Workers::serial(&Cancel::default())).expect("asking does not fail");
        if batch.coalitions.is_empty() {
            return count;
        }
        count += batch.coalitions.len() as u64;
        let worths: Vec<f64> =
            (0..batch.coalitions.len()).flat_map(|i| game(batch.coalitions.get(i))).collect();
        odd_gp.tell(batch.first, &worths).expect("finite worths that were asked");
    }
}

fn estimate(odd_gp: &OddGp, n_threads: usize) -> Estimate {
    odd_gp.estimate(&Workers::new(n_threads, &Cancel::default())).expect("nobody interrupts")
}

fn run(problem: Problem, options: Options, game: &dyn Fn(&[u64]) -> Vec<f64>) -> Estimate {
    let mut odd_gp = estimator(problem, options);
    play(&mut odd_gp, game, 1000);
    estimate(&odd_gp, 1)
}

/// The first `n_pairs` pairs of the default sequence, and what a game of one output makes of them.
fn data(n: usize, n_pairs: usize, seed: u64, game: &dyn Fn(&[u64]) -> Vec<f64>) -> Data {
    let cancel = Cancel::default();
    let mut sequence = PairSequence::new(Sequence::StarMiddle, n, seed, 0);
    let pairs = sequence.next_pairs(n_pairs, &Workers::serial(&cancel)).expect("nobody interrupts");
    let mut ends = Coalitions::new(n);
    ends.push_endpoint(false);
    ends.push_endpoint(true);
    let half = |words: &[u64]| {
        let mut other = Coalitions::new(n);
        other.push_complement(words);
        0.5 * (game(words)[0] - game(other.get(0))[0])
    };
    Data {
        targets: (0..n_pairs).map(|pair| half(pairs.coalitions.get(pair))).collect(),
        is_star: pairs.classes.iter().map(|&class| class == 1).collect(),
        grand: vec![game(ends.get(1))[0] - game(ends.get(0))[0]],
        coalitions: pairs.coalitions,
    }
}

fn fit(data: &Data, options: Options) -> OddModel {
    OddModel::fit(data, options, &Workers::serial(&Cancel::default())).expect("a valid fit")
}
