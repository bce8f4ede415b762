//! Kriging as a surrogate: one model for each row and fold.

use super::folds::{Fit, Folds, Told};
use super::linear;
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::estimate::odd_gp::{Data, OddModel, Options};
use crate::parallel::Workers;

/// Fit [`OddModel`] to the pairs of every fold but one, each row by itself, folds and rows in parallel.
///
/// Below as many pairs as players in a fold, which determine nothing, additive games instead.
pub(super) fn fits(
    told: &Told<'_>,
    folds: &Folds,
    n_rows: usize,
    workers: &Workers<'_>,
) -> Result<Vec<Fit>, Error> {
    let n_folds = folds.n_folds as usize;
    let n_players = told.sample.coalitions.n_players();
    if (0..folds.n_folds).any(|fold| folds.training(fold).count() < n_players) {
        return (0..folds.n_folds).map(|fold| linear::fit(told, folds, fold, workers)).collect();
    }
    let data: Vec<Data> = (0..folds.n_folds)
        .flat_map(|fold| (0..n_rows).map(move |row| data(told, folds, fold, row, n_rows)))
        .collect();
    let mut slots: Vec<Option<Result<Part, Error>>> = (0..n_folds * n_rows).map(|_| None).collect();
    workers.for_each_unit(slots.iter_mut().zip(&data), |_, (slot, data)| {
        *slot = Some(Part::new(told, data, &workers.alone()));
    })?;
    let mut parts = Vec::with_capacity(slots.len());
    for part in slots.into_iter().flatten() {
        parts.push(part?);
    }
    Ok(parts.chunks(n_rows).map(|rows| joined(told, rows)).collect())
}

/// What the surrogate of one fold and row is fitted to.
fn data(told: &Told<'_>, folds: &Folds, fold: u32, row: usize, n_rows: usize) -> Data {
    let sample = told.sample;
    let n_outputs = sample.n_outputs / n_rows;
    let outputs = row * n_outputs..(row + 1) * n_outputs;
    let units: Vec<usize> = folds.training(fold).collect();
    let mut coalitions = Coalitions::new(sample.coalitions.n_players());
    for &unit in &units {
        coalitions.push(sample.coalitions.get(unit));
    }
    let cells = units.iter().flat_map(|unit| outputs.clone().map(move |k| unit * sample.n_outputs + k));
    Data {
        is_star: units.iter().map(|&unit| sample.strata[unit] == 1).collect(),
        targets: cells.map(|cell| told.targets[cell]).collect(),
        grand: told.grand[outputs.clone()].to_vec(),
        coalitions,
    }
}

/// A row's share of a [`Fit`].
struct Part {
    predictions: Vec<f64>, // (pairs, outputs of the row)
    values: Vec<f64>,      // (players, outputs of the row)
}

impl Part {
    fn new(told: &Told<'_>, data: &Data, workers: &Workers<'_>) -> Result<Self, Error> {
        let model = OddModel::fit(data, Options::default(), workers)?;
        let n_outputs = data.n_outputs();
        let mut pairs = Coalitions::new(told.sample.coalitions.n_players());
        for unit in 0..told.sample.strata.len() {
            pairs.push(told.sample.coalitions.get(unit));
        }
        let mut predictions = model.predict(&pairs, workers)?;
        // The model's values are those of its own game and equal shares of what it misses of `D`.
        for (row, &stratum) in predictions.chunks_exact_mut(n_outputs).zip(told.sample.strata) {
            let equal = told.equal[stratum as usize];
            row.iter_mut().zip(model.gap()).for_each(|(prediction, gap)| *prediction += equal * gap);
        }
        Ok(Self { predictions, values: model.values().to_vec() })
    }
}

/// The rows of a fold, side by side.
fn joined(told: &Told<'_>, rows: &[Part]) -> Fit {
    let n_outputs = told.sample.n_outputs / rows.len();
    let beside = |of: &dyn Fn(&Part) -> &[f64]| {
        let length = of(&rows[0]).len() / n_outputs;
        let row = |at: usize| rows.iter().map(move |part| (part, at));
        (0..length)
            .flat_map(row)
            .flat_map(|(part, at)| of(part)[at * n_outputs..(at + 1) * n_outputs].iter().copied())
            .collect()
    };
    Fit {
        predictions: beside(&|part| &part.predictions),
        values: beside(&|part| &part.values),
        grand: told.grand.clone(),
    }
}
