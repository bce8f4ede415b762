//! Sums of forests predict the sums of their predictions.

use ferroshap::parallel::{Cancel, Workers};
use ferroshap::tree::compose::{Part, combine};
use ferroshap::tree::predict::predict;
use ferroshap::tree::{Column, Dense, Encoding, Forest, Precision, Rows};

use super::brute_force;
use super::forests::{Recipe, made, rows};

fn predicted(forest: &Forest, row: &[f64]) -> Vec<f64> {
    let rows = Rows::F64(Dense::contiguous(row, forest.n_columns()));
    predict(forest, &Encoding::new(forest).unwrap(), &rows, &Workers::serial(&Cancel::default())).unwrap()
}

#[test]
fn sums_of_forests_predict_weighted_sums() {
    for number in 0..40 {
        let plain = Recipe { has_categories: false, has_oddities: false, ..Recipe::numbered(number) };
        let (single, double) = (
            made(number, &Recipe { predicts_in: Precision::F32, ..plain.clone() }),
            made(number + 1, &Recipe { predicts_in: Precision::F64, ..plain }),
        );
        let (k, n) = (single.n_outputs(), single.n_columns());
        // The second part's columns come in reverse, and its outputs move up by one.
        let columns: Vec<u32> = (0..n as u32).rev().collect();
        let outputs: Vec<u32> = (1..=k as u32).collect();
        let parts = [
            Part { forest: &single, weight: 0.25, columns: None, outputs: None },
            Part { forest: &double, weight: -3.0, columns: Some(&columns), outputs: Some(&outputs) },
        ];
        let offset: Vec<f64> = (0..=k).map(|output| output as f64).collect();
        let whole = combine(&parts, n, &offset).unwrap();
        // Thresholds of both parts and their neighbours: rows of the whole hit those that were widened, too.
        let table: Vec<f64> = [rows(number, &single, 60), rows(number, &whole, 60)].concat();
        for row in table.chunks(n) {
            let turned: Vec<f64> = row.iter().rev().copied().collect();
            let (first, second) =
                (brute_force::predict(&single, row), brute_force::predict(&double, &turned));
            for (output, got) in predicted(&whole, row).into_iter().enumerate() {
                let mut want = offset[output] + first.get(output).map_or(0.0, |first| 0.25 * first);
                want -= output.checked_sub(1).map_or(0.0, |output| 3.0 * second[output]);
                assert!((got - want).abs() < 1e-11, "forest {number}: {got}, not {want} at {row:?}");
            }
        }
    }
}

#[test]
fn columns_that_parts_read_differently_are_refused() {
    let a = made(1, &Recipe { n_columns: 1, has_categories: false, n_outputs: 1, ..Recipe::numbered(1) });
    let mut b = a.clone();
    b.columns = vec![Column::Numeric { cast: Precision::F32, missing: Some(7.0) }];
    let part = |forest| Part { forest, weight: 1.0, columns: None, outputs: None };
    assert!(combine(&[part(&a), part(&a)], 1, &[0.0]).is_ok());
    assert!(combine(&[part(&a), part(&b)], 1, &[0.0]).is_err());
    assert!(combine(&[part(&a)], 0, &[0.0]).is_err(), "a column that the whole lacks");
    assert!(combine(&[], 1, &[0.0]).is_err());
}

#[test]
fn the_first_trees_alone_are_a_forest() {
    let forest = made(3, &Recipe::numbered(3));
    assert_eq!(forest.first_trees(2).trees, forest.trees[..2]);
    assert_eq!(forest.first_trees(1000).trees, forest.trees);
    assert!(forest.with_players(&vec![0; forest.n_columns()]).is_ok());
    assert!(forest.with_players(&vec![1; forest.n_columns()]).is_err());
}
