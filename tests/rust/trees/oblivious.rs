//! Tables over leaf numbers against brute force, and against themselves in other instruction sets and precisions.

use ferroshap::parallel::{Cancel, Workers};
use ferroshap::simd::{InstructionSet, supported};
use ferroshap::tree::oblivious::{Absent, MOST_LEVELS, MOST_LEVELS_OF_PAIRS, Oblivious, takes};
use ferroshap::tree::sweep::{Section, Slots, Sums, Sweep};
use ferroshap::tree::{Dense, EncodedRows, Encoding, Forest, Precision, Rows, Tree};

use super::brute_force::{self, Background, interventional_worth, path_dependent_worth, worths};
use super::forests::{self, Recipe, Shape};

fn recipe(number: u64, depth: usize) -> Recipe {
    Recipe { shape: Shape::Oblivious, depth, ..Recipe::numbered(number) }
}

fn all_pairs(n_players: u32) -> Vec<(u32, u32)> {
    (0..n_players).flat_map(|i| (i + 1..n_players).map(move |j| (i, j))).collect()
}

fn encoded(encoding: &Encoding, forest: &Forest, rows: &[f64]) -> EncodedRows {
    let rows = Rows::F64(Dense::contiguous(rows, forest.n_columns()));
    let mut encoded = EncodedRows::default();
    encoding.encode(&rows, 0..rows.n_rows(), &mut encoded);
    encoded
}

/// How a test asks: instruction set, arithmetic, threads.
#[derive(Clone, Copy)]
struct Way {
    set: InstructionSet,
    precision: Precision,
    n_threads: usize,
}

impl Way {
    fn best() -> Self {
        Self { set: InstructionSet::best(), precision: Precision::F64, n_threads: 1 }
    }
}

/// `[row][slot][output]` of the trees that the tables take.
fn explain(
    forest: &Forest,
    rows: &[f64],
    background: Option<&Background>,
    pairs: Option<&[(u32, u32)]>,
    way: Way,
) -> Vec<f64> {
    let cancel = Cancel::default();
    let workers = Workers::new(way.n_threads, &cancel);
    let encoding = Encoding::new(forest).unwrap();
    let (stand_ins, weights) = background.map_or_else(Default::default, |background| {
        let total: f64 = background.weights.iter().sum();
        let weights: Vec<f64> = background.weights.iter().map(|weight| weight / total).collect();
        (encoded(&encoding, forest, &background.rows), weights)
    });
    let absent = if background.is_some() { Absent::Background(&stand_ins, &weights) } else { Absent::Covers };
    let slots = pairs.map_or(Slots::Players, Slots::Pairs);
    let trees = (0_u32..).zip(&forest.trees).filter(|(_, tree)| takes(tree, pairs.is_some()));
    let trees = trees.map(|(number, _)| number);
    let kernel =
        Oblivious::new(forest, &encoding, trees, absent, slots, way.precision, way.set, &workers).unwrap();
    let n_slots = pairs.map_or(forest.n_players(), <[_]>::len);
    let n_outputs = forest.n_outputs();
    let row_length = n_slots * n_outputs;
    let rows = Rows::F64(Dense::contiguous(rows, forest.n_columns()));
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
    let out_of = (out.as_mut_slice(), row_length);
    let sections = [Section { kernels: vec![&kernel], n_slots }];
    let sweep = Sweep::new(&sections, &encoding, &rows, n_outputs);
    sweep.run(&workers, &|_| (), out_of, &write).unwrap();
    out
}

/// Sum of all leaf values' sizes: what rounding errors are relative to.
fn scale(forest: &Forest) -> f64 {
    let largest = |tree: &Tree| tree.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    1.0 + forest.trees.iter().map(largest).sum::<f64>()
}

/// Brute force for a forest: values and pairs, `[row][player][output]` and `[row][pair][output]`.
fn by_brute_force(
    forest: &Forest,
    rows: &[f64],
    background: Option<&Background>,
    pairs: &[(u32, u32)],
) -> (Vec<f64>, Vec<f64>) {
    let n_players = forest.n_players();
    let (mut all_values, mut all_pairs) = (Vec::new(), Vec::new());
    for row in rows.chunks(forest.n_columns()) {
        let worths = worths(n_players, |coalition| match background {
            Some(background) => interventional_worth(forest, row, background, coalition),
            None => path_dependent_worth(forest, row, coalition),
        });
        all_values.extend(brute_force::values(n_players, &worths).concat());
        let matrix = brute_force::pairs(n_players, &worths);
        all_pairs.extend(pairs.iter().flat_map(|&(i, j)| &matrix[i as usize][j as usize]));
    }
    (all_values, all_pairs)
}

fn assert_near(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (place, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= tolerance, "{what}, place {place}: {got} for {want}");
    }
}

/// About `players * coalitions * trees` additions stand behind a number of the oracle, whose terms are at most the scale.
const TOLERANCE: f64 = 1e-12;
/// A table's entry and at most 16 additions are rounded to single precision; blocks are added in double.
const SINGLE: f64 = 17.0 * 6e-8;

fn judge(number: u64, recipe: &Recipe) {
    let forest = forests::made(number, recipe);
    assert!(forest.trees.iter().all(|tree| tree.is_oblivious && takes(tree, false)), "forest {number}");
    let rows = forests::rows(number, &forest, 4);
    let background = forests::background(number, &forest, [1, 2, 7, 12][number as usize % 4]);
    let pairs = all_pairs(forest.n_players() as u32);
    for background in [None, Some(&background)] {
        let what = format!("forest {number}, background {}", background.is_some());
        let (values, interactions) = by_brute_force(&forest, &rows, background, &pairs);
        let tolerance = TOLERANCE * scale(&forest);
        let got = explain(&forest, &rows, background, None, Way::best());
        assert_near(&got, &values, tolerance, &format!("{what}, values"));
        let single = Way { precision: Precision::F32, ..Way::best() };
        let got = explain(&forest, &rows, background, None, single);
        assert_near(&got, &values, SINGLE * scale(&forest), &format!("{what}, single values"));
        if recipe.depth <= MOST_LEVELS_OF_PAIRS {
            let got = explain(&forest, &rows, background, Some(&pairs), Way::best());
            assert_near(&got, &interactions, 4.0 * tolerance, &format!("{what}, pairs"));
        }
    }
}

#[test]
fn values_and_pairs_meet_brute_force() {
    for number in 0..140 {
        judge(number, &recipe(number, 1 + number as usize % 6));
    }
}

#[test]
fn deep_tables_meet_brute_force() {
    for (number, depth) in [(0, 7), (1, 8), (2, 8), (3, 9), (4, 10)] {
        judge(
            number,
            &Recipe { n_columns: 9, n_players: 9, n_trees: 2, repeats: number > 0, ..recipe(number, depth) },
        );
    }
    let deeper = Recipe { n_trees: 1, repeats: true, ..recipe(0, MOST_LEVELS + 1) };
    assert!(!takes(&forests::made(0, &deeper).trees[0], false));
}

#[test]
fn bits_do_not_depend_on_instruction_set_threads_or_other_rows() {
    for number in 0..60 {
        let depth = 1 + number as usize % 10;
        let recipe = Recipe { n_trees: 1 + number as usize, ..recipe(number, depth) };
        let forest = forests::made(number, &recipe);
        let rows = forests::rows(number, &forest, 1 + 29 * number as usize % 700);
        let background = forests::background(number, &forest, 9);
        for precision in [Precision::F32, Precision::F64] {
            for background in [None, Some(&background)] {
                let way = Way { precision, ..Way::best() };
                let want = explain(&forest, &rows, background, None, way);
                let bits =
                    |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
                for set in supported() {
                    let got = explain(&forest, &rows, background, None, Way { set, ..way });
                    assert_eq!(bits(&got), bits(&want), "forest {number}, {set:?}, {precision:?}");
                }
                let got = explain(&forest, &rows, background, None, Way { n_threads: 3, ..way });
                assert_eq!(bits(&got), bits(&want), "forest {number}, three threads");
                let last = rows.len() - forest.n_columns();
                let got = explain(&forest, &rows[last..], background, None, way);
                assert_eq!(
                    bits(&got),
                    bits(&want[want.len() - got.len()..]),
                    "forest {number}, the last row"
                );
            }
        }
    }
}

#[test]
fn a_background_of_the_row_itself_gives_zeros() {
    for number in 0..30 {
        let forest = forests::made(number, &recipe(number, 1 + number as usize % 8));
        let rows = forests::rows(number, &forest, 1);
        let background = Background { rows: rows.clone(), weights: vec![2.0] };
        let got = explain(&forest, &rows, Some(&background), None, Way::best());
        assert!(got.iter().all(|value| value.abs() < 1e-15 * scale(&forest)), "forest {number}: {got:?}");
    }
}
