//! Superpixels: compact regions of one colour.

mod centres;
mod components;

use centres::Centres;
use components::absorb_small;

use super::shape::Shape;
use crate::error::Error;
use crate::parallel::Workers;

/// Sweeps at most.
const MOST_SWEEPS: usize = 10;

/// Pixels: once no centre moves further, the regions stay.
const STILL: f32 = 0.1;

/// Cut a picture into about `n_segments` connected regions, numbered from 0 without gaps in order of their first pixels.
///
/// $$ d^2 = \lVert \Delta \text{colour} \rVert^2 + (c / g)^2 \lVert \Delta \text{place} \rVert^2, \qquad
///    g = \sqrt{\text{pixels} / \text{segments}} $$
///
/// with the compactness `c`. Centres begin on a grid, each moved to the smoothest of the 3 x 3 pixels around it; each
/// claims pixels within a grid step, the nearest wins, of equals the lower number; centres become the means of their
/// pixels, until none moves by 0.1 pixel, in ten sweeps at most. Then parts smaller than `g^2 / 4` join the neighbour
/// with the longest common border, of equals the lower number.
///
/// `colours` `(height, width, channels)`, usually CIELab. O(pixels · sweeps · 4). Achanta, Shaji, Smith, Lucchi, Fua,
/// Süsstrunk (2012), "SLIC superpixels compared to state-of-the-art superpixel methods".
pub fn slic(
    colours: &[f32],
    shape: Shape,
    n_segments: usize,
    compactness: f64,
    workers: &Workers<'_>,
) -> Result<Vec<i32>, Error> {
    shape.check_image("image", colours)?;
    if !(1..=shape.n_pixels()).contains(&n_segments) {
        let got = format!("{n_segments}, for {} pixels", shape.n_pixels());
        let accepted = "from 1 to the number of pixels";
        return Err(Error::Parameter { argument: "n_segments", got, accepted });
    }
    if !(compactness.is_finite() && compactness >= 0.0) {
        let got = compactness.to_string();
        return Err(Error::Parameter { argument: "compactness", got, accepted: "a finite number from 0 on" });
    }
    let mut centres = Centres::new(colours, shape, n_segments, compactness);
    for _ in 0..MOST_SWEEPS {
        workers.check()?;
        centres.claim();
        if centres.moved() < STILL {
            break;
        }
    }
    let smallest = shape.n_pixels() / n_segments / 4;
    Ok(absorb_small(&centres.into_labels(), shape.width, smallest))
}
