//! What stands for hidden pixels: blurs and filled holes.

use ferroshap::image::{Shape, blur, pull_push, segment_means};

use super::{noise, random_shape, stream};

/// Numbers that are no round ones.
fn doubles(bytes: &[u8]) -> Vec<f64> {
    bytes.iter().map(|&byte| f64::from(byte) / 7.0 - 10.0).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
fn singles(bytes: &[u8]) -> Vec<f32> {
    doubles(bytes).iter().map(|&value| value as f32).collect()
}

/// The pixel of an endless row of mirrors.
fn mirrored(mut at: i64, side: i64) -> i64 {
    if side == 1 {
        return 0;
    }
    while !(0..side).contains(&at) {
        at = if at < 0 { -at } else { 2 * (side - 1) - at };
    }
    at
}

/// One pass over boxes, pixel by pixel.
fn naive_blur(image: &[f64], shape: Shape, kx: i64, ky: i64) -> Vec<f64> {
    let (height, width) = (i64::try_from(shape.height).unwrap(), i64::try_from(shape.width).unwrap());
    let mut blurred = Vec::new();
    for row in 0..height {
        for column in 0..width {
            for channel in 0..shape.n_channels {
                let mut sum = 0.0;
                for y in row - ky / 2..row - ky / 2 + ky {
                    for x in column - kx / 2..column - kx / 2 + kx {
                        let pixel = mirrored(y, height) * width + mirrored(x, width);
                        sum += image[usize::try_from(pixel).unwrap() * shape.n_channels + channel];
                    }
                }
                blurred.push(sum / (kx * ky) as f64);
            }
        }
    }
    blurred
}

#[test]
fn blurs_are_means_over_boxes_with_a_mirrored_border() {
    for seed in 0..60 {
        let mut stream = stream(seed);
        let shape = random_shape(12, &mut stream);
        let image = doubles(&noise(shape, &mut stream));
        let (kx, ky) = (1 + stream.below(30), 1 + stream.below(30));
        let (sx, sy) = (usize::try_from(kx).unwrap(), usize::try_from(ky).unwrap());
        let mut want = image.clone();
        for passes in 0..4 {
            let got = blur(&image, shape, sx, sy, passes).unwrap();
            // Sums of 30 numbers below 30 and as many steps as the side has, thrice.
            let tolerance = 3.0 * 900.0 * 60.0 * f64::EPSILON;
            let error = got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(error <= tolerance, "seed {seed}, {passes} passes: {error}");
            want = naive_blur(&want, shape, i64::try_from(kx).unwrap(), i64::try_from(ky).unwrap());
        }
    }
}

#[test]
fn one_colour_survives_every_fill() {
    for value in [0.1_f64, -3.3e20, 1e-300, 7.0] {
        let shape = Shape { height: 9, width: 14, n_channels: 2 };
        let image = vec![value; shape.n_values()];
        let hidden: Vec<bool> = (0..shape.n_pixels()).map(|pixel| pixel % 7 != 3).collect();
        assert_eq!(blur(&image, shape, 5, 4, 3).unwrap(), image);
        assert_eq!(pull_push(&image, shape, &hidden).unwrap(), image);
        assert_eq!(pull_push(&image, shape, &vec![true; shape.n_pixels()]).unwrap(), image);
        assert_eq!(segment_means(&image, shape, &vec![0; shape.n_pixels()], 1).unwrap(), image);
    }
    let shape = Shape { height: 31, width: 33, n_channels: 1 };
    // 12582914 thirds: the mean of three singles of this value, summed in singles, is another number.
    for value in [12_582_914.0_f32, 0.3, 1e-40] {
        let image = vec![value; shape.n_values()];
        let hidden: Vec<bool> = (0..shape.n_pixels()).map(|pixel| pixel % 4 == 3 || pixel < 300).collect();
        assert_eq!(pull_push(&image, shape, &hidden).unwrap(), image);
        assert_eq!(blur(&image, shape, 6, 3, 1).unwrap(), image);
    }
}

/// Least and largest of a channel, over the pixels that are visible.
fn range(image: &[f64], n_channels: usize, channel: usize, hidden: &[bool]) -> (f64, f64) {
    let visible = image.chunks(n_channels).zip(hidden).filter(|(_, hidden)| !**hidden);
    visible.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, largest), (pixel, _)| {
        (least.min(pixel[channel]), largest.max(pixel[channel]))
    })
}

#[test]
fn holes_are_filled_within_the_range_of_what_is_visible() {
    for seed in 0..200 {
        let mut stream = stream(seed);
        let shape = random_shape(30, &mut stream);
        let bytes = noise(shape, &mut stream);
        let one_in = 1 + stream.below(6);
        let hidden: Vec<bool> = (0..shape.n_pixels()).map(|_| stream.below(one_in) != 0).collect();
        let (image, single) = (doubles(&bytes), singles(&bytes));
        let filled = pull_push(&image, shape, &hidden).unwrap();
        let filled_singles = pull_push(&single, shape, &hidden).unwrap();
        let filled_bytes = pull_push(&bytes, shape, &hidden).unwrap();
        for (at, &is_hidden) in
            hidden.iter().flat_map(|h| std::iter::repeat_n(h, shape.n_channels)).enumerate()
        {
            if !is_hidden {
                assert_eq!(filled[at].to_bits(), image[at].to_bits());
                assert_eq!(filled_singles[at].to_bits(), single[at].to_bits());
                assert_eq!(filled_bytes[at], bytes[at]);
            }
        }
        if hidden.iter().all(|&hidden| hidden) {
            continue;
        }
        for channel in 0..shape.n_channels {
            let (least, largest) = range(&image, shape.n_channels, channel, &hidden);
            let of_channel = || (channel..filled.len()).step_by(shape.n_channels);
            assert!(of_channel().filter(|at| hidden[at / shape.n_channels]).all(|at| {
                (least..=largest).contains(&filled[at])
                    // 10 levels of a few roundings of numbers below 64, then half a byte.
                    && (f64::from(filled_singles[at]) - filled[at]).abs() < 100.0 * 64.0 * f64::from(f32::EPSILON)
                    && (f64::from(filled_bytes[at]) / 7.0 - 10.0 - filled[at]).abs() < 0.51 / 7.0
            }));
        }
    }
}

#[test]
fn nothing_visible_leaves_the_means() {
    let shape = Shape { height: 2, width: 2, n_channels: 2 };
    let image = [1_u8, 10, 2, 20, 4, 30, 4, 41];
    assert_eq!(pull_push(&image, shape, &[true; 4]).unwrap(), [3, 25, 3, 25, 3, 25, 3, 25]);
    assert_eq!(pull_push(&image, shape, &[false; 4]).unwrap(), image);
}

/// Pull-push by its definition, one channel, with the coarser picture looked up pixel by pixel.
fn naive_pull_push(values: &[f64], visible: &[bool], height: usize, width: usize) -> Vec<f64> {
    if height * width == 1 {
        return values.to_vec();
    }
    let (h, w) = (height.div_ceil(2), width.div_ceil(2));
    let (mut coarse, mut coarse_visible) = (vec![0.0; h * w], vec![false; h * w]);
    for (parent, (value, is_visible)) in coarse.iter_mut().zip(&mut coarse_visible).enumerate() {
        let places = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(y, x)| (parent / w * 2 + y, parent % w * 2 + x));
        let inside = places.iter().filter(|(y, x)| *y < height && *x < width).map(|(y, x)| y * width + x);
        let seen: Vec<f64> = inside.filter(|&at| visible[at]).map(|at| values[at]).collect();
        *is_visible = !seen.is_empty();
        *value = seen.iter().sum::<f64>() / seen.len().max(1) as f64;
    }
    let coarse = naive_pull_push(&coarse, &coarse_visible, h, w);
    let at = |y: f64, x: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and clamped")]
        let place = |at: f64, side: usize| at.clamp(0.0, side as f64 - 1.0) as usize;
        coarse[place(y, h) * w + place(x, w)]
    };
    let sample = |y: f64, x: f64| {
        let (top, left) = (y.floor(), x.floor());
        let (down, right) = (y - top, x - left);
        (1.0 - down) * ((1.0 - right) * at(top, left) + right * at(top, left + 1.0))
            + down * ((1.0 - right) * at(top + 1.0, left) + right * at(top + 1.0, left + 1.0))
    };
    let fill = |pixel: usize| {
        let (row, column) = ((pixel / width) as f64, (pixel % width) as f64);
        if visible[pixel] { values[pixel] } else { sample((row - 0.5) / 2.0, (column - 0.5) / 2.0) }
    };
    (0..height * width).map(fill).collect()
}

#[test]
fn holes_are_filled_as_defined() {
    for seed in 0..100 {
        let mut stream = stream(500 + seed);
        let shape = Shape { n_channels: 1, ..random_shape(25, &mut stream) };
        let image = doubles(&noise(shape, &mut stream));
        let mut visible: Vec<bool> = (0..shape.n_pixels()).map(|_| stream.below(5) == 0).collect();
        visible[0] = true;
        let hidden: Vec<bool> = visible.iter().map(|visible| !visible).collect();
        let want = naive_pull_push(&image, &visible, shape.height, shape.width);
        for (got, want) in pull_push(&image, shape, &hidden).unwrap().iter().zip(want) {
            // Up and down six levels, about ten roundings each, of numbers below 64.
            assert!((got - want).abs() < 120.0 * 64.0 * f64::EPSILON, "seed {seed}: {got} for {want}");
        }
    }
}
