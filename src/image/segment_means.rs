//! Every region painted in its own mean colour.

use super::intensity::Intensity;
use super::shape::Shape;
use crate::error::Error;

/// A picture whose regions have their mean colours; pixels of nobody stay.
///
/// Bytes are rounded, halves to even. Hides texture, but not colour: what a model sees in colours stays visible.
/// O(pixels · channels).
pub fn segment_means<T: Intensity>(
    image: &[T],
    shape: Shape,
    regions: &[i32],
    n_regions: usize,
) -> Result<Vec<T>, Error> {
    shape.check_image("image", image)?;
    shape.check_regions(regions, n_regions)?;
    let n_channels = shape.n_channels;
    let size = n_channels * n_regions;
    // Sums of what differs from a region's first pixel, so that one colour is its own mean exactly.
    let (mut origins, mut sums) = (vec![f64::NAN; size], vec![0.0; size]);
    let (mut least, mut largest) = (vec![f64::INFINITY; size], vec![f64::NEG_INFINITY; size]);
    let mut counts = vec![0_u32; n_regions];
    for (pixel, &region) in image.chunks_exact(n_channels).zip(regions) {
        let Ok(region) = usize::try_from(region) else { continue };
        for (channel, value) in pixel.iter().enumerate() {
            let (at, value) = (region * n_channels + channel, value.to_f64());
            if counts[region] == 0 {
                origins[at] = value;
            }
            sums[at] += value - origins[at];
            least[at] = value.min(least[at]);
            largest[at] = value.max(largest[at]);
        }
        counts[region] += 1;
    }
    let mut means = image.to_vec();
    for (pixel, &region) in means.chunks_exact_mut(n_channels).zip(regions) {
        let Ok(region) = usize::try_from(region) else { continue };
        for (channel, value) in pixel.iter_mut().enumerate() {
            let at = region * n_channels + channel;
            let mean = origins[at] + sums[at] / f64::from(counts[region]);
            *value = T::from_f64(mean.clamp(least[at], largest[at]));
        }
    }
    Ok(means)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_become_their_means_and_nobody_stays() {
        let shape = Shape { height: 1, width: 5, n_channels: 1 };
        let regions = [0, 0, 1, -1, 1];
        let means = segment_means(&[1.0_f64, 2.0, 4.0, 9.0, 8.0], shape, &regions, 2).unwrap();
        assert_eq!(means, [1.5, 1.5, 6.0, 9.0, 6.0]);
        let means = segment_means(&[1_u8, 2, 4, 9, 9], shape, &regions, 2).unwrap();
        assert_eq!(means, [2, 2, 6, 9, 6]);
        assert_eq!(segment_means(&[0.1_f32; 5], shape, &regions, 2).unwrap(), [0.1; 5]);
        assert!(segment_means(&[0.1_f32; 5], shape, &regions, 1).is_err());
    }
}
