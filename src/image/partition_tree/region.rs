//! What is known of a region, and how unlike two are.

use crate::error::Error;
use crate::image::shape::Shape;

/// What every pixel adds to a region's squared deviations, in bytes squared and summed over the channels: colours
/// that differ by less than ten or so are one, and the smaller of two such regions goes first.
const GRAIN: f32 = 100.0;

/// A region of pixels with `N` channels at most; those beyond the picture's are 0. In single precision: 32 bytes for
/// up to four channels, and borders are looked at far more often than regions merge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region<const N: usize> {
    /// The mean of each channel.
    mean: [f32; N],
    /// Squared deviations from it, summed over pixels and channels, with the grain of every pixel.
    deviations: f32,
    /// Pixels.
    area: f32,
    /// Edges of pixels that lie between it and others, or on the picture's border.
    perimeter: f32,
}

impl<const N: usize> Region<N> {
    const NOTHING: Self = Self { mean: [0.0; N], deviations: 0.0, area: 0.0, perimeter: 0.0 };

    /// Both regions as one.
    pub(super) fn union(&self, other: &Self, border: f32) -> Self {
        let area = self.area + other.area;
        let share = other.area / area;
        Self {
            mean: std::array::from_fn(|c| self.mean[c] + (other.mean[c] - self.mean[c]) * share),
            deviations: self.union_deviations(other),
            area,
            perimeter: self.perimeter + other.perimeter - 2.0 * border,
        }
    }

    /// How unlike two regions are that share `border` edges.
    pub(super) fn distance(&self, other: &Self, border: f32) -> f32 {
        self.union_deviations(other) * (self.perimeter + other.perimeter - 2.0 * border).sqrt()
    }

    /// The deviations of both as one: those of each, and the distance of the means.
    fn union_deviations(&self, other: &Self) -> f32 {
        let differences: [f32; N] = std::array::from_fn(|c| self.mean[c] - other.mean[c]);
        let apart: f32 = differences.iter().map(|difference| difference * difference).sum();
        let harmonic = self.area * other.area / (self.area + other.area);
        self.deviations + other.deviations + apart * harmonic
    }
}

/// Regions as they are in a picture. Each must have a pixel.
pub(super) fn measured<const N: usize>(
    colours: &[u8],
    shape: Shape,
    regions: &[i32],
    n_regions: usize,
) -> Result<Vec<Region<N>>, Error> {
    let mut measured: Vec<Region<N>> = vec![Region::NOTHING; n_regions];
    for (&region, colour) in regions.iter().zip(colours.chunks_exact(shape.n_channels)) {
        let Ok(region) = usize::try_from(region) else { continue };
        let region = &mut measured[region];
        let mut pixel = Region { deviations: GRAIN, area: 1.0, perimeter: 4.0, ..Region::NOTHING };
        for (mean, &byte) in pixel.mean.iter_mut().zip(colour) {
            *mean = f32::from(byte);
        }
        *region = region.union(&pixel, 0.0);
    }
    each_inner_edge(regions, shape.width, |region| measured[region].perimeter -= 2.0);
    if let Some(number) = measured.iter().position(|region| region.area == 0.0) {
        let got = format!("a map in which no pixel has the number {number}, of {n_regions} regions");
        let accepted = "a map in which every region has a pixel: number them anew";
        return Err(Error::Parameter { argument: "regions", got, accepted });
    }
    if measured.is_empty() {
        let accepted = "a map in which some pixel belongs to a region";
        return Err(Error::Parameter { argument: "regions", got: "-1 everywhere".to_owned(), accepted });
    }
    Ok(measured)
}

/// The region of every edge that has the same on both sides.
fn each_inner_edge(regions: &[i32], width: usize, mut take: impl FnMut(usize)) {
    let mut between = |a: i32, b: i32| {
        if a == b
            && let Ok(region) = usize::try_from(a)
        {
            take(region);
        }
    };
    let mut above: &[i32] = &[];
    for row in regions.chunks(width) {
        row.windows(2).for_each(|pair| between(pair[0], pair[1]));
        row.iter().zip(above).for_each(|(&here, &above)| between(here, above));
        above = row;
    }
}
