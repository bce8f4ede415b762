//! The plan's answers against brute force, and the laws that hold whatever kernels it chose.

use std::sync::Arc;

use ferroshap::error::{Error, ModelError};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::tree::plan::Plan;
use ferroshap::tree::reference::Reference;
use ferroshap::tree::sweep::{Section, Sums, Sweep};
use ferroshap::tree::{Dense, EncodedRows, Encoding, Forest, Precision, Rows, Slots};

use super::brute_force::{
    Background, interventional_worth, pairs, path_dependent_worth, predict, values, worths,
};
use super::forests::{Recipe, Shape, background, forest, made, rows};

const N_FORESTS: u64 = 100;
const N_ROWS: usize = 3;

fn table<'a>(rows: &'a [f64], forest: &Forest) -> Rows<'a> {
    Rows::F64(Dense::contiguous(rows, forest.n_columns()))
}

/// Everything that a plan says of some rows.
#[derive(Debug, PartialEq)]
struct Answer {
    values: Vec<f64>,
    matrices: Vec<f64>,
    pair_interactions: Vec<f64>,
}

fn answer(plan: &Plan, forest: &Forest, rows: &Rows<'_>, n_threads: usize) -> Answer {
    let cancel = Cancel::default();
    let workers = Workers::new(n_threads, &cancel);
    let (n, k, m) = (forest.n_players(), forest.n_outputs(), rows.n_rows());
    let mut answer = Answer {
        values: vec![f64::NAN; m * n * k],
        matrices: vec![f64::NAN; m * n * n * k],
        pair_interactions: vec![f64::NAN; m * plan.pairs().len() * k],
    };
    plan.values(rows, &workers, &|_| {}, &mut answer.values).unwrap();
    plan.interactions(rows, &workers, &|_| {}, &mut answer.matrices).unwrap();
    plan.pair_interactions(rows, &workers, &|_| {}, &mut answer.pair_interactions).unwrap();
    answer
}

fn path_dependent(forest: &Forest) -> Plan {
    Plan::path_dependent(Arc::new(forest.clone()), Precision::F64).unwrap()
}

fn interventional(forest: &Forest, background: &Background, precision: Precision) -> Plan {
    let rows = table(&background.rows, forest);
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    Plan::interventional(Arc::new(forest.clone()), &rows, Some(&background.weights), precision, &workers)
        .unwrap()
}

#[track_caller]
fn assert_close(got: f64, want: f64, what: &str) {
    // Leaf values are below 4, at most 20 trees add up; brute force rounds 2^10 terms.
    assert!((got - want).abs() <= 2e-12, "{what}: {got}, not {want}");
}

/// Values, matrices, pairs and base values against brute force over all coalitions.
fn check(what: &str, plan: &Plan, forest: &Forest, rows: &[f64], worth: &dyn Fn(&[f64], usize) -> Vec<f64>) {
    let (n, k) = (forest.n_players(), forest.n_outputs());
    let got = answer(plan, forest, &table(rows, forest), 1);
    let shared = plan.pairs();
    for (row, x) in rows.chunks(forest.n_columns()).enumerate() {
        let what = format!("{what}, row {row}");
        let worths = worths(n, |coalition| worth(x, coalition));
        let (want, interactions) = (values(n, &worths), pairs(n, &worths));
        for output in 0..k {
            let value = |i: usize| got.values[(row * n + i) * k + output];
            let entry = |i: usize, j: usize| got.matrices[((row * n + i) * n + j) * k + output];
            assert_close(plan.base_values()[output], worths[0][output], &format!("{what}: base"));
            let sum = plan.base_values()[output] + (0..n).map(value).sum::<f64>();
            assert_close(sum, predict(forest, x)[output], &format!("{what}: sum"));
            for i in 0..n {
                assert_close(value(i), want[i][output], &format!("{what}: value {i}"));
                assert_close((0..n).map(|j| entry(i, j)).sum(), value(i), &format!("{what}: row {i}"));
                for j in (0..n).filter(|&j| j != i) {
                    let half = interactions[i][j][output] / 2.0;
                    assert_close(entry(i, j), half, &format!("{what}: pair {i} {j}"));
                    let is_shared = shared.contains(&(i.min(j) as u32, i.max(j) as u32));
                    assert!(
                        is_shared || half.abs() < 1e-12,
                        "{what}: {i} and {j} interact, but share no path"
                    );
                }
            }
            for (slot, &(i, j)) in shared.iter().enumerate() {
                let whole = got.pair_interactions[(row * shared.len() + slot) * k + output];
                assert_close(
                    whole,
                    2.0 * entry(i as usize, j as usize),
                    &format!("{what}: sparse pair {slot}"),
                );
            }
        }
    }
}

#[test]
fn path_dependent_answers_are_those_of_all_coalitions() {
    for number in 0..N_FORESTS {
        let forest = forest(number);
        let rows = rows(number, &forest, N_ROWS);
        let plan = path_dependent(&forest);
        let worth = |x: &[f64], coalition| path_dependent_worth(&forest, x, coalition);
        check(&format!("forest {number}"), &plan, &forest, &rows, &worth);
    }
}

#[test]
fn interventional_answers_are_those_of_all_coalitions() {
    for number in 0..N_FORESTS {
        let forest = forest(number);
        let rows = rows(number, &forest, N_ROWS);
        let background = background(number, &forest, [1, 2, 4, 7, 30][number as usize % 5]);
        let plan = interventional(&forest, &background, Precision::F64);
        let worth = |x: &[f64], coalition| interventional_worth(&forest, x, &background, coalition);
        check(&format!("forest {number}"), &plan, &forest, &rows, &worth);
    }
}

/// What the judge says: values, pairs.
fn judged(
    forest: &Forest,
    rows: &Rows<'_>,
    background: Option<&Background>,
    pairs: &[(u32, u32)],
) -> [Vec<f64>; 2] {
    let forest = Arc::new(forest.clone());
    let encoding = Arc::new(Encoding::new(&forest).unwrap());
    let explain = |slots: Slots<'_>, n_slots: usize| {
        let kernel = match background {
            None => Reference::path_dependent(forest.clone(), encoding.clone(), slots),
            Some(Background { rows, weights }) => {
                let mut encoded = EncodedRows::default();
                encoding.encode(&table(rows, &forest), 0..weights.len(), &mut encoded);
                let total: f64 = weights.iter().sum();
                let weights = weights.iter().map(|weight| weight / total).collect();
                Reference::interventional(forest.clone(), encoding.clone(), encoded, weights, slots)
            }
        };
        let n_outputs = forest.n_outputs();
        let row_length = n_slots * n_outputs;
        let mut out = vec![f64::NAN; rows.n_rows() * row_length];
        let write = |sums: &Sums<'_>, part: &mut [f64]| {
            for (place, output) in sums.outputs.clone().enumerate() {
                for slot in 0..n_slots {
                    for (row, sum) in sums.slot(place, slot).iter().enumerate() {
                        part[row * row_length + slot * n_outputs + output] = *sum;
                    }
                }
            }
        };
        let (cancel, out_of) = (Cancel::default(), (&mut out[..], row_length));
        let sections = [Section { kernels: vec![&kernel], n_slots }];
        let sweep = Sweep::new(&sections, &encoding, rows, n_outputs);
        sweep.run(&Workers::serial(&cancel), &|_| {}, out_of, &write).unwrap();
        out
    };
    [explain(Slots::Players, forest.n_players()), explain(Slots::Pairs(pairs), pairs.len())]
}

/// On paths too long for brute force, or for tables: all kernels that the plan mixes, against the judge.
#[test]
fn long_paths_meet_the_reference() {
    for (number, (shape, depth)) in (0..).zip([
        (Shape::Chain, 14),
        (Shape::LeafWise, 6),
        (Shape::Oblivious, 7),
        (Shape::Complete, 5),
        (Shape::Chain, 60),
        (Shape::Oblivious, 9),
        (Shape::LeafWise, 5),
    ]) {
        let recipe = Recipe {
            shape,
            depth,
            n_trees: 3 + 17 * (number % 2) as usize,
            n_columns: 25,
            n_players: [25, 18][number as usize % 2],
            n_outputs: 1 + number as usize % 3,
            repeats: true,
            ..Recipe::numbered(number)
        };
        let forest = made(number, &recipe);
        let x = rows(number, &forest, 70);
        let x = table(&x, &forest);
        let backgrounds = [None, Some(background(number, &forest, 3)), Some(background(number, &forest, 20))];
        for background in &backgrounds {
            for (precision, tolerance) in [(Precision::F64, 2e-12), (Precision::F32, 2e-5)] {
                let plan = match background {
                    None => Plan::path_dependent(Arc::new(forest.clone()), precision).unwrap(),
                    Some(background) => interventional(&forest, background, precision),
                };
                let got = answer(&plan, &forest, &x, 2);
                let [values, pairs] = judged(&forest, &x, background.as_ref(), &plan.pairs());
                for (got, want) in
                    got.values.iter().zip(&values).chain(got.pair_interactions.iter().zip(&pairs))
                {
                    assert!(
                        (got - want).abs() <= tolerance,
                        "forest {number}, {:?}: {got}, not {want}",
                        plan.describe()
                    );
                }
            }
        }
    }
}

#[test]
fn no_split_of_the_rows_and_no_number_of_threads_changes_a_bit() {
    for number in [3, 7, 24] {
        let forest = forest(number);
        let x = rows(number, &forest, 700);
        let plans = [
            path_dependent(&forest),
            interventional(&forest, &background(number, &forest, 7), Precision::F64),
            interventional(&forest, &background(number, &forest, 3), Precision::F32),
        ];
        for plan in plans {
            let whole = answer(&plan, &forest, &table(&x, &forest), 1);
            for n_threads in [2, 7] {
                assert_eq!(answer(&plan, &forest, &table(&x, &forest), n_threads), whole, "forest {number}");
            }
            let (mut from, n_columns) = (0, forest.n_columns());
            let per_row = forest.n_players() * forest.n_outputs();
            for length in [1, 63, 64, 65, 507] {
                let part =
                    answer(&plan, &forest, &table(&x[from * n_columns..][..length * n_columns], &forest), 2);
                assert_eq!(
                    part.values,
                    whole.values[from * per_row..][..length * per_row],
                    "forest {number}"
                );
                let per_row = per_row * forest.n_players();
                assert_eq!(
                    part.matrices,
                    whole.matrices[from * per_row..][..length * per_row],
                    "forest {number}"
                );
                from += length;
            }
        }
    }
}

#[test]
fn grouped_columns_are_one_player() {
    for number in 0..40 {
        let mut grouped = forest(number);
        let n_players = grouped.n_players();
        grouped.player = (0..grouped.n_columns() as u32).map(|column| column % 2).collect();
        if n_players < 2 {
            continue;
        }
        let rows = rows(number, &grouped, N_ROWS);
        let background = background(number, &grouped, 6);
        let worth = |x: &[f64], coalition| path_dependent_worth(&grouped, x, coalition);
        check(&format!("grouped {number}"), &path_dependent(&grouped), &grouped, &rows, &worth);
        let worth = |x: &[f64], coalition| interventional_worth(&grouped, x, &background, coalition);
        let plan = interventional(&grouped, &background, Precision::F64);
        check(&format!("grouped {number}, background"), &plan, &grouped, &rows, &worth);
    }
}

#[test]
fn linear_leaves_are_explained_against_a_background() {
    for number in 0..30 {
        let recipe = Recipe {
            has_linear_leaves: true,
            has_oddities: false, // infinities would cancel to NaN
            n_columns: 2 + number as usize % 4,
            ..Recipe::numbered(number)
        };
        let forest = made(number, &recipe);
        let finite = |mut rows: Vec<f64>| {
            rows.iter_mut().filter(|x| x.abs() > 1e6).for_each(|x| *x = 2.5);
            rows
        };
        let x = finite(rows(number, &forest, N_ROWS));
        let mut background = background(number, &forest, [2, 9][number as usize % 2]);
        background.rows = finite(background.rows);
        let plan = interventional(&forest, &background, Precision::F64);
        let (n, k) = (forest.n_players(), forest.n_outputs());
        let mut got = vec![f64::NAN; N_ROWS * n * k];
        let cancel = Cancel::default();
        plan.values(&table(&x, &forest), &Workers::serial(&cancel), &|_| {}, &mut got).unwrap();
        for (row, x) in x.chunks(forest.n_columns()).enumerate() {
            let worths = worths(n, |coalition| interventional_worth(&forest, x, &background, coalition));
            for (player, want) in values(n, &worths).iter().enumerate() {
                for (output, want) in want.iter().enumerate() {
                    let got = got[(row * n + player) * k + output];
                    assert!((got - want).abs() < 1e-10, "forest {number}, row {row}: {got}, not {want}");
                }
            }
        }
    }
}

#[test]
fn saabas_steps_sum_to_the_prediction() {
    for number in 0..40 {
        let forest = forest(number);
        let x = rows(number, &forest, 70);
        let plan = Plan::saabas(Arc::new(forest.clone())).unwrap();
        let (n, k) = (forest.n_players(), forest.n_outputs());
        let mut values = vec![f64::NAN; 70 * n * k];
        let cancel = Cancel::default();
        let workers = Workers::serial(&cancel);
        plan.values(&table(&x, &forest), &workers, &|_| {}, &mut values).unwrap();
        for (row, values) in x.chunks(forest.n_columns()).zip(values.chunks(n * k)) {
            for (output, want) in predict(&forest, row).into_iter().enumerate() {
                let got: f64 = values[output..].iter().step_by(k).sum::<f64>() + plan.base_values()[output];
                assert_close(got, want, &format!("forest {number}, output {output}"));
            }
        }
        assert!(
            plan.interactions(&table(&x, &forest), &workers, &|_| {}, &mut vec![0.0; 70 * n * n * k])
                .is_err()
        );
    }
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let mut forest = forest(1);
    let x = rows(1, &forest, 2);
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let plan = path_dependent(&forest);
    let narrow = Rows::F64(Dense::contiguous(&x, 1));
    assert!(matches!(plan.values(&narrow, &workers, &|_| {}, &mut [0.0; 64]), Err(Error::Length { .. })));
    let short = plan.values(&table(&x, &forest), &workers, &|_| {}, &mut [0.0_f64; 1]);
    assert!(matches!(short, Err(Error::Length { argument: "out", .. })));
    for weights in [vec![1.0], vec![-1.0, 2.0], vec![0.0, 0.0], vec![f64::NAN, 1.0]] {
        let result = Plan::interventional(
            Arc::new(forest.clone()),
            &table(&x, &forest),
            Some(&weights),
            Precision::F64,
            &workers,
        );
        assert!(result.is_err(), "weights {weights:?}");
    }
    forest.has_cover = false;
    let result = Plan::path_dependent(Arc::new(forest), Precision::F64);
    assert!(matches!(result, Err(Error::Model(ModelError::Unsupported { .. }))));
    let linear = made(4, &Recipe { has_linear_leaves: true, n_trees: 2, ..Recipe::numbered(0) });
    let some = background(4, &linear, 9);
    let no_pairs = interventional(&linear, &some, Precision::F64);
    let mut out = vec![0.0; linear.n_players() * linear.n_players() * linear.n_outputs()];
    let one = &some.rows[..linear.n_columns()];
    assert!(no_pairs.interactions(&table(one, &linear), &workers, &|_| {}, &mut out).is_err());
    assert!(Plan::path_dependent(Arc::new(linear), Precision::F64).is_err());
}
