//! What a pixel holds in each channel, and the numbers that it is computed with.

use std::ops::{Add, Mul, Sub};

/// A number of a pixel, as the user's picture holds it.
pub trait Intensity: Copy + Send + Sync + PartialEq + std::fmt::Debug + 'static {
    /// What fills are computed in.
    type Real: Real;

    /// As a double.
    fn to_f64(self) -> f64;

    /// The nearest number of this type; of two bytes equally near, the even one.
    fn from_f64(value: f64) -> Self;

    /// As what fills are computed in.
    fn to_real(self) -> Self::Real;

    /// Back again, as [`Intensity::from_f64`].
    fn from_real(value: Self::Real) -> Self;

    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;

    /// The number of a type that has 256.
    fn as_byte(self) -> Option<u8> {
        None
    }
}

/// A floating-point number.
pub trait Real:
    Copy
    + Send
    + Sync
    + PartialOrd
    + std::fmt::Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + 'static
{
    /// Zero.
    const ZERO: Self;

    /// The nearest number of this type.
    fn of(value: f64) -> Self;
}

impl Real for f32 {
    const ZERO: Self = 0.0;

    #[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
    fn of(value: f64) -> Self {
        value as Self
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;

    fn of(value: f64) -> Self {
        value
    }
}

/// Added and taken off again, these round to whole numbers, halves to even: what `round_ties_even` does by a call where
/// the compiler may not count on SSE4.1.
const ULP_IS_ONE: f64 = 6_755_399_441_055_744.0;
const ULP_IS_ONE_SINGLE: f32 = 12_582_912.0;

impl Intensity for u8 {
    type Real = f32;

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
    fn from_f64(value: f64) -> Self {
        (value.clamp(0.0, 255.0) + ULP_IS_ONE - ULP_IS_ONE) as Self
    }

    fn to_real(self) -> f32 {
        f32::from(self)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
    fn from_real(value: f32) -> Self {
        (value.clamp(0.0, 255.0) + ULP_IS_ONE_SINGLE - ULP_IS_ONE_SINGLE) as Self
    }

    fn is_finite(self) -> bool {
        true
    }

    fn as_byte(self) -> Option<u8> {
        Some(self)
    }
}

impl Intensity for f32 {
    type Real = Self;

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
    fn from_f64(value: f64) -> Self {
        value as Self
    }

    fn to_real(self) -> Self {
        self
    }

    fn from_real(value: Self) -> Self {
        value
    }

    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

impl Intensity for f64 {
    type Real = Self;

    fn to_f64(self) -> f64 {
        self
    }

    fn from_f64(value: f64) -> Self {
        value
    }

    fn to_real(self) -> Self {
        self
    }

    fn from_real(value: Self) -> Self {
        value
    }

    fn is_finite(self) -> bool {
        self.is_finite()
    }
}
