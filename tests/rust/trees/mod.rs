//! The tree wing: kernels against brute force and the reference kernel, readers against hostile bytes.

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
