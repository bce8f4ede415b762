//! Symmetric semivalues, from complementary pairs.

use super::folds::{Fit, Folds, Remainder, Told};
use super::strata::Sample;
use super::terms::Terms;
use super::{Options, Surrogate, Training, kriging, linear};
use crate::coalition::Coalitions;
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
                let fit = |fold| linear::fit(&told, &folds, fold, workers);
                told.cross_fitted(&folds, &(0..folds.n_folds).map(fit).collect::<Result<Vec<_>, _>>()?)
            }
            (Surrogate::Kriging, Some(folds)) => {
                let n_rows = self.asked.problem().n_rows;
                told.cross_fitted(&folds, &kriging::fits(&told, &folds, n_rows, workers)?)
            }
            _ => told.bare(),
        };
        self.finish(&told, &rest, workers)
    }

    fn training(&self) -> Option<Training> {
        let sample = self.sample();
        if self.options.surrogate != Surrogate::Given || sample.strata.is_empty() {
            return None;
        }
        let folds = self.folds(&sample)?;
        let mut coalitions = Coalitions::new(self.n_players());
        for pair in 0..sample.strata.len() {
            coalitions.push(sample.coalitions.get(pair));
        }
        let grand = self.told(&sample).grand;
        Some(Training { coalitions, half_differences: self.asked.half_differences().to_vec(), grand, folds })
    }

    fn estimate_with(&self, mut fits: Vec<Fit>, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let sample = self.sample();
        let told = self.told(&sample);
        let Some(folds) = self.folds(&sample).filter(|_| !sample.strata.is_empty()) else {
            return self.estimate(workers);
        };
        if fits.len() != folds.n_folds as usize {
            return Err(Error::Length {
                argument: "surrogates",
                got: fits.len(),
                want: folds.n_folds as usize,
            });
        }
        for fit in &mut fits {
            told.check(fit)?;
            told.complete(fit);
        }
        self.finish(&told, &told.cross_fitted(&folds, &fits), workers)
    }
}
