//! To come.

use crate::error::Error;
use crate::estimate::{Estimator, Problem};
use crate::index::Semivalue;

/// What is estimated, and with which help.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The semivalue.
    pub semivalue: Semivalue,
    /// Whether a kriging surrogate, fitted on other folds, takes the smooth part.
    pub surrogate: bool,
    /// Number of folds.
    pub folds: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { semivalue: Semivalue::Shapley, surrogate: false, folds: 5 }
    }
}

/// A run.
pub fn start(_problem: Problem, _options: &Options) -> Result<Box<dyn Estimator>, Error> {
    Err(Error::Parameter { argument: "method", got: "unbiased".into(), accepted: "a method that is built" })
}
