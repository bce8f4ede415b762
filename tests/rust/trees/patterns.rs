//! Pattern tables against brute force, and the laws that tie calls to each other.

use std::sync::Arc;

use ferroshap::parallel::{Cancel, Workers};
use ferroshap::simd::{self, InstructionSet};
use ferroshap::tree::patterns::{self, Number, Patterns, Request, Weights};
use ferroshap::tree::sweep::{Kernel, sweep};
use ferroshap::tree::{Dense, Encoding, Forest, Precision, Rows};

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

fn kernels<T: Number>(
    forest: &Arc<Forest>,
    rows: &[f64],
    weights: Weights<'_>,
    call: &Call<'_>,
) -> Vec<Patterns<T>> {
    let encoding = Encoding::new(forest).unwrap();
    let trees: Vec<u32> = (0..u32::try_from(forest.trees.len()).unwrap()).collect();
    let request = Request {
        forest,
        encoding: &encoding,
        trees: &trees,
        pairs: call.pairs,
        background: &table(rows, forest.n_columns()),
        weights,
        table_bytes: call.table_bytes,
        set: call.set,
    };
    let cancel = Cancel::default();
    patterns::prepare(&request, &Workers::new(call.n_threads, &cancel)).unwrap()
}

/// `[row][slot][output]`
fn explain<T: Number>(forest: &Arc<Forest>, kernel: &Patterns<T>, rows: &[f64], call: &Call<'_>) -> Vec<f64> {
    let encoding = Encoding::new(forest).unwrap();
    let (n_slots, n_outputs) = (call.pairs.map_or(forest.n_players(), <[_]>::len), forest.n_outputs());
    let mut out = vec![f64::NAN; rows.len() / forest.n_columns() * n_slots * n_outputs];
    let cancel = Cancel::default();
    sweep(
        &[kernel as &dyn Kernel],
        &encoding,
        &table(rows, forest.n_columns()),
        n_slots,
        n_outputs,
        &Workers::new(call.n_threads, &cancel),
        &|_| {},
        (&mut out, n_slots * n_outputs),
        &|sums, out| {
            for k in sums.outputs.clone() {
                for slot in 0..n_slots {
                    for (row, &sum) in sums.slot(k - sums.outputs.start, slot).iter().enumerate() {
                        out[(row * n_slots + slot) * n_outputs + k] = sum;
                    }
                }
            }
        },
    )
    .unwrap();
    out
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
    let n_players = u32::try_from(forest.n_players()).unwrap();
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
        let kernel = &kernels::<f64>(&forest, &background.rows, Weights::Given(&weights), &call)[0];
        assert_close(&explain(&forest, kernel, &rows, &call), want, 1e-12 * scale, &what);
        let kernel = &kernels::<f32>(&forest, &background.rows, Weights::Given(&weights), &call)[0];
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
