//! The background as the walk reads it: columns of codes, equal rows merged.

use std::collections::HashMap;
use std::sync::Arc;

use crate::tree::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use crate::tree::linear_leaves::Numbers;

/// Background rows that no split and no linear leaf of the forest can tell apart are one row, with the sum of their weights.
#[derive(Debug, Clone)]
pub struct Background {
    codes: Arc<[f32]>,     // [encoded column][merged row]
    first: Arc<[u32]>,     // the row that each merged row appeared as first
    numbers: Arc<Numbers>, // of the raw columns
    weights: Vec<f64>,
}

impl Background {
    /// Merge encoded rows. Weights may have any sign; rows of weight 0 are left out, and equal rows are added up in
    /// their order. A row's number here follows its first appearance.
    pub fn new(encoding: &Encoding, rows: &EncodedRows, weights: &[f64]) -> Self {
        let n_columns = encoding.n_columns();
        let mut number_of: HashMap<Box<[u64]>, usize> = HashMap::new();
        let mut merged_weights: Vec<f64> = Vec::new();
        let mut first: Vec<u32> = Vec::new();
        let n_raw = encoding.n_raw_columns();
        let mut key = vec![0_u64; n_columns + n_raw];
        for (row, &weight) in (0..).zip(&weights[..rows.n_rows()]) {
            if weight == 0.0 {
                continue;
            }
            let (codes, numbers) = key.split_at_mut(n_columns);
            for (column, bits) in codes.iter_mut().enumerate() {
                *bits = u64::from(code(rows, column, row as usize).to_bits());
            }
            for (column, bits) in numbers.iter_mut().enumerate() {
                *bits =
                    rows.raw(row as usize / ROWS_PER_BLOCK, column)[row as usize % ROWS_PER_BLOCK].to_bits();
            }
            if let Some(&number) = number_of.get(key.as_slice()) {
                merged_weights[number] += weight;
            } else {
                number_of.insert(key.as_slice().into(), merged_weights.len());
                merged_weights.push(weight);
                first.push(row);
            }
        }
        let codes =
            (0..n_columns).flat_map(|column| first.iter().map(move |&row| code(rows, column, row as usize)));
        let numbers = Arc::new(Numbers::of_rows(rows, n_raw, &first));
        Self { codes: codes.collect(), numbers, first: first.into(), weights: merged_weights }
    }

    /// Rows that differ.
    pub fn n_rows(&self) -> usize {
        self.first.len()
    }

    /// The row of the table that each row here appeared as first.
    pub fn first_rows(&self) -> &[u32] {
        &self.first
    }

    /// The same rows with other weights, one for each row here.
    #[must_use]
    pub fn weighted(&self, weights: Vec<f64>) -> Self {
        debug_assert_eq!(weights.len(), self.n_rows(), "one weight for each row");
        Self { weights, ..self.clone() }
    }

    /// `[encoded column][row]`
    pub(super) fn codes(&self) -> &[f32] {
        &self.codes
    }

    /// The numbers that linear leaves read.
    pub(super) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// The weight of each row.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
}

fn code(rows: &EncodedRows, column: usize, row: usize) -> f32 {
    rows.column(row / ROWS_PER_BLOCK, column)[row % ROWS_PER_BLOCK]
}
