//! Asymmetric Shapley values: what players receive when some always join before others.
//!
//! Two ways to the mean over the orders that respect a [`PartialOrder`]: every coalition that can form ([`exact`]), and
//! random orders ([`orders`]).
//!
//! Frye, Rowat, Feige (2020), "Asymmetric Shapley values: incorporating causal knowledge into model-agnostic
//! explainability".

pub mod exact;
pub mod lattice;
pub mod orders;
pub mod partial_order;

use exact::Exact;
use lattice::Lattice;
use orders::PrecedenceOrders;
pub use partial_order::PartialOrder;

use super::permutation::{self, Permutation};
use super::{Estimator, Problem};
use crate::error::Error;

/// Which orders are how likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// All that respect the partial order equally. Known for at most 20 players.
    Uniform,
    /// Whoever may join next does so equally likely: for any number of players.
    Sequential,
}

/// Who comes before whom, and which orders are how likely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The first of each pair joins before the second.
    pub pairs: Vec<(u32, u32)>,
    /// None: uniform up to 20 players, sequential above.
    pub law: Option<Law>,
}

impl Options {
    /// The law for so many players.
    pub fn law(&self, n_players: usize) -> Result<Law, Error> {
        let is_countable = n_players <= lattice::MOST_PLAYERS;
        match self.law {
            None => Ok(if is_countable { Law::Uniform } else { Law::Sequential }),
            Some(Law::Uniform) if !is_countable => Err(Error::Parameter {
                argument: "law",
                got: format!("uniform with {n_players} players"),
                accepted: "sequential above 20 players, whose orders cannot be counted",
            }),
            Some(law) => Ok(law),
        }
    }

    /// The pairs must be of players of the game, without circles, and the law one for so many.
    pub fn check_players(&self, n_players: usize) -> Result<(), Error> {
        self.law(n_players)?;
        PartialOrder::new(&self.pairs, n_players).map(|_| ())
    }

    /// The least budget, endpoints counted: one order. No partial order lets fewer coalitions form.
    pub fn least_budget(n_players: usize) -> u64 {
        permutation::least::<PrecedenceOrders>(n_players)
    }

    /// Does the budget pay for every coalition?
    pub fn is_exact(&self, n_players: usize, granted: u64, n_blocks: u32) -> bool {
        let lattice = self.lattice(n_players);
        lattice.is_ok_and(|lattice| lattice.is_some_and(|lattice| pays_for(&lattice, granted, n_blocks)))
    }

    /// All coalitions that can form, for few players.
    fn lattice(&self, n_players: usize) -> Result<Option<Lattice>, Error> {
        Ok(Lattice::new(&PartialOrder::new(&self.pairs, n_players)?, self.law(n_players)?))
    }
}

fn pays_for(lattice: &Lattice, granted: u64, n_blocks: u32) -> bool {
    (n_blocks == 1 || lattice.n_players() == 1) && lattice.coalitions().count() as u64 <= granted
}

/// A run on `problem`: every coalition where the budget pays for them, else random orders. A background in blocks is
/// for orders alone.
pub fn start(problem: Problem, options: &Options) -> Result<Box<dyn Estimator>, Error> {
    let (n_players, n_blocks) = (problem.n_players, problem.n_blocks());
    Ok(match options.lattice(n_players)? {
        Some(lattice) if pays_for(&lattice, problem.granted(), n_blocks) => {
            Box::new(Exact::new(problem, lattice)?)
        }
        lattice => {
            let partial = PartialOrder::new(&options.pairs, n_players)?;
            let orders = PrecedenceOrders::new(partial, lattice, problem.seed, problem.row_key);
            Box::new(Permutation::along(problem, orders)?)
        }
    })
}
