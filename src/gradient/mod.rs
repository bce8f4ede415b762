//! Expected Gradients: where on the paths from the background to a row gradients are taken, and what they add up to.
//!
//! For a model `f`, a row `x` and background rows `b` of weights `w_b`, feature `i` is worth the expectation of
//! `h_i = (x_i - b_i) d_i f(b + alpha (x - b))` over `b ~ w` and `alpha` uniform on `[0, 1]`. A [`Plan`] says at which
//! `(b, alpha)`, with which weights; [`interpolate`] writes these points; the model, elsewhere, gives its gradients;
//! [`Sums`] takes them in; [`finish`] turns the sums and the completeness `sum phi_i = f(x) - E f(b)` into values and
//! their standard errors.
//!
//! Erion, Janizek, Sturmfels, Lundberg, Lee 2021, "Improving performance of deep learning models with axiomatic
//! attribution priors and expected gradients". The plan and the controls are our own.

mod active_set;
mod allocation;
mod block;
mod coefficients;
mod expected;
mod finish;
mod fit;
mod layout;
mod noise;
mod order;
mod plan;
mod points;
mod summary;
mod sums;
mod vectors;

pub use block::Block;
pub use finish::{Finished, Told, finish};
pub use layout::{PathPoint, Shift, Walk};
pub use noise::{Noise, add_noise};
pub use order::{Order, background_order};
pub use plan::{Design, Plan};
pub use points::{Paths, interpolate};
pub use summary::{Summary, background_summary};
pub use sums::{Sums, Unfinite};

use crate::error::Error;

/// A number of the model's: `f32` or `f64`.
pub trait Real:
    Copy
    + Send
    + Sync
    + Into<f64>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Add<Output = Self>
{
    /// The nearest number of this type.
    fn nearest(number: f64) -> Self;
}

impl Real for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
    fn nearest(number: f64) -> Self {
        number as Self
    }
}

impl Real for f64 {
    fn nearest(number: f64) -> Self {
        number
    }
}

fn check(argument: &'static str, got: usize, want: usize) -> Result<(), Error> {
    if got == want { Ok(()) } else { Err(Error::Length { argument, got, want }) }
}

fn check_indices(argument: &'static str, indices: &[u32], limit: usize) -> Result<(), Error> {
    match indices.iter().find(|&&index| index as usize >= limit) {
        None => Ok(()),
        Some(index) => {
            Err(Error::Parameter { argument, got: index.to_string(), accepted: "below the number of rows" })
        }
    }
}
