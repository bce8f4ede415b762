//! To go: isotropic kriging of half-differences, until the OddGP is there.

use super::fit::{Fitted, Rows, fit};
use super::kernel::{Terms, signs};
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::linalg::Matrix;
use crate::parallel::Workers;

pub(super) struct Data {
    pub(super) coalitions: Coalitions,
    pub(super) is_star: Vec<bool>,
    pub(super) targets: Vec<f64>,
    pub(super) grand: Vec<f64>,
}

pub(super) struct OddModel {
    rho: Vec<f64>,
    values: Vec<f64>,
    std_errors: Vec<f64>,
}

impl OddModel {
    pub(super) fn fit(data: &Data, workers: &Workers<'_>) -> Result<Self, Error> {
        let n = data.coalitions.n_players();
        let k = data.grand.len();
        let signs = signs(&data.coalitions, data.is_star.len());
        let targets = Matrix::from_fn(signs.n_rows(), k, |row, o| {
            if row == 0 { -0.5 * data.grand[o] } else { data.targets[(row - 1) * k + o] }
        });
        let is_star: Vec<bool> = std::iter::once(true).chain(data.is_star.iter().copied()).collect();
        let rho = vec![1.2 / n as f64; n];
        let rows = Rows { signs: &signs, targets: &targets, is_star: &is_star };
        let fitted: Fitted = fit(&rows, rho.clone(), Terms::OddFrom3, 1e-6, workers)?;
        let nodes: Vec<(f64, f64)> = (0..200).map(|q| ((f64::from(q) + 0.5) / 200.0, 1.0 / 200.0)).collect();
        let mut values = vec![0.0; n * k];
        let free = fitted.kriging.free();
        for row in 0..signs.n_rows() {
            let xi: Vec<f64> = (0..n).map(|i| rho[i] * signs.row(row)[i]).collect();
            for i in 0..n {
                let mut r = -xi[i];
                for (t, w) in &nodes {
                    let plus: f64 = xi.iter().map(|x| 1.0 + t * x).product();
                    let minus: f64 = xi.iter().map(|x| 1.0 - t * x).product();
                    r += 0.5 * w * xi[i] * (plus / (1.0 + t * xi[i]) + minus / (1.0 - t * xi[i]));
                }
                for o in 0..k {
                    values[i * k + o] -= 2.0 * r * fitted.kriging.alpha().row(row)[o];
                }
            }
        }
        for i in 0..n {
            for o in 0..k {
                values[i * k + o] -= 2.0 * free.row(i)[o];
            }
        }
        for o in 0..k {
            let sum: f64 = (0..n).map(|i| values[i * k + o]).sum();
            (0..n).for_each(|i| values[i * k + o] += (data.grand[o] - sum) / n as f64);
        }
        Ok(Self { rho, std_errors: vec![f64::NAN; values.len()], values })
    }

    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }
    pub(super) fn std_errors(&self) -> &[f64] {
        &self.std_errors
    }
    pub(super) fn interval_df(&self) -> f64 {
        f64::NAN
    }
    pub(super) fn rho(&self) -> &[f64] {
        &self.rho
    }
    pub(super) fn noise(&self) -> f64 {
        1e-6
    }
}
