//! Laws of the quadrature kernel: brute force, other players' paths, deep trees, equal bits.

use std::sync::Arc;

use ferroshap::parallel::{Cancel, Workers};
use ferroshap::simd::{InstructionSet, supported};
use ferroshap::tree::interactions::pairs;
use ferroshap::tree::points::Rule;
use ferroshap::tree::quadrature::{Absent, Quadrature, Request, Slots};
use ferroshap::tree::sweep::{Kernel, Section, Sweep};
use ferroshap::tree::{
    Builder, Dense, EncodedRows, Encoding, Forest, Output, Precision, Predicate, RawNode, RawTree, Rows,
    Split, Step,
};

use super::{brute_force, forests};

/// A kernel for all trees of a forest, how rows are encoded for it, and its slots.
pub(super) struct Ready {
    encoding: Arc<Encoding>,
    kernel: Quadrature,
    n_slots: usize,
    n_outputs: usize,
}

impl Ready {
    pub(super) fn new(
        forest: &Arc<Forest>,
        slots: Slots<'_>,
        absent: Option<&brute_force::Background>,
        precision: Precision,
        set: InstructionSet,
    ) -> Self {
        let encoding = Arc::new(Encoding::new(forest).unwrap());
        let trees: Vec<u32> = (0..forest.trees.len() as u32).collect();
        let n_slots = match slots {
            Slots::Players => forest.n_players(),
            Slots::Pairs(pairs) => pairs.len(),
            Slots::PlayersAndPairs(pairs) => forest.n_players() + pairs.len(),
        };
        let absent = absent.map_or(Absent::Covers, |background| {
            let mut encoded = EncodedRows::default();
            let table = Dense::contiguous(&background.rows, forest.n_columns());
            encoding.encode(&Rows::F64(table), 0..background.weights.len(), &mut encoded);
            let total: f64 = background.weights.iter().sum();
            let weights = background.weights.iter().map(|weight| weight / total).collect();
            Absent::Rows { rows: encoded, weights }
        });
        let (forest, encoding_too) = (Arc::clone(forest), Arc::clone(&encoding));
        let n_outputs = forest.n_outputs();
        let request =
            Request { forest, encoding: encoding_too, trees: &trees, absent, slots, precision, set };
        Self { encoding, kernel: Quadrature::new(request), n_slots, n_outputs }
    }

    /// `[row][slot][output]`
    pub(super) fn explain(&self, rows: &Rows<'_>) -> Vec<f64> {
        run(&self.kernel, &self.encoding, rows, self.n_slots, self.n_outputs)
    }
}

/// `[row][slot][output]`
fn run(
    kernel: &dyn Kernel,
    encoding: &Encoding,
    rows: &Rows<'_>,
    n_slots: usize,
    n_outputs: usize,
) -> Vec<f64> {
    let row_length = n_slots * n_outputs;
    let mut out = vec![0.0; rows.n_rows() * row_length];
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let sections = [Section { kernels: vec![kernel], n_slots }];
    let sweep = Sweep::new(&sections, encoding, rows, n_outputs);
    sweep
        .run(&workers, &|_| {}, (&mut out, row_length), &|sums, part| {
            for (output, place) in sums.outputs.clone().enumerate() {
                for slot in 0..n_slots {
                    for (row, &sum) in sums.slot(output, slot).iter().enumerate() {
                        part[row * row_length + slot * n_outputs + place] = sum;
                    }
                }
            }
        })
        .unwrap();
    out
}

/// Values, then pairs, of one row by definition: `[slot][output]`.
fn defined(n_players: usize, pairs: &[(u32, u32)], worths: &[Vec<f64>]) -> Vec<f64> {
    let values = brute_force::values(n_players, worths);
    let table = brute_force::pairs(n_players, worths);
    let pairs = pairs.iter().map(|&(i, j)| &table[i as usize][j as usize]);
    values.iter().chain(pairs).flatten().copied().collect()
}

fn close(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    let scale = want.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
    for (slot, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= tolerance * scale, "{what}, sum {slot}: {got} instead of {want}");
    }
}

#[test]
fn values_and_pairs_are_those_of_the_definition() {
    for number in 0..100 {
        let forest = Arc::new(forests::forest(number));
        let n_players = forest.n_players();
        let all: Vec<u32> = (0..forest.trees.len() as u32).collect();
        let pairs = pairs(&forest, &all);
        let n_rows = 5;
        let rows = forests::rows(number, &forest, n_rows);
        let table = Rows::F64(Dense::contiguous(&rows, forest.n_columns()));
        let width = (n_players + pairs.len()) * forest.n_outputs();
        let background = forests::background(number, &forest, 3);
        for absent in [None, Some(&background)] {
            let want: Vec<Vec<f64>> = rows
                .chunks(forest.n_columns())
                .map(|row| {
                    let worths = brute_force::worths(n_players, |coalition| match absent {
                        None => brute_force::path_dependent_worth(&forest, row, coalition),
                        Some(background) => {
                            brute_force::interventional_worth(&forest, row, background, coalition)
                        }
                    });
                    defined(n_players, &pairs, &worths)
                })
                .collect();
            // Sums of at most 20 trees; n points and d factors lose a few units in the last place each.
            for (precision, tolerance) in [(Precision::F64, 1e-12), (Precision::F32, 2e-5)] {
                let set = InstructionSet::best();
                let both = Slots::PlayersAndPairs(&pairs);
                let got = Ready::new(&forest, both, absent, precision, set).explain(&table);
                let values = Ready::new(&forest, Slots::Players, absent, precision, set).explain(&table);
                let split = n_players * forest.n_outputs();
                for row in 0..n_rows {
                    let what =
                        format!("forest {number}, row {row}, {precision:?}, background {}", absent.is_some());
                    close(&got[row * width..][..width], &want[row], tolerance, &what);
                    close(&values[row * split..][..split], &want[row][..split], tolerance, &what);
                }
            }
        }
    }
}

#[test]
fn all_instruction_sets_and_cuts_of_the_rows_give_the_same_bits() {
    for number in 0..60 {
        let forest = Arc::new(forests::forest(number));
        let all: Vec<u32> = (0..forest.trees.len() as u32).collect();
        let pairs = pairs(&forest, &all);
        let n_columns = forest.n_columns();
        let rows = forests::rows(number, &forest, 150);
        for precision in [Precision::F32, Precision::F64] {
            for slots in [Slots::Players, Slots::PlayersAndPairs(&pairs)] {
                let with = |rows: &[f64], ready: &Ready| {
                    bits(&ready.explain(&Rows::F64(Dense::contiguous(rows, n_columns))))
                };
                let best = with(&rows, &Ready::new(&forest, slots, None, precision, InstructionSet::best()));
                for set in supported() {
                    let ready = Ready::new(&forest, slots, None, precision, set);
                    assert!(best == with(&rows, &ready), "forest {number}, {precision:?}, {set:?}");
                    for n_rows in [1, 3, 8, 17, 65] {
                        let parts = rows.chunks(n_rows * n_columns).flat_map(|rows| with(rows, &ready));
                        let few: Vec<u64> = parts.collect();
                        assert!(best == few, "forest {number}, {precision:?}, {set:?}, {n_rows} rows");
                    }
                }
            }
        }
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// A chain: each node has a leaf on the left or on the right, as its number says, and asks about a column in turn.
fn chain(depth: usize, n_columns: usize, fraction: f64, has_zero_covers: bool) -> Forest {
    let mut nodes = Vec::new();
    let mut covers = Vec::new();
    let mut cover = 1.0;
    let mut values = Vec::new();
    for level in 0..depth {
        let at = nodes.len() as u32;
        let split = Split {
            predicate: Predicate::Le(((level * 7) % 11) as f64 / 11.0 - 0.4),
            column: (level % n_columns) as u32,
            right: 0,
            nan_left: false,
            zero_is_missing: false,
        };
        let leaf_left = level % 3 == 0;
        let share = if has_zero_covers && level % 5 == 2 { 1.0 } else { fraction }; // of the way down
        let (leaf_at, down_at) = (at + 1, at + 2);
        let (left_at, right_at) = if leaf_left { (leaf_at, down_at) } else { (down_at, leaf_at) };
        nodes.push(RawNode::Split { left: left_at, split: Split { right: right_at, ..split } });
        covers.push(cover);
        values.push(((level * 13) % 17) as f64 / 17.0 - 0.5);
        nodes.push(RawNode::Leaf(level as u32));
        covers.push(cover * (1.0 - share));
        cover *= share;
    }
    nodes.push(RawNode::Leaf(depth as u32));
    covers.push(cover);
    values.push(1.0);
    let recipe = forests::Recipe { n_columns, n_players: n_columns, n_trees: 0, n_outputs: 1, ..plain() };
    let mut builder = Builder::new(forests::made(0, &recipe));
    let (linear, output) = (Vec::new(), Output::One(0));
    builder.tree(RawTree { nodes, covers, values, linear, output, is_oblivious: false }).unwrap();
    builder.finish().unwrap()
}

fn plain() -> forests::Recipe {
    forests::Recipe {
        has_categories: false,
        has_oddities: false,
        has_vectors: false,
        predicts_in: Precision::F64,
        ..forests::Recipe::numbered(0)
    }
}

/// Values leaf by leaf in product form, with the points that are exact: `[player]`, and what they sum to.
fn leaf_by_leaf(forest: &Forest, row: &[f64]) -> (Vec<f64>, f64) {
    let tree = &forest.trees[0];
    let mut values = vec![0.0; forest.n_players()];
    let mut total = 0.0;
    let mut path: Vec<(u32, bool, f64)> = Vec::new(); // player, satisfied, share
    let mut to_do = vec![(0, 0, None)];
    while let Some((node, depth, came)) = to_do.pop() {
        path.truncate(depth);
        path.extend(came);
        match tree.nodes[node].step {
            Step::Split(split) => {
                let left = tree.fraction_left(node, &split);
                let goes = brute_force::goes_left(forest, &split, row[split.column as usize]);
                let depth = path.len();
                to_do.push((split.right as usize, depth, Some((split.column, !goes, 1.0 - left))));
                to_do.push((node + 1, depth, Some((split.column, goes, left))));
            }
            Step::Leaf(leaf) => {
                let mut states: Vec<(u32, f64, f64)> = Vec::new();
                for &(player, is_met, share) in &path {
                    let met = f64::from(u8::from(is_met));
                    match states.iter_mut().find(|state| state.0 == player) {
                        Some(state) => (state.1, state.2) = (state.1 * met, state.2 * share),
                        None => states.push((player, met, share)),
                    }
                }
                let value = tree.leaf(leaf)[0];
                total += value * states.iter().map(|state| state.1).product::<f64>();
                total -= value * states.iter().map(|state| state.2).product::<f64>();
                let rule = Rule::gauss_legendre(states.len().div_ceil(2).max(1));
                for (t, w) in rule.points.iter().zip(&rule.weights) {
                    let mix = |state: &(u32, f64, f64)| state.1 * t + state.2 * (1.0 - t);
                    let mut after = vec![1.0; states.len() + 1];
                    for i in (0..states.len()).rev() {
                        after[i] = after[i + 1] * mix(&states[i]);
                    }
                    let mut before = 1.0;
                    for (i, state) in states.iter().enumerate() {
                        values[state.0 as usize] += w * value * (state.1 - state.2) * before * after[i + 1];
                        before *= mix(state);
                    }
                }
            }
        }
    }
    (values, total)
}

#[test]
fn chains_of_any_depth_are_right_on_a_small_stack() {
    let work = || {
        let cases = [
            (1, 1, 0.5),
            (16, 16, 0.999),
            (48, 48, 0.999),
            (60, 37, 0.7),
            (200, 200, 0.99),
            (4096, 150, 0.9999),
        ];
        for (depth, n_columns, fraction) in cases {
            for has_zero_covers in [false, true] {
                let forest = Arc::new(chain(depth, n_columns, fraction, has_zero_covers));
                let row: Vec<f64> = (0..n_columns).map(|column| (column % 23) as f64 / 11.0 - 1.0).collect();
                let stay: Vec<f64> = vec![-0.41; n_columns];
                for row in [row, stay] {
                    let (want, total) = leaf_by_leaf(&forest, &row);
                    let table = Rows::F64(Dense::contiguous(&row, n_columns));
                    for (precision, tolerance) in [(Precision::F64, 1e-12), (Precision::F32, 2e-6)] {
                        for set in supported() {
                            let got =
                                Ready::new(&forest, Slots::Players, None, precision, set).explain(&table);
                            let what = format!("depth {depth}, {n_columns} columns, {precision:?}, {set:?}");
                            close(&got, &want, tolerance, &what);
                            let sum: f64 = got.iter().sum();
                            assert!(
                                (sum - total).abs() < tolerance * n_columns as f64,
                                "{what}: {sum}, {total}"
                            );
                        }
                    }
                }
            }
        }
    };
    std::thread::Builder::new().stack_size(128 << 10).spawn(work).unwrap().join().unwrap();
}
