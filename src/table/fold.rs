//! Exact values from all worths, by folding.
//!
//! The table is cut into chunks of `2^12` worths. Each yields its superset sums, and two neighbours of equal size
//! join into one of a player more, as the carries of a binary counter do: a fixed tree of additions, so the bits
//! depend neither on threads nor on how many worths arrive at once.

use super::Table;
use super::chunk::{CHUNK_PLAYERS, ChunkWeights};
use super::sums::SupersetSums;
use crate::error::Error;
use crate::index::Semivalue;
use crate::parallel::Workers;

/// Worths of the smallest chunk that is summed: smaller games are padded with players who never matter.
const LEAST_CHUNK: usize = 32;
/// Worths below which waking another thread costs more than it saves (measured: 30 microseconds of folding).
const ALONE: usize = 1 << 17;
/// Fewest chunks of one work unit, for one output: about 20 microseconds.
const CHUNKS_A_UNIT: usize = 16;
/// Most work units of a large table.
pub(super) const MOST_UNITS: usize = 64;

/// The value of every player under every output: `(players, outputs)`.
///
/// $$ \phi_i = \sum_{S \ni i} (p_{|S|-1} + p_{|S|}) \, u(S) - \sum_S p_{|S|} \, u(S), \qquad u(S) = v(S) - v(\emptyset) $$
///
/// Exact but for rounding: up to 30 players at most 160 roundings, relative to the sum of the absolute terms. Time
/// O(2^n) for all players together, for each output; the table is read once, and the same bits come from any number
/// of threads. Memory beside the table: O(n) for each work unit.
///
/// Laws: `values_equal_the_average_over_all_orders`, `rounding_stays_within_the_documented_bound`.
pub fn values(table: &Table<'_>, semivalue: &Semivalue, workers: &Workers<'_>) -> Result<Vec<f64>, Error> {
    if table.n_players == 0 {
        workers.check()?;
        return Ok(Vec::new());
    }
    let weights = semivalue.size_weights(table.n_players)?.weights();
    let node = fold_table(table, &ChunkWeights::new(&weights, 1), workers)?;
    Ok(values_of(&node, table.n_players, table.n_outputs))
}

/// Values of a game whose worths come a few at a time, in the order of the coalitions' numbers.
///
/// The same bits as [`values`] of the whole table, which is never held: memory is O(n^2 + 2^12) for each output.
#[derive(Debug, Clone)]
pub struct StreamingFold {
    n_players: usize,
    fold: Fold,
    waiting: Vec<f64>, // worths of a chunk not yet whole: (coalitions, outputs)
    n_pushed: u64,
}

impl StreamingFold {
    /// A game of 1 to 63 players, none of whose worths are known yet.
    pub fn new(n_players: usize, n_outputs: usize, semivalue: &Semivalue) -> Result<Self, Error> {
        if n_outputs == 0 || n_players > 63 {
            let (argument, got, accepted) = if n_outputs == 0 {
                ("n_outputs", 0, "at least 1")
            } else {
                ("n_players", n_players, "at most 63")
            };
            return Err(Error::Parameter { argument, got: got.to_string(), accepted });
        }
        let weights = semivalue.size_weights(n_players)?.weights();
        let fold = Fold::new(ChunkWeights::new(&weights, 1), Vec::new(), n_outputs, 0);
        Ok(Self { n_players, fold, waiting: Vec::new(), n_pushed: 0 })
    }

    /// The worths `(coalitions, outputs)` of the coalitions that come next, any number of them.
    pub fn push(&mut self, mut worths: &[f64]) -> Result<(), Error> {
        let n_outputs = self.fold.n_outputs;
        let left = (1_u64 << self.n_players) - self.n_pushed;
        let rows = worths.len() / n_outputs;
        if !worths.len().is_multiple_of(n_outputs) || rows as u64 > left {
            let want = usize::try_from(left.min(rows as u64)).unwrap_or(usize::MAX) * n_outputs;
            return Err(Error::Length { argument: "worths", got: worths.len(), want });
        }
        if self.fold.bases.is_empty() && rows > 0 {
            self.fold.bases = worths[..n_outputs].to_vec();
        }
        self.n_pushed += rows as u64;
        let chunk = n_outputs << self.n_players.min(CHUNK_PLAYERS);
        while !worths.is_empty() {
            let taken = (chunk - self.waiting.len()).min(worths.len());
            if self.waiting.is_empty() && taken == chunk {
                self.fold.push(&worths[..chunk], &|| Ok(()))?;
            } else {
                self.waiting.extend_from_slice(&worths[..taken]);
                if self.waiting.len() == chunk {
                    self.fold.push(&self.waiting, &|| Ok(()))?;
                    self.waiting.clear();
                }
            }
            worths = &worths[taken..];
        }
        Ok(())
    }

    /// How many coalitions' worths have come.
    pub fn n_pushed(&self) -> u64 {
        self.n_pushed
    }

    /// The values `(players, outputs)`; `None` until the worths of all coalitions have come.
    pub fn values(&self) -> Option<Vec<f64>> {
        let is_whole = self.n_pushed == 1 << self.n_players;
        is_whole.then(|| values_of(&self.fold.nodes[0].sums, self.n_players, self.fold.n_outputs))
    }
}

/// The superset sums of a whole table: for each output, one for each `a` of `weights`.
pub(super) fn fold_table(
    table: &Table<'_>,
    weights: &ChunkWeights,
    workers: &Workers<'_>,
) -> Result<Vec<SupersetSums>, Error> {
    let chunk = table.n_outputs << table.n_players.min(CHUNK_PLAYERS);
    let n_chunks = table.worths.len() / chunk;
    // A power of two, so that a unit is a subtree; smaller where chunks are dear.
    let a_unit =
        (CHUNKS_A_UNIT / (table.n_outputs * weights.size())).max(1).next_power_of_two().min(n_chunks);
    let bases = &table.worths[..table.n_outputs];
    let mut results: Vec<Option<Result<Node, Error>>> = vec![None; n_chunks / a_unit];
    let is_short = table.worths.len() * weights.size() * weights.size() < ALONE;
    let workers = if is_short { workers.alone() } else { *workers };
    workers.for_each_unit(results.iter_mut(), |number, result| {
        let first = number * a_unit;
        let mut fold = Fold::new(weights.clone(), bases.to_vec(), table.n_outputs, first);
        let worths = &table.worths[first * chunk..][..a_unit * chunk];
        *result = worths
            .chunks_exact(chunk)
            .try_for_each(|worths| fold.push(worths, &|| workers.check()))
            .err()
            .map_or_else(|| fold.nodes.pop().map(Ok), |error| Some(Err(error)));
    })?;
    let mut nodes = Vec::new();
    for node in results.into_iter().flatten() {
        carry(&mut nodes, node?, &|| workers.check())?;
    }
    Ok(nodes.pop().map(|node| node.sums).unwrap_or_default())
}

/// An error when the caller has asked to stop.
type GoOn<'a> = &'a dyn Fn() -> Result<(), Error>;

/// Sums of neighbouring chunks, `2^level` of them.
#[derive(Debug, Clone)]
struct Node {
    level: u32,
    sums: Vec<SupersetSums>, // (outputs, a)
}

/// Chunks folded in the order of their numbers.
#[derive(Debug, Clone)]
struct Fold {
    weights: ChunkWeights,
    bases: Vec<f64>,
    n_outputs: usize,
    next_chunk: usize,
    nodes: Vec<Node>, // levels fall strictly, as the bits of a counter
    scratch: Vec<f64>,
}

impl Fold {
    fn new(weights: ChunkWeights, bases: Vec<f64>, n_outputs: usize, first_chunk: usize) -> Self {
        Self { weights, bases, n_outputs, next_chunk: first_chunk, nodes: Vec::new(), scratch: Vec::new() }
    }

    /// The worths `(coalitions, outputs)` of the next chunk. `go_on` is asked before each output.
    fn push(&mut self, worths: &[f64], go_on: GoOn<'_>) -> Result<(), Error> {
        let n_joined = self.next_chunk.count_ones() as usize;
        let mut sums = Vec::with_capacity(self.n_outputs * (self.weights.size() + 1));
        for output in 0..self.n_outputs {
            go_on()?;
            let base = self.bases[output];
            let worths = if self.n_outputs == 1 && worths.len() >= LEAST_CHUNK {
                worths
            } else {
                self.scratch.clear();
                self.scratch.extend(worths.iter().skip(output).step_by(self.n_outputs));
                // Players who never join: their coalitions add nothing.
                self.scratch.resize(self.scratch.len().max(LEAST_CHUNK), base);
                &self.scratch
            };
            sums.extend(self.weights.sums(worths, base, n_joined));
        }
        // Every worth is in these totals, and no weight hides one that is not finite: 0 * NaN is NaN.
        if sums.iter().any(|sum| !sum.sums[0].is_finite()) {
            return Err(self.blame(worths));
        }
        self.next_chunk += 1;
        carry(&mut self.nodes, Node { level: 0, sums }, go_on)
    }

    /// Why a chunk's sums are not finite.
    fn blame(&self, worths: &[f64]) -> Error {
        let Some(place) = worths.iter().position(|worth| !worth.is_finite()) else {
            let got = "so large that their differences overflow".to_owned();
            return Error::Parameter {
                argument: "worths",
                got,
                accepted: "below 1e300 in size: scale the game",
            };
        };
        let row = (self.next_chunk << CHUNK_PLAYERS) + place / self.n_outputs;
        Error::WorthNotFinite { evaluation: row as u64, output: place % self.n_outputs, worth: worths[place] }
    }
}

/// Put a node behind those before it, and join equals.
fn carry(nodes: &mut Vec<Node>, mut node: Node, go_on: GoOn<'_>) -> Result<(), Error> {
    while nodes.last().is_some_and(|last| last.level == node.level)
        && let Some(before) = nodes.pop()
    {
        let halves = before.sums.iter().zip(&node.sums);
        let sums =
            halves.map(|(out, joined)| go_on().map(|()| out.join(joined))).collect::<Result<_, _>>()?;
        node = Node { level: node.level + 1, sums };
    }
    nodes.push(node);
    Ok(())
}

/// `phi_i = P_1(i) - P_0`, for each output.
fn values_of(sums: &[SupersetSums], n_players: usize, n_outputs: usize) -> Vec<f64> {
    let mut values = vec![0.0; n_players * n_outputs];
    for (output, pair) in sums.chunks_exact(2).enumerate() {
        let without = pair[0].sums[0];
        for (player, with) in pair[1].of_size(1)[..n_players].iter().enumerate() {
            values[player * n_outputs + output] = with - without;
        }
    }
    values
}
