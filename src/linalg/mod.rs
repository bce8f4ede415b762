//! The dense algebra that the estimators share: products, triangular factors, inverses.
//!
//! Sizes are those of a regression: tens to a thousand or two. Everything is `f64` and row-major.

pub mod cholesky;
pub mod matrix;
pub mod product;
pub mod square;

pub use cholesky::Cholesky;
pub use matrix::Matrix;
pub use product::{product, product_transposed, transposed_product};
pub use square::Square;

/// Numbers that are worked on side by side: eight outputs, or eight columns of a matrix.
pub const LANES: usize = 8;
/// One number for each of [`LANES`] outputs or columns.
pub type Lanes = [f64; LANES];
