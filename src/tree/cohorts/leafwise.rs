//! Leaf by leaf: which background rows meet which rows there, for leaves of deep trees.
//!
//! Let `F_x` be the players of a leaf whose conditions a row fails, `F_z` those that a background row fails. The two
//! meet where `F_x` and `F_z` are disjoint; then R is `F_x` and E is `F_z`, each known without the other. So a leaf is a
//! column of masks for the rows and one for the background, and both fall out of one descent that all of them make
//! together, without a branch. What a leaf gives to a row depends on `F_x` alone: rows that fail the same players share it.
//!
//! Cost: for each leaf one look-up a row, and for each mask among the rows one step a background row that meets it. In
//! deep trees few do, and then this costs a tenth of walking.
//!
//! All sums of a row run over the background in its order and over the leaves in the tree's, so neither the other rows nor
//! the way in which the meeting rows are found touches a bit. No multiply-add is fused: all instruction sets agree.

mod meetings;
mod shares;

pub(super) use shares::Weights;

use super::compiled::{Ask, Node, Set, Split, Trees, number};
use super::leaves::Leaves;
use super::walk::Table;
use crate::simd::InstructionSet;
use meetings::Meetings;
use shares::Scatter;

/// Players on a path, at most: bits of a mask.
pub(super) const MOST_PLAYERS: usize = 32;
/// With fewer rows than this, subtrees where nobody meets are looked for and left out.
const FEW_ROWS: usize = 16;

/// What a chunk of rows and the background bring to the leaves of a tree.
pub(super) struct LeafwiseChunk<'a> {
    pub(super) trees: &'a Trees,
    pub(super) rows: Table<'a>,
    pub(super) background: Table<'a>,
    pub(super) weights: &'a [f64],
    pub(super) forms: &'a Weights,
    /// The block's slot of each player of the tree.
    pub(super) slots: &'a [u32],
    /// `[row][output][own slot of the block]`
    pub(super) totals: &'a mut [f64],
    pub(super) n_outputs: usize,
    pub(super) n_slots: usize,
}

/// Memory that is used again from leaf to leaf.
#[derive(Debug, Default)]
pub(super) struct LeafwiseScratch {
    /// `[level][mask of each row, then of each background row]`
    masks: Vec<u32>,
    pending: Vec<Pending>,
    /// The players of the path, in the order of their first split: a player's place is its bit.
    path: Vec<OnPath>,
    meetings: Meetings,
}

/// A player of the path.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnPath {
    player: u32,
    /// The block's slot.
    slot: u32,
}

/// A child that waits for its turn.
#[derive(Debug, Clone, Copy)]
struct Pending {
    node: u32,
    parent: u32,
    is_left: bool,
    /// The parent's masks.
    level: u32,
    /// Are the parent's masks needed after this?
    is_first: bool,
    n_players: u32,
}

/// The wanted leaves of a tree whose path has few enough players, ascending.
pub(super) fn leaves(nodes: &[Node]) -> Vec<u32> {
    let mut found = Vec::new();
    let mut path: Vec<u32> = Vec::new();
    let mut pending = vec![(0_u32, 0_usize)];
    while let Some((node, n_players)) = pending.pop() {
        path.truncate(n_players);
        match nodes[node as usize] {
            Node::Unwanted => {}
            Node::Leaf(leaf) => found.push(leaf),
            Node::Split(split) => {
                if !path.contains(&split.player) {
                    path.push(split.player);
                }
                if path.len() <= MOST_PLAYERS {
                    pending.push((split.right, path.len()));
                    pending.push((node + 1, path.len()));
                }
            }
        }
    }
    found
}

impl LeafwiseChunk<'_> {
    /// Add what the wanted leaves of a tree give to the rows.
    pub(super) fn add(
        &mut self,
        tree: usize,
        leaves: &Leaves<'_>,
        scratch: &mut LeafwiseScratch,
        set: InstructionSet,
    ) {
        match set {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => {
                #[expect(unsafe_code, reason = "the same body, compiled for the processor")]
                // SAFETY: the set is one that this processor has.
                unsafe {
                    descend_avx512(self, tree, leaves, scratch);
                }
            }
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => {
                #[expect(unsafe_code, reason = "the same body, compiled for the processor")]
                // SAFETY: the set is one that this processor has.
                unsafe {
                    descend_avx2(self, tree, leaves, scratch);
                }
            }
            _ => descend(self, tree, leaves, scratch),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1")]
fn descend_avx512(
    chunk: &mut LeafwiseChunk<'_>,
    tree: usize,
    leaves: &Leaves<'_>,
    scratch: &mut LeafwiseScratch,
) {
    descend(chunk, tree, leaves, scratch);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt,bmi1")]
fn descend_avx2(
    chunk: &mut LeafwiseChunk<'_>,
    tree: usize,
    leaves: &Leaves<'_>,
    scratch: &mut LeafwiseScratch,
) {
    descend(chunk, tree, leaves, scratch);
}

/// Depth first, the smaller subtree first: the larger one takes over its parent's masks, so that the masks of at
/// most `log2(nodes)` levels are kept.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
fn descend(chunk: &mut LeafwiseChunk<'_>, tree: usize, leaves: &Leaves<'_>, scratch: &mut LeafwiseScratch) {
    let (nodes, sets) = (chunk.trees.of(tree), &chunk.trees.sets[..]);
    let (n_rows, n_background) = (chunk.rows.n_rows, chunk.background.n_rows);
    let LeafwiseScratch { masks, pending, path, meetings } = scratch;
    path.clear();
    pending.clear();
    // a leaf that is a root gives nothing to anybody
    if let (Node::Split(split), true) = (nodes[0], n_background > 0) {
        put_aside(nodes, (0, split), 0, 0, pending);
    }
    masks.clear();
    masks.resize(n_rows + n_background, 0);
    while let Some(child) = pending.pop() {
        path.truncate(child.n_players as usize);
        let Node::Split(split) = nodes[child.parent as usize] else { continue };
        let place = path.iter().position(|on_path| on_path.player == split.player).unwrap_or_else(|| {
            path.push(OnPath { player: split.player, slot: chunk.slots[split.player as usize] });
            path.len() - 1
        });
        let level = own_level(masks, &child, n_rows + n_background);
        let (of_rows, of_background) =
            masks[level * (n_rows + n_background)..][..n_rows + n_background].split_at_mut(n_rows);
        let bit = 1 << place;
        fail(of_rows, chunk.rows.column(split.column), split.ask, child.is_left, bit, sets);
        fail(of_background, chunk.background.column(split.column), split.ask, child.is_left, bit, sets);
        if n_rows < FEW_ROWS && !anybody_meets(of_rows, of_background) {
            continue;
        }
        match nodes[child.node as usize] {
            Node::Unwanted => {}
            Node::Split(below) => {
                put_aside(nodes, (child.node, below), number(level), number(path.len()), pending);
            }
            Node::Leaf(leaf) => {
                let mut to = Scatter { path, totals: chunk.totals, shape: (chunk.n_outputs, chunk.n_slots) };
                let background = (&*of_background, chunk.weights);
                match path.len() {
                    0..=8 => meetings.add::<1>(of_rows, background, chunk.forms, (leaves, leaf), &mut to),
                    9..=16 => meetings.add::<2>(of_rows, background, chunk.forms, (leaves, leaf), &mut to),
                    _ => meetings.add::<4>(of_rows, background, chunk.forms, (leaves, leaf), &mut to),
                }
            }
        }
    }
}

/// Both children of a node, the one that is done first on top.
#[inline]
fn put_aside(
    nodes: &[Node],
    (parent, split): (u32, Split),
    level: u32,
    n_players: u32,
    pending: &mut Vec<Pending>,
) {
    let left = Pending { node: parent + 1, parent, is_left: true, level, is_first: false, n_players };
    let right = Pending { node: split.right, is_left: false, ..left };
    let is_wanted = |child: &Pending| !matches!(nodes[child.node as usize], Node::Unwanted);
    match (is_wanted(&left), is_wanted(&right)) {
        (true, true) => {
            let (small, large) = if split.is_left_smaller { (left, right) } else { (right, left) };
            pending.extend([large, Pending { is_first: true, ..small }]);
        }
        (true, false) => pending.push(left),
        (false, true) => pending.push(right),
        (false, false) => {}
    }
}

/// Where a child's masks are: a copy of its parent's, or these themselves where nobody needs them afterwards.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
fn own_level(masks: &mut Vec<u32>, child: &Pending, length: usize) -> usize {
    let level = child.level as usize;
    if !child.is_first {
        return level;
    }
    if masks.len() < (level + 2) * length {
        masks.resize((level + 2) * length, 0);
    }
    masks.copy_within(level * length..(level + 1) * length, (level + 1) * length);
    level + 1
}

/// Set `bit` in the masks of those who do not go this way.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
fn fail(masks: &mut [u32], codes: &[f32], ask: Ask, is_left: bool, bit: u32, sets: &[Set]) {
    let pairs = masks.iter_mut().zip(codes);
    match (ask, is_left) {
        (Ask::Le { threshold, nan_left: false }, true) => {
            pairs.for_each(|(mask, &code)| *mask |= if code <= threshold { 0 } else { bit });
        }
        (Ask::Le { threshold, nan_left: false }, false) => {
            pairs.for_each(|(mask, &code)| *mask |= if code <= threshold { bit } else { 0 });
        }
        (Ask::Le { threshold, nan_left: true }, true) => {
            pairs.for_each(|(mask, &code)| *mask |= if code > threshold { bit } else { 0 });
        }
        (Ask::Le { threshold, nan_left: true }, false) => {
            pairs.for_each(|(mask, &code)| *mask |= if code > threshold { 0 } else { bit });
        }
        (Ask::InSet(set), _) => pairs.for_each(|(mask, &code)| {
            *mask |= if sets[set as usize].goes_left(code) == is_left { 0 } else { bit };
        }),
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
fn anybody_meets(rows: &[u32], background: &[u32]) -> bool {
    rows.iter().any(|row| background.iter().map(|other| u32::from(row & other == 0)).sum::<u32>() > 0)
}
