//! The tree wing: kernels against brute force and the reference kernel, readers against hostile bytes.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "seeds, counts and codes of small forests; libraries' own casts"
)]
#![allow(clippy::float_cmp, reason = "equal bits are what many of these laws say")]

mod brute_force;
mod bytes;
mod catboost;
mod cohorts;
mod compose;
mod encode;
mod forests;
mod fuzz;
mod interactions;
mod lightgbm;
mod margins;
mod oblivious;
mod onnx;
mod patterns;
mod plan;
mod predict;
mod quadrature;
mod recorded;
mod xgboost;
