//! Any semivalue, from single coalitions.

use super::folds::{Remainder, Told};
use super::strata::Sample;
use super::terms::Terms;
use super::{Options, Surrogate, linear};
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::estimate::arrivals::Arrivals;
use crate::estimate::endpoints::Known;
use crate::estimate::{Batch, Estimate, Estimator, Problem, Status};
use crate::parallel::Workers;
use crate::sample::coalitions::CoalitionSequence;

/// Coalitions drawn at once, ahead of what is asked.
const DRAWN_AHEAD: u64 = 1024;

/// Any semivalue, estimated without bias from single coalitions drawn by size: see the module.
///
/// Evaluations 0 and 1 are the endpoints, unless they are known; then one coalition each.
#[derive(Debug)]
pub(super) struct Singles {
    problem: Problem,
    terms: Terms,
    options: Options,
    sequence: CoalitionSequence,
    /// Coalitions between the endpoints that the budget pays for.
    n_affordable: u64,
    known: Known,
    arrivals: Arrivals,
    sizes: Vec<u32>,
    coalitions: Coalitions,
    /// `v(S) - v({})` of those told: `(coalitions, outputs)`.
    gains: Vec<f64>,
}

impl Singles {
    /// Nothing asked yet; at least 2 players.
    pub(super) fn new(problem: Problem, options: &Options) -> Result<Self, Error> {
        let n = problem.n_players;
        let terms = Terms::of_coalitions(&options.semivalue, n)?;
        let sequence = CoalitionSequence::new(&terms.masses, n, problem.seed, problem.row_key);
        let known = Known::new(&problem)?;
        let affordable = problem.budget.saturating_sub(known.n_asked());
        Ok(Self {
            n_affordable: sequence.n_coalitions().map_or(affordable, |all| all.min(affordable)),
            arrivals: Arrivals::new(problem.n_outputs),
            sizes: Vec::new(),
            coalitions: Coalitions::new(n),
            gains: Vec::new(),
            options: options.clone(),
            problem,
            terms,
            sequence,
            known,
        })
    }

    fn n_told(&self) -> usize {
        self.gains.len() / self.problem.n_outputs
    }

    fn is_exact(&self) -> bool {
        self.sequence.n_coalitions() == Some(self.n_told() as u64)
    }

    fn draw(&mut self, n_coalitions: u64, workers: &Workers<'_>) -> Result<(), Error> {
        let drawn = self.sizes.len() as u64;
        let missing = n_coalitions.saturating_sub(drawn);
        if missing == 0 {
            return Ok(());
        }
        let count = missing.max(DRAWN_AHEAD).min(self.n_affordable - drawn);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let (sizes, coalitions) = self.sequence.next_coalitions(count, workers)?;
        self.sizes.extend(sizes);
        (0..coalitions.len()).for_each(|position| self.coalitions.push(coalitions.get(position)));
        Ok(())
    }

    fn sample(&self) -> Sample<'_> {
        let pool = |k| if k == 0 { Some(0) } else { self.sequence.pool(k) };
        Sample {
            terms: &self.terms,
            coalitions: &self.coalitions,
            strata: &self.sizes[..self.n_told()],
            pools: (0..self.problem.n_players).map(pool).collect(),
            n_outputs: self.problem.n_outputs,
        }
    }

    fn told<'a>(&'a self, sample: &'a Sample<'a>) -> Told<'a> {
        let difference = |output| self.known.total_difference(output);
        Told::new(sample, &self.gains, (0..sample.n_outputs).map(difference).collect())
    }

    fn remainder(&self, told: &Told<'_>, workers: &Workers<'_>) -> Result<Remainder, Error> {
        let folds = if self.is_exact() { None } else { self.options.folds_of(told.sample) };
        let Some(folds) = folds.filter(|_| self.options.surrogate == Surrogate::Linear) else {
            return Ok(told.bare());
        };
        let fit = |fold: u32| linear::fit(told, &folds, fold, workers);
        Ok(told.cross_fitted(&folds, &(0..folds.n_folds).map(fit).collect::<Result<Vec<_>, _>>()?))
    }
}

impl Estimator for Singles {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        let first = self.arrivals.asked();
        let n_endpoints = self.known.n_asked();
        let left = n_endpoints + self.n_affordable - first;
        let after = first + left.min(max as u64);
        self.draw(after.saturating_sub(n_endpoints), workers)?;
        let mut coalitions = Coalitions::new(self.problem.n_players);
        for evaluation in first..after {
            match evaluation.checked_sub(n_endpoints) {
                None => coalitions.push_endpoint(evaluation == 1),
                Some(inner) => {
                    coalitions.push(self.coalitions.get(usize::try_from(inner).unwrap_or(usize::MAX)));
                }
            }
        }
        let blocks = vec![0; coalitions.len()];
        self.arrivals.ask(coalitions.len());
        Ok(Batch { first, coalitions, blocks })
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        let Self { problem, arrivals, known, gains, .. } = self;
        arrivals.tell(first, worths, |worths| {
            for worths in known.take(worths).chunks_exact(problem.n_outputs) {
                gains.extend(worths.iter().enumerate().map(|(output, worth)| worth - known.empty(output)));
            }
        })
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let nothing = self.known.equal_shares(self.problem.n_players, self.arrivals.told());
        let sample = self.sample();
        if sample.strata.is_empty() {
            return Ok(super::without_units(nothing, &self.options.semivalue));
        }
        let told = self.told(&sample);
        let estimate = super::assemble(
            &told,
            &self.remainder(&told, workers)?,
            nothing,
            &self.options.semivalue,
            workers,
        )?;
        let status = if self.is_exact() {
            Status::Exact
        } else if self.n_told() as u64 == self.n_affordable {
            Status::BudgetSpent
        } else {
            Status::Interrupted
        };
        Ok(Estimate { status, ..estimate })
    }
}
