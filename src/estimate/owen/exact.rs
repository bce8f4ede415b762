//! Every coalition that respects a tree, folded as it comes.

use std::sync::Arc;

use super::tree::{Tree, join_weights, split_cost};
use crate::coalition::{self, Coalitions};
use crate::error::Error;
use crate::estimate::arrivals::Arrivals;
use crate::estimate::endpoints::Known;
use crate::estimate::{Batch, Estimate, Estimator, Problem, Status};
use crate::parallel::Workers;

/// The mean over all orders that respect a tree, from every coalition that occurs in one.
///
/// A node `u` with the players `C` around it present hands what it gains to its `k` children,
///
/// $$ \sum_{T \subseteq \text{siblings of } c} \frac{|T|! \, (k - 1 - |T|)!}{k!}
///    \Big( v\big(C \cup \textstyle\bigcup T \cup c\big) - v\big(C \cup \textstyle\bigcup T\big) \Big) $$
///
/// and `C` is a union of siblings at each level above, weighted likewise. Nodes are visited breadth first. The terms
/// of the empty and of the full `T` sum, over all `C`, to an equal share of what the node receives, so that each
/// worth enters the sums once, whenever it comes, and none is kept: memory is O(players · outputs). A run that is
/// stopped early knows the outer nodes; inside the others it shares equally, level by level.
///
/// Owen (1977), "Values of games with a priori unions"; Winter (1989), "A value for cooperative games with levels
/// structure of cooperation".
#[derive(Debug, Clone)]
pub struct Exact {
    problem: Problem,
    tree: Arc<Tree>,
    known: Known,
    arrivals: Arrivals,
    asking: Cursor,
    telling: Cursor,
    /// What nodes gain from worths between the endpoints: `(nodes, outputs)`.
    gains: Vec<f64>,
    /// Gains of the children of the split being told: `(children, outputs)`.
    pending: Vec<f64>,
}

/// A split in progress: a node, what is present around it, and which children join.
#[derive(Debug, Clone)]
struct Cursor {
    node: usize,
    /// Number of the context; its bits are the siblings present, those of the node itself lowest.
    context: u64,
    n_contexts: u64,
    /// The children that join, as bits: from 1 to `2^k - 2`.
    joined: u64,
    weight: f64,
    words: Vec<u64>,
    join_weights: Vec<f64>,
}

impl Exact {
    /// A run on `problem`, whose budget must pay for all coalitions.
    pub fn new(problem: Problem, tree: Arc<Tree>) -> Result<Self, Error> {
        let (least, n_players) = (tree.n_coalitions(), problem.n_players);
        if problem.granted() < least {
            return Err(Error::Budget { method: "owen, exact,", got: problem.granted(), least, n_players });
        }
        let n_outputs = problem.n_outputs;
        let cursor = Cursor::new(&tree);
        Ok(Self {
            known: Known::new(&problem)?,
            arrivals: Arrivals::new(n_outputs),
            asking: cursor.clone(),
            telling: cursor,
            gains: vec![0.0; tree.n_nodes() * n_outputs],
            pending: vec![0.0; tree.children(0).len() * n_outputs],
            problem,
            tree,
        })
    }

    fn last_evaluation(&self) -> u64 {
        self.known.n_asked() + self.tree.n_coalitions() - 2
    }

    /// Take in the next worth between the endpoints.
    fn fold(&mut self, worth: &[f64]) {
        let (n_outputs, children) = (self.problem.n_outputs, self.tree.children(self.telling.node));
        let (joined, join_weights) = (self.telling.joined, &self.telling.join_weights);
        let size = joined.count_ones() as usize;
        let inside = self.telling.weight * join_weights[size - 1];
        let outside = -self.telling.weight * join_weights[size];
        for (child, gains) in self.pending.chunks_exact_mut(n_outputs).enumerate() {
            let weight = if joined >> child & 1 == 1 { inside } else { outside };
            for (output, gain) in gains.iter_mut().enumerate() {
                *gain += weight * (worth[output] - self.known.empty(output));
            }
        }
        if self.telling.is_last() {
            let sums = &mut self.gains[children.start * n_outputs..children.end * n_outputs];
            sums.iter_mut().zip(&self.pending).for_each(|(sum, gain)| *sum += gain);
            self.pending.fill(0.0);
        }
        self.telling.advance(&self.tree);
        self.pending.resize(self.tree.children(self.telling.node).len() * n_outputs, 0.0);
    }

    /// Hand what every node receives down to its children.
    fn values(&self) -> Vec<f64> {
        let (n_outputs, tree) = (self.problem.n_outputs, &self.tree);
        let mut received = self.gains.clone();
        let mut values = vec![0.0; tree.n_players() * n_outputs];
        for (output, all) in received[..n_outputs].iter_mut().enumerate() {
            *all = self.known.total_difference(output);
        }
        for node in 0..tree.n_nodes() {
            let own: Vec<f64> = received[node * n_outputs..(node + 1) * n_outputs].to_vec();
            let children = tree.children(node);
            if children.is_empty() {
                let player = tree.players(node)[0] as usize;
                values[player * n_outputs..(player + 1) * n_outputs].copy_from_slice(&own);
            }
            for child in children.clone() {
                let theirs = &mut received[child * n_outputs..(child + 1) * n_outputs];
                theirs.iter_mut().zip(&own).for_each(|(to, from)| *to += from / children.len() as f64);
            }
        }
        values
    }
}

impl Cursor {
    fn new(tree: &Tree) -> Self {
        let words = vec![0; coalition::words_for(tree.n_players())];
        let join_weights = join_weights(tree.children(0).len().max(1));
        Self { node: 0, context: 0, n_contexts: 1, joined: 1, weight: 1.0, words, join_weights }
    }

    /// Is this the last coalition of its split?
    fn is_last(&self) -> bool {
        self.joined == split_cost(self.join_weights.len())
    }

    /// Go to the next coalition; after the last one of all, to nowhere.
    fn advance(&mut self, tree: &Tree) {
        if !self.is_last() {
            self.joined += 1;
            return;
        }
        (self.joined, self.context) = (1, self.context + 1);
        if self.context == self.n_contexts {
            let is_inner = |node: &usize| !tree.children(*node).is_empty();
            let Some(next) = (self.node + 1..tree.n_nodes()).find(is_inner) else { return };
            let k = tree.children(next).len();
            if k != self.join_weights.len() {
                self.join_weights = join_weights(k);
            }
            (self.node, self.context, self.n_contexts) = (next, 0, 1);
            let mut at = next;
            while at != 0 {
                at = tree.parent(at);
                self.n_contexts <<= tree.children(at).len() - 1;
            }
        }
        self.surround(tree);
    }

    /// Find who is present around the node, and the weight of that.
    fn surround(&mut self, tree: &Tree) {
        self.words.fill(0);
        self.weight = 1.0;
        let (mut at, mut bits) = (self.node, self.context);
        while at != 0 {
            let parent = tree.parent(at);
            let siblings = tree.children(parent).filter(|&sibling| sibling != at);
            let (mut size, k) = (0, tree.children(parent).len());
            for (place, sibling) in siblings.enumerate() {
                if bits >> place & 1 == 1 {
                    size += 1;
                    tree.insert(sibling, &mut self.words);
                }
            }
            self.weight *= if k == 2 { 0.5 } else { join_weights(k)[size] };
            (at, bits) = (parent, bits >> (k - 1));
        }
    }

    /// Append the coalition.
    fn push(&self, tree: &Tree, coalitions: &mut Coalitions, words: &mut Vec<u64>) {
        words.clone_from(&self.words);
        for (place, child) in tree.children(self.node).enumerate() {
            if self.joined >> place & 1 == 1 {
                tree.insert(child, words);
            }
        }
        coalitions.push(words);
    }
}

impl Estimator for Exact {
    fn ask(&mut self, max: usize, _workers: &Workers<'_>) -> Result<Batch, Error> {
        let left = self.last_evaluation() - self.arrivals.asked();
        let count = max.min(usize::try_from(left).unwrap_or(usize::MAX));
        let first = self.arrivals.ask(count);
        let mut coalitions = Coalitions::new(self.problem.n_players);
        let mut words = Vec::new();
        for number in first..first + count as u64 {
            if number < self.known.n_asked() {
                coalitions.push_endpoint(number == 1);
            } else {
                self.asking.push(&self.tree, &mut coalitions, &mut words);
                self.asking.advance(&self.tree);
            }
        }
        Ok(Batch { first, coalitions, blocks: vec![0; count] })
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        let mut ready = Vec::new();
        self.arrivals.tell(first, worths, |part| ready.extend_from_slice(part))?;
        for worth in self.known.take(&ready).chunks_exact(self.problem.n_outputs) {
            self.fold(worth);
        }
        Ok(())
    }

    fn estimate(&self, _workers: &Workers<'_>) -> Result<Estimate, Error> {
        let told = self.arrivals.told();
        let nothing = self.known.equal_shares(self.problem.n_players, told);
        if !self.known.is_complete() {
            return Ok(nothing);
        }
        let values = self.values();
        if told < self.last_evaluation() {
            return Ok(Estimate { values, ..nothing });
        }
        Ok(Estimate { std_errors: vec![0.0; values.len()], values, status: Status::Exact, ..nothing })
    }
}
