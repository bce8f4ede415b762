//! Superpixels: connected, numbered without gaps, none too small.

use ferroshap::image::{Shape, slic};
use ferroshap::parallel::{Cancel, Workers};

use super::{around, patches, random_shape, stream};

fn cut(image: &[u8], shape: Shape, n_segments: usize, compactness: f64) -> Vec<i32> {
    let colours: Vec<f32> = image.iter().map(|&byte| f32::from(byte) / 2.55).collect();
    let cancel = Cancel::default();
    slic(&colours, shape, n_segments, compactness, &Workers::serial(&cancel)).unwrap()
}

/// Pixels of each label, which must be numbered in order of their first pixels.
fn sizes(labels: &[i32]) -> Vec<usize> {
    let mut sizes = Vec::new();
    for &label in labels {
        let label = usize::try_from(label).unwrap();
        assert!(label <= sizes.len(), "{label} comes before {}", sizes.len());
        if label == sizes.len() {
            sizes.push(0);
        }
        sizes[label] += 1;
    }
    sizes
}

/// Pixels that can be reached from the first one of each label.
fn reached(labels: &[i32], shape: Shape) -> usize {
    let mut is_reached = vec![false; labels.len()];
    for label in 0..=*labels.iter().max().unwrap() {
        let first = labels.iter().position(|&other| other == label).unwrap();
        let mut waiting = vec![first];
        while let Some(pixel) = waiting.pop() {
            if !std::mem::replace(&mut is_reached[pixel], true) {
                waiting.extend(around(pixel, shape).flatten().filter(|&next| labels[next] == label));
            }
        }
    }
    is_reached.iter().filter(|reached| **reached).count()
}

#[test]
fn segments_are_connected_and_none_is_small() {
    for seed in 0..200 {
        let mut stream = stream(seed);
        let shape = random_shape(40, &mut stream);
        let image =
            if seed % 2 == 0 { patches(shape, &mut stream) } else { super::noise(shape, &mut stream) };
        let n_segments = 1 + stream.index_below(shape.n_pixels().min(60));
        let labels = cut(&image, shape, n_segments, [0.0, 1.0, 10.0, 100.0][stream.index_below(4)]);
        let sizes = sizes(&labels);
        assert_eq!(reached(&labels, shape), shape.n_pixels(), "seed {seed}: a segment is in pieces");
        let smallest = shape.n_pixels() / n_segments / 4;
        assert!(sizes.len() == 1 || sizes.iter().all(|&size| size >= smallest), "seed {seed}: {sizes:?}");
        assert_eq!(cut(&image, shape, n_segments, 10.0), cut(&image, shape, n_segments, 10.0));
    }
}

#[test]
fn one_colour_is_cut_into_a_grid() {
    let shape = Shape { height: 40, width: 60, n_channels: 3 };
    let labels = cut(&vec![9; shape.n_values()], shape, 24, 10.0);
    assert_eq!(sizes(&labels), [100; 24]);
    // Of two centres that are equally near, the lower number has the pixel: none is, with an even step.
    assert!(
        (0..labels.len())
            .all(|pixel| { labels[pixel] == i32::try_from(pixel / 60 / 10 * 6 + pixel % 60 / 10).unwrap() })
    );
}

#[test]
fn segments_keep_to_edges() {
    // Two colours with a slanted border between them.
    let shape = Shape { height: 48, width: 48, n_channels: 3 };
    let is_dark = |pixel: usize| 2 * (pixel % 48) < 30 + pixel / 48;
    let image: Vec<u8> = (0..shape.n_values()).map(|at| if is_dark(at / 3) { 0 } else { 200 }).collect();
    let labels = cut(&image, shape, 36, 10.0);
    for label in 0..=*labels.iter().max().unwrap() {
        let pixels = || (0..labels.len()).filter(|&pixel| labels[pixel] == label);
        assert!(pixels().all(is_dark) || !pixels().any(is_dark), "segment {label} has both colours");
    }
}

#[test]
fn long_pictures_get_as_many_segments_as_asked() {
    for (height, width) in [(1, 400), (400, 1), (2, 300)] {
        let shape = Shape { height, width, n_channels: 1 };
        let labels = cut(&vec![0; shape.n_values()], shape, 10, 10.0);
        assert_eq!(labels.iter().max(), Some(&9), "{height} x {width}");
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    let shape = Shape { height: 2, width: 2, n_channels: 1 };
    let cancel = Cancel::default();
    let refused = |image: &[f32], n_segments: usize, compactness: f64, want: &str| {
        let message = slic(image, shape, n_segments, compactness, &Workers::serial(&cancel)).unwrap_err();
        assert!(message.to_string().contains(want), "{message}");
    };
    refused(&[0.0; 4], 0, 10.0, "n_segments");
    refused(&[0.0; 4], 5, 10.0, "5, for 4 pixels");
    refused(&[0.0; 4], 2, -1.0, "compactness");
    refused(&[0.0; 4], 2, f64::NAN, "compactness");
    refused(&[0.0, f32::NAN, 0.0, 0.0], 2, 1.0, "NaN at row 0, column 1");
    refused(&[0.0; 3], 2, 1.0, "length 3");
}
