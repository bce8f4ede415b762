//! To come.

use crate::error::Error;
use crate::estimate::{Estimator, Problem};
use crate::index::Interaction;
use crate::sample::Sequence;

/// Which interactions are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The index.
    pub index: Interaction,
    /// Which sizes come next.
    pub sequence: Sequence,
}

/// A run.
pub fn start(_problem: Problem, _options: Options) -> Result<Box<dyn Estimator>, Error> {
    Err(Error::Parameter { argument: "method", got: "even_gp".into(), accepted: "a method that is built" })
}
