//! Which columns hold categories, and which ones.

use serde_json::Value;

use super::header::Header;
use super::text::{Lines, damaged};
use super::tree::Parsed;
use crate::error::Error;
use crate::tree::forest::{CategoryCodes, Column, Precision};

const PANDAS: &str = "pandas_categorical:";
/// What the header says of a column that has one value.
const UNUSED: &str = "none";

/// The columns: categories where a split or the header says so, numbers elsewhere.
pub(super) fn columns(header: &Header<'_>, trees: &[Parsed], rest: Lines<'_>) -> Result<Vec<Column>, Error> {
    let is_named = |info: &&str| *info != UNUSED && !info.starts_with('[');
    let mut is_category: Vec<bool> = header.infos.iter().map(is_named).collect();
    is_category.resize(header.names.len(), false);
    for split in trees.iter().flat_map(Parsed::splits).filter(|split| split.is_categorical) {
        if let Some(is_category) = is_category.get_mut(split.column as usize) {
            *is_category = true;
        }
    }
    let mut dictionaries = pandas_categories(rest)?;
    // The file does not say which columns the lists belong to; columns of one value it calls unused, categories
    // or not. Ordered categories are numbers to the trees but have a list too: then all lists are left out, and
    // rows bring codes.
    let count = |is: &[bool]| is.iter().filter(|&&is| is).count();
    if dictionaries.len() > count(&is_category) {
        let unused = header.infos.iter().map(|&info| info == UNUSED);
        let with_unused: Vec<bool> =
            is_category.iter().zip(unused).map(|(&is, unused)| is || unused).collect();
        if count(&with_unused) == dictionaries.len() {
            is_category = with_unused;
        }
    }
    if dictionaries.len() != count(&is_category) {
        dictionaries.clear();
    }
    let mut dictionaries = dictionaries.into_iter();
    let column = |is_category: bool| {
        if !is_category {
            return Column::Numeric { cast: Precision::F64, missing: None };
        }
        let categories = dictionaries.next().unwrap_or_default();
        let is_numeric = !categories.is_empty() && categories.iter().all(Value::is_number);
        let dictionary = categories.iter().map(text).collect();
        Column::Category { codes: CategoryCodes::TruncateFirst, missing: None, dictionary, is_numeric }
    };
    Ok(is_category.into_iter().map(column).collect())
}

/// The categories of the training frame's categorical columns in their order, where the Python package wrote them.
fn pandas_categories(mut rest: Lines<'_>) -> Result<Vec<Vec<Value>>, Error> {
    loop {
        let at = rest.at();
        let Some(line) = rest.next() else { return Ok(Vec::new()) };
        if let Some(json) = line.strip_prefix(PANDAS) {
            let lists: Option<Vec<Vec<Value>>> = serde_json::from_str(json)
                .map_err(|error| damaged(at + PANDAS.len() + error.column(), error.to_string()))?;
            return Ok(lists.unwrap_or_default());
        }
    }
}

/// A category as text.
fn text(category: &Value) -> String {
    match category {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
