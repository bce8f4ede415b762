//! Kriging as the control variate of least squares, for large budgets.
//!
//! Kriging converges fast, but a system of the size of all pairs takes too long, and it is no sample: it does not know
//! its own bias. So a first phase of at most a thousand pairs is fitted by kriging, `f(S)`, and least squares on *all*
//! pairs (`leverage`) add what `f` misses: regression of the residuals `o(S) - f(S)` under
//! `sum psi = D + 2 f({})`, and
//!
//! $$ \phi = \phi(f) + \psi $$
//!
//! which is exact once every pair is told, and consistent, whatever `f` is: residuals of the first phase, which
//! `f` has seen, stand for themselves alone, `w_a = g_k / (k (n - k) N_k)`; those of the second, `t_k` drawn from the
//! `N_k - c_k` that the first left of class `k`, stand for all of these: the same times `(N_k - c_k) / t_k`. Standard errors
//! come from the second phase alone.
//!
//! `machine` asks, tells and adds up; `design` weighs the two phases.

mod design;
mod machine;

pub use self::machine::{Controlled, start};
