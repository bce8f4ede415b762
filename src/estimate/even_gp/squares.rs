//! Least squares of order 2 on half-sums, for budgets and games that are too large to be kriged.
//!
//! With `z_ij(S) = 1` where `S` parts `i` from `j`, else 0, the polynomials of order 2 that meet both endpoints have the
//! half-sums `e(S) = e({}) - sum_ij z_ij(S) I_ij / 2`, and FSII (Tsai, Yeh, Ravikumar 2023) is
//!
//! $$ I = \arg\min \sum_a w_a \Big(t_a + \tfrac12 \sum_{ij} z_{ij}(S_a) I_{ij}\Big)^2, \qquad
//! t_a = e(S_a) - e(\emptyset), \qquad w_a = \frac{g_k}{k (n - k) c_k} $$
//!
//! over the pairs drawn, `c_k` of class `k`, which has `g_k` sizes. No large weight stands for the endpoints: both are met
//! exactly. SII takes `I` as a control variate, and adds what the residuals `r_a` say by SII's own definition,
//!
//! $$ \sum_k \frac{g_k}{c_k} \sum_{a \in k} \omega_{ij}(S_a) r_a, \qquad
//! \omega = \frac{n}{k (k - 1)},\; \frac{n}{(n - k)(n - k - 1)},\; -\frac{n}{k (n - k)} $$
//!
//! where `S_a` has both players, neither, or one (the weights of SHAP-IQ: Fumagalli et al. 2023). Both are consistent, and
//! exact without interactions above order 2. Variances: squares of what each pair moves, times its residual over one less
//! its leverage (HC3), with the factor of finite populations.
//!
//! Cost: `p P^2` multiply-adds for `p` pairs of coalitions and `P = n (n - 1) / 2` pairs of players, half as much again
//! for FSII.

use std::ops::Range;

use super::indices::{Pairs, Parts};
use super::readout::for_each_pair;
use crate::coalition::contains;
use crate::error::Error;
use crate::estimate::paired::Paired;
use crate::index::Interaction;
use crate::linalg::{Cholesky, Matrix, Square, product, transposed_product};
use crate::parallel::Workers;

/// Pairs of coalitions that are worked on at once.
const BLOCK: usize = 128;
/// Leverages count as at most this.
const LARGEST_LEVERAGE: f64 = 1.0 - 1e-9;

/// The interactions of all pairs of players, `(pairs, outputs)`, and the degrees of freedom of their errors.
pub(super) fn pairs(told: &Paired, index: Interaction, workers: &Workers<'_>) -> Result<(Pairs, f64), Error> {
    let design = Design::new(told);
    let n_pairs = design.n_pairs();
    let fit = design.fit(workers)?;
    let mut means = fit.interactions.clone();
    let mut all = Parts::zeros(n_pairs + design.n, told.problem().n_outputs);
    for rows in design.blocks() {
        workers.check()?;
        let parted = design.parted(rows.clone());
        let residuals = design.residuals(rows.clone(), &parted, &fit.interactions);
        let mut moved = design.weighted(rows.clone(), &parted).transposed();
        fit.factor.solve_lower(&mut moved);
        let leverages: Vec<f64> = (0..rows.len())
            .map(|a| (0..n_pairs).map(|pair| moved.row(pair)[a].powi(2)).sum::<f64>().min(LARGEST_LEVERAGE))
            .collect();
        if index == Interaction::Fsii {
            fit.factor.solve_upper(&mut moved);
            design.scale_moves(rows.clone(), &mut moved);
        } else {
            moved = design.by_definition(rows.clone());
            add(&mut means, &product(&moved, &residuals));
        }
        let moved = with_half_sums(&moved, design.n);
        let squares = Matrix::from_fn(moved.n_rows(), rows.len(), |which, a| moved.row(which)[a].powi(2));
        let scaled = Matrix::from_fn(rows.len(), residuals.n_columns(), |a, output| {
            let undrawn = design.undrawn[told.classes()[rows.start + a] as usize];
            undrawn * (residuals.row(a)[output] / (1.0 - leverages[a])).powi(2)
        });
        add(&mut all.variances, &product(&squares, &scaled));
    }
    all.means = with_half_sums(&means, design.n);
    Ok((Pairs::cut(&all, design.n, 1.0, 1.0), (told.n_told() - n_pairs) as f64))
}

/// Pairs of coalitions as least squares weigh them.
struct Design<'a> {
    told: &'a Paired,
    n: usize,
    /// `g_k / c_k` of each class.
    shares: Vec<f64>,
    /// The part of each class that was not drawn.
    undrawn: Vec<f64>,
}

struct Fit {
    /// Factor of `Z'WZ`.
    factor: Cholesky,
    /// `(pairs of players, outputs)`.
    interactions: Matrix,
}

impl<'a> Design<'a> {
    fn new(told: &'a Paired) -> Self {
        let n = told.problem().n_players;
        let mut counts = vec![0_u64; n / 2 + 1];
        told.classes().iter().for_each(|&class| counts[class as usize] += 1);
        let sequence = told.sequence();
        let shares =
            counts.iter().enumerate().map(|(k, &c)| sequence.multiplicity(k) as f64 / c.max(1) as f64);
        let undrawn = counts.iter().enumerate().map(|(k, &c)| {
            let pool = if k == 0 { None } else { sequence.pool(k) }; // no pair has nobody as its smaller half
            pool.map_or(1.0, |pool| 1.0 - c as f64 / pool as f64)
        });
        Self { told, n, shares: shares.collect(), undrawn: undrawn.collect() }
    }

    fn n_pairs(&self) -> usize {
        self.n * (self.n - 1) / 2
    }

    fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        let n_told = self.told.n_told();
        (0..n_told).step_by(BLOCK).map(move |first| first..n_told.min(first + BLOCK))
    }

    /// `sqrt(w_a)`.
    fn root_weight(&self, row: usize) -> f64 {
        let k = self.told.classes()[row] as usize;
        (self.shares[k] / (k * (self.n - k)) as f64).sqrt()
    }

    /// `z_ij(S_a)`: `(rows, pairs of players)`.
    fn parted(&self, rows: Range<usize>) -> Matrix {
        let mut parted = Matrix::zeros(rows.len(), self.n_pairs());
        for (a, row) in rows.enumerate() {
            let words = self.told.coalitions().get(row);
            let inside: Vec<bool> = (0..self.n).map(|player| contains(words, player)).collect();
            let cells = parted.row_mut(a);
            for_each_pair(self.n, |pair, i, j| cells[pair] = f64::from(u8::from(inside[i] != inside[j])));
        }
        parted
    }

    /// Rows times the roots of their weights.
    fn weighted(&self, rows: Range<usize>, matrix: &Matrix) -> Matrix {
        Matrix::from_fn(matrix.n_rows(), matrix.n_columns(), |a, column| {
            self.root_weight(rows.start + a) * matrix.row(a)[column]
        })
    }

    /// `t_a`: `(rows, outputs)`.
    fn targets(&self, rows: Range<usize>) -> Matrix {
        let n_outputs = self.told.problem().n_outputs;
        let endpoints = self.told.endpoints();
        let sums = self.told.half_sums().unwrap_or_default();
        Matrix::from_fn(rows.len(), n_outputs, |a, output| {
            let of_endpoints = 0.5 * endpoints.empty(output) + 0.5 * endpoints.full(output);
            sums[(rows.start + a) * n_outputs + output] - of_endpoints
        })
    }

    fn fit(&self, workers: &Workers<'_>) -> Result<Fit, Error> {
        let n_pairs = self.n_pairs();
        let mut gram = Matrix::zeros(n_pairs, n_pairs);
        let mut interactions = Matrix::zeros(n_pairs, self.told.problem().n_outputs);
        for rows in self.blocks() {
            workers.check()?;
            let parted = self.weighted(rows.clone(), &self.parted(rows.clone()));
            add(&mut gram, &transposed_product(&parted, &parted));
            let mut targets = self.weighted(rows.clone(), &self.targets(rows));
            for a in 0..targets.n_rows() {
                targets.row_mut(a).iter_mut().for_each(|cell| *cell *= -2.0);
            }
            add(&mut interactions, &transposed_product(&parted, &targets));
        }
        let mut square = Square::zeros(n_pairs);
        (0..n_pairs).for_each(|row| square.row_mut(row)[..n_pairs].copy_from_slice(gram.row(row)));
        workers.check()?;
        let (argument, got) = ("budget", self.told.n_told().to_string());
        let accepted = "pairs that tell all pairs of players apart";
        let factor = Cholesky::new(square).ok_or(Error::Parameter { argument, got, accepted })?;
        factor.solve_lower(&mut interactions);
        factor.solve_upper(&mut interactions);
        Ok(Fit { factor, interactions })
    }

    /// `r_a = t_a + z_a' I / 2`: `(rows, outputs)`.
    fn residuals(&self, rows: Range<usize>, parted: &Matrix, interactions: &Matrix) -> Matrix {
        let (mut residuals, fitted) = (self.targets(rows), product(parted, interactions));
        for a in 0..residuals.n_rows() {
            residuals.row_mut(a).iter_mut().zip(fitted.row(a)).for_each(|(cell, fit)| *cell += 0.5 * fit);
        }
        residuals
    }

    /// From `M^-1 sqrt(w_a) z_a` to what least squares move by `t_a`: `-2 M^-1 w_a z_a`.
    fn scale_moves(&self, rows: Range<usize>, solved: &mut Matrix) {
        let factors: Vec<f64> = rows.map(|row| -2.0 * self.root_weight(row)).collect();
        for pair in 0..solved.n_rows() {
            solved.row_mut(pair).iter_mut().zip(&factors).for_each(|(cell, factor)| *cell *= factor);
        }
    }

    /// `g_k omega_ij(S_a) / c_k`: `(pairs of players, rows)`.
    fn by_definition(&self, rows: Range<usize>) -> Matrix {
        let mut weights = Matrix::zeros(rows.len(), self.n_pairs());
        for (a, row) in rows.enumerate() {
            let words = self.told.coalitions().get(row);
            let k = self.told.classes()[row] as usize;
            let (n, size) = (self.n as f64, k as f64);
            let share = self.shares[k] * n;
            // The first is never needed where it is infinite: one player is not two.
            let (both, neither, one) = (
                share / (size * (size - 1.0)),
                share / ((n - size) * (n - size - 1.0)),
                -share / (size * (n - size)),
            );
            let inside: Vec<bool> = (0..self.n).map(|player| contains(words, player)).collect();
            let cells = weights.row_mut(a);
            for_each_pair(self.n, |pair, i, j| {
                cells[pair] = match (inside[i], inside[j]) {
                    (true, true) => both,
                    (false, false) => neither,
                    _ => one,
                };
            });
        }
        weights.transposed()
    }
}

/// Half the sums over each player's pairs, after the pairs.
fn with_half_sums(pairs: &Matrix, n: usize) -> Matrix {
    let n_pairs = pairs.n_rows();
    let mut all = Matrix::zeros(n_pairs + n, pairs.n_columns());
    for_each_pair(n, |pair, i, j| {
        all.row_mut(pair).copy_from_slice(pairs.row(pair));
        for player in [i, j] {
            let cells = all.row_mut(n_pairs + player).iter_mut().zip(pairs.row(pair));
            cells.for_each(|(sum, cell)| *sum += 0.5 * cell);
        }
    });
    all
}

fn add(to: &mut Matrix, what: &Matrix) {
    for row in 0..to.n_rows() {
        to.row_mut(row).iter_mut().zip(what.row(row)).for_each(|(to, what)| *to += what);
    }
}
