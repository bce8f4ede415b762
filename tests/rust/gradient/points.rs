//! Laws of points, sums and noise: types, refusals, streams.

use ferroshap::error::Error;
use ferroshap::gradient::{Noise, Paths, Sums, Unfinite, add_noise, interpolate};
use ferroshap::parallel::{Cancel, Workers};

use super::numbers;

#[test]
fn a_point_lies_between_and_equal_features_stay_equal() {
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let (x, background) = ([1.0_f32, 0.1, 7.0], [3.0_f32, 0.1, -1.0, 0.0, 0.1, 7.0]);
    let paths = Paths { x: &x, background: &background, n_features: 3 };
    let mut out = [0.0_f32; 9];
    interpolate(paths, &[0, 0, 0], &[0, 1, 1], &[0.25, 0.0, 0.5], &mut out, &workers).unwrap();
    let want = [2.5_f32, 0.1, 1.0, 0.0, 0.1, 7.0, 0.5, 0.1, 7.0];
    assert_eq!(out.map(f32::to_bits), want.map(f32::to_bits), "{out:?}");
    for (row, index) in [([0, 0, 1], [0, 1, 1]), ([0, 0, 0], [0, 1, 2])] {
        let refused = interpolate(paths, &row, &index, &[0.5; 3], &mut out, &workers);
        assert!(matches!(refused, Err(Error::Parameter { .. })), "{refused:?}");
    }
    let short = interpolate(paths, &[0, 0, 0], &[0, 1, 1], &[0.5; 3], &mut out[..6], &workers);
    assert_eq!(short, Err(Error::Length { argument: "out", got: 6, want: 9 }));
}

/// Five points of two rows with two outputs and three features; what they sum to in each type.
fn sums(gradients: &[f64], n_controls: usize, is_narrow: bool) -> (Vec<f64>, Option<Unfinite>) {
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let mut stream = numbers(1);
    // Multiples of 1/64: exact in both types.
    let mut draw = |count: usize| (0..count).map(|_| stream.below(64) as f64 / 64.0).collect::<Vec<f64>>();
    let (x, background, controls) = (draw(6), draw(9), draw(5 * n_controls));
    let mut sums = vec![0.0; 2 * 2 * (2 + n_controls + 1) * 3];
    let block = Sums {
        paths: Paths { x: &x, background: &background, n_features: 3 },
        row: &[1, 0, 1, 1, 0],
        background_index: &[0, 1, 2, 1, 0],
        weight: &[0.25, 0.5, 0.125, 1.0, 0.75],
        replicate: &[0, 1, 1, 0, 0],
        controls: &controls,
        gradients,
        n_outputs: 2,
        n_controls,
        n_replicates: 2,
    };
    let met = if is_narrow {
        #[expect(clippy::cast_possible_truncation, reason = "exact in both types")]
        let narrow = |wide: &[f64]| wide.iter().map(|&number| number as f32).collect::<Vec<f32>>();
        let (x, background, gradients) = (narrow(&x), narrow(&background), narrow(gradients));
        let paths = Paths { x: &x, background: &background, n_features: 3 };
        Sums {
            paths,
            gradients: &gradients,
            row: block.row,
            background_index: block.background_index,
            weight: block.weight,
            replicate: block.replicate,
            controls: block.controls,
            n_outputs: 2,
            n_controls,
            n_replicates: 2,
        }
        .add(&mut sums, &workers)
    } else {
        block.add(&mut sums, &workers)
    };
    if met == Ok(None) {
        assert_by_definition(&block, &sums);
    }
    (sums, met.expect("lengths agree"))
}

/// Sums by hand: one feature after the other, from the definition.
fn assert_by_definition(block: &Sums<'_, f64, f64>, sums: &[f64]) {
    let (x, background, n_controls) = (block.paths.x, block.paths.background, block.n_controls);
    for (place, sum) in sums.iter().enumerate() {
        let n_parts = 3 + n_controls;
        let (i, part) = (place % 3, place / 3 % n_parts);
        let (output, row) = (place / 3 / n_parts % 2, place / 3 / n_parts / 2);
        let mut want = 0.0;
        for point in (0..5).filter(|&point| block.row[point] as usize == row) {
            let d = x[row * 3 + i] - background[block.background_index[point] as usize * 3 + i];
            let h = block.gradients[(point * 2 + output) * 3 + i] * d;
            let (w, replicate) = (block.weight[point], usize::from(block.replicate[point]));
            want += match part {
                part if part < 2 => f64::from(u8::from(part == replicate)) * w * h,
                part if part < 2 + n_controls => w * h * d * block.controls[point * n_controls + part - 2],
                _ => w * h * h,
            };
        }
        assert!((sum - want).abs() < 1e-13, "place {place}: {sum} for {want}");
    }
}

#[test]
fn sums_are_those_of_the_definition_in_both_types() {
    let mut stream = numbers(2);
    let gradients: Vec<f64> = (0..30).map(|_| stream.below(64) as f64 / 32.0 - 1.0).collect();
    for n_controls in [0, 2, 3, 4] {
        let (wide, _) = sums(&gradients, n_controls, false);
        let (narrow, _) = sums(&gradients, n_controls, true);
        assert_eq!(wide, narrow, "{n_controls} controls");
    }
}

#[test]
fn the_first_gradient_that_is_not_finite_is_named() {
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut gradients = vec![0.5; 30];
        (gradients[27], gradients[16]) = (wrong, wrong);
        for is_narrow in [false, true] {
            let (_, met) = sums(&gradients, 4, is_narrow);
            assert_eq!(met, Some(Unfinite { point: 2, output: 1, feature: 1 }));
        }
    }
}

#[test]
fn noise_belongs_to_the_feature_and_has_its_moments() {
    let cancel = Cancel::default();
    let workers = Workers::new(2, &cancel);
    let noise = |offset: u64, sigma: f64, width: usize, n_points: u64| {
        let mut out = vec![0.0_f64; width * usize::try_from(n_points).unwrap()];
        let keys: Vec<u64> = (0..n_points).map(|point| point % 3).collect();
        let points: Vec<u64> = (0..n_points).collect();
        add_noise(Noise { seed: 4, offset, sigma }, &keys, &points, &mut out, &workers).unwrap();
        out
    };
    let whole = noise(0, 0.5, 11, 4);
    for first in 0..11 {
        let part = noise(first as u64, 0.5, 11 - first, 4);
        for (whole, part) in whole.chunks_exact(11).zip(part.chunks_exact(11 - first)) {
            assert_eq!(whole[first..], *part, "from feature {first} on");
        }
    }
    assert!(noise(0, 0.0, 3, 2).iter().all(|&number| number == 0.0));
    let many = noise(0, 2.0, 1000, 100);
    let count = many.len() as f64;
    let moment = |power: i32| many.iter().map(|z| (z / 2.0).powi(power)).sum::<f64>() / count;
    // Five standard errors of the moments of a standard normal: variances 1, 2, 15, 96.
    for (power, want, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0_f64)] {
        assert!((moment(power) - want).abs() < 5.0 * (variance / count).sqrt(), "moment {power}");
    }
}
