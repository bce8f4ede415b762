//! A binary tree of regions that are alike, grown from small ones.

mod neighbours;
mod region;
mod rounds;

use neighbours::Neighbours;
use region::{Region, measured};
use rounds::Rounds;

use super::linkage::Linkage;
use super::shape::{Shape, check_length};
use crate::error::Error;
use crate::parallel::Workers;

/// Merge neighbouring regions until one is left, the most alike first.
///
/// How unlike two regions are, over the union of both: ranges of the channels `c`, areas, perimeters (edges of pixels;
/// the picture's border counts) and the length `l` of their common border,
///
/// $$ \Delta(R, S) = \sum_c (\max_c - \min_c + 1)^2 \cdot (A_R + A_S) \cdot \sqrt{P_R + P_S - 2 l(R, S)} $$
///
/// in single precision. In rounds: every region picks the neighbour of the lowest key (bits of `Δ`, high half of
/// `mix(smaller number << 32 | larger number)`), of equal ones the lower number; pairs that picked each other merge,
/// and get the next numbers in order of their smaller member. The lowest key of all is always mutual, so there is no
/// end before one region is left; and the hash lets a picture of one colour merge in about 60 rounds. Regions that
/// touch nothing (around them are only pixels of nobody) are strung together by number once nothing else is left.
///
/// As by a heap of pairs, measured: the same quality, in a tenth of the time. Every round is without order, so that the
/// tree does not depend on who works in it. O(regions · rounds), memory 100 bytes a region.
///
/// The distance is that of "ShapBPT: image feature attributions using data-aware binary partition trees" (AAAI 2026).
///
/// `colours` are bytes `(height, width, channels)`, `regions` the number of each pixel's region, or -1.
pub fn partition_tree(
    colours: &[u8],
    shape: Shape,
    regions: &[i32],
    n_regions: usize,
    workers: &Workers<'_>,
) -> Result<Linkage, Error> {
    shape.check_regions(regions, n_regions)?;
    check_length("colours", colours.len(), shape.n_values())?;
    match shape.n_channels {
        0..=4 => grow::<4>(colours, shape, regions, n_regions, workers),
        5..=16 => grow::<16>(colours, shape, regions, n_regions, workers),
        17..=128 => grow::<128>(colours, shape, regions, n_regions, workers),
        129..=1024 => grow::<1024>(colours, shape, regions, n_regions, workers),
        n_channels => {
            let got = format!("of {n_channels} channels");
            let accepted = "of 1024 channels at most: choose those in which the regions differ";
            Err(Error::Parameter { argument: "colours", got, accepted })
        }
    }
}

fn grow<const N: usize>(
    colours: &[u8],
    shape: Shape,
    regions: &[i32],
    n_regions: usize,
    workers: &Workers<'_>,
) -> Result<Linkage, Error> {
    let measured: Vec<Region<N>> = measured(colours, shape, regions, n_regions)?;
    let neighbours = Neighbours::of(regions, shape.width, n_regions);
    Rounds::new(measured, neighbours, shape.n_channels).merge_all(workers)
}
