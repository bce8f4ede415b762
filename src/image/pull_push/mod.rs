//! Holes filled smoothly from what is around them.

mod pyramid;

use pyramid::Pyramid;

use super::intensity::{Intensity, Real};
use super::render::Layout;
use super::shape::{Shape, check_length};
use crate::error::Error;

/// A picture whose hidden pixels have the colours around them.
///
/// Pull: every pixel of half the size is the mean of the visible ones of its (up to) four, and visible if one of these
/// is; down to a single pixel. Push: from coarse to fine, hidden pixels take the coarser picture between four of its
/// pixels, `9 : 3 : 3 : 1` by nearness, the border clamped. Visible pixels keep every bit, one colour stays itself,
/// and what is filled stays within the range of what is visible, channel by channel. Where nothing is visible, the
/// channels' means. Bytes are rounded, halves to even.
///
/// O(pixels · channels): at 224 x 224 x 3 a millisecond, where OpenCV's inpainting takes 60. Gortler, Grzeszczuk,
/// Szeliski, Cohen (1996), "The lumigraph", section 3.4.1.
pub fn pull_push<T: Intensity>(image: &[T], shape: Shape, hidden: &[bool]) -> Result<Vec<T>, Error> {
    shape.check_image("image", image)?;
    check_length("hidden", hidden.len(), shape.n_pixels())?;
    let filler = Filler::new(image, shape);
    let mut holes = filler.holes();
    holes.set_hidden(hidden.iter().copied());
    let mut out = image.to_vec();
    filler.fill(&mut holes, Layout::ChannelsLast, &mut out);
    Ok(out)
}

/// A picture made ready to be filled many times.
pub(super) struct Filler<'a, T: Intensity> {
    image: &'a [T],
    shape: Shape,
    /// One plane a channel.
    planes: Vec<T::Real>,
    /// What stands where nothing is visible.
    means: Vec<T>,
}

/// Which pixels are hidden, and memory to fill them in.
pub(super) struct Holes<R: Real> {
    is_hidden: Vec<bool>,
    pyramid: Pyramid<R>,
}

impl<R: Real> Holes<R> {
    /// Take which pixels are hidden.
    pub(super) fn set_hidden(&mut self, is_hidden: impl Iterator<Item = bool>) {
        self.is_hidden.clear();
        self.is_hidden.extend(is_hidden);
        self.pyramid.set_hidden(&self.is_hidden);
    }
}

impl<'a, T: Intensity> Filler<'a, T> {
    pub(super) fn new(image: &'a [T], shape: Shape) -> Self {
        let mut planes = Vec::with_capacity(image.len());
        let mut means = Vec::with_capacity(shape.n_channels);
        for channel in 0..shape.n_channels {
            let values = || image[channel..].iter().step_by(shape.n_channels);
            planes.extend(values().map(|value| value.to_real()));
            let first = image[channel].to_f64();
            let mean = values().map(|value| value.to_f64() - first).sum::<f64>() / shape.n_pixels() as f64;
            means.push(T::from_f64(first + mean));
        }
        Self { image, shape, planes, means }
    }

    pub(super) fn holes(&self) -> Holes<T::Real> {
        Holes { is_hidden: Vec::new(), pyramid: Pyramid::new(self.shape.height, self.shape.width) }
    }

    /// Write the picture with its holes filled.
    pub(super) fn fill(&self, holes: &mut Holes<T::Real>, layout: Layout, out: &mut [T]) {
        let (n_channels, n_pixels) = (self.shape.n_channels, self.shape.n_pixels());
        let is_all_hidden = holes.pyramid.is_all_hidden();
        let is_any_hidden = holes.is_hidden.contains(&true);
        for channel in 0..n_channels {
            let (first, step) = match layout {
                Layout::ChannelsLast => (channel, n_channels),
                Layout::ChannelsFirst => (channel * n_pixels, 1),
            };
            let image = self.image[channel..].iter().step_by(n_channels);
            let out = out[first..].iter_mut().step_by(step).zip(image).zip(&holes.is_hidden);
            if is_all_hidden || !is_any_hidden {
                out.for_each(|((out, &own), &hidden)| *out = if hidden { self.means[channel] } else { own });
                continue;
            }
            let plane = &self.planes[channel * n_pixels..][..n_pixels];
            // Less the first pixel, one colour is nothing at all, exactly.
            let origin = plane[0];
            let (filled, least, largest) = holes.pyramid.fill(plane, origin);
            for (((out, &own), &hidden), &filled) in out.zip(filled) {
                let filled = filled + origin;
                // A difference too large for the type is NaN, which is not above the least.
                let at_least = if filled >= least { filled } else { least };
                let filled = if at_least <= largest { at_least } else { largest };
                *out = if hidden { T::from_real(filled) } else { own };
            }
        }
    }
}
