//! Functions of the margin against their definition: brute force for each background row, rescaled and summed.

use std::sync::Arc;

use ferroshap::error::{Error, ModelError};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::tree::margins::{Function, Margins};
use ferroshap::tree::{Dense, Encoding, Forest, Precision, Rows};

use super::brute_force::{self, Background, interventional_worth, predict, worths};
use super::forests::{self, Recipe};

const FUNCTIONS: [Function; 5] = [
    Function::Sigmoid { scale: 1.0 },
    Function::Sigmoid { scale: 0.6 },
    Function::Exp,
    Function::LogLoss { scale: 1.0 },
    Function::SquaredLoss,
];

fn one_output(number: u64) -> Forest {
    let recipe = Recipe { n_outputs: 1, has_vectors: false, ..Recipe::numbered(number) };
    forests::made(number, &recipe)
}

fn margins_of(forest: &Forest, background: &Background, function: Function) -> Result<Margins, Error> {
    let cancel = Cancel::default();
    let rows = Rows::F64(Dense::contiguous(&background.rows, forest.n_columns()));
    let encoding = Arc::new(Encoding::new(forest)?);
    let (forest, workers) = (Arc::new(forest.clone()), Workers::serial(&cancel));
    Margins::new(forest, encoding, &rows, Some(&background.weights), function, Precision::F64, &workers)
}

fn values(margins: &Margins, forest: &Forest, rows: &[f64], labels: &[f64], n_threads: usize) -> Vec<f64> {
    let cancel = Cancel::default();
    let rows = Rows::F64(Dense::contiguous(rows, forest.n_columns()));
    let mut out = vec![f64::NAN; rows.n_rows() * forest.n_players()];
    let workers = Workers::new(n_threads, &cancel);
    margins.values(&rows, Some(labels), &workers, &|_| (), &mut out).unwrap();
    out
}

/// `(g(a) - g(b)) / (a - b)` where the plain quotient loses at most four digits, else `g'` in between.
fn quotient(function: Function, a: f64, b: f64, label: f64) -> f64 {
    if (a - b).abs() > 1e-4 {
        return (function.at(a, label) - function.at(b, label)) / (a - b);
    }
    let (middle, sigmoid) = (f64::midpoint(a, b), |m: f64| 1.0 / (1.0 + (-m).exp()));
    match function {
        Function::Sigmoid { scale } => scale * sigmoid(scale * middle) * sigmoid(-scale * middle),
        Function::Exp => middle.exp(),
        Function::LogLoss { scale } => scale * (sigmoid(scale * middle) - label),
        Function::SquaredLoss => 2.0 * (middle - label),
    }
}

#[test]
fn values_are_those_of_each_background_row_rescaled_and_summed() {
    for number in 0..60 {
        let forest = one_output(number);
        let (n_columns, n_players) = (forest.n_columns(), forest.n_players());
        // 90 rows on a panel of few leaves: many share a margin; of 20 trees all differ, and points take over
        let background = forests::background(number, &forest, [1, 5, 90][number as usize % 3]);
        let total: f64 = background.weights.iter().sum();
        let rows = forests::rows(number, &forest, 3);
        let labels = [0.0, 1.0, 1.0];
        // of each background row and row: both margins, and the values of the raw margin
        let alone: Vec<Vec<(f64, Vec<f64>)>> = background
            .rows
            .chunks(n_columns)
            .map(|stand_in| {
                let one = Background { rows: stand_in.to_vec(), weights: vec![1.0] };
                let of_row = |row: &[f64]| {
                    let worths = worths(n_players, |s| interventional_worth(&forest, row, &one, s));
                    (predict(&forest, row)[0], brute_force::values(n_players, &worths).concat())
                };
                rows.chunks(n_columns).map(of_row).collect()
            })
            .collect();
        for function in FUNCTIONS {
            let margins = margins_of(&forest, &background, function).unwrap();
            let got = values(&margins, &forest, &rows, &labels, 1);
            for row in 0..3 {
                let (mut want, mut size) = (vec![0.0; n_players], 1.0_f64);
                for ((stand_in, alone), weight) in
                    background.rows.chunks(n_columns).zip(&alone).zip(&background.weights)
                {
                    let (margin, values) = &alone[row];
                    let scale = quotient(function, *margin, predict(&forest, stand_in)[0], labels[row]);
                    let terms = values.iter().map(|value| weight / total * scale * value);
                    want.iter_mut().zip(terms).for_each(|(want, term)| {
                        *want += term;
                        size += term.abs();
                    });
                    size = size.max(scale.abs());
                }
                // the plain quotient of the oracle loses four digits of sixteen
                for (got, want) in got[row * n_players..].iter().zip(&want) {
                    assert!(
                        (got - want).abs() <= 1e-11 * size,
                        "forest {number}, {function:?}, row {row}: {got} for {want}"
                    );
                }
            }
        }
    }
}

#[test]
fn base_and_values_sum_to_the_function_of_the_margin() {
    for number in [3, 17, 24, 38, 45] {
        let recipe =
            Recipe { n_outputs: 1, has_vectors: false, n_trees: 20, depth: 4, ..Recipe::numbered(number) };
        let forest = forests::made(number, &recipe);
        let (n_columns, n_players) = (forest.n_columns(), forest.n_players());
        let background = forests::background(number, &forest, 150);
        let rows = forests::rows(number, &forest, 40);
        let labels: Vec<f64> = (0..40).map(|row| f64::from(row % 2)).collect();
        for function in FUNCTIONS {
            let margins = margins_of(&forest, &background, function).unwrap();
            let got = values(&margins, &forest, &rows, &labels, 2);
            for ((row, got), &label) in rows.chunks(n_columns).zip(got.chunks(n_players)).zip(&labels) {
                let base = margins.base_value(label);
                let (whole, want) =
                    (base + got.iter().sum::<f64>(), function.at(predict(&forest, row)[0], label));
                let size = base.abs() + want.abs() + got.iter().map(|value| value.abs()).sum::<f64>();
                assert!(
                    (whole - want).abs() <= 1e-11 * size,
                    "forest {number}, {function:?}: {whole} for {want}"
                );
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads_or_on_the_other_rows() {
    let recipe = Recipe { n_outputs: 1, has_vectors: false, n_trees: 20, depth: 4, ..Recipe::numbered(38) };
    let forest = forests::made(38, &recipe);
    let (n_columns, n_players) = (forest.n_columns(), forest.n_players());
    let background = forests::background(38, &forest, 150);
    let rows = forests::rows(38, &forest, 130);
    let labels: Vec<f64> = (0..130).map(|row| f64::from(row % 2)).collect();
    let margins = margins_of(&forest, &background, Function::LogLoss { scale: 1.0 }).unwrap();
    let together = values(&margins, &forest, &rows, &labels, 1);
    assert_eq!(together, values(&margins, &forest, &rows, &labels, 3));
    for (row, want) in together.chunks(n_players).enumerate().step_by(17) {
        let alone = values(&margins, &forest, &rows[row * n_columns..][..n_columns], &labels[row..=row], 1);
        assert_eq!(alone, want, "row {row}");
    }
}

#[test]
fn a_tie_takes_the_slope() {
    let forest = one_output(38);
    let rows = forests::rows(38, &forest, 1);
    let background = Background { rows: rows.clone(), weights: vec![1.0] };
    let margins = margins_of(&forest, &background, Function::Sigmoid { scale: 1.0 }).unwrap();
    assert!(values(&margins, &forest, &rows, &[], 1).iter().all(|&value| value == 0.0));
}

#[test]
fn several_outputs_and_missing_labels_are_refused() {
    let forest = forests::made(5, &Recipe { n_outputs: 3, ..Recipe::numbered(5) });
    let background = forests::background(5, &forest, 4);
    let refused = margins_of(&forest, &background, Function::Sigmoid { scale: 1.0 }).unwrap_err();
    assert!(matches!(&refused, Error::Model(ModelError::Unsupported { .. })), "{refused}");
    assert!(refused.to_string().contains("permutation"), "{refused}");

    let forest = one_output(5);
    let background = forests::background(5, &forest, 4);
    let margins = margins_of(&forest, &background, Function::SquaredLoss).unwrap();
    let (cancel, rows) = (Cancel::default(), forests::rows(5, &forest, 2));
    let rows = Rows::F64(Dense::contiguous(&rows, forest.n_columns()));
    let mut out = vec![0.0; 2 * forest.n_players()];
    for labels in [None, Some(&[1.0][..]), Some(&[1.0, f64::NAN])] {
        let refused = margins.values(&rows, labels, &Workers::serial(&cancel), &|_| (), &mut out);
        assert!(matches!(
            refused,
            Err(Error::Length { argument: "y", .. } | Error::Parameter { argument: "y", .. })
        ));
    }
}
