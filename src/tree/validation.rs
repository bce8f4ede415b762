//! What every kernel relies on, checked once for every forest, wherever it comes from.

use super::forest::{Column, Forest, Output, Predicate, Split, Step, Transform, Tree};
use crate::error::{Error, ModelError};

/// Splits on the longest path that is accepted.
pub const MOST_DEPTH: usize = 4096;
/// Bits of the largest category set; codes must also be exact in single precision.
pub const MOST_CODES: usize = 1 << 24;
/// Outputs times leaves, over the whole forest.
const MOST_VALUES: u64 = 1 << 32;

/// Check a forest; what is merely claimed too much (covers, being oblivious) is taken back instead.
pub(super) fn validated(mut forest: Forest) -> Result<Forest, Error> {
    check_shape(&forest)?;
    for (number, tree) in forest.trees.iter().enumerate() {
        check_tree(tree, &forest).map_err(|(node, what)| ModelError::Node { tree: number, node, what })?;
    }
    let n_leaves: u64 = forest.trees.iter().map(|tree| tree.n_leaves() as u64).sum();
    at_most("leaves times outputs", n_leaves * forest.n_outputs() as u64, MOST_VALUES)?;
    let mut covers = forest.trees.iter().flat_map(|tree| &tree.nodes).map(|node| node.cover);
    if !forest.has_cover || !covers.all(|cover| cover.is_finite() && cover >= 0.0) {
        forest.has_cover = false;
        forest.trees.iter_mut().flat_map(|tree| &mut tree.nodes).for_each(|node| node.cover = 0.0);
    }
    for tree in &mut forest.trees {
        tree.is_oblivious = tree.is_oblivious && is_oblivious(tree);
    }
    Ok(forest)
}

fn at_most(what: &'static str, got: u64, limit: u64) -> Result<(), Error> {
    if got > limit { Err(ModelError::TooLarge { what, got, limit }.into()) } else { Ok(()) }
}

fn wrong(field: &str, got: impl std::fmt::Display, accepted: &'static str) -> Error {
    ModelError::Field { format: "tree", field: field.to_owned(), got: got.to_string(), accepted }.into()
}

/// Everything but the trees.
fn check_shape(forest: &Forest) -> Result<(), Error> {
    let n_columns = forest.n_columns();
    at_most("columns", n_columns as u64, 1 << 31)?;
    at_most("outputs", forest.n_outputs() as u64, 1 << 31)?;
    at_most("trees", forest.trees.len() as u64, 1 << 31)?;
    if forest.offset.is_empty() {
        return Err(wrong("offset", "empty", "one number for each output, at least one"));
    }
    if let Some(bad) = forest.offset.iter().find(|offset| !offset.is_finite()) {
        return Err(wrong("offset", bad, "finite"));
    }
    if !forest.names.is_empty() && forest.names.len() != n_columns {
        return Err(wrong("names", forest.names.len(), "as many as columns, or none"));
    }
    if forest.absent.is_infinite() {
        return Err(wrong("absent", forest.absent, "a finite number or NaN"));
    }
    if let Transform::Sigmoid { scale } = forest.transform
        && !(scale.is_finite() && scale > 0.0)
    {
        return Err(wrong("sigmoid scale", scale, "a positive number"));
    }
    for set in &forest.sets {
        at_most("bits in a category set", 32 * set.words.len() as u64, MOST_CODES as u64)?;
    }
    check_players(forest)
}

/// One player a column, numbered from 0 without gaps.
fn check_players(forest: &Forest) -> Result<(), Error> {
    let n_columns = forest.n_columns();
    if forest.player.len() != n_columns {
        return Err(wrong("players", forest.player.len(), "one for each column"));
    }
    let mut is_player = vec![false; n_columns];
    for &player in &forest.player {
        match is_player.get_mut(player as usize) {
            Some(seen) => *seen = true,
            None => return Err(wrong("player", player, "numbered from 0 without gaps")),
        }
    }
    match is_player[..forest.n_players()].iter().position(|&seen| !seen) {
        Some(player) => Err(wrong("players", format!("without number {player}"), "numbered without gaps")),
        None => Ok(()),
    }
}

/// Is the question one that can be asked of this forest's rows?
pub(super) fn check_predicate(split: &Split, forest: &Forest) -> Result<(), String> {
    let Some(column) = forest.columns.get(split.column as usize) else {
        return Err(format!("column {} of {}", split.column, forest.n_columns()));
    };
    let is_category = matches!(column, Column::Category { .. });
    match split.predicate {
        Predicate::Lt(threshold) | Predicate::Le(threshold) | Predicate::Eq(threshold) => {
            if threshold.is_nan() {
                return Err("the threshold is NaN".to_owned());
            }
            if is_category {
                return Err(format!("column {} holds categories, not numbers", split.column));
            }
        }
        Predicate::InSet { set, .. } => {
            if set as usize >= forest.sets.len() {
                return Err(format!("category set {set} of {}", forest.sets.len()));
            }
            if !is_category {
                return Err(format!("column {} holds numbers, not categories", split.column));
            }
        }
    }
    Ok(())
}

/// Preorder, leaves in order, numbers that are numbers. What is wrong comes with its node.
fn check_tree(tree: &Tree, forest: &Forest) -> Result<(), (usize, String)> {
    let mut right_children = Vec::new(); // (node, depth) of those whose left sibling is being walked
    let (mut depth, mut n_leaves, mut is_done) = (0, 0, false);
    for (number, node) in tree.nodes.iter().enumerate() {
        if is_done {
            return Err((number, "no node leads here".to_owned()));
        }
        match node.step {
            Step::Split(split) => {
                check_predicate(&split, forest).map_err(|what| (number, what))?;
                depth += 1;
                right_children.push((split.right as usize, depth));
                if depth > MOST_DEPTH {
                    return Err((number, format!("deeper than {MOST_DEPTH} splits")));
                }
            }
            Step::Leaf(leaf) => {
                if leaf != n_leaves {
                    return Err((number, format!("leaf {leaf} where {n_leaves} comes next")));
                }
                n_leaves += 1;
                match right_children.pop() {
                    None => is_done = true,
                    Some((right, _)) if right != number + 1 => {
                        return Err((right, format!("a right child, but {} comes next", number + 1)));
                    }
                    Some((_, below)) => depth = below,
                }
            }
        }
    }
    if !is_done {
        return Err((tree.nodes.len(), "the nodes end too early".to_owned()));
    }
    check_values(tree, n_leaves as usize, forest).map_err(|what| (0, what))
}

/// Values and linear functions of the leaves.
fn check_values(tree: &Tree, n_leaves: usize, forest: &Forest) -> Result<(), String> {
    let width = match tree.output {
        Output::All => forest.n_outputs(),
        Output::One(output) if (output as usize) < forest.n_outputs() => 1,
        Output::One(output) => return Err(format!("output {output} of {}", forest.n_outputs())),
    };
    if n_leaves.checked_mul(width) != Some(tree.values.len()) {
        return Err(format!("{} values for {n_leaves} leaves of {width}", tree.values.len()));
    }
    if let Some(bad) = tree.values.iter().position(|value| !value.is_finite()) {
        return Err(format!("leaf {} has value {}", bad / width, tree.values[bad]));
    }
    if tree.linear.is_empty() {
        return Ok(());
    }
    if tree.linear.len() != n_leaves || width != 1 {
        return Err(format!("{} linear functions for {n_leaves} leaves of {width}", tree.linear.len()));
    }
    for (leaf, linear) in tree.linear.iter().enumerate() {
        let numbers = linear.terms.iter().map(|&(_, coefficient)| coefficient);
        if !numbers.chain([linear.constant, linear.if_nan]).all(f64::is_finite) {
            return Err(format!("the linear function of leaf {leaf} is not finite"));
        }
        if let Some((column, _)) = linear.terms.iter().find(|&&(column, _)| {
            !matches!(forest.columns.get(column as usize), Some(Column::Numeric { .. }))
        }) {
            return Err(format!("the linear function of leaf {leaf} needs the number of column {column}"));
        }
    }
    Ok(())
}

/// Does every node of a level ask the same? The nodes are in preorder.
fn is_oblivious(tree: &Tree) -> bool {
    let is_split = |node: &&super::forest::Node| matches!(node.step, Step::Split(_));
    let height = tree.nodes.iter().take_while(is_split).count();
    if height >= 32 || tree.nodes.len() != (2 << height) - 1 {
        return false;
    }
    let mut levels = Vec::new(); // of right children still to come
    let mut level = 0;
    for node in &tree.nodes {
        match (node.step, tree.nodes[level].step) {
            (Step::Split(here), Step::Split(first)) if level < height => {
                if (Split { right: 0, ..here }) != (Split { right: 0, ..first }) {
                    return false;
                }
                level += 1;
                levels.push(level);
            }
            (Step::Leaf(_), Step::Leaf(_)) if level == height => level = levels.pop().unwrap_or(0),
            _ => return false,
        }
    }
    true
}
