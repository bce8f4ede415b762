//! Weights of the indices: Shapley, Banzhaf, Beta, semivalues, interaction indices.
//!
//! Values and interactions alike are averages of discrete derivatives over the coalitions that are joined; an
//! index is nothing but one weight for each size of such a coalition. [`SizeWeights`] holds them with an exponent of
//! their own, so that neither 20 nor 10,000 players cost a digit.

mod interaction;
mod rule;
mod scaled;
mod semivalue;
mod size_weights;

pub use interaction::{Interaction, bernoulli};
pub use rule::Rule;
pub use semivalue::Semivalue;
pub use size_weights::SizeWeights;
