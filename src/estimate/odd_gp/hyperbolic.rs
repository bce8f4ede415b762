//! Hyperbolic functions of many numbers at once, without a library call an element.

use multiversion::multiversion;

use crate::linalg::exp;

/// From here on `e^-y` and `y` are nothing beside `e^y`.
const LARGE: f64 = 300.0;

/// Ratios of neighbours in the series of `sinh y - y = y^3 / 6 (1 + y^2 / 20 (1 + y^2 / 42 (...)))`, last first.
const SERIES: [f64; 8] =
    [1.0 / 342.0, 1.0 / 272.0, 1.0 / 210.0, 1.0 / 156.0, 1.0 / 110.0, 1.0 / 72.0, 1.0 / 42.0, 1.0 / 20.0];

#[expect(clippy::inline_always, reason = "compiled anew for each instruction set of its caller")]
#[inline(always)]
fn odd_and_even(y: f64, c: f64, scale: f64) -> (f64, f64) {
    // Where e^|y| might overflow, c goes into the exponent; elsewhere that would spoil what sinh y - y leaves.
    let size = y.abs();
    let is_large = size > LARGE;
    let (shift, factor) = if is_large { (c, 1.0) } else { (0.0, scale) };
    let rising = exp(size + shift);
    let falling = if is_large { 0.0 } else { 1.0 / rising };
    let linear = if is_large { 0.0 } else { size };
    let square = y * y;
    let mut sum = 1.0;
    for ratio in SERIES {
        sum = 1.0 + square * ratio * sum;
    }
    let near = scale * (y * square * (1.0 / 6.0)) * sum;
    let far = (factor * (0.5 * (rising - falling) - linear)).copysign(y);
    (if square < 1.0 { near } else { far }, factor * (0.5 * (rising + falling)))
}

/// Replace each `y` by `e^c (sinh y - y)`, for `c <= 0`; no digit is lost where `y` is small.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn odd_parts(numbers: &mut [f64], c: f64) {
    let scale = exp(c);
    for number in numbers {
        *number = odd_and_even(*number, c, scale).0;
    }
}

/// Replace each `y` by `e^c (sinh y - y)`, and write `e^c cosh y` beside it.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn odd_and_even_parts(numbers: &mut [f64], even: &mut [f64], c: f64) {
    let scale = exp(c);
    for (number, even) in numbers.iter_mut().zip(even) {
        (*number, *even) = odd_and_even(*number, c, scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_agree_with_the_library_and_with_the_series() {
        for c in [0.0, -0.3, -40.0] {
            let ys: Vec<f64> = (-4000..=4000).map(|i| f64::from(i) * 0.01).collect();
            let (mut odd, mut even) = (ys.clone(), ys.clone());
            odd_and_even_parts(&mut odd, &mut even, c);
            let mut alone = ys.clone();
            odd_parts(&mut alone, c);
            assert_eq!(alone, odd);
            for ((y, odd), even) in ys.iter().zip(&odd).zip(&even) {
                assert!((even / (c.exp() * y.cosh()) - 1.0).abs() <= 8.0 * f64::EPSILON, "cosh {y}");
                let series = (1..60).rev().fold(1.0, |sum, k| {
                    let k = f64::from(2 * k + 2);
                    1.0 + sum * y * y / (k * (k + 1.0))
                });
                let expected = c.exp() * y * y * y / 6.0 * series;
                // At y = 1 the difference sinh y - y is a seventh of sinh y: seven times its three roundings.
                assert!(
                    (odd - expected).abs() <= 24.0 * f64::EPSILON * expected.abs(),
                    "c = {c}, y = {y}: {odd} {expected}"
                );
            }
        }
    }

    #[test]
    fn huge_arguments_with_a_huge_negative_shift_stay_finite() {
        let mut numbers = [800.0, -800.0, 0.0];
        odd_parts(&mut numbers, -600.0);
        assert!(
            (numbers[0] / (200f64.exp() / 2.0) - 1.0).abs() < 1e-12 && (numbers[1] + numbers[0]).abs() < 1.0
        );
        assert_eq!(numbers[2].to_bits(), 0);
    }
}
