//! Splits of a model, as questions to one column.

use std::collections::BTreeMap;

use super::columns::Columns;
use super::counters::{self, only_feature};
use super::json::{self, Kind, Model};
use super::wrong;
use crate::error::{Error, ModelError};
use crate::tree::builder::Builder;
use crate::tree::forest::{CategorySet, Predicate, Split};

/// Bits of all category sets together: 256 MB.
const MOST_BITS: u64 = 1 << 31;

/// Translates splits; sets of categories are made once for each question.
pub(super) struct Splits<'a> {
    model: &'a Model,
    columns: &'a Columns,
    first_counter: usize,
    by_category: BTreeMap<(u32, i32), Split>,
    by_counter: BTreeMap<usize, Split>,
    n_bits: u64,
}

impl<'a> Splits<'a> {
    pub(super) fn new(model: &'a Model, columns: &'a Columns) -> Self {
        // Splits are numbered through: borders of floats, values of categories, borders of counters.
        let n_borders: usize =
            model.features_info.float_features.iter().map(|float| float.borders.len()).sum();
        let n_values: usize =
            model.features_info.categorical_features.iter().map(|category| category.values.len()).sum();
        Self {
            model,
            columns,
            first_counter: n_borders + n_values,
            by_category: BTreeMap::new(),
            by_counter: BTreeMap::new(),
            n_bits: 0,
        }
    }

    /// The question that a split asks, its right child still to be set. True goes left, which in CatBoost is the side
    /// of the bit 0.
    pub(super) fn split(
        &mut self,
        split: &json::Split,
        name: impl Fn() -> String,
        builder: &mut Builder,
    ) -> Result<Split, Error> {
        match split.split_type {
            Kind::FloatFeature => self.float(split, name),
            Kind::OneHotFeature => self.one_hot(split, name, builder),
            Kind::OnlineCtr => self.counter(split, name, builder),
            Kind::Other => {
                let remedy = "train without text and embedding features, or use `algorithm='permutation'`";
                let what = "a split on an estimated feature".to_owned();
                Err(ModelError::Unsupported { library: "CatBoost", what, remedy }.into())
            }
        }
    }

    fn float(&self, split: &json::Split, name: impl Fn() -> String) -> Result<Split, Error> {
        let feature = split.float_feature_index.and_then(|index| *self.columns.floats.get(index as usize)?);
        let (Some((column, nan_left)), Some(border)) = (feature, split.border) else {
            return Err(wrong(
                name(),
                "without its float feature or border",
                "a split on a feature of the model",
            ));
        };
        Ok(Split { predicate: Predicate::Le(border), column, right: 0, nan_left, zero_is_missing: false })
    }

    fn one_hot(
        &mut self,
        split: &json::Split,
        name: impl Fn() -> String,
        builder: &mut Builder,
    ) -> Result<Split, Error> {
        let feature = split
            .cat_feature_index
            .and_then(|index| Some((index, self.columns.categories.get(index as usize)?.as_ref()?)));
        let (Some((index, (column, hashes))), Some(value)) = (feature, split.value) else {
            return Err(wrong(name(), "without its category", "a split on a feature of the model"));
        };
        if let Some(known) = self.by_category.get(&(index, value)) {
            return Ok(*known);
        }
        // A value that the model does not list matches no code: its set is empty.
        let code = hashes.binary_search(&value).ok();
        let made = in_set(*column, code.into_iter(), false, &mut self.n_bits, builder)?;
        self.by_category.insert((index, value), made);
        Ok(made)
    }

    fn counter(
        &mut self,
        split: &json::Split,
        name: impl Fn() -> String,
        builder: &mut Builder,
    ) -> Result<Split, Error> {
        let number = split.split_index.and_then(|index| index.checked_sub(self.first_counter));
        let Some(number) = number else {
            return Err(wrong(name(), "without its counter", "a split on a counter of the model"));
        };
        if let Some(known) = self.by_counter.get(&number) {
            return Ok(*known);
        }
        let mut before = 0;
        let counter = self.model.features_info.ctrs.iter().find(|counter| {
            before += counter.borders.len();
            number < before
        });
        let border = counter.and_then(|counter| counter.borders.get(number + counter.borders.len() - before));
        let (Some(counter), Some(&border)) = (counter, border) else {
            return Err(wrong(name(), "without its counter", "a split on a counter of the model"));
        };
        let feature = only_feature(counter).ok_or_else(refused_combination)?;
        let Some(Some((column, hashes))) = self.columns.categories.get(feature as usize) else {
            return Err(wrong("cat_feature_index", feature, "a categorical feature of the model"));
        };
        let numbers = counters::numbers(counter, self.model)?;
        #[expect(clippy::cast_possible_truncation, reason = "borders of counters are single precision")]
        let is_right = |number: f32| number > border as f32;
        let unknown_right = is_right(numbers.of_unknown);
        let mut goes_right = vec![unknown_right; hashes.len()]; // categories that this counter does not list
        for (hash, number) in &numbers.by_hash {
            if let Ok(code) = hashes.binary_search(hash) {
                goes_right[code] = is_right(*number);
            }
        }
        let codes = goes_right.iter().enumerate().filter(|(_, right)| **right).map(|(code, _)| code);
        let made = in_set(*column, codes, unknown_right, &mut self.n_bits, builder)?;
        self.by_counter.insert(number, made);
        Ok(made)
    }
}

/// Right for the codes, and for unknown categories if `unknown_right`.
fn in_set(
    column: u32,
    codes: impl Iterator<Item = usize>,
    unknown_right: bool,
    n_bits: &mut u64,
    builder: &mut Builder,
) -> Result<Split, Error> {
    let mut words = Vec::new();
    for code in codes {
        if words.len() <= code / 32 {
            words.resize(code / 32 + 1, 0_u32);
        }
        words[code / 32] |= 1 << (code % 32);
    }
    *n_bits += 32 * words.len() as u64;
    if *n_bits > MOST_BITS {
        return Err(
            ModelError::TooLarge { what: "bits in category sets", got: *n_bits, limit: MOST_BITS }.into()
        );
    }
    let set = builder.set(CategorySet { words: words.into_boxed_slice() });
    let nan_left = !unknown_right;
    let predicate = Predicate::InSet { set, in_set_left: false, invalid_left: nan_left };
    Ok(Split { predicate, column, right: 0, nan_left, zero_is_missing: false })
}

fn refused_combination() -> Error {
    let what = "a counter over a combination of columns, which is no decision of one player,".to_owned();
    let remedy = "retrain with max_ctr_complexity=1, or use `algorithm='permutation'`";
    ModelError::Unsupported { library: "CatBoost", what, remedy }.into()
}
