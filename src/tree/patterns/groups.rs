//! Trees cut into groups of leaves that share one small pattern.
//!
//! A group is a subtree. Its pattern has one bit for each player on the path above it ("the row satisfies all of the
//! path's conditions on this player") and one for each of its inner nodes ("the row would go left here").

use super::MOST_PLAYERS;
use crate::tree::decisions::{ALL_ROWS, Choice, Decisions, NO_ROW};
use crate::tree::encode::Encoding;
use crate::tree::forest::{Split, Step, Tree};

/// Bits of a group with inner nodes: its patterns are bytes. (Fewer bits make more groups and more look-ups: seven
/// cost 1.3 times eight on trees of depth 8, and the same on depth 6.)
const GROUP_BITS: usize = 8;

/// What the tables of a group hold, one lane each: the value of a player `(i, i)`, or a pair's interaction `(i, j)`.
pub(super) type Lane = (u32, u32);

/// A tree, ready for rows: which decisions to take, how they join to patterns, and what the groups need.
#[derive(Debug)]
pub(super) struct Program {
    /// Number of the tree in the forest.
    pub(super) tree: u32,
    pub(super) decisions: Decisions,
    /// The groups, in preorder.
    pub(super) groups: Vec<Group>,
    /// Sum of the groups' numbers of patterns.
    pub(super) n_entries: usize,
}

/// A group of leaves.
#[derive(Debug)]
pub(super) struct Group {
    /// The mask of each bit of the pattern, the lowest first.
    pub(super) bits: Vec<u32>,
    pub(super) lanes: Vec<Lane>,
    pub(super) leaves: Vec<Leaf>,
    /// Where the group's patterns begin among those of the tree.
    pub(super) first_entry: usize,
}

/// A leaf and when it is reached.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) number: u32,
    pub(super) conditions: Vec<Condition>,
}

/// A player satisfies all its conditions on the path to a leaf iff `pattern & care == want`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition {
    pub(super) player: u32,
    pub(super) care: u16,
    pub(super) want: u16,
}

/// The players on a path, each with the mask of its conditions.
type Path = Vec<(u32, u32)>;

impl Group {
    pub(super) fn n_patterns(&self) -> usize {
        1 << self.bits.len()
    }

    /// More than eight bits: patterns of two bytes.
    pub(super) fn is_wide(&self) -> bool {
        self.bits.len() > 8
    }
}

/// Leaves, by number, whose path has more than `most` distinct players: no group holds them.
pub fn leaves_beyond(tree: &Tree, player: &[u32], most: usize) -> Vec<u32> {
    let mut beyond = Vec::new();
    let mut open = vec![(0, Vec::new())];
    while let Some((node, players)) = open.pop() {
        match tree.nodes[node as usize].step {
            Step::Leaf(number) if players.len() > most => beyond.push(number),
            Step::Leaf(_) => {}
            Step::Split(split) => {
                let mut below = players;
                let player = player[split.column as usize];
                // Past `most`, one more or less makes no difference: paths stay short however deep the tree.
                if below.len() <= most && !below.contains(&player) {
                    below.push(player);
                }
                open.push((split.right, below.clone()));
                open.push((node + 1, below));
            }
        }
    }
    beyond
}

impl Program {
    /// Cut a tree. Leaves with more than `most` players are left out; with `pairs`, lanes are pairs of players.
    pub(super) fn new(
        (number, tree): (u32, &Tree),
        player: &[u32],
        encoding: &Encoding,
        most: usize,
        pairs: bool,
    ) -> Self {
        debug_assert!(most <= MOST_PLAYERS, "patterns have at most 16 bits");
        let inner_nodes = inner_nodes(tree);
        let mut cut = Cut { tree, player, encoding, decisions: Decisions::default() };
        let mut groups: Vec<Group> = Vec::new();
        let mut n_entries = 0;
        let mut open: Vec<(u32, Path)> = vec![(0, Path::new())];
        while let Some((node, path)) = open.pop() {
            if path.len() > most {
                continue;
            }
            let inner = inner_nodes[node as usize] as usize;
            let split = match tree.nodes[node as usize].step {
                Step::Split(split) => split,
                Step::Leaf(_) => Split { right: node, ..NOWHERE },
            };
            if inner == 0 || path.len() + inner <= GROUP_BITS {
                let mut group = cut.group(node, &path);
                group.first_entry = n_entries;
                group.lanes = lanes(&group.leaves, pairs);
                n_entries += group.n_patterns();
                groups.push(group);
                continue;
            }
            let decision = cut.ask(&split);
            let player = player[split.column as usize];
            let right = cut.merge(&path, player, decision, true);
            open.push((split.right, right));
            let left = cut.merge(&path, player, decision, false);
            open.push((node + 1, left));
        }
        let final_number = cut.decisions.numbering();
        let bits = groups.iter_mut().flat_map(|group| &mut group.bits);
        bits.for_each(|mask| *mask = final_number(*mask));
        Self { tree: number, decisions: cut.decisions, groups, n_entries }
    }
}

/// Stands for the split of a leaf, which is never asked.
const NOWHERE: Split = Split {
    predicate: crate::tree::forest::Predicate::Lt(0.0),
    column: 0,
    right: 0,
    nan_left: false,
    zero_is_missing: false,
};

/// A tree while it is cut.
struct Cut<'a> {
    tree: &'a Tree,
    player: &'a [u32],
    encoding: &'a Encoding,
    decisions: Decisions,
}

impl Cut<'_> {
    /// The mask of a new decision.
    fn ask(&mut self, split: &Split) -> u32 {
        self.decisions.ask(&self.encoding.test(split))
    }

    /// The path to a child: `player` has one more condition.
    fn merge(&mut self, path: &Path, player: u32, decision: u32, goes_right: bool) -> Path {
        let mut below = path.clone();
        let known = below.iter_mut().find(|entry| entry.0 == player);
        let from = known.as_ref().map_or(ALL_ROWS, |entry| entry.1);
        let (left, right) = if goes_right { (NO_ROW, from) } else { (from, NO_ROW) };
        let mask = self.decisions.choose(Choice { by: decision, left, right });
        match known {
            Some(entry) => entry.1 = mask,
            None => below.push((player, mask)),
        }
        below
    }

    /// All leaves below `root`.
    fn group(&mut self, root: u32, path: &Path) -> Group {
        let mut bits: Vec<u32> = path.iter().map(|entry| entry.1).collect();
        let above = path.iter().enumerate().map(|(bit, &(player, _))| Condition {
            player,
            care: 1 << bit,
            want: 1 << bit,
        });
        let mut leaves = Vec::new();
        let mut open = vec![(root, above.collect::<Vec<_>>())];
        while let Some((node, conditions)) = open.pop() {
            match self.tree.nodes[node as usize].step {
                Step::Leaf(number) => leaves.push(Leaf { number, conditions }),
                Step::Split(split) => {
                    let bit = 1 << bits.len();
                    bits.push(self.ask(&split));
                    let player = self.player[split.column as usize];
                    open.push((split.right, and(&conditions, player, bit, 0)));
                    open.push((node + 1, and(&conditions, player, bit, bit)));
                }
            }
        }
        Group { bits, lanes: Vec::new(), leaves, first_entry: 0 }
    }
}

/// One more condition on `player`.
fn and(conditions: &[Condition], player: u32, care: u16, want: u16) -> Vec<Condition> {
    let mut all = conditions.to_vec();
    match all.iter_mut().find(|condition| condition.player == player) {
        Some(condition) => {
            condition.care |= care;
            condition.want |= want;
        }
        None => all.push(Condition { player, care, want }),
    }
    all
}

/// Whom the leaves of a group give something, in order of appearance.
fn lanes(leaves: &[Leaf], pairs: bool) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut add = |lane: Lane| {
        if !lanes.contains(&lane) {
            lanes.push(lane);
        }
    };
    for leaf in leaves {
        for (n, one) in leaf.conditions.iter().enumerate() {
            if pairs {
                let others = leaf.conditions[n + 1..].iter();
                others.for_each(|two| add((one.player.min(two.player), one.player.max(two.player))));
            } else {
                add((one.player, one.player));
            }
        }
    }
    lanes
}

/// Inner nodes below each node, itself included.
fn inner_nodes(tree: &Tree) -> Vec<u32> {
    let mut inner = vec![0; tree.nodes.len()];
    for (node, of) in tree.nodes.iter().enumerate().rev() {
        if let Step::Split(split) = of.step {
            inner[node] = 1 + inner[node + 1] + inner[split.right as usize];
        }
    }
    inner
}
