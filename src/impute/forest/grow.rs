//! Growing one tree on a part of the background.

use super::columns::{Columns, Feature};
use super::split::{Candidate, LEAST_ROWS, Search};
use super::tree::{Split, Test, Tree};
use crate::parallel::Workers;
use crate::random::{Purpose, Stream};

/// The share of the rows that a tree is grown on, `1 - 1/e`: what a bootstrap sees.
const SHARE: f64 = 0.632;

/// What is left to do, the last first.
enum Step {
    /// Rows `first..end` of the sample, and of all rows.
    Visit { sample: (usize, usize), all: (usize, usize) },
    /// The leaves on the left of a split are complete.
    Turn(usize),
    /// So are those on its right.
    Close(usize),
}

/// Rows of a tree, put in order as it grows.
struct Rows {
    /// Those that it is grown on.
    sample: Vec<u32>,
    /// Those that end in its leaves.
    all: Vec<u32>,
    scratch: Vec<u32>,
}

/// Grow tree `number`; what was begun when the caller asks to stop is of no use.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a background of 2^32 rows"
)]
pub(super) fn grow(columns: &Columns, seed: u64, number: u64, workers: &Workers<'_>) -> Tree {
    let mut stream = Stream::new(seed, Purpose::Conditional, u64::MAX, number);
    let n_rows = columns.n_rows();
    let mut sample: Vec<u32> = (0..n_rows as u32).collect();
    stream.shuffle(&mut sample);
    sample.truncate((n_rows as f64 * SHARE).ceil() as usize);
    sample.sort_unstable();
    let mut rows = Rows { sample, all: (0..n_rows as u32).collect(), scratch: Vec::new() };
    let mut search = Search::new(columns, || if stream.word() & 1 == 0 { 1.0 } else { -1.0 });
    let mut order: Vec<usize> = (0..columns.features.len()).collect();
    let (mut splits, mut leaves) = (Vec::new(), vec![0]);
    let mut steps = vec![Step::Visit { sample: (0, rows.sample.len()), all: (0, n_rows) }];
    while let Some(step) = steps.pop()
        && workers.check().is_ok()
    {
        match step {
            Step::Turn(split) => middle(&mut splits, split, leaves.len() - 1),
            Step::Close(split) => end(&mut splits, split, leaves.len() - 1),
            Step::Visit { sample, all } => {
                let node = &rows.sample[sample.0..sample.1];
                let Some((column, test)) = best(&mut search, node, &mut order, &mut stream) else {
                    leaves.push(all.1);
                    continue;
                };
                let feature = &columns.features[column];
                let in_sample =
                    sample.0 + part(&mut rows.sample[sample.0..sample.1], &mut rows.scratch, feature, &test);
                let in_all = all.0 + part(&mut rows.all[all.0..all.1], &mut rows.scratch, feature, &test);
                let first = leaves.len() - 1;
                let split = splits.len();
                splits.push(Split { column, test, first, middle: first, end: first });
                steps.extend([
                    Step::Close(split),
                    Step::Visit { sample: (in_sample, sample.1), all: (in_all, all.1) },
                    Step::Turn(split),
                    Step::Visit { sample: (sample.0, in_sample), all: (all.0, in_all) },
                ]);
            }
        }
    }
    Tree::new(splits, leaves, rows.all, columns)
}

fn middle(splits: &mut [Split], split: usize, leaf: usize) {
    splits[split].middle = leaf;
}

fn end(splits: &mut [Split], split: usize, leaf: usize) {
    splits[split].end = leaf;
}

/// The best split by the square root of all columns, drawn anew, of which none is constant in the node; more where
/// none of these can be split by.
fn best(
    search: &mut Search<'_>,
    rows: &[u32],
    order: &mut [usize],
    stream: &mut Stream,
) -> Option<(usize, Test)> {
    if rows.len() < 2 * LEAST_ROWS {
        return None;
    }
    search.begin(rows);
    let wanted = order.len().isqrt().max(1);
    let (mut tried, mut found): (usize, Option<(usize, Candidate)>) = (0, None);
    for place in 0..order.len() {
        if tried >= wanted && found.is_some() {
            break;
        }
        let drawn = place + stream.index_below(order.len() - place);
        order.swap(place, drawn);
        let (candidate, is_constant) = search.best(order[place], rows);
        tried += usize::from(!is_constant);
        if let Some(candidate) = candidate
            && found.as_ref().is_none_or(|(_, best)| candidate.score > best.score)
        {
            found = Some((order[place], candidate));
        }
    }
    found.map(|(column, candidate)| (column, candidate.test))
}

/// Put the rows that go left first, both sides in their order; return how many they are.
fn part(rows: &mut [u32], scratch: &mut Vec<u32>, feature: &Feature, test: &Test) -> usize {
    scratch.clear();
    let mut n_left = 0;
    for place in 0..rows.len() {
        let row = rows[place];
        let value = match feature {
            Feature::Numbers { values, .. } => values[row as usize],
            Feature::Categories { codes, .. } => f64::from(codes[row as usize]),
        };
        if test.is_left(value) {
            rows[n_left] = row;
            n_left += 1;
        } else {
            scratch.push(row);
        }
    }
    rows[n_left..].copy_from_slice(scratch);
    n_left
}
