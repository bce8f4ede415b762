//! All designs of a small game, enumerated: means over them are what is estimated, without sampling error.

use super::folds::{Fit, Folds, Told};
use super::strata::Sample;
use super::terms::Terms;
use super::{kriging, linear};
use crate::coalition::Coalitions;
use crate::index::Semivalue;
use crate::parallel::{Cancel, Workers};
use crate::random::mix;

const N: usize = 4;

/// A game of four players whose worths know nothing of each other.
fn worth(coalition: u64) -> f64 {
    (mix(coalition + 77) >> 11) as f64 / 2f64.powi(52) - 1.0
}

/// `sum_T p_|T| (v(T + i) - v(T))`.
fn by_definition(semivalue: &Semivalue, v: &dyn Fn(u64) -> f64) -> Vec<f64> {
    let p = semivalue.size_weights(N).unwrap().weights();
    let gain = |i: usize, t: u64| p[t.count_ones() as usize] * (v(t | 1 << i) - v(t));
    (0..N).map(|i| (0..1 << N).filter(|t| t >> i & 1 == 0).map(|t| gain(i, t)).sum()).collect()
}

/// All ordered selections of `count` of `pool`.
fn selections(pool: &[u64], count: usize) -> Vec<Vec<u64>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let extended = |shorter: Vec<u64>| {
        let rest: Vec<u64> = pool.iter().copied().filter(|one| !shorter.contains(one)).collect();
        rest.into_iter().map(move |next| [&shorter[..], &[next]].concat())
    };
    selections(pool, count - 1).into_iter().flat_map(extended).collect()
}

/// The smaller halves by size, or all coalitions by size.
fn pools(is_paired: bool) -> Vec<Vec<u64>> {
    let last = if is_paired { N / 2 } else { N - 1 };
    let of_size = |k: usize| {
        let is_named =
            move |s: &u64| s.count_ones() as usize == k && (!is_paired || 2 * k < N || s >> (N - 1) == 1);
        (0..1 << N).filter(is_named).collect()
    };
    (0..=last).map(|k| if k == 0 { Vec::new() } else { of_size(k) }).collect()
}

type Surrogate = dyn Fn(&Told<'_>, &Folds) -> Vec<Fit>;

/// Call `see(values, variances)` for every design with `counts` units a stratum.
fn for_each_design(
    semivalue: &Semivalue,
    is_paired: bool,
    counts: &[usize],
    surrogate: Option<&Surrogate>,
    mut see: impl FnMut(&[f64], &[f64]),
) {
    let terms =
        if is_paired { Terms::of_pairs(semivalue, N) } else { Terms::of_coalitions(semivalue, N) }.unwrap();
    let pools = pools(is_paired);
    let mut designs: Vec<Vec<u64>> = vec![Vec::new()];
    for (pool, &count) in pools.iter().zip(counts) {
        let chosen = selections(pool, count);
        designs = (designs.iter().flat_map(|d| chosen.iter().map(move |c| [&d[..], c].concat()))).collect();
    }
    let everybody = (1 << N) - 1;
    for design in designs {
        let mut coalitions = Coalitions::new(N);
        for &s in &design {
            coalitions.push(&[s]);
        }
        let strata: Vec<u32> = design.iter().map(|s| s.count_ones()).collect();
        let sample = Sample {
            terms: &terms,
            coalitions: &coalitions,
            strata: &strata,
            pools: pools.iter().map(|pool| Some(pool.len() as u64)).collect(),
            n_outputs: 1,
        };
        let target = |&s: &u64| {
            if is_paired { (worth(s) - worth(everybody & !s)) / 2.0 } else { worth(s) - worth(0) }
        };
        let targets: Vec<f64> = design.iter().map(target).collect();
        let told = Told::new(&sample, &targets, vec![worth(everybody) - worth(0)]);
        let rest = match surrogate {
            None => told.bare(),
            Some(surrogate) => {
                let folds = Folds::new(&sample, 3);
                told.cross_fitted(&folds, &surrogate(&told, &folds))
            }
        };
        let cancel = Cancel::default();
        let sums = sample.sums(&rest, &Workers::serial(&cancel)).unwrap();
        let values: Vec<f64> = rest.values.iter().zip(&sums.values).map(|(a, b)| a + b).collect();
        see(&values, &sums.variances);
    }
}

/// Are the values right on average over all designs?
fn assert_unbiased(semivalue: &Semivalue, is_paired: bool, counts: &[usize], surrogate: Option<&Surrogate>) {
    let truth = by_definition(semivalue, &worth);
    let (mut errors, mut n_designs, mut scale) = ([0.0; N], 0.0, 1.0_f64);
    let mut lost = [0.0; N]; // by rounding (Kahan 1965): the mean is then as exact as its terms
    for_each_design(semivalue, is_paired, counts, surrogate, |values, _| {
        for i in 0..N {
            let error = values[i] - truth[i] - lost[i];
            let sum = errors[i] + error;
            lost[i] = (sum - errors[i]) - error;
            errors[i] = sum;
            scale = scale.max(values[i].abs());
        }
        n_designs += 1.0;
    });
    for error in errors {
        assert!((error / n_designs).abs() < 1e-14 * scale, "{semivalue:?} {counts:?}: {error:e} of {scale}");
    }
}

fn semivalues() -> [Semivalue; 4] {
    let beta = |alpha, beta| Semivalue::Beta { alpha, beta };
    [Semivalue::Shapley, Semivalue::Banzhaf, beta(2.0, 2.0), beta(4.0, 1.0)]
}

fn additive(told: &Told<'_>, folds: &Folds) -> Vec<Fit> {
    let cancel = Cancel::default();
    let fit = |fold| linear::fit(told, folds, fold, &Workers::serial(&cancel)).unwrap();
    (0..folds.n_folds).map(fit).collect()
}

fn kriged(told: &Told<'_>, folds: &Folds) -> Vec<Fit> {
    let cancel = Cancel::default();
    kriging::fits(told, folds, 1, &Workers::serial(&cancel)).unwrap()
}

/// A game that has nothing to do with the one that is played, but knows what it was trained on.
fn wrong(told: &Told<'_>, folds: &Folds) -> Vec<Fit> {
    let sample = told.sample;
    let fit = |fold: u32| {
        let learnt: f64 = folds.training(fold).map(|unit| told.targets[unit] * (1.0 + unit as f64)).sum();
        let game = |s: u64| learnt * worth(s + 100) + f64::from(s.count_ones()).powi(3);
        let everybody = (1 << N) - 1;
        let odd = |s: u64| (game(s) - game(everybody & !s)) / 2.0;
        let units = 0..sample.strata.len();
        Fit {
            predictions: units.map(|unit| odd(sample.coalitions.get(unit)[0])).collect(),
            grand: vec![game(everybody) - game(0)],
            values: by_definition(&Semivalue::Shapley, &game),
        }
    };
    (0..folds.n_folds).map(fit).collect()
}

fn wrong_but_complete(told: &Told<'_>, folds: &Folds) -> Vec<Fit> {
    let mut fits = wrong(told, folds);
    for fit in &mut fits {
        told.complete(fit);
    }
    fits
}

#[test]
fn means_over_all_designs_are_the_values() {
    for semivalue in semivalues() {
        let is_symmetric = super::terms::is_symmetric(&semivalue);
        if is_symmetric {
            for counts in [[0, 1, 1], [0, 2, 1], [0, 3, 2], [0, 4, 2], [0, 2, 3]] {
                assert_unbiased(&semivalue, true, &counts, None);
            }
        }
        for counts in [[0, 1, 1, 1], [0, 2, 2, 1], [0, 4, 2, 2]] {
            assert_unbiased(&semivalue, false, &counts, None);
        }
    }
}

#[test]
fn means_over_all_designs_and_orders_are_the_values_whatever_the_surrogate() {
    for semivalue in semivalues() {
        if super::terms::is_symmetric(&semivalue) {
            for counts in [[0, 1, 1], [0, 2, 1], [0, 3, 3], [0, 4, 2], [0, 4, 1]] {
                assert_unbiased(&semivalue, true, &counts, Some(&additive));
            }
        }
        for counts in [[0, 1, 1, 1], [0, 2, 2, 1]] {
            assert_unbiased(&semivalue, false, &counts, Some(&additive));
        }
    }
    for counts in [[0, 1, 1], [0, 3, 2], [0, 4, 2], [0, 2, 3]] {
        assert_unbiased(&Semivalue::Shapley, true, &counts, Some(&wrong));
        assert_unbiased(&Semivalue::Shapley, true, &counts, Some(&wrong_but_complete));
    }
    for counts in [[0, 3, 3], [0, 4, 2]] {
        assert_unbiased(&Semivalue::Shapley, true, &counts, Some(&kriged));
    }
}

#[test]
fn every_surrogate_is_exact_once_all_units_are_told() {
    let all = [0, 4, 3];
    for surrogate in [None, Some(&additive as &Surrogate), Some(&wrong), Some(&kriged)] {
        for_each_design(&Semivalue::Shapley, true, &all, surrogate, |values, variances| {
            for (value, truth) in values.iter().zip(by_definition(&Semivalue::Shapley, &worth)) {
                assert!((value - truth).abs() < 1e-13, "{value} is not {truth}"); // the wrong game has worths of 64
            }
            assert_eq!(variances, [0.0; N]);
        });
    }
}

#[test]
fn the_mean_variance_over_all_designs_is_the_variance() {
    for semivalue in semivalues() {
        let is_paired = super::terms::is_symmetric(&semivalue);
        let counts: &[usize] = if is_paired { &[0, 3, 2] } else { &[0, 2, 3, 2] };
        let truth = by_definition(&semivalue, &worth);
        let (mut stated, mut made, mut n_designs) = ([0.0; N], [0.0; N], 0.0);
        for_each_design(&semivalue, is_paired, counts, None, |values, variances| {
            for i in 0..N {
                stated[i] += variances[i];
                made[i] += (values[i] - truth[i]).powi(2);
            }
            n_designs += 1.0;
        });
        for i in 0..N {
            assert!((stated[i] - made[i]).abs() < 1e-13 * n_designs, "{semivalue:?}, player {i}");
        }
    }
}
