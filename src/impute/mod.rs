//! Absent columns drawn given those that are present.
//!
//! [`Covariance`] says how columns go together. [`Shift`] turns rows that stand for the whole distribution (draws of
//! a normal one, or the background itself) into rows given what is known, by the shift that regression makes; with
//! [`Margins`] it does so on normal scores. [`Conditioned`] is what a batch of coalitions needs of it, and writes
//! the model rows. [`Empirical`] chooses weighted rows of the background instead, a [`Selection`].
//! [`plausibility()`] says how far rows that were filled in any way lie from real ones.

mod conditioned;
mod copula;
mod covariance;
mod distances;
mod draws;
mod empirical;
mod forest;
mod linear;
mod normal;
mod plausibility;
mod selection;
mod shift;
mod sweep;

pub use conditioned::Conditioned;
pub use copula::Margins;
pub use covariance::Covariance;
pub use draws::{normal_rows, standard_normals};
pub use empirical::{Choice, Empirical, StandardRows};
pub use forest::{Forest, ForestRows};
pub use linear::{Transform, exact_transform, sampled_transforms};
pub use normal::normal_quantile;
pub use plausibility::{Plausibility, Sample, plausibility};
pub use selection::{SelectedRows, Selection, SelectionAverage};
pub use shift::Shift;
