//! One explained row: from its pairs to its interactions.

use super::fit::{Fitted, fit, fit_even};
use super::indices::{Pairs, Parts, Sets, pairs_of, taylor, with_values};
use super::kernel::{Terms, signs};
use super::kriging::Functionals;
use super::readout::Measure;
use super::scaled::{FittedScaled, Scaled};
use crate::coalition::{Coalitions, members};
use crate::error::Error;
use crate::estimate::odd_gp::{self, Data, OddModel};
use crate::estimate::paired::Paired;
use crate::index::Interaction;
use crate::linalg::Matrix;
use crate::parallel::Workers;

/// What is known of one row.
pub(super) struct Row {
    odd: Data,
    /// `(rows, players)`, the empty coalition first.
    signs: Matrix,
    /// Of the rows, the first among them.
    is_star: Vec<bool>,
    /// `(v(S) + v(S^c)) / 2` less that of the empty pair: `(rows, outputs)`.
    even: Matrix,
}

impl Row {
    /// Row number `row` of a run, from its first `n_told` pairs: the star at least.
    pub(super) fn new(pairs: &Paired, n_told: usize, row: usize) -> Self {
        let problem = pairs.problem();
        let n_outputs = problem.n_outputs / problem.n_rows;
        let columns = row * n_outputs..(row + 1) * n_outputs;
        let of_row =
            |worths: &[f64], pair: usize| worths[pair * problem.n_outputs..][columns.clone()].to_vec();
        let mut coalitions = Coalitions::new(problem.n_players);
        (0..n_told).for_each(|pair| coalitions.push(pairs.coalitions().get(pair)));
        let endpoints = pairs.endpoints();
        let grand = columns.clone().map(|output| endpoints.total_difference(output)).collect();
        let middle: Vec<f64> = columns
            .clone()
            .map(|output| 0.5 * endpoints.empty(output) + 0.5 * endpoints.full(output))
            .collect();
        let mut even = Matrix::zeros(n_told + 1, n_outputs);
        for pair in 0..n_told {
            let sums = of_row(pairs.half_sums().unwrap_or_default(), pair);
            let cells = even.row_mut(pair + 1).iter_mut().zip(sums).zip(&middle);
            cells.for_each(|((cell, sum), middle)| *cell = sum - middle);
        }
        let is_star: Vec<bool> = pairs.classes()[..n_told].iter().map(|&class| class == 1).collect();
        let targets = (0..n_told).flat_map(|pair| of_row(pairs.half_differences(), pair)).collect();
        let signs = signs(&coalitions, n_told);
        let rows_of_star = std::iter::once(true).chain(is_star.iter().copied()).collect();
        Self { odd: Data { coalitions, is_star, targets, grand }, signs, is_star: rows_of_star, even }
    }

    /// The interactions, and the degrees of freedom of their errors.
    pub(super) fn interactions(
        &self,
        index: Interaction,
        workers: &Workers<'_>,
    ) -> Result<(Sets, f64), Error> {
        let (n, n_outputs) = (self.signs.n_columns(), self.even.n_columns());
        let model = OddModel::fit(&self.odd, odd_gp::Options::default(), workers)?;
        let shares = shares(&model.kappa());
        let even = Scaled::new(&self.even)
            .fit(&self.signs, &self.is_star, |rows| fit_even(rows, &shares, workers))?;
        let measure = Measure::even(index, n);
        let pairs = even.pairs(n, |fitted| pairs_of(fitted, &self.signs, &measure));
        let df = even.fitted.as_ref().map_or(f64::INFINITY, |fitted| fitted.kriging.degrees() as f64);
        let sets = match index {
            Interaction::Sii | Interaction::KSii | Interaction::Fsii => {
                let values = Parts {
                    means: Matrix::from_fn(n, n_outputs, |i, k| model.values()[i * n_outputs + k]),
                    variances: Matrix::from_fn(n, n_outputs, |i, k| {
                        model.std_errors()[i * n_outputs + k].powi(2)
                    }),
                };
                with_values(index, values, pairs)
            }
            Interaction::Bii | Interaction::Fbii => {
                let odd = self.odd_process(&model, workers)?;
                with_values(index, odd.read(n, |fitted| self.banzhaf(fitted)), pairs)
            }
            Interaction::Stii => {
                let odd = self.odd_process(&model, workers)?;
                self.taylor(&even, &odd, pairs)
            }
        };
        Ok((sets, df))
    }

    /// The process of the values once more: other indices read other things from it.
    fn odd_process(&self, model: &OddModel, workers: &Workers<'_>) -> Result<FittedScaled, Error> {
        let n_outputs = self.odd.n_outputs();
        let targets = Matrix::from_fn(self.signs.n_rows(), n_outputs, |row, output| match row {
            0 => -0.5 * self.odd.grand[output],
            _ => self.odd.targets[(row - 1) * n_outputs + output],
        });
        Scaled::new(&targets).fit(&self.signs, &self.is_star, |rows| {
            fit(rows, model.rho(), Terms::OddFrom3, model.noise(), workers)
        })
    }

    /// The Banzhaf values are the terms of degree 1: `-2 beta_i`.
    fn banzhaf(&self, fitted: &Fitted) -> Parts {
        let n = self.signs.n_columns();
        fitted.read(Functionals {
            of_rows: Matrix::zeros(self.signs.n_rows(), n),
            of_free: Matrix::from_fn(n, n, |i, j| if i == j { -2.0 } else { 0.0 }),
            prior: vec![0.0; n],
        })
    }

    fn taylor(&self, even: &FittedScaled, odd: &FittedScaled, even_pairs: Pairs) -> Sets {
        let (n, n_outputs) = (self.signs.n_columns(), self.even.n_columns());
        let (mut alone, mut missed) = (Matrix::zeros(n, n_outputs), Matrix::zeros(n, n_outputs));
        for row in (1..self.signs.n_rows()).filter(|&row| self.is_star[row]) {
            let Some(player) = members(self.odd.coalitions.get(row - 1)).next() else { continue };
            for (output, cell) in alone.row_mut(player).iter_mut().enumerate() {
                // v({i}) - v({}) = o(i) + e(i) - e({}) + D / 2
                let difference = self.odd.targets[(row - 1) * n_outputs + output];
                *cell = difference + self.even.row(row)[output] + 0.5 * self.odd.grand[output];
            }
            even.add_residuals(row, missed.row_mut(player));
            odd.add_residuals(row, missed.row_mut(player));
        }
        let odd_pairs = odd.pairs(n, |fitted| pairs_of(fitted, &self.signs, &Measure::odd_of_taylor(n)));
        taylor(alone, &missed, &self.odd.grand, even_pairs, &odd_pairs)
    }
}

/// What share of `sum kappa` is each player's; equal shares where nobody has any.
fn shares(kappa: &[f64]) -> Vec<f64> {
    let total: f64 = kappa.iter().sum();
    let equal = 1.0 / kappa.len() as f64;
    kappa.iter().map(|kappa| if total > 0.0 { kappa / total } else { equal }).collect()
}
