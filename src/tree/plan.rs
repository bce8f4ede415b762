//! Which kernel explains which tree, and the calls that the front door makes.

use std::sync::Arc;

use super::encode::Encoding;
use super::forest::{Forest, Precision};
use super::rows::Rows;
use crate::error::Error;
use crate::parallel::Workers;

/// A forest ready to be explained: kernels chosen and prepared, for one background or none.
#[derive(Debug)]
pub struct Plan {
    forest: Arc<Forest>,
    encoding: Arc<Encoding>,
    precision: Precision,
}

/// A float that results come in.
pub trait Real: Copy + Send + Sync + 'static {
    /// Round to it.
    fn of(value: f64) -> Self;
}

impl Real for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what was asked for")]
    fn of(value: f64) -> Self {
        value as Self
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }
}

impl Plan {
    /// Path-dependent values: covers stand for absent players.
    pub fn path_dependent(forest: Arc<Forest>, precision: Precision) -> Result<Self, Error> {
        let encoding = Arc::new(Encoding::new(&forest)?);
        Ok(Self { forest, encoding, precision })
    }

    /// Interventional values over a weighted background (no weights: all rows alike).
    pub fn interventional(
        _forest: Arc<Forest>,
        _background: &Rows<'_>,
        _weights: Option<&[f64]>,
        _precision: Precision,
        _workers: &Workers<'_>,
    ) -> Result<Self, Error> {
        todo!("room core")
    }

    /// What every output is worth before anybody joins: `[output]`.
    pub fn base_values(&self) -> Vec<f64> {
        todo!("room core")
    }

    /// Values of all rows: `[row][player][output]` into `out`.
    pub fn values<T: Real>(
        &self,
        _rows: &Rows<'_>,
        _workers: &Workers<'_>,
        _progress: &(dyn Fn(usize) + Sync),
        _out: &mut [T],
    ) -> Result<(), Error> {
        let _ = (&self.forest, &self.encoding, self.precision);
        todo!("room core")
    }

    /// Pairs of players `(i, j)`, `i < j`, that share a path somewhere; all others have interaction 0.
    pub fn pairs(&self) -> Vec<(u32, u32)> {
        todo!("room core")
    }

    /// Interaction matrices of all rows: `[row][player][player][output]` into `out`; an off-diagonal entry is half
    /// of the pair's interaction, rows of a matrix sum to the values.
    pub fn interactions<T: Real>(
        &self,
        _rows: &Rows<'_>,
        _workers: &Workers<'_>,
        _progress: &(dyn Fn(usize) + Sync),
        _out: &mut [T],
    ) -> Result<(), Error> {
        todo!("room core")
    }

    /// Undivided interactions of [`Plan::pairs`] alone: `[row][pair][output]` into `out`.
    pub fn pair_interactions<T: Real>(
        &self,
        _rows: &Rows<'_>,
        _workers: &Workers<'_>,
        _progress: &(dyn Fn(usize) + Sync),
        _out: &mut [T],
    ) -> Result<(), Error> {
        todo!("room core")
    }

    /// The kernels, in words: for `explainer.plan`.
    pub fn describe(&self) -> Vec<String> {
        todo!("room core")
    }
}
