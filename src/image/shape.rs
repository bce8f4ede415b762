//! How large a picture is.

use super::intensity::Intensity;
use crate::error::Error;

/// Rows and columns of pixels, and the numbers that each holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Numbers a pixel.
    pub n_channels: usize,
}

/// Pixels are counted in 31 bits: regions are numbered by `i32`.
const MOST_PIXELS: usize = 1 << 31;

impl Shape {
    /// Number of pixels.
    pub fn n_pixels(&self) -> usize {
        self.height * self.width
    }

    /// Number of numbers.
    pub fn n_values(&self) -> usize {
        self.n_pixels() * self.n_channels
    }

    /// There must be a pixel with a channel, and fewer than 2^31 pixels.
    pub fn check(&self) -> Result<(), Error> {
        let n_pixels = self.height.checked_mul(self.width);
        if n_pixels.is_some_and(|n| 0 < n && n < MOST_PIXELS) && self.n_channels > 0 {
            return Ok(());
        }
        let got = format!("of shape ({}, {}, {})", self.height, self.width, self.n_channels);
        let accepted = "of shape (height, width, channels), none of them 0, with fewer than 2^31 pixels";
        Err(Error::Parameter { argument: "image", got, accepted })
    }

    /// `values` must hold all channels of all pixels, and finite numbers only.
    pub fn check_image<T: Intensity>(&self, argument: &'static str, values: &[T]) -> Result<(), Error> {
        self.check()?;
        check_length(argument, values.len(), self.n_values())?;
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(at) => {
                let (pixel, channel) = (at / self.n_channels, at % self.n_channels);
                let (row, column) = (pixel / self.width, pixel % self.width);
                let value = values[at].to_f64();
                let got = format!("{value} at row {row}, column {column}, channel {channel}");
                let accepted = "finite everywhere: replace missing pixels before they are explained";
                Err(Error::Parameter { argument, got, accepted })
            }
        }
    }

    /// `regions` must hold one number a pixel, from -1 to `n_regions - 1`.
    pub fn check_regions(&self, regions: &[i32], n_regions: usize) -> Result<(), Error> {
        self.check()?;
        check_length("regions", regions.len(), self.n_pixels())?;
        let is_known = |region: i32| region == -1 || usize::try_from(region).is_ok_and(|r| r < n_regions);
        match regions.iter().find(|&&region| !is_known(region)) {
            None => Ok(()),
            Some(region) => {
                let got = format!("{region} somewhere, with {n_regions} regions");
                let accepted = "from 0 to the number of regions less one, or -1 for what is never hidden";
                Err(Error::Parameter { argument: "regions", got, accepted })
            }
        }
    }
}

/// An array must have as many elements as the others imply.
pub(super) fn check_length(argument: &'static str, got: usize, want: usize) -> Result<(), Error> {
    if got == want { Ok(()) } else { Err(Error::Length { argument, got, want }) }
}
