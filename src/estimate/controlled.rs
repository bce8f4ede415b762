//! To come.

use crate::error::Error;
use crate::estimate::odd_gp::Options;
use crate::estimate::{Estimator, Problem};

/// A run.
pub fn start(_problem: Problem, _options: Options) -> Result<Box<dyn Estimator>, Error> {
    Err(Error::Parameter { argument: "method", got: "controlled".into(), accepted: "a method that is built" })
}
