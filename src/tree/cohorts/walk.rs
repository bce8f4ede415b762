//! Depth-first through one tree with cohorts: some rows, some background rows, and who tells them apart so far.

use super::compiled::{Ask, Node, Set, Split, Trees, number};

/// What happens when a cohort arrives at a leaf.
pub(in crate::tree) trait Arrive {
    /// `only_rows` are the players whose conditions only the rows meet, `only_background` those whose conditions only the
    /// background rows meet; all of the cohort's rows with all of its background rows reach `leaf`.
    fn arrive(&mut self, leaf: u32, rows: &[u32], background: &[u32], sides: &Sides);
}

/// The players of the path whose conditions one side alone meets.
#[derive(Debug, Default)]
pub(in crate::tree) struct Sides {
    /// Only the rows: E.
    pub(in crate::tree) only_rows: Vec<u32>,
    /// Only the background rows: R.
    pub(in crate::tree) only_background: Vec<u32>,
    state: Vec<Side>, // by player
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Side {
    #[default]
    Both,
    Rows,
    Background,
}

impl Sides {
    /// Back to how it was when a cohort was put aside, and on to the side that it takes.
    fn resume(&mut self, pending: &Pending) {
        for player in self.only_rows.drain(pending.n_only_rows as usize..) {
            self.state[player as usize] = Side::Both;
        }
        for player in self.only_background.drain(pending.n_only_background as usize..) {
            self.state[player as usize] = Side::Both;
        }
        self.take(pending.player, pending.side);
    }

    #[inline]
    fn take(&mut self, player: u32, side: Side) {
        match side {
            Side::Both => return,
            Side::Rows => self.only_rows.push(player),
            Side::Background => self.only_background.push(player),
        }
        self.state[player as usize] = side;
    }
}

/// Part of a list in the arena.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: u32,
    last: u32,
}

impl Span {
    fn is_empty(self) -> bool {
        self.first == self.last
    }

    fn range(self) -> std::ops::Range<usize> {
        self.first as usize..self.last as usize
    }
}

/// A cohort that waits for its turn.
#[derive(Debug, Clone, Copy)]
struct Pending {
    node: u32,
    rows: Span,
    background: Span,
    player: u32,
    side: Side,
    n_only_rows: u32,
    n_only_background: u32,
    n_rows_used: u32, // of the arena, when it was put aside
    n_background_used: u32,
}

/// The memory of a walk, used again from tree to tree.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    rows: Vec<u32>,
    background: Vec<u32>,
    pending: Vec<Pending>,
    sides: Sides,
}

/// One side of a walk: the codes of its rows, and how many there are.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    /// `[encoded column][row, up to stride]`
    pub(super) codes: &'a [f32],
    pub(super) stride: usize,
    pub(super) n_rows: usize,
}

impl<'a> Table<'a> {
    pub(super) fn column(&self, column: u32) -> &'a [f32] {
        &self.codes[column as usize * self.stride..][..self.n_rows]
    }
}

impl Scratch {
    /// Walk tree `tree` with all rows and all background rows. Every pair of them is in at most one cohort of a
    /// node, and in exactly one of each leaf that one of their hybrids reaches.
    ///
    /// A row meets its cohorts in an order that its own decisions and the background fix, whoever else is there;
    /// the order within a cohort's background is fixed likewise.
    pub(super) fn walk(
        &mut self,
        trees: &Trees,
        tree: usize,
        (rows, background): (Table<'_>, Table<'_>),
        to: &mut impl Arrive,
    ) {
        let nodes = trees.of(tree);
        self.start(trees.players[tree].len(), rows.n_rows, background.n_rows);
        if matches!(nodes[0], Node::Unwanted) || rows.n_rows == 0 || background.n_rows == 0 {
            return;
        }
        while let Some(cohort) = self.pending.pop() {
            self.rows.truncate(cohort.n_rows_used as usize);
            self.background.truncate(cohort.n_background_used as usize);
            self.sides.resume(&cohort);
            match nodes[cohort.node as usize] {
                Node::Unwanted => {}
                Node::Leaf(leaf) => {
                    let (rows, background) =
                        (&self.rows[cohort.rows.range()], &self.background[cohort.background.range()]);
                    to.arrive(leaf, rows, background, &self.sides);
                }
                Node::Split(split) => {
                    let column = split.column;
                    let left = |list, span, table: Table<'_>| {
                        part(list, span, table.column(column), split.ask, &trees.sets)
                    };
                    let (x, z) = (cohort.rows, cohort.background);
                    match self.sides.state[split.player as usize] {
                        Side::Both => {
                            let (x1, x0) = left(&mut self.rows, x, rows);
                            let (z1, z0) = left(&mut self.background, z, background);
                            self.put_aside(nodes, &split, split.right, x1, z0, Side::Background);
                            self.put_aside(nodes, &split, split.right, x0, z1, Side::Rows);
                            self.put_aside(nodes, &split, split.right, x0, z0, Side::Both);
                            self.put_aside(nodes, &split, cohort.node + 1, x0, z1, Side::Background);
                            self.put_aside(nodes, &split, cohort.node + 1, x1, z0, Side::Rows);
                            self.put_aside(nodes, &split, cohort.node + 1, x1, z1, Side::Both);
                        }
                        Side::Rows => {
                            let (x1, x0) = left(&mut self.rows, x, rows);
                            self.put_aside(nodes, &split, split.right, x0, z, Side::Both);
                            self.put_aside(nodes, &split, cohort.node + 1, x1, z, Side::Both);
                        }
                        Side::Background => {
                            let (z1, z0) = left(&mut self.background, z, background);
                            self.put_aside(nodes, &split, split.right, x, z0, Side::Both);
                            self.put_aside(nodes, &split, cohort.node + 1, x, z1, Side::Both);
                        }
                    }
                }
            }
        }
    }

    fn start(&mut self, n_players: usize, n_rows: usize, n_background: usize) {
        let (n_rows, n_background) = (number(n_rows), number(n_background));
        self.rows.clear();
        self.rows.extend(0..n_rows);
        self.background.clear();
        self.background.extend(0..n_background);
        self.sides.only_rows.clear();
        self.sides.only_background.clear();
        self.sides.state.clear();
        self.sides.state.resize(n_players, Side::Both);
        let (rows, background) = (Span { first: 0, last: n_rows }, Span { first: 0, last: n_background });
        self.pending.clear();
        self.pending.push(Pending {
            node: 0,
            rows,
            background,
            player: 0,
            side: Side::Both,
            n_only_rows: 0,
            n_only_background: 0,
            n_rows_used: n_rows,
            n_background_used: n_background,
        });
    }

    #[inline]
    fn put_aside(
        &mut self,
        nodes: &[Node],
        split: &Split,
        node: u32,
        rows: Span,
        background: Span,
        side: Side,
    ) {
        if rows.is_empty() || background.is_empty() || matches!(nodes[node as usize], Node::Unwanted) {
            return;
        }
        self.pending.push(Pending {
            node,
            rows,
            background,
            player: split.player,
            side,
            n_only_rows: number(self.sides.only_rows.len()),
            n_only_background: number(self.sides.only_background.len()),
            n_rows_used: number(self.rows.len()),
            n_background_used: number(self.background.len()),
        });
    }
}

/// Those of a list who go left, and the others; new lists at the end of the arena, unless all go the same way.
#[inline]
fn part(list: &mut Vec<u32>, span: Span, codes: &[f32], ask: Ask, sets: &[Set]) -> (Span, Span) {
    match ask {
        Ask::Le { threshold, nan_left: false } => part_by(list, span, codes, |code| code <= threshold),
        #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN goes left")]
        Ask::Le { threshold, nan_left: true } => part_by(list, span, codes, |code| !(code > threshold)),
        Ask::InSet(set) => part_by(list, span, codes, |code| sets[set as usize].goes_left(code)),
    }
}

#[inline]
fn part_by(list: &mut Vec<u32>, span: Span, codes: &[f32], goes_left: impl Fn(f32) -> bool) -> (Span, Span) {
    let nobody = Span { first: span.first, last: span.first };
    if span.last - span.first == 1 {
        let left = goes_left(codes[list[span.first as usize] as usize]);
        return if left { (span, nobody) } else { (nobody, span) };
    }
    // Those who go left from the front, the others from the back: one pass, no branch.
    let end = list.len();
    let n = span.range().len();
    list.resize(end + n, 0);
    let (from, to) = list.split_at_mut(end);
    let mut n_left = 0;
    for (seen, &row) in from[span.range()].iter().enumerate() {
        let left = goes_left(codes[row as usize]);
        to[if left { n_left } else { n - 1 - (seen - n_left) }] = row;
        n_left += usize::from(left);
    }
    if n_left == 0 || n_left == n {
        list.truncate(end);
        return if n_left == n { (span, nobody) } else { (nobody, span) };
    }
    let (first, middle, last) = (number(end), number(end + n_left), number(end + n));
    (Span { first, last: middle }, Span { first: middle, last })
}
