//! Which model row belongs to which evaluation, explained row and background row.

use crate::error::Error;

/// The model rows of a batch of evaluations, numbered from 0.
#[derive(Debug, Clone)]
pub struct Layout {
    n_rows: usize,
    /// First background row of each block, and the end of the last.
    block_starts: Vec<usize>,
    /// Block of each evaluation.
    blocks: Vec<u32>,
    /// First model row of each evaluation, and the end of the last.
    offsets: Vec<usize>,
}

/// Consecutive model rows of one evaluation and one explained row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Position of the evaluation in the batch.
    pub evaluation: usize,
    /// The explained row.
    pub row: usize,
    /// First background row.
    pub first: usize,
    /// Past the last background row.
    pub end: usize,
    /// Background rows of the block that came before, in an earlier segment.
    pub skipped: usize,
    /// Does it reach the end of the block?
    pub closes: bool,
}

impl Layout {
    /// `n_rows` explained rows; blocks of the background between `block_starts`; one block an evaluation.
    pub fn new(n_rows: usize, block_starts: &[usize], blocks: &[u32]) -> Result<Self, Error> {
        let ascending = block_starts.windows(2).all(|pair| pair[0] < pair[1]);
        if block_starts.len() < 2 || block_starts[0] != 0 || !ascending {
            return Err(Error::Parameter {
                argument: "block_starts",
                got: format!("{block_starts:?}"),
                accepted: "0 and then the ends of the blocks, ascending",
            });
        }
        let mut offsets = Vec::with_capacity(blocks.len() + 1);
        offsets.push(0);
        let mut end = 0;
        for &block in blocks {
            let block = block as usize;
            if block + 1 >= block_starts.len() {
                return Err(Error::Parameter {
                    argument: "blocks",
                    got: block.to_string(),
                    accepted: "the number of a block",
                });
            }
            end += n_rows * (block_starts[block + 1] - block_starts[block]);
            offsets.push(end);
        }
        Ok(Self { n_rows, block_starts: block_starts.to_vec(), blocks: blocks.to_vec(), offsets })
    }

    /// Model rows of the whole batch.
    pub fn n_model_rows(&self) -> usize {
        self.offsets[self.offsets.len() - 1]
    }

    /// Evaluations in the batch.
    pub fn n_evaluations(&self) -> usize {
        self.blocks.len()
    }

    /// Explained rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Background rows.
    pub fn n_background(&self) -> usize {
        self.block_starts[self.block_starts.len() - 1]
    }

    /// The evaluation, the explained row and the background row of a model row. O(log evaluations).
    pub fn at(&self, number: usize) -> (usize, usize, usize) {
        debug_assert!(number < self.n_model_rows());
        let evaluation = self.offsets.partition_point(|&offset| offset <= number).saturating_sub(1);
        let block = self.blocks[evaluation] as usize;
        let (start, stop) = (self.block_starts[block], self.block_starts[block + 1]);
        let inside = number - self.offsets[evaluation];
        (evaluation, inside / (stop - start), start + inside % (stop - start))
    }

    /// The model rows `first..end`, cut into segments.
    pub fn segments(&self, first: usize, end: usize) -> impl Iterator<Item = Segment> + '_ {
        debug_assert!(end <= self.n_model_rows());
        let mut position = first;
        let mut evaluation = self.offsets.partition_point(|&offset| offset <= first).saturating_sub(1);
        std::iter::from_fn(move || {
            if position >= end {
                return None;
            }
            while self.offsets[evaluation + 1] <= position {
                evaluation += 1;
            }
            let block = self.blocks[evaluation] as usize;
            let (start, stop) = (self.block_starts[block], self.block_starts[block + 1]);
            let inside = position - self.offsets[evaluation];
            let (row, skipped) = (inside / (stop - start), inside % (stop - start));
            let count = (stop - start - skipped).min(end - position);
            position += count;
            let first = start + skipped;
            let closes = first + count == stop;
            Some(Segment { evaluation, row, first, end: first + count, skipped, closes })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cut_visits_the_same_model_rows_in_the_same_order() {
        let layout = Layout::new(3, &[0, 2, 5], &[1, 0, 0, 1]).unwrap();
        assert_eq!(layout.n_model_rows(), 3 * (3 + 2 + 2 + 3));
        let visit = |first, end| {
            layout
                .segments(first, end)
                .flat_map(|s| (s.first..s.end).map(move |b| (s.evaluation, s.row, b)))
                .collect::<Vec<_>>()
        };
        let whole = visit(0, 30);
        assert_eq!(whole[..4], [(0, 0, 2), (0, 0, 3), (0, 0, 4), (0, 1, 2)]);
        assert_eq!(whole.len(), 30);
        assert_eq!((0..30).map(|number| layout.at(number)).collect::<Vec<_>>(), whole);
        for cut in 0..=30 {
            assert_eq!([visit(0, cut), visit(cut, 30)].concat(), whole);
        }
    }
}
