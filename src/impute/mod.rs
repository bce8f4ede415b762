//! Filling from the data, and how it shows.

mod plausibility;

pub use plausibility::{Plausibility, Sample, plausibility};
