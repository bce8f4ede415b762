use super::*;
use crate::parallel::Cancel;
use crate::random::{Purpose, Stream};

/// Rows of numbers of which the last column is the sum of the others, and one is constant.
fn data(n_rows: usize, n_columns: usize, unit: u64) -> Vec<f64> {
    let mut stream = Stream::new(3, Purpose::Order, 0, unit);
    let mut values = Vec::new();
    for _ in 0..n_rows {
        let mut row: Vec<f64> = (0..n_columns).map(|_| stream.uniform() + stream.uniform()).collect();
        row[0] = 7.0;
        row[n_columns - 1] = row[1..n_columns - 1].iter().sum();
        values.extend(row);
    }
    values
}

fn draw(
    empirical: &Empirical,
    values: &[f64],
    words: &[u64],
    rows: &[usize],
    n_samples: usize,
    n_threads: usize,
) -> Selection {
    let cancel = Cancel::default();
    let choice = Choice { bandwidths: &[0.1], n_samples, seed: 5 };
    let explained = empirical.rows(values).unwrap();
    empirical.draw(&explained, words, 1, rows, &choice, &Workers::new(n_threads, &cancel)).unwrap()
}

#[test]
fn a_list_depends_on_its_coalition_and_row_alone() {
    let (n_columns, n_rows) = (6, 300);
    let background = data(n_rows, n_columns, 1);
    let explained = data(9, n_columns, 2);
    let empirical = Empirical::new(&background, n_columns, &vec![1.0 / 300.0; n_rows]).unwrap();
    let words: Vec<u64> = (1..63).collect();
    let rows: Vec<usize> = (0..9).collect();
    let whole = draw(&empirical, &explained, &words, &rows, 20, 1);
    assert_eq!(draw(&empirical, &explained, &words, &rows, 20, 7), whole);
    for (evaluation, &word) in words.iter().enumerate() {
        for &row in &rows {
            let alone = draw(&empirical, &explained[row * n_columns..][..n_columns], &[word], &[0], 20, 2);
            assert_eq!(alone.list(0), whole.list(evaluation * 9 + row), "coalition {word}, row {row}");
            assert!(alone.n_model_rows() <= 20);
        }
    }
}

#[test]
fn distances_are_those_of_the_definition() {
    let (n_columns, n_rows) = (5, 40);
    let background = data(n_rows, n_columns, 1);
    let point = data(1, n_columns, 2);
    let empirical = Empirical::new(&background, n_columns, &vec![1.0 / 40.0; n_rows]).unwrap();
    assert_eq!(empirical.n_varying(), 4);
    let explained = empirical.rows(&point).unwrap();
    let places = [0, 2];
    let factor = empirical.factor(&places);
    let rows = factor.whiten(&empirical.panels, 4, n_rows);
    let mut out = vec![0.0; PANEL_POINTS * rows.padded_rows()];
    factor.distances(&rows, [explained.cells.as_slice()].into_iter(), &mut out);
    let (a, c) = (empirical.correlations.row(0)[0], empirical.correlations.row(2)[2]);
    let b = empirical.correlations.row(0)[2];
    for row in 0..n_rows {
        let z: Vec<f64> = places
            .iter()
            .map(|&place| {
                let scale = empirical.scales[place];
                (point[scale.column] - background[row * n_columns + scale.column]) / scale.spread
            })
            .collect();
        let expected = (c * z[0] * z[0] - 2.0 * b * z[0] * z[1] + a * z[1] * z[1]) / (a * c - b * b);
        // Correlations of two uniform columns are small: a few roundings of numbers below 20.
        assert!((out[row] - expected).abs() < 1e-12 * (1.0 + expected), "{} {expected}", out[row]);
    }
}

#[test]
fn a_row_of_the_background_is_at_distance_zero() {
    let n_columns = 30;
    let background = data(50, n_columns, 1);
    let empirical = Empirical::new(&background, n_columns, &[0.02; 50]).unwrap();
    let words = [(1_u64 << n_columns) - 2];
    let rows: Vec<usize> = (0..50).collect();
    let selection = draw(&empirical, &background, &words, &rows, 100, 2);
    for row in 0..50 {
        let (chosen, weights) = selection.list(row);
        assert!(
            chosen.contains(&u32::try_from(row).unwrap())
                && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-14
        );
    }
}

#[test]
fn nothing_present_means_equal_chances_and_one_row_is_enough() {
    let empirical = Empirical::new(&data(8, 4, 1), 4, &[0.125; 8]).unwrap();
    let selection = draw(&empirical, &data(1, 4, 2), &[0, 1], &[0], 100, 1);
    for list in 0..2 {
        assert_eq!(selection.list(list), (&[0, 1, 2, 3, 4, 5, 6, 7][..], &[0.125; 8][..]));
    }
    let single = Empirical::new(&[1.0, 2.0], 2, &[1.0]).unwrap();
    assert_eq!(draw(&single, &[5.0, 1e308], &[2], &[0], 100, 1).list(0), (&[0][..], &[1.0][..]));
}

#[test]
fn far_away_points_have_their_nearest_rows_too() {
    let empirical = Empirical::new(&data(100, 4, 1), 4, &[0.01; 100]).unwrap();
    for far in [1e3, 1e9, 1e200, f64::MAX] {
        let selection = draw(&empirical, &[far; 4], &[6], &[0], 100, 1);
        assert!(selection.n_model_rows() >= 1, "{far}");
        assert!(selection.list(0).1.iter().all(|weight| weight.is_finite()), "{far}");
    }
}
