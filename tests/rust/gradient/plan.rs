//! Laws of the plan: weights, lattices, replicates, expectations.

use std::collections::BTreeSet;

use ferroshap::error::Error;
use ferroshap::gradient::{Design, PathPoint, Plan, Shift};

use super::{numbers, plan, ranks, weights};

/// All points of a row up to and including a stage, with the weights of that stage.
fn points(plan: &Plan, stage: u32, shift: Shift) -> Vec<PathPoint> {
    let last = plan.n_points(stage) as f64;
    (0..=stage)
        .flat_map(|part| {
            let walk = plan.walk(part, shift);
            let ratio = plan.n_points(part) as f64 / last;
            walk.points(0, walk.n_points()).map(move |mut point| {
                point.weight *= ratio;
                point
            })
        })
        .collect()
}

#[test]
fn background_rows_carry_their_weights_on_lattices_that_doubling_refines() {
    for case in 0..60 {
        let mut stream = numbers(case);
        let n_rows = 1 + stream.index_below(20);
        let weights = weights(&mut stream, n_rows, case % 3 == 0);
        let ranks = ranks(&mut stream, n_rows);
        let n_points = 8 * n_rows as u64 + stream.below(300);
        let plan = plan(&weights, &ranks, None, n_points, case % 2 == 0);
        if !plan.is_stratified() {
            continue; // a row so light that lifting it is too much
        }
        let shift = plan.shift(case);
        for stage in 0..plan.n_stages() {
            let all = points(&plan, stage, shift);
            assert_eq!(all.len() as u64, plan.n_points(stage));
            for (row, weight) in weights.iter().enumerate() {
                let own: Vec<&PathPoint> =
                    all.iter().filter(|point| point.background as usize == row).collect();
                let carried: f64 = own.iter().map(|point| point.weight).sum();
                assert!((carried - weight).abs() < 1e-12, "case {case}, row {row}");
                let offset = (f64::from(ranks[row]) * 0.618_033_988_749_894_9
                    + f64::from(shift.u) / 4_294_967_296.0)
                    .fract();
                let offset = (offset * f64::from(1_u32 << stage)).fract();
                let mut alphas: Vec<f64> = own.iter().map(|point| point.alpha).collect();
                alphas.sort_by(f64::total_cmp);
                for (j, alpha) in alphas.iter().enumerate() {
                    let want = (j as f64 + offset) / own.len() as f64;
                    assert!((alpha - want).abs() < 1e-12, "case {case}, stage {stage}: {alpha} for {want}");
                }
            }
        }
    }
}

#[test]
fn a_plan_begins_small_and_ends_within_the_budget() {
    let equal = [0.125; 8];
    let ranks: Vec<u32> = (0..8).collect();
    let made = |n_points, is_doubling| {
        let plan = plan(&equal, &ranks, None, n_points, is_doubling);
        (plan.n_points(0), plan.n_stages(), plan.is_stratified(), plan.n_replicates())
    };
    assert_eq!(made(256, false), (256, 1, true, 4));
    assert_eq!(made(256, true), (16, 5, true, 4));
    assert_eq!(made(300, true), (18, 5, true, 4));
    assert_eq!(made(15, true), (15, 1, true, 4));
    assert_eq!(made(7, true), (7, 1, false, 3));
    assert_eq!(made(2, false), (2, 1, false, 1));
    assert_eq!(made(1, false), (1, 1, false, 1));
    // A light row keeps a point of its own from the first stage on, so there is one doubling, not two.
    let heavy = plan(&[0.9, 0.02, 0.02, 0.02, 0.02, 0.02], &[0, 1, 2, 3, 4, 5], None, 100, true);
    assert!(heavy.is_stratified() && heavy.n_stages() == 2, "{} stages", heavy.n_stages());
    assert_eq!(heavy.positions(1), (2, 90));
}

#[test]
fn replicates_share_every_stage_and_each_sees_much_of_the_background() {
    for case in 0..60 {
        let mut stream = numbers(case);
        let n_rows = 4 + stream.index_below(60);
        let equal = weights(&mut stream, n_rows, true);
        let order = ranks(&mut stream, n_rows);
        let n_points = 8 + stream.below(6 * n_rows as u64);
        let plan = plan(&equal, &order, None, n_points, case % 2 == 0);
        let stage = plan.n_stages() - 1;
        let all = points(&plan, stage, plan.shift(case));
        for replicate in 0..plan.n_replicates() {
            let own: Vec<&PathPoint> = all.iter().filter(|point| point.replicate == replicate).collect();
            let seen: BTreeSet<u32> = own.iter().map(|point| point.background).collect();
            let fair = n_rows.min(all.len() / usize::from(plan.n_replicates()));
            assert!(2 * seen.len() >= fair, "case {case}: {} of {n_rows} rows, {fair} are fair", seen.len());
        }
    }
}

#[test]
fn every_beginning_is_spread_over_the_background() {
    for (n_rows, n_points) in [(16, 256), (100, 256), (7, 64), (300, 256)] {
        let equal = vec![1.0 / f64::from(n_rows); n_rows as usize];
        let order: Vec<u32> = (0..n_rows).collect();
        let plan = plan(&equal, &order, None, n_points, false);
        let walk = plan.walk(0, plan.shift(3));
        let first = n_points / 4;
        let seen: BTreeSet<u32> = walk.points(0, first).map(|point| point.background).collect();
        // The largest step between multiples of a golden stride is below three times the mean one.
        let widest = seen.iter().zip(seen.iter().skip(1)).map(|(a, b)| b - a).max().unwrap_or(n_rows);
        let mean = f64::from(n_rows) / first as f64;
        assert!(f64::from(widest) <= (4.0 * mean).max(1.0) + 1.0, "{n_rows} rows: a step of {widest}");
    }
}

#[test]
fn blocks_of_any_size_hold_the_same_points() {
    let mut stream = numbers(4);
    let weights = weights(&mut stream, 9, false);
    let ranks = ranks(&mut stream, 9);
    let scores: Vec<f64> = (0..18).map(|_| stream.uniform()).collect();
    for n_points in [5, 9, 40] {
        let plan = plan(&weights, &ranks, Some(&scores), n_points, false);
        let keys = [8, 3, 11];
        let whole = plan.block(&keys, 0, 0, u64::MAX).unwrap();
        assert_eq!(whole.row.len() as u64, 3 * n_points);
        for cut in [1, 7, n_points, 1000] {
            let parts: Vec<_> = (0..3 * n_points)
                .step_by(usize::try_from(cut).unwrap())
                .map(|first| plan.block(&keys, 0, first, cut).unwrap())
                .collect();
            assert_eq!(parts.iter().flat_map(|part| part.alpha.clone()).collect::<Vec<_>>(), whole.alpha);
            assert_eq!(parts.iter().flat_map(|part| part.row.clone()).collect::<Vec<_>>(), whole.row);
            assert_eq!(
                parts.iter().flat_map(|part| part.controls.clone()).collect::<Vec<_>>(),
                whole.controls
            );
        }
        // A row's points do not depend on its company.
        let alone = plan.block(&[11], 0, 0, u64::MAX).unwrap();
        assert_eq!(alone.alpha, whole.alpha[whole.alpha.len() - alone.alpha.len()..]);
    }
}

/// `sum w_b integral of p_b` for `p_b(alpha) = (1 + b) alpha^2 - alpha + b / 2`.
fn exact(weights: &[f64]) -> f64 {
    weights.iter().enumerate().map(|(b, w)| w * ((1.0 + b as f64) / 3.0 - 0.5 + b as f64 / 2.0)).sum()
}

fn integrand(point: &PathPoint) -> f64 {
    let b = f64::from(point.background);
    (1.0 + b) * point.alpha * point.alpha - point.alpha + b / 2.0
}

fn grid(steps: u32) -> impl Iterator<Item = u32> + Clone {
    (0..steps).map(move |i| (u32::MAX / steps) * i + u32::MAX / steps / 2)
}

#[test]
fn the_lattice_is_unbiased_over_its_shift() {
    for case in 0..12 {
        let mut stream = numbers(case);
        let n_rows = 1 + stream.index_below(7);
        let weights = weights(&mut stream, n_rows, false);
        let ranks = ranks(&mut stream, n_rows);
        let plan = plan(&weights, &ranks, None, 20 + stream.below(20), case % 2 == 1);
        assert!(plan.is_stratified());
        let stage = plan.n_stages() - 1;
        let steps = 2048;
        let mean = grid(steps)
            .flat_map(|u| points(&plan, stage, Shift { u, v: 0 }))
            .map(|point| point.weight * integrand(&point))
            .sum::<f64>()
            / f64::from(steps);
        // Offsets on a grid of so many steps: a lattice of as many points a cell, whose error for a function of
        // variation V is at most V / (2 points).
        let tolerance = (n_rows as f64 + 2.0) / (2.0 * f64::from(steps)) + 1e-9;
        assert!((mean - exact(&weights)).abs() < tolerance, "case {case}: {mean} for {}", exact(&weights));
    }
}

#[test]
fn the_sequence_is_unbiased_over_its_shift() {
    for (case, n_points) in [(1, 1), (2, 3), (3, 6), (4, 7)] {
        let mut stream = numbers(case);
        let weights = weights(&mut stream, 9, false);
        let ranks = ranks(&mut stream, 9);
        let plan = plan(&weights, &ranks, None, n_points, false);
        assert!(!plan.is_stratified());
        let steps = 128;
        let shifts = grid(steps).flat_map(|u| grid(steps).map(move |v| Shift { u, v }));
        let mean = shifts
            .flat_map(|shift| points(&plan, 0, shift))
            .map(|point| point.weight * integrand(&point))
            .sum::<f64>()
            / f64::from(steps * steps);
        // Each of nine borders between rows is off by a step at most, each position too; nothing exceeds 14.
        assert!((mean - exact(&weights)).abs() < 10.0 * 14.0 / f64::from(steps) / 4.0, "{n_points}: {mean}");
        let carried: f64 = points(&plan, 0, plan.shift(1)).iter().map(|point| point.weight).sum();
        assert!((carried - 1.0).abs() < 1e-12);
    }
}

#[test]
fn unsound_designs_are_refused_by_name() {
    let design = Design {
        weights: &[0.5, 0.5],
        ranks: &[0, 1],
        scores: None,
        n_points: 4,
        n_replicates: 4,
        seed: 0,
        is_doubling: false,
    };
    let named = |design: &Design<'_>| match Plan::new(design) {
        Err(Error::Parameter { argument, .. } | Error::Length { argument, .. }) => argument,
        other => panic!("{other:?}"),
    };
    assert_eq!(named(&Design { weights: &[0.5, 0.0], ..design }), "weights");
    assert_eq!(named(&Design { weights: &[0.5, f64::NAN], ..design }), "weights");
    assert_eq!(named(&Design { weights: &[], ranks: &[], ..design }), "weights");
    assert_eq!(named(&Design { ranks: &[0, 0], ..design }), "ranks");
    assert_eq!(named(&Design { ranks: &[0], ..design }), "ranks");
    assert_eq!(named(&Design { scores: Some(&[1.0]), ..design }), "scores");
    assert_eq!(named(&Design { scores: Some(&[f64::NAN, 0.0]), ..design }), "scores");
    assert_eq!(named(&Design { n_points: 0, ..design }), "n_points");
    assert_eq!(named(&Design { n_replicates: 0, ..design }), "n_replicates");
    let plan = Plan::new(&design).unwrap();
    assert!(matches!(plan.block(&[0], 1, 0, 1), Err(Error::Parameter { argument: "stage", .. })));
}
