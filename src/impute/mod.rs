//! Absent columns drawn given those that are present.

mod empirical;
mod forest;
mod selection;

pub use empirical::{Choice, Empirical, StandardRows};
pub use forest::{Forest, ForestRows};
pub use selection::{SelectedRows, Selection, SelectionAverage};
