//! Values of a non-linear function of the margin, rescaled background row by background row.
pub use function::Function;
mod function;
mod passes;
