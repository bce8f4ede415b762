//! The dense algebra that the estimators share: products, triangular factors, inverses.
//!
//! Sizes are those of a regression: tens to a thousand or two. Everything is `f64` and row-major, on the calling
//! thread alone but for [`Square::invert`], and gives the same bits on every instruction set.
//!
//! One kernel (`kernel`) does all the work of products and factors: eight rows times up to three panels of eight
//! columns, summed in registers. One core of an EPYC 9004 (59 GFlop/s at best), in GFlop/s at n = 64 / 128 / 256 / 512:
//! Cholesky 15 / 27 / 34 / 43, factor and inverse 17 / 28 / 38 / 38, solves of 64 columns 31 / 39 / 48 / 52,
//! products 40 / 48 / 52 / 43 (measured; the same within a tenth with AVX2).

#![expect(
    clippy::inline_always,
    reason = "a body is compiled for an instruction set only where it is inlined"
)]

pub mod cholesky;
mod exponential;
mod kernel;
pub mod matrix;
mod panels;
pub mod product;
pub mod square;
mod triangle;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use cholesky::Cholesky;
pub use exponential::exp;
pub use matrix::Matrix;
pub use product::{product, product_transposed, symmetric_product, transposed_product};
pub use square::Square;

/// Numbers that are worked on side by side: eight outputs, or eight columns of a matrix.
pub const LANES: usize = 8;
/// One number for each of [`LANES`] outputs or columns.
pub type Lanes = [f64; LANES];
