//! The descent itself: one tree, for as many rows as `B` vectors have lanes.
//!
//! At a node, with its player's state on the path so far and the row's decision, `u` is the share of the weight `A`
//! that goes left and `T` the worth of what lies below, both at each point of the rule:
//!
//! ```text
//! A_left = A u      A_right = A - A u      D = T_left - T_right      T = T_right + u D
//! value of the node's player += (goes left ? 1 - fraction : -fraction) sum over points of A r D
//! ```
#![expect(clippy::needless_range_loop, reason = "one number counts through several arrays")]

use super::lanes::Lanes;
use super::program::{Ask, Kind, NONE, Program, Step};
use crate::tree::encode::ROWS_PER_BLOCK;

/// A number for each point and row.
type Points<S, const N: usize, const B: usize> = [[<S as Lanes>::Vector; B]; N];
/// A number for each row.
type Row<S, const B: usize> = [<S as Lanes>::Vector; B];
/// A truth for each row.
type Truth<S, const B: usize> = [<S as Lanes>::Mask; B];

/// What a node on the path keeps until it is done.
#[derive(Clone, Copy)]
pub(super) struct Frame<S: Lanes, const N: usize, const K: usize, const B: usize> {
    weight: Points<S, N, B>,
    share: Points<S, N, B>,
    left: [Points<S, N, B>; K],
    goes_left: Truth<S, B>,
    /// The row followed the path on this player up to here.
    follows: Truth<S, B>,
    /// And still does below this node, on the side that is being visited.
    hot: Truth<S, B>,
    /// With pairs: the derivative's factor of this player on the side that is being visited.
    factor: Points<S, N, B>,
}

/// Rows of a tree's descent.
pub(super) struct Descent<'a, S: Lanes, const N: usize, const K: usize, const B: usize, const PAIRS: bool> {
    pub(super) lanes: S,
    pub(super) program: &'a Program<S::Real>,
    /// Encoded columns of the block, and the first row of it that is swept.
    pub(super) columns: &'a [[f32; ROWS_PER_BLOCK]],
    pub(super) first: usize,
    /// Answers of set tests for the block.
    pub(super) answers: &'a [u64],
    /// Local sums of the block, `[slot][row]`.
    pub(super) sums: &'a mut [S::Real],
    pub(super) frames: &'a mut [Frame<S, N, K, B>],
}

impl<S: Lanes, const N: usize, const K: usize, const B: usize> Frame<S, N, K, B> {
    #[inline(always)]
    pub(super) fn zeros(lanes: S) -> Self {
        let (zero, none) = (lanes.splat(S::Real::default()), lanes.mask(0));
        Self {
            weight: [[zero; B]; N],
            share: [[zero; B]; N],
            left: [[[zero; B]; N]; K],
            goes_left: [none; B],
            follows: [none; B],
            hot: [none; B],
            factor: [[zero; B]; N],
        }
    }
}

impl<S: Lanes, const N: usize, const K: usize, const B: usize, const PAIRS: bool>
    Descent<'_, S, N, K, B, PAIRS>
{
    /// Points of the program: `N`, or fewer where loops over points stay loops.
    #[inline(always)]
    fn n(&self) -> usize {
        if S::UNROLLED { N } else { self.program.n_points.min(N) }
    }

    #[inline(always)]
    pub(super) fn sweep(mut self) {
        let s = self.lanes;
        let zero = s.splat(S::Real::default());
        let program = self.program;
        let mut weight = [[zero; B]; N];
        for k in 0..self.n() {
            weight[k] = [s.splat(program.constants[k]); B];
        }
        let mut worth = [[[zero; B]; N]; K];
        let mut steps = program.steps.iter();
        while let Some(step) = steps.next() {
            match step.kind {
                Kind::Enter | Kind::EnterRight => {
                    weight = self.enter(step, &weight, step.kind == Kind::Enter);
                }
                Kind::Turn => weight = self.turn(step, &worth),
                Kind::Join | Kind::JoinLeftLeaf | Kind::JoinRightLeaf => {
                    let (left, right) = match step.kind {
                        Kind::Join => (self.frames[step.frame as usize].left, worth),
                        Kind::JoinLeftLeaf => (self.leaf(step), worth),
                        _ => (worth, self.leaf(step)),
                    };
                    worth = self.join(step, &left, &right);
                }
                Kind::Bottom => worth = self.bottom(step, &weight),
                Kind::Fork if PAIRS => return, // never made
                Kind::Fork => {
                    let (Some(left), Some(right)) = (steps.next(), steps.next()) else { return };
                    worth = self.fork([step, left, right], &weight);
                }
            }
        }
    }

    #[inline(always)]
    fn constants(&self, step: &Step, n: usize) -> &[S::Real] {
        &self.program.constants[step.constants as usize..][..n]
    }

    #[inline(always)]
    fn goes_left(&self, step: &Step) -> Truth<S, B> {
        let s = self.lanes;
        let mut answer = [s.mask(0); B];
        if step.ask == Ask::Set {
            let bits = self.answers[step.column as usize] >> self.first;
            for b in 0..B {
                answer[b] = s.mask(low_bits(bits >> (b * S::LANES)));
            }
            return answer;
        }
        let codes = &self.columns[step.column as usize][self.first..];
        if step.ask == Ask::AtMost {
            for b in 0..B {
                answer[b] = s.at_most(&codes[b * S::LANES..], step.threshold);
            }
        } else {
            for b in 0..B {
                answer[b] = s.not_above(&codes[b * S::LANES..], step.threshold);
            }
        }
        answer
    }

    /// Whether rows follow the path on the step's player; only where an ancestor has that player.
    #[inline(always)]
    fn follows(&self, step: &Step) -> Truth<S, B> {
        self.frames[step.ancestor as usize].hot
    }

    #[inline(always)]
    fn shares(&self, step: &Step, goes_left: Truth<S, B>, follows: Truth<S, B>) -> Points<S, N, B> {
        let s = self.lanes;
        let c = self.constants(step, 3 + 3 * self.n());
        let mut share = [[s.splat(c[0]); B]; N];
        for k in 0..self.n() {
            let (hit, missed) = (s.splat(c[3 + k]), s.splat(c[3 + self.n() + k]));
            for b in 0..B {
                let new = s.select(goes_left[b], hit, missed);
                share[k][b] =
                    if step.ancestor == NONE { new } else { s.select(follows[b], new, share[k][b]) };
            }
        }
        share
    }

    #[inline(always)]
    fn enter(&mut self, step: &Step, weight: &Points<S, N, B>, to_left: bool) -> Points<S, N, B> {
        let s = self.lanes;
        let goes_left = self.goes_left(step);
        let follows = if step.ancestor == NONE { [s.mask(u16::MAX); B] } else { self.follows(step) };
        let share = self.shares(step, goes_left, follows);
        let mut below = *weight;
        for k in 0..self.n() {
            for b in 0..B {
                below[k][b] = if to_left {
                    s.mul(weight[k][b], share[k][b])
                } else {
                    s.neg_mul_add(weight[k][b], share[k][b], weight[k][b])
                };
            }
        }
        let frame = &mut self.frames[step.frame as usize];
        frame.weight = *weight;
        frame.share = share;
        frame.goes_left = goes_left;
        frame.follows = follows;
        self.pass(step, goes_left, follows, to_left);
        below
    }

    /// Note on which side of the node the descent goes on.
    #[inline(always)]
    fn pass(&mut self, step: &Step, goes_left: Truth<S, B>, follows: Truth<S, B>, to_left: bool) {
        let s = self.lanes;
        let mut hot = follows;
        for b in 0..B {
            hot[b] =
                if to_left { s.and(follows[b], goes_left[b]) } else { s.and_not(follows[b], goes_left[b]) };
        }
        self.frames[step.frame as usize].hot = hot;
        if PAIRS {
            let side = 3 + if to_left { 3 * self.n() } else { 4 * self.n() };
            let mut factor = self.frames[step.frame as usize].factor;
            let c = self.constants(step, 3 + 6 * self.n());
            for k in 0..self.n() {
                let (on, off) = (s.splat(c[side + k]), s.splat(c[3 + 5 * self.n() + k]));
                for b in 0..B {
                    factor[k][b] = s.select(hot[b], on, off);
                }
            }
            self.frames[step.frame as usize].factor = factor;
        }
    }

    #[inline(always)]
    fn turn(&mut self, step: &Step, worth: &[Points<S, N, B>; K]) -> Points<S, N, B> {
        let s = self.lanes;
        self.frames[step.frame as usize].left = *worth;
        let frame = &self.frames[step.frame as usize];
        let mut below = frame.weight;
        for k in 0..self.n() {
            for b in 0..B {
                below[k][b] = s.neg_mul_add(frame.weight[k][b], frame.share[k][b], frame.weight[k][b]);
            }
        }
        let (goes_left, follows) = (frame.goes_left, frame.follows);
        self.pass(step, goes_left, follows, false);
        below
    }

    /// The values of the one leaf child.
    #[inline(always)]
    fn leaf(&self, step: &Step) -> [Points<S, N, B>; K] {
        let s = self.lanes;
        let first = 3 + if PAIRS { 6 } else { 3 } * self.n();
        let c = &self.constants(step, first + K)[first..];
        let mut worth = [[[s.splat(c[0]); B]; N]; K];
        for j in 1..K {
            worth[j] = [[s.splat(c[j]); B]; N];
        }
        worth
    }

    #[inline(always)]
    fn join(
        &mut self,
        step: &Step,
        left: &[Points<S, N, B>; K],
        right: &[Points<S, N, B>; K],
    ) -> [Points<S, N, B>; K] {
        let frame = &self.frames[step.frame as usize];
        let (weight, share) = (frame.weight, frame.share);
        let (goes_left, follows) = (frame.goes_left, frame.follows);
        self.extract(step, &weight, &share, goes_left, follows, left, right)
    }

    /// Add what the node gives its player, and mix what lies below.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "all of a node's state, which lives in registers")]
    fn extract(
        &mut self,
        step: &Step,
        weight: &Points<S, N, B>,
        share: &Points<S, N, B>,
        goes_left: Truth<S, B>,
        follows: Truth<S, B>,
        left: &[Points<S, N, B>; K],
        right: &[Points<S, N, B>; K],
    ) -> [Points<S, N, B>; K] {
        let s = self.lanes;
        let zero = s.splat(S::Real::default());
        let gain = {
            let c = self.constants(step, 3);
            let (gain, loss) = (s.splat(c[1]), s.splat(c[2]));
            let mut out = [zero; B];
            for b in 0..B {
                out[b] = s.select(goes_left[b], gain, loss);
                if step.ancestor != NONE {
                    out[b] = s.select(follows[b], out[b], zero);
                }
            }
            out
        };
        let slope = self.slope(step, weight, 3 + 2 * self.n());
        let mut worth = *right;
        for j in 0..K {
            let mut gap = [[zero; B]; N];
            let mut parts = [[zero; B]; N];
            for k in 0..self.n() {
                for b in 0..B {
                    gap[k][b] = s.sub(left[j][k][b], right[j][k][b]);
                    worth[j][k][b] = s.mul_add(share[k][b], gap[k][b], right[j][k][b]);
                }
            }
            let mut sum = [zero; B];
            for b in 0..B {
                sum[b] = s.mul(slope[0][b], gap[0][b]);
                for k in 1..self.n() {
                    sum[b] = s.mul_add(slope[k][b], gap[k][b], sum[b]);
                }
            }
            self.add(step.slot as usize + j, &gain, &sum);
            if PAIRS {
                for k in 0..self.n() {
                    for b in 0..B {
                        parts[k][b] = s.mul(slope[k][b], gap[k][b]);
                    }
                }
                self.add_pairs(step, j, &gain, &parts);
            }
        }
        worth
    }

    /// `A r` at each point.
    #[inline(always)]
    fn slope(&self, step: &Step, weight: &Points<S, N, B>, r: usize) -> Points<S, N, B> {
        let s = self.lanes;
        let mut slope = *weight;
        if step.ancestor != NONE {
            let c = &self.constants(step, r + self.n())[r..];
            for k in 0..self.n() {
                let r = s.splat(c[k]);
                for b in 0..B {
                    slope[k][b] = s.mul(weight[k][b], r);
                }
            }
        }
        slope
    }

    /// Add `gain sum` to a slot.
    #[inline(always)]
    fn add(&mut self, slot: usize, gain: &Row<S, B>, sum: &Row<S, B>) {
        let s = self.lanes;
        let sums = &mut self.sums[slot * ROWS_PER_BLOCK + self.first..][..S::LANES * B];
        for b in 0..B {
            let at = &mut sums[b * S::LANES..][..S::LANES];
            s.store(s.mul_add(gain[b], sum[b], s.load(at)), at);
        }
    }

    /// Add what the node's player has with each other player of the path.
    #[inline(always)]
    fn add_pairs(&mut self, step: &Step, output: usize, gain: &Row<S, B>, parts: &Points<S, N, B>) {
        let s = self.lanes;
        let program = self.program;
        let (first, n) = step.partners;
        for partner in &program.partners[first as usize..][..n as usize] {
            let factor = &self.frames[partner.frame as usize].factor;
            let mut sum = [s.splat(S::Real::default()); B];
            for b in 0..B {
                sum[b] = s.mul(parts[0][b], factor[0][b]);
                for k in 1..self.n() {
                    sum[b] = s.mul_add(parts[k][b], factor[k][b], sum[b]);
                }
            }
            self.add(partner.slot as usize + output, gain, &sum);
        }
    }

    /// A node with two leaves.
    #[inline(always)]
    fn bottom(&mut self, step: &Step, weight: &Points<S, N, B>) -> [Points<S, N, B>; K] {
        let s = self.lanes;
        let zero = s.splat(S::Real::default());
        let goes_left = self.goes_left(step);
        let is_new = step.ancestor == NONE;
        let follows = if is_new { [s.mask(u16::MAX); B] } else { self.follows(step) };
        let slope = self.slope(step, weight, 0);
        let mut sum = slope[0];
        for k in 1..self.n() {
            for b in 0..B {
                sum[b] = s.add(sum[b], slope[k][b]);
            }
        }
        let mut worth = [[[zero; B]; N]; K];
        for j in 0..K {
            let size = 2 + 3 * self.n();
            let c = &self.constants(step, self.n() + (j + 1) * size)[self.n() + j * size..];
            let (high, low) = (s.splat(c[0]), s.splat(c[1]));
            let mut gain = [zero; B];
            for b in 0..B {
                gain[b] = s.select(goes_left[b], high, low);
                if !is_new {
                    gain[b] = s.select(follows[b], gain[b], zero);
                }
            }
            for k in 0..self.n() {
                let (hit, missed, cold) =
                    (s.splat(c[2 + k]), s.splat(c[2 + self.n() + k]), s.splat(c[2 + 2 * self.n() + k]));
                for b in 0..B {
                    let new = s.select(goes_left[b], hit, missed);
                    worth[j][k][b] = if is_new { new } else { s.select(follows[b], new, cold) };
                }
            }
            self.add(step.slot as usize + j, &gain, &sum);
            if PAIRS {
                self.add_pairs(step, j, &gain, &slope);
            }
        }
        worth
    }

    /// A node over two bottoms, in one go: nothing leaves the registers.
    #[inline(always)]
    fn fork(&mut self, steps: [&Step; 3], weight: &Points<S, N, B>) -> [Points<S, N, B>; K] {
        let s = self.lanes;
        let step = steps[0];
        let goes_left = self.goes_left(step);
        let follows = if step.ancestor == NONE { [s.mask(u16::MAX); B] } else { self.follows(step) };
        let share = self.shares(step, goes_left, follows);
        let mut below = *weight;
        for k in 0..self.n() {
            for b in 0..B {
                below[k][b] = s.mul(weight[k][b], share[k][b]);
            }
        }
        self.pass(step, goes_left, follows, true);
        let left = self.bottom(steps[1], &below);
        for k in 0..self.n() {
            for b in 0..B {
                below[k][b] = s.neg_mul_add(weight[k][b], share[k][b], weight[k][b]);
            }
        }
        self.pass(step, goes_left, follows, false);
        let right = self.bottom(steps[2], &below);
        self.extract(step, weight, &share, goes_left, follows, &left, &right)
    }
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
fn low_bits(bits: u64) -> u16 {
    bits as u16
}
