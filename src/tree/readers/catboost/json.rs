//! The shape of CatBoost's JSON: what we need of it, everything else is skipped.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

#[derive(serde::Deserialize)]
pub(super) struct Model {
    pub features_info: Features,
    #[serde(default)]
    pub oblivious_trees: Option<Vec<ObliviousTree>>,
    #[serde(default)]
    pub trees: Option<Vec<TreeNode>>,
    #[serde(default)]
    pub scale_and_bias: Option<(f64, Numbers)>,
    #[serde(default)]
    pub ctr_data: BTreeMap<String, CounterTable>,
    #[serde(default)]
    pub model_info: Info,
}

#[derive(Default, serde::Deserialize)]
pub(super) struct Info {
    #[serde(default)]
    pub catboost_version_info: String,
    #[serde(default)]
    pub params: Params,
}

#[derive(Default, serde::Deserialize)]
pub(super) struct Params {
    #[serde(default)]
    pub loss_function: Loss,
}

#[derive(Default, serde::Deserialize)]
pub(super) struct Loss {
    #[serde(default, rename = "type")]
    pub name: String,
}

#[derive(serde::Deserialize)]
pub(super) struct Features {
    #[serde(default)]
    pub float_features: Vec<FloatFeature>,
    #[serde(default)]
    pub categorical_features: Vec<CategoricalFeature>,
    #[serde(default)]
    pub text_features: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    pub embedding_features: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    pub ctrs: Vec<Counter>,
}

#[derive(serde::Deserialize)]
pub(super) struct FloatFeature {
    pub flat_feature_index: u32,
    pub feature_index: u32,
    #[serde(default)]
    pub feature_id: String,
    #[serde(default)]
    pub borders: Vec<f64>,
    #[serde(default)]
    pub nan_value_treatment: String,
}

#[derive(serde::Deserialize)]
pub(super) struct CategoricalFeature {
    pub flat_feature_index: u32,
    pub feature_index: u32,
    #[serde(default)]
    pub feature_id: String,
    #[serde(default)]
    pub values: Vec<i32>,
}

#[derive(serde::Deserialize)]
pub(super) struct Counter {
    pub borders: Vec<f64>,
    pub ctr_type: String,
    pub elements: Vec<Element>,
    pub identifier: String,
    pub prior_denomerator: f32, // CatBoost's spelling
    pub prior_numerator: f32,
    pub scale: f32,
    pub shift: f32,
    #[serde(default)]
    pub target_border_idx: usize,
}

#[derive(serde::Deserialize)]
pub(super) struct Element {
    #[serde(default)]
    pub cat_feature_index: Option<u32>,
    #[serde(default)]
    pub combination_element: String,
}

#[derive(serde::Deserialize)]
pub(super) struct CounterTable {
    #[serde(default)]
    pub counter_denominator: f64,
    pub hash_map: Vec<Cell>,
    pub hash_stride: usize,
}

/// An entry of a counter's table: keys are 64-bit numbers written as texts, all else are numbers.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    Key(u64),
    Number(f64),
}

#[derive(serde::Deserialize)]
pub(super) struct ObliviousTree {
    #[serde(default)]
    pub splits: Option<Vec<Split>>,
    pub leaf_values: Vec<f64>,
    #[serde(default)]
    pub leaf_weights: Option<Vec<f64>>,
}

#[derive(serde::Deserialize)]
pub(super) struct TreeNode {
    pub left: Option<Box<TreeNode>>,
    pub right: Option<Box<TreeNode>>,
    pub split: Option<Split>,
    pub value: Option<Numbers>,
    pub weight: Option<f64>,
}

#[derive(Clone, serde::Deserialize)]
pub(super) struct Split {
    #[serde(default)]
    pub split_type: Kind,
    pub border: Option<f64>,
    pub float_feature_index: Option<u32>,
    pub cat_feature_index: Option<u32>,
    pub value: Option<i32>,
    pub split_index: Option<usize>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
pub(super) enum Kind {
    #[default]
    FloatFeature,
    OneHotFeature,
    OnlineCtr,
    #[serde(other)]
    Other,
}

/// A number, or a list of them.
pub(super) struct Numbers(pub Vec<f64>);

struct NumbersVisitor;

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumbersVisitor)
    }
}

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Numbers;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number or a list of numbers")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Numbers, E> {
        Ok(Numbers(vec![number]))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Numbers, E> {
        Ok(Numbers(vec![number as f64]))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Numbers, E> {
        Ok(Numbers(vec![number as f64]))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Numbers, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = list.next_element()? {
            numbers.push(number);
        }
        Ok(Numbers(numbers))
    }
}

struct CellVisitor;

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

impl Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, or a 64-bit number as a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cell, E> {
        text.parse().map(Cell::Key).map_err(|_| E::custom(format_args!("`{text}` is no 64-bit number")))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Cell, E> {
        Ok(Cell::Number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell::Number(number as f64))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Cell, E> {
        Ok(Cell::Number(number as f64))
    }
}
