//! The first pass: groups of players, halved where most is at stake.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::random::{Purpose, Stream};

/// Groups that are worth less than this, as a share of the root of all groups' summed squares, are left alone.
const NEGLIGIBLE: f64 = 1e-3;

/// Some neighbours in the order of the players.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) first: u32,
    pub(super) end: u32,
    /// Was it halved?
    is_cut: bool,
}

impl Node {
    pub(super) fn len(self) -> u32 {
        self.end - self.first
    }
}

/// What is at stake, by the total order of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Priority(f64);

impl Eq for Priority {}

impl Ord for Priority {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Priority {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The groups so far, and what they are worth.
#[derive(Debug, Clone)]
pub(super) struct Halving {
    n_outputs: usize,
    pub(super) order: Vec<u32>,
    nodes: Vec<Node>,
    /// What each node is worth, and half of how much more it is worth first than last: `(nodes, outputs)`.
    values: Vec<f64>,
    bends: Vec<f64>,
    queue: BinaryHeap<(Priority, Reverse<u32>)>,
    /// Nodes that are being looked at; those of a first wave have no parent.
    wave: Vec<Node>,
    parents: Vec<u32>,
    /// Root of the summed squares of the first groups, for each output.
    scale: Vec<f64>,
}

impl Halving {
    /// `n_groups` groups of about equal size, of the players in a random order: all of them are the first wave.
    pub(super) fn new(n_players: usize, n_outputs: usize, n_groups: usize, seed: u64, row_key: u64) -> Self {
        let mut order: Vec<u32> = (0..).take(n_players).collect();
        Stream::new(seed, Purpose::Screen, row_key, 0).shuffle(&mut order);
        let bound = |group: usize| u32::try_from(group * n_players / n_groups).unwrap_or(u32::MAX);
        let wave =
            (0..n_groups).map(|group| Node { first: bound(group), end: bound(group + 1), is_cut: false });
        Self {
            n_outputs,
            order,
            nodes: Vec::new(),
            values: Vec::new(),
            bends: Vec::new(),
            queue: BinaryHeap::new(),
            wave: wave.collect(),
            parents: Vec::new(),
            scale: Vec::new(),
        }
    }

    /// The groups to look at.
    pub(super) fn wave(&self) -> &[Node] {
        &self.wave
    }

    /// The players of a node.
    pub(super) fn players(&self, node: Node) -> &[u32] {
        &self.order[node.first as usize..node.end as usize]
    }

    /// Take what the groups of the wave gain when they join nobody and lose when they leave everybody:
    /// `(groups, 2, outputs)`.
    pub(super) fn take(&mut self, gains: &[f64]) {
        let wave = std::mem::take(&mut self.wave);
        let parents = std::mem::take(&mut self.parents);
        for (place, (node, gains)) in wave.iter().zip(gains.chunks_exact(2 * self.n_outputs)).enumerate() {
            let (joining, leaving) = gains.split_at(self.n_outputs);
            let pair = || joining.iter().zip(leaving);
            let values: Vec<f64> = pair().map(|(a, b)| 0.5 * a + 0.5 * b).collect();
            let bends: Vec<f64> = pair().map(|(a, b)| 0.5 * a - 0.5 * b).collect();
            if let Some(&parent) = parents.get(place) {
                // The other half gets what is left.
                let rest = Node { first: node.end, ..self.nodes[parent as usize] };
                let cells = parent as usize * self.n_outputs..(parent as usize + 1) * self.n_outputs;
                let minus = |whole: &[f64], part: &[f64]| -> Vec<f64> {
                    whole.iter().zip(part).map(|(whole, part)| whole - part).collect()
                };
                let others = minus(&self.values[cells.clone()], &values);
                let other_bends = minus(&self.bends[cells], &bends);
                self.nodes[parent as usize].is_cut = true;
                self.keep(*node, &values, &bends);
                self.keep(rest, &others, &other_bends);
            } else {
                self.keep(*node, &values, &bends);
            }
        }
        if self.scale.is_empty() {
            self.scale =
                (0..self.n_outputs).map(|output| norm(&self.values, self.n_outputs, output)).collect();
            for number in 0..self.nodes.len() {
                self.enqueue(number);
            }
        }
    }

    fn keep(&mut self, node: Node, values: &[f64], bends: &[f64]) {
        self.nodes.push(Node { is_cut: false, ..node });
        self.values.extend_from_slice(values);
        self.bends.extend_from_slice(bends);
        if !self.scale.is_empty() {
            self.enqueue(self.nodes.len() - 1);
        }
    }

    fn enqueue(&mut self, number: usize) {
        if self.nodes[number].len() < 2 {
            return;
        }
        let values = &self.values[number * self.n_outputs..(number + 1) * self.n_outputs];
        let at_stake = |(value, scale): (&f64, &f64)| if *scale > 0.0 { value.abs() / scale } else { 0.0 };
        let priority = values.iter().zip(&self.scale).map(at_stake).fold(0.0, f64::max);
        if priority > NEGLIGIBLE {
            self.queue.push((Priority(priority), Reverse(u32::try_from(number).unwrap_or(u32::MAX))));
        }
    }

    /// Halve at most `most` groups, those with most at stake; none is left to halve where the wave is then empty.
    pub(super) fn next_wave(&mut self, most: usize) {
        for _ in 0..most {
            let Some((_, Reverse(number))) = self.queue.pop() else { break };
            let node = self.nodes[number as usize];
            self.wave.push(Node { end: node.first + node.len() / 2, ..node });
            self.parents.push(number);
        }
    }

    /// The groups that were not halved, each with what it is worth and how much that bends: `(outputs)`.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (Node, &[f64], &[f64])> {
        let cells = self.values.chunks_exact(self.n_outputs).zip(self.bends.chunks_exact(self.n_outputs));
        let all = self.nodes.iter().zip(cells);
        all.filter(|(node, _)| !node.is_cut).map(|(node, (values, bends))| (*node, values, bends))
    }

    /// What every player is worth by the first pass, a group's shared equally: `(players, outputs)`.
    pub(super) fn shares(&self) -> Vec<f64> {
        self.by_player(|value, _| value)
    }

    /// How much that bends, whichever way, a group's shared equally: `(players, outputs)`.
    pub(super) fn bends(&self) -> Vec<f64> {
        self.by_player(|_, bend| bend.abs())
    }

    fn by_player(&self, number: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let mut shares = vec![0.0; self.order.len() * self.n_outputs];
        for (node, values, bends) in self.leaves() {
            for &player in self.players(node) {
                let own = &mut shares[player as usize * self.n_outputs..][..self.n_outputs];
                for ((share, &value), &bend) in own.iter_mut().zip(values).zip(bends) {
                    *share = number(value, bend) / f64::from(node.len());
                }
            }
        }
        shares
    }
}

/// Root of the summed squares of one output's cells; huge and tiny numbers stay in range.
pub(super) fn norm(cells: &[f64], n_outputs: usize, output: usize) -> f64 {
    let own = || cells.iter().skip(output).step_by(n_outputs);
    let most = own().fold(0.0_f64, |most, cell| most.max(cell.abs()));
    if most == 0.0 { 0.0 } else { most * own().map(|cell| (cell / most).powi(2)).sum::<f64>().sqrt() }
}
