//! Box blurs with a mirrored border.

use super::intensity::Intensity;
use super::shape::{Shape, check_length};
use crate::error::Error;

/// A picture blurred `passes` times by the mean over boxes of `kx` columns and `ky` rows.
///
/// The box of pixel `i` covers `i - k / 2` (rounded down) to `k - 1` pixels further; beyond the border the picture is
/// mirrored, the edge itself not repeated, as often as needed. One pass is OpenCV's `blur`, hence shap's
/// `"blur(kx, ky)"`; three passes of odd `k` are nearly a Gaussian of variance `(k^2 - 1) / 4`. Sums are doubles and
/// rounded once, in the end (bytes: halves to even); no result leaves the range of its channel, and one colour stays
/// itself exactly.
///
/// O(pixels · channels · passes), whatever the box.
pub fn blur<T: Intensity>(
    image: &[T],
    shape: Shape,
    kx: usize,
    ky: usize,
    passes: usize,
) -> Result<Vec<T>, Error> {
    shape.check_image("image", image)?;
    for (argument, box_side) in [("kx", kx), ("ky", ky)] {
        if !(1..1 << 20).contains(&box_side) {
            let got = box_side.to_string();
            return Err(Error::Parameter { argument, got, accepted: "from 1 to 2^20 pixels" });
        }
    }
    let n_channels = shape.n_channels;
    // What differs from the first pixel: nothing does where there is one colour.
    let origin: Vec<f64> = image[..n_channels].iter().map(|value| value.to_f64()).collect();
    let mut values = Vec::with_capacity(image.len());
    let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); n_channels];
    for pixel in image.chunks_exact(n_channels) {
        for ((value, origin), range) in pixel.iter().zip(&origin).zip(&mut ranges) {
            let value = value.to_f64();
            *range = (value.min(range.0), value.max(range.1));
            values.push(value - origin);
        }
    }
    let row = shape.width * n_channels;
    let mut other = vec![0.0; values.len()];
    for _ in 0..passes {
        if kx > 1 {
            for (from, to) in values.chunks_exact(row).zip(other.chunks_exact_mut(row)) {
                box_means(from, to, n_channels, kx)?;
            }
            std::mem::swap(&mut values, &mut other);
        }
        if ky > 1 {
            box_means(&values, &mut other, row, ky)?;
            std::mem::swap(&mut values, &mut other);
        }
    }
    let clamped = |(value, (origin, range)): (f64, (&f64, &(f64, f64)))| {
        T::from_f64((value + origin).clamp(range.0, range.1))
    };
    Ok(values.into_iter().zip(origin.iter().zip(&ranges).cycle()).map(clamped).collect())
}

/// Means over windows of `k` places; a place is `stride` numbers that lie side by side.
fn box_means(from: &[f64], to: &mut [f64], stride: usize, k: usize) -> Result<(), Error> {
    check_length("to", to.len(), from.len())?;
    let side = from.len() / stride;
    let place = |at: isize| &from[mirrored(at, side) * stride..][..stride];
    let before = (k / 2).cast_signed();
    let mut sums = vec![0.0; stride];
    for at in -before..k.cast_signed() - before {
        sums.iter_mut().zip(place(at)).for_each(|(sum, value)| *sum += value);
    }
    let share = 1.0 / k as f64;
    for (at, to) in to.chunks_exact_mut(stride).enumerate() {
        let first = at.cast_signed() - before;
        let (leaving, entering) = (place(first), place(first + k.cast_signed()));
        for (((to, sum), leaving), entering) in to.iter_mut().zip(&mut sums).zip(leaving).zip(entering) {
            *to = *sum * share;
            *sum += entering - leaving;
        }
    }
    Ok(())
}

/// The place that stands for one beyond the border.
fn mirrored(at: isize, side: usize) -> usize {
    let period = (2 * side - 2).max(1).cast_signed();
    let at = at.rem_euclid(period).cast_unsigned();
    if at < side { at } else { 2 * side - 2 - at }
}
