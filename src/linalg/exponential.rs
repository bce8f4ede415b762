//! The exponential function of many numbers, without a library call an element.
//!
//! Cody and Waite (1980, "Software manual for the elementary functions", chapter 6): `x = k ln 2 + r` with
//! `|r| <= ln 2 / 2`, Taylor's polynomial of degree 13 in `r`, and `k` added to the exponent. Nothing is fused, so
//! all instruction sets give the same bits; relative errors stay below `4e-16`.

/// Added and taken away again, it rounds to the nearest integer, which its low bits then hold.
const ROUNDER: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
/// `ln 2` in two parts, the first of which times any exponent is exact.
const LN_2: (f64, f64) = (f64::from_bits(0x3FE6_2E42_FEE0_0000), 1.908_214_929_270_587_7e-10);
/// Beyond these the result would leave the range of normal numbers.
const RANGE: (f64, f64) = (-708.0, 709.0);

/// `1 / k!` from `k = 13` down to 2.
const TAYLOR: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
];

/// `e^x`, for a loop that is compiled for several instruction sets.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let x = x.max(RANGE.0).min(RANGE.1);
    let shifted = x * std::f64::consts::LOG2_E + ROUNDER;
    let whole = shifted - ROUNDER;
    let rest = (x - whole * LN_2.0) - whole * LN_2.1;
    let mut sum = TAYLOR[0];
    for &term in &TAYLOR[1..] {
        sum = sum * rest + term;
    }
    let fraction = sum * (rest * rest) + rest + 1.0;
    // The low bits of `shifted` are the exponent in two's complement: moved to its place and added.
    f64::from_bits(fraction.to_bits().wrapping_add(shifted.to_bits() << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_library() {
        for x in (-7000..=7000).map(|i| f64::from(i) * 0.1) {
            assert!((exp(x) / x.exp() - 1.0).abs() <= 4.0 * f64::EPSILON, "{x}");
        }
        assert_eq!(exp(0.0).to_bits(), 1.0_f64.to_bits());
    }
}
