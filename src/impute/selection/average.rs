//! From the outputs of model rows to worths, where every worth has its own rows and weights.

use std::ops::Range;
use std::sync::Arc;

use super::Selection;
use crate::error::Error;

/// Partial sums that an average is split into, so that additions need not wait for each other.
const LANES: usize = 8;

/// The weighted means of the lists of a selection, as the model's outputs arrive.
///
/// Entry `i` of a list is added to partial sum `i % 8`, and the eight are folded as a tree when the list ends. So
/// the result does not depend on where the batches are cut.
#[derive(Debug, Clone)]
pub struct SelectionAverage {
    selection: Arc<Selection>,
    n_outputs: usize,
    /// The partial sums of the list in progress: `(LANES, outputs)`.
    sums: Vec<f64>,
    /// Model rows seen so far.
    seen: usize,
    /// `(lists, outputs)`.
    worths: Vec<f64>,
}

impl SelectionAverage {
    /// Nothing has arrived yet.
    pub fn new(selection: Arc<Selection>, n_outputs: usize) -> Self {
        let worths = vec![0.0; selection.n_lists() * n_outputs];
        Self { selection, n_outputs, sums: vec![0.0; LANES * n_outputs], seen: 0, worths }
    }

    /// Outputs of one model row.
    pub fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    /// The outputs of the next model rows: `(model rows, outputs)`.
    pub fn add(&mut self, outputs: &[f64]) -> Result<(), Error> {
        let Self { selection, n_outputs, sums, seen, worths } = self;
        let end = *seen + outputs.len() / *n_outputs;
        if !outputs.len().is_multiple_of(*n_outputs) || end > selection.n_model_rows() {
            let want = (selection.n_model_rows() - *seen) * *n_outputs;
            return Err(Error::Length { argument: "outputs", got: outputs.len(), want });
        }
        let mut rest = outputs;
        for (list, entries) in selection.segments(*seen, end) {
            let weights = selection.list(list).1;
            let (part, after) = rest.split_at(entries.len() * *n_outputs);
            add_entries(sums, part, &weights[entries.clone()], entries.clone(), *n_outputs);
            if entries.end == weights.len() {
                fold_lanes(sums, &mut worths[list * *n_outputs..][..*n_outputs]);
            }
            rest = after;
        }
        *seen = end;
        Ok(())
    }

    /// All worths: `(evaluations, rows, outputs)`.
    pub fn into_worths(self) -> Result<Vec<f64>, Error> {
        let want = self.selection.n_model_rows();
        if self.seen == want {
            Ok(self.worths)
        } else {
            Err(Error::Length { argument: "outputs", got: self.seen, want })
        }
    }
}

fn add_entries(sums: &mut [f64], outputs: &[f64], weights: &[f64], entries: Range<usize>, n_outputs: usize) {
    if entries.start == 0 {
        sums.fill(0.0);
    }
    if n_outputs > 1 {
        for ((entry, outputs), weight) in entries.zip(outputs.chunks_exact(n_outputs)).zip(weights) {
            let sums = &mut sums[entry % LANES * n_outputs..][..n_outputs];
            sums.iter_mut().zip(outputs).for_each(|(sum, output)| *sum += weight * output);
        }
        return;
    }
    let add = |sums: &mut [f64], outputs: &[f64], weights: &[f64]| {
        for ((sum, output), weight) in sums.iter_mut().zip(outputs).zip(weights) {
            *sum += weight * output;
        }
    };
    // A list that goes on where a batch was cut goes on in the right lane.
    let lane = entries.start % LANES;
    let head = if lane == 0 { 0 } else { (LANES - lane).min(outputs.len()) };
    add(&mut sums[lane..], &outputs[..head], &weights[..head]);
    let (outputs, weights) = (&outputs[head..], &weights[head..]);
    for (outputs, weights) in outputs.chunks(LANES).zip(weights.chunks(LANES)) {
        add(sums, outputs, weights);
    }
}

fn fold_lanes(sums: &[f64], worths: &mut [f64]) {
    let n_outputs = worths.len();
    for (output, worth) in worths.iter_mut().enumerate() {
        let lane = |number: usize| sums[number * n_outputs + output];
        *worth = ((lane(0) + lane(1)) + (lane(2) + lane(3))) + ((lane(4) + lane(5)) + (lane(6) + lane(7)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    #[test]
    fn the_mean_is_right_and_any_cut_gives_the_same_bits() {
        for n_outputs in [1, 3] {
            let mut stream = Stream::new(1, Purpose::Order, 0, 0);
            let mut selection = Selection::default();
            for length in [1, 100, 7, 8, 9, 1, 40] {
                let weights: Vec<f64> = (0..length).map(|_| stream.uniform()).collect();
                selection.push(&vec![0; length], &weights);
            }
            let outputs: Vec<f64> =
                (0..selection.n_model_rows() * n_outputs).map(|_| stream.uniform() - 0.5).collect();
            let selection = Arc::new(selection);
            let mean = |size: usize| {
                let mut average = SelectionAverage::new(Arc::clone(&selection), n_outputs);
                outputs.chunks(size * n_outputs).for_each(|part| average.add(part).unwrap());
                average.into_worths().unwrap()
            };
            let whole = mean(1000);
            for list in 0..selection.n_lists() {
                let weights = selection.list(list).1;
                let first = selection.starts[list];
                for output in 0..n_outputs {
                    let terms = weights.iter().enumerate();
                    let sum: f64 = terms.map(|(i, w)| w * outputs[(first + i) * n_outputs + output]).sum();
                    // Weights sum to 1 and outputs are below 1: two sums of m terms.
                    let rounding = weights.len() as f64 * f64::EPSILON;
                    assert!((whole[list * n_outputs + output] - sum).abs() <= rounding);
                }
            }
            for size in [1, 2, 3, 7, 64] {
                assert_eq!(mean(size), whole);
            }
        }
    }

    #[test]
    fn too_many_and_too_few_outputs_are_refused() {
        let mut selection = Selection::default();
        selection.push(&[0, 1], &[1.0, 1.0]);
        let mut average = SelectionAverage::new(Arc::new(selection), 1);
        assert!(average.add(&[1.0, 2.0, 3.0]).is_err());
        average.add(&[1.0]).unwrap();
        assert!(average.into_worths().is_err());
    }
}
