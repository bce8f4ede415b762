//! Tree ensembles: exact Shapley values and interactions, whichever library grew the trees.
//!
//! One neutral [`Forest`] holds every library's model; [`Encoding`] turns rows into the numbers that its splits
//! compare; a [`Kernel`] adds the values of a few trees for a few rows; [`sweep`](sweep::Sweep) drives kernels
//! over all rows and trees, in an order that no number of threads changes.

pub mod builder;
pub mod bytes;
mod choice;
mod codec;
pub mod cohorts;
pub mod compose;
pub mod covers;
mod decisions;
mod descent;
pub mod encode;
pub mod forest;
pub mod interactions;
mod leaf_codes;
pub mod linear_leaves;
pub mod margins;
pub mod oblivious;
mod pairs;
pub mod patterns;
pub mod plan;
pub mod points;
pub mod predict;
pub mod quadrature;
pub mod readers;
pub mod reference;
pub mod rows;
pub mod saabas;
pub mod sweep;
pub mod validation;

pub use builder::{Builder, RawNode, RawTree};
pub use encode::{EncodedRows, Encoding, Test};
pub use forest::{
    CategoryCodes, CategorySet, Column, Forest, Linear, Node, Output, Precision, Predicate, Split, Step,
    Transform, Tree,
};
pub use rows::{Csr, Dense, Rows};
pub use sweep::{Block, Kernel, Slots};
