//! Laws of the quadrature kernel: brute force, other players' paths, deep trees, equal bits.

use std::sync::Arc;

use ferroshap::parallel::{Cancel, Workers};
use ferroshap::simd::{InstructionSet, supported};
use ferroshap::tree::interactions::pairs;
use ferroshap::tree::quadrature::{Absent, Quadrature, Request, Slots};
use ferroshap::tree::sweep::{Kernel, sweep};
use ferroshap::tree::{Dense, EncodedRows, Encoding, Forest, Precision, Rows};

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
    sweep(
        &[kernel],
        encoding,
        rows,
        n_slots,
        n_outputs,
        &workers,
        &|_| {},
        (&mut out, row_length),
        &|sums, part| {
            for (output, place) in sums.outputs.clone().enumerate() {
                for slot in 0..n_slots {
                    for (row, &sum) in sums.slot(output, slot).iter().enumerate() {
                        part[row * row_length + slot * n_outputs + place] = sum;
                    }
                }
            }
        },
    )
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
