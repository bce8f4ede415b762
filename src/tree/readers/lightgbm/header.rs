//! What stands before the first tree.

use super::is_end;
use super::text::{Lines, damaged, number, wrong};
use crate::error::{Error, ModelError};
use crate::tree::forest::Transform;

/// More outputs than any model has; a file cannot make us allocate more offsets than this.
const MOST_OUTPUTS: usize = 1 << 20;

/// The header.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) version: &'a str,
    /// Trees of one round: `num_tree_per_iteration`.
    pub(super) n_outputs: usize,
    pub(super) names: Vec<String>,
    /// One word a column: "none", "[least:greatest]", or categories with colons; empty in old files.
    pub(super) infos: Vec<&'a str>,
    pub(super) transform: Transform,
    pub(super) is_average: bool,
}

impl<'a> Header<'a> {
    /// Read up to the first tree, or to the end of all trees if there is none; that line comes back too.
    pub(super) fn read(lines: &mut Lines<'a>) -> Result<(Self, Option<&'a str>), Error> {
        if lines.next() != Some("tree") {
            return Err(damaged(0, "the first line is not \"tree\""));
        }
        let (mut version, mut names, mut infos) = ("before 2", None, "");
        let (mut n_outputs, mut last_column) = (None, None);
        let (mut objective, mut is_average) = ("", false);
        let first = loop {
            let Some(line) = lines.next() else { break None };
            if line.starts_with("Tree=") || is_end(line) {
                break Some(line);
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            match key {
                "version" => version = value,
                "num_tree_per_iteration" => n_outputs = Some(number::<usize>(key_of(key), value)?),
                "max_feature_idx" => last_column = Some(number::<usize>(key_of(key), value)?),
                "objective" => objective = value,
                "average_output" => is_average = true,
                "feature_names" => names = Some(value),
                "feature_infos" => infos = value,
                _ => {}
            }
        };
        let names: Vec<String> = match names {
            Some(names) => names.split_ascii_whitespace().map(str::to_owned).collect(),
            None => return Err(wrong("feature_names", "absent", "one name for each column")),
        };
        if last_column.is_some_and(|last| last.checked_add(1) != Some(names.len())) {
            return Err(wrong("max_feature_idx", "another count", "the number of feature names, less one"));
        }
        let infos: Vec<&str> = infos.split_ascii_whitespace().collect();
        if !infos.is_empty() && infos.len() != names.len() {
            return Err(wrong("feature_infos", "another count", "one word for each column"));
        }
        let n_outputs = n_outputs.unwrap_or(1);
        if n_outputs == 0 {
            return Err(wrong("num_tree_per_iteration", "0", "at least 1"));
        }
        if n_outputs > MOST_OUTPUTS {
            let (got, limit) = (n_outputs as u64, MOST_OUTPUTS as u64);
            return Err(ModelError::TooLarge { what: "outputs", got, limit }.into());
        }
        let transform = transform(objective)?;
        Ok((Self { version, n_outputs, names, infos, transform, is_average }, first))
    }

    /// Rounds of boosting that so many trees make.
    pub(super) fn rounds(&self, n_trees: usize) -> Result<usize, Error> {
        if n_trees.is_multiple_of(self.n_outputs) {
            Ok(n_trees / self.n_outputs)
        } else {
            let got = format!("{n_trees} trees");
            Err(wrong("num_tree_per_iteration", &got, "a divisor of the number of trees"))
        }
    }
}

/// The key as an error names it.
fn key_of(key: &str) -> &'static str {
    if key == "max_feature_idx" { "max_feature_idx" } else { "num_tree_per_iteration" }
}

/// From the objective's line to what `predict` does with a margin. A custom objective leaves the margin alone.
fn transform(objective: &str) -> Result<Transform, Error> {
    let mut words = objective.split_ascii_whitespace();
    let name = words.next().unwrap_or("");
    let options: Vec<&str> = words.collect();
    let mut sigmoid = 1.0;
    for option in &options {
        if let Some(("sigmoid", value)) = option.split_once(':') {
            sigmoid = number("objective", value)?;
        }
    }
    Ok(match name {
        _ if options.contains(&"sqrt") => Transform::Other, // sign(margin) * margin^2
        "binary" | "multiclassova" => Transform::Sigmoid { scale: sigmoid },
        "cross_entropy" | "xentropy" => Transform::Sigmoid { scale: 1.0 },
        "multiclass" => Transform::Softmax,
        "poisson" | "gamma" | "tweedie" => Transform::Exp,
        "cross_entropy_lambda" | "xentlambda" => Transform::Other, // log(1 + exp(margin))
        _ => Transform::Identity,
    })
}
