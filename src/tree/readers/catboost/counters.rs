//! Counters of categories ("online CTRs"): a number for each category, learnt from the target.
//!
//! A counter over one categorical column is a function of that column, so its split is a set of categories. Its table
//! is keyed by `M (0 + M h)` modulo 2^64 with odd M and h the category's hash: that is a bijection, so the
//! categories of the table are found by dividing, and no two share a row. Keys that no hash gives (the filler of
//! empty places) are never met. Counters over combinations of columns are no decision of one player.

use super::city::inverse;
use super::json::{CategoricalFeature, Cell, Counter, CounterTable, Model};
use super::wrong;
use crate::error::{Error, ModelError};

const KEY_MULTIPLIER: u64 = 0x4906_ba49_4954_cb65;

/// A counter: the number of each known category, and of all others.
pub(super) struct Numbers {
    pub by_hash: Vec<(i32, f32)>,
    pub of_unknown: f32,
}

/// The categorical feature that a counter is a function of, if it is one alone.
pub(super) fn only_feature(counter: &Counter) -> Option<u32> {
    match &counter.elements[..] {
        [element] if element.combination_element == "cat_feature_value" => element.cat_feature_index,
        _ => None,
    }
}

/// Hashes that the model tells from each other in a categorical feature: those of its one-hot splits and of tables of
/// counters over it alone. With repeats.
pub(super) fn known_hashes(feature: &CategoricalFeature, model: &Model) -> Vec<i32> {
    let counters = model.features_info.ctrs.iter();
    let mut tables: Vec<&str> = counters
        .filter(|counter| only_feature(counter) == Some(feature.feature_index))
        .map(|counter| counter.identifier.as_str())
        .collect();
    tables.sort_unstable();
    tables.dedup(); // counters that differ in their prior alone share a table
    let rows = tables.iter().filter_map(|&table| model.ctr_data.get(table)).flat_map(|table| {
        table.hash_map.chunks(table.hash_stride.max(1)).filter_map(|row| row.first().and_then(hash_of))
    });
    feature.values.iter().copied().chain(rows).collect()
}

/// The category's hash, if the key is that of one.
fn hash_of(key: &Cell) -> Option<i32> {
    let Cell::Key(key) = *key else { return None };
    let hash = key.wrapping_mul(inverse(KEY_MULTIPLIER.wrapping_mul(KEY_MULTIPLIER)));
    i32::try_from(hash.cast_signed()).ok()
}

/// All numbers of a counter, in CatBoost's own single precision.
pub(super) fn numbers(counter: &Counter, model: &Model) -> Result<Numbers, Error> {
    let Some(table) = model.ctr_data.get(&counter.identifier) else {
        return Err(wrong(format!("ctr_data of {}", counter.identifier), "absent", "there"));
    };
    let n_counts = table.hash_stride.wrapping_sub(1);
    if n_counts == 0
        || n_counts > table.hash_map.len()
        || !table.hash_map.len().is_multiple_of(table.hash_stride)
    {
        return Err(wrong("hash_stride", table.hash_stride, "the length of a key and its counts"));
    }
    let rule = Rule::new(counter, table, n_counts)?;
    let mut counts = Vec::with_capacity(n_counts);
    let mut by_hash = Vec::new();
    for row in table.hash_map.chunks_exact(table.hash_stride) {
        let Some(hash) = hash_of(&row[0]) else { continue };
        counts.clear();
        counts.extend(row[1..].iter().filter_map(|cell| match cell {
            Cell::Number(count) => Some(*count),
            Cell::Key(_) => None,
        }));
        if counts.len() != n_counts {
            return Err(wrong("hash_map", "a text", "a count"));
        }
        by_hash.push((hash, number(counter, rule.good_and_total(&counts))));
    }
    Ok(Numbers { by_hash, of_unknown: number(counter, (0.0, rule.total_of_unknown())) })
}

/// `((good + prior) / (total + prior's weight) + shift) * scale`
#[expect(clippy::cast_possible_truncation, reason = "CatBoost counts in single precision here")]
fn number(counter: &Counter, (good, total): (f64, f64)) -> f32 {
    let mean = (good as f32 + counter.prior_numerator) / (total as f32 + counter.prior_denomerator);
    (mean + counter.shift) * counter.scale
}

/// How a row of the table becomes "so many good ones of so many".
enum Rule {
    /// Rows of one class of the target.
    Class(usize),
    /// Rows of the classes from this one on.
    From(usize),
    /// A sum and a count.
    Mean,
    /// A count among this number.
    Among(f64),
}

impl Rule {
    fn new(counter: &Counter, table: &CounterTable, n_counts: usize) -> Result<Self, Error> {
        let class = counter.target_border_idx;
        let rule = match counter.ctr_type.as_str() {
            "Buckets" if class < n_counts => Self::Class(class),
            "Borders" if class + 1 < n_counts => Self::From(class + 1),
            "BinarizedTargetMeanValue" | "FloatTargetMeanValue" if n_counts == 2 => Self::Mean,
            "Counter" | "FeatureFreq" if n_counts == 1 => Self::Among(table.counter_denominator),
            "Buckets"
            | "Borders"
            | "BinarizedTargetMeanValue"
            | "FloatTargetMeanValue"
            | "Counter"
            | "FeatureFreq" => {
                return Err(wrong("hash_stride", table.hash_stride, "that of its type of counter"));
            }
            other => {
                let remedy =
                    "retrain with simple_ctr=['Borders', 'Counter'], or use `algorithm='permutation'`";
                let what = format!("the counter type {other}");
                return Err(ModelError::Unsupported { library: "CatBoost", what, remedy }.into());
            }
        };
        Ok(rule)
    }

    fn good_and_total(&self, counts: &[f64]) -> (f64, f64) {
        match *self {
            Self::Class(class) => (counts[class], counts.iter().sum()),
            Self::From(class) => (counts[class..].iter().sum(), counts.iter().sum()),
            Self::Mean => (counts[0], counts[1]),
            Self::Among(total) => (counts[0], total),
        }
    }

    fn total_of_unknown(&self) -> f64 {
        match *self {
            Self::Among(total) => total,
            _ => 0.0,
        }
    }
}
