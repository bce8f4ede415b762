//! Values of a non-linear function of the margin: a probability, an exponential, a loss.
//!
//! As shap does it, each background row's values are rescaled: `phi_i(x) = sum_z omega_z s(f(x), f(z)) phi_i(x, z)`, where `f` is the
//! margin of the whole ensemble with its offset, `phi_i(x, z)` the value of the margin against background row `z` alone,
//! and `s(a, b) = (g(a) - g(b)) / (a - b)`. The values sum to `g(f(x)) - sum_z omega_z g(f(z))`. Where `f(x) = f(z)` exactly, `s` is `g'`
//! (shap puts 1 there).
//!
//! `s` is smooth in `b`, so the sum over background rows takes few sums with other weights (`passes`): at most 42 for each
//! 8 units of spread of the background's margins, for any number of background rows, and one for each of few. Each pass goes
//! through the kernels of an ordinary background. Interpolation errs by less than 1e-12 of the values' sum.

use std::sync::{Arc, OnceLock};

pub use function::Function;
use kernels::{PassKernels, Stand};
use passes::{Factor, Pass, passes};

use super::encode::Encoding;
use super::forest::{Forest, Precision};
use super::plan::{check_rows, checked_weights};
use super::predict::predict;
use super::rows::Rows;
use super::sweep::{Sums, Sweep};
use crate::error::{Error, ModelError};
use crate::parallel::Workers;

mod function;
mod kernels;
mod passes;

/// Passes that are swept together: encoding a chunk of rows serves all of them.
const PASSES_PER_SWEEP: usize = 8;
/// What the kernels that are kept from call to call may take, at about [`BYTES_PER_LEAF`].
const KEPT_BYTES: usize = 1 << 30;
/// Tables of patterns take about so much for each leaf of an ensemble (2.1 KiB on M6).
const BYTES_PER_LEAF: usize = 2 << 10;

/// A forest of one output, a background, and the function of the margin that is explained.
#[derive(Debug)]
pub struct Margins {
    forest: Arc<Forest>,
    encoding: Arc<Encoding>,
    function: Function,
    stand: Stand,
    passes: Vec<Pass>,
    /// Kernels of the first sweeps, made by the first call.
    kept: Vec<OnceLock<Vec<PassKernels>>>,
    background: Vec<(f64, f64)>, // margin and weight of each row that weighs something
}

impl Margins {
    /// Find the passes. No weights: all background rows alike; otherwise they are scaled to sum 1.
    ///
    /// Refuses forests of several outputs: no difference quotient of one margin rescales a softmax.
    pub fn new(
        forest: Arc<Forest>,
        encoding: Arc<Encoding>,
        background: &Rows<'_>,
        weights: Option<&[f64]>,
        function: Function,
        precision: Precision,
        workers: &Workers<'_>,
    ) -> Result<Self, Error> {
        if forest.n_outputs() != 1 {
            return Err(Error::Model(ModelError::Unsupported {
                library: "trees",
                what: format!("a function of the margin of a model with {} outputs", forest.n_outputs()),
                remedy: "explain model_output='raw', or the model as a black box: algorithm='permutation'",
            }));
        }
        check_rows(&forest, background)?;
        let mut weights = checked_weights(background.n_rows(), weights)?;
        let total: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= total;
        }
        let margins = predict(&forest, &encoding, background, workers)?;
        let passes = passes(function, &margins, &weights);
        let sweep_bytes = BYTES_PER_LEAF * forest.n_leaves().max(1) * PASSES_PER_SWEEP;
        let n_kept = (KEPT_BYTES / sweep_bytes).min(passes.len().div_ceil(PASSES_PER_SWEEP));
        let kept = (0..n_kept).map(|_| OnceLock::new()).collect();
        let background_rows = margins.into_iter().zip(weights).filter(|&(_, weight)| weight != 0.0).collect();
        let stand = Stand::new(Arc::clone(&forest), Arc::clone(&encoding), background, precision);
        Ok(Self { forest, encoding, function, stand, passes, kept, background: background_rows })
    }

    /// What is explained.
    pub fn function(&self) -> Function {
        self.function
    }

    /// `sum_z omega_z g(f(z))`; functions without labels ignore `label`.
    pub fn base_value(&self, label: f64) -> f64 {
        self.background.iter().map(|&(margin, weight)| weight * self.function.at(margin, label)).sum()
    }

    /// Values of all rows, `[row][player]` into `out`; labels for functions that need them, one for each row.
    pub fn values(
        &self,
        rows: &Rows<'_>,
        labels: Option<&[f64]>,
        workers: &Workers<'_>,
        progress: &(dyn Fn(usize) + Sync),
        out: &mut [f64],
    ) -> Result<(), Error> {
        let n_players = self.forest.n_players();
        check_rows(&self.forest, rows)?;
        let want = rows.n_rows() * n_players;
        if out.len() != want {
            return Err(Error::Length { argument: "out", got: out.len(), want });
        }
        let labels = self.checked_labels(rows.n_rows(), labels)?;
        let margins = predict(&self.forest, &self.encoding, rows, workers)?;
        out.fill(0.0);
        let n_sweeps = self.passes.len().div_ceil(PASSES_PER_SWEEP);
        for (number, passes) in self.passes.chunks(PASSES_PER_SWEEP).enumerate() {
            let made; // kernels that are not kept
            let kernels = if let Some(kept) = self.kept.get(number) {
                if let Some(kernels) = kept.get() {
                    kernels
                } else {
                    let fresh = self.stand.kernels(passes, workers)?;
                    kept.get_or_init(|| fresh) // another thread may have been faster
                }
            } else {
                made = self.stand.kernels(passes, workers)?;
                &made
            };
            let sections: Vec<_> = kernels.iter().map(|kernels| kernels.section(n_players)).collect();
            // a row counts as done in shares, one for each sweep
            let progress = |n: usize| progress((number + 1) * n / n_sweeps - number * n / n_sweeps);
            Sweep::new(&sections, &self.encoding, rows, 1).run(
                workers,
                &progress,
                (&mut *out, n_players),
                &|sums, part| self.add(passes, sums, (&margins, labels), part),
            )?;
        }
        workers.check()
    }

    /// Add some passes to a chunk's values: pass after pass, whatever passes are swept together.
    fn add(&self, passes: &[Pass], sums: &Sums<'_>, (margins, labels): (&[f64], &[f64]), part: &mut [f64]) {
        let n_players = self.forest.n_players();
        let mut factors = Vec::new(); // by row of the chunk
        for (section, pass) in passes.iter().enumerate() {
            factors.clear();
            factors.extend(sums.rows.clone().map(|row| {
                let label = labels.get(row).copied().unwrap_or(0.0);
                match pass.factor {
                    Factor::Quotient(at) => self.function.quotient(margins[row], at, label),
                    Factor::Row => 2.0f64.mul_add(-label, margins[row]),
                    Factor::One => 1.0,
                }
            }));
            for player in 0..n_players {
                let places = part[player..].iter_mut().step_by(n_players);
                for ((place, value), factor) in places.zip(sums.slot_of(section, 0, player)).zip(&factors) {
                    *place = value.mul_add(*factor, *place);
                }
            }
        }
    }

    fn checked_labels<'a>(&self, n_rows: usize, labels: Option<&'a [f64]>) -> Result<&'a [f64], Error> {
        let labels = labels.filter(|_| self.function.needs_labels()).unwrap_or(&[]);
        if self.function.needs_labels() && labels.len() != n_rows {
            return Err(Error::Length { argument: "y", got: labels.len(), want: n_rows });
        }
        if let Some(bad) = labels.iter().find(|label| !label.is_finite()) {
            return Err(Error::Parameter { argument: "y", got: bad.to_string(), accepted: "finite" });
        }
        Ok(labels)
    }

    /// In words, for `explainer.plan`.
    pub fn describe(&self) -> Vec<String> {
        let n_rows = self.background.len();
        vec![format!("{} passes with signed weights for {n_rows} background rows", self.passes.len())]
    }
}
