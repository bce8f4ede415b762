//! Leverages, and standard errors that allow for heteroscedastic residuals and for a finite number of pairs.

use multiversion::multiversion;

use super::design::Design;
use super::signs::UNIT_PAIRS;
use crate::error::Error;
use crate::linalg::{LANES, Lanes, Square};
use crate::parallel::Workers;

/// `1 - h` is taken to be at least this: a pair that determines its own fit says nothing about its error.
const LEAST_SLACK: f64 = 1e-9;
/// Units whose sums are held at once, to be folded in order.
const WAVE: usize = 16;

/// `r_a / (1 - h_a)`: the residual of pair `a` in the fit to all other pairs.
pub(super) fn left_out(residual: f64, leverage: f64) -> f64 {
    residual / (1.0 - leverage).max(LEAST_SLACK)
}

/// `h_a = w_a x_a' Q x_a`, the share of its own fit that each pair determines.
pub(super) fn leverages(
    design: &Design<'_>,
    inverse: &Square,
    workers: &Workers<'_>,
) -> Result<Vec<f64>, Error> {
    let mut leverages = vec![0.0; design.n_pairs()];
    workers.for_each_unit(leverages.chunks_mut(UNIT_PAIRS), |unit, leverages| {
        let first = unit * UNIT_PAIRS;
        let mut images = vec![[0.0; LANES]; leverages.len()];
        for byte in 0..design.signs.n_bytes() {
            if workers.check().is_err() {
                return;
            }
            // The form is symmetric: blocks below the diagonal count twice, those above it not at all.
            images.fill([0.0; LANES]);
            design.signs.add_products(first, 0..byte, columns(inverse, byte), &mut images);
            images.iter_mut().flatten().for_each(|image| *image *= 2.0);
            design.signs.add_products(first, byte..byte + 1, columns(inverse, byte), &mut images);
            add_signed(&design.signs.column(byte)[first..], &images, leverages);
        }
        leverages.iter_mut().zip(&design.weights[first..]).for_each(|(form, weight)| *form *= weight);
    })?;
    Ok(leverages)
}

/// Squared standard errors of the values of some outputs, `(outputs, players)`: HC3 with the factor of finite
/// populations,
///
/// $$ \mathrm{Var} = Q \Big[ \sum_a (1 - c_k/N_k) \Big(\frac{2 w_a r_a}{1 - h_a}\Big)^2 x_a x_a' \Big] Q $$
///
/// of which only the diagonal is formed, from the images `Q x_a`: `p n^2 / 64` additions of eight lanes, shared
/// by all outputs, and `p n` multiply-adds an output. MacKinnon and White (1985) for HC3; Cochran (1977),
/// "Sampling Techniques", section 2.6, for the factor.
pub(in crate::estimate) fn variances(
    design: &Design<'_>,
    inverse: &Square,
    residuals: &[Vec<Lanes>],
    n_outputs: usize,
    workers: &Workers<'_>,
) -> Result<Vec<Vec<f64>>, Error> {
    let width = 8 * design.signs.n_bytes();
    let mut total = vec![0.0; n_outputs * width];
    let n_units = design.n_pairs().div_ceil(UNIT_PAIRS);
    let workers = if n_units == 1 { workers.alone() } else { *workers };
    for wave in (0..n_units).step_by(WAVE) {
        let mut sums = vec![0.0; WAVE.min(n_units - wave) * n_outputs * width];
        workers.for_each_unit(sums.chunks_mut(n_outputs * width), |unit, sums| {
            let first = (wave + unit) * UNIT_PAIRS;
            let Ok(images) = Images::new(design, inverse, first, &workers) else { return };
            for output in 0..n_outputs {
                let errors = images.squared_errors(design, &residuals[output / LANES], output % LANES);
                images.add_variances(&errors, &mut sums[output * width..(output + 1) * width]);
            }
        })?;
        for sums in sums.chunks(n_outputs * width) {
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
    }
    Ok(total.chunks(width).map(|variances| variances[..design.n_players()].to_vec()).collect())
}

/// `Q x_a` of the pairs of one unit, and their leverages.
struct Images {
    first: usize,
    /// `(bytes of players, pairs)`.
    by_byte: Vec<Lanes>,
    leverages: Vec<f64>,
}

impl Images {
    fn new(
        design: &Design<'_>,
        inverse: &Square,
        first: usize,
        workers: &Workers<'_>,
    ) -> Result<Self, Error> {
        let n_pairs = UNIT_PAIRS.min(design.n_pairs() - first);
        let n_bytes = design.signs.n_bytes();
        let mut images = vec![[0.0; LANES]; n_bytes * n_pairs];
        let mut leverages = vec![0.0; n_pairs];
        for (byte, images) in images.chunks_mut(n_pairs).enumerate() {
            workers.check()?;
            design.signs.add_products(first, 0..n_bytes, columns(inverse, byte), images);
            add_signed(&design.signs.column(byte)[first..], images, &mut leverages);
        }
        leverages.iter_mut().zip(&design.weights[first..]).for_each(|(form, weight)| *form *= weight);
        Ok(Self { first, by_byte: images, leverages })
    }

    fn squared_errors(&self, design: &Design<'_>, residuals: &[Lanes], lane: usize) -> Vec<f64> {
        let mut errors = Vec::with_capacity(self.leverages.len());
        for (pair, &leverage) in (self.first..).zip(&self.leverages) {
            let error = 2.0 * design.weights[pair] * left_out(residuals[pair][lane], leverage);
            errors.push(design.unknown(pair, leverage) * error * error);
        }
        errors
    }

    fn add_variances(&self, errors: &[f64], sums: &mut [f64]) {
        for (images, sums) in self.by_byte.chunks(errors.len()).zip(sums.as_chunks_mut::<LANES>().0) {
            add_weighted_squares(images, errors, sums);
        }
    }
}

/// The eight columns of byte `byte` of `Q`, eight rows at a time.
fn columns(inverse: &Square, byte: usize) -> impl Fn(usize) -> [Lanes; 8] {
    move |other| std::array::from_fn(|i| inverse.row(8 * other + i).as_chunks::<LANES>().0[byte])
}

/// Add to each pair's sum its eight numbers, signed by its byte.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_signed(bytes: &[u8], numbers: &[Lanes], sums: &mut [f64]) {
    for ((sum, numbers), &byte) in sums.iter_mut().zip(numbers).zip(bytes) {
        let signed: Lanes = std::array::from_fn(|bit| {
            let flip = u64::from(byte >> bit & 1) << 63;
            f64::from_bits(numbers[bit].to_bits() ^ flip)
        });
        let [a, b, c, d, e, f, g, h] = signed;
        *sum += ((a + b) + (c + d)) + ((e + f) + (g + h));
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_weighted_squares(numbers: &[Lanes], weights: &[f64], sums: &mut Lanes) {
    for (numbers, weight) in numbers.iter().zip(weights) {
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += weight * (number * number);
        }
    }
}
