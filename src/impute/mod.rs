//! Absent columns drawn given those that are present.

mod empirical;
mod selection;

pub use empirical::{Choice, Empirical, StandardRows};
pub use selection::{SelectedRows, Selection, SelectionAverage};
