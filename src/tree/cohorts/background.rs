//! The background as the walk reads it: columns of codes, equal rows merged.

use std::collections::HashMap;
use std::sync::Arc;

use crate::tree::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};

/// Background rows that no split of the forest can tell apart are one row, with the sum of their weights.
#[derive(Debug, Clone)]
pub struct Background {
    codes: Arc<[f32]>, // [encoded column][merged row]
    first: Arc<[u32]>, // the row that each merged row appeared as first
    weights: Vec<f64>,
}

impl Background {
    /// Merge encoded rows. Weights may have any sign; rows of weight 0 are left out, and equal rows are added up in
    /// their order. A row's number here follows its first appearance.
    pub fn new(encoding: &Encoding, rows: &EncodedRows, weights: &[f64]) -> Self {
        let n_columns = encoding.n_columns();
        let mut number_of: HashMap<Box<[u32]>, usize> = HashMap::new();
        let mut merged_weights: Vec<f64> = Vec::new();
        let mut first: Vec<u32> = Vec::new();
        let mut key = vec![0_u32; n_columns];
        for (row, &weight) in (0..).zip(&weights[..rows.n_rows()]) {
            if weight == 0.0 {
                continue;
            }
            for (column, bits) in key.iter_mut().enumerate() {
                *bits = code(rows, column, row as usize).to_bits();
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
        Self { codes: codes.collect(), first: first.into(), weights: merged_weights }
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
        Self { codes: Arc::clone(&self.codes), first: Arc::clone(&self.first), weights }
    }

    /// `[encoded column][row]`
    pub(super) fn codes(&self) -> &[f32] {
        &self.codes
    }

    /// The weight of each row.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
}

fn code(rows: &EncodedRows, column: usize, row: usize) -> f32 {
    rows.column(row / ROWS_PER_BLOCK, column)[row % ROWS_PER_BLOCK]
}
