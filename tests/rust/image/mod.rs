//! Laws of pictures: trees and superpixels, fills and masked batches.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

mod fills;
mod masks;
mod superpixels;
mod trees;

use ferroshap::image::Shape;
use ferroshap::random::{Purpose, Stream};

/// Numbers for test number `seed`; no purpose of the library's own matters here.
fn stream(seed: u64) -> Stream {
    Stream::new(seed, Purpose::Measured, 0, 0)
}

/// Bytes of noise.
fn noise(shape: Shape, stream: &mut Stream) -> Vec<u8> {
    (0..shape.n_values()).map(|_| u8::try_from(stream.below(256)).unwrap()).collect()
}

/// Blocks of few colours, so that much is equal.
fn patches(shape: Shape, stream: &mut Stream) -> Vec<u8> {
    let side = 1 + stream.index_below(4);
    let n_columns = shape.width.div_ceil(side);
    let n_blocks = n_columns * shape.height.div_ceil(side);
    let colours: Vec<u8> =
        (0..n_blocks * shape.n_channels).map(|_| u8::try_from(100 * stream.below(3)).unwrap()).collect();
    let mut image = Vec::with_capacity(shape.n_values());
    for row in 0..shape.height {
        for column in 0..shape.width {
            let block = row / side * n_columns + column / side;
            image.extend_from_slice(&colours[block * shape.n_channels..][..shape.n_channels]);
        }
    }
    image
}

/// A picture of at most `most` x `most` pixels, small sides among them.
fn random_shape(most: usize, stream: &mut Stream) -> Shape {
    let mut side =
        || if stream.below(4) == 0 { 1 + stream.index_below(2) } else { 1 + stream.index_below(most) };
    let (height, width) = (side(), side());
    Shape { height, width, n_channels: [1, 2, 3, 3, 4, 5][stream.index_below(6)] }
}

/// The pixels that touch a pixel.
fn around(pixel: usize, shape: Shape) -> impl Iterator<Item = Option<usize>> {
    let (row, column) = (pixel / shape.width, pixel % shape.width);
    [
        (row > 0).then(|| pixel - shape.width),
        (row + 1 < shape.height).then_some(pixel + shape.width),
        (column > 0).then(|| pixel - 1),
        (column + 1 < shape.width).then_some(pixel + 1),
    ]
    .into_iter()
}
