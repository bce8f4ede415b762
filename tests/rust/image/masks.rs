//! Masked batches, judged pixel by pixel.

use ferroshap::coalition;
use ferroshap::image::{
    Intensity, Layout, Picture, Selectable, Shape, cells, grid_segments, pull_push, render, render_filled,
};
use ferroshap::parallel::{Cancel, Workers};

use super::{noise, random_shape, stream};

/// A picture, another, regions of which some are nobody's, and coalitions: nobody, everybody, random ones.
struct Case {
    shape: Shape,
    image: Vec<u8>,
    fill: Vec<u8>,
    regions: Vec<i32>,
    words: Vec<u64>,
    width: usize,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut stream = stream(seed);
        let shape = random_shape(20, &mut stream);
        let (image, fill) = (noise(shape, &mut stream), noise(shape, &mut stream));
        let mut regions = if seed.is_multiple_of(2) {
            cells(shape.height, shape.width, 1 + stream.index_below(3)).unwrap()
        } else {
            grid_segments(shape.height, shape.width, shape.height.min(3), shape.width.min(4)).unwrap()
        };
        let n_regions = usize::try_from(regions.iter().max().unwrap() + 1).unwrap();
        if seed.is_multiple_of(3) {
            for region in regions.iter_mut().filter(|region| **region % 5 == 1) {
                *region = -1;
            }
        }
        let width = coalition::words_for(n_regions);
        let mut words = vec![0; width];
        words.extend(vec![u64::MAX; width]);
        let n_coalitions = [0, 1, 6, 70][stream.index_below(4)];
        words.extend((0..n_coalitions * width).map(|_| stream.word()));
        Self { shape, image, fill, regions, words, width }
    }

    fn is_hidden(&self, coalition: &[u64]) -> Vec<bool> {
        let contains = |region: usize| coalition::contains(coalition, region);
        self.regions.iter().map(|&r| usize::try_from(r).is_ok_and(|region| !contains(region))).collect()
    }

    /// Where the number of a pixel's channel stands in a picture.
    fn place(&self, layout: Layout, pixel: usize, channel: usize) -> usize {
        match layout {
            Layout::ChannelsLast => pixel * self.shape.n_channels + channel,
            Layout::ChannelsFirst => channel * self.shape.n_pixels() + pixel,
        }
    }

    /// The batch, when `hide` says what stands for the hidden pixels.
    fn expected<T: Copy>(&self, layout: Layout, image: &[T], hide: impl Fn(&[bool]) -> Vec<T>) -> Vec<T> {
        let mut batch = Vec::new();
        for coalition in self.words.chunks(self.width) {
            let hidden = self.is_hidden(coalition);
            let fill = hide(&hidden);
            let mut picture = image.to_vec();
            for (pixel, &is_hidden) in hidden.iter().enumerate() {
                for channel in 0..self.shape.n_channels {
                    let at = pixel * self.shape.n_channels + channel;
                    picture[self.place(layout, pixel, channel)] =
                        if is_hidden { fill[at] } else { image[at] };
                }
            }
            batch.extend(picture);
        }
        batch
    }

    fn check_render<T: Selectable + Default + PartialEq + std::fmt::Debug>(&self, make: fn(u8) -> T) {
        let image: Vec<T> = self.image.iter().map(|&byte| make(byte)).collect();
        let fill: Vec<T> = self.fill.iter().map(|&byte| make(byte)).collect();
        let picture = Picture { image: &image, shape: self.shape, regions: &self.regions };
        for layout in [Layout::ChannelsLast, Layout::ChannelsFirst] {
            let expected = self.expected(layout, &image, |_| fill.clone());
            for n_threads in [1, 2, 7] {
                let cancel = Cancel::default();
                let workers = Workers::new(n_threads, &cancel);
                let mut out = vec![T::default(); expected.len()];
                render(&picture, &fill, &self.words, self.width, layout, &mut out, &workers).unwrap();
                assert!(out == expected, "{layout:?}, {n_threads} threads");
            }
        }
    }

    fn check_filled<T: Intensity + Default>(&self, make: fn(u8) -> T) {
        let image: Vec<T> = self.image.iter().map(|&byte| make(byte)).collect();
        let picture = Picture { image: &image, shape: self.shape, regions: &self.regions };
        for layout in [Layout::ChannelsLast, Layout::ChannelsFirst] {
            let expected = self.expected(layout, &image, |h| pull_push(&image, self.shape, h).unwrap());
            for n_threads in [1, 2, 7] {
                let cancel = Cancel::default();
                let workers = Workers::new(n_threads, &cancel);
                let mut out = vec![T::default(); expected.len()];
                render_filled(&picture, &self.words, self.width, layout, &mut out, &workers).unwrap();
                assert!(out == expected, "{layout:?}, {n_threads} threads");
            }
        }
    }
}

#[test]
fn hidden_pixels_come_from_the_fill_and_no_others() {
    for seed in 0..60 {
        let case = Case::new(seed);
        case.check_render(|byte| byte);
        case.check_render(u16::from);
        case.check_render(|byte| f32::from(byte) / 3.0);
        case.check_render(|byte| f64::from(byte) / 3.0);
        case.check_render(u32::from);
        case.check_render(u64::from);
    }
}

#[test]
fn batches_are_filled_as_single_pictures_are() {
    for seed in 0..30 {
        let case = Case::new(seed);
        case.check_filled(|byte| byte);
        case.check_filled(|byte| f32::from(byte) / 3.0);
        case.check_filled(|byte| f64::from(byte) / 3.0);
    }
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let shape = Shape { height: 2, width: 2, n_channels: 1 };
    let regions = [0, 1, 2, 64];
    let picture = Picture { image: &[1.0_f32; 4], shape, regions: &regions };
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let mut out = [0.0; 4];
    let mut refused = |fill: &[f32], words: &[u64], width: usize, want: &str| {
        let message =
            render(&picture, fill, words, width, Layout::ChannelsLast, &mut out, &workers).unwrap_err();
        assert!(message.to_string().contains(want), "{message}");
    };
    refused(&[0.0; 4], &[0], 1, "64 somewhere, with 64 regions");
    refused(&[0.0; 3], &[0, 0], 2, "`fill` has length 3");
    refused(&[0.0; 4], &[0, 0, 0], 2, "`coalitions` has length 3");
    refused(&[0.0; 4], &[0; 4], 2, "`out` has length 4");
}
