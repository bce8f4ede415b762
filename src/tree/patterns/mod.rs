//! Background values by tables of patterns: a row costs the same for any number of background rows.
//!
//! A leaf gives a row something that depends on the row only through *which of the leaf's players satisfy their
//! conditions*, a few bits. So the background is counted once by these bits, the leaf's game is solved once for each
//! pattern (`game`), leaves near each other share one table (`groups`), and a row is explained by looking up its
//! pattern in each (`lookup`).
//!
//! Cost: for the tables `d 2^d` additions a leaf with `d` players and one count for each background row and group;
//! for a row one look-up for each group and player of it. Memory: `2^bits` numbers for each group and player of it.
//!
//! Reference: ours, after FastTreeSHAP (Yang 2021) and WOODELF (Nadel, Wettenstein 2025), which solve one leaf at a
//! time.

mod game;
mod groups;
mod histogram;
mod kernel;
mod lookup;
mod tables;

use std::sync::Arc;

pub use groups::leaves_beyond;
pub use kernel::Patterns;
pub use lookup::Number;

use crate::error::Error;
use crate::parallel::Workers;
use crate::simd::InstructionSet;
use crate::tree::encode::{EncodedRows, Encoding};
use crate::tree::forest::Forest;
use crate::tree::rows::Rows;
use kernel::{Kept, Trees};

/// Distinct players on a path that tables of values are made for.
pub const MOST_PLAYERS: usize = 10;
/// Distinct players on a path that tables of pairs are made for.
pub const MOST_PLAYERS_OF_PAIRS: usize = 8;

/// What the tables are made of.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The forest.
    pub forest: &'a Arc<Forest>,
    /// How its rows are encoded.
    pub encoding: &'a Encoding,
    /// The trees; those of their leaves that are [`uncovered_leaves`] are left out.
    pub trees: &'a [u32],
    /// Pairs `(i, j)`, `i < j`, sorted, whose interactions are wanted, one slot each; `None`: values of all players.
    pub pairs: Option<&'a [(u32, u32)]>,
    /// The background, at least one row.
    pub background: &'a Rows<'a>,
    /// What its rows weigh.
    pub weights: Weights<'a>,
    /// Tables up to this many bytes in all are kept; beyond it they are made again for each chunk of rows.
    pub table_bytes: usize,
    /// What the kernel runs in.
    pub set: InstructionSet,
}

/// What the background rows weigh.
#[derive(Debug, Clone, Copy)]
pub enum Weights<'a> {
    /// One over their number.
    Equal,
    /// Any numbers, of any sign and sum: one vector for each kernel that is made.
    Given(&'a [Vec<f64>]),
}

/// Leaves of a tree, by number, that no table covers: too many distinct players on their path.
pub fn uncovered_leaves(forest: &Forest, tree: u32, pairs: bool) -> Vec<u32> {
    leaves_beyond(&forest.trees[tree as usize], &forest.player, most(pairs))
}

fn most(pairs: bool) -> usize {
    if pairs { MOST_PLAYERS_OF_PAIRS } else { MOST_PLAYERS }
}

/// What the tables of one vector of weights would take.
pub fn table_bytes<T: Number>(request: &Request<'_>) -> usize {
    Trees::new(request).table_bytes::<T>()
}

/// Prepare the background: one kernel for each vector of weights.
pub fn prepare<T: Number>(request: &Request<'_>, workers: &Workers<'_>) -> Result<Vec<Patterns<T>>, Error> {
    let n_rows = request.background.n_rows();
    let alike; // these two live here if they are made here
    let weights = match request.weights {
        Weights::Given(vectors) => vectors,
        Weights::Equal => {
            alike = [vec![1.0 / n_rows as f64; n_rows]];
            &alike[..]
        }
    };
    check(n_rows, weights)?;
    let mut encoded = EncodedRows::default();
    let rows = match request.background {
        Rows::Encoded(rows) => rows,
        rows => {
            request.encoding.encode(rows, 0..n_rows, &mut encoded);
            &encoded
        }
    };
    let trees = Arc::new(Trees::new(request));
    let histograms = histogram::count(request.set, &trees.programs, rows, weights, workers)?;
    let histograms = Arc::new(histograms);
    let n_vectors = weights.len();
    let fits = n_vectors * trees.table_bytes::<T>() <= request.table_bytes;
    let kernel = |vector| {
        let kept = if fits {
            Kept::Tables(trees.build(&histograms, vector, workers)?)
        } else {
            Kept::Histograms(histograms.clone(), vector)
        };
        Ok(Patterns { trees: trees.clone(), kept, base: trees.base(&histograms, vector) })
    };
    (0..n_vectors).map(kernel).collect()
}

fn check(n_rows: usize, weights: &[Vec<f64>]) -> Result<(), Error> {
    if n_rows == 0 {
        return Err(Error::Length { argument: "background", got: 0, want: 1 });
    }
    match weights.iter().find(|vector| vector.len() != n_rows) {
        Some(vector) => Err(Error::Length { argument: "weights", got: vector.len(), want: n_rows }),
        None => Ok(()),
    }
}
