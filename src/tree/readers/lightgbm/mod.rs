//! LightGBM's model files: text, a header, one block for each tree, and what the Python package appends.
//!
//! Facts that the format does not tell and that cost others days: a child below zero is leaf `!child`; a category
//! in its set goes left, everything else right, NaN and negative codes too; under missing type `None` NaN is
//! zero; numbers of at most 1e-35 are zero before they are compared; `average_output` divides by the rounds;
//! trees take turns with the outputs; covers are counts, as in LightGBM's own contributions.

mod columns;
mod header;
mod text;
mod tree;

use header::Header;
use text::{Lines, damaged};
use tree::{Parsed, TreeText};

use crate::error::Error;
use crate::tree::builder::Builder;
use crate::tree::forest::{Forest, Precision};

/// Read a model.
pub fn read(bytes: &[u8]) -> Result<Forest, Error> {
    let mut lines = Lines::new(bytes)?;
    let (header, first) = Header::read(&mut lines)?;
    let (parsed, rest) = trees(first, lines)?;
    let n_rounds = header.rounds(parsed.len())?;
    let share = if header.is_average { 1.0 / n_rounds as f64 } else { 1.0 };
    let mut forest = Forest {
        library: format!("LightGBM, file format {}", header.version),
        predicts_in: Precision::F64,
        columns: Vec::new(),
        names: header.names.clone(),
        player: (0..).take(header.names.len()).collect(),
        offset: vec![0.0; header.n_outputs],
        trees: Vec::with_capacity(parsed.len()),
        sets: Vec::new(),
        transform: header.transform,
        has_cover: true,
        absent: 0.0,
        trees_per_round: u32::try_from(header.n_outputs).unwrap_or(u32::MAX),
    };
    forest.columns = columns::columns(&header, &parsed, rest)?;
    forest.has_cover = parsed.iter().all(Parsed::has_cover);
    let mut builder = Builder::new(forest);
    for (number, parsed) in parsed.into_iter().enumerate() {
        let raw = parsed.raw(number % header.n_outputs, share, &mut builder)?;
        builder.tree(raw)?;
    }
    builder.finish()
}

/// The trees, and the lines after them.
fn trees<'a>(first: Option<&'a str>, mut lines: Lines<'a>) -> Result<(Vec<Parsed>, Lines<'a>), Error> {
    let mut trees = Vec::new();
    let mut block = None::<TreeText<'_>>;
    let mut line = first;
    loop {
        let Some(this) = line else {
            return Err(damaged(lines.at(), "the file ends before the line \"end of trees\""));
        };
        let is_end = is_end(this);
        if is_end || this.starts_with("Tree=") {
            if let Some(block) = block.replace(TreeText::default()) {
                trees.push(block.parsed()?);
            }
            if is_end {
                return Ok((trees, lines));
            }
        } else if let (Some(block), Some((key, value))) = (&mut block, this.split_once('=')) {
            block.take(key, value);
        }
        line = lines.next();
    }
}

/// Versions before 2.3 do not say "end of trees", but what follows them is the same.
fn is_end(line: &str) -> bool {
    matches!(line, "end of trees" | "feature_importances:" | "feature importances:")
}
