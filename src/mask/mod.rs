//! From coalitions to model rows, and from model outputs back to worths.
//!
//! One evaluation on `rows` explained rows and a block of `b` background rows is `rows * b` model rows:
//! explained row after explained row, and within it background row after background row. A batch of
//! evaluations is the sequence of all their model rows, and may be cut anywhere ([`Layout`]).

mod average;
mod distinct;
mod fill;
mod layout;
mod sparse;
mod varying;

pub use average::Average;
pub use distinct::{Differences, Distinct, Looked};
pub use fill::{MaskedRows, Word};
pub use layout::{Layout, Segment};
pub use sparse::{Filled, SparseMasked, SparseRows};
pub use varying::varying_columns;
