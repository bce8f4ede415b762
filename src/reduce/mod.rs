//! Summaries of values that never hold the values, for tables larger than memory.
//!
//! Every state is made of whole numbers: counts, and sums of mantissas. Whole numbers add up to the same in any order, so
//! a state is the same, bit for bit, however a table was cut, in whatever order the pieces came, whoever added them up.
//!
//! [`sums`]: means, variances, bounds; [`histogram`]: quantiles; [`ranks`]: who is among the largest of a row;
//! [`curves`]: values against the features they belong to; [`row_keys`]: rows known by what is in them.

mod block;
mod bytes;
pub mod curves;
mod grid;
pub mod histogram;
mod natural;
mod pages;
pub mod ranks;
pub mod row_keys;
mod spread;
pub mod sums;

pub use block::Block;
