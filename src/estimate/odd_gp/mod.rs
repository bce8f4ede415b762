//! OddGP: kriging on half-differences, with a flat prior on what is additive.

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
pub fn start(_problem: Problem, _options: Options) -> Result<Box<dyn Estimator>, Error> {
    Err(Error::Parameter { argument: "method", got: "odd_gp".into(), accepted: "a method that is built" })
}
