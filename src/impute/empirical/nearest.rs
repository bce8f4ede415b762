//! From distances to weighted rows: the nearest ones that have nearly all the weight.

use multiversion::multiversion;

use crate::impute::selection::{Selection, Thinning};
use crate::linalg::exp;

/// The share of all weight that the kept rows reach, but for rounding and for what is not looked at: equal weights
/// may sum to it exactly.
const KEPT: f64 = 0.95 * (1.0 - 1e-9);
/// Rows that together weigh less than `e^-21` (7.6e-10) of the nearest one are not looked at.
const NOTHING: f64 = 21.0;
/// Classes of exponents in which weights are summed, and how many there are to one: only the class in which the share
/// is reached must be sorted.
const CLASSES: usize = 256;
const CLASSES_PER_UNIT: f64 = 16.0;
const LANES: usize = 8;

/// Chooses rows for one explained row after the other; the memory is used again.
pub(super) struct Nearest<'a> {
    weights: &'a [f64],
    /// Squared distances times this are exponents.
    sharpness: f64,
    thinning: Thinning,
    /// How far exponents may lie above the least.
    reach: f64,
    /// Rows that may matter, the exponents by which they are lighter than the nearest, and their weights.
    rows: Vec<u32>,
    exponents: Vec<f64>,
    shares: Vec<f64>,
}

impl<'a> Nearest<'a> {
    pub(super) fn new(weights: &'a [f64], sharpness: f64, thinning: Thinning) -> Self {
        let lightest = weights.iter().copied().fold(1.0, f64::min);
        let reach = NOTHING - lightest.ln();
        let (rows, exponents, shares) = Default::default();
        Self { weights, sharpness, thinning, reach, rows, exponents, shares }
    }

    /// Append the list of an explained row, given its squared distance from every background row.
    pub(super) fn choose(&mut self, distances: &[f64], offset: impl FnOnce() -> f64, lists: &mut Selection) {
        let least = minimum(distances);
        self.rows.clear();
        near(distances, least + self.reach / self.sharpness, &mut self.rows);
        weigh(
            distances,
            least,
            self.sharpness,
            self.weights,
            &self.rows,
            &mut self.exponents,
            &mut self.shares,
        );
        let farthest = self.farthest();
        let mut kept = 0;
        // Without branches: which of the rows are near is past predicting.
        for entry in 0..self.rows.len() {
            (self.rows[kept], self.shares[kept]) = (self.rows[entry], self.shares[entry]);
            kept += usize::from(self.exponents[entry] <= farthest);
        }
        self.rows.truncate(kept);
        self.shares.truncate(kept);
        self.thinning.thin(&mut self.rows, &mut self.shares, offset);
        lists.push(&self.rows, &self.shares);
    }

    /// The exponent at which the nearest rows have reached their share of the weight; who is equally far belongs to
    /// them, so that a row of weight 2 is worth two rows.
    fn farthest(&self) -> f64 {
        let mut sums = [0.0; CLASSES];
        for (&exponent, share) in self.exponents.iter().zip(&self.shares) {
            sums[class(exponent)] += share;
        }
        let target = KEPT * sums.iter().sum::<f64>();
        let (mut reached, mut last) = (0.0, CLASSES - 1);
        for (number, sum) in sums.iter().enumerate() {
            if reached + sum >= target {
                last = number;
                break;
            }
            reached += sum;
        }
        let first = last as f64 / CLASSES_PER_UNIT;
        let end = if last + 1 == CLASSES { f64::INFINITY } else { (last + 1) as f64 / CLASSES_PER_UNIT };
        let mut inside: Vec<(f64, f64)> = (self.exponents.iter().zip(&self.shares))
            .filter(|&(&exponent, _)| (first..end).contains(&exponent))
            .map(|(&exponent, &share)| (exponent, share))
            .collect();
        // Stable, so that equal exponents are added in the order of the rows.
        inside.sort_by(|a, b| a.0.total_cmp(&b.0));
        for &(exponent, share) in &inside {
            reached += share;
            if reached >= target {
                return exponent;
            }
        }
        inside.last().map_or(f64::INFINITY, |&(exponent, _)| exponent)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
fn class(exponent: f64) -> usize {
    (exponent * CLASSES_PER_UNIT).min((CLASSES - 1) as f64) as usize
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn minimum(numbers: &[f64]) -> f64 {
    let (lanes, rest) = numbers.as_chunks::<LANES>();
    let mut least = [f64::INFINITY; LANES];
    for lanes in lanes {
        for (least, &number) in least.iter_mut().zip(lanes) {
            *least = if number < *least { number } else { *least };
        }
    }
    least.iter().chain(rest).fold(f64::INFINITY, |least, &number| least.min(number))
}

/// Append the positions of numbers up to `limit`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
#[expect(clippy::cast_possible_truncation, reason = "a background has fewer than 2^32 rows")]
fn near(numbers: &[f64], limit: f64, positions: &mut Vec<u32>) {
    for (number, lanes) in numbers.chunks(LANES).enumerate() {
        let mut found = lanes
            .iter()
            .enumerate()
            .fold(0_u32, |bits, (lane, &value)| bits | u32::from(value <= limit) << lane);
        while found != 0 {
            positions.push((number * LANES) as u32 + found.trailing_zeros());
            found &= found - 1;
        }
    }
}

/// Exponents below the nearest row's, and weights beside it.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn weigh(
    distances: &[f64],
    least: f64,
    sharpness: f64,
    weights: &[f64],
    rows: &[u32],
    exponents: &mut Vec<f64>,
    shares: &mut Vec<f64>,
) {
    exponents.clear();
    exponents.extend(rows.iter().map(|&row| (distances[row as usize] - least) * sharpness));
    shares.clear();
    shares.extend(exponents.iter().map(|&exponent| exp(-exponent)));
    for (share, &row) in shares.iter_mut().zip(rows) {
        *share *= weights[row as usize];
    }
}
