//! Bandwidths that predict a model's outputs on the background best.

use multiversion::multiversion;

use super::distance::{PANEL_POINTS, Whitened};
use super::{Empirical, sharpness, side_by_side};
use crate::error::Error;
use crate::linalg::exp;
use crate::parallel::Workers;
use crate::random::{Purpose, Stream};

/// Bandwidths that are tried: log-spaced from 0.02 to 2.
const TRIED: usize = 10;
/// Rows among which they are tried, and coalitions of each size.
const MOST_ROWS: usize = 256;
const COALITIONS: usize = 8;
/// Residuals below this share of an output's standard deviation are rounding.
const ROUNDING: f64 = 1e-12;

impl Empirical {
    /// The bandwidth for coalitions of 0, 1, ... columns that vary; `fallback` where there are too few rows to tell.
    ///
    /// Each has the least `ln(mean squared residual) + 1 + 2 (tr H + 1) / (B - tr H - 2)`, summed over the outputs
    /// `(background rows, outputs)` and averaged over 8 coalitions; `H` are the weights that predict each of `B <= 256`
    /// rows from all of them. Hurvich, Simonoff, Tsai 1998, "Smoothing parameter selection in nonparametric
    /// regression using an improved Akaike information criterion", equation 2.
    pub fn bandwidths(
        &self,
        outputs: &[f64],
        seed: u64,
        fallback: f64,
        workers: &Workers<'_>,
    ) -> Result<Vec<f64>, Error> {
        let n_outputs = outputs.len() / self.n_background();
        if n_outputs * self.n_background() != outputs.len() {
            let want = self.n_background() * n_outputs;
            return Err(Error::Length { argument: "outputs", got: outputs.len(), want });
        }
        let sample = Sample::new(self, outputs, n_outputs, seed);
        let mut trials: Vec<(Vec<usize>, [f64; TRIED])> = (1..=self.n_varying())
            .flat_map(|size| subsets(self.n_varying(), size, seed))
            .map(|places| (places, [0.0; TRIED]))
            .collect();
        workers.for_each_unit(trials.iter_mut(), |_, (places, criteria)| {
            *criteria = sample.criteria(self, places);
        })?;
        let best = |size: usize| {
            let of_size = trials.iter().filter(|(places, _)| places.len() == size);
            let sums = of_size.fold([0.0; TRIED], |sums, (_, criteria)| {
                std::array::from_fn(|number| sums[number] + criteria[number])
            });
            let least = sums.iter().copied().fold(f64::INFINITY, f64::min);
            let number = sums.iter().position(|&sum| sum.is_finite() && sum <= least);
            number.map_or(fallback, tried)
        };
        Ok((0..=self.n_varying()).map(best).collect())
    }
}

/// One of the bandwidths that are tried.
fn tried(number: usize) -> f64 {
    0.02 * 100_f64.powf(number as f64 / (TRIED - 1) as f64)
}

/// Some subsets of `size` out of `n`, ascending: all, or eight at random.
fn subsets(n: usize, size: usize, seed: u64) -> Vec<Vec<usize>> {
    // C(n, k) grows with k up to the half, and C(n, size) = C(n, n - size).
    let n_all = (1..=size.min(n - size)).try_fold(1_usize, |count, k| {
        let next = count * (n + 1 - k) / k;
        (next < COALITIONS).then_some(next)
    });
    let wanted = n_all.map_or(COALITIONS, |all| all.min(COALITIONS));
    let mut stream = Stream::new(seed, Purpose::Conditional, u64::MAX, size as u64);
    let mut chosen: Vec<Vec<usize>> = Vec::new();
    while chosen.len() < wanted {
        let mut places: Vec<usize> = (0..n).collect();
        stream.shuffle(&mut places);
        places.truncate(size);
        places.sort_unstable();
        if !chosen.contains(&places) {
            chosen.push(places);
        }
    }
    chosen
}

/// Some rows of the background, and the model's outputs there.
struct Sample {
    rows: Vec<usize>,
    weights: Vec<f64>,
    /// `(outputs, rows)`, less their means.
    outputs: Vec<Vec<f64>>,
}

impl Sample {
    fn new(empirical: &Empirical, outputs: &[f64], n_outputs: usize, seed: u64) -> Self {
        let mut rows: Vec<usize> = (0..empirical.n_background()).collect();
        if rows.len() > MOST_ROWS {
            Stream::new(seed, Purpose::Conditional, u64::MAX, 0).shuffle(&mut rows);
            rows.truncate(MOST_ROWS);
            rows.sort_unstable();
        }
        let given = rows.iter().map(|&row| empirical.weights[row]);
        let total: f64 = given.clone().sum();
        let weights: Vec<f64> = given.map(|weight| weight / total).collect();
        let centred = |output: usize| {
            let column = rows.iter().map(|&row| outputs[row * n_outputs + output]);
            let mean: f64 = column.clone().zip(&weights).map(|(value, weight)| value * weight).sum();
            column.map(|value| value - mean).collect()
        };
        let outputs = (0..n_outputs).map(centred).collect();
        Self { rows, weights, outputs }
    }

    /// The criterion of each bandwidth, for the coalition of some columns.
    fn criteria(&self, empirical: &Empirical, places: &[usize]) -> [f64; TRIED] {
        let factor = empirical.factor(places);
        let n_columns = empirical.n_varying();
        let coordinates: Vec<Vec<f64>> = self.rows.iter().map(|&row| empirical.coordinates(row)).collect();
        let panels = side_by_side(self.rows.len(), n_columns, |row, column| coordinates[row][column]);
        let whitened: Whitened = factor.whiten(&panels, n_columns, self.rows.len());
        let stride = whitened.padded_rows();
        let mut distances = vec![0.0; self.rows.len().next_multiple_of(PANEL_POINTS) * stride];
        let points = coordinates.chunks(PANEL_POINTS);
        for (points, out) in points.zip(distances.chunks_mut(PANEL_POINTS * stride)) {
            factor.distances(&whitened, points.iter().map(Vec::as_slice), out);
        }
        let rows: Vec<&[f64]> =
            distances.chunks_exact(stride).take(self.rows.len()).map(|row| &row[..self.rows.len()]).collect();
        std::array::from_fn(|number| self.criterion(&rows, sharpness(tried(number), places.len())))
    }

    fn criterion(&self, distances: &[&[f64]], sharpness: f64) -> f64 {
        let n = self.rows.len() as f64;
        let mut kernel = vec![0.0; self.rows.len()];
        let mut squares = vec![0.0; self.outputs.len()];
        let mut trace = 0.0;
        for (row, distances) in distances.iter().enumerate() {
            weigh(distances, sharpness, &self.weights, &mut kernel);
            let total: f64 = kernel.iter().sum();
            trace += kernel[row] / total;
            for (square, outputs) in squares.iter_mut().zip(&self.outputs) {
                let sum: f64 = kernel.iter().zip(outputs).map(|(weight, output)| weight * output).sum();
                *square += self.weights[row] * (outputs[row] - sum / total).powi(2);
            }
        }
        let freedom = n - trace - 2.0;
        if freedom <= 0.0 {
            return f64::INFINITY;
        }
        let penalty = 1.0 + 2.0 * (trace + 1.0) / freedom;
        let of_output = |(square, outputs): (&f64, &Vec<f64>)| {
            let terms = outputs.iter().zip(&self.weights);
            let variance: f64 = terms.map(|(output, weight)| weight * output * output).sum();
            square.max(variance * ROUNDING * ROUNDING).max(f64::MIN_POSITIVE).ln() + penalty
        };
        squares.iter().zip(&self.outputs).map(of_output).sum()
    }
}

/// What each row counts in a prediction.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn weigh(distances: &[f64], sharpness: f64, weights: &[f64], kernel: &mut [f64]) {
    for ((kernel, distance), weight) in kernel.iter_mut().zip(distances).zip(weights) {
        *kernel = weight * exp(-distance * sharpness);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_are_distinct_and_all_of_them_where_there_are_few() {
        for (n, size, wanted) in
            [(1, 1, 1), (3, 2, 3), (4, 2, 6), (5, 4, 5), (20, 10, 8), (20, 20, 1), (9, 8, 8)]
        {
            let found = subsets(n, size, 1);
            assert_eq!(found.len(), wanted, "{size} of {n}");
            assert!(found.iter().all(|places| places.len() == size && places.is_sorted()));
        }
    }

    #[test]
    fn bandwidths_span_two_decades() {
        assert!((tried(0) - 0.02).abs() < 1e-17 && (tried(9) - 2.0).abs() < 1e-15);
    }
}
