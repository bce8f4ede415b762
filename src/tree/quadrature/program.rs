//! A tree unrolled for the descent: one step after the other, with every constant that does not depend on the row.

use super::slots::Numbers;
use crate::tree::encode::{Encoding, Test};
use crate::tree::forest::{Forest, Output, Split, Step as Node, Tree};
use crate::tree::plan::Real;

/// Most points of one program: longer rules are cut, because values are sums over points.
pub(in crate::tree) const MOST_POINTS: usize = 4;
/// No frame.
pub(in crate::tree) const NONE: u32 = u32::MAX;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tree) enum Kind {
    /// Enter a node and go to its left child.
    Enter,
    /// Enter a node whose left child is a leaf, and go to its right child.
    EnterRight,
    /// Back from the left child: go to the right one.
    Turn,
    /// Back from the right child: the node is done.
    Join,
    /// The same, where the left child is a leaf.
    JoinLeftLeaf,
    /// The same, where the right child is a leaf: back from the left one.
    JoinRightLeaf,
    /// A node with two leaves.
    Bottom,
    /// A node over two bottoms, which are the next two steps.
    Fork,
}

/// How a step asks the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tree) enum Ask {
    /// Left if `code <= threshold`.
    AtMost,
    /// Left unless `code > threshold`.
    NotAbove,
    /// Left if a bit of the set test's answer is set.
    Set,
}

/// One step of the descent.
#[derive(Debug, Clone, Copy)]
pub(in crate::tree) struct Step {
    pub(in crate::tree) kind: Kind,
    pub(in crate::tree) ask: Ask,
    /// The encoded column; for [`Ask::Set`], the number of the set test.
    pub(in crate::tree) column: u32,
    pub(in crate::tree) threshold: f32,
    /// Where this node keeps what it needs again: its depth.
    pub(in crate::tree) frame: u32,
    /// The frame of the nearest ancestor with the same player, or [`NONE`].
    pub(in crate::tree) ancestor: u32,
    /// The local slot of the player's first output.
    pub(in crate::tree) slot: u32,
    /// The first of the node's constants.
    pub(in crate::tree) constants: u32,
    /// The first of the other players of the path, and how many.
    pub(in crate::tree) partners: (u32, u32),
}

/// A set test, answered for all rows of a block before the descent.
#[derive(Debug, Clone, Copy)]
pub(in crate::tree) struct SetTest {
    /// The tree's number and the node's, to find the test again.
    pub(in crate::tree) tree: u32,
    pub(in crate::tree) node: u32,
}

/// Another player of a path: the frame that knows its state, and the local slot of the pair's first output.
#[derive(Debug, Clone, Copy)]
pub(in crate::tree) struct Partner {
    pub(in crate::tree) frame: u32,
    pub(in crate::tree) slot: u32,
}

/// A tree, for some points of its rule and some outputs.
///
/// Constants of an entered node: `fraction, gain, loss, u1[n], u0[n], r[n]`; with pairs also `g` after going left,
/// after going right, and where the row left the path (`3 n`); then the values of a leaf child.
/// Constants of a bottom: `r[n]`, then for each output `gain, loss, t1[n], t0[n], cold[n]`.
#[derive(Debug, Clone)]
pub(in crate::tree) struct Program<R> {
    pub(in crate::tree) n_points: usize,
    /// Outputs of a leaf, 1, 2 or 4.
    pub(in crate::tree) width: usize,
    pub(in crate::tree) n_frames: usize,
    pub(in crate::tree) with_pairs: bool,
    pub(in crate::tree) steps: Vec<Step>,
    /// The weights of the points first.
    pub(in crate::tree) constants: Vec<R>,
    pub(in crate::tree) sets: Vec<SetTest>,
    pub(in crate::tree) partners: Vec<Partner>,
}

/// What a player has gone through on the path so far.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Product of the fractions.
    fraction: f64,
    /// The frame of the latest node.
    frame: u32,
}

/// What is the same for all programs of a tree.
pub(in crate::tree) struct Subject<'a> {
    pub(in crate::tree) forest: &'a Forest,
    pub(in crate::tree) encoding: &'a Encoding,
    pub(in crate::tree) tree: u32,
    /// The fraction that goes left at a node.
    pub(in crate::tree) fraction: &'a dyn Fn(usize, &Split) -> f64,
    /// Points of the rule and their weights.
    pub(in crate::tree) points: &'a [f64],
    pub(in crate::tree) weights: &'a [f64],
    /// The first output of a leaf that is wanted, how many, and padded to how many.
    pub(in crate::tree) first_output: usize,
    pub(in crate::tree) n_outputs: usize,
    pub(in crate::tree) width: usize,
    /// Where the first of these stands among the local outputs.
    pub(in crate::tree) shift: u32,
    pub(in crate::tree) with_pairs: bool,
}

/// A node that was entered and not left yet.
struct Open {
    step: Step,
    left: f64,
    before: Option<Seen>,
    player: u32,
    has_leaf: [bool; 2],
}

enum Task {
    Visit(usize),
    Turn,
    Join,
}

struct Unrolling<'a, R> {
    subject: &'a Subject<'a>,
    nodes: &'a Tree,
    slots: &'a mut Numbers,
    path: Vec<Option<Seen>>, // by local player number
    active: Vec<u32>,
    open: Vec<Open>,
    tasks: Vec<Task>,
    program: Program<R>,
}

/// Unroll a tree. A tree of one leaf has no steps.
pub(in crate::tree) fn unroll<R: Real>(subject: &Subject<'_>, slots: &mut Numbers) -> Program<R> {
    let tree = &subject.forest.trees[subject.tree as usize];
    let mut unrolling = Unrolling {
        subject,
        nodes: tree,
        slots,
        path: Vec::new(),
        active: Vec::new(),
        open: Vec::new(),
        tasks: vec![Task::Visit(0)],
        program: Program {
            n_points: subject.points.len(),
            width: subject.width,
            n_frames: 0,
            with_pairs: subject.with_pairs,
            steps: Vec::with_capacity(tree.nodes.len()),
            constants: Vec::with_capacity(tree.nodes.len() * (3 + 3 * subject.points.len())),
            sets: Vec::new(),
            partners: Vec::new(),
        },
    };
    unrolling.program.constants.extend(subject.weights.iter().map(|&weight| R::of(weight)));
    while let Some(task) = unrolling.tasks.pop() {
        match task {
            Task::Visit(node) => unrolling.visit(node),
            Task::Turn => unrolling.turn(),
            Task::Join => unrolling.join(),
        }
    }
    let mut program = unrolling.program;
    program.steps.shrink_to_fit();
    program.constants.shrink_to_fit();
    program
}

impl<R: Real> Unrolling<'_, R> {
    fn split(&self, node: usize) -> Option<&Split> {
        match &self.nodes.nodes[node].step {
            Node::Split(split) => Some(split),
            Node::Leaf(_) => None,
        }
    }

    fn is_bottom(&self, node: usize) -> bool {
        self.split(node)
            .is_some_and(|split| self.split(node + 1).is_none() && self.split(split.right as usize).is_none())
    }

    fn visit(&mut self, node: usize) {
        let Some(&split) = self.split(node) else { return };
        let (left, right) = (node + 1, split.right as usize);
        if self.is_bottom(node) {
            return self.bottom(node, &split);
        }
        let has_leaf = [self.split(left).is_none(), self.split(right).is_none()];
        let is_fork = !self.subject.with_pairs && self.is_bottom(left) && self.is_bottom(right);
        let kind = match has_leaf {
            _ if is_fork => Kind::Fork,
            [true, _] => Kind::EnterRight,
            [false, _] => Kind::Enter,
        };
        let (step, fraction, before) = self.step(kind, node, &split);
        self.node_constants(fraction, before);
        if has_leaf[0] || has_leaf[1] {
            let leaf = if has_leaf[0] { left } else { right };
            (0..self.subject.width).for_each(|output| self.push(self.leaf_value(leaf, output)));
        }
        self.program.steps.push(step);
        self.program.n_frames = self.program.n_frames.max(step.frame as usize + 1);
        let player = self.player(&split);
        if before.is_none() {
            self.active.push(player);
        }
        self.open.push(Open { step, left: fraction, before, player, has_leaf });
        if is_fork {
            self.pass(true);
            self.visit(left);
            self.pass(false);
            self.visit(right);
            self.close();
            return;
        }
        self.tasks.push(Task::Join);
        match has_leaf {
            [true, _] => {
                self.pass(false);
                self.tasks.push(Task::Visit(right));
            }
            [false, true] => {
                self.pass(true);
                self.tasks.push(Task::Visit(left));
            }
            [false, false] => {
                self.pass(true);
                self.tasks.extend([Task::Visit(right), Task::Turn, Task::Visit(left)]);
            }
        }
    }

    /// Note that the path now goes through the left or right child of the node entered last.
    fn pass(&mut self, goes_left: bool) {
        let open = self.open.last().expect("a node was entered");
        let share = if goes_left { open.left } else { 1.0 - open.left };
        let fraction = open.before.map_or(1.0, |seen| seen.fraction) * share;
        self.path[open.player as usize] = Some(Seen { fraction, frame: open.step.frame });
    }

    fn turn(&mut self) {
        self.pass(false);
        let step = self.open.last().expect("a node was entered").step;
        self.program.steps.push(Step { kind: Kind::Turn, ..step });
    }

    fn join(&mut self) {
        let open = self.close();
        let kind = match open.has_leaf {
            [true, _] => Kind::JoinLeftLeaf,
            [false, true] => Kind::JoinRightLeaf,
            [false, false] => Kind::Join,
        };
        self.program.steps.push(Step { kind, ..open.step });
    }

    fn close(&mut self) -> Open {
        let open = self.open.pop().expect("a node was entered");
        self.path[open.player as usize] = open.before;
        if open.before.is_none() {
            self.active.pop();
        }
        open
    }

    /// The split's player, as this block numbers it.
    fn player(&mut self, split: &Split) -> u32 {
        let player = self.slots.player(self.subject.forest.player[split.column as usize]);
        if self.path.len() <= player as usize {
            self.path.resize(player as usize + 1, None);
        }
        player
    }

    fn step(&mut self, kind: Kind, node: usize, split: &Split) -> (Step, f64, Option<Seen>) {
        let (ask, column, threshold) = match self.subject.encoding.test(split) {
            Test::Le { column, threshold, nan_left } => {
                (if nan_left { Ask::NotAbove } else { Ask::AtMost }, number(column), threshold)
            }
            Test::InSet { .. } => {
                self.program.sets.push(SetTest { tree: self.subject.tree, node: number(node) });
                (Ask::Set, number(self.program.sets.len() - 1), 0.0)
            }
        };
        let player = self.player(split);
        let before = self.path[player as usize];
        let first = self.program.partners.len();
        if self.subject.with_pairs {
            for &other in self.active.iter().filter(|&&other| other != player) {
                let frame = self.path[other as usize].expect("an active player was seen").frame;
                let slot = self.slots.pair(player, other) + self.subject.shift;
                self.program.partners.push(Partner { frame, slot });
            }
        }
        let partners = (number(first), number(self.program.partners.len() - first));
        let step = Step {
            kind,
            ask,
            column,
            threshold,
            frame: number(self.open.len()),
            ancestor: before.map_or(NONE, |seen| seen.frame),
            slot: self.slots.value(player) + self.subject.shift,
            constants: number(self.program.constants.len()),
            partners,
        };
        (step, (self.subject.fraction)(node, split), before)
    }

    fn push(&mut self, constant: f64) {
        self.program.constants.push(R::of(constant));
    }

    /// Push `shift + scale u` for each point: of a row that follows the path, goes left or does not.
    fn push_shares(&mut self, left: f64, c: f64, goes_left: bool, (shift, scale): (f64, f64)) {
        for &t in self.subject.points {
            let both = c * left * (1.0 - t) + if goes_left { t } else { 0.0 };
            self.push(shift + scale * (both / (t + c * (1.0 - t))));
        }
    }

    /// Push `r` for each point.
    fn push_slopes(&mut self, c: f64) {
        for &t in self.subject.points {
            let whole = t + c * (1.0 - t);
            self.push(c / (whole * whole));
        }
    }

    fn node_constants(&mut self, left: f64, before: Option<Seen>) {
        let c = before.map_or(1.0, |seen| seen.fraction);
        self.program.constants.extend([left, 1.0 - left, -left].map(R::of));
        self.push_shares(left, c, true, (0.0, 1.0));
        self.push_shares(left, c, false, (0.0, 1.0));
        self.push_slopes(c);
        if self.subject.with_pairs {
            for c in [c * left, c * (1.0 - left)] {
                self.subject.points.iter().for_each(|&t| self.push((1.0 - c) / (t + c * (1.0 - t))));
            }
            self.subject.points.iter().for_each(|&t| self.push(-1.0 / (1.0 - t)));
        }
    }

    /// A leaf's value for one of the program's outputs; 0 where outputs only fill a vector.
    fn leaf_value(&self, node: usize, output: usize) -> f64 {
        let Node::Leaf(leaf) = self.nodes.nodes[node].step else { unreachable!("asked for leaves only") };
        match self.nodes.output {
            Output::One(_) => self.nodes.leaf(leaf)[0],
            Output::All if output >= self.subject.n_outputs => 0.0,
            Output::All => self.nodes.leaf(leaf)[self.subject.first_output + output],
        }
    }

    fn bottom(&mut self, node: usize, split: &Split) {
        let (step, left, before) = self.step(Kind::Bottom, node, split);
        let c = before.map_or(1.0, |seen| seen.fraction);
        self.push_slopes(c);
        for output in 0..self.subject.width {
            let right_value = self.leaf_value(split.right as usize, output);
            let gap = self.leaf_value(node + 1, output) - right_value;
            self.push((1.0 - left) * gap);
            self.push(-left * gap);
            self.push_shares(left, c, true, (right_value, gap));
            self.push_shares(left, c, false, (right_value, gap));
            self.subject.points.iter().for_each(|_| self.push(right_value + left * gap));
        }
        self.program.steps.push(step);
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("a tree's program has fewer than 2^32 constants")
}
