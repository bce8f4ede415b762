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

/// The rows in leaves that a row is led to, and of these the leaves that hold something like it, if there are any.
fn reached(tree: &Tree, x: &[f64], present: &[usize], background: &[f64]) -> Vec<u32> {
    let mut open = vec![u64::MAX; tree.n_words()];
    for &column in present {
        tree.close(column, x[column], &mut open);
    }
    let members = |leaf: usize| &tree.rows[tree.leaves[leaf]..tree.leaves[leaf + 1]];
    let is_alike = |leaf: usize| {
        present.iter().all(|&column| {
            let cells = members(leaf).iter().map(|&row| background[row as usize * 3 + column]);
            if column == 1 || x[column].is_nan() {
                return cells.clone().any(|cell| cell.to_bits() == x[column].to_bits());
            }
            let rank = |value: f64| {
                let below: std::collections::BTreeSet<u64> = (background[column..].iter().step_by(3))
                    .filter(|&&other| other < value)
                    .map(|other| other.to_bits())
                    .collect();
                let is_known =
                    background[column..].iter().step_by(3).any(|&other| other.to_bits() == value.to_bits());
                below.len() as f64 - if is_known { 0.0 } else { 0.5 }
            };
            let ranks: Vec<f64> = cells.clone().filter(|cell| !cell.is_nan()).map(rank).collect();
            let least = ranks.iter().copied().fold(f64::INFINITY, f64::min);
            let most = ranks.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let beyond = 0.5 + (most - least) / (members(leaf).len() - 1) as f64;
            !ranks.is_empty() && least - beyond <= rank(x[column]) && rank(x[column]) <= most + beyond
        })
    };
    let led: Vec<usize> =
        (0..tree.n_leaves()).filter(|&leaf| open[leaf / 64] >> (leaf % 64) & 1 == 1).collect();
    let alike: Vec<usize> = led.iter().copied().filter(|&leaf| is_alike(leaf)).collect();
    let kept = if alike.is_empty() { led } else { alike };
    kept.into_iter().flat_map(|leaf| members(leaf).to_vec()).collect()
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
            let present: Vec<usize> = (0..3).filter(|column| word >> column & 1 == 1).collect();
            let reached = reached(tree, x, &present, &background);
            if word == 0 {
                assert_eq!(reached.len(), 300, "nobody present closes no leaf");
            }
            for &row in &reached {
                // A share of what the tree reaches, and a tree counts for one over that: all rows weigh the same.
                expected[row as usize] += 1.0 / (reached.len() as f64).powi(2);
            }
        }
        let total: f64 = expected.iter().sum();
        for weight in &mut expected {
            *weight /= total;
        }
        let (rows, weights) = selection.list(list);
        let mut found = vec![0.0; 300];
        for (&row, weight) in rows.iter().zip(weights) {
            found[row as usize] += weight;
        }
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
fn rows_may_be_called_otherwise() {
    let forest = grown(300, 4, 1);
    let order: Vec<usize> = (0..300).map(|number| (number * 7 + 5) % 300).collect();
    let twin = forest.renumbered(&order).unwrap();
    let words: Vec<u64> = (0..8).collect();
    let (explained, by_number) = (data(5, 2), |list: (&[u32], &[f64])| {
        let mut found = vec![0.0; 300];
        list.0.iter().zip(list.1).for_each(|(&row, weight)| found[row as usize] = *weight);
        found
    });
    let (known, other) = (draw(&forest, &explained, &words, 300, 1), draw(&twin, &explained, &words, 300, 1));
    for list in 0..known.n_lists() {
        let (known, other) = (by_number(known.list(list)), by_number(other.list(list)));
        assert!(order.iter().zip(&other).all(|(&row, weight)| (known[row] - weight).abs() < 1e-15));
    }
    assert!(forest.renumbered(&order[1..]).is_err() && forest.renumbered(&[0; 300]).is_err());
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
