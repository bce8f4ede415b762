//! Masked pictures whose holes are filled from around them.

use super::{Batch, Layout, Picture};
use crate::coalition;
use crate::error::Error;
use crate::image::intensity::Intensity;
use crate::image::pull_push::Filler;
use crate::parallel::Workers;

/// Pictures that are filled in the same memory.
const GROUP: usize = 8;

/// Write one picture for each coalition: the image where a pixel's region is present or nobody's, elsewhere what
/// [`pull_push`](crate::image::pull_push()) makes of the rest.
pub fn render_filled<T: Intensity>(
    picture: &Picture<'_, T>,
    words: &[u64],
    words_per_coalition: usize,
    layout: Layout,
    out: &mut [T],
    workers: &Workers<'_>,
) -> Result<(), Error> {
    let batch = Batch::new(picture, words, words_per_coalition, out)?;
    let shape = picture.shape;
    shape.check_image("image", picture.image)?;
    let filler = Filler::new(picture.image, shape);
    let group = batch.n_pictures().div_ceil(workers.n_threads()).clamp(1, GROUP);
    workers.for_each_unit(out.chunks_mut(group * shape.n_values()), |number, out| {
        let part = batch.part(number * group, out.len() / shape.n_values());
        let mut holes = filler.holes();
        for (coalition, out) in part.coalitions().zip(out.chunks_exact_mut(shape.n_values())) {
            let is_hidden = |region: i32| {
                usize::try_from(region).is_ok_and(|region| !coalition::contains(coalition, region))
            };
            holes.set_hidden(picture.regions.iter().map(|&region| is_hidden(region)));
            filler.fill(&mut holes, layout, out);
        }
    })
}
