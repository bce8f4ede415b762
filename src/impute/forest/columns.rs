//! A background as trees see it: values to split by, and standardised columns to explain.

use crate::error::Error;

/// A rank that stands for a missing number: no number has it.
pub(super) const MISSING: u32 = u32::MAX;

/// The least share of all weight that a row has: sums of weights tell its own from rounding.
const LEAST: f64 = 1.0 / (1_u64 << 44) as f64;

/// Columns to split by, and what they are to each other.
#[derive(Debug)]
pub(super) struct Columns {
    /// What a tree splits by, column after column.
    pub(super) features: Vec<Feature>,
    /// Standardised numbers, `(rows, numeric columns)`: 0 where one is missing or infinite.
    pub(super) numbers: Vec<f64>,
    pub(super) n_numbers: usize,
    /// The columns of categories, and what a row of theirs counts: 1 over the variance of all their indicators.
    pub(super) categories: Vec<(usize, f64)>,
    /// Weights of the rows, 1 on average.
    pub(super) weights: Vec<f64>,
}

/// A column to split by.
#[derive(Debug, Clone)]
pub(super) enum Feature {
    Numbers {
        values: Vec<f64>,
        /// Dense ranks of the values, [`MISSING`] where there is none.
        ranks: Vec<u32>,
        /// The values of the ranks.
        distinct: Vec<f64>,
    },
    Categories {
        codes: Vec<u32>,
        n_codes: usize,
    },
}

impl Columns {
    pub(super) fn new(values: &[f64], n_categories: &[usize], weights: &[f64]) -> Result<Self, Error> {
        let (n_rows, n_columns) = (weights.len(), n_categories.len());
        if n_rows == 0 || values.len() != n_rows * n_columns {
            return Err(Error::Length { argument: "values", got: values.len(), want: n_rows * n_columns });
        }
        let weights: Vec<f64> = weights.iter().map(|weight| weight.max(LEAST) * n_rows as f64).collect();
        let mut features = Vec::with_capacity(n_columns);
        let (mut standard, mut categories) = (Vec::new(), Vec::new());
        for (column, &n_codes) in n_categories.iter().enumerate() {
            let cells: Vec<f64> = values[column..].iter().step_by(n_columns).copied().collect();
            if n_codes == 0 {
                standard.push(standardised(&cells, &weights));
                features.push(numbers(cells));
            } else {
                let codes = codes(&cells, n_codes)?;
                let scale = 1.0 / spread(&codes, n_codes, &weights);
                categories.push((column, scale));
                features.push(Feature::Categories { codes, n_codes });
            }
        }
        let numbers = (0..n_rows).flat_map(|row| standard.iter().map(move |cells| cells[row])).collect();
        Ok(Self { features, numbers, n_numbers: standard.len(), categories, weights })
    }

    pub(super) fn n_rows(&self) -> usize {
        self.weights.len()
    }

    /// The standardised numbers of a row.
    pub(super) fn numbers_of(&self, row: u32) -> &[f64] {
        &self.numbers[row as usize * self.n_numbers..][..self.n_numbers]
    }
}

impl Feature {
    /// Where a number stands among the ranks: on one of them, or half-way between two. None for what has no rank.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        match self {
            Self::Numbers { distinct, .. } if !value.is_nan() => {
                let below = distinct.partition_point(|&other| other < value);
                let is_known = distinct.get(below).is_some_and(|&other| other <= value);
                Some(below as f64 - if is_known { 0.0 } else { 0.5 })
            }
            _ => None,
        }
    }

    /// Are there missing numbers?
    pub(super) fn has_missing(&self) -> bool {
        match self {
            Self::Numbers { ranks, .. } => ranks.contains(&MISSING),
            Self::Categories { .. } => false,
        }
    }
}

/// Numbers with their ranks, equal ones where values are equal.
#[expect(clippy::cast_possible_truncation, reason = "a background has fewer than 2^32 rows")]
fn numbers(values: Vec<f64>) -> Feature {
    let mut distinct: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup_by(|a, b| *a <= *b); // sorted, so equal: -0.0 and 0.0 are one number
    let rank = |value: f64| distinct.partition_point(|&other| other < value) as u32;
    let ranks = values.iter().map(|&value| if value.is_nan() { MISSING } else { rank(value) }).collect();
    Feature::Numbers { values, ranks, distinct }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a code")]
fn codes(values: &[f64], n_codes: usize) -> Result<Vec<u32>, Error> {
    let code = |&value: &f64| {
        if value >= 0.0 && value < n_codes as f64 && value.fract() == 0.0 {
            Ok(value as u32)
        } else {
            let got = value.to_string();
            Err(Error::Parameter { argument: "values", got, accepted: "codes below `n_categories`" })
        }
    };
    values.iter().map(code).collect()
}

/// In units of the column's standard deviation, from its mean; 0 for what is no finite number.
fn standardised(values: &[f64], weights: &[f64]) -> Vec<f64> {
    let finite = || values.iter().zip(weights).filter(|(value, _)| value.is_finite());
    let total: f64 = finite().map(|(_, weight)| weight).sum();
    let mean: f64 = finite().map(|(value, weight)| value * (weight / total)).sum();
    let widest = finite().map(|(value, _)| (value - mean).abs()).fold(0.0, f64::max);
    let square = |value: f64| ((value - mean) / widest).powi(2);
    let variance: f64 = finite().map(|(&value, weight)| weight / total * square(value)).sum();
    let spread = widest * variance.sqrt();
    if !(spread > 0.0 && spread.is_finite()) {
        return vec![0.0; values.len()];
    }
    values.iter().map(|&value| if value.is_finite() { (value - mean) / spread } else { 0.0 }).collect()
}

/// The variance of all indicators of a column together; 1 where there is but one category.
fn spread(codes: &[u32], n_codes: usize, weights: &[f64]) -> f64 {
    let mut shares = vec![0.0; n_codes];
    for (&code, weight) in codes.iter().zip(weights) {
        shares[code as usize] += weight / codes.len() as f64;
    }
    let variance: f64 = shares.iter().map(|share| share * (1.0 - share)).sum();
    if variance > 1e-12 { variance } else { 1.0 }
}
