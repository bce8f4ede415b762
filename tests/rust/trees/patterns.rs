//! Pattern tables against brute force, and the laws that tie calls to each other.
#![expect(clippy::cast_possible_truncation, reason = "numbers of forests, trees and players are small")]

use std::sync::Arc;

use ferroshap::parallel::{Cancel, Workers};
use ferroshap::simd::{self, InstructionSet};
use ferroshap::tree::patterns::{self, Number, Patterns, Request, Weights};
use ferroshap::tree::sweep::{Section, Sums, Sweep};
use ferroshap::tree::{Dense, EncodedRows, Encoding, Forest, Rows};

use super::brute_force::{self, Background};
use super::forests::{self, Recipe, Shape};

/// What a test asks for.
#[derive(Clone, Copy)]
struct Call<'a> {
    pairs: Option<&'a [(u32, u32)]>,
    table_bytes: usize,
    set: InstructionSet,
    n_threads: usize,
}

impl Call<'_> {
    fn values() -> Self {
        Self { pairs: None, table_bytes: usize::MAX, set: InstructionSet::best(), n_threads: 1 }
    }
}

fn table(rows: &[f64], n_columns: usize) -> Rows<'_> {
    Rows::F64(Dense::contiguous(rows, n_columns))
}

fn encoded(forest: &Forest, rows: &[f64]) -> EncodedRows {
    let (encoding, mut out) =
        (Encoding::new(forest).expect("valid forests are encoded"), EncodedRows::default());
    let rows = table(rows, forest.n_columns());
    encoding.encode(&rows, 0..rows.n_rows(), &mut out);
    out
}

fn kernels<T: Number>(
    forest: &Arc<Forest>,
    rows: &[f64],
    weights: &[Vec<f64>],
    call: &Call<'_>,
) -> Vec<Patterns<T>> {
    let trees: Vec<u32> = (0..forest.trees.len() as u32).collect();
    let request = Request {
        forest,
        encoding: &Encoding::new(forest).expect("valid forests are encoded"),
        trees: &trees,
        pairs: call.pairs,
        background: &Rows::Encoded(&encoded(forest, rows)),
        weights: Weights::Given(weights),
        table_bytes: call.table_bytes,
        set: call.set,
    };
    let cancel = Cancel::default();
    patterns::prepare(&request, &Workers::new(call.n_threads, &cancel)).expect("nobody interrupts")
}

/// `[row][slot][output]`
fn explain<T: Number>(forest: &Arc<Forest>, kernel: &Patterns<T>, rows: &[f64], call: &Call<'_>) -> Vec<f64> {
    let encoding = Encoding::new(forest).expect("valid forests are encoded");
    let (n_slots, n_outputs) = (call.pairs.map_or(forest.n_players(), <[_]>::len), forest.n_outputs());
    let mut out = vec![f64::NAN; rows.len() / forest.n_columns() * n_slots * n_outputs];
    let cancel = Cancel::default();
    let sections = [Section { kernels: vec![kernel], n_slots }];
    let rows = table(rows, forest.n_columns());
    let write = |sums: &Sums<'_>, out: &mut [f64]| {
        for k in sums.outputs.clone() {
            for slot in 0..n_slots {
                for (row, &sum) in sums.slot(k - sums.outputs.start, slot).iter().enumerate() {
                    out[(row * n_slots + slot) * n_outputs + k] = sum;
                }
            }
        }
    };
    let workers = Workers::new(call.n_threads, &cancel);
    let to = (&mut out[..], n_slots * n_outputs);
    Sweep::new(&sections, &encoding, &rows, n_outputs)
        .run(&workers, &|_| {}, to, &write)
        .expect("nobody interrupts");
    out
}

fn equal(n_rows: usize) -> [Vec<f64>; 1] {
    [vec![1.0 / n_rows as f64; n_rows]]
}

fn all_pairs(n: u32) -> Vec<(u32, u32)> {
    (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect()
}

/// Forests without linear leaves, which are another kernel's.
fn forest(number: u64) -> Forest {
    forests::made(number, &Recipe { has_linear_leaves: false, ..Recipe::numbered(number) })
}

/// Weights that sum to 1, as brute force takes them.
fn normalised(background: &Background) -> Vec<f64> {
    let total: f64 = background.weights.iter().sum();
    background.weights.iter().map(|weight| weight / total).collect()
}

fn scale(forest: &Forest) -> f64 {
    let of_tree = |values: &[f64]| values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    forest.trees.iter().map(|tree| of_tree(&tree.values)).sum::<f64>().max(1e-30)
}

fn assert_close(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (n, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= tolerance, "{what}: {got} is not {want} at {n}");
    }
}

fn judge(number: u64, forest: Forest) {
    let forest = Arc::new(forest);
    let n_players = forest.n_players() as u32;
    let background = forests::background(number, &forest, 9);
    let rows = forests::rows(number, &forest, 5);
    let weights = [normalised(&background)];
    let pairs = all_pairs(n_players);
    let (mut values, mut interactions) = (Vec::new(), Vec::new());
    for row in rows.chunks(forest.n_columns()) {
        let worth = |set| brute_force::interventional_worth(&forest, row, &background, set);
        let worths = brute_force::worths(n_players as usize, worth);
        values.extend(brute_force::values(n_players as usize, &worths).concat());
        let matrix = brute_force::pairs(n_players as usize, &worths);
        interactions.extend(pairs.iter().flat_map(|&(i, j)| matrix[i as usize][j as usize].clone()));
    }
    let scale = scale(&forest);
    let is_covered = |pairs: bool| {
        (0..forest.trees.len()).all(|tree| patterns::uncovered_leaves(&forest, tree as u32, pairs).is_empty())
    };
    for (wanted, want) in [(None, &values), (Some(&*pairs), &interactions)] {
        if !is_covered(wanted.is_some()) {
            continue;
        }
        let call = Call { pairs: wanted, ..Call::values() };
        let what = format!("forest {number}, {}", if wanted.is_some() { "pairs" } else { "values" });
        let kernel = &kernels::<f64>(&forest, &background.rows, &weights, &call)[0];
        assert_close(&explain(&forest, kernel, &rows, &call), want, 1e-12 * scale, &what);
        let kernel = &kernels::<f32>(&forest, &background.rows, &weights, &call)[0];
        assert_close(&explain(&forest, kernel, &rows, &call), want, 2e-6 * scale, &what);
        let base: Vec<f64> =
            kernel.base_values().iter().zip(&forest.offset).map(|(base, offset)| base + offset).collect();
        let nobody = brute_force::interventional_worth(&forest, &rows[..forest.n_columns()], &background, 0);
        assert_close(&base, &nobody, 1e-12 * (scale + nobody[0].abs()), &what);
    }
}

#[test]
fn tables_are_what_all_coalitions_say() {
    for number in 0..100 {
        judge(number, forest(number));
    }
}

#[test]
fn wide_leaves_are_what_all_coalitions_say() {
    for number in 0..12 {
        let recipe = Recipe {
            shape: if number % 2 == 0 { Shape::Chain } else { Shape::LeafWise },
            depth: 10,
            n_trees: 3,
            n_columns: 12,
            n_players: 10,
            has_linear_leaves: false,
            ..Recipe::numbered(number)
        };
        judge(number, forests::made(number, &recipe));
    }
}

/// Forests that reach every layout: narrow and wide groups, categories, several outputs, many trees and players.
fn varied() -> impl Iterator<Item = (u64, Arc<Forest>)> {
    let recipe = |number: u64| Recipe {
        shape: [Shape::LeafWise, Shape::Complete, Shape::Chain][number as usize % 3],
        depth: [7, 5, 10][number as usize % 3],
        n_trees: 18, // more than a block
        n_columns: 14,
        n_players: 14,
        has_linear_leaves: false,
        ..Recipe::numbered(number)
    };
    (0..6).map(move |number| (number, Arc::new(forests::made(number, &recipe(number)))))
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn same_bits_everywhere<T: Number>() {
    for (number, forest) in varied() {
        let pairs = all_pairs(forest.n_players() as u32);
        let background = forests::background(number, &forest, 90);
        let rows = forests::rows(number + 50, &forest, 199);
        let weights = if number % 2 == 0 { [background.weights.clone()] } else { equal(90) };
        for pairs in [None, Some(&*pairs)] {
            let call = Call { pairs, ..Call::values() };
            let kernel = &kernels::<T>(&forest, &background.rows, &weights, &call)[0];
            let want = bits(&explain(&forest, kernel, &rows, &call));
            let what = |what: &str| format!("forest {number}, {what}");
            for set in simd::supported() {
                let call = Call { set, ..call };
                let kernel = &kernels::<T>(&forest, &background.rows, &weights, &call)[0];
                assert!(bits(&explain(&forest, kernel, &rows, &call)) == want, "{}", what(set.name()));
            }
            let threads = Call { n_threads: 3, ..call };
            let kernel = &kernels::<T>(&forest, &background.rows, &weights, &threads)[0];
            assert!(bits(&explain(&forest, kernel, &rows, &threads)) == want, "{}", what("3 threads"));
            let rebuilt = Call { table_bytes: 0, ..call };
            let anew = &kernels::<T>(&forest, &background.rows, &weights, &rebuilt)[0];
            assert_eq!(anew.table_bytes(), 0);
            assert!(bits(&explain(&forest, anew, &rows, &rebuilt)) == want, "{}", what("tables rebuilt"));
            let apart: Vec<u64> = rows
                .chunks(101 * forest.n_columns())
                .flat_map(|rows| bits(&explain(&forest, kernel, rows, &call)))
                .collect();
            assert!(apart == want, "{}", what("101 rows at a time"));
        }
    }
}

#[test]
fn singles_have_the_same_bits_everywhere() {
    same_bits_everywhere::<f32>();
}

#[test]
fn doubles_have_the_same_bits_everywhere() {
    same_bits_everywhere::<f64>();
}

#[test]
fn signed_weights_are_linear_and_several_vectors_are_one_by_one() {
    for (number, forest) in varied() {
        let background = forests::background(number, &forest, 70);
        let rows = forests::rows(number, &forest, 20);
        let call = Call::values();
        let vectors: Vec<Vec<f64>> = (0..11)
            .map(|q| (0..70).map(|z| f64::from((z * 7 + q * 13) % 19) / 19.0 - 0.45).collect())
            .collect();
        let many = kernels::<f64>(&forest, &background.rows, &vectors, &call);
        let found: Vec<Vec<f64>> = many.iter().map(|kernel| explain(&forest, kernel, &rows, &call)).collect();
        let tolerance = 1e-12 * 70.0 * scale(&forest);
        for (vector, found) in vectors.iter().zip(&found) {
            let one = [vector.clone()];
            let alone = &kernels::<f64>(&forest, &background.rows, &one, &call)[0];
            assert_close(found, &explain(&forest, alone, &rows, &call), tolerance, "one by one");
        }
        let mix = [(0..70).map(|z| vectors[2][z] - 2.0 * vectors[9][z]).collect::<Vec<_>>()];
        let mixed = &kernels::<f64>(&forest, &background.rows, &mix, &call)[0];
        let want: Vec<f64> = found[2].iter().zip(&found[9]).map(|(a, b)| a - 2.0 * b).collect();
        assert_close(&explain(&forest, mixed, &rows, &call), &want, tolerance, "linear");
    }
}

#[test]
fn duplicates_are_weights_and_a_row_alone_receives_nothing() {
    for (number, forest) in varied() {
        let n_columns = forest.n_columns();
        let background = forests::background(number, &forest, 12);
        let rows = forests::rows(number, &forest, 20);
        let call = Call::values();
        let times = |row: usize| [1, 0, 3, 2][row % 4];
        let again = |(row, z): (usize, &[f64])| z.repeat(times(row));
        let repeated: Vec<f64> = background.rows.chunks(n_columns).enumerate().flat_map(again).collect();
        let total = (repeated.len() / n_columns) as f64;
        let weights = [(0..12).map(|row| times(row) as f64 / total).collect::<Vec<_>>()];
        let weighted = &kernels::<f64>(&forest, &background.rows, &weights, &call)[0];
        let unweighted = &kernels::<f64>(&forest, &repeated, &equal(repeated.len() / n_columns), &call)[0];
        let (found, want) =
            (explain(&forest, weighted, &rows, &call), explain(&forest, unweighted, &rows, &call));
        assert_close(&found, &want, 1e-13 * scale(&forest), "duplicates");
        let itself = &rows[..n_columns];
        let kernel = &kernels::<f32>(&forest, itself, &equal(1), &call)[0];
        let found = explain(&forest, kernel, itself, &call);
        assert_close(&found, &vec![0.0; found.len()], 1e-7 * scale(&forest), "a row against itself");
        let kernel = &kernels::<f64>(&forest, itself, &equal(1), &call)[0];
        let found = explain(&forest, kernel, itself, &call);
        assert_close(&found, &vec![0.0; found.len()], 1e-15 * scale(&forest), "a row against itself");
    }
}

#[test]
fn values_and_base_add_up_to_the_prediction_of_covered_leaves() {
    for (number, forest) in varied() {
        let covered = |tree: u32| patterns::uncovered_leaves(&forest, tree, false).is_empty();
        if !(0..forest.trees.len()).all(|tree| covered(tree as u32)) {
            continue;
        }
        let (n_players, n_outputs) = (forest.n_players(), forest.n_outputs());
        let background = forests::background(number, &forest, 40);
        let rows = forests::rows(number, &forest, 30);
        let call = Call::values();
        let kernel = &kernels::<f64>(&forest, &background.rows, &equal(40), &call)[0];
        let found = explain(&forest, kernel, &rows, &call);
        for (row, values) in rows.chunks(forest.n_columns()).zip(found.chunks(n_players * n_outputs)) {
            for (k, margin) in brute_force::predict(&forest, row).into_iter().enumerate() {
                let sum: f64 = (0..n_players).map(|i| values[i * n_outputs + k]).sum();
                let total = sum + kernel.base_values()[k] + forest.offset[k];
                assert!((total - margin).abs() < 1e-12 * scale(&forest), "forest {number}: {total} {margin}");
            }
        }
    }
}

#[test]
fn leaves_past_the_limit_are_named_and_left_out() {
    let recipe = Recipe {
        shape: Shape::Chain,
        depth: 13,
        n_trees: 1,
        n_columns: 13,
        n_players: 13,
        n_outputs: 1,
        has_vectors: false,
        repeats: false,
        has_linear_leaves: false,
        ..Recipe::numbered(4)
    };
    let mut forest = forests::made(4, &recipe);
    // A chain of 13 different players: leaves at depths 1 to 12, and two at 13.
    assert_eq!(patterns::uncovered_leaves(&forest, 0, false).len(), 4);
    assert_eq!(patterns::uncovered_leaves(&forest, 0, true).len(), 6);
    let rows = forests::rows(4, &forest, 40);
    let background = forests::rows(5, &forest, 30);
    let call = Call::values();
    let values = |forest: &Forest| {
        let forest = Arc::new(forest.clone());
        let kernel = &kernels::<f64>(&forest, &background, &equal(30), &call)[0];
        explain(&forest, kernel, &rows, &call)
    };
    let want = bits(&values(&forest));
    for leaf in patterns::uncovered_leaves(&forest, 0, false) {
        forest.trees[0].values[leaf as usize] += 1000.0;
    }
    assert!(bits(&values(&forest)) == want, "leaves that are not covered play no part");
    assert!(want.iter().any(|&bits| bits != 0), "the others do");
}

#[test]
fn what_cannot_be_a_background_is_refused() {
    let forest = Arc::new(forest(3));
    let encoding = Encoding::new(&forest).unwrap();
    let cancel = Cancel::default();
    let rows = forests::rows(3, &forest, 4);
    let refused = |rows: &[f64], weights: Weights<'_>| {
        let request = Request {
            forest: &forest,
            encoding: &encoding,
            trees: &[0],
            pairs: None,
            background: &table(rows, forest.n_columns()),
            weights,
            table_bytes: usize::MAX,
            set: InstructionSet::best(),
        };
        patterns::prepare::<f32>(&request, &Workers::serial(&cancel)).is_err()
    };
    assert!(refused(&[], Weights::Equal), "no rows");
    assert!(refused(&rows, Weights::Given(&[vec![0.25; 4], vec![0.5; 3]])), "a weight is lacking");
    assert!(!refused(&rows, Weights::Given(&[vec![0.25; 4], vec![0.5; 4]])));
}
