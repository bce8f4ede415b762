//! Estimators as state machines: ask which coalitions to evaluate, tell their worths, estimate at any moment.
//!
//! Evaluations are numbered from 0 in the order in which they are asked. That sequence is a function of the
//! method, the number of players, the budget, the seed and the row key; never of threads, batch sizes or the
//! order in which worths arrive. `estimate` uses the longest complete prefix of what was told.

pub mod arrivals;
pub mod auto;
pub mod controlled;
pub mod endpoints;
pub mod even_gp;
pub mod exact;
pub mod leverage;
mod moments;
pub mod odd_gp;
pub mod owen;
pub mod paired;
pub mod permutation;
pub mod precedence;
pub mod screened;
pub mod singles_first;
pub mod sparse_odd;
pub mod stopping;
pub mod unbiased;

use crate::coalition::Coalitions;
use crate::error::Error;
use crate::parallel::Workers;

/// What a method is given: the size of the game, what it may cost, and where its randomness comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Number of players.
    pub n_players: usize,
    /// Worths that each coalition has at once; every coalition is shared by all outputs.
    pub n_outputs: usize,
    /// Explained rows whose outputs these are, row after row: `n_outputs / n_rows` each. What a method learns
    /// of one row it never uses for another, unless it says so.
    pub n_rows: usize,
    /// Evaluations granted, endpoints included unless they are known.
    pub budget: u64,
    /// The seed of every random stream.
    pub seed: u64,
    /// Zero where rows share their coalitions, else the number of the row.
    pub row_key: u64,
    /// Worths of nobody and of everybody, where they are known: they are then neither asked nor counted.
    pub endpoints: Option<Endpoints>,
}

impl Problem {
    /// The budget with the endpoints counted, whether they are known or not.
    pub fn granted(&self) -> u64 {
        self.budget.saturating_add(if self.endpoints.is_some() { 2 } else { 0 })
    }

    /// Blocks that the background is cut into.
    pub fn n_blocks(&self) -> u32 {
        self.endpoints
            .as_ref()
            .map_or(1, |known| u32::try_from(known.block_weights.len()).unwrap_or(u32::MAX))
    }
}

/// The worths of the empty and of the full coalition.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoints {
    /// `v({})` on each block of the background: `(blocks, outputs)`.
    pub empty: Vec<f64>,
    /// `v(N)`: `(outputs)`.
    pub full: Vec<f64>,
    /// Weight of each block; they sum to 1. A background that is not cut is one block of weight 1.
    pub block_weights: Vec<f64>,
    /// `v({})` on the whole background: `(outputs)`. The blocks' mean, but for rounding, unless blocks are drawn.
    pub base: Vec<f64>,
}

/// Coalitions to evaluate next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Number of the first evaluation.
    pub first: u64,
    /// The coalitions, one an evaluation.
    pub coalitions: Coalitions,
    /// The block of the background that each is evaluated on; 0 unless the background is split.
    pub blocks: Vec<u32>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Every worth is known: the values are exact.
    Exact,
    /// The errors are as small as was asked for.
    Converged,
    /// The budget is spent; raise it for smaller errors.
    BudgetSpent,
    /// The run was stopped, by the user or by a deadline; values are those of the longest complete prefix.
    Interrupted,
}

/// Values, their errors, and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// `(players, outputs)`.
    pub values: Vec<f64>,
    /// One standard error each, NaN where it is unknown: `(players, outputs)`.
    pub std_errors: Vec<f64>,
    /// Degrees of freedom of Student's interval, one a row; NaN where the errors are.
    pub interval_df: Vec<f64>,
    /// Worth of the empty coalition: `(outputs)`.
    pub base: Vec<f64>,
    /// What the values missed of `v(N) - v({})` before it was shared out: `(outputs)`.
    pub gap: Vec<f64>,
    /// Evaluations used.
    pub n_evaluations: u64,
    /// How the run ended.
    pub status: Status,
    /// Evaluations that would make the errors as small as was asked for, endpoints counted; None where nothing
    /// was asked for, or nothing can be said.
    pub predicted_budget: Option<u64>,
}

/// What single players and pairs of players receive together, under the index that the method names.
#[derive(Debug, Clone, PartialEq)]
pub struct Interactions {
    /// Undivided: the players, then the pairs in lexicographic order, `(sets, outputs)`.
    pub values: Vec<f64>,
    /// One standard error each, NaN where it is unknown: `(sets, outputs)`.
    pub std_errors: Vec<f64>,
    /// Standard errors of what pairs leave to each player, `phi_i - sum_j I_ij / 2` where single players receive
    /// their whole value, else those of the players themselves: `(players, outputs)`.
    pub diagonal_errors: Vec<f64>,
    /// Degrees of freedom of Student's interval, one a row; NaN where the errors are, or nothing is uncertain.
    pub interval_df: Vec<f64>,
}

impl Interactions {
    /// Nothing can be said yet: NaN.
    pub fn unknown(n_players: usize, n_outputs: usize, n_rows: usize) -> Self {
        let n_sets = n_players * (n_players + 1) / 2;
        Self {
            values: vec![f64::NAN; n_sets * n_outputs],
            std_errors: vec![f64::NAN; n_sets * n_outputs],
            diagonal_errors: vec![f64::NAN; n_players * n_outputs],
            interval_df: vec![f64::NAN; n_rows],
        }
    }
}

/// A method that turns worths into values.
pub trait Estimator: Send {
    /// Ask for at most `max` evaluations. An empty batch while everything asked was told: nothing is left to ask.
    /// An empty batch before: what comes next depends on worths that are missing.
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error>;
    /// Tell the worths `(evaluations, outputs)` of the evaluations from number `first` on: each once, in any order.
    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error>;
    /// Do now what the next `ask` would have to do first, and keep it for `estimate`: nothing for most. It may take as
    /// long as an estimate; many runs can do it at once.
    fn look(&mut self, _workers: &Workers<'_>) -> Result<(), Error> {
        Ok(())
    }
    /// The values as known now.
    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error>;
    /// What surrogates from outside are to be fitted to, for a method that takes them: one a fold.
    fn training(&self) -> Option<unbiased::Training> {
        None
    }
    /// The values as known now, with the surrogates of all folds of [`Estimator::training`].
    fn estimate_with(&self, _fits: Vec<unbiased::Fit>, workers: &Workers<'_>) -> Result<Estimate, Error> {
        self.estimate(workers)
    }
    /// What a screening second pass plays with, as known now; None for methods that screen nobody, and before.
    fn screening(&self, _workers: &Workers<'_>) -> Result<Option<screened::Screening>, Error> {
        Ok(None)
    }
    /// Interactions of order 2 as known now; None for methods that estimate values alone.
    fn interactions(&self, _workers: &Workers<'_>) -> Result<Option<Interactions>, Error> {
        Ok(None)
    }
}
