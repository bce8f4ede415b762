//! The oracle: every coalition of a few players, by walking the forest as its library would.

use ferroshap::tree::{CategoryCodes, Column, Forest, Output, Precision, Predicate, Split, Step, Tree};

/// Rows of a background with their weights, which need not sum to 1.
#[derive(Debug, Clone)]
pub(super) struct Background {
    pub(super) rows: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

/// Does the number go left? In the library's own arithmetic, without any encoding.
pub(super) fn goes_left(forest: &Forest, split: &Split, x: f64) -> bool {
    match &forest.columns[split.column as usize] {
        Column::Numeric { cast, missing } => {
            let (x, missing) = match cast {
                Precision::F32 => (f64::from(x as f32), missing.map(|value| f64::from(value as f32))),
                Precision::F64 => (x, *missing),
            };
            let is_zero = split.zero_is_missing && x.abs() <= f64::from(1e-35_f32);
            if x.is_nan() || Some(x) == missing || is_zero {
                return split.nan_left;
            }
            match split.predicate {
                Predicate::Lt(t) => x < t,
                Predicate::Le(t) => x <= t,
                Predicate::Eq(t) => x == t,
                Predicate::InSet { .. } => panic!("a set of numbers"),
            }
        }
        Column::Category { codes, missing, .. } => {
            let Predicate::InSet { set, in_set_left, invalid_left } = split.predicate else {
                panic!("a threshold for categories")
            };
            let is_single = *codes == CategoryCodes::NegativeFirst;
            let cast = |x: f64| if is_single { f64::from(x as f32) } else { x };
            let x = cast(x);
            if x.is_nan() || missing.map(cast) == Some(x) {
                return split.nan_left;
            }
            let is_valid = match *codes {
                CategoryCodes::NegativeFirst => (0.0..16_777_216.0).contains(&x),
                CategoryCodes::TruncateFirst => x > -1.0,
                CategoryCodes::KnownOrMissing { known } | CategoryCodes::KnownOrInvalid { known } => {
                    x >= 0.0 && x < f64::from(known)
                }
            };
            if !is_valid {
                let as_missing = matches!(codes, CategoryCodes::KnownOrMissing { .. });
                return if as_missing { split.nan_left } else { invalid_left };
            }
            forest.sets[set as usize].contains(x as u32) == in_set_left
        }
    }
}

/// Where a tree's leaf adds: `(output, value)`.
fn leaf(forest: &Forest, tree: &Tree, number: u32, row: &[f64]) -> Vec<(usize, f64)> {
    if let Some(linear) = tree.linear.get(number as usize) {
        let cast = |(x, column): (&f64, &Column)| match column {
            Column::Numeric { cast: Precision::F32, .. } => f64::from(*x as f32),
            _ => *x,
        };
        let row: Vec<f64> = row.iter().zip(&forest.columns).map(cast).collect();
        let is_nan = linear.terms.iter().any(|&(column, _)| row[column as usize].is_nan());
        let terms = linear.terms.iter().map(|&(column, coefficient)| coefficient * row[column as usize]);
        let value = if is_nan { linear.if_nan } else { linear.constant + terms.sum::<f64>() };
        return vec![(first_output(tree), value)];
    }
    tree.leaf(number).iter().enumerate().map(|(k, &value)| (first_output(tree) + k, value)).collect()
}

fn first_output(tree: &Tree) -> usize {
    match tree.output {
        Output::One(output) => output as usize,
        Output::All => 0,
    }
}

/// The raw margin of a row: one number for each output.
pub(super) fn predict(forest: &Forest, row: &[f64]) -> Vec<f64> {
    let mut margin = forest.offset.clone();
    for tree in &forest.trees {
        let mut at = 0;
        while let Step::Split(split) = tree.nodes[at].step {
            let is_left = goes_left(forest, &split, row[split.column as usize]);
            at = if is_left { at + 1 } else { split.right as usize };
        }
        let Step::Leaf(number) = tree.nodes[at].step else { unreachable!() };
        for (output, value) in leaf(forest, tree, number, row) {
            margin[output] += value;
        }
    }
    margin
}

/// Worth of a coalition when covers stand for absent players.
pub(super) fn path_dependent_worth(forest: &Forest, row: &[f64], coalition: usize) -> Vec<f64> {
    let mut worth = forest.offset.clone();
    for tree in &forest.trees {
        let mut to_walk = vec![(0, 1.0)];
        while let Some((at, share)) = to_walk.pop() {
            match tree.nodes[at].step {
                Step::Leaf(number) => {
                    for (output, value) in leaf(forest, tree, number, row) {
                        worth[output] += share * value;
                    }
                }
                Step::Split(split) if coalition >> forest.player[split.column as usize] & 1 == 1 => {
                    let is_left = goes_left(forest, &split, row[split.column as usize]);
                    to_walk.push((if is_left { at + 1 } else { split.right as usize }, share));
                }
                Step::Split(split) => {
                    let left = tree.fraction_left(at, &split);
                    to_walk.push((at + 1, share * left));
                    to_walk.push((split.right as usize, share * (1.0 - left)));
                }
            }
        }
    }
    worth
}

/// Worth of a coalition when background rows stand in for absent players.
pub(super) fn interventional_worth(
    forest: &Forest,
    row: &[f64],
    background: &Background,
    coalition: usize,
) -> Vec<f64> {
    let total: f64 = background.weights.iter().sum();
    let mut worth = vec![0.0; forest.n_outputs()];
    for (stand_in, weight) in background.rows.chunks(forest.n_columns()).zip(&background.weights) {
        let is_in = |column: usize| coalition >> forest.player[column] & 1 == 1;
        let hybrid: Vec<f64> =
            (0..row.len()).map(|column| if is_in(column) { row[column] } else { stand_in[column] }).collect();
        let margin = predict(forest, &hybrid);
        worth.iter_mut().zip(margin).for_each(|(worth, margin)| *worth += weight / total * margin);
    }
    worth
}

/// `[coalition][output]`, bit i of a coalition's number being player i.
pub(super) fn worths(n_players: usize, worth: impl Fn(usize) -> Vec<f64>) -> Vec<Vec<f64>> {
    assert!(n_players <= 12, "brute force over {n_players} players");
    (0..1 << n_players).map(worth).collect()
}

fn factorial(n: usize) -> f64 {
    (1..=n).map(|i| i as f64).product()
}

/// Shapley values by definition: `[player][output]`.
pub(super) fn values(n_players: usize, worths: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let gain = |i: usize, output: usize| {
        let coalitions = (0..worths.len()).filter(|coalition| coalition >> i & 1 == 0);
        let term = |coalition: usize| {
            let size = coalition.count_ones() as usize;
            let weight = factorial(size) * factorial(n_players - 1 - size) / factorial(n_players);
            weight * (worths[coalition | 1 << i][output] - worths[coalition][output])
        };
        coalitions.map(term).sum()
    };
    (0..n_players).map(|i| (0..worths[0].len()).map(|output| gain(i, output)).collect()).collect()
}

/// Undivided Shapley interactions by definition: `[player][player][output]`, zeros on the diagonal.
pub(super) fn pairs(n_players: usize, worths: &[Vec<f64>]) -> Vec<Vec<Vec<f64>>> {
    let interaction = |i: usize, j: usize, output: usize| {
        if i == j {
            return 0.0;
        }
        let both = 1 << i | 1 << j;
        let coalitions = (0..worths.len()).filter(|coalition| coalition & both == 0);
        let term = |coalition: usize| {
            let size = coalition.count_ones() as usize;
            let weight = factorial(size) * factorial(n_players - 2 - size) / factorial(n_players - 1);
            let at = |more: usize| worths[coalition | more][output];
            weight * (at(both) - at(1 << i) - at(1 << j) + at(0))
        };
        coalitions.map(term).sum()
    };
    let outputs = 0..worths[0].len();
    let row = |i: usize, j: usize| outputs.clone().map(|output| interaction(i, j, output)).collect();
    (0..n_players).map(|i| (0..n_players).map(|j| row(i, j)).collect()).collect()
}
