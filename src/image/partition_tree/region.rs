//! What is known of a region, and how unlike two are.

use crate::error::Error;
use crate::image::shape::Shape;

/// A region of pixels with `N` channels at most; those beyond the picture's are 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region<const N: usize> {
    /// Pixels.
    area: u32,
    /// Edges of pixels that lie between it and others, or on the picture's border.
    perimeter: u32,
    least: [u8; N],
    largest: [u8; N],
}

impl<const N: usize> Region<N> {
    const NOTHING: Self = Self { area: 0, perimeter: 0, least: [u8::MAX; N], largest: [0; N] };

    /// Both regions as one.
    pub(super) fn union(&self, other: &Self, border: u32) -> Self {
        let mut union = Self {
            area: self.area + other.area,
            perimeter: self.perimeter + other.perimeter - 2 * border,
            ..*self
        };
        for channel in 0..N {
            union.least[channel] = self.least[channel].min(other.least[channel]);
            union.largest[channel] = self.largest[channel].max(other.largest[channel]);
        }
        union
    }

    /// How unlike two regions are that share `border` edges: never negative, so that its bits are ordered as it is.
    pub(super) fn distance(&self, other: &Self, border: u32, n_channels: u32) -> f32 {
        // Channels beyond the picture's add nothing: 1 - 1.
        let mut spread = n_channels;
        for channel in 0..N {
            let largest = self.largest[channel].max(other.largest[channel]);
            let least = self.least[channel].min(other.least[channel]);
            let range = u32::from(largest - least) + 1;
            spread += range * range - 1;
        }
        let area = self.area + other.area;
        let perimeter = self.perimeter + other.perimeter - 2 * border;
        spread as f32 * area as f32 * (perimeter as f32).sqrt()
    }
}

/// Regions as they are in a picture. Each must have a pixel.
pub(super) fn measured<const N: usize>(
    colours: &[u8],
    shape: Shape,
    regions: &[i32],
    n_regions: usize,
) -> Result<Vec<Region<N>>, Error> {
    let (height, width, n_channels) = (shape.height, shape.width, shape.n_channels);
    let mut measured = vec![Region::NOTHING; n_regions];
    for row in 0..height {
        for column in 0..width {
            let pixel = row * width + column;
            let number = regions[pixel];
            let Ok(index) = usize::try_from(number) else { continue };
            let region = &mut measured[index];
            region.area += 1;
            let is_other = |is_inside: bool, step: isize| {
                u32::from(!is_inside || regions[pixel.wrapping_add_signed(step)] != number)
            };
            let below = width.cast_signed();
            region.perimeter += is_other(column > 0, -1)
                + is_other(column + 1 < width, 1)
                + is_other(row > 0, -below)
                + is_other(row + 1 < height, below);
            let colour = &colours[pixel * n_channels..][..n_channels];
            for ((least, largest), &byte) in region.least.iter_mut().zip(&mut region.largest).zip(colour) {
                *least = byte.min(*least);
                *largest = byte.max(*largest);
            }
        }
    }
    for (number, region) in measured.iter_mut().enumerate() {
        if region.area == 0 {
            let got = format!("a map in which no pixel has the number {number}, of {n_regions} regions");
            let accepted = "a map in which every region has a pixel: number them anew";
            return Err(Error::Parameter { argument: "regions", got, accepted });
        }
        region.least[n_channels..].fill(0);
    }
    if measured.is_empty() {
        let accepted = "a map in which some pixel belongs to a region";
        return Err(Error::Parameter { argument: "regions", got: "-1 everywhere".to_owned(), accepted });
    }
    Ok(measured)
}
