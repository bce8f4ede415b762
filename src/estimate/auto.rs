//! Which method answers: the automatic choice, and what a named method gives way to.

use crate::error::Error;
use crate::estimate::exact::Exact;
use crate::estimate::leverage::Leverage;
use crate::estimate::paired::pays_for_blocks;
use crate::estimate::permutation::Permutation;
use crate::estimate::singles_first::SinglesFirst;
use crate::estimate::{
    Estimator, Problem, controlled, even_gp, odd_gp, owen, precedence, screened, sparse_odd, unbiased,
};
use crate::index::{Interaction, Semivalue};
use crate::sample::Sequence;

/// A method of this crate.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// All `2^n` coalitions.
    Exact,
    /// Antithetic orders.
    Permutation,
    /// Leverage-weighted least squares on the named sequence of sizes.
    Leverage(Sequence),
    /// Every player alone, then the strongest ones' absence.
    SinglesFirst,
    /// Kriging on half-differences.
    OddGp(odd_gp::Options),
    /// The same, and a sparse refit where that predicts pairs left out better.
    SparseOdd(odd_gp::Options),
    /// Kriging as a control variate of least squares, for large budgets.
    Controlled(odd_gp::Options),
    /// Means over coalitions drawn by size, unbiased for any semivalue.
    Unbiased(unbiased::Options),
    /// Interactions of order 2.
    EvenGp(even_gp::Options),
    /// Means over the orders that respect a tree of players.
    Owen(owen::Options),
    /// Means over the orders in which some players come before others.
    Precedence(precedence::Options),
    /// A first pass that finds the players that matter, a second among them and groups of the others.
    Screened,
}

/// What the automatic choice is asked for besides values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wishes {
    /// Unbiased values, or a semivalue of their own.
    pub unbiased: Option<unbiased::Options>,
    /// Interactions of order 2.
    pub index: Option<Interaction>,
    /// A first pass that finds the players that matter, where there are very many.
    pub screen: bool,
}

/// Evaluations up to which kriging is solved at once: its time grows with their cube (1 s at 4,000, measured).
const MOST_KRIGED: u64 = 4000;
/// Players up to which every one has a length scale of his own.
const MOST_SCALED: usize = 300;
/// Players up to which kriging is tried at all.
const MOST_KRIGED_PLAYERS: usize = 1500;
/// Evaluations a player from which on nobody needs to be screened out.
const AMPLE: u64 = 16;

impl Method {
    /// The method for a game of `n_players`, `granted` evaluations (endpoints counted) and a background in
    /// `n_blocks`. It is fixed before the first evaluation; a run never switches midway, and no clock decides.
    ///
    /// The first that fits: every coalition where the budget pays for it; what is wished for besides plain
    /// values; singles below `2 n + 2`; antithetic orders where the background is cut into more blocks than the
    /// star on each of them could pay for; kriging with a sparse refit up to 4,000 evaluations, and above as a control
    /// variate of least squares; for very many players least squares from `4 n` on, orders below.
    pub fn choose(n_players: usize, granted: u64, n_blocks: u32, wishes: &Wishes) -> Self {
        let n = n_players as u64;
        if let Some(index) = wishes.index {
            return Self::EvenGp(even_gp::Options { index });
        }
        if let Some(options) = &wishes.unbiased {
            return if n_blocks == 1 {
                Self::unbiased(n_players, granted, options)
            } else {
                Self::Permutation
            };
        }
        if wishes.screen && Self::is_worth_screening(n_players, granted) {
            if let Some(method) = screened::or_whole(n_players, granted, n_blocks) {
                method
            } else {
                Self::Screened
            }
        } else if every_coalition(n_players).is_some_and(|all| all <= granted) && n_blocks == 1 {
            Self::Exact
        } else if granted < 2 * n + 2 {
            Self::SinglesFirst
        } else if n_blocks > 1 && !pays_for_blocks(n_players, granted, n_blocks) {
            Self::Permutation
        } else if granted <= MOST_KRIGED && n_players <= MOST_SCALED {
            Self::SparseOdd(odd_gp::Options::default())
        } else if granted <= MOST_KRIGED && n_players <= MOST_KRIGED_PLAYERS {
            Self::OddGp(odd_gp::Options { ascent: false, ..odd_gp::Options::default() })
        } else if n_players <= MOST_SCALED {
            Self::Controlled(odd_gp::Options::default())
        } else if granted >= 4 * n {
            Self::Leverage(Sequence::Leverage)
        } else {
            Self::Permutation
        }
    }

    /// Is screening better than what else the budget buys? Where that is less than every player alone, always; else
    /// for more players than kriging takes, up to the budget from which least squares on all of them are as good.
    fn is_worth_screening(n_players: usize, granted: u64) -> bool {
        let n = n_players as u64;
        granted < 2 * n + 2 || (n_players > MOST_KRIGED_PLAYERS && granted < AMPLE * n)
    }

    /// Means over coalitions, helped by kriging where the budget feeds it and by least squares above. For few
    /// evaluations and very many players orders, which are unbiased too (squared errors at `4 n`, measured over
    /// six kinds of games of nine players: 0.037 against 0.31 without a surrogate and 0.043 with least squares).
    fn unbiased(n_players: usize, granted: u64, options: &unbiased::Options) -> Self {
        let n = n_players as u64;
        let is_shapley = options.semivalue == Semivalue::Shapley;
        if is_shapley && every_coalition(n_players).is_some_and(|all| all <= granted) {
            return Self::Exact;
        }
        if is_shapley && (n_players > MOST_SCALED || granted < 8 * n) {
            return Self::Permutation;
        }
        let surrogate = match granted {
            _ if is_shapley && granted <= MOST_KRIGED => unbiased::Surrogate::Kriging,
            _ if granted >= 4 * n => unbiased::Surrogate::Linear,
            _ => unbiased::Surrogate::None,
        };
        Self::Unbiased(unbiased::Options { surrogate, ..options.clone() })
    }

    /// What this method gives way to. Games of at most three players are enumerated, unless the background is in
    /// blocks. An order needs `2 n` evaluations; and least squares on fewer than `n` pairs are worse than singles
    /// (measured on two models of diabetes patients: squared errors of 0.41 to 0.47 against 0.04 to 0.17).
    #[must_use]
    pub fn or_smaller(self, n_players: usize, granted: u64, n_blocks: u32) -> Self {
        let all = every_coalition(n_players);
        let is_whole = n_blocks == 1 || n_players == 1;
        match self {
            _ if n_players <= 3 && is_whole && (self.is_paired() || self == Self::Permutation) => {
                if all.is_some_and(|all| all <= granted) { Self::Exact } else { Self::SinglesFirst }
            }
            _ if n_players <= 3 && self.is_paired() => {
                Self::Permutation.or_smaller(n_players, granted, n_blocks)
            }
            Self::Permutation if granted < 2 * n_players as u64 => Self::SinglesFirst,
            _ if self.is_paired() && granted < 2 * n_players as u64 + 2 => Self::SinglesFirst,
            Self::Owen(options) => Self::Owen(options.resolved(granted, n_blocks)),
            Self::Screened => match screened::or_whole(n_players, granted, n_blocks) {
                Some(method) => method.or_smaller(n_players, granted, n_blocks),
                None => Self::Screened,
            },
            _ if self.is_paired() && !pays_for_blocks(n_players, granted, n_blocks) => Self::Permutation,
            method => method,
        }
    }

    /// Does it look at complementary pairs, and need the star of singles where the background is in blocks?
    fn is_paired(&self) -> bool {
        matches!(self, Self::Leverage(_) | Self::OddGp(_) | Self::SparseOdd(_) | Self::Controlled(_))
    }

    /// [`Error::Budget`] unless `granted` evaluations, endpoints counted, are the least that some way needs.
    pub fn check_budget(&self, n_players: usize, granted: u64) -> Result<(), Error> {
        match self {
            Self::Owen(options) => options.check_players(n_players)?,
            Self::Precedence(options) => options.check_players(n_players)?,
            _ => (),
        }
        let all = every_coalition(n_players).unwrap_or(u64::MAX);
        let singles = n_players as u64 + 2;
        let (method, least) = match self {
            Self::Exact => ("exact", all),
            Self::EvenGp(options) => ("interactions", options.least_budget(n_players)),
            Self::Unbiased(_) => ("unbiased", unbiased::Options::least(n_players)),
            Self::Owen(options) => ("owen", options.least_budget()),
            Self::Precedence(_) => ("precedence", precedence::Options::least_budget(n_players)),
            Self::Screened => ("screened", singles.min(all).min(screened::LEAST_BUDGET)),
            _ => ("any estimator", singles.min(all)),
        };
        if granted < least {
            return Err(Error::Budget { method, got: granted, least, n_players });
        }
        Ok(())
    }

    /// Does it solve a system of the size of its evaluations, for every row?
    pub fn is_kriging(&self) -> bool {
        match self {
            Self::OddGp(_) | Self::SparseOdd(_) | Self::Controlled(_) | Self::EvenGp(_) => true,
            Self::Unbiased(options) => options.surrogate == unbiased::Surrogate::Kriging,
            _ => false,
        }
    }

    /// A run of this method, or of what it gives way to.
    pub fn start(self, problem: Problem) -> Result<Box<dyn Estimator>, Error> {
        if problem.n_players == 0 {
            return Err(Error::Parameter { argument: "n_players", got: "0".into(), accepted: "1 or more" });
        }
        let n_blocks = problem.n_blocks();
        let is_whole_alone = matches!(self, Self::EvenGp(_)) && problem.n_players > 3
            || matches!(self, Self::Unbiased(_)) && problem.n_players > 1;
        if n_blocks > 1 && is_whole_alone {
            let got = format!("{n_blocks} blocks");
            return Err(Error::Parameter {
                argument: "block_weights",
                got,
                accepted: "a background in one piece",
            });
        }
        Ok(match self.or_smaller(problem.n_players, problem.granted(), n_blocks) {
            Self::Exact => Box::new(Exact::new(problem)?),
            Self::Permutation => Box::new(Permutation::new(problem)?),
            Self::Leverage(sequence) => Box::new(Leverage::new(problem, sequence)?),
            Self::SinglesFirst => Box::new(SinglesFirst::new(problem)?),
            Self::OddGp(options) => odd_gp::start(problem, options)?,
            Self::SparseOdd(options) => sparse_odd::start(problem, options)?,
            Self::Controlled(options) => controlled::start(problem, options)?,
            Self::Unbiased(options) => unbiased::start(problem, &options)?,
            Self::EvenGp(options) => even_gp::start(problem, options)?,
            Self::Owen(options) => owen::start(problem, options)?,
            Self::Precedence(options) => precedence::start(problem, &options)?,
            Self::Screened => screened::start(problem)?,
        })
    }
}

/// `2^n`, where it fits.
pub fn every_coalition(n_players: usize) -> Option<u64> {
    1_u64.checked_shl(u32::try_from(n_players).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_follows_the_budget() {
        use Method::{Controlled, Exact, Leverage, OddGp, Permutation, SinglesFirst, SparseOdd};
        let kriging = || SparseOdd(odd_gp::Options::default());
        let cases = [
            (10, 1024, 1, Exact),
            (10, 1023, 1, kriging()),
            (10, 1024, 4, kriging()),
            (10, 1024, 40, Permutation),
            (10, 22, 1, kriging()),
            (10, 21, 1, SinglesFirst),
            (400, 900, 1, OddGp(odd_gp::Options { ascent: false, ..odd_gp::Options::default() })),
            (2000, 5000, 1, Permutation),
            (64, 5000, 1, Controlled(odd_gp::Options::default())),
            (2000, u64::MAX, 1, Leverage(Sequence::Leverage)),
        ];
        for (n, granted, n_blocks, method) in cases {
            assert_eq!(
                Method::choose(n, granted, n_blocks, &Wishes::default()),
                method,
                "n = {n}, m = {granted}"
            );
        }
        assert!(Permutation.check_budget(10, 12).is_ok() && Permutation.check_budget(10, 11).is_err());
        assert!(Exact.check_budget(10, 1024).is_ok() && Exact.check_budget(10, 1023).is_err());
        assert!(SinglesFirst.check_budget(1, 2).is_ok() && SinglesFirst.check_budget(2, 3).is_err());
        assert_eq!(Permutation.or_smaller(3, 8, 1), Exact);
        assert_eq!(Permutation.or_smaller(3, 8, 2), Permutation);
        assert_eq!(Permutation.or_smaller(1, 2, 2), Exact);
        assert_eq!(Permutation.or_smaller(3, 7, 1), SinglesFirst);
        assert_eq!(Permutation.or_smaller(10, 19, 1), SinglesFirst);
        assert_eq!(Leverage(Sequence::Kernel).or_smaller(10, 21, 1), SinglesFirst);
    }
}
