//! Numbers whose exponent cannot overflow, with about 31 significant digits.
//!
//! A weight such as `1 / C(9999, 5000)` is near `10^-3007`, below every `f64`. Logarithms would hold it, but a
//! logarithm near -7000 keeps only 12 digits of the weight. Here a number is `(high + low) * 2^exponent` with
//! `|low| <= ulp(high) / 2`: a chain of 10,000 products and quotients ends within one rounding of the truth.
//!
//! Reference: Dekker (1971), "A floating-point technique for extending the available precision"; products by
//! fused multiply-add as in Joldes, Muller, Popescu (2017), "Tight and rigorous error bounds for basic building
//! blocks of double-word arithmetic". Each operation errs by at most `2^-100` of its result.

use std::ops::{Add, Div, Mul, Neg};

/// `(high + low) * 2^exponent`; `1 <= |high| < 2`, or all zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scaled {
    high: f64,
    low: f64,
    exponent: i32,
}

impl Scaled {
    /// Nothing.
    pub(crate) const ZERO: Self = Self { high: 0.0, low: 0.0, exponent: 0 };
    /// One.
    pub(crate) const ONE: Self = Self { high: 1.0, low: 0.0, exponent: 0 };

    /// The finite number `x`.
    pub(crate) fn new(x: f64) -> Self {
        debug_assert!(x.is_finite());
        // Away from both ends of the range the exponent and its negative are those of normal numbers.
        match x.abs() {
            small if small < power_of_two(-900) => Self::normal(x * power_of_two(200), 0.0, -200),
            large if large > power_of_two(900) => Self::normal(x * power_of_two(-200), 0.0, 200),
            _ => Self::normal(x, 0.0, 0),
        }
    }

    /// The exact sum of two numbers.
    pub(crate) fn sum(x: f64, y: f64) -> Self {
        let (high, low) = two_sum(x, y);
        Self::normal(high, low, 0)
    }

    /// `2^exponent`.
    pub(crate) fn power_of_two(exponent: i32) -> Self {
        Self { exponent, ..Self::ONE }
    }

    /// The nearest `f64`: zero below `2^-1074`, infinite above `2^1024`.
    pub(crate) fn value(self) -> f64 {
        let upper = self.exponent.clamp(-1000, 1000);
        let lower = (self.exponent - upper).clamp(-1000, 1000);
        self.high * power_of_two(upper) * power_of_two(lower)
    }

    /// The natural logarithm, within three roundings of itself; NaN of a negative number.
    pub(crate) fn ln(self) -> f64 {
        let mantissa = self.high.ln() + self.low / self.high;
        f64::from(self.exponent).mul_add(std::f64::consts::LN_2, mantissa)
    }

    fn normal(high: f64, low: f64, exponent: i32) -> Self {
        if high == 0.0 {
            return Self::ZERO;
        }
        let shift = exponent_of(high);
        let back = power_of_two(-shift);
        Self { high: high * back, low: low * back, exponent: exponent + shift }
    }
}

impl Mul for Scaled {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = self.high * other.high;
        let error = self.high.mul_add(other.high, -product);
        let cross = self.high.mul_add(other.low, self.low * other.high);
        let (high, low) = quick_two_sum(product, error + cross);
        Self::normal(high, low, self.exponent + other.exponent)
    }
}

impl Div for Scaled {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = first.mul_add(-other.high, self.high) + first.mul_add(-other.low, self.low);
        let (high, low) = quick_two_sum(first, rest / other.high);
        Self::normal(high, low, self.exponent - other.exponent)
    }
}

impl Add for Scaled {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (large, small) = if self.high == 0.0 || (other.high != 0.0 && other.exponent > self.exponent) {
            (other, self)
        } else {
            (self, other)
        };
        let gap = large.exponent - small.exponent;
        if small.high == 0.0 || gap > 200 {
            return large;
        }
        let scale = power_of_two(-gap);
        let (high, error) = two_sum(large.high, small.high * scale);
        let (lower, rest) = two_sum(large.low, small.low * scale);
        let (high, low) = quick_two_sum(high, error + lower);
        let (high, low) = quick_two_sum(high, low + rest);
        Self::normal(high, low, large.exponent)
    }
}

impl Neg for Scaled {
    type Output = Self;

    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low, ..self }
    }
}

/// `x + y` and what rounding lost of it (Knuth).
fn two_sum(x: f64, y: f64) -> (f64, f64) {
    let sum = x + y;
    let y_seen = sum - x;
    (sum, (x - (sum - y_seen)) + (y - y_seen))
}

/// [`two_sum`] for `|x| >= |y|` (Dekker).
fn quick_two_sum(x: f64, y: f64) -> (f64, f64) {
    let sum = x + y;
    (sum, y - (sum - x))
}

/// `e` with `2^e <= |x| < 2^(e+1)`, for a normal number.
fn exponent_of(x: f64) -> i32 {
    let biased = (x.to_bits() >> 52) & 0x7ff;
    i32::try_from(biased).expect("eleven bits") - 1023
}

/// `2^exponent` for a normal number.
fn power_of_two(exponent: i32) -> f64 {
    let biased = u64::try_from(exponent + 1023).expect("the exponent of a normal number");
    f64::from_bits(biased << 52)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "correctly rounded: equal to the last bit")]
mod tests {
    use super::*;

    /// Factorials to 34! fit 128 bits; 31 digits tell them apart from every neighbour that `f64` confuses.
    #[test]
    fn products_quotients_and_sums_keep_thirty_digits() {
        let mut product = Scaled::ONE;
        let mut exact: u128 = 1;
        for factor in 1..=33_u32 {
            product = product * Scaled::new(f64::from(factor));
            exact *= u128::from(factor);
        }
        let digits = |shift: i32| Scaled::new(((exact >> shift) & ((1 << 44) - 1)) as f64);
        let known = digits(88) * Scaled::power_of_two(88) + digits(44) * Scaled::power_of_two(44) + digits(0);
        let error = (product + -known) / known;
        // 33 products and 2 sums, each within 2^-100.
        assert!(error.value().abs() < 35.0 * 2_f64.powi(-100), "{error:?}");
        let third = Scaled::ONE / Scaled::new(3.0);
        let rest = third + third + third + -Scaled::ONE;
        assert!(rest.value().abs() < 2_f64.powi(-98), "{rest:?}");
    }

    #[test]
    fn values_are_the_nearest_numbers_and_leave_the_range_gracefully() {
        for x in [1.0, -0.1, 1e300, 1e-300, 5e-324, 0.0, f64::MAX] {
            assert_eq!(Scaled::new(x).value().to_bits(), x.to_bits());
        }
        assert_eq!(Scaled::power_of_two(-1074).value(), 5e-324);
        assert_eq!(Scaled::power_of_two(-5000).value(), 0.0);
        assert_eq!(Scaled::power_of_two(5000).value(), f64::INFINITY);
        assert!((Scaled::power_of_two(-9999).ln() + 9999.0 * std::f64::consts::LN_2).abs() < 1e-12);
    }
}
