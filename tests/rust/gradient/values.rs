//! Laws of the values: completeness, linear models, null features, replicates, equal bits.

use ferroshap::gradient::{Finished, Told, finish};
use ferroshap::parallel::{Cancel, Workers};

use super::by_hand::by_hand;
use super::{Case, Model, numbers, plan, ranks, weights};

const KEYS: [u64; 3] = [2, 0, 9];

const WIDTH: usize = 5;

/// Three rows, random scores; feature 3 is constant.
fn case(number: u64, n_rows: usize, n_points: u64, is_doubling: bool) -> Case {
    let mut stream = numbers(number);
    let weights = weights(&mut stream, n_rows, number.is_multiple_of(3));
    let ranks = ranks(&mut stream, n_rows);
    let mut draw = |count: usize| (0..count).map(|_| 2.0 * stream.uniform() - 1.0).collect::<Vec<f64>>();
    let (mut x, mut background) = (draw(3 * WIDTH), draw(n_rows * WIDTH));
    for row in x.chunks_exact_mut(WIDTH).chain(background.chunks_exact_mut(WIDTH)) {
        row[3] = 0.3;
    }
    let scores = draw(2 * n_rows);
    let plan = plan(&weights, &ranks, Some(&scores), n_points, is_doubling);
    let scores = scores.as_chunks().0.to_vec();
    Case { plan, keys: KEYS, weights, x, background, scores, width: WIDTH }
}

impl Case {
    fn model<'a>(&self, gradient: &'a dyn Fn(&[f64], usize) -> Vec<f64>) -> Model<'a> {
        let (x, background) = (self.x.clone(), self.background.clone());
        Model { x, background, n_features: WIDTH, n_outputs: 2, gradient }
    }

    /// `x - mean of b`, `(rows, d)`.
    fn difference(&self) -> Vec<f64> {
        let mean = |i: usize| {
            self.background.chunks_exact(WIDTH).zip(&self.weights).map(|(b, w)| w * b[i]).sum::<f64>()
        };
        self.x.iter().enumerate().map(|(at, x)| x - mean(at % WIDTH)).collect()
    }
}

fn cases() -> impl Iterator<Item = (u64, Case)> {
    let sizes = [(1, 1), (1, 7), (2, 1), (2, 9), (6, 1), (6, 3), (6, 6), (6, 7), (6, 40), (40, 16), (40, 90)];
    (0..).zip(sizes).flat_map(|(number, (n_rows, n_points))| {
        [false, true].map(|is_doubling| (number, case(number, n_rows, n_points, is_doubling)))
    })
}

#[test]
fn a_linear_model_is_met_exactly_by_any_number_of_points() {
    let slopes = [[1.5, -2.0, 0.25, 4.0, 0.0], [0.1, 3.0, -1.0, 0.0, 1.0]];
    let gradient = |_: &[f64], output: usize| slopes[output].to_vec();
    for (number, case) in cases() {
        let model = case.model(&gradient);
        let difference = case.difference();
        let want = |row: usize, output: usize, i: usize| slopes[output][i] * difference[row * WIDTH + i];
        let target: Vec<f64> =
            (0..6).map(|map| (0..WIDTH).map(|i| want(map / 2, map % 2, i)).sum()).collect();
        let sums = model.sums(&case.plan, &KEYS, 1000, 1);
        for residual in [false, true] {
            let found = model.finish(&case.plan, &KEYS, &sums, &target, residual, 1);
            for (at, value) in found.values.iter().enumerate() {
                let want = want(at / (2 * WIDTH), at / WIDTH % 2, at % WIDTH);
                assert!((value - want).abs() < 1e-12, "case {number}: {value} for {want}");
            }
            assert!(found.gap.iter().all(|gap| gap.abs() < 1e-12), "case {number}");
        }
    }
}

/// Bends in features 0 and 1; feature 4 is ignored.
fn bent(point: &[f64], output: usize) -> Vec<f64> {
    let scale = 1.0 + output as f64;
    vec![
        scale * point[0] * point[1],
        0.5 * point[0] * point[0] + scale * point[2].exp(),
        point[1].exp(),
        7.0,
        0.0,
    ]
}

#[test]
fn values_add_up_and_null_features_have_none() {
    let target = [1.0, -2.0, 0.5, 3.0, -0.1, 0.0];
    for (number, case) in cases() {
        let model = case.model(&bent);
        let sums = model.sums(&case.plan, &KEYS, 1000, 1);
        let found = model.finish(&case.plan, &KEYS, &sums, &target, true, 1);
        let raw = model.finish(&case.plan, &KEYS, &sums, &target, false, 1);
        for (map, target) in target.iter().enumerate() {
            let values = &found.values[map * WIDTH..][..WIDTH];
            assert!(
                (values.iter().sum::<f64>() - target).abs() < 1e-12 * (1.0 + target.abs()),
                "case {number}"
            );
            assert!(values[3] == 0.0 && values[4] == 0.0, "case {number}: {values:?}");
            let raw: f64 = raw.values[map * WIDTH..][..WIDTH].iter().sum();
            assert!((raw + found.gap[map] - target).abs() < 1e-12 * (1.0 + target.abs()));
        }
        // Errors of what is known are 0 as well.
        for errors in found.std_errors.chunks_exact(WIDTH) {
            assert!(errors[3].is_nan() || (errors[3] == 0.0 && errors[4] == 0.0));
        }
    }
}

#[test]
fn replicates_average_to_the_values_and_make_the_errors() {
    let target = [1.0, -2.0, 0.5, 3.0, -0.1, 0.0];
    for (number, case) in cases() {
        let model = case.model(&bent);
        let sums = model.sums(&case.plan, &KEYS, 1000, 1);
        let found = model.finish(&case.plan, &KEYS, &sums, &target, true, 1);
        let n_replicates = usize::from(case.plan.n_replicates());
        for map in 0..6 {
            let share = &found.share[map / 2 * n_replicates..][..n_replicates];
            assert!((share.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let replicate = |r: usize, i: usize| found.replicates[(map * n_replicates + r) * WIDTH + i];
            for i in 0..WIDTH {
                let value = found.values[map * WIDTH + i];
                let mean: f64 = (0..n_replicates).map(|r| share[r] * replicate(r, i)).sum();
                assert!((mean - value).abs() < 1e-11, "case {number}: {mean} for {value}");
                let spread: f64 =
                    (0..n_replicates).map(|r| (share[r] * (replicate(r, i) - value)).powi(2)).sum();
                let square = spread * n_replicates as f64 / (n_replicates as f64 - 1.0);
                let error = found.std_errors[map * WIDTH + i];
                assert!(n_replicates < 2 && error.is_nan() || (error * error - square).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn any_cut_and_any_number_of_threads_give_the_same_bits() {
    let mut stream = numbers(1);
    // Wider than a tile of features, and not a multiple of anything.
    let width = 2531;
    let weights = weights(&mut stream, 5, false);
    let order = ranks(&mut stream, 5);
    let scores: Vec<f64> = (0..10).map(|_| stream.uniform()).collect();
    let mut draw = |count: usize| (0..count).map(|_| stream.uniform()).collect::<Vec<f64>>();
    let model = Model {
        x: draw(3 * width),
        background: draw(5 * width),
        n_features: width,
        n_outputs: 2,
        gradient: &|point, output| point.iter().map(|z| (z + output as f64) * z.sin()).collect(),
    };
    let target = [1.0; 6];
    for n_scores in 0..3 {
        let scores = (n_scores > 0).then(|| &scores[..5 * n_scores]);
        let plan = plan(&weights, &order, scores, 35, true);
        let sums = model.sums(&plan, &KEYS, u64::MAX >> 8, 1);
        let found = model.finish(&plan, &KEYS, &sums, &target, true, 1);
        for (cut, n_threads) in [(1, 1), (5, 2), (1000, 7), (1000, 2)] {
            let again = model.sums(&plan, &KEYS, cut, n_threads);
            assert!(sums == again, "blocks of {cut} on {n_threads} threads");
            assert!(found == model.finish(&plan, &KEYS, &again, &target, true, n_threads));
        }
    }
}

#[test]
fn values_are_those_of_the_definition() {
    let target = [1.0, -2.0, 0.5, 3.0, -0.1, 0.0];
    for (number, case) in cases() {
        let model = case.model(&bent);
        let sums = model.sums(&case.plan, &KEYS, 1000, 1);
        let found = model.finish(&case.plan, &KEYS, &sums, &target, true, 1);
        for (map, &target) in target.iter().enumerate() {
            let (values, replicates) = by_hand(&case, map / 2, |point| bent(point, map % 2), target);
            for (i, (value, want)) in found.values[map * WIDTH..].iter().zip(&values).enumerate() {
                assert!((value - want).abs() < 1e-9, "case {number}, feature {i}: {value} for {want}");
            }
            let own = &found.replicates[map * replicates.len()..][..replicates.len()];
            assert!(own.iter().zip(&replicates).all(|(a, b)| (a - b).abs() < 1e-8), "case {number}: {own:?}");
        }
    }
}

#[test]
fn a_row_that_was_cut_short_is_the_mean_of_what_it_has() {
    let case = case(3, 6, 40, false);
    let bare = plan(&case.weights, &[3, 1, 0, 2, 5, 4], None, 40, false);
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let block = bare.block(&KEYS[..1], 0, 0, 13).unwrap();
    let model = Model { x: case.x[..WIDTH].to_vec(), ..case.model(&bent) };
    // Thirteen points, at the weights of the whole stage.
    let mut sums = vec![0.0; 2 * 5 * WIDTH];
    let gradients = model.tell(&bare, &block, &mut sums, &workers);
    let finished = |n_told: u64, residual: bool| -> Finished {
        let told = Told {
            plan: &bare,
            row_keys: &KEYS[..1],
            stage: 0,
            n_told: Some(&[n_told]),
            paths: model.paths(),
            sums: &sums,
            target: &[1.0, 2.0],
            n_outputs: 2,
            residual,
        };
        finish(&told, &workers).unwrap()
    };
    let total: f64 = block.weight.iter().sum();
    let plain = finished(13, false);
    for (at, value) in plain.values.iter().enumerate() {
        let (output, i) = (at / WIDTH, at % WIDTH);
        let h = (0..13).map(|point| {
            let d = model.x[i] - model.background[block.background[point] as usize * WIDTH + i];
            block.weight[point] * gradients[(point * 2 + output) * WIDTH + i] * d
        });
        assert!((value - h.sum::<f64>() / total).abs() < 1e-13);
    }
    let whole = finished(13, true);
    for (values, target) in whole.values.chunks_exact(WIDTH).zip([1.0, 2.0]) {
        assert!((values.iter().sum::<f64>() - target).abs() < 1e-12);
    }
    assert!((whole.share.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let nothing = finished(0, true);
    assert!(nothing.values.iter().all(|&value| value == 0.0) && nothing.std_errors[0].is_nan());
    assert_eq!(nothing.gap, [1.0, 2.0]);
}
