//! Splitting the nodes of a tree where most is at stake.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::tree::{Tree, join_weights, split_cost};
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::estimate::arrivals::Arrivals;
use crate::estimate::endpoints::Known;
use crate::estimate::{Batch, Estimate, Estimator, Problem, Status};
use crate::parallel::Workers;

/// Nodes that are split before any worth of them is looked at: part of the definition, whatever the model's batches.
const WAVE: usize = 8;

/// The mean over all orders that respect a tree, refined from the root where most is at stake.
///
/// The queue holds nodes in a context, each with its gain `f1 - f0` there and a weight; the weights of a node sum to 1
/// over its contexts. In waves of 8 those of the largest `weight * max over outputs |f1 - f0|` are split (of equals
/// the older first): all unions of some but not all of the `k` children join the context, `2^k - 2` evaluations, and
/// each child enters the queue once for every set of its siblings, which weighs `|T|! (k - 1 - |T|)! / k!`. A player
/// receives what it gains, weighted. A split that the budget cannot finish is not begun. What is left in the queue at
/// the end is shared among each node's players, equally or in proportion to `shares`.
///
/// Efficient at every budget, exact once the queue is empty, biased before, without an error estimate. No coalition is
/// asked twice: which node it cuts, and what is present around it, tell where it came from. Which coalitions are asked
/// depends on worths, so a run belongs to one explained row. Costs 8 bytes a coalition for each 64 players and for
/// each output.
#[derive(Debug, Clone)]
pub struct Adaptive {
    problem: Problem,
    tree: Arc<Tree>,
    shares: Option<Arc<Vec<f64>>>,
    known: Known,
    arrivals: Arrivals,
    /// Every coalition of which a worth is wanted, nobody and everybody first, and the worths told so far.
    coalitions: Coalitions,
    worths: Vec<f64>,
    items: Vec<Item>,
    queue: BinaryHeap<(Priority, Reverse<u32>)>,
    /// The items being split, with the first of their coalitions.
    wave: Vec<(u32, u32)>,
    /// What players received: `(players, outputs)`.
    received: Vec<f64>,
}

/// A node in a context.
#[derive(Debug, Clone, Copy)]
struct Item {
    node: u32,
    /// The coalitions around the node, without and with it.
    without: u32,
    with: u32,
    weight: f64,
    is_split: bool,
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

impl Adaptive {
    /// A run on `problem`, whose budget must pay for splitting the root. `shares` are one positive number a player.
    pub fn new(problem: Problem, tree: Arc<Tree>, shares: Option<Arc<Vec<f64>>>) -> Result<Self, Error> {
        let (least, n_players) = (tree.first_split().saturating_add(2), problem.n_players);
        if problem.granted() < least {
            return Err(Error::Budget {
                method: "owen, adaptive,",
                got: problem.granted(),
                least,
                n_players,
            });
        }
        if problem.n_rows != 1 {
            let got = problem.n_rows.to_string();
            let accepted = "1: which coalitions are asked depends on the worths of a row";
            return Err(Error::Parameter { argument: "n_rows", got, accepted });
        }
        if let Some(shares) = &shares {
            check_shares(shares, n_players)?;
        }
        let mut coalitions = Coalitions::new(n_players);
        coalitions.push_endpoint(false);
        coalitions.push_endpoint(true);
        let mut run = Self {
            known: Known::new(&problem)?,
            arrivals: Arrivals::new(problem.n_outputs),
            received: vec![0.0; n_players * problem.n_outputs],
            coalitions,
            worths: Vec::new(),
            items: Vec::new(),
            queue: BinaryHeap::new(),
            wave: Vec::new(),
            problem,
            tree,
            shares,
        };
        run.advance();
        Ok(run)
    }

    /// Coalitions of which worths are wanted, asked or known beforehand.
    fn n_wanted(&self) -> u64 {
        self.coalitions.len() as u64 - 2 + self.known.n_asked()
    }

    /// Finish what can be finished with the worths told, and begin the next wave.
    fn advance(&mut self) {
        if !self.known.is_complete() {
            return;
        }
        if self.worths.is_empty() {
            let n_outputs = self.problem.n_outputs;
            self.worths.extend((0..n_outputs).map(|output| self.known.empty(output)));
            self.worths.extend((0..n_outputs).map(|output| self.known.full(output)));
            self.enter(Item { node: 0, without: 0, with: 1, weight: 1.0, is_split: false });
        } else if self.wave.is_empty() || self.arrivals.told() < self.n_wanted() {
            return;
        }
        for (item, first) in std::mem::take(&mut self.wave) {
            self.split(item, first);
        }
        self.begin_wave();
    }

    /// Take the items out of the queue that are split next, and want their coalitions.
    fn begin_wave(&mut self) {
        let mut words = Vec::new();
        while self.wave.len() < WAVE {
            let Some((_, Reverse(item))) = self.queue.pop() else { break };
            let node = self.items[item as usize].node as usize;
            let cost = split_cost(self.tree.children(node).len());
            // What cannot be paid for now never can: it stays out of the queue, and is shared out in the end.
            let first = u32::try_from(self.coalitions.len()).unwrap_or(u32::MAX);
            if cost > (self.problem.budget - self.n_wanted()).min(u64::from(u32::MAX - first)) {
                continue;
            }
            for joined in 1..=cost {
                self.want(self.items[item as usize], joined, &mut words);
            }
            self.wave.push((item, first));
        }
    }

    /// Want the coalition in which the children with these bits are present: from what is nearer to it, the context
    /// without the node or with it. (A chain's link has one player beside all the others.)
    fn want(&mut self, item: Item, joined: u64, words: &mut Vec<u64>) {
        let (tree, node) = (&self.tree, item.node as usize);
        let joins = |place: usize| joined >> place & 1 == 1;
        let children = || tree.children(node).enumerate();
        let n_joined: usize =
            children().filter(|(place, _)| joins(*place)).map(|(_, child)| tree.players(child).len()).sum();
        let is_nearer_without = 2 * n_joined <= tree.players(node).len();
        words.clear();
        words.extend_from_slice(
            self.coalitions.get(if is_nearer_without { item.without } else { item.with } as usize),
        );
        for (_, child) in children().filter(|(place, _)| joins(*place) == is_nearer_without) {
            if is_nearer_without {
                tree.insert(child, words);
            } else {
                tree.remove(child, words);
            }
        }
        self.coalitions.push(words);
    }

    /// Replace an item by its children, each in all its contexts.
    fn split(&mut self, number: u32, first: u32) {
        self.items[number as usize].is_split = true;
        let item = self.items[number as usize];
        let children = self.tree.children(item.node as usize);
        let k = children.len();
        let weights = join_weights(k);
        let at = |joined: u32| match joined {
            0 => item.without,
            _ if joined.count_ones() as usize == k => item.with,
            _ => first + joined - 1,
        };
        for (place, child) in children.enumerate() {
            for siblings in 0..1_u32 << (k - 1) {
                let below = siblings & ((1 << place) - 1);
                let context = (siblings ^ below) << 1 | below;
                let weight = item.weight * weights[context.count_ones() as usize];
                let node = u32::try_from(child).unwrap_or(u32::MAX);
                let with = at(context | 1 << place);
                self.enter(Item { node, without: at(context), with, weight, is_split: false });
            }
        }
    }

    /// Let an item into the queue; a player receives what it gains at once.
    fn enter(&mut self, item: Item) {
        let (node, n_outputs) = (item.node as usize, self.problem.n_outputs);
        if self.tree.children(node).is_empty() {
            let player = self.tree.players(node)[0] as usize;
            for output in 0..n_outputs {
                self.received[player * n_outputs + output] += item.weight * self.gain(&item, output);
            }
            return;
        }
        let largest = (0..n_outputs).map(|output| self.gain(&item, output).abs()).fold(0.0, f64::max);
        let number = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.queue.push((Priority(item.weight * largest), Reverse(number)));
        self.items.push(item);
    }

    /// `f1 - f0` of an output.
    fn gain(&self, item: &Item, output: usize) -> f64 {
        let at = |coalition: u32| self.worths[coalition as usize * self.problem.n_outputs + output];
        at(item.with) - at(item.without)
    }

    /// What players received, and their shares of what was never split.
    fn values(&self) -> Vec<f64> {
        let (n_outputs, tree) = (self.problem.n_outputs, &self.tree);
        let mut rests = vec![0.0; tree.n_nodes() * n_outputs];
        for item in self.items.iter().filter(|item| !item.is_split) {
            for output in 0..n_outputs {
                rests[item.node as usize * n_outputs + output] += item.weight * self.gain(item, output);
            }
        }
        // From the root down: every player owns a share of what is left at each node above.
        let masses = self.masses();
        let mut values = self.received.clone();
        for node in 0..tree.n_nodes() {
            let own = node * n_outputs..(node + 1) * n_outputs;
            rests[own.clone()].iter_mut().for_each(|rest| *rest /= masses[node]);
            if node != 0 {
                let (above, here) = rests.split_at_mut(own.start);
                let parent = &above[tree.parent(node) * n_outputs..][..n_outputs];
                here[..n_outputs].iter_mut().zip(parent).for_each(|(rest, above)| *rest += above);
            }
            if tree.children(node).is_empty() {
                let player = tree.players(node)[0] as usize;
                let values = &mut values[player * n_outputs..][..n_outputs];
                values.iter_mut().zip(&rests[own]).for_each(|(value, rest)| *value += rest * masses[node]);
            }
        }
        values
    }

    /// The shares of each node's players, summed.
    fn masses(&self) -> Vec<f64> {
        let tree = &self.tree;
        let mut masses = vec![0.0; tree.n_nodes()];
        for node in (0..tree.n_nodes()).rev() {
            if tree.children(node).is_empty() {
                let player = tree.players(node)[0] as usize;
                masses[node] = self.shares.as_ref().map_or(1.0, |shares| shares[player]);
            }
            if node != 0 {
                masses[tree.parent(node)] += masses[node];
            }
        }
        masses
    }

    /// Was everything split?
    fn is_complete(&self) -> bool {
        self.items.iter().all(|item| item.is_split)
    }
}

fn check_shares(shares: &[f64], n_players: usize) -> Result<(), Error> {
    if shares.len() != n_players {
        return Err(Error::Length { argument: "shares", got: shares.len(), want: n_players });
    }
    match shares.iter().find(|share| !(share.is_finite() && **share > 0.0)) {
        Some(share) => {
            Err(Error::Parameter { argument: "shares", got: share.to_string(), accepted: "positive numbers" })
        }
        None => Ok(()),
    }
}

impl Estimator for Adaptive {
    fn ask(&mut self, max: usize, _workers: &Workers<'_>) -> Result<Batch, Error> {
        let left = self.n_wanted() - self.arrivals.asked();
        let count = max.min(usize::try_from(left).unwrap_or(usize::MAX));
        let first = self.arrivals.ask(count);
        let mut coalitions = Coalitions::new(self.problem.n_players);
        let offset = 2 - self.known.n_asked();
        for number in first..first + count as u64 {
            coalitions.push(self.coalitions.get(usize::try_from(number + offset).unwrap_or(usize::MAX)));
        }
        Ok(Batch { first, coalitions, blocks: vec![0; count] })
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        let mut ready = Vec::new();
        self.arrivals.tell(first, worths, |part| ready.extend_from_slice(part))?;
        let inner = self.known.take(&ready);
        self.worths.extend_from_slice(inner);
        self.advance();
        Ok(())
    }

    fn estimate(&self, _workers: &Workers<'_>) -> Result<Estimate, Error> {
        let told = self.arrivals.told();
        let nothing = self.known.equal_shares(self.problem.n_players, told);
        if self.worths.is_empty() {
            return Ok(nothing);
        }
        let values = self.values();
        let status = match self.wave.is_empty() {
            true if self.is_complete() => Status::Exact,
            true => Status::BudgetSpent,
            false => Status::Interrupted,
        };
        let error = if status == Status::Exact { 0.0 } else { f64::NAN };
        Ok(Estimate { std_errors: vec![error; values.len()], values, status, ..nothing })
    }
}
