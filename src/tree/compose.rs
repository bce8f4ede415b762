//! Forests made of forests: weighted sums, columns and outputs renamed, the first rounds alone.

use super::codec::{ceil32, floor32};
use super::forest::{
    Column, Forest, Linear, Node, Output, Precision, Predicate, Split, Step, Transform, Tree,
};
use crate::error::{Error, ModelError};

/// A forest as a part of a sum.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The part.
    pub forest: &'a Forest,
    /// What its outputs are multiplied by.
    pub weight: f64,
    /// For each of its columns, the column of the whole; the same number if none.
    pub columns: Option<&'a [u32]>,
    /// For each of its outputs, the output of the whole that it adds to; the same number if none.
    pub outputs: Option<&'a [u32]>,
}

/// The forest whose output k is `offset[k]` plus the weighted outputs of its parts. Every column is its own player.
///
/// A column that one part reads in single precision and another in double is read in double: the thresholds of the first
/// become those numbers where rounding to single precision changes sides.
pub fn combine(parts: &[Part<'_>], n_columns: usize, offset: &[f64]) -> Result<Forest, Error> {
    let Some(first) = parts.first() else {
        return Err(Error::Parameter {
            argument: "parts",
            got: "empty".to_owned(),
            accepted: "at least one",
        });
    };
    for part in parts {
        check_map("columns", part.columns, part.forest.n_columns(), n_columns)?;
        check_map("outputs", part.outputs, part.forest.n_outputs(), offset.len())?;
    }
    let is_alone = parts.len() == 1;
    let mut whole = Forest {
        library: first.forest.library.clone(),
        predicts_in: Precision::F32,
        columns: columns(parts, n_columns)?,
        names: Vec::new(),
        player: (0..u32::try_from(n_columns).unwrap_or(u32::MAX)).collect(),
        offset: offset.to_vec(),
        trees: Vec::new(),
        sets: Vec::new(),
        transform: if is_alone { first.forest.transform } else { Transform::Identity },
        has_cover: parts.iter().all(|part| part.forest.has_cover),
        absent: first.forest.absent,
        trees_per_round: if is_alone { first.forest.trees_per_round } else { 0 },
    };
    if first.columns.is_none() && first.forest.n_columns() == n_columns {
        whole.names.clone_from(&first.forest.names);
    }
    for part in parts {
        part.add_to(&mut whole)?;
    }
    whole.validated()
}

fn check_map(argument: &'static str, map: Option<&[u32]>, length: usize, n: usize) -> Result<(), Error> {
    let got = map.map_or(length, <[u32]>::len);
    if got != length {
        return Err(Error::Length { argument, got, want: length });
    }
    let largest = map.map_or(length.checked_sub(1), |map| map.iter().max().map(|&largest| largest as usize));
    match largest.filter(|&largest| largest >= n) {
        None => Ok(()),
        Some(got) => {
            Err(Error::Parameter { argument, got: got.to_string(), accepted: "numbers that the whole has" })
        }
    }
}

fn mapped(map: Option<&[u32]>, number: u32) -> u32 {
    map.map_or(number, |map| map[number as usize])
}

/// The columns of the whole: what the parts that ask about them agree on.
fn columns(parts: &[Part<'_>], n_columns: usize) -> Result<Vec<Column>, Error> {
    let mut found: Vec<Option<&Column>> = vec![None; n_columns];
    let mut is_asked = vec![false; n_columns];
    for part in parts {
        let asked = part.asked();
        for (number, column) in (0_u32..).zip(&part.forest.columns) {
            let to = mapped(part.columns, number) as usize;
            match found[to] {
                Some(other) if is_asked[to] && asked[number as usize] => {
                    found[to] = Some(common(other, column).ok_or_else(|| disagree(to))?);
                }
                Some(_) if is_asked[to] || !asked[number as usize] => {}
                _ => found[to] = Some(column),
            }
            is_asked[to] |= asked[number as usize];
        }
    }
    let unused = Column::Numeric { cast: Precision::F64, missing: None };
    Ok(found.into_iter().map(|column| column.unwrap_or(&unused).clone()).collect())
}

/// The way of reading that serves both.
fn common<'a>(a: &'a Column, b: &'a Column) -> Option<&'a Column> {
    match (a, b) {
        (Column::Numeric { cast, missing }, Column::Numeric { missing: other, .. }) if missing == other => {
            Some(if *cast == Precision::F64 { a } else { b })
        }
        _ => (a == b).then_some(a),
    }
}

fn disagree(column: usize) -> Error {
    Error::Model(ModelError::Unsupported {
        library: "a sum of models",
        what: format!("column {column}, which its parts read in different ways,"),
        remedy: "explain the model as a black box: algorithm='permutation'",
    })
}

impl Part<'_> {
    /// Which columns does a split or a linear leaf ask about?
    fn asked(&self) -> Vec<bool> {
        let mut asked = vec![false; self.forest.n_columns()];
        for tree in &self.forest.trees {
            for node in &tree.nodes {
                if let Step::Split(split) = node.step {
                    asked[split.column as usize] = true;
                }
            }
            for &(column, _) in tree.linear.iter().flat_map(|linear| &linear.terms) {
                asked[column as usize] = true;
            }
        }
        asked
    }

    fn add_to(&self, whole: &mut Forest) -> Result<(), Error> {
        let first_set = u32::try_from(whole.sets.len()).unwrap_or(u32::MAX);
        whole.sets.extend_from_slice(&self.forest.sets);
        for (output, offset) in (0_u32..).zip(&self.forest.offset) {
            whole.offset[mapped(self.outputs, output) as usize] += self.weight * offset;
        }
        if self.forest.predicts_in == Precision::F64 {
            whole.predicts_in = Precision::F64;
        }
        for tree in &self.forest.trees {
            let node = |node: &Node| {
                Ok(match node.step {
                    Step::Leaf(_) => *node,
                    Step::Split(split) => {
                        Node { step: Step::Split(self.split(split, whole, first_set)?), ..*node }
                    }
                })
            };
            let nodes = tree.nodes.iter().map(node).collect::<Result<_, Error>>()?;
            let linear = tree.linear.iter().map(|linear| self.linear(linear)).collect();
            let (output, values) = self.values(tree, whole.n_outputs());
            whole.trees.push(Tree { nodes, values, output, linear, is_oblivious: tree.is_oblivious });
        }
        Ok(())
    }

    fn split(&self, split: Split, whole: &Forest, first_set: u32) -> Result<Split, Error> {
        let column = mapped(self.columns, split.column);
        let predicate = match split.predicate {
            Predicate::InSet { set, in_set_left, invalid_left } => {
                Predicate::InSet { set: first_set.saturating_add(set), in_set_left, invalid_left }
            }
            numeric if self.forest.columns[split.column as usize] == whole.columns[column as usize] => {
                numeric
            }
            single => widened(single).ok_or_else(|| disagree(column as usize))?,
        };
        Ok(Split { predicate, column, ..split })
    }

    fn linear(&self, linear: &Linear) -> Linear {
        let term =
            |&(column, coefficient): &(u32, f64)| (mapped(self.columns, column), self.weight * coefficient);
        Linear {
            constant: self.weight * linear.constant,
            terms: linear.terms.iter().map(term).collect(),
            if_nan: self.weight * linear.if_nan,
        }
    }

    /// The values of a tree for the outputs of the whole.
    fn values(&self, tree: &Tree, n_outputs: usize) -> (Output, Vec<f64>) {
        let own_outputs = self.forest.n_outputs();
        let output = match tree.output {
            Output::One(output) => Some(output),
            Output::All if own_outputs == 1 => Some(0),
            Output::All => None,
        };
        if let Some(output) = output {
            let values = tree.values.iter().map(|value| self.weight * value).collect();
            return (Output::One(mapped(self.outputs, output)), values);
        }
        let mut values = vec![0.0; tree.n_leaves() * n_outputs];
        for (to, from) in values.chunks_mut(n_outputs).zip(tree.values.chunks(own_outputs)) {
            for (output, value) in (0_u32..).zip(from) {
                to[mapped(self.outputs, output) as usize] += self.weight * value;
            }
        }
        (Output::All, values)
    }
}

/// What a comparison of numbers rounded to single precision asks of the numbers themselves.
fn widened(predicate: Predicate) -> Option<Predicate> {
    let last = match predicate {
        Predicate::Le(threshold) => floor32(threshold),
        Predicate::Lt(f64::NEG_INFINITY) => return Some(predicate),
        Predicate::Lt(threshold) => ceil32(threshold).next_down(),
        Predicate::Eq(_) | Predicate::InSet { .. } => return None,
    };
    if last == f32::INFINITY {
        return Some(Predicate::Le(f64::INFINITY));
    }
    // The numbers that round to at most `last` end half-way to the next single; the half itself goes to the even one.
    let past_the_largest = f64::from(f32::MAX) + f64::from(f32::MAX) - f64::from(f32::MAX.next_down());
    let as_double = |single: f32| match single {
        f32::INFINITY => past_the_largest,
        f32::NEG_INFINITY => -past_the_largest,
        finite => f64::from(finite),
    };
    let half = f64::midpoint(as_double(last), as_double(last.next_up()));
    Some(if last.to_bits() & 1 == 0 { Predicate::Le(half) } else { Predicate::Lt(half) })
}

impl Forest {
    /// The same forest with its first trees alone.
    #[must_use]
    pub fn first_trees(&self, count: usize) -> Self {
        let trees = self.trees.iter().take(count).cloned().collect();
        Self { trees, ..self.without_trees() }
    }

    /// The same forest with a value that stands for "missing" in every column, besides NaN.
    #[must_use]
    pub fn with_missing(&self, value: f64) -> Self {
        let mut forest = self.clone();
        for column in &mut forest.columns {
            let (Column::Numeric { missing, .. } | Column::Category { missing, .. }) = column;
            *missing = Some(value);
        }
        forest
    }

    /// The same forest with columns grouped into players, numbered from 0 without gaps.
    pub fn with_players(&self, player: &[u32]) -> Result<Self, Error> {
        Self { player: player.to_vec(), ..self.clone() }.validated()
    }

    fn without_trees(&self) -> Self {
        Self {
            library: self.library.clone(),
            predicts_in: self.predicts_in,
            columns: self.columns.clone(),
            names: self.names.clone(),
            player: self.player.clone(),
            offset: self.offset.clone(),
            trees: Vec::new(),
            sets: self.sets.clone(),
            ..*self
        }
    }
}
