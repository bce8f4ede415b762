//! The cohort walk against brute force, against a closed form of its own on long paths, and against itself.

use std::sync::Arc;

use ferroshap::parallel::{Cancel, Workers};
use ferroshap::tree::cohorts::{Background as Merged, Cohorts};
use ferroshap::tree::plan::Plan;
use ferroshap::tree::sweep::{Section, Slots, Sums, Sweep};
use ferroshap::tree::{Dense, EncodedRows, Encoding, Forest, Kernel, Output, Precision, Rows, Step, Tree};

use super::brute_force::{self, Background, goes_left, interventional_worth, predict, worths};
use super::forests::{self, Recipe, Shape};

/// The kernel for a forest and a background whose weights are scaled to sum 1.
fn kernel(
    forest: &Forest,
    background: &Background,
    leaves: Option<&[Vec<u32>]>,
    slots: Slots<'_>,
) -> (Encoding, Cohorts) {
    let encoding = Encoding::new(forest).unwrap();
    let rows = Rows::F64(Dense::contiguous(&background.rows, forest.n_columns()));
    let mut encoded = EncodedRows::default();
    encoding.encode(&rows, 0..rows.n_rows(), &mut encoded);
    let total: f64 = background.weights.iter().sum();
    let weights: Vec<f64> = background.weights.iter().map(|weight| weight / total).collect();
    let merged = Merged::new(&encoding, &encoded, &weights);
    let kernel = Cohorts::new(Arc::new(forest.clone()), &encoding, merged, leaves, slots);
    (encoding, kernel)
}

/// What kernels say of rows: `[row][slot][output]`.
fn explain(
    kernels: &[&dyn Kernel],
    encoding: &Encoding,
    rows: &[f64],
    (n_columns, n_slots, n_outputs): (usize, usize, usize),
    n_threads: usize,
) -> Vec<f64> {
    let cancel = Cancel::default();
    let rows = Rows::F64(Dense::contiguous(rows, n_columns));
    let row_length = n_slots * n_outputs;
    let mut out = vec![f64::NAN; rows.n_rows() * row_length];
    let write = |sums: &Sums<'_>, part: &mut [f64]| {
        for output in 0..sums.outputs.len() {
            for slot in 0..n_slots {
                for (row, &sum) in sums.slot(output, slot).iter().enumerate() {
                    part[row * row_length + slot * n_outputs + sums.outputs.start + output] = sum;
                }
            }
        }
    };
    let workers = Workers::new(n_threads, &cancel);
    let sections = [Section { kernels: kernels.to_vec(), n_slots }];
    Sweep::new(&sections, encoding, &rows, n_outputs)
        .run(&workers, &|_| (), (&mut out, row_length), &write)
        .unwrap();
    out
}

fn all_pairs(n_players: u32) -> Vec<(u32, u32)> {
    (0..n_players).flat_map(|i| (i + 1..n_players).map(move |j| (i, j))).collect()
}

/// Sum of all leaf values' sizes: what rounding errors are relative to.
fn scale(forest: &Forest) -> f64 {
    let largest = |tree: &Tree| tree.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    1.0 + forest.trees.iter().map(largest).sum::<f64>()
}

/// About `players * coalitions * trees` additions stand behind a number of the oracle, whose terms are at most the scale.
const TOLERANCE: f64 = 1e-12;

#[test]
fn values_and_pairs_meet_brute_force() {
    for number in 0..140 {
        let forest = forests::forest(number);
        let (n_columns, n_players, n_outputs) = (forest.n_columns(), forest.n_players(), forest.n_outputs());
        let background = forests::background(number, &forest, [1, 2, 7, 12][number as usize % 4]);
        let rows = forests::rows(number, &forest, 4);
        let pairs = all_pairs(n_players as u32);
        let (encoding, values) = kernel(&forest, &background, None, Slots::Players);
        let shape = (n_columns, n_players, n_outputs);
        let got = explain(&[&values], &encoding, &rows, shape, 1);
        let (_, interactions) = kernel(&forest, &background, None, Slots::Pairs(&pairs));
        let got_pairs = explain(&[&interactions], &encoding, &rows, (n_columns, pairs.len(), n_outputs), 1);
        let tolerance = TOLERANCE * scale(&forest);
        for (number_of_row, row) in rows.chunks(n_columns).enumerate() {
            let worths =
                worths(n_players, |coalition| interventional_worth(&forest, row, &background, coalition));
            let want = brute_force::values(n_players, &worths).concat();
            let got = &got[number_of_row * want.len()..][..want.len()];
            for (got, want) in got.iter().zip(&want) {
                assert!(
                    (got - want).abs() <= tolerance,
                    "forest {number}, row {number_of_row}: {got} for {want}"
                );
            }
            let want = brute_force::pairs(n_players, &worths);
            for (slot, &(i, j)) in pairs.iter().enumerate() {
                for output in 0..n_outputs {
                    let got = got_pairs[(number_of_row * pairs.len() + slot) * n_outputs + output];
                    let want = want[i as usize][j as usize][output];
                    let at = format!("forest {number}, row {number_of_row}, pair {i} {j}");
                    assert!((got - want).abs() <= tolerance, "{at}: {got} for {want}");
                }
            }
        }
    }
}

#[test]
fn linear_leaves_meet_brute_force_with_nan_on_both_sides() {
    for number in 0..90 {
        let recipe = Recipe { has_linear_leaves: true, ..Recipe::numbered(number) };
        let forest = forests::made(number, &recipe);
        let (n_columns, n_players, n_outputs) = (forest.n_columns(), forest.n_players(), forest.n_outputs());
        let background = tame(forests::background(number, &forest, [1, 3, 8][number as usize % 3]));
        let rows = tame(Background { rows: forests::rows(number, &forest, 4), weights: Vec::new() }).rows;
        let (encoding, kernel) = kernel(&forest, &background, None, Slots::Players);
        let got = explain(&[&kernel], &encoding, &rows, (n_columns, n_players, n_outputs), 1);
        for (row, got) in rows.chunks(n_columns).zip(got.chunks(n_players * n_outputs)) {
            let worths = worths(n_players, |s| interventional_worth(&forest, row, &background, s));
            let size = worths.iter().flatten().fold(1.0_f64, |most, worth| most.max(worth.abs()));
            let want = brute_force::values(n_players, &worths).concat();
            for (got, want) in got.iter().zip(&want) {
                assert!((got - want).abs() <= TOLERANCE * size, "forest {number}: {got} for {want}");
            }
        }
    }
}

/// Numbers that linear functions can add: NaN stays, the infinite and the huge become small.
fn tame(mut background: Background) -> Background {
    let tame = |number: &mut f64| *number = if number.abs() > 1e3 { number.signum() * 7.25 } else { *number };
    background.rows.iter_mut().for_each(tame);
    background
}

#[test]
fn leaves_that_are_left_out_are_all_that_is_missing() {
    for number in 0..40 {
        let forest = forests::forest(number);
        let shape = (forest.n_columns(), forest.n_players(), forest.n_outputs());
        let background = forests::background(number, &forest, 9);
        let rows = forests::rows(number, &forest, 5);
        let some = |rest: u32| -> Vec<Vec<u32>> {
            let of = |tree: &Tree| (0..tree.n_leaves() as u32).filter(|leaf| leaf % 3 % 2 == rest).collect();
            forest.trees.iter().map(of).collect()
        };
        let (encoding, all) = kernel(&forest, &background, None, Slots::Players);
        let (_, odd) = kernel(&forest, &background, Some(&some(1)), Slots::Players);
        let (_, even) = kernel(&forest, &background, Some(&some(0)), Slots::Players);
        let want = explain(&[&all], &encoding, &rows, shape, 1);
        let got = explain(&[&odd, &even], &encoding, &rows, shape, 1);
        for (got, want) in got.iter().zip(&want) {
            assert!((got - want).abs() <= TOLERANCE * scale(&forest), "forest {number}: {got} for {want}");
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads_or_on_the_other_rows() {
    for number in [4, 16, 38, 47, 62] {
        let forest = forests::made(number, &Recipe { depth: 6, n_trees: 40, ..Recipe::numbered(number) });
        let (n_columns, n_slots, n_outputs) = (forest.n_columns(), forest.n_players(), forest.n_outputs());
        let shape = (n_columns, n_slots, n_outputs);
        let background = forests::background(number, &forest, 60);
        let rows = forests::rows(number, &forest, 600);
        let (encoding, kernel) = kernel(&forest, &background, None, Slots::Players);
        let together = explain(&[&kernel], &encoding, &rows, shape, 1);
        assert_eq!(together, explain(&[&kernel], &encoding, &rows, shape, 3), "forest {number}: threads");
        for (row, want) in rows.chunks(n_columns).zip(together.chunks(n_slots * n_outputs)).step_by(13) {
            assert_eq!(explain(&[&kernel], &encoding, row, shape, 1), want, "forest {number}: one row alone");
        }
    }
}

#[test]
fn equal_rows_of_the_background_are_one() {
    let forest = forests::forest(12);
    let background = forests::background(12, &forest, 6);
    let twice = Background { rows: background.rows.repeat(2), weights: background.weights.repeat(2) };
    let encoding = Encoding::new(&forest).unwrap();
    let merged = |background: &Background| {
        let rows = Rows::F64(Dense::contiguous(&background.rows, forest.n_columns()));
        let mut encoded = EncodedRows::default();
        encoding.encode(&rows, 0..rows.n_rows(), &mut encoded);
        Merged::new(&encoding, &encoded, &background.weights)
    };
    let (once, twice) = (merged(&background), merged(&twice));
    assert_eq!(once.n_rows(), twice.n_rows());
    assert!(once.n_rows() <= 5, "a row of weight 0 stays out");
    for (once, twice) in once.weights().iter().zip(twice.weights()) {
        assert!((2.0 * once - twice).abs() < 1e-15);
    }
}

/// Each player's conditions on the path to each leaf: `(leaf, [(node, goes left)])`.
fn paths(tree: &Tree) -> Vec<(u32, Vec<(usize, bool)>)> {
    let mut found = Vec::new();
    let mut pending = vec![(0_usize, 0_usize, None)];
    let mut path: Vec<(usize, bool)> = Vec::new();
    while let Some((node, length, step)) = pending.pop() {
        path.truncate(length);
        path.extend(step);
        match tree.nodes[node].step {
            Step::Leaf(leaf) => found.push((leaf, path.clone())),
            Step::Split(split) => {
                pending.push((split.right as usize, path.len(), Some((node, false))));
                pending.push((node + 1, path.len(), Some((node, true))));
            }
        }
    }
    found
}

/// `1 / (n C(n - 1, k))`, by fractions below 1.
fn weight(n: usize, k: usize) -> f64 {
    (1..=k.min(n - 1 - k)).fold(1.0 / n as f64, |weight, i| weight * i as f64 / (n - i) as f64)
}

/// Values of a row against one background row, leaf by leaf from the closed form: `[player]`.
fn by_closed_form(forest: &Forest, row: &[f64], stand_in: &[f64]) -> Vec<f64> {
    let mut values = vec![0.0; forest.n_players()];
    for tree in &forest.trees {
        for (leaf, path) in paths(tree) {
            let mut met = vec![(true, true, false); values.len()]; // by the row, by the stand-in, on the path
            for (node, is_left) in path {
                let Step::Split(split) = tree.nodes[node].step else { unreachable!() };
                let met = &mut met[forest.player[split.column as usize] as usize];
                met.0 &= goes_left(forest, &split, row[split.column as usize]) == is_left;
                met.1 &= goes_left(forest, &split, stand_in[split.column as usize]) == is_left;
                met.2 = true;
            }
            if met.iter().any(|&(row, stand_in, _)| !row && !stand_in) {
                continue;
            }
            let only = |wanted: (bool, bool)| met.iter().filter(|met| (met.0, met.1) == wanted).count();
            let (e, r) = (only((true, false)), only((false, true)));
            // 1 / (n C(n - 1, k)), by small fractions
            let weight =
                |n: usize, k: usize| (1..=k).fold(1.0 / n as f64, |w, i| w * i as f64 / (n - i) as f64);
            for (value, met) in values.iter_mut().zip(&met) {
                *value += match (met.0, met.1) {
                    (true, false) => tree.leaf(leaf)[0] * weight(e + r, r),
                    (false, true) => -tree.leaf(leaf)[0] * weight(e + r, e),
                    _ => 0.0,
                };
            }
        }
    }
    values
}

fn deep(number: u64, shape: Shape, depth: usize, n_columns: usize, repeats: bool) -> Forest {
    let recipe = Recipe {
        shape,
        depth,
        n_trees: 2,
        n_columns,
        n_players: n_columns,
        n_outputs: 1,
        has_vectors: false,
        repeats,
        has_categories: false,
        has_oddities: false,
        has_zero_covers: false,
        has_linear_leaves: false,
        predicts_in: Precision::F64,
    };
    forests::made(number, &recipe)
}

/// Rows that follow each other far along the paths: copies of few rows with few entries changed.
fn near_rows(number: u64, forest: &Forest, n_rows: usize) -> Vec<f64> {
    let n_columns = forest.n_columns();
    let seeds = forests::rows(number, forest, 2);
    let others = forests::rows(number + 77, forest, n_rows);
    let mut rows = Vec::new();
    for (row, other) in others.chunks(n_columns).enumerate() {
        let seed = &seeds[row % 2 * n_columns..][..n_columns];
        rows.extend(
            (0..n_columns)
                .map(|column| if (column * 7 + row * 5) % 11 < 3 { other[column] } else { seed[column] }),
        );
    }
    rows
}

#[test]
fn long_paths_meet_the_closed_form_of_each_background_row_and_add_up() {
    for (number, (depth, n_columns, repeats)) in (0..).zip([
        (12, 12, false),
        (30, 30, false),
        (31, 40, false),
        (32, 32, false),
        (60, 60, false),
        (200, 50, true),
    ]) {
        let forest = deep(number, Shape::Chain, depth, n_columns, repeats);
        let n_players = forest.n_players();
        let rows = near_rows(number, &forest, 6);
        let background =
            Background { rows: near_rows(number + 9, &forest, 7), weights: (1..8).map(f64::from).collect() };
        let (encoding, kernel) = kernel(&forest, &background, None, Slots::Players);
        let got = explain(&[&kernel], &encoding, &rows, (n_columns, n_players, 1), 1);
        for (row, got) in rows.chunks(n_columns).zip(got.chunks(n_players)) {
            let mut want = vec![0.0; n_players];
            let mut base = 0.0;
            for (stand_in, weight) in background.rows.chunks(n_columns).zip(&background.weights) {
                let of_one = by_closed_form(&forest, row, stand_in);
                want.iter_mut().zip(of_one).for_each(|(want, value)| *want += weight / 28.0 * value);
                base += weight / 28.0 * predict(&forest, stand_in)[0];
            }
            for (player, (got, want)) in got.iter().zip(&want).enumerate() {
                assert!(
                    (got - want).abs() <= TOLERANCE * scale(&forest),
                    "depth {depth}, player {player}: {got} for {want}"
                );
            }
            let whole = base + got.iter().sum::<f64>();
            assert!((whole - predict(&forest, row)[0]).abs() <= TOLERANCE * scale(&forest), "depth {depth}");
        }
    }
}

/// A chain that the row 1, 1, ... follows to its end and that every other number leaves.
fn long_chain(depth: usize) -> Forest {
    let forest =
        forests::made(0, &Recipe { n_trees: 0, has_categories: false, n_outputs: 1, ..Recipe::numbered(0) });
    let column = ferroshap::tree::Column::Numeric { cast: Precision::F64, missing: None };
    let mut nodes = Vec::new();
    for level in 0..depth as u32 {
        let split = ferroshap::tree::Split {
            predicate: ferroshap::tree::Predicate::Le(0.0),
            column: level,
            right: 2 * level + 2,
            nan_left: true,
            zero_is_missing: false,
        };
        nodes.push(ferroshap::tree::RawNode::Split { left: 2 * level + 1, split });
        nodes.push(ferroshap::tree::RawNode::Leaf(level));
    }
    nodes.push(ferroshap::tree::RawNode::Leaf(depth as u32));
    let values = (0..=depth).map(|leaf| 1.0 + (leaf % 7) as f64).collect();
    let mut builder = ferroshap::tree::Builder::new(Forest {
        columns: vec![column; depth],
        player: (0..depth as u32).collect(),
        offset: vec![0.0],
        names: Vec::new(),
        ..forest
    });
    builder
        .tree(ferroshap::tree::RawTree { nodes, values, output: Output::One(0), ..Default::default() })
        .unwrap();
    builder.finish().unwrap()
}

#[test]
fn a_chain_of_depth_4096_is_walked() {
    let forest = long_chain(4096);
    let n = forest.n_columns();
    // The row leaves at `first`, the background row at `second`; they differ in both columns.
    let row = |leaves_at: &[usize]| {
        (0..n).map(|c| if leaves_at.contains(&c) { 0.0 } else { 1.0 }).collect::<Vec<_>>()
    };
    let rows =
        [row(&[]), row(&[4000]), row(&[17, 4095]), row(&(0..n).step_by(2).collect::<Vec<_>>())].concat();
    let background = Background {
        rows: [row(&[]), row(&[3999]), row(&[16, 4095]), row(&(1..n).step_by(2).collect::<Vec<_>>())]
            .concat(),
        weights: vec![1.0; 4],
    };
    let (encoding, kernel) = kernel(&forest, &background, None, Slots::Players);
    let got = explain(&[&kernel], &encoding, &rows, (n, n, 1), 1);
    let base = background.rows.chunks(n).map(|row| predict(&forest, row)[0]).sum::<f64>() / 4.0;
    for (row, values) in rows.chunks(n).zip(got.chunks(n)) {
        let whole = base + values.iter().sum::<f64>();
        assert!((whole - predict(&forest, row)[0]).abs() < 1e-10, "sum {whole}");
        let mut want = vec![0.0; n];
        for stand_in in background.rows.chunks(n) {
            let of_one = by_closed_form_of_chain(&forest, row, stand_in);
            want.iter_mut().zip(of_one).for_each(|(want, value)| *want += value / 4.0);
        }
        let error = values.iter().zip(&want).map(|(got, want)| (got - want).abs()).fold(0.0, f64::max);
        assert!(error < 1e-12, "{error}");
    }
}

/// The same closed form in one pass along a chain without repeats.
fn by_closed_form_of_chain(forest: &Forest, row: &[f64], stand_in: &[f64]) -> Vec<f64> {
    let (n, tree) = (row.len(), &forest.trees[0]);
    let mut values = vec![0.0; n];
    let (mut only_row, mut only_stand_in) = (Vec::new(), Vec::new());
    for level in 0..=n {
        // the leaf that turns left at `level` (the last: never)
        let turn = |x: &[f64]| level == n || x[level] <= 0.0;
        let (mut e, mut r) = (only_row.clone(), only_stand_in.clone());
        match (turn(row), turn(stand_in)) {
            (false, false) => e = Vec::new(),
            (true, false) => e.push(level),
            (false, true) => r.push(level),
            (true, true) => {}
        }
        if turn(row) || turn(stand_in) {
            let (value, n) = (tree.leaf(level as u32)[0], e.len() + r.len());
            let gain = if e.is_empty() { 0.0 } else { weight(n, r.len()) };
            let loss = if r.is_empty() { 0.0 } else { weight(n, e.len()) };
            for &i in &e {
                values[i] += value * gain;
            }
            for &i in &r {
                values[i] -= value * loss;
            }
        }
        if level < n {
            match (turn(row), turn(stand_in)) {
                (true, true) => break,
                (true, false) => only_stand_in.push(level),
                (false, true) => only_row.push(level),
                (false, false) => {}
            }
        }
    }
    values
}

#[test]
fn plans_explain_linear_leaves_under_a_background_and_refuse_their_pairs() {
    for (number, n_background) in [(2, 2), (7, 9), (11, 30)] {
        let recipe = Recipe { has_linear_leaves: true, n_trees: 3, ..Recipe::numbered(number) };
        let forest = forests::made(number, &recipe);
        let (n_columns, n_players, n_outputs) = (forest.n_columns(), forest.n_players(), forest.n_outputs());
        let background = tame(forests::background(number, &forest, n_background));
        let rows = tame(Background { rows: forests::rows(number, &forest, 3), weights: Vec::new() }).rows;
        let cancel = Cancel::default();
        let workers = Workers::serial(&cancel);
        let table = Rows::F64(Dense::contiguous(&background.rows, n_columns));
        let weights = Some(&background.weights[..]);
        let plan = Plan::interventional(Arc::new(forest.clone()), &table, weights, Precision::F64, &workers)
            .unwrap();
        let table = Rows::F64(Dense::contiguous(&rows, n_columns));
        let mut got = vec![0.0; 3 * n_players * n_outputs];
        plan.values(&table, &workers, &|_| (), &mut got).unwrap();
        for (row, got) in rows.chunks(n_columns).zip(got.chunks(n_players * n_outputs)) {
            let worths = worths(n_players, |s| interventional_worth(&forest, row, &background, s));
            let size = worths.iter().flatten().fold(1.0_f64, |most, worth| most.max(worth.abs()));
            for (got, want) in got.iter().zip(brute_force::values(n_players, &worths).concat()) {
                assert!((got - want).abs() <= TOLERANCE * size, "forest {number}: {got} for {want}");
            }
        }
        let mut out = vec![0.0; 3 * n_players * n_players * n_outputs];
        let refused = plan.interactions(&table, &workers, &|_| (), &mut out).unwrap_err();
        assert!(refused.to_string().contains("linear leaves"), "{refused}");
    }
}

#[test]
fn deep_trees_meet_the_closed_form_with_tables_of_masks_and_without() {
    for (number, (depth, n_columns)) in (0..).zip([(9, 7), (11, 14), (10, 40)]) {
        let forest = deep(number, Shape::Complete, depth, n_columns, true);
        let rows = near_rows(number, &forest, 30);
        let background = Background {
            rows: near_rows(number + 9, &forest, 70),
            weights: (1..71).map(f64::from).collect(),
        };
        let (encoding, kernel) = kernel(&forest, &background, None, Slots::Players);
        let n_players = forest.n_players();
        let got = explain(&[&kernel], &encoding, &rows, (n_columns, n_players, 1), 1);
        let total: f64 = background.weights.iter().sum();
        for (row, got) in rows.chunks(n_columns).zip(got.chunks(n_players)) {
            let mut want = vec![0.0; n_players];
            for (stand_in, weight) in background.rows.chunks(n_columns).zip(&background.weights) {
                let of_one = by_closed_form(&forest, row, stand_in);
                want.iter_mut().zip(of_one).for_each(|(want, value)| *want += weight / total * value);
            }
            for (got, want) in got.iter().zip(&want) {
                assert!((got - want).abs() <= TOLERANCE * scale(&forest), "depth {depth}: {got} for {want}");
            }
            assert_eq!(explain(&[&kernel], &encoding, row, (n_columns, n_players, 1), 1), got, "alone");
        }
    }
}
