//! A payload's forest. Whatever the bytes say, they end in an error or a valid forest.

use super::header::{CATEGORY, DOUBLES, NUMERIC, SINGLES, split};
use crate::error::Error;
use crate::tree::forest::{
    CategoryCodes, CategorySet, Column, Forest, Linear, Node, Output, Precision, Predicate, Step, Transform,
    Tree,
};

/// What is wrong: at which byte of the payload, or with the forest as a whole.
pub(super) enum Problem {
    At(usize, String),
    Forest(Error),
}

type Read<T> = Result<T, Problem>;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

pub(super) fn forest(payload: &[u8]) -> Read<Forest> {
    let mut from = Reader { bytes: payload, at: 0 };
    let library = from.text()?;
    let predicts_in = from.precision()?;
    let transform = from.transform()?;
    let absent = from.double()?;
    let trees_per_round = from.whole()?;
    let has_cover = from.flag()?;
    let columns = from.columns()?;
    let names = from.texts()?;
    let player = from.integers(columns.len())?;
    let n_outputs = from.count_of(4)?;
    let offset = from.numbers(n_outputs)?;
    let n_sets = from.count_of(1)?;
    let sets = (0..n_sets).map(|_| from.set()).collect::<Read<_>>()?;
    let trees = from.trees(n_outputs, has_cover)?;
    if from.at != payload.len() {
        return Err(from.wrong("bytes are left over"));
    }
    let forest = Forest {
        library,
        predicts_in,
        columns,
        names,
        player,
        offset,
        trees,
        sets,
        transform,
        has_cover,
        absent,
        trees_per_round,
    };
    forest.validated().map_err(Problem::Forest)
}

impl<'a> Reader<'a> {
    fn wrong(&self, what: &str) -> Problem {
        Problem::At(self.at, what.to_owned())
    }

    fn take(&mut self, length: usize) -> Read<&'a [u8]> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len());
        let Some(end) = end else { return Err(self.wrong("the bytes end too early")) };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Read<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn flag(&mut self) -> Read<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.wrong("neither yes nor no")),
        }
    }

    fn double(&mut self) -> Read<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    fn whole(&mut self) -> Read<u32> {
        let mut whole = 0_u64;
        for place in 0..5 {
            let byte = self.byte()?;
            whole |= u64::from(byte & 0x7F) << (7 * place);
            if byte < 0x80 {
                return u32::try_from(whole).map_err(|_| self.wrong("a number past 2^32"));
            }
        }
        Err(self.wrong("a number without an end"))
    }

    /// A count of things that take at least so many bytes each, which must still be there.
    fn count_of(&mut self, least_bytes: usize) -> Read<usize> {
        let count = self.whole()? as usize;
        if count.saturating_mul(least_bytes) > self.bytes.len() - self.at {
            return Err(self.wrong("more is announced than there is"));
        }
        Ok(count)
    }

    fn text(&mut self) -> Read<String> {
        let length = self.count_of(1)?;
        let bytes = self.take(length)?.to_vec();
        String::from_utf8(bytes).map_err(|_| self.wrong("a text that is not UTF-8"))
    }

    fn texts(&mut self) -> Read<Vec<String>> {
        let count = self.count_of(1)?;
        (0..count).map(|_| self.text()).collect()
    }

    fn numbers(&mut self, count: usize) -> Read<Vec<f64>> {
        let width = self.byte()?;
        match width {
            SINGLES => {
                let singles = self.take(count.saturating_mul(4))?.as_chunks().0;
                Ok(singles.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect())
            }
            DOUBLES => {
                let doubles = self.take(count.saturating_mul(8))?.as_chunks().0;
                Ok(doubles.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect())
            }
            _ => Err(self.wrong("numbers of no known width")),
        }
    }

    fn integers(&mut self, count: usize) -> Read<Vec<u32>> {
        let width = usize::from(self.byte()?);
        if ![1, 2, 4].contains(&width) {
            return Err(self.wrong("integers of no known width"));
        }
        let integers = self.take(count.saturating_mul(width))?.chunks_exact(width);
        Ok(integers
            .map(|bytes| bytes.iter().rev().fold(0, |whole, &byte| whole << 8 | u32::from(byte)))
            .collect())
    }

    fn precision(&mut self) -> Read<Precision> {
        match self.byte()? {
            SINGLES => Ok(Precision::F32),
            DOUBLES => Ok(Precision::F64),
            _ => Err(self.wrong("no known precision")),
        }
    }

    fn transform(&mut self) -> Read<Transform> {
        let (kind, scale) = (self.byte()?, self.double()?);
        match kind {
            0 => Ok(Transform::Identity),
            1 => Ok(Transform::Sigmoid { scale }),
            2 => Ok(Transform::Softmax),
            3 => Ok(Transform::Exp),
            4 => Ok(Transform::Other),
            _ => Err(self.wrong("no known transform")),
        }
    }

    fn columns(&mut self) -> Read<Vec<Column>> {
        let count = self.count_of(3)?;
        (0..count).map(|_| self.column()).collect()
    }

    fn column(&mut self) -> Read<Column> {
        match self.byte()? {
            NUMERIC => Ok(Column::Numeric { cast: self.precision()?, missing: self.missing()? }),
            CATEGORY => {
                let kind = self.byte()?;
                let missing = self.missing()?;
                let known = self.whole()?;
                let codes = match kind {
                    0 => CategoryCodes::NegativeFirst,
                    1 => CategoryCodes::TruncateFirst,
                    2 => CategoryCodes::KnownOrMissing { known },
                    3 => CategoryCodes::KnownOrInvalid { known },
                    _ => return Err(self.wrong("no known rule for categories")),
                };
                let is_numeric = self.flag()?;
                Ok(Column::Category { codes, missing, dictionary: self.texts()?, is_numeric })
            }
            _ => Err(self.wrong("no known kind of column")),
        }
    }

    fn missing(&mut self) -> Read<Option<f64>> {
        if self.flag()? { self.double().map(Some) } else { Ok(None) }
    }

    fn set(&mut self) -> Read<CategorySet> {
        let count = self.count_of(4)?;
        let words = self.take(4 * count)?.as_chunks().0;
        Ok(CategorySet { words: words.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect() })
    }

    fn trees(&mut self, n_outputs: usize, has_cover: bool) -> Read<Vec<Tree>> {
        let n_trees = self.count_of(2)?;
        let mut trees = Vec::with_capacity(n_trees);
        let mut is_linear = Vec::with_capacity(n_trees);
        for _ in 0..n_trees {
            let output = self.whole()?.checked_sub(1).map_or(Output::All, Output::One);
            let flags = self.byte()?;
            if flags > 3 {
                return Err(self.wrong("no known kind of tree"));
            }
            is_linear.push(flags & 2 != 0);
            let (nodes, values, linear) = (Vec::new(), Vec::new(), Vec::new());
            trees.push(Tree { nodes, values, output, linear, is_oblivious: flags & 1 != 0 });
        }
        let shapes = self.shapes(&mut trees)?;
        self.splits(&mut trees, shapes.n_splits)?;
        if has_cover {
            let covers = self.numbers(shapes.n_nodes)?;
            let nodes = trees.iter_mut().flat_map(|tree| &mut tree.nodes);
            nodes.zip(covers).for_each(|(node, cover)| node.cover = cover);
        }
        let n_values = |tree: &Tree| tree.n_leaves() * if tree.output == Output::All { n_outputs } else { 1 };
        let counts: Vec<usize> = trees.iter().map(n_values).collect();
        let mut values = &self.numbers(counts.iter().fold(0, |sum, &count| sum.saturating_add(count)))?[..];
        for (tree, count) in trees.iter_mut().zip(counts) {
            let (own, rest) = values.split_at(count);
            tree.values = own.to_vec();
            values = rest;
        }
        for (tree, _) in trees.iter_mut().zip(is_linear).filter(|(_, is_linear)| *is_linear) {
            tree.linear = (0..tree.n_leaves()).map(|_| self.linear()).collect::<Read<_>>()?;
        }
        Ok(trees)
    }

    /// The nodes of all trees, splits without their questions.
    fn shapes(&mut self, trees: &mut [Tree]) -> Read<Shapes> {
        let n_nodes = self.whole()? as usize;
        let bits = self.take(n_nodes.div_ceil(8))?;
        let mut is_split = (0..n_nodes).map(|node| bits[node / 8] >> (node % 8) & 1 == 1);
        // A node takes 4 bytes at least in the arrays that follow: half of a split's and a leaf's 8.
        let n_splits = is_split.clone().filter(|&is_split| is_split).count();
        let least = n_splits.saturating_mul(2).saturating_add((n_nodes - n_splits).saturating_mul(4));
        if least > self.bytes.len() - self.at {
            return Err(self.wrong("more nodes are announced than there are"));
        }
        let no_question = split(0).ok_or_else(|| self.wrong("never"))?;
        for tree in trees {
            let mut right_of = Vec::new(); // splits whose right child is still to come
            let mut n_leaves = 0;
            loop {
                let Some(is_split) = is_split.next() else {
                    return Err(self.wrong("the nodes end too early"));
                };
                let number = tree.nodes.len();
                if is_split {
                    right_of.push(number);
                    tree.nodes.push(Node { cover: 0.0, step: Step::Split(no_question) });
                    continue;
                }
                tree.nodes.push(Node { cover: 0.0, step: Step::Leaf(n_leaves) });
                n_leaves += 1;
                let Some(parent) = right_of.pop() else { break };
                if let Step::Split(split) = &mut tree.nodes[parent].step {
                    split.right = u32::try_from(number + 1).map_err(|_| self.wrong("too many nodes"))?;
                }
            }
        }
        if is_split.next().is_some() {
            return Err(self.wrong("nodes are left over"));
        }
        Ok(Shapes { n_nodes, n_splits })
    }

    fn splits(&mut self, trees: &mut [Tree], n_splits: usize) -> Read<()> {
        let flags = self.take(n_splits)?.to_vec();
        let columns = self.integers(n_splits)?;
        let n_sets = flags.iter().filter(|&&flags| flags & 3 == 3).count();
        let mut thresholds = self.numbers(n_splits - n_sets)?.into_iter();
        let mut sets = self.integers(n_sets)?.into_iter();
        let nodes = trees.iter_mut().flat_map(|tree| &mut tree.nodes);
        let splits =
            nodes.filter_map(|node| if let Step::Split(split) = &mut node.step { Some(split) } else { None });
        for ((place, flags), column) in splits.zip(flags).zip(columns) {
            let Some(mut read) = split(flags) else { return Err(self.wrong("no known split")) };
            match &mut read.predicate {
                Predicate::Lt(t) | Predicate::Le(t) | Predicate::Eq(t) => {
                    *t = thresholds.next().unwrap_or(f64::NAN);
                }
                Predicate::InSet { set, .. } => *set = sets.next().unwrap_or(u32::MAX),
            }
            *place = crate::tree::forest::Split { column, right: place.right, ..read };
        }
        Ok(())
    }

    fn linear(&mut self) -> Read<Linear> {
        let (constant, if_nan) = (self.double()?, self.double()?);
        let n_terms = self.count_of(9)?;
        let terms = (0..n_terms).map(|_| Ok((self.whole()?, self.double()?))).collect::<Read<_>>()?;
        Ok(Linear { constant, terms, if_nan })
    }
}

struct Shapes {
    n_nodes: usize,
    n_splits: usize,
}
