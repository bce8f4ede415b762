//! One block of the file to one tree.

use super::text::{exactly, number, numbers, wrong};
use crate::error::Error;
use crate::tree::builder::{Builder, RawNode, RawTree};
use crate::tree::forest::{CategorySet, Linear, Output, Predicate, Split};

/// LightGBM's zero: `1e-35` in single precision. Rows come to the trees without what is not larger.
const ZERO: f64 = 1e-35_f32 as f64;

/// The values of a block, unread.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct TreeText<'a> {
    num_leaves: &'a str,
    num_cat: &'a str,
    split_feature: &'a str,
    threshold: &'a str,
    decision_type: &'a str,
    left_child: &'a str,
    right_child: &'a str,
    leaf_value: &'a str,
    leaf_count: Option<&'a str>,
    internal_count: Option<&'a str>,
    cat_boundaries: &'a str,
    cat_threshold: &'a str,
    is_linear: &'a str,
    leaf_const: &'a str,
    num_features: &'a str,
    leaf_features: &'a str,
    leaf_coeff: &'a str,
}

/// A tree as the file has it: inner nodes and leaves are numbered apart.
#[derive(Debug)]
pub(super) struct Parsed {
    splits: Vec<FileSplit>,
    leaf_values: Vec<f64>,
    leaf_counts: Vec<f64>,     // empty where unknown
    internal_counts: Vec<f64>, // likewise
    sets: Vec<CategorySet>,
    linear: Vec<Linear>, // one a leaf, or none
}

/// A split as the file has it, but for the children: leaves are numbered after all inner nodes.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileSplit {
    pub(super) column: u32,
    pub(super) is_categorical: bool,
    threshold: f64,
    decision: u8,
    left: u32,
    right: u32,
}

impl<'a> TreeText<'a> {
    /// Remember a line, if it is one that we need.
    pub(super) fn take(&mut self, key: &str, value: &'a str) {
        match key {
            "num_leaves" => self.num_leaves = value,
            "num_cat" => self.num_cat = value,
            "split_feature" => self.split_feature = value,
            "threshold" => self.threshold = value,
            "decision_type" => self.decision_type = value,
            "left_child" => self.left_child = value,
            "right_child" => self.right_child = value,
            "leaf_value" => self.leaf_value = value,
            "leaf_count" => self.leaf_count = Some(value),
            "internal_count" => self.internal_count = Some(value),
            "cat_boundaries" => self.cat_boundaries = value,
            "cat_threshold" => self.cat_threshold = value,
            "is_linear" => self.is_linear = value,
            "leaf_const" => self.leaf_const = value,
            "num_features" => self.num_features = value,
            "leaf_features" => self.leaf_features = value,
            "leaf_coeff" => self.leaf_coeff = value,
            _ => {}
        }
    }

    /// Read the numbers. Every list must be as long as the tree's leaves ask.
    pub(super) fn parsed(&self) -> Result<Parsed, Error> {
        let n_leaves: usize = number("num_leaves", self.num_leaves)?;
        let Some(n_splits) = n_leaves.checked_sub(1) else {
            return Err(wrong("num_leaves", self.num_leaves, "at least 1"));
        };
        let mut leaf_values = exactly("leaf_value", self.leaf_value, n_leaves)?;
        let counts = |field, text: Option<&str>, n| {
            text.filter(|text| !text.is_empty()).map_or(Ok(Vec::new()), |text| exactly(field, text, n))
        };
        Ok(Parsed {
            splits: if n_splits == 0 { Vec::new() } else { self.splits(n_splits)? },
            leaf_counts: counts("leaf_count", self.leaf_count, n_leaves)?,
            internal_counts: counts("internal_count", self.internal_count, n_splits)?,
            sets: if self.num_cat.is_empty() || self.num_cat == "0" { Vec::new() } else { self.sets()? },
            linear: if self.is_linear == "1" { self.linear(&mut leaf_values)? } else { Vec::new() },
            leaf_values,
        })
    }

    fn splits(&self, n: usize) -> Result<Vec<FileSplit>, Error> {
        let columns: Vec<u32> = exactly("split_feature", self.split_feature, n)?;
        let thresholds: Vec<f64> = exactly("threshold", self.threshold, n)?;
        let decisions: Vec<u8> = exactly("decision_type", self.decision_type, n)?;
        let lefts: Vec<i32> = exactly("left_child", self.left_child, n)?;
        let rights: Vec<i32> = exactly("right_child", self.right_child, n)?;
        let split = |i: usize| FileSplit {
            column: columns[i],
            is_categorical: decisions[i] & 1 == 1,
            threshold: thresholds[i],
            decision: decisions[i],
            left: child(lefts[i], n),
            right: child(rights[i], n),
        };
        Ok((0..n).map(split).collect())
    }

    /// The category sets: words between boundaries.
    fn sets(&self) -> Result<Vec<CategorySet>, Error> {
        let boundaries: Vec<usize> = numbers("cat_boundaries", self.cat_boundaries, 0)?;
        let words: Vec<u32> = numbers("cat_threshold", self.cat_threshold, 0)?;
        let ascending = "ascending, from 0 to the length of `cat_threshold`";
        if boundaries.first() != Some(&0) {
            return Err(wrong("cat_boundaries", self.cat_boundaries, ascending));
        }
        let set = |pair: &[usize]| match words.get(pair[0]..pair[1]) {
            Some(words) => Ok(CategorySet { words: words.into() }),
            None => Err(wrong("cat_boundaries", self.cat_boundaries, ascending)),
        };
        boundaries.windows(2).map(set).collect()
    }

    /// The linear functions of the leaves; where all are constant, none, and the constants are the values.
    fn linear(&self, leaf_values: &mut Vec<f64>) -> Result<Vec<Linear>, Error> {
        let n = leaf_values.len();
        let constants: Vec<f64> = exactly("leaf_const", self.leaf_const, n)?;
        let lengths: Vec<usize> = exactly("num_features", self.num_features, n)?;
        let columns: Vec<u32> = numbers("leaf_features", self.leaf_features, 0)?;
        let coefficients: Vec<f64> = numbers("leaf_coeff", self.leaf_coeff, 0)?;
        if columns.len() != coefficients.len() {
            return Err(wrong("leaf_coeff", self.leaf_coeff, "as many numbers as `leaf_features`"));
        }
        let n_terms = lengths.iter().try_fold(0_usize, |sum, &length| sum.checked_add(length));
        if n_terms != Some(columns.len()) {
            return Err(wrong("num_features", self.num_features, "counts of `leaf_features`"));
        }
        if columns.is_empty() {
            *leaf_values = constants;
            return Ok(Vec::new());
        }
        let mut terms = columns.into_iter().zip(coefficients);
        let leaves = leaf_values.iter().zip(constants).zip(lengths);
        let linear = leaves.map(|((&if_nan, constant), length)| Linear {
            constant,
            terms: terms.by_ref().take(length).collect(),
            if_nan,
        });
        Ok(linear.collect())
    }
}

impl Parsed {
    /// The splits.
    pub(super) fn splits(&self) -> &[FileSplit] {
        &self.splits
    }

    /// Whether the path-dependent game can be played on this tree; one leaf alone needs no covers.
    pub(super) fn has_cover(&self) -> bool {
        self.splits.is_empty() || !(self.leaf_counts.is_empty() || self.internal_counts.is_empty())
    }

    /// The tree, with all that a leaf says times `share`. Inner nodes come first, then the leaves.
    pub(super) fn raw(self, output: usize, share: f64, builder: &mut Builder) -> Result<RawTree, Error> {
        let sets: Vec<u32> = self.sets.into_iter().map(|set| builder.set(set)).collect();
        let mut nodes = Vec::with_capacity(self.splits.len() + self.leaf_values.len());
        for split in &self.splits {
            nodes.push(RawNode::Split { left: split.left, split: split.neutral(&sets)? });
        }
        let n_leaves = u32::try_from(self.leaf_values.len()).unwrap_or(u32::MAX);
        nodes.extend((0..n_leaves).map(RawNode::Leaf));
        let mut covers = self.internal_counts;
        covers.extend(self.leaf_counts);
        if covers.len() != nodes.len() {
            covers.clear(); // old files, and trees of one leaf
        }
        let mut linear = self.linear;
        for leaf in &mut linear {
            leaf.constant *= share;
            leaf.if_nan *= share;
            for (_, coefficient) in &mut leaf.terms {
                *coefficient *= share;
            }
        }
        let mut values = self.leaf_values;
        for value in &mut values {
            *value *= share;
        }
        let output = Output::One(u32::try_from(output).unwrap_or(u32::MAX));
        Ok(RawTree { nodes, covers, values, linear, output, is_oblivious: false })
    }
}

impl FileSplit {
    /// The split in the neutral form.
    fn neutral(&self, sets: &[u32]) -> Result<Split, Error> {
        let &Self { column, right, threshold, decision, .. } = self;
        if self.is_categorical {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
            let number = threshold as usize;
            let Some(&set) = sets.get(number).filter(|_| threshold >= 0.0) else {
                let got = threshold.to_string();
                return Err(wrong("threshold", &got, "for a categorical split, the number of its set"));
            };
            let predicate = Predicate::InSet { set, in_set_left: true, invalid_left: false };
            return Ok(Split { predicate, column, right, nan_left: false, zero_is_missing: false });
        }
        let default_left = decision & 2 != 0;
        let (nan_left, zero_is_missing) = match decision >> 2 & 3 {
            0 => (0.0 <= threshold, false), // NaN counts as zero
            1 => (default_left, true),
            2 => (default_left, false),
            _ => {
                return Err(wrong("decision_type", &decision.to_string(), "a missing type of 0, 1 or 2"));
            }
        };
        let predicate = Predicate::Le(around_zero(threshold));
        Ok(Split { predicate, column, right, nan_left, zero_is_missing })
    }
}

/// The threshold that tells all numbers apart as `threshold` does after those of at most [`ZERO`] became zero.
/// (LightGBM itself writes `-ZERO`, which its own zeros, `-ZERO` among them, are greater than.)
fn around_zero(threshold: f64) -> f64 {
    if (-ZERO..0.0).contains(&threshold) {
        (-ZERO).next_down()
    } else if (0.0..=ZERO).contains(&threshold) {
        ZERO
    } else {
        threshold
    }
}

/// The number of a child among inner nodes followed by leaves; the builder refuses what is none.
fn child(number: i32, n_splits: usize) -> u32 {
    let (first, number) = if number < 0 { (n_splits, !number) } else { (0, number) };
    match usize::try_from(number) {
        Ok(number) if first > 0 || number < n_splits => u32::try_from(first + number).unwrap_or(u32::MAX),
        _ => u32::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_next_to_zero_part_numbers_as_lightgbm_does_after_rounding_to_zero() {
        let near = [
            -ZERO,
            (-ZERO).next_down(),
            (-ZERO).next_up(),
            -0.0,
            0.0,
            ZERO,
            ZERO.next_up(),
            ZERO.next_down(),
        ];
        let far = [-1.0, 1.0, -1e-300, 1e-300, f64::INFINITY, f64::NEG_INFINITY];
        for threshold in near.into_iter().chain(far) {
            for x in near.into_iter().chain(far) {
                let rounded = if x.abs() <= ZERO { 0.0 } else { x };
                assert_eq!(x <= around_zero(threshold), rounded <= threshold, "{x:e} at {threshold:e}");
            }
        }
    }

    #[test]
    fn children_below_zero_are_leaves() {
        assert_eq!([child(0, 3), child(2, 3), child(-1, 3), child(-4, 3)], [0, 2, 3, 6]);
        assert_eq!(child(3, 3), u32::MAX);
    }
}
