//! Leaves of middling paths, by one table a leaf and chunk: cheaper than the walk where the background is large.
//!
//! With R the players of a leaf whose conditions a row fails and E those that a background row fails, only background rows with
//! E disjoint from R count. Let `F_R(e)` be the weight of those that fail `e` players. Then, V being the leaf's value, a player of
//! R receives `-V sum_e e! (r-1)! / (e+r)! F_R(e)`, and a player i outside R `V sum_e (e-1)! r! / (e+r)! (F_R(e) - F_{R+i}(e))`, because the
//! difference counts the rows that fail i. All `F` are one subset sum over `2^d` vectors of `d + 1` numbers: `d 2^(d-1)` vector
//! additions, for any number of background rows. The table is forgotten when the chunk of rows has been looked up in it.

use super::closed_form::ClosedForm;
use super::compiled::{Ask, Node, Set, number};
use super::leaves::Leaves;
use super::walk::Table;
use crate::simd::InstructionSet;

/// Players on a path: a table has `2^15` vectors, 4 MiB.
const MOST_PLAYERS: usize = 15;
/// Numbers of failed players that a vector tells apart: `0..=15`.
const GRADES: usize = 16;
/// A table may have so many patterns for each background row; beyond, walking is cheaper: at d = 11 and 12 a table takes 350 to 560 us
/// for 512 rows and 10,000 background rows, the walk ten times as long, in proportion to both.
const PATTERNS_PER_ROW: usize = 16;

/// Below so many background rows no table is made: leaves are done one by one, which costs in proportion to the rows.
const MANY_ROWS: usize = 4096;

type Vector = [f64; GRADES];

/// A leaf that is done by a table.
#[derive(Debug)]
pub(super) struct WideLeaf {
    leaf: u32,
    players: Vec<u32>, // of the tree
    conditions: Vec<Condition>,
}

/// What a row of the leaf must do at a node of the path.
#[derive(Debug, Clone, Copy)]
struct Condition {
    column: u32,
    ask: Ask,
    is_left: bool,
    bit: u16, // of the player among the leaf's
}

impl WideLeaf {
    /// Those of a tree's wanted leaves that a table pays for, with a background of so many rows.
    pub(super) fn all(nodes: &[Node], n_background: usize) -> Vec<Self> {
        let mut found = Vec::new();
        let mut path: Vec<(u32, bool)> = Vec::new(); // node, left?
        let mut pending = vec![(0_u32, 0_usize, None)];
        while let Some((node, length, step)) = pending.pop() {
            path.truncate(length);
            path.extend(step);
            match nodes[node as usize] {
                Node::Unwanted => {}
                Node::Leaf(leaf) => found.extend(Self::new(leaf, &path, nodes, n_background)),
                Node::Split(split) => {
                    pending.push((split.right, path.len(), Some((node, false))));
                    pending.push((node + 1, path.len(), Some((node, true))));
                }
            }
        }
        found
    }

    fn new(leaf: u32, path: &[(u32, bool)], nodes: &[Node], n_background: usize) -> Option<Self> {
        let mut wide = Self { leaf, players: Vec::new(), conditions: Vec::new() };
        for &(node, is_left) in path {
            let Node::Split(split) = nodes[node as usize] else { continue };
            let place = wide.players.iter().position(|&player| player == split.player);
            let place = place.unwrap_or_else(|| {
                wide.players.push(split.player);
                wide.players.len() - 1
            });
            if place >= MOST_PLAYERS {
                return None;
            }
            wide.conditions.push(Condition {
                column: split.column,
                ask: split.ask,
                is_left,
                bit: 1 << place,
            });
        }
        let n_patterns = 1_usize << wide.players.len();
        (!wide.players.is_empty()
            && n_background >= MANY_ROWS
            && n_patterns <= PATTERNS_PER_ROW * n_background)
            .then_some(wide)
    }

    pub(super) fn leaf(&self) -> u32 {
        self.leaf
    }
}

/// What a chunk of rows and the background bring to the tables of a tree.
pub(super) struct WideChunk<'a> {
    pub(super) sets: &'a [Set],
    pub(super) rows: Table<'a>,
    pub(super) background: Table<'a>,
    pub(super) weights: &'a [f64],
    pub(super) closed_form: &'a ClosedForm,
    /// The block's slot of each player of the tree.
    pub(super) slots: &'a [u32],
    /// `[row][output][own slot of the block]`
    pub(super) totals: &'a mut [f64],
    pub(super) n_outputs: usize,
    pub(super) n_slots: usize,
}

/// Memory that is used again from leaf to leaf.
#[derive(Debug, Default)]
pub(super) struct WideScratch {
    failed: Vec<u16>,
    table: Vec<Vector>, // [players that may be failed]
}

impl WideChunk<'_> {
    /// Add what some leaves of a tree give to the rows.
    pub(super) fn add(
        &mut self,
        wide: &[WideLeaf],
        leaves: &Leaves<'_>,
        scratch: &mut WideScratch,
        set: InstructionSet,
    ) {
        for leaf in wide {
            match set {
                #[cfg(target_arch = "x86_64")]
                InstructionSet::Avx512 => {
                    #[expect(unsafe_code, reason = "the same body, compiled for the processor")]
                    // SAFETY: the set is one that this processor has.
                    unsafe {
                        add_avx512(self, leaf, leaves, scratch);
                    }
                }
                #[cfg(target_arch = "x86_64")]
                InstructionSet::Avx2 => {
                    #[expect(unsafe_code, reason = "the same body, compiled for the processor")]
                    // SAFETY: the set is one that this processor has.
                    unsafe {
                        add_avx2(self, leaf, leaves, scratch);
                    }
                }
                _ => add_one(self, leaf, leaves, scratch),
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn add_avx512(chunk: &mut WideChunk<'_>, leaf: &WideLeaf, leaves: &Leaves<'_>, scratch: &mut WideScratch) {
    add_one(chunk, leaf, leaves, scratch);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_avx2(chunk: &mut WideChunk<'_>, leaf: &WideLeaf, leaves: &Leaves<'_>, scratch: &mut WideScratch) {
    add_one(chunk, leaf, leaves, scratch);
}

/// No multiply-add is fused anywhere below, so all instruction sets give the same bits.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
fn add_one(chunk: &mut WideChunk<'_>, leaf: &WideLeaf, leaves: &Leaves<'_>, scratch: &mut WideScratch) {
    let d = leaf.players.len();
    let WideScratch { failed, table } = scratch;
    table.clear();
    table.resize(1 << d, [0.0; GRADES]);
    fail(leaf, chunk.background, chunk.sets, failed);
    for (&failed, weight) in failed.iter().zip(chunk.weights) {
        table[failed as usize][failed.count_ones() as usize] += weight;
    }
    subset_sums(table, d);
    fail(leaf, chunk.rows, chunk.sets, failed);
    let form = chunk.closed_form;
    // what each number of failed players weighs, by r
    let mut losses = [[0.0; GRADES]; GRADES];
    let mut gains = [[0.0; GRADES]; GRADES];
    for r in 0..=d {
        for e in 0..=d - r {
            losses[r][e] = if r > 0 { form.at(e, r - 1) } else { 0.0 };
            gains[r][e] = if e > 0 { form.at(e - 1, r) } else { 0.0 };
        }
    }
    let all = number((1 << d) - 1);
    for (row, &failed) in failed.iter().enumerate() {
        let (failed, r) = (u32::from(failed), failed.count_ones() as usize);
        let may_fail = &table[(all ^ failed) as usize];
        let loss = dot(&losses[r], may_fail);
        for (place, &player) in leaf.players.iter().enumerate() {
            let share = if failed >> place & 1 == 1 {
                -loss
            } else {
                let without = &table[(all ^ failed ^ 1 << place) as usize];
                let mut difference = [0.0; GRADES];
                for grade in 0..GRADES {
                    difference[grade] = may_fail[grade] - without[grade];
                }
                dot(&gains[r], &difference)
            };
            let slot = chunk.slots[player as usize] as usize;
            for (output, value) in leaves.of(leaf.leaf) {
                chunk.totals[(row * chunk.n_outputs + output) * chunk.n_slots + slot] += value * share;
            }
        }
    }
}

/// Which players of the leaf each row of a table fails.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
fn fail(leaf: &WideLeaf, rows: Table<'_>, sets: &[Set], failed: &mut Vec<u16>) {
    failed.clear();
    failed.resize(rows.n_rows, 0);
    for condition in &leaf.conditions {
        let (is_left, bit) = (condition.is_left, condition.bit);
        let codes = rows.column(condition.column).iter();
        match condition.ask {
            Ask::Le { threshold, nan_left } => failed.iter_mut().zip(codes).for_each(|(failed, &code)| {
                let left = (code <= threshold) | (nan_left & code.is_nan());
                *failed |= if left == is_left { 0 } else { bit };
            }),
            Ask::InSet(set) => failed.iter_mut().zip(codes).for_each(|(failed, &code)| {
                let left = sets[set as usize].goes_left(code);
                *failed |= if left == is_left { 0 } else { bit };
            }),
        }
    }
}

/// `table[S] = sum of table[T] over the subsets T of S`, in place.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
fn subset_sums(table: &mut [Vector], d: usize) {
    for place in 0..d {
        for pair in table.chunks_exact_mut(2 << place) {
            let (without, with) = pair.split_at_mut(1 << place);
            for (with, without) in with.iter_mut().zip(without) {
                for grade in 0..GRADES {
                    with[grade] += without[grade];
                }
            }
        }
    }
}

/// In one fixed order: halves onto halves.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled once for each instruction set")]
fn dot(a: &Vector, b: &Vector) -> f64 {
    let mut products = [0.0; GRADES];
    for grade in 0..GRADES {
        products[grade] = a[grade] * b[grade];
    }
    let mut eight = [0.0; 8];
    for k in 0..8 {
        eight[k] = products[k] + products[k + 8];
    }
    let mut four = [0.0; 4];
    for k in 0..4 {
        four[k] = eight[k] + eight[k + 4];
    }
    (four[0] + four[2]) + (four[1] + four[3])
}
