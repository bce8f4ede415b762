//! Absent columns drawn given those that are present.

mod selection;

pub use selection::{SelectedRows, Selection, SelectionAverage};
