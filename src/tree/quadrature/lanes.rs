//! Vectors whose lanes are rows: the few operations that the descent needs, alike on every instruction set.
//!
//! Every operation rounds once and lane by lane, so all sets give the same bits.

use crate::tree::plan::Real;

/// What a vector holds.
pub(in crate::tree) trait Number:
    Real + Default + PartialEq + Into<f64> + std::fmt::Debug
{
}
impl Number for f32 {}
impl Number for f64 {}

/// A token of an instruction set: whoever holds one may use it.
pub(in crate::tree) trait Lanes: Copy {
    type Real: Number;
    type Vector: Copy;
    type Mask: Copy;
    /// Rows of a vector, at most 16.
    const LANES: usize;
    /// Whether each number of points has code of its own.
    const UNROLLED: bool;

    fn splat(self, value: Self::Real) -> Self::Vector;
    /// The first lanes of a slice that is at least as long.
    fn load(self, from: &[Self::Real]) -> Self::Vector;
    fn store(self, vector: Self::Vector, to: &mut [Self::Real]);
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a b + c`, rounded once.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// `c - a b`, rounded once.
    fn neg_mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// `code <= threshold`, false for NaN.
    fn at_most(self, codes: &[f32], threshold: f32) -> Self::Mask;
    /// `!(code > threshold)`, true for NaN.
    fn not_above(self, codes: &[f32], threshold: f32) -> Self::Mask;
    /// Lane `i` is bit `i`.
    fn mask(self, bits: u16) -> Self::Mask;
    fn and(self, a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// `a`, but not `b`.
    fn and_not(self, a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn select(self, mask: Self::Mask, yes: Self::Vector, no: Self::Vector) -> Self::Vector;
    /// Do a job in code that is compiled for this instruction set.
    fn run<J: Job<Self>>(self, job: J);
}

/// A job for an instruction set. `work` must be `#[inline(always)]`, as must be everything that it calls: only then
/// is it compiled for the set.
pub(in crate::tree) trait Job<S: Lanes> {
    fn work(self, lanes: S);
}
