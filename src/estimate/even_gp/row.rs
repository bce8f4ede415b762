//! One explained row: from its pairs to its interactions.

use super::Options;
use super::fit::{Fitted, Rows, fit, fit_even};
use super::indices::{Parts, Sets, pairs_of, taylor, with_values};
use super::kernel::{Terms, signs};
use super::kriging::Functionals;
use super::readout::Measure;
use super::stand_in::{Data, OddModel};
use crate::error::Error;
use crate::estimate::paired::Paired;
use crate::index::Interaction;
use crate::linalg::Matrix;
use crate::parallel::Workers;

/// What is known of one row, and the scales of its outputs.
pub(super) struct Row {
    odd: Data,
    signs: Matrix,
    is_star: Vec<bool>,
    /// `(v(S) + v(S^c)) / 2` less that of the empty pair: `(rows, outputs)`, the empty pair first.
    even: Matrix,
    /// `v({i}) - v({})`: `(players, outputs)`; asked first of all.
    alone: Matrix,
}

impl Row {
    /// Row number `row` of a run whose star is told.
    pub(super) fn new(pairs: &Paired, row: usize) -> Self {
        let problem = pairs.problem();
        let (n, n_outputs) = (problem.n_players, problem.n_outputs / problem.n_rows);
        let n_told = pairs.n_told();
        let at = |pair: usize, output: usize| pair * problem.n_outputs + row * n_outputs + output;
        let (differences, sums) = (pairs.half_differences(), pairs.half_sums().unwrap_or_default());
        let mut coalitions = crate::coalition::Coalitions::new(n);
        (0..n_told).for_each(|pair| coalitions.push(pairs.coalitions().get(pair)));
        let known = |output: usize| (pairs.endpoints().empty(row * n_outputs + output), pairs.endpoints().full(row * n_outputs + output));
        let middle: Vec<f64> = (0..n_outputs).map(known).map(|(empty, full)| 0.5 * empty + 0.5 * full).collect();
        let even = Matrix::from_fn(n_told + 1, n_outputs, |r, output| {
            if r == 0 { 0.0 } else { sums[at(r - 1, output)] - middle[output] }
        });
        let is_star: Vec<bool> = pairs.classes().iter().map(|&class| class == 1).collect();
        let mut alone = Matrix::zeros(n, n_outputs);
        for pair in (0..n_told).filter(|&pair| is_star[pair]) {
            let Some(player) = crate::coalition::members(coalitions.get(pair)).next() else { continue };
            for (output, cell) in alone.row_mut(player).iter_mut().enumerate() {
                // v({i}) - v({}) = o + e - (e({}) - D / 2)
                let (empty, full) = known(output);
                *cell = differences[at(pair, output)] + (0.5 * full - 0.5 * empty) + even.row(pair + 1)[output];
            }
        }
        let targets = (0..n_told).flat_map(|pair| (0..n_outputs).map(move |output| (pair, output)));
        let targets = targets.map(|(pair, output)| differences[at(pair, output)]).collect();
        let grand = (0..n_outputs).map(|output| { let (empty, full) = known(output); full - empty }).collect();
        let signs = signs(&coalitions, n_told);
        Self {
            odd: Data { coalitions, is_star: is_star.clone(), targets, grand },
            signs,
            is_star: std::iter::once(true).chain(is_star).collect(),
            even,
            alone,
        }
    }

    /// The values' model.
    pub(super) fn odd_model(&self, workers: &Workers<'_>) -> Result<OddModel, Error> {
        OddModel::fit(&self.odd, workers)
    }

    /// The interactions, and the degrees of freedom of their errors.
    pub(super) fn interactions(&self, options: Options, workers: &Workers<'_>) -> Result<(Sets, f64), Error> {
        let n = self.signs.n_columns();
        let model = self.odd_model(workers)?;
        let total: f64 = model.rho().iter().map(|rho| rho.atanh()).sum();
        let shares: Vec<f64> = model
            .rho()
            .iter()
            .map(|rho| if total > 0.0 { rho.atanh() / total } else { 1.0 / n as f64 })
            .collect();
        let even_scales = Scales::of(&self.even);
        let even = even_scales.fit(&self.even, |rows| fit_even(rows, &shares, workers), self)?;
        let measure = Measure::even(options.index, n);
        let even_pairs = match &even {
            None => None,
            Some(even) => {
                let mut pairs = pairs_of(even, &self.signs, &measure);
                pairs.pairs = even_scales.undo(&pairs.pairs);
                pairs.half_sums = even_scales.undo(&pairs.half_sums);
                Some(pairs)
            }
        };
        let n_outputs = self.even.n_columns();
        let even_pairs = even_pairs.unwrap_or_else(|| super::indices::Pairs {
            pairs: Parts::zeros(n * (n - 1) / 2, n_outputs),
            half_sums: Parts::zeros(n, n_outputs),
        });
        let df = even.as_ref().map_or(f64::INFINITY, |even| even.kriging.degrees() as f64);
        let sets = match options.index {
            Interaction::Sii | Interaction::KSii | Interaction::Fsii => {
                let values = Parts::of_values(&model, n, n_outputs);
                with_values(options.index, values, even_pairs)
            }
            Interaction::Bii | Interaction::Fbii => {
                let values = self.banzhaf(&model, workers)?;
                with_values(options.index, values, even_pairs)
            }
            Interaction::Stii => self.taylor(&model, even.as_ref(), &even_scales, even_pairs, workers)?,
        };
        Ok((sets, df))
    }

    fn odd_targets(&self) -> Matrix {
        let n_outputs = self.odd.grand.len();
        Matrix::from_fn(self.signs.n_rows(), n_outputs, |row, output| {
            if row == 0 { -0.5 * self.odd.grand[output] } else { self.odd.targets[(row - 1) * n_outputs + output] }
        })
    }

    /// The Banzhaf values are the terms of degree 1: `-2 beta_i`.
    fn banzhaf(&self, model: &OddModel, workers: &Workers<'_>) -> Result<Parts, Error> {
        let n = self.signs.n_columns();
        let targets = self.odd_targets();
        let scales = Scales::of(&targets);
        let fitted = scales.fit(&targets, |rows| fit(rows, model.rho().to_vec(), Terms::OddFrom3, model.noise(), workers), self)?;
        let Some(fitted) = fitted else { return Ok(Parts::zeros(n, targets.n_columns())) };
        let read = fitted.kriging.read(Functionals {
            of_rows: Matrix::zeros(self.signs.n_rows(), n),
            of_free: Matrix::from_fn(n, n, |i, j| if i == j { -2.0 } else { 0.0 }),
            prior: vec![0.0; n],
        });
        let variances = Matrix::from_fn(n, read.means.n_columns(), |i, output| read.variances.row(i)[output] * fitted.inflations[output]);
        Ok(scales.undo(&Parts { means: read.means, variances }))
    }

    fn taylor(
        &self,
        model: &OddModel,
        even: Option<&Fitted>,
        even_scales: &Scales,
        even_pairs: super::indices::Pairs,
        workers: &Workers<'_>,
    ) -> Result<Sets, Error> {
        let n = self.signs.n_columns();
        let targets = self.odd_targets();
        let scales = Scales::of(&targets);
        let odd = scales.fit(&targets, |rows| fit(rows, model.rho().to_vec(), Terms::OddFrom3, model.noise(), workers), self)?;
        let n_outputs = targets.n_columns();
        let mut missed = Matrix::zeros(n, n_outputs);
        for (fitted, scales) in [(even, even_scales), (odd.as_ref(), &scales)] {
            let Some(fitted) = fitted else { continue };
            for row in 1..self.signs.n_rows() {
                if !self.is_star[row] {
                    continue;
                }
                let Some(player) = crate::coalition::members(self.odd.coalitions.get(row - 1)).next() else { continue };
                for (live, &(output, scale)) in scales.live.iter().enumerate() {
                    missed.row_mut(player)[output] += scale * fitted.residual(row, live);
                }
            }
        }
        let odd_pairs = match &odd {
            None => super::indices::Pairs { pairs: Parts::zeros(n * (n - 1) / 2, n_outputs), half_sums: Parts::zeros(n, n_outputs) },
            Some(odd) => {
                let mut pairs = pairs_of(odd, &self.signs, &Measure::odd_of_taylor(n));
                pairs.pairs = scales.undo(&pairs.pairs);
                pairs
            }
        };
        Ok(taylor(self.alone.clone(), &missed, &self.odd.grand, even_pairs, &odd_pairs))
    }
}

impl Parts {
    fn of_values(model: &OddModel, n: usize, n_outputs: usize) -> Self {
        Self {
            means: Matrix::from_fn(n, n_outputs, |i, output| model.values()[i * n_outputs + output]),
            variances: Matrix::from_fn(n, n_outputs, |i, output| model.std_errors()[i * n_outputs + output].powi(2)),
        }
    }
}

/// Outputs that are not zero throughout, and their root mean squares.
struct Scales {
    live: Vec<(usize, f64)>,
    n_outputs: usize,
}

impl Scales {
    fn of(targets: &Matrix) -> Self {
        let n_rows = targets.n_rows();
        let scale = |output: usize| {
            // Divided by the largest first: squares of worths near the ends of the range would not fit.
            let largest = (0..n_rows).fold(0.0_f64, |most, row| most.max(targets.row(row)[output].abs()));
            let squares: f64 = (0..n_rows).map(|row| (targets.row(row)[output] / largest).powi(2)).sum();
            largest * (squares / n_rows as f64).sqrt()
        };
        let n_outputs = targets.n_columns();
        let live = (0..n_outputs).map(|output| (output, scale(output))).filter(|(_, scale)| *scale > 0.0);
        Self { live: live.collect(), n_outputs }
    }

    fn fit(
        &self,
        targets: &Matrix,
        fit: impl FnOnce(&Rows<'_>) -> Result<Fitted, Error>,
        row: &Row,
    ) -> Result<Option<Fitted>, Error> {
        if self.live.is_empty() {
            return Ok(None);
        }
        let scaled = Matrix::from_fn(targets.n_rows(), self.live.len(), |r, live| {
            let (output, scale) = self.live[live];
            targets.row(r)[output] / scale
        });
        fit(&Rows { signs: &row.signs, targets: &scaled, is_star: &row.is_star }).map(Some)
    }

    fn undo(&self, parts: &Parts) -> Parts {
        let mut whole = Parts::zeros(parts.means.n_rows(), self.n_outputs);
        for row in 0..parts.means.n_rows() {
            for (live, &(output, scale)) in self.live.iter().enumerate() {
                whole.means.row_mut(row)[output] = scale * parts.means.row(row)[live];
                whole.variances.row_mut(row)[output] = scale * scale * parts.variances.row(row)[live];
            }
        }
        whole
    }
}
