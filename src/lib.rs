//! Shapley values split a game's worth fairly among its players.
//!
//! - A **player** is one of the `n` things that share the worth: a feature, a group, an image segment.
//! - A **coalition** is a set of players.
//! - A **game** is any function from coalitions to worths; this crate never calls it, it asks and is told.
//! - A **worth** is what one coalition is worth, `v(S)`.
//! - A **value** is what one player receives, `phi_i`.
//!
//! Rooms, each knowing only those before it: [`error`], [`random`], [`parallel`], [`simd`], [`linalg`];
//! [`coalition`] (bitsets), [`index`] (weights); [`table`] (games given as all `2^n` worths), [`sample`]
//! (which coalitions come next), [`mask`] (model rows of a coalition), [`impute`] (the same, given what is present);
//! [`estimate`] (the methods, as machines that are asked and told). Beside them [`tree`]: the values of tree
//! ensembles; [`gradient`]: where the gradients of a differentiable model are taken, and what they add up to; [`image`]:
//! the regions of a picture and what stands for hidden ones; [`reduce`]: summaries of values that never hold the values. The Python glue lives in `python` alone.

pub mod coalition;
pub mod error;
pub mod estimate;
pub mod gradient;
pub mod image;
pub mod impute;
pub mod index;
pub mod linalg;
pub mod mask;
pub mod parallel;
pub mod random;
pub mod reduce;
pub mod sample;
pub mod simd;
pub mod table;
pub mod tree;

#[cfg(feature = "python")]
mod python;
