//! OddGP: kriging on half-differences, with a flat prior on what is additive.
//!
//! The Shapley values depend on the odd part `o(S) = (v(S) - v(S^c)) / 2` alone, so pairs of complements are
//! evaluated, and
//!
//! $$ o(S) = b' x(S) + g(S) + \text{noise} $$
//!
//! is fitted to their half-differences, `x_j(S) = -1` where `j` is in `S`, else `+1`: `b` with a flat prior, `g` a
//! Gaussian process whose Walsh terms of odd degree 3 and more have variances that are products of the players'
//! `rho_j`. This is universal kriging (Matheron 1969); the values are a linear functional of the posterior mean, and
//! their variance comes in closed form. Kernel shapes are chosen by restricted likelihood (Patterson, Thompson 1971).
//!
//! Rooms: `signs`, `kernel` (with `hyperbolic`), `rotation` (parts the linear from the rest once and for all),
//! `readout` (values of a process), `likelihood`, `shapes` and `ascent` under `search`, `posterior`, `model` (all of
//! it for one row), `machine` (asks, tells, fits every row), `exact` and `ridge` for the two ends.

mod ascent;
mod exact;
mod hyperbolic;
mod kernel;
mod likelihood;
mod machine;
mod model;
mod posterior;
mod readout;
mod ridge;
mod rotation;
mod search;
mod shapes;
mod signs;
mod targets;

pub use self::machine::OddGp;
pub(in crate::estimate) use self::machine::with_variances;
pub use self::model::{Data, OddModel};

use crate::error::Error;
use crate::estimate::{Estimator, Problem};
use crate::sample::Sequence;

/// What rows learn from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Every row has the shape of kernel that its own worths make likeliest.
    Row,
    /// All rows share one, learnt from the first sixteen: one factorisation, then products alone.
    Pooled,
}

/// How an OddGP is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether every player's length scale is fitted after the grid.
    pub ascent: bool,
    /// What rows share.
    pub shape: Shape,
    /// Which sizes come next.
    pub sequence: Sequence,
}

impl Default for Options {
    fn default() -> Self {
        Self { ascent: true, shape: Shape::Row, sequence: Sequence::StarMiddle }
    }
}

/// A run.
pub fn start(problem: Problem, options: Options) -> Result<Box<dyn Estimator>, Error> {
    Ok(Box::new(OddGp::new(problem, options)?))
}
