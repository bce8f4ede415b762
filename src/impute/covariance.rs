//! How the columns of a background go together.

use crate::error::Error;
use crate::linalg::{Matrix, transposed_product};

/// The least part of a column's variance that its neighbours may leave unexplained: below it columns count as
/// dependent, and the diagonal is raised.
const LEAST_PIVOT: f64 = 1e-10;
/// A covariance that needs more than this on its diagonal is none.
const MOST_RIDGE: f64 = 1e-3;

/// Mean and covariance of columns, the latter as scales and correlations, so that units do not matter.
///
/// Where columns depend on each other linearly (duplicates, fewer rows than columns), the diagonal of the
/// correlations is raised by 1e-10, or ten times that and so on, until every column keeps at least half of it given
/// those before it. A column that never changes has scale 0 and correlations 0: it tells nothing about the others.
#[derive(Debug, Clone)]
pub struct Covariance {
    n: usize,
    mean: Vec<f64>,
    scale: Vec<f64>,
    /// `(n, n)`, without the ridge: 1 on the diagonal.
    correlation: Vec<f64>,
    ridge: f64,
}

impl Covariance {
    /// Of rows `(rows, n)` with weights of sum 1. `rows n^2` operations.
    pub fn of_rows(rows: &[f64], weights: &[f64], n: usize) -> Result<Self, Error> {
        if rows.len() != weights.len() * n || weights.is_empty() {
            return Err(Error::Length { argument: "rows", got: rows.len(), want: weights.len() * n });
        }
        let (mean, scale) = mean_and_scale(rows, weights, n);
        let mut scaled = Matrix::zeros(weights.len(), n);
        for (number, (row, weight)) in rows.chunks_exact(n).zip(weights).enumerate() {
            let root = weight.sqrt();
            for (j, cell) in scaled.row_mut(number).iter_mut().enumerate() {
                *cell = if scale[j] > 0.0 { root * ((row[j] - mean[j]) / scale[j]) } else { 0.0 };
            }
        }
        let product = transposed_product(&scaled, &scaled);
        let correlation = (0..n * n).map(|at| product.row(at / n)[at % n]).collect();
        Self::raised(mean, scale, correlation, n)
    }

    /// Known ones: `(n,)` and `(n, n)`.
    pub fn known(mean: &[f64], covariance: &[f64]) -> Result<Self, Error> {
        let n = mean.len();
        if covariance.len() != n * n {
            return Err(Error::Length { argument: "cov", got: covariance.len(), want: n * n });
        }
        let scale: Vec<f64> = (0..n).map(|j| covariance[j * n + j].max(0.0).sqrt()).collect();
        let mut correlation = vec![0.0; n * n];
        for (i, row) in correlation.chunks_exact_mut(n).enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                let both = scale[i] > 0.0 && scale[j] > 0.0;
                *cell = if both { covariance[i * n + j] / scale[i] / scale[j] } else { 0.0 };
            }
        }
        Self::raised(mean.to_vec(), scale, correlation, n)
    }

    /// Of normal scores: mean 0 and scale 1, but for columns that never change; correlations of the rows.
    pub fn of_scores(scores: &[f64], weights: &[f64], n: usize) -> Result<Self, Error> {
        let mut covariance = Self::of_rows(scores, weights, n)?;
        covariance.mean.fill(0.0);
        covariance.scale.iter_mut().for_each(|scale| *scale = f64::from(u8::from(*scale > 0.0)));
        Ok(covariance)
    }

    fn raised(mean: Vec<f64>, scale: Vec<f64>, mut correlation: Vec<f64>, n: usize) -> Result<Self, Error> {
        for j in 0..n {
            correlation[j * n + j] = 1.0;
        }
        let mut ridge = 0.0;
        while !is_definite(&correlation, n, ridge) {
            ridge = if ridge == 0.0 { LEAST_PIVOT } else { 10.0 * ridge };
            if ridge > MOST_RIDGE {
                return Err(Error::Parameter {
                    argument: "cov",
                    got: "not positive semi-definite".to_owned(),
                    accepted: "the covariance of some data: symmetric, and v'cov v >= 0 for every v",
                });
            }
        }
        Ok(Self { n, mean, scale, correlation, ridge })
    }

    /// Number of columns.
    pub fn n(&self) -> usize {
        self.n
    }

    /// `(n,)`.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Standard deviations, `(n,)`.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// Row `j` of the correlations, without the ridge.
    pub fn correlation(&self, j: usize) -> &[f64] {
        &self.correlation[j * self.n..(j + 1) * self.n]
    }

    /// What is added to the diagonal of the correlations.
    pub fn ridge(&self) -> f64 {
        self.ridge
    }

    /// The covariance `(n, n)`, without the ridge.
    pub fn covariance(&self) -> Vec<f64> {
        let n = self.n;
        (0..n * n).map(|at| self.scale[at / n] * self.scale[at % n] * self.correlation[at]).collect()
    }
}

/// Weighted means and standard deviations. A column whose entries are all the same has that mean, and scale 0.
#[expect(clippy::float_cmp, reason = "constant means that no entry differs, however little")]
fn mean_and_scale(rows: &[f64], weights: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let first = &rows[..n];
    let varies: Vec<bool> =
        (0..n).map(|j| rows.iter().skip(j).step_by(n).any(|&value| value != first[j])).collect();
    let mut mean = first.to_vec();
    // Twice: what the first pass rounds away, relative to the distance from the first row, the second brings back.
    for _ in 0..2 {
        let mut away = vec![0.0; n];
        for (row, weight) in rows.chunks_exact(n).zip(weights) {
            for ((sum, value), centre) in away.iter_mut().zip(row).zip(&mean) {
                *sum += weight * (value - centre);
            }
        }
        (0..n).filter(|&j| varies[j]).for_each(|j| mean[j] += away[j]);
    }
    // In units of the largest deviation: squares of what is very large or small would leave the range of numbers.
    let mut largest = vec![0.0_f64; n];
    for row in rows.chunks_exact(n) {
        for ((most, value), centre) in largest.iter_mut().zip(row).zip(&mean) {
            *most = most.max((value - centre).abs());
        }
    }
    let mut squares = vec![0.0; n];
    for (row, weight) in rows.chunks_exact(n).zip(weights) {
        for (j, sum) in squares.iter_mut().enumerate().filter(|&(j, _)| varies[j]) {
            *sum += weight * ((row[j] - mean[j]) / largest[j]).powi(2);
        }
    }
    let scale = squares.iter().zip(&largest).map(|(square, largest)| largest * square.sqrt()).collect();
    (mean, scale)
}

/// Does every column keep some variance of its own, given those before it?
fn is_definite(correlation: &[f64], n: usize, ridge: f64) -> bool {
    let least = if ridge == 0.0 { LEAST_PIVOT } else { ridge / 2.0 };
    let mut rows: Vec<f64> = Vec::with_capacity(n * n); // row k is `L^-1` times the correlations, as in `Sweep`
    for k in 0..n {
        let mut row = correlation[k * n..(k + 1) * n].to_vec();
        row[k] += ridge;
        for before in rows.chunks_exact(n) {
            let factor = before[k];
            row[k..].iter_mut().zip(&before[k..]).for_each(|(cell, &known)| *cell -= factor * known);
        }
        let pivot = row[k];
        if pivot.is_nan() || pivot < least {
            return false;
        }
        for cell in &mut row {
            *cell /= pivot.sqrt();
        }
        rows.extend_from_slice(&row);
    }
    true
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "a constant column has its constant for a mean")]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    #[test]
    fn moments_are_those_of_the_rows() {
        let (n, count) = (3, 40);
        let mut stream = Stream::new(1, Purpose::Order, 0, 0);
        let rows: Vec<f64> =
            (0..n * count).map(|at| stream.uniform() * [1.0, 1e3, 1e6][at % n] + 1e4).collect();
        let weights: Vec<f64> = (0..count).map(|k| (k + 1) as f64 / 820.0).collect();
        let covariance = Covariance::of_rows(&rows, &weights, n).unwrap();
        let mean = |j: usize| -> f64 { (0..count).map(|k| weights[k] * rows[k * n + j]).sum() };
        for i in 0..n {
            assert!((covariance.mean()[i] - mean(i)).abs() <= 40.0 * f64::EPSILON * mean(i));
            for j in 0..n {
                let expected: f64 = (0..count)
                    .map(|k| weights[k] * (rows[k * n + i] - mean(i)) * (rows[k * n + j] - mean(j)))
                    .sum();
                let size = covariance.scale()[i] * covariance.scale()[j];
                // The means err by 40 roundings of 1e4, the scales are 0.3 and more.
                assert!((covariance.covariance()[i * n + j] - expected).abs() < 1e-6 * size);
            }
        }
        assert!(covariance.ridge() == 0.0);
    }

    #[test]
    fn dependent_and_constant_columns_are_made_definite() {
        let rows = [1.0, 1.0, 0.1, 2.0, 2.0, 0.1, 4.0, 4.0, 0.1];
        let covariance = Covariance::of_rows(&rows, &[1.0 / 3.0; 3], 3).unwrap();
        assert!(covariance.ridge() == LEAST_PIVOT);
        assert!(covariance.scale()[2] == 0.0 && covariance.mean()[2] == 0.1);
        assert_eq!(covariance.correlation(2), [0.0, 0.0, 1.0]);
        assert!(Covariance::known(&[0.0; 2], &[1.0, 2.0, 2.0, 1.0]).is_err());
    }
}
