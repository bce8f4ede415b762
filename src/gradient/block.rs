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
}

impl Plan {
    /// Points `first .. first + count` of those that a stage adds to the rows of these keys, or as many as there are.
    ///
    /// Numbered row after row; those of a row so that every beginning is spread over background rows and positions.
    /// O(count), no matter where the block begins.
    pub fn block(&self, row_keys: &[u64], stage: u32, first: u64, count: u64) -> Result<Block, Error> {
        self.check_stage(stage)?;
        let (own, _) = self.own_points(stage);
        let stride = self.stride(stage);
        let end = first.saturating_add(count).min(own.saturating_mul(row_keys.len() as u64));
        let mut block = Block::default();
        block.reserve(usize::try_from(end.saturating_sub(first)).unwrap_or(0));
        let mut next = first;
        while next < end {
            let row = next / own;
            let number = u32::try_from(row).unwrap_or(u32::MAX);
            let shift = self.shift(row_keys[number as usize]);
            for point in next - row * own..own.min(end - row * own) {
                let point = self.point(stage, stride, point, shift);
                block.row.push(number);
                block.background.push(point.background);
                block.alpha.push(point.alpha);
                block.weight.push(point.weight);
                block.replicate.push(point.replicate);
            }
            next = (row + 1) * own;
        }
        Ok(block)
    }
}

impl Block {
    fn reserve(&mut self, points: usize) {
        self.row.reserve(points);
        self.background.reserve(points);
        self.alpha.reserve(points);
        self.weight.reserve(points);
        self.replicate.reserve(points);
    }
}
