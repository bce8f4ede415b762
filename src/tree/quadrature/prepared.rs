//! Blocks of trees, unrolled.

use std::sync::Arc;

use super::program::{MOST_POINTS, Program, Step, Subject, unroll};
use super::slots::{Met, Numbers};
use super::{Absent, Request, Slots};
use crate::tree::encode::{Encoding, ROWS_PER_BLOCK};
use crate::tree::forest::{Forest, Output, Split, Step as Node, Tree};
use crate::tree::plan::Real;
use crate::tree::points::{Rule, points_for};
use crate::tree::sweep::{Block, blocks};

/// Most points of one program where leaves have several values.
const MOST_POINTS_OF_VECTORS: usize = 2;

/// The unrolled trees of a block.
#[derive(Debug)]
pub(in crate::tree) struct Prepared<R> {
    pub(in crate::tree) programs: Vec<Program<R>>,
    /// The slot of the sums that each local slot is added to; none where nobody asked.
    pub(in crate::tree) slots: Vec<Option<usize>>,
    /// Outputs of a local slot: those of the block, or more where programs need room.
    pub(in crate::tree) width: usize,
}

/// The trees that a kernel explains, and how.
#[derive(Debug)]
pub(in crate::tree) struct Subjects {
    pub(in crate::tree) forest: Arc<Forest>,
    pub(in crate::tree) encoding: Arc<Encoding>,
    pub(in crate::tree) blocks: Vec<Block>,
    absent: Absent,
    has_values: bool,
    pairs: Vec<(u32, u32)>,
    with_pairs: bool,
    rules: Vec<Option<Rule>>, // by number of points
    n_points: Vec<usize>,     // by tree
}

impl Subjects {
    pub(in crate::tree) fn new(request: Request<'_>) -> Self {
        let Request { forest, encoding, trees, absent, slots, precision, set: _ } = request;
        let (has_values, pairs) = match slots {
            Slots::Players => (true, None),
            Slots::Pairs(pairs) => (false, Some(pairs)),
            Slots::PlayersAndPairs(pairs) => (true, Some(pairs)),
        };
        let blocks = blocks(&forest, trees.iter().copied());
        let mut n_points = vec![0; forest.trees.len()];
        for &tree in trees {
            let d = longest_path(&forest, &forest.trees[tree as usize]);
            n_points[tree as usize] = points_for(d, precision);
        }
        let mut rules = vec![None; n_points.iter().max().map_or(0, |&most| most + 1)];
        for &n in n_points.iter().filter(|&&n| n > 0) {
            rules[n].get_or_insert_with(|| Rule::gauss_legendre(n));
        }
        let (with_pairs, pairs) = (pairs.is_some(), pairs.unwrap_or_default().to_vec());
        Self { forest, encoding, blocks, absent, has_values, pairs, with_pairs, rules, n_points }
    }

    /// Slots of the sums.
    pub(in crate::tree) fn n_slots(&self) -> usize {
        self.n_values() + self.pairs.len()
    }

    fn n_values(&self) -> usize {
        if self.has_values { self.forest.n_players() } else { 0 }
    }

    /// About what all blocks take once they are unrolled.
    pub(in crate::tree) fn unrolled_bytes(&self) -> usize {
        let descents = match &self.absent {
            Absent::Covers => 1,
            Absent::Rows { weights, .. } => weights.len(),
        };
        let mut bytes = 0_usize;
        for block in &self.blocks {
            for &tree in &block.trees {
                let n = self.n_points[tree as usize];
                let splits = self.forest.trees[tree as usize].n_leaves() - 1;
                let partners = if self.with_pairs { 8 * n } else { 0 };
                bytes += splits * descents * (3 * size_of::<Step>() / 2 + 4 * (4 * n + 4) + 8 * partners);
            }
        }
        bytes
    }

    /// Unroll a block.
    pub(in crate::tree) fn prepare<R: Real>(&self, number: usize) -> Prepared<R> {
        let block = &self.blocks[number];
        let has_vectors = |&tree: &u32| self.forest.trees[tree as usize].output == Output::All;
        let n_outputs = block.outputs.len();
        let is_wide = n_outputs > 1 && block.trees.iter().any(has_vectors) && !self.with_pairs;
        let width = if is_wide { 4 } else { n_outputs };
        let mut slots = Numbers::new(width);
        let mut programs = Vec::new();
        for &tree in &block.trees {
            match &self.absent {
                Absent::Covers => {
                    let trunk = &self.forest.trees[tree as usize];
                    let fraction = |node: usize, split: &Split| trunk.fraction_left(node, split);
                    self.add_programs(block, tree, &fraction, 1.0, width, &mut slots, &mut programs);
                }
                Absent::Rows { rows, weights } => {
                    for (row, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
                        let fraction = |_: usize, split: &Split| {
                            let test = self.encoding.test(split);
                            let codes = rows.column(row / ROWS_PER_BLOCK, test.column());
                            if test.goes_left(codes[row % ROWS_PER_BLOCK]) { 1.0 } else { 0.0 }
                        };
                        self.add_programs(block, tree, &fraction, weight, width, &mut slots, &mut programs);
                    }
                }
            }
        }
        let slot = |met: &Met| match *met {
            Met::Player(player) => self.has_values.then_some(player as usize),
            Met::Pair(one, other) => {
                let place = self.pairs.binary_search(&(one, other));
                Some(self.n_values() + place.expect("`pairs` are all that share a path"))
            }
        };
        Prepared { programs, slots: slots.met().iter().map(slot).collect(), width }
    }

    #[expect(clippy::too_many_arguments, reason = "what is the same for a tree and what is not")]
    fn add_programs<R: Real>(
        &self,
        block: &Block,
        tree: u32,
        fraction: &dyn Fn(usize, &Split) -> f64,
        weight: f64,
        width: usize,
        slots: &mut Numbers,
        programs: &mut Vec<Program<R>>,
    ) {
        let rule = self.rules[self.n_points[tree as usize]].as_ref().expect("made for all trees");
        let (first, n_outputs) = match self.forest.trees[tree as usize].output {
            Output::One(output) => (output as usize, 1),
            Output::All => (block.outputs.start, block.outputs.len()),
        };
        // With pairs one output at a time, else all of the block's at once.
        let at_once = if self.with_pairs { 1 } else { n_outputs };
        let padded = if at_once == 1 { 1 } else { 4 };
        let most = if padded == 1 { MOST_POINTS } else { MOST_POINTS_OF_VECTORS };
        let weights: Vec<f64> = rule.weights.iter().map(|w| w * weight).collect();
        for output in (first..first + n_outputs).step_by(at_once) {
            for (points, weights) in cut(&rule.points, &weights, most) {
                let subject = Subject {
                    forest: &self.forest,
                    encoding: &self.encoding,
                    tree,
                    fraction,
                    points,
                    weights,
                    first_output: output,
                    n_outputs: at_once,
                    width: padded,
                    shift: u32::try_from(output - block.outputs.start).expect("few outputs"),
                    with_pairs: self.with_pairs,
                };
                debug_assert!(padded <= width || padded == 1);
                let program = unroll(&subject, slots);
                if !program.steps.is_empty() {
                    programs.push(program);
                }
            }
        }
    }
}

/// Cut a rule into the fewest parts of at most `most` points, as even as may be.
fn cut<'a>(
    points: &'a [f64],
    weights: &'a [f64],
    most: usize,
) -> impl Iterator<Item = (&'a [f64], &'a [f64])> {
    let (n, n_parts) = (points.len(), points.len().div_ceil(most));
    (0..n_parts).map(move |part| {
        let range = part * n / n_parts..(part + 1) * n / n_parts;
        (&points[range.clone()], &weights[range])
    })
}

/// Distinct players on the path that has most of them.
fn longest_path(forest: &Forest, tree: &Tree) -> usize {
    let mut times = vec![0_u32; forest.n_players()];
    let (mut distinct, mut longest) = (0_usize, 0);
    let mut to_do = vec![(0, false)]; // a node, and whether it is left for good
    while let Some((node, is_left)) = to_do.pop() {
        let Node::Split(split) = tree.nodes[node].step else { continue };
        let player = &mut times[forest.player[split.column as usize] as usize];
        if is_left {
            *player -= 1;
            distinct -= usize::from(*player == 0);
        } else {
            distinct += usize::from(*player == 0);
            *player += 1;
            longest = longest.max(distinct);
            to_do.extend([(node, true), (split.right as usize, false), (node + 1, false)]);
        }
    }
    longest
}
