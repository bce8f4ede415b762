//! Blocks of points: those that a stage adds, row after row.

use super::plan::Plan;
use crate::error::Error;

/// Consecutive points, one entry each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Block {
    /// The explained row, by its place among the keys.
    pub row: Vec<u32>,
    /// The background row.
    pub background: Vec<u32>,
    /// The position on the path.
    pub alpha: Vec<f64>,
    /// The weight at this stage.
    pub weight: Vec<f64>,
    /// The replicate.
    pub replicate: Vec<u8>,
    /// `(points, K)`.
    pub controls: Vec<f64>,
}

impl Plan {
    /// Points `first .. first + count` of those that a stage adds to the rows of these keys, or as many as there are.
    ///
    /// Numbered row after row; those of a row so that every beginning is spread over background rows and positions.
    /// O(count), no matter where the block begins.
    pub fn block(&self, row_keys: &[u64], stage: u32, first: u64, count: u64) -> Result<Block, Error> {
        self.check_stage(stage)?;
        let (own, _) = self.own_points(stage);
        let end = first.saturating_add(count).min(own.saturating_mul(row_keys.len() as u64));
        let mut block = Block::default();
        block.reserve(usize::try_from(end.saturating_sub(first)).unwrap_or(0), self.n_controls());
        if first >= end {
            return Ok(block);
        }
        let walk = self.walk(stage, self.shift(0));
        let rows = (0_u32..).zip(row_keys).skip(usize::try_from(first / own).unwrap_or(usize::MAX));
        let mut next = first;
        for (number, &row_key) in rows {
            let start = u64::from(number) * own;
            let last = own.min(end - start);
            for point in walk.shifted(self.shift(row_key)).points(next - start, last) {
                block.row.push(number);
                block.background.push(point.background);
                block.alpha.push(point.alpha);
                block.weight.push(point.weight);
                block.replicate.push(point.replicate);
                block.controls.extend_from_slice(&point.controls[..self.n_controls()]);
            }
            next = start + last;
            if next == end {
                break;
            }
        }
        Ok(block)
    }
}

impl Block {
    fn reserve(&mut self, points: usize, n_controls: usize) {
        self.row.reserve(points);
        self.background.reserve(points);
        self.alpha.reserve(points);
        self.weight.reserve(points);
        self.replicate.reserve(points);
        self.controls.reserve(points * n_controls);
    }
}
