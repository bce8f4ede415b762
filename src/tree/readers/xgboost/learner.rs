//! The learner: columns, outputs, base score, and where each version keeps its trees.

use super::document::{Value, field_error};
use super::{categories, objective, trees};
use crate::error::{Error, ModelError};
use crate::tree::builder::Builder;
use crate::tree::forest::{CategoryCodes, Column, Forest, Output, Precision};

/// Columns, and outputs, that are accepted from a file of fewer bytes than that.
const MOST_COLUMNS: usize = 1 << 20;
const MOST_OUTPUTS: usize = 1 << 16;

/// The forest of a whole file.
pub(super) fn forest(root: Value<'_, '_>, n_bytes: usize) -> Result<Forest, Error> {
    let learner = root.member("learner")?;
    let booster = learner.member("gradient_booster")?;
    let model = gbtree_model(booster)?;
    let parameters = learner.member("learner_model_param")?;
    let count = |key| parameters.get(key).map_or(Ok(0), Value::count);
    let n_columns = at_most("columns", count("num_feature")?, n_bytes.max(MOST_COLUMNS))?;
    let n_outputs = count("num_class")?.max(count("num_target")?).max(1);
    let n_outputs = at_most("outputs", n_outputs, n_bytes.max(MOST_OUTPUTS))?;

    let objective = learner.member("objective")?.member("name")?.text()?;
    let base_score = parameters.member("base_score")?;
    let trees = model.member("trees")?;
    let categorical = categories::categorical_columns(trees, &feature_types(learner)?, n_columns)?;
    let mut builder = Builder::new(Forest {
        library: library(root)?,
        predicts_in: Precision::F32,
        columns: columns(&categorical, model)?,
        names: names(learner, n_columns)?,
        player: (0..).take(n_columns).collect(),
        offset: objective::offset(&objective, base_score, n_outputs)?,
        trees: Vec::new(),
        sets: Vec::new(),
        transform: objective::transform(&objective, n_outputs),
        has_cover: true,
        absent: f64::NAN,
        trees_per_round: 1,
    });
    let rest_by_default = matches!(version(root)?.as_slice(), [1, ..=6, ..]);
    let shape = add_trees(&mut builder, booster, model, (n_outputs, n_bytes, rest_by_default))?;
    let mut forest = builder.finish()?;
    forest.trees_per_round = shape.trees_per_round;
    if shape.has_cover {
        return Ok(forest);
    }
    forest.has_cover = false;
    forest.validated()
}

/// What the trees say of the whole.
struct Shape {
    has_cover: bool,
    trees_per_round: u32,
}

fn add_trees(
    builder: &mut Builder,
    booster: Value<'_, '_>,
    model: Value<'_, '_>,
    (n_outputs, n_bytes, rest_by_default): (usize, usize, bool),
) -> Result<Shape, Error> {
    let trees = model.member("trees")?;
    let n_trees = trees.elements()?.count();
    let outputs = model.member("tree_info")?.integers()?;
    let weights = match weight_drop(booster, model) {
        Some(weights) => weights.singles()?,
        None => vec![1.0; n_trees],
    };
    for (name, length) in [("tree_info", outputs.len()), ("weight_drop", weights.len())] {
        if length != n_trees {
            return Err(field_error(
                name.to_owned(),
                format!("of length {length}"),
                "as long as there are trees",
            ));
        }
    }
    let mut set_budget = categories::Budget::new(n_bytes);
    let (mut has_cover, mut is_vector) = (true, false);
    let in_order = trees.elements()?.zip(outputs.iter().zip(&weights));
    for (number, (tree, (&output, &weight))) in in_order.enumerate() {
        let place = trees::Place {
            number,
            output: u32::try_from(output).unwrap_or(u32::MAX),
            n_outputs,
            weight: f64::from(weight),
            rest_by_default,
        };
        let raw = trees::tree(tree, &place, builder, &mut set_budget)?;
        has_cover &= !raw.covers.is_empty();
        is_vector |= raw.output == Output::All;
        builder.tree(raw)?;
    }
    let n_parallel = match model.get("gbtree_model_param").and_then(|param| param.get("num_parallel_tree")) {
        Some(count) => count.count()?.max(1),
        None => 1,
    };
    let trees_per_round = n_parallel.saturating_mul(if is_vector { 1 } else { n_outputs });
    Ok(Shape { has_cover, trees_per_round: u32::try_from(trees_per_round).unwrap_or(u32::MAX) })
}

/// The object with the trees: `model`, or for the DART of versions up to 3.2 `gbtree.model`.
fn gbtree_model<'d, 'a>(booster: Value<'d, 'a>) -> Result<Value<'d, 'a>, Error> {
    let name = booster.member("name")?.text()?;
    if name == "gblinear" {
        let remedy = "pass the model itself to ferroshap.Explainer, which explains linear models exactly";
        let what = "the linear booster has no trees; it".to_owned();
        return Err(ModelError::Unsupported { library: "XGBoost", what, remedy }.into());
    }
    match booster.get("gbtree") {
        Some(gbtree) => gbtree.member("model"),
        None => booster.member("model"),
    }
}

/// DART's weights of the trees, wherever this version keeps them.
fn weight_drop<'d, 'a>(booster: Value<'d, 'a>, model: Value<'d, 'a>) -> Option<Value<'d, 'a>> {
    let places = [Some(booster), booster.get("gbtree"), Some(model)];
    places.into_iter().flatten().find_map(|place| place.get("weight_drop"))
}

fn version(root: Value<'_, '_>) -> Result<Vec<i32>, Error> {
    root.get("version").map_or(Ok(Vec::new()), Value::integers)
}

fn library(root: Value<'_, '_>) -> Result<String, Error> {
    let parts: Vec<_> = version(root)?.iter().take(3).map(i32::to_string).collect();
    Ok(format!("XGBoost {}", parts.join(".")).trim_end().to_owned())
}

fn names(learner: Value<'_, '_>, n_columns: usize) -> Result<Vec<String>, Error> {
    let names = learner.get("feature_names").map_or(Ok(Vec::new()), Value::texts)?;
    Ok(if names.len() == n_columns { names } else { Vec::new() })
}

fn feature_types(learner: Value<'_, '_>) -> Result<Vec<String>, Error> {
    learner.get("feature_types").map_or(Ok(Vec::new()), Value::texts)
}

fn columns(is_categorical: &[bool], model: Value<'_, '_>) -> Result<Vec<Column>, Error> {
    let mut dictionaries = categories::dictionaries(model, is_categorical.len())?.into_iter();
    let column = |&is_categorical: &bool| {
        let (dictionary, is_numeric) = dictionaries.next().unwrap_or_default();
        if is_categorical {
            let codes = CategoryCodes::NegativeFirst;
            Column::Category { codes, missing: None, dictionary, is_numeric }
        } else {
            Column::Numeric { cast: Precision::F32, missing: None }
        }
    };
    Ok(is_categorical.iter().map(column).collect())
}

fn at_most(what: &'static str, got: usize, limit: usize) -> Result<usize, Error> {
    if got <= limit {
        return Ok(got);
    }
    Err(ModelError::TooLarge { what, got: got as u64, limit: limit as u64 }.into())
}
