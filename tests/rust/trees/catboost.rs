//! CatBoost's reader: recorded models give CatBoost's own recorded predictions.
//!
//! The files are made by `tests/trees/models/record_catboost.py`.

use std::path::PathBuf;

use ferroshap::error::{Error, ModelError};
use ferroshap::tree::readers::catboost;
use ferroshap::tree::{Column, Forest, Output, Predicate, Split, Step};

use serde_json::Value;

fn recorded(name: &str) -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/trees/models/catboost").join(name);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What a text of a categorical column is to the forest: the place of its hash, or -1.
fn code(text: &str, dictionary: &[String]) -> f64 {
    let hash = catboost::category_hash(text).to_string();
    dictionary.iter().position(|known| *known == hash).map_or(-1.0, |code| code as f64)
}

fn row(forest: &Forest, values: &[Value]) -> Vec<f64> {
    let number = |(value, column): (&Value, &Column)| match (value, column) {
        (Value::String(text), Column::Category { dictionary, .. }) => code(text, dictionary),
        (Value::Null, Column::Numeric { .. }) => f64::NAN,
        (Value::Number(number), Column::Numeric { .. }) => number.as_f64().unwrap(),
        other => panic!("{other:?}"),
    };
    values.iter().zip(&forest.columns).map(number).collect()
}

/// Does the row go left? In single precision, as CatBoost compares.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what the column does")]
fn goes_left(forest: &Forest, split: &Split, row: &[f64]) -> bool {
    let x = row[split.column as usize];
    match split.predicate {
        _ if x.is_nan() => split.nan_left,
        Predicate::Le(border) => f64::from(x as f32) <= border,
        Predicate::InSet { invalid_left, .. } if x < 0.0 => invalid_left,
        Predicate::InSet { set, in_set_left, .. } => {
            forest.sets[set as usize].contains(x as u32) == in_set_left
        }
        other => panic!("{other:?}"),
    }
}

fn predict(forest: &Forest, row: &[f64]) -> Vec<f64> {
    let mut sums = forest.offset.clone();
    for tree in &forest.trees {
        let mut node = 0;
        let leaf = loop {
            match &tree.nodes[node].step {
                Step::Leaf(leaf) => break *leaf,
                Step::Split(split) if goes_left(forest, split, row) => node += 1,
                Step::Split(split) => node = split.right as usize,
            }
        };
        match tree.output {
            Output::One(output) => sums[output as usize] += tree.leaf(leaf)[0],
            Output::All => sums.iter_mut().zip(tree.leaf(leaf)).for_each(|(sum, value)| *sum += value),
        }
    }
    sums
}

fn numbers(rows: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(rows.clone()).unwrap()
}

const MODELS: [&str; 18] = [
    "symmetric",
    "depthwise",
    "lossguide",
    "no_bias",
    "binary",
    "multiclass",
    "multiclass_depthwise",
    "multi_rmse",
    "nan_min",
    "nan_max",
    "weights",
    "one_hot",
    "one_hot_lossguide",
    "counters",
    "counter_types",
    "counter_borders",
    "counter_means",
    "counter_counter",
];

#[test]
fn recorded_models_predict_what_catboost_predicted() {
    for name in MODELS {
        let forest = catboost::read(&recorded(&format!("{name}.json"))).unwrap();
        let told: Value = serde_json::from_slice(&recorded(&format!("{name}.rows.json"))).unwrap();
        for (values, raw) in told["rows"].as_array().unwrap().iter().zip(numbers(&told["raw"])) {
            let row = row(&forest, values.as_array().unwrap());
            for (ours, theirs) in predict(&forest, &row).iter().zip(&raw) {
                // 13 to 21 additions of numbers that are no larger than 8 times the sum's own size or 1.
                let rounding = 21.0 * 8.0 * f64::EPSILON * theirs.abs().max(1.0);
                assert!((ours - theirs).abs() <= rounding, "{name}: {values:?}: {ours} against {theirs}");
            }
        }
        assert!(forest.has_cover, "{name}");
        let is_symmetric = !name.contains("depthwise") && !name.contains("lossguide");
        assert!(forest.trees.iter().all(|tree| tree.is_oblivious == is_symmetric), "{name}");
        assert!(forest.cover_gap() < 1e-12, "{name}");
        assert_eq!(forest.library, "CatBoost 1.2.10");
    }
}

#[test]
fn counters_over_combinations_are_refused_with_a_remedy() {
    let result = catboost::read(&recorded("combinations.json"));
    let Err(Error::Model(error @ ModelError::Unsupported { .. })) = result else { panic!("{result:?}") };
    assert!(error.to_string().contains("max_ctr_complexity=1"), "{error}");
}

#[test]
fn a_leaf_off_by_a_thousandth_is_seen() {
    let text = String::from_utf8(recorded("symmetric.json")).unwrap();
    let mut model: Value = serde_json::from_str(&text).unwrap();
    let before = catboost::read(text.as_bytes()).unwrap();
    for value in model["oblivious_trees"][3]["leaf_values"].as_array_mut().unwrap() {
        *value = Value::from(value.as_f64().unwrap() + 1e-3);
    }
    let after = catboost::read(model.to_string().as_bytes()).unwrap();
    let row = vec![0.5; 4];
    assert!((predict(&after, &row)[0] - predict(&before, &row)[0] - 1e-3).abs() < 1e-12);
}

#[test]
fn weights_may_be_absent() {
    let mut model: Value = serde_json::from_slice(&recorded("symmetric.json")).unwrap();
    model["oblivious_trees"][0].as_object_mut().unwrap().remove("leaf_weights");
    assert!(!catboost::read(model.to_string().as_bytes()).unwrap().has_cover);
}

#[test]
fn damaged_files_are_errors() {
    for name in ["symmetric", "multiclass_depthwise", "counters"] {
        let bytes = recorded(&format!("{name}.json"));
        for length in (0..bytes.len()).step_by(7) {
            assert!(catboost::read(&bytes[..length]).is_err(), "{name}, {length} bytes");
        }
    }
    let broken = [
        (
            "splits of a feature that is not there",
            r#"{"features_info":{},"oblivious_trees":[{"splits":[{"border":0.5,"float_feature_index":3}],"leaf_values":[1,2]}]}"#,
        ),
        (
            "leaf values that do not fit",
            r#"{"features_info":{},"oblivious_trees":[{"splits":[],"leaf_values":[]}]}"#,
        ),
        (
            "a column twice",
            r#"{"features_info":{"float_features":[{"flat_feature_index":0,"feature_index":0},{"flat_feature_index":0,"feature_index":1}]}}"#,
        ),
        (
            "a column past the last",
            r#"{"features_info":{"float_features":[{"flat_feature_index":4000000000,"feature_index":0}]}}"#,
        ),
        ("a node that is half a split", r#"{"features_info":{},"trees":[{"left":{"value":1},"value":2}]}"#),
        ("text features", r#"{"features_info":{"text_features":[{}]}}"#),
    ];
    for (what, text) in broken {
        assert!(matches!(catboost::read(text.as_bytes()), Err(Error::Model(_))), "{what}");
    }
    let deep = format!(r#"{{"features_info":{{}},"trees":[{}"#, r#"{"left":"#.repeat(100_000));
    assert!(matches!(catboost::read(deep.as_bytes()), Err(Error::Model(ModelError::Syntax { .. }))));
}
