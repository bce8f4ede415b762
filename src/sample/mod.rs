//! The coalition sampler: which sizes come next, and which coalitions of a size.

pub mod orders;
