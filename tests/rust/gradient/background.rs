//! Laws of the background's order and of its summaries.

use ferroshap::gradient::{background_order, background_summary};
use ferroshap::parallel::{Cancel, Workers};

use super::{numbers, weights};

#[test]
fn ranks_follow_a_line_whatever_its_direction() {
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    for case in 0..30 {
        let mut stream = numbers(case);
        let n_rows = 3 + stream.index_below(50);
        let weights = weights(&mut stream, n_rows, case % 2 == 0);
        let mut places: Vec<f64> = (0..n_rows).map(|row| row as f64 / n_rows as f64).collect();
        stream.shuffle(&mut places);
        let direction: Vec<f64> = (0..7).map(|_| stream.uniform() - 0.5).collect();
        // Along a line, with a little of something else, far from the origin.
        let features: Vec<f64> = places
            .iter()
            .flat_map(|place| direction.iter().map(move |d| 100.0 + place * d))
            .map(|z| z + 1e-4 * stream.uniform())
            .collect();
        let order = background_order(&features, &weights, &workers).unwrap();
        let mut rows: Vec<usize> = (0..n_rows).collect();
        rows.sort_by_key(|&row| order.ranks[row]);
        let along: Vec<f64> = rows.iter().map(|&row| places[row]).collect();
        assert!(along.is_sorted() || along.iter().rev().is_sorted(), "case {case}");
        // Scores have weighted mean 0, variance 1, and are uncorrelated.
        assert_eq!(order.scores.len(), 2 * n_rows, "case {case}");
        let mean = |of: &dyn Fn(&[f64]) -> f64| {
            order.scores.chunks_exact(2).zip(&weights).map(|(scores, w)| w * of(scores)).sum::<f64>()
        };
        for j in 0..2 {
            assert!(mean(&|p| p[j]).abs() < 1e-9 && (mean(&|p| p[j] * p[j]) - 1.0).abs() < 1e-9);
        }
        assert!(mean(&|p| p[0] * p[1]).abs() < 1e-9, "case {case}");
    }
}

#[test]
fn components_that_are_not_there_have_no_scores() {
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let equal = background_order(&[0.1, 0.2, 0.3].repeat(5), &[0.2; 5], &workers).unwrap();
    assert_eq!((equal.ranks, equal.scores.len()), (vec![0, 1, 2, 3, 4], 0));
    let line = background_order(&[3.0, 1.0, 2.0, 7.0], &[0.25; 4], &workers).unwrap();
    assert!(line.ranks == [2, 0, 1, 3] || line.ranks == [1, 3, 2, 0], "{:?}", line.ranks);
    assert_eq!(line.scores.len(), 4);
    let two = background_order(&[3.0, 1.0], &[0.5, 0.5], &workers).unwrap();
    assert_eq!(two.scores.len(), 0);
    let one = background_order(&[3.0, 1.0], &[1.0], &workers).unwrap();
    assert_eq!((one.ranks, one.scores.len()), (vec![0], 0));
}

/// `E f` over the weighted rows for a smooth `f`.
fn average(features: &[f64], weights: &[f64], rows: impl Iterator<Item = usize>) -> f64 {
    rows.zip(weights).map(|(row, w)| w * (1.3 * features[2 * row] - features[2 * row + 1]).sin()).sum()
}

#[test]
fn a_summary_integrates_better_than_as_many_random_rows() {
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let (mut ours, mut theirs) = (0.0, 0.0);
    for case in 0..40 {
        let mut stream = numbers(case);
        let n_rows = 60;
        let weights = weights(&mut stream, n_rows, case % 2 == 0);
        let features: Vec<f64> = (0..2 * n_rows).map(|_| stream.uniform()).collect();
        let exact = average(&features, &weights, 0..n_rows);
        let summary = background_summary(&features, &weights, 10, &workers).unwrap();
        assert!(summary.index.len() <= 10 && summary.index.is_sorted());
        assert!((summary.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(summary.weights.iter().all(|&weight| weight > 0.0));
        let kept = summary.index.iter().map(|&row| usize::try_from(row).unwrap());
        ours += (average(&features, &summary.weights, kept) - exact).powi(2);
        let random: Vec<usize> = (0..10).map(|_| stream.index_below(n_rows)).collect();
        theirs += (average(&features, &[0.1; 10], random.into_iter()) - exact).powi(2);
    }
    // Forty cases each: a hundredth of the squared error is far below what luck does.
    assert!(ours < 0.1 * theirs, "{ours} against {theirs}");
}

#[test]
fn summaries_of_edge_cases() {
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let all = background_summary(&[1.0, 2.0, 3.0], &[1.0, 1.0, 2.0], 3, &workers).unwrap();
    assert_eq!((all.index, all.weights), (vec![0, 1, 2], vec![0.25, 0.25, 0.5]));
    let one = background_summary(&[1.0, 2.0, 2.1], &[0.4, 0.3, 0.3], 1, &workers).unwrap();
    assert_eq!((one.index.len(), one.weights), (1, vec![1.0]));
    let equal = background_summary(&[1.0; 12], &[0.25; 4], 2, &workers).unwrap();
    assert!((equal.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(background_summary(&[1.0], &[1.0], 0, &workers).is_err());
    // Two heaps of 3,000 rows: the weights are those of the heaps, also after the sample.
    let features: Vec<f64> = (0..3000).map(|row| if row % 4 == 0 { 5.0 } else { 0.0 }).collect();
    let heaps = background_summary(&features, &vec![1.0 / 3000.0; 3000], 2, &workers).unwrap();
    assert_eq!(heaps.index.len(), 2);
    let right = heaps.index.iter().position(|&row| row % 4 == 0).unwrap();
    // Of 2,048 sampled rows a quarter, within five standard errors.
    assert!((heaps.weights[right] - 0.25).abs() < 5.0 * (0.25 * 0.75 / 2048.0_f64).sqrt());
}
