//! The forest's own prediction, and covers from rows.

use ferroshap::parallel::{Cancel, Workers};
use ferroshap::simd;
use ferroshap::tree::predict::{predict, predict_in};
use ferroshap::tree::{Dense, Encoding, Forest, Rows, Step};

use super::brute_force::{self, goes_left};
use super::forests::{Recipe, Shape, forest, made, rows};

fn predicted(forest: &Forest, rows: &Rows<'_>, n_threads: usize) -> Vec<f64> {
    let cancel = Cancel::default();
    predict(forest, &Encoding::new(forest).unwrap(), rows, &Workers::new(n_threads, &cancel)).unwrap()
}

#[test]
fn predictions_are_sums_in_the_order_of_the_trees() {
    for number in 0..100 {
        let recipe = Recipe { has_linear_leaves: number % 4 == 2, ..Recipe::numbered(number) };
        let forest = made(number, &recipe);
        let x = rows(number, &forest, 200);
        let got = predicted(&forest, &Rows::F64(Dense::contiguous(&x, forest.n_columns())), 2);
        for (row, (x, got)) in x.chunks(forest.n_columns()).zip(got.chunks(forest.n_outputs())).enumerate() {
            for (got, want) in got.iter().zip(brute_force::predict(&forest, x)) {
                let is_same = got.to_bits() == want.to_bits();
                let tolerance = 1e-12 * want.abs().max(1.0); // the oracle adds the offset first
                let close = (got - want).abs() <= tolerance || (got.is_nan() && want.is_nan());
                assert!(is_same || close, "forest {number}, row {row}: {got}, not {want}");
            }
        }
    }
}

#[test]
fn few_rows_get_the_bits_of_many() {
    for number in 0..30 {
        let forest = forest(number);
        let (x, n_columns) = (rows(number, &forest, 150), forest.n_columns());
        let whole = predicted(&forest, &Rows::F64(Dense::contiguous(&x, n_columns)), 1);
        for (row, x) in x.chunks(n_columns).enumerate() {
            let one = predicted(&forest, &Rows::F64(Dense::contiguous(x, n_columns)), 1);
            assert_eq!(one, whole[row * one.len()..][..one.len()], "forest {number}, row {row}");
        }
    }
}

/// Trees of up to 64, 256 and more leaves, and deeper than their codes have bits: each goes its own way down.
#[test]
fn instruction_sets_and_ways_down_give_the_same_bits() {
    let shapes = [
        (Shape::Complete, 6),
        (Shape::Complete, 8),
        (Shape::Complete, 9),
        (Shape::Chain, 8),
        (Shape::Chain, 9),
        (Shape::Chain, 70),
        (Shape::LeafWise, 7),
    ];
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    for (number, (shape, depth)) in (0..28).zip(shapes.into_iter().cycle()) {
        let has_linear_leaves = number % 4 == 2;
        let numbered = Recipe::numbered(number);
        let recipe = Recipe { shape, depth, n_trees: 4, repeats: true, has_linear_leaves, ..numbered };
        let forest = made(number, &recipe);
        let (x, n_columns, n_outputs) = (rows(number, &forest, 600), forest.n_columns(), forest.n_outputs());
        let encoding = Encoding::new(&forest).unwrap();
        let bits_in = |set, x: &[f64]| {
            let rows = Rows::F64(Dense::contiguous(x, n_columns));
            let margins = predict_in(set, &forest, &encoding, &rows, &workers).unwrap();
            margins.into_iter().map(f64::to_bits).collect::<Vec<_>>()
        };
        let walked: Vec<u64> = x.chunks(n_columns).flat_map(|x| bits_in(simd::supported()[0], x)).collect();
        assert_eq!(walked.len(), 600 * n_outputs);
        for set in simd::supported() {
            assert_eq!(bits_in(set, &x), walked, "{set:?}, forest {number}: {shape:?} of depth {depth}");
        }
    }
}

#[test]
fn covers_are_the_weight_of_the_rows_that_come_through() {
    let cancel = Cancel::default();
    for number in 0..30 {
        let forest = forest(number);
        let x = rows(number, &forest, 90);
        let weights: Vec<f64> = (0..90).map(|row| f64::from(row % 4)).collect();
        let table = Rows::F64(Dense::contiguous(&x, forest.n_columns()));
        let covered = forest.with_covers(&table, Some(&weights), &Workers::new(2, &cancel)).unwrap();
        for (tree, covered) in forest.trees.iter().zip(&covered.trees) {
            let mut covers = vec![0.0; tree.nodes.len()];
            for (x, weight) in x.chunks(forest.n_columns()).zip(&weights) {
                let mut at = 0;
                covers[0] += weight;
                while let Step::Split(split) = tree.nodes[at].step {
                    let is_left = goes_left(&forest, &split, x[split.column as usize]);
                    at = if is_left { at + 1 } else { split.right as usize };
                    covers[at] += weight;
                }
            }
            let got: Vec<f64> = covered.nodes.iter().map(|node| node.cover).collect();
            assert_eq!(got, covers, "forest {number}: whole weights add up exactly");
        }
    }
}
