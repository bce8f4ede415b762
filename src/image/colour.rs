//! Colours as the eye tells them apart, for finding regions only: what the model sees never passes through here.

use std::sync::OnceLock;

use super::intensity::Intensity;
use super::shape::Shape;
use crate::error::Error;

/// Steps of the tables that stand for powers and cube roots. Between two entries they are straight: in L, a and b the
/// error is under 0.003, a thousandth of what an eye sees.
const STEPS: usize = 4096;

/// Rows: X, Y, Z over those of the white D65, from linear red, green, blue (IEC 61966-2-1).
const TO_XYZ: [[f32; 3]; 3] = [
    [0.412_453 / 0.950_47, 0.357_580 / 0.950_47, 0.180_423 / 0.950_47],
    [0.212_671, 0.715_160, 0.072_169],
    [0.019_334 / 1.088_83, 0.119_193 / 1.088_83, 0.950_227 / 1.088_83],
];

/// The channels of a picture as bytes, `low..high` as `0..255`: CIELab as `(2.55 L, a + 128, b + 128)` where there are
/// three channels, taken as sRGB; else each channel by itself. Rounded and clipped; where `low == high` all is black.
pub fn colour_bytes<T: Intensity>(image: &[T], shape: Shape, low: f64, high: f64) -> Result<Vec<u8>, Error> {
    shape.check_image("image", image)?;
    let range = Range::new(low, high)?;
    if shape.n_channels != 3 {
        return Ok(image.iter().map(|&value| byte(255.0 * range.unit(value))).collect());
    }
    let mut bytes = Vec::with_capacity(image.len());
    each_lab(image, &range, |[l, a, b]| bytes.extend([byte(2.55 * l), byte(a + 128.0), byte(b + 128.0)]));
    Ok(bytes)
}

/// CIELab of a picture of three channels, taken as sRGB with `low..high` as `0..1`: L from 0 to 100. Other numbers of
/// channels are scaled to `0..100`, each by itself.
pub fn lab<T: Intensity>(image: &[T], shape: Shape, low: f64, high: f64) -> Result<Vec<f32>, Error> {
    shape.check_image("image", image)?;
    let range = Range::new(low, high)?;
    if shape.n_channels != 3 {
        return Ok(image.iter().map(|&value| 100.0 * range.unit(value)).collect());
    }
    let mut values = Vec::with_capacity(image.len());
    each_lab(image, &range, |pixel| values.extend(pixel));
    Ok(values)
}

/// What black and white are.
struct Range {
    low: f64,
    scale: f64,
}

impl Range {
    fn new(low: f64, high: f64) -> Result<Self, Error> {
        if !(low.is_finite() && high.is_finite() && low <= high) {
            let got = format!("({low}, {high})");
            let accepted = "two finite numbers, the lower first";
            return Err(Error::Parameter { argument: "value_range", got, accepted });
        }
        Ok(Self { low, scale: if low < high { 1.0 / (high - low) } else { 0.0 } })
    }

    /// From 0 to 1.
    fn unit<T: Intensity>(&self, value: T) -> f32 {
        self.unit_of(value.to_f64())
    }

    #[expect(clippy::cast_possible_truncation, reason = "colours need no more digits")]
    fn unit_of(&self, value: f64) -> f32 {
        ((value - self.low) * self.scale).clamp(0.0, 1.0) as f32
    }
}

fn each_lab<T: Intensity>(image: &[T], range: &Range, mut take: impl FnMut([f32; 3])) {
    let tables = Tables::shared();
    let bytes: [f32; 256] = std::array::from_fn(|byte| look_up(&tables.linear, range.unit_of(byte as f64)));
    let (pixels, _) = image.as_chunks::<3>();
    for pixel in pixels {
        let rgb = pixel.map(|value| match value.as_byte() {
            Some(byte) => bytes[byte as usize],
            None => look_up(&tables.linear, range.unit(value)),
        });
        let xyz = TO_XYZ.map(|row| row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]);
        let [x, y, z] = xyz.map(|value| look_up(&tables.root, value));
        take([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]);
    }
}

type Table = [f32; STEPS + 1];

struct Tables {
    /// sRGB to linear light.
    linear: Table,
    /// The cube root of CIELab, with its straight beginning.
    root: Table,
}

impl Tables {
    fn shared() -> &'static Self {
        static TABLES: OnceLock<Tables> = OnceLock::new();
        TABLES.get_or_init(|| Self { linear: tabulated(linear_light), root: tabulated(lab_root) })
    }
}

fn linear_light(v: f64) -> f64 {
    if v > 0.040_45 { ((v + 0.055) / 1.055).powf(2.4) } else { v / 12.92 }
}

fn lab_root(t: f64) -> f64 {
    let knee = 6.0_f64 / 29.0;
    if t > knee.powi(3) { t.cbrt() } else { t / (3.0 * knee * knee) + 4.0 / 29.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "colours need no more digits")]
fn tabulated(function: fn(f64) -> f64) -> Table {
    std::array::from_fn(|step| function(step as f64 / STEPS as f64) as f32)
}

/// A table at a place from 0 to 1, straight between two entries.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places are small and positive")]
#[inline]
fn look_up(table: &Table, at: f32) -> f32 {
    let place = at * STEPS as f32;
    // By way of a signed number, which is what processors convert to.
    let step = (place as i32 as usize).min(STEPS - 1);
    let (below, above) = (table[step], table[step + 1]);
    below + (above - below) * (place - step as f32)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn byte(value: f32) -> u8 {
    (value + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXEL: Shape = Shape { height: 1, width: 1, n_channels: 3 };

    #[test]
    fn known_colours_have_their_published_coordinates() {
        // scikit-image's `rgb2lab`, which uses the same matrix and white.
        for (rgb, want) in [
            ([255_u8, 255, 255], [100.0, 0.0, 0.0]),
            ([0, 0, 0], [0.0, 0.0, 0.0]),
            ([255, 0, 0], [53.24, 80.09, 67.20]),
            ([0, 128, 255], [54.71, 18.77, -70.91]),
            ([10, 20, 5], [5.20, -5.92, 5.63]),
        ] {
            let got = lab(&rgb, PIXEL, 0.0, 255.0).unwrap();
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() < 0.01, "{rgb:?}: {got} for {want}");
            }
        }
    }

    #[test]
    fn channels_of_other_numbers_become_bytes_directly() {
        let shape = Shape { height: 1, width: 3, n_channels: 1 };
        assert_eq!(colour_bytes(&[-1.0_f64, 0.25, 7.0], shape, 0.0, 0.5).unwrap(), [0, 128, 255]);
        assert_eq!(colour_bytes(&[3.0_f32; 3], shape, 3.0, 3.0).unwrap(), [0; 3]);
    }

    #[test]
    fn bytes_of_a_colour_are_lab_rounded() {
        let image: Vec<u8> = (0..=255).flat_map(|v| [v, 255 - v, v / 2]).collect();
        let shape = Shape { height: 16, width: 16, n_channels: 3 };
        let bytes = colour_bytes(&image, shape, 0.0, 255.0).unwrap();
        let values = lab(&image, shape, 0.0, 255.0).unwrap();
        for (bytes, lab) in bytes.chunks(3).zip(values.chunks(3)) {
            let want = [2.55 * lab[0], lab[1] + 128.0, lab[2] + 128.0].map(byte);
            assert_eq!(bytes, want);
        }
    }

    #[test]
    fn what_is_not_finite_is_refused_with_its_place() {
        let shape = Shape { height: 1, width: 2, n_channels: 3 };
        let message = colour_bytes(&[0.0, 0.0, 0.0, 0.0, f64::NAN, 0.0], shape, 0.0, 1.0).unwrap_err();
        assert!(message.to_string().contains("NaN at row 0, column 1, channel 1"), "{message}");
        assert!(colour_bytes(&[0.0_f64; 6], shape, 1.0, 0.0).is_err());
        assert!(colour_bytes(&[0.0_f64; 6], shape, f64::NAN, 0.0).is_err());
    }
}
