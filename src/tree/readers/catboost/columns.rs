//! Columns of a model: numbers and categories, by their place in a row.

use super::counters::known_hashes;
use super::json::Model;
use super::wrong;
use crate::error::Error;
use crate::tree::forest::{CategoryCodes, Column, Precision};

/// Where each feature stands, and what its column holds.
pub(super) struct Columns {
    pub kinds: Vec<Column>,
    /// By number among the float features: the column, and whether a missing value goes left.
    pub floats: Vec<Option<(u32, bool)>>,
    /// By number among the categorical features: the column, and the hashes of its categories, by code.
    pub categories: Vec<Option<(u32, Vec<i32>)>>,
    ids: Vec<String>,
}

impl Columns {
    pub(super) fn new(model: &Model) -> Result<Self, Error> {
        let features = &model.features_info;
        let (n_floats, n_categories) = (features.float_features.len(), features.categorical_features.len());
        let n_columns = n_floats + n_categories;
        let mut columns = Self {
            kinds: Vec::new(),
            floats: vec![None; n_floats],
            categories: vec![None; n_categories],
            ids: vec![String::new(); n_columns],
        };
        let mut kinds = vec![None; n_columns];
        for feature in &features.float_features {
            let nan_left = match feature.nan_value_treatment.as_str() {
                "AsTrue" => false,
                "" | "AsIs" | "AsFalse" => true,
                other => return Err(wrong("nan_value_treatment", other, "AsIs, AsFalse or AsTrue")),
            };
            let column = feature.flat_feature_index;
            let kind = Column::Numeric { cast: Precision::F32, missing: None };
            columns.ids[place(column, kind, &mut kinds)?].clone_from(&feature.feature_id);
            *slot(&mut columns.floats, feature.feature_index)? = Some((column, nan_left));
        }
        for feature in &features.categorical_features {
            let mut hashes = known_hashes(feature, model);
            hashes.sort_unstable();
            hashes.dedup();
            let known = u32::try_from(hashes.len()).unwrap_or(u32::MAX);
            let kind = Column::Category {
                codes: CategoryCodes::KnownOrInvalid { known },
                missing: None,
                dictionary: hashes.iter().map(i32::to_string).collect(),
                is_numeric: false,
            };
            let column = feature.flat_feature_index;
            columns.ids[place(column, kind, &mut kinds)?].clone_from(&feature.feature_id);
            *slot(&mut columns.categories, feature.feature_index)? = Some((column, hashes));
        }
        columns.kinds = kinds.into_iter().flatten().collect(); // all places are taken: as many as features
        Ok(columns)
    }

    /// Names of the columns, none where the training data had none.
    pub(super) fn names(&self) -> Vec<String> {
        if self.ids.iter().all(String::is_empty) { Vec::new() } else { self.ids.clone() }
    }
}

/// Put a column in its place, which no other feature may have.
fn place(column: u32, kind: Column, kinds: &mut [Option<Column>]) -> Result<usize, Error> {
    match kinds.get_mut(column as usize) {
        Some(free @ None) => {
            *free = Some(kind);
            Ok(column as usize)
        }
        _ => Err(wrong("flat_feature_index", column, "a number of its own below the number of features")),
    }
}

/// The entry of a feature that has not been met.
fn slot<T>(features: &mut [Option<T>], index: u32) -> Result<&mut Option<T>, Error> {
    match features.get_mut(index as usize) {
        Some(free @ None) => Ok(free),
        _ => {
            Err(wrong("feature_index", index, "a number of its own below the number of features of its kind"))
        }
    }
}
