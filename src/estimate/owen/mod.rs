//! Owen and Winter values: what players receive when those of a group join one right after the other.
//!
//! The groups are the nodes of a [`Tree`] of players. Three ways to the mean over all orders that respect it: every
//! coalition that occurs ([`exact`]), splitting nodes where most is at stake ([`adaptive`]), random orders ([`orders`]).

pub mod adaptive;
pub mod exact;
pub mod orders;
pub mod tree;

use std::sync::Arc;

use adaptive::Adaptive;
use exact::Exact;
use orders::TreeOrders;
pub use tree::{Step, Tree};

use super::permutation::{self, Permutation};
use super::{Estimator, Problem};
use crate::error::Error;

/// The share of a tree's coalitions from which on splitting is nearly done, as numerator and denominator.
const NEARLY_ALL: (u64, u64) = (3, 4);

/// What the values are those of, and the way to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Who stays together.
    pub tree: Arc<Tree>,
    /// The way.
    pub sampling: Sampling,
    /// How the players of a node that was not split share what it gains; None: equally.
    pub shares: Option<Arc<Vec<f64>>>,
}

/// The way to the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// Every coalition where the budget pays for it; else orders; but splitting where the budget pays for no order, or
    /// for three quarters of all coalitions.
    ///
    /// Squared errors of orders over those of splitting, two tables of 13 and 30 features, trees and networks on
    /// binary trees by correlation (geometric means; measured): 0.14 at `2n + 2` evaluations, 0.13 at `4n`, and 0.3 at
    /// half of all coalitions; splitting is better near the end, where it becomes exact.
    Auto,
    /// Every coalition.
    Exact,
    /// Splitting nodes where most is at stake.
    Adaptive,
    /// Antithetic random orders.
    Orders,
}

impl Options {
    /// The way that is taken.
    #[must_use]
    pub fn resolved(self, granted: u64, n_blocks: u32) -> Self {
        if self.sampling != Sampling::Auto {
            return self;
        }
        let least_orders = permutation::least::<TreeOrders>(self.tree.n_players());
        let n_coalitions = self.tree.n_coalitions();
        let is_nearly_all = granted >= n_coalitions / NEARLY_ALL.1 * NEARLY_ALL.0
            && granted >= self.tree.largest_split().saturating_add(2);
        let sampling = if n_blocks > 1 && self.tree.n_players() > 1 {
            Sampling::Orders
        } else if n_coalitions <= granted {
            Sampling::Exact
        } else if is_nearly_all || granted < least_orders {
            Sampling::Adaptive
        } else {
            Sampling::Orders
        };
        Self { sampling, ..self }
    }

    /// The least budget, endpoints counted.
    pub fn least_budget(&self) -> u64 {
        let split = self.tree.first_split().saturating_add(2);
        let orders = permutation::least::<TreeOrders>(self.tree.n_players());
        match self.sampling {
            Sampling::Exact => self.tree.n_coalitions(),
            Sampling::Adaptive => split,
            Sampling::Orders => orders,
            Sampling::Auto => split.min(orders),
        }
    }

    /// The tree must be one of all players.
    pub fn check_players(&self, n_players: usize) -> Result<(), Error> {
        let got = self.tree.n_players();
        if got == n_players { Ok(()) } else { Err(Error::Players { argument: "tree", got, want: n_players }) }
    }
}

/// A run on `problem`. A background in blocks is for orders alone.
pub fn start(problem: Problem, options: Options) -> Result<Box<dyn Estimator>, Error> {
    options.check_players(problem.n_players)?;
    let Options { tree, sampling, shares } = options.resolved(problem.granted(), problem.n_blocks());
    if sampling != Sampling::Orders && problem.n_blocks() > 1 && problem.n_players > 1 {
        let got = format!("{} blocks", problem.n_blocks());
        return Err(Error::Parameter {
            argument: "block_weights",
            got,
            accepted: "a background in one piece",
        });
    }
    Ok(match sampling {
        Sampling::Exact | Sampling::Auto => Box::new(Exact::new(problem, tree)?),
        // One player receives everything.
        Sampling::Orders if problem.n_players == 1 => Box::new(Exact::new(problem, tree)?),
        Sampling::Adaptive => Box::new(Adaptive::new(problem, tree, shares)?),
        Sampling::Orders => {
            let orders = TreeOrders::new(tree, problem.seed, problem.row_key);
            Box::new(Permutation::along(problem, orders)?)
        }
    })
}
