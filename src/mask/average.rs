//! Averaging model outputs over the background: from the outputs of model rows to worths.

use super::layout::{Layout, Segment};
use crate::error::Error;

/// Partial sums that an average is split into, so that additions need not wait for each other.
const LANES: usize = 8;

/// The weighted means of a batch's model outputs, as they arrive.
///
/// Background row `b` (counted from the start of its block) is added to partial sum `b % 8`, and the eight
/// are folded as a tree when the block ends. So the result does not depend on where the batches are cut.
#[derive(Debug, Clone)]
pub struct Average {
    layout: Layout,
    n_outputs: usize,
    /// `(background rows, outputs)`.
    weights: Vec<f64>,
    /// The partial sums of the segment in progress: `(LANES, outputs)`.
    sums: Vec<f64>,
    /// Model rows seen so far.
    seen: usize,
    /// `(evaluations, rows, outputs)`.
    worths: Vec<f64>,
}

impl Average {
    /// `weights` of the background rows, one for each output: `(background rows, outputs)`.
    pub fn new(layout: Layout, n_outputs: usize, weights: &[f64]) -> Result<Self, Error> {
        let want = layout.n_background() * n_outputs;
        if weights.len() != want {
            return Err(Error::Length { argument: "weights", got: weights.len(), want });
        }
        let worths = vec![0.0; layout.n_evaluations() * layout.n_rows() * n_outputs];
        let sums = vec![0.0; LANES * n_outputs];
        Ok(Self { layout, n_outputs, weights: weights.to_vec(), sums, seen: 0, worths })
    }

    /// The outputs of the next model rows: `(model rows, outputs)`.
    pub fn add(&mut self, outputs: &[f64]) -> Result<(), Error> {
        let end = self.seen + outputs.len() / self.n_outputs;
        if !outputs.len().is_multiple_of(self.n_outputs) || end > self.layout.n_model_rows() {
            let want = (self.layout.n_model_rows() - self.seen) * self.n_outputs;
            return Err(Error::Length { argument: "outputs", got: outputs.len(), want });
        }
        let Self { layout, n_outputs, weights, sums, seen, worths } = self;
        let mut rest = outputs;
        for segment in layout.segments(*seen, end) {
            let (part, after) = rest.split_at((segment.end - segment.first) * *n_outputs);
            add_segment(sums, part, weights, &segment, *n_outputs);
            if segment.closes {
                let place = (segment.evaluation * layout.n_rows() + segment.row) * *n_outputs;
                fold_lanes(sums, &mut worths[place..place + *n_outputs]);
            }
            rest = after;
        }
        *seen = end;
        Ok(())
    }

    /// All worths: `(evaluations, rows, outputs)`.
    pub fn into_worths(self) -> Result<Vec<f64>, Error> {
        let want = self.layout.n_model_rows();
        if self.seen == want {
            Ok(self.worths)
        } else {
            Err(Error::Length { argument: "outputs", got: self.seen, want })
        }
    }
}

/// Add the outputs of one segment to the partial sums. A segment that goes on where a batch was cut must go
/// on in the right lane, hence `skipped`.
fn add_segment(sums: &mut [f64], outputs: &[f64], weights: &[f64], segment: &Segment, n_outputs: usize) {
    let weights = &weights[segment.first * n_outputs..segment.end * n_outputs];
    if segment.skipped == 0 {
        sums.fill(0.0);
    }
    let lane = segment.skipped % LANES * n_outputs;
    let head = if lane == 0 { 0 } else { (sums.len() - lane).min(outputs.len()) };
    let (head_outputs, outputs) = outputs.split_at(head);
    let (head_weights, weights) = weights.split_at(head);
    add_products(&mut sums[lane..lane + head], head_outputs, head_weights);
    let width = sums.len();
    for (outputs, weights) in outputs.chunks(width).zip(weights.chunks(width)) {
        add_products(&mut sums[..outputs.len()], outputs, weights);
    }
}

fn add_products(sums: &mut [f64], outputs: &[f64], weights: &[f64]) {
    for ((sum, output), weight) in sums.iter_mut().zip(outputs).zip(weights) {
        *sum += weight * output;
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
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    #[test]
    fn the_mean_is_right_and_any_cut_gives_the_same_bits() {
        for (n_outputs, ends) in
            [(1, vec![0, 100]), (3, vec![0, 5, 9]), (2, vec![0, 1]), (1, vec![0, 17, 40])]
        {
            let n_blocks = ends.len() - 1;
            let blocks: Vec<u32> = (0..5).map(|e| e % n_blocks as u32).collect();
            let layout = Layout::new(2, &ends, &blocks).unwrap();
            let mut stream = Stream::new(1, Purpose::Order, 0, 0);
            let mut normal = || stream.below(1 << 40) as f64 / 1e9 - 500.0;
            let weights: Vec<f64> = (0..layout.n_background() * n_outputs).map(|_| normal()).collect();
            let outputs: Vec<f64> = (0..layout.n_model_rows() * n_outputs).map(|_| normal()).collect();
            let whole = {
                let mut average = Average::new(layout.clone(), n_outputs, &weights).unwrap();
                average.add(&outputs).unwrap();
                average.into_worths().unwrap()
            };
            let mut at = 0;
            for segment in layout.segments(0, layout.n_model_rows()) {
                for output in 0..n_outputs {
                    let terms = (segment.first..segment.end).enumerate().map(|(i, b)| {
                        weights[b * n_outputs + output] * outputs[(at + i) * n_outputs + output]
                    });
                    let (sum, scale) = terms.fold((0.0, 0.0), |(s, a), t| (s + t, a + f64::abs(t)));
                    let worth = whole[(segment.evaluation * 2 + segment.row) * n_outputs + output];
                    // Two sums of m terms, each off by at most m roundings of half an EPSILON.
                    let rounding = (segment.end - segment.first) as f64 * f64::EPSILON * scale;
                    assert!((worth - sum).abs() <= rounding);
                }
                at += segment.end - segment.first;
            }
            for size in [1, 2, 3, 7, 64] {
                let mut average = Average::new(layout.clone(), n_outputs, &weights).unwrap();
                for part in outputs.chunks(size * n_outputs) {
                    average.add(part).unwrap();
                }
                assert_eq!(average.into_worths().unwrap(), whole);
            }
        }
    }
}
