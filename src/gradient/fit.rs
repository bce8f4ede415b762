//! Regression of the gradients on the controls, feature by feature.

use super::coefficients::GRAM;
use super::plan::CONTROLS;

/// `gamma = (G + Lambda)^-1 r` of one feature: `G` a symmetric matrix by its lower rows, `Lambda = ridge G_00` on the
/// diagonal but for its first entry, where it is 0.
///
/// So what a constant gradient explains is never shrunk, and a model that is linear in the feature is met exactly. By
/// a factorisation `L D L'`; a pivot that is not positive gives its control no part. 0 where `G_00 = 0`.
#[inline]
pub(super) fn slopes(gram: &[f64; GRAM], right: &[f64; CONTROLS], ridge: f64) -> [f64; CONTROLS] {
    let [g00, g10, g11, g20, g21, g22, g30, g31, g32, g33] = *gram;
    let extra = ridge * g00;
    let (g11, g22, g33) = (g11 + extra, g22 + extra, g33 + extra);
    let i0 = inverse(g00);
    let (l10, l20, l30) = (g10 * i0, g20 * i0, g30 * i0);
    let i1 = inverse(g11 - l10 * g10);
    let (m21, m31) = (g21 - l20 * g10, g31 - l30 * g10);
    let (l21, l31) = (m21 * i1, m31 * i1);
    let i2 = inverse(g22 - l20 * g20 - l21 * m21);
    let m32 = g32 - l30 * g20 - l31 * m21;
    let l32 = m32 * i2;
    let i3 = inverse(g33 - l30 * g30 - l31 * m31 - l32 * m32);
    let y0 = right[0];
    let y1 = right[1] - l10 * y0;
    let y2 = right[2] - l20 * y0 - l21 * y1;
    let y3 = right[3] - l30 * y0 - l31 * y1 - l32 * y2;
    let s3 = y3 * i3;
    let s2 = y2 * i2 - l32 * s3;
    let s1 = y1 * i1 - l21 * s2 - l31 * s3;
    let s0 = y0 * i0 - l10 * s1 - l20 * s2 - l30 * s3;
    [s0, s1, s2, s3]
}

#[inline]
fn inverse(pivot: f64) -> f64 {
    if pivot > f64::MIN_POSITIVE { 1.0 / pivot } else { 0.0 }
}

/// `gamma' G gamma`.
#[inline]
pub(super) fn quadratic(gram: &[f64; GRAM], slopes: &[f64; CONTROLS]) -> f64 {
    let [g00, g10, g11, g20, g21, g22, g30, g31, g32, g33] = *gram;
    let [a, b, c, d] = *slopes;
    a * (a * g00 + 2.0 * (b * g10 + c * g20 + d * g30))
        + b * (b * g11 + 2.0 * (c * g21 + d * g31))
        + c * (c * g22 + 2.0 * d * g32)
        + d * (d * g33) // not `d * d` first: slopes beyond 2^512 are steep, but their share is not
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    #[test]
    fn the_fit_solves_the_normal_equations() {
        for case in 0..200 {
            let mut stream = Stream::new(case, Purpose::Order, 0, 0);
            let n_points = 1 + stream.index_below(30);
            let mut full = [[0.0; CONTROLS]; CONTROLS];
            let mut right = [0.0; CONTROLS];
            for _ in 0..n_points {
                let c = [1.0, stream.uniform() - 0.5, stream.uniform(), 3.0 * stream.uniform() - 1.0];
                let (d, h) = (stream.uniform(), stream.uniform() - 0.3);
                for k in 0..CONTROLS {
                    right[k] += h * d * c[k];
                    for l in 0..CONTROLS {
                        full[k][l] += d * d * c[k] * c[l];
                    }
                }
            }
            let mut lower = (0..CONTROLS).flat_map(|k| (0..=k).map(move |l| (k, l))).map(|(k, l)| full[k][l]);
            let gram: [f64; GRAM] = std::array::from_fn(|_| lower.next().unwrap());
            let ridge = 8.0 / n_points as f64;
            let found = slopes(&gram, &right, ridge);
            for k in 0..CONTROLS {
                let own = if k > 0 { ridge * full[0][0] * found[k] } else { 0.0 };
                let left: f64 = own + (0..CONTROLS).map(|l| full[k][l] * found[l]).sum::<f64>();
                assert!((left - right[k]).abs() < 1e-10 * n_points as f64, "case {case}, equation {k}");
            }
            let square: f64 = (0..CONTROLS)
                .map(|k| (0..CONTROLS).map(|l| full[k][l] * found[k] * found[l]).sum::<f64>())
                .sum();
            assert!((square - quadratic(&gram, &found)).abs() < 1e-10 * (1.0 + square));
        }
    }

    #[test]
    fn slopes_whose_squares_overflow_are_no_trouble_where_their_share_is_finite() {
        let steep = 2.0_f64.powi(600);
        let gram: [f64; GRAM] =
            [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0].map(|cell| cell / steep / steep.sqrt());
        let explained = quadratic(&gram, &[steep; CONTROLS]);
        assert!((explained / (4.0 * steep / steep.sqrt()) - 1.0).abs() < 1e-15, "{explained}");
    }

    #[test]
    fn a_constant_gradient_is_met_exactly_and_nothing_gives_nothing() {
        let gram = [2.0, 0.3, 0.7, -0.4, 0.1, 1.0, 0.2, 0.0, 0.05, 0.8];
        let right = [2.0 * 5.0, 0.3 * 5.0, -0.4 * 5.0, 0.2 * 5.0];
        let found = slopes(&gram, &right, 0.5);
        assert!((found[0] - 5.0).abs() < 1e-14 && found[1..].iter().all(|slope| slope.abs() < 1e-14));
        assert!(slopes(&[0.0; GRAM], &[0.0; CONTROLS], 0.5).iter().all(|&slope| slope == 0.0));
    }
}
