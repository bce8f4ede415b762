//! Symmetric semivalues, from complementary pairs.

use super::folds::{Folds, Remainder, Told};
use super::strata::Sample;
use super::terms::Terms;
use super::{Options, Surrogate, linear};
use crate::error::Error;
use crate::estimate::paired::Paired;
use crate::estimate::{Batch, Estimate, Estimator, Problem};
use crate::parallel::Workers;
use crate::sample::pairs::PairSequence;

/// A symmetric semivalue, estimated without bias from complementary pairs drawn by size: see the module.
#[derive(Debug)]
pub(super) struct Pairs {
    asked: Paired,
    terms: Terms,
    options: Options,
}

impl Pairs {
    /// Nothing asked yet; at least 4 players.
    pub(super) fn new(problem: Problem, options: &Options) -> Result<Self, Error> {
        let n = problem.n_players;
        let terms = Terms::of_pairs(&options.semivalue, n)?;
        let sequence = PairSequence::in_proportion(&terms.masses, n, problem.seed, problem.row_key);
        Ok(Self { asked: Paired::on(problem, sequence, false)?, terms, options: options.clone() })
    }

    fn sample(&self) -> Sample<'_> {
        let sequence = self.asked.sequence();
        let n_strata = self.terms.masses.len();
        Sample {
            terms: &self.terms,
            coalitions: self.asked.coalitions(),
            strata: self.asked.classes(),
            pools: (0..n_strata).map(|k| if k == 0 { Some(0) } else { sequence.pool(k) }).collect(),
            n_outputs: self.asked.problem().n_outputs,
        }
    }

    fn told<'a>(&'a self, sample: &'a Sample<'a>) -> Told<'a> {
        let difference = |output| self.asked.endpoints().total_difference(output);
        Told::new(sample, self.asked.half_differences(), (0..sample.n_outputs).map(difference).collect())
    }

    fn n_players(&self) -> usize {
        self.asked.problem().n_players
    }

    fn folds(&self, sample: &Sample<'_>) -> Option<Folds> {
        if self.asked.is_exact() { None } else { self.options.folds_of(sample) }
    }

    fn finish(&self, told: &Told<'_>, rest: &Remainder, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let nothing = self.asked.endpoints().equal_shares(self.n_players(), self.asked.n_evaluations());
        let estimate = super::assemble(told, rest, nothing, &self.options.semivalue, workers)?;
        Ok(Estimate { status: self.asked.status(), ..estimate })
    }
}

impl Estimator for Pairs {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        self.asked.ask(max, workers)
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        self.asked.tell(first, worths)
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let sample = self.sample();
        if sample.strata.is_empty() {
            let nothing = self.asked.endpoints().equal_shares(self.n_players(), self.asked.n_evaluations());
            return Ok(super::without_units(nothing, &self.options.semivalue));
        }
        let told = self.told(&sample);
        let rest = match (self.options.surrogate, self.folds(&sample)) {
            (Surrogate::Linear, Some(folds)) => {
                let fit = |fold: u32| linear::fit(&told, &folds, fold, workers);
                told.cross_fitted(&folds, &(0..folds.n_folds).map(fit).collect::<Result<Vec<_>, _>>()?)
            }
            _ => told.bare(),
        };
        self.finish(&told, &rest, workers)
    }
}
