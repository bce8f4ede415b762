use super::*;
use crate::parallel::Cancel;
use crate::random::{Purpose, Stream};

/// A column of numbers with gaps, one of categories that goes with it, one of small integers.
fn data(n_rows: usize, unit: u64) -> Vec<f64> {
    let mut stream = Stream::new(3, Purpose::Order, 0, unit);
    let mut values = Vec::new();
    for _ in 0..n_rows {
        let number = stream.uniform();
        let category = (number * 4.0).floor();
        let gap = stream.uniform() < 0.1;
        values.extend([if gap { f64::NAN } else { number }, category, stream.index_below(3) as f64]);
    }
    values
}

fn grown(n_rows: usize, n_trees: usize, n_threads: usize) -> Forest {
    let cancel = Cancel::default();
    let weights = vec![1.0 / n_rows as f64; n_rows];
    Forest::new(&data(n_rows, 1), &[0, 4, 0], &weights, n_trees, 7, &Workers::new(n_threads, &cancel))
        .unwrap()
}

fn draw(forest: &Forest, values: &[f64], words: &[u64], n_samples: usize, n_threads: usize) -> Selection {
    let cancel = Cancel::default();
    let workers = Workers::new(n_threads, &cancel);
    let explained = forest.rows(values, &workers).unwrap();
    let rows: Vec<usize> = (0..values.len() / 3).collect();
    forest.draw(&explained, words, 1, &rows, (n_samples, 5), &workers).unwrap()
}

#[test]
fn leaves_have_enough_rows_and_every_row_one_leaf() {
    let forest = grown(500, 5, 1);
    for tree in &forest.trees {
        let mut rows = tree.rows.clone();
        rows.sort_unstable();
        assert!(rows.iter().copied().eq(0..500));
        assert!(tree.n_leaves() > 10);
        assert!(tree.leaves.windows(2).all(|pair| pair[1] >= pair[0] + 10));
    }
}

#[test]
fn weights_are_those_of_trees_followed_one_by_one() {
    let forest = grown(300, 4, 2);
    let explained = data(20, 2);
    let words: Vec<u64> = (0..8).collect();
    let selection = draw(&forest, &explained, &words, 300, 1);
    let background = data(300, 1);
    for (list, (word, row)) in words.iter().flat_map(|&word| (0..20).map(move |row| (word, row))).enumerate()
    {
        let x = &explained[row * 3..][..3];
        let mut expected = vec![0.0; 300];
        for tree in &forest.trees {
            let mut open = vec![u64::MAX; tree.n_words()];
            for column in (0..3).filter(|column| word >> column & 1 == 1) {
                tree.close(column, x[column], column == 0, &mut open);
            }
            let is_open = |leaf: usize| open[leaf / 64] >> (leaf % 64) & 1 == 1;
            let reached: Vec<u32> = (0..tree.n_leaves())
                .filter(|&leaf| is_open(leaf))
                .flat_map(|leaf| tree.rows[tree.leaves[leaf]..tree.leaves[leaf + 1]].to_vec())
                .collect();
            if word == 0 {
                assert_eq!(reached.len(), 300, "nobody present closes no leaf, but those beyond the last");
            }
            for &row in &reached {
                expected[row as usize] += 0.25 / reached.len() as f64;
            }
        }
        let (rows, weights) = selection.list(list);
        let mut found = vec![0.0; 300];
        rows.iter().zip(weights).for_each(|(&row, weight)| found[row as usize] += weight);
        assert!(
            found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-14),
            "coalition {word}, row {row}"
        );
    }
    // A row of the background reaches its own leaf, whatever is present.
    let own = draw(&forest, &background, &words, 300, 1);
    for list in 0..own.n_lists() {
        assert!(own.list(list).0.contains(&u32::try_from(list % 300).unwrap()));
    }
}

#[test]
fn a_list_depends_on_its_coalition_and_row_alone() {
    let forest = grown(800, 20, 1);
    assert_eq!(grown(800, 20, 7).trees[13].rows, forest.trees[13].rows);
    let explained = data(9, 2);
    let words: Vec<u64> = (0..8).collect();
    let whole = draw(&forest, &explained, &words, 30, 1);
    assert_eq!(draw(&forest, &explained, &words, 30, 7), whole);
    for (evaluation, &word) in words.iter().enumerate() {
        for row in 0..9 {
            let alone = draw(&forest, &explained[row * 3..][..3], &[word], 30, 2);
            assert_eq!(alone.list(0), whole.list(evaluation * 9 + row));
            assert!(alone.n_model_rows() <= 30);
        }
    }
}

#[test]
fn unseen_categories_tell_nothing_and_gaps_only_where_there_are_some() {
    let forest = grown(300, 4, 1);
    let unseen = draw(&forest, &[0.3, -1.0, 1.0], &[0, 2], 300, 1);
    assert_eq!(unseen.list(0), unseen.list(1));
    let gap = draw(&forest, &[0.3, 1.0, f64::NAN], &[0, 4], 300, 1);
    assert_eq!(gap.list(0), gap.list(1), "the third column has no gaps");
    let gap = draw(&forest, &[f64::NAN, 1.0, 1.0], &[0, 1], 300, 1);
    assert_ne!(gap.list(0), gap.list(1), "the first one has");
}

#[test]
fn tiny_and_constant_backgrounds_have_one_leaf() {
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    for n_rows in [1, 5, 40] {
        let weights = vec![1.0 / n_rows as f64; n_rows];
        let forest = Forest::new(&vec![3.0; n_rows], &[0], &weights, 3, 0, &workers).unwrap();
        let explained = forest.rows(&[2.0], &workers).unwrap();
        let selection = forest.draw(&explained, &[1], 1, &[0], (100, 0), &workers).unwrap();
        assert_eq!(selection.n_model_rows(), n_rows);
    }
    assert!(Forest::new(&[2.0], &[2], &[1.0], 1, 0, &workers).is_err(), "no such code");
}
