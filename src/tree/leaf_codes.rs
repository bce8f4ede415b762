//! Which leaf each row comes to, without walking: the decisions of all nodes for 512 rows as bits, and from them the
//! bits of a code of the leaf, chosen from below.
//!
//! A node's code is its left child's where the row goes left, else its right child's, bit by bit: one operation for 512
//! rows and bit. What a tree costs is its comparisons, so that walking wins again where there are many leaves.

use super::decisions::bytes::{Narrow, narrow};
use super::decisions::{ALL_ROWS, Choice, Decisions, Masks, NO_ROW, STEP};
use super::encode::{EncodedRows, Encoding, ROWS_PER_BLOCK};
use super::forest::{Step, Tree};
use crate::simd::InstructionSet;

/// Codes are bytes.
pub(super) const MOST_LEAVES: usize = 256;
const MOST_BITS: usize = 8;
/// A bit that means nothing at a leaf.
const ANY: u32 = u32::MAX;

/// A tree of few leaves, ready for rows.
#[derive(Debug)]
pub(super) struct LeafCodes {
    decisions: Decisions,
    bits: Vec<u32>,    // masks, lowest bit of the code first
    leaf_of: Vec<u32>, // by code; a leaf may have several
}

/// What is written again for every tree.
#[derive(Debug)]
pub(super) struct Scratch {
    masks: Vec<Masks>,
    codes: Box<Narrow>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { masks: Vec::new(), codes: Box::new([[0; ROWS_PER_BLOCK]; STEP]) }
    }
}

impl LeafCodes {
    /// Compile a tree of the encoding's forest, of at most [`MOST_LEAVES`] leaves.
    pub(super) fn new(tree: &Tree, encoding: &Encoding) -> Self {
        let (n_bits, codes) = codes(tree);
        let mut leaf_of = vec![0; 1 << n_bits];
        let mut decisions = Decisions::with_capacity(tree.nodes.len() / 2);
        let mut done: Vec<[u32; MOST_BITS]> = Vec::with_capacity(2 * MOST_BITS); // codes of the subtrees to the right, the nearest last
        for (node, code) in tree.nodes.iter().zip(codes).rev() {
            let bits = match node.step {
                Step::Leaf(leaf) => {
                    leaf_of[code.value..=code.value | code.any].fill(leaf);
                    std::array::from_fn(|bit| code.mask(bit))
                }
                Step::Split(split) => {
                    let by = decisions.ask(&encoding.test(&split));
                    let left = done.pop().unwrap_or_default();
                    let right = done.pop().unwrap_or_default();
                    std::array::from_fn(|bit| chosen(&mut decisions, by, left[bit], right[bit]))
                }
            };
            done.push(bits);
        }
        let number = decisions.numbering();
        let known = |&mask: &u32| if mask == ANY { NO_ROW } else { number(mask) };
        let bits = done.pop().unwrap_or_default()[..n_bits].iter().map(known).collect();
        Self { decisions, bits, leaf_of }
    }

    /// The leaf of each code.
    pub(super) fn leaf_of(&self) -> &[u32] {
        &self.leaf_of
    }

    /// The codes of the rows, `[block][row]`; of at most [`STEP`] blocks.
    pub(super) fn codes<'a>(
        &self,
        set: InstructionSet,
        rows: &EncodedRows,
        scratch: &'a mut Scratch,
    ) -> &'a [[u8; ROWS_PER_BLOCK]] {
        let n_blocks = rows.n_blocks();
        self.decisions.decide(set, rows, (0, n_blocks), &mut scratch.masks);
        narrow(set, &self.bits, &scratch.masks, n_blocks, &mut scratch.codes);
        &scratch.codes[..n_blocks]
    }
}

/// The mask of one bit of a node's code.
fn chosen(decisions: &mut Decisions, by: u32, left: u32, right: u32) -> u32 {
    match (left, right) {
        (ANY, bit) | (bit, ANY) => bit,
        (ALL_ROWS, NO_ROW) => by,
        _ if left == right => left,
        _ => decisions.choose(Choice { by, left, right }),
    }
}

/// The code of a leaf, and the bits of it, the lowest, that may be anything.
#[derive(Debug, Clone, Copy, Default)]
struct Code {
    value: usize,
    any: usize,
}

impl Code {
    fn mask(self, bit: usize) -> u32 {
        match (self.any >> bit & 1, self.value >> bit & 1) {
            (1, _) => ANY,
            (_, 1) => ALL_ROWS,
            _ => NO_ROW,
        }
    }
}

/// Bits of the codes, and the code of each node that is a leaf.
///
/// The way down where it is short enough, the root's decision highest and 1 = left: one choice for each inner node at
/// most. Else the leaf's number from the end.
fn codes(tree: &Tree) -> (usize, Vec<Code>) {
    let mut depth = vec![0; tree.nodes.len()];
    for (number, node) in tree.nodes.iter().enumerate() {
        if let Step::Split(split) = node.step {
            depth[number + 1] = depth[number] + 1;
            depth[split.right as usize] = depth[number] + 1;
        }
    }
    let deepest = depth.iter().copied().max().unwrap_or(0);
    let mut codes = vec![Code::default(); tree.nodes.len()];
    if deepest > MOST_BITS {
        let last = tree.n_leaves() - 1;
        for (code, node) in codes.iter_mut().zip(&tree.nodes) {
            if let Step::Leaf(leaf) = node.step {
                code.value = last - leaf as usize;
            }
        }
        return (last.checked_ilog2().map_or(0, |bits| bits as usize + 1), codes);
    }
    for (number, node) in tree.nodes.iter().enumerate() {
        let below = deepest - depth[number]; // bits that the way here leaves open
        match node.step {
            Step::Leaf(_) => codes[number].any = (1 << below) - 1,
            Step::Split(split) => {
                let value = codes[number].value;
                codes[number + 1].value = value | 1 << (below - 1);
                codes[split.right as usize].value = value;
            }
        }
    }
    (deepest, codes)
}
