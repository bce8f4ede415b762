//! Which leaf each row comes to: 64 rows go down a tree side by side, without a branch on the data.

use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK, Test};
use super::forest::{Step, Tree};

/// Rows that walk at once: enough to hide the latency of loads, few enough to stop early.
const PARTY: usize = 16;
const NAN_LEFT: u32 = 1 << 31;
const IN_SET: u32 = 1 << 30;
const COLUMN: u32 = IN_SET - 1;

/// A tree, ready to be walked.
#[derive(Debug)]
pub(super) struct Descent<'a> {
    nodes: Vec<Step16>,
    sets: Vec<Test<'a>>,
    leaf: Vec<u32>, // of each node
}

/// A node of 16 bytes. A leaf leads to itself.
#[derive(Debug, Clone, Copy)]
struct Step16 {
    threshold: f32,     // or the number of the set's test, as bits
    column: u32,        // with flags above
    children: [u32; 2], // left, right: an index, not a choice, so that no branch has to guess
}

impl<'a> Descent<'a> {
    /// Compile a tree of the encoding's forest.
    pub(super) fn new(tree: &Tree, encoding: &'a Encoding) -> Self {
        let mut descent = Self {
            nodes: Vec::with_capacity(tree.nodes.len()),
            sets: Vec::new(),
            leaf: Vec::with_capacity(tree.nodes.len()),
        };
        for (number, node) in (0_u32..).zip(&tree.nodes) {
            let (leaf, step) = match node.step {
                Step::Leaf(leaf) => (leaf, Step16 { threshold: 0.0, column: 0, children: [number; 2] }),
                Step::Split(split) => (0, descent.step(encoding.test(&split), number + 1, split.right)),
            };
            descent.leaf.push(leaf);
            descent.nodes.push(step);
        }
        descent
    }

    #[expect(clippy::cast_possible_truncation, reason = "columns and nodes are fewer than 2^30")]
    fn step(&mut self, test: Test<'a>, left: u32, right: u32) -> Step16 {
        let (threshold, column) = match test {
            Test::Le { column, threshold, nan_left } => {
                (threshold, column as u32 | if nan_left { NAN_LEFT } else { 0 })
            }
            Test::InSet { column, .. } => {
                self.sets.push(test);
                (f32::from_bits(self.sets.len() as u32 - 1), column as u32 | IN_SET)
            }
        };
        Step16 { threshold, column, children: [left, right] }
    }

    /// The leaves that the rows of a block come to.
    pub(super) fn leaves(&self, rows: &EncodedRows, block: usize, leaves: &mut [u32; ROWS_PER_BLOCK]) {
        if self.nodes.len() == 1 {
            leaves.fill(0);
        } else if self.sets.is_empty() {
            self.walk::<false>(rows.block(block), leaves);
        } else {
            self.walk::<true>(rows.block(block), leaves);
        }
    }

    #[inline]
    fn walk<const HAS_SETS: bool>(
        &self,
        codes: &[[f32; ROWS_PER_BLOCK]],
        leaves: &mut [u32; ROWS_PER_BLOCK],
    ) {
        for (party, leaves) in leaves.as_chunks_mut::<PARTY>().0.iter_mut().enumerate() {
            let mut at = [0_u32; PARTY];
            loop {
                let mut moved = 0;
                for (lane, at) in at.iter_mut().enumerate() {
                    let node = &self.nodes[*at as usize];
                    let code = codes[(node.column & COLUMN) as usize][party * PARTY + lane];
                    let is_left = if HAS_SETS && node.column & IN_SET != 0 {
                        self.sets[node.threshold.to_bits() as usize].goes_left(code)
                    } else {
                        (code <= node.threshold) | ((node.column & NAN_LEFT != 0) & code.is_nan())
                    };
                    let next = node.children[usize::from(!is_left)];
                    moved |= next ^ *at;
                    *at = next;
                }
                if moved == 0 {
                    break;
                }
            }
            leaves.iter_mut().zip(at).for_each(|(leaf, at)| *leaf = self.leaf[at as usize]);
        }
    }
}

/// The leaf that one row comes to, without compiling the tree: for few rows.
pub(super) fn leaf_of(tree: &Tree, encoding: &Encoding, rows: &EncodedRows, row: usize) -> u32 {
    let mut at = 0;
    loop {
        match &tree.nodes[at].step {
            Step::Leaf(leaf) => return *leaf,
            Step::Split(split) => {
                let test = encoding.test(split);
                let code = rows.column(row / ROWS_PER_BLOCK, test.column())[row % ROWS_PER_BLOCK];
                at = if test.goes_left(code) { at + 1 } else { split.right as usize };
            }
        }
    }
}
