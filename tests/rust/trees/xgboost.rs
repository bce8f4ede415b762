//! XGBoost's files: recorded models of all versions since 1.6 against the margins that XGBoost gave.

use std::fs;

use ferroshap::error::{Error, ModelError};
use ferroshap::tree::readers::{Format, detect, xgboost};
use ferroshap::tree::{Forest, Predicate, Step};
use serde_json::{Value, json};

use super::recorded;

#[test]
fn recorded_models_predict_what_xgboost_predicted() {
    let files = recorded::files("xgboost", &[".ubj", ".json"]);
    assert!(files.len() > 60, "only {} files", files.len());
    let mut failures = Vec::new();
    for file in files {
        if file.to_string_lossy().contains("linear") {
            continue;
        }
        let name = file.file_name().unwrap().to_string_lossy();
        match xgboost::read(&fs::read(&file).unwrap()) {
            // XGBoost adds at most 15 trees in single precision, each sum off by 2^-24 of what it has reached.
            Ok(forest) => {
                let distance = recorded::distance(&forest, &file);
                if distance > 1e-6 {
                    failures.push(format!("{name}: off by {distance:.3e}"));
                }
            }
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// A recorded model as a document that can be changed.
fn regression() -> Value {
    let file = recorded::files("xgboost", &["regression-3.4.1.json"]).pop().expect("recorded");
    serde_json::from_slice(&fs::read(file).expect("listed a moment ago")).expect("there")
}

const MODEL: &str = "/learner/gradient_booster/model";

/// What the reader says of the model after one change.
fn changed(path: &str, value: Value) -> Result<Forest, Error> {
    let mut model = regression();
    *model.pointer_mut(&path.replace("MODEL", MODEL)).expect("there") = value;
    xgboost::read(model.to_string().as_bytes())
}

#[test]
fn the_unchanged_model_is_read() {
    assert!(changed("/version", json!([3, 4, 1])).is_ok());
}

#[test]
fn what_is_no_tree_is_refused() {
    let cases = [
        ("a cycle", "MODEL/trees/0/left_children/1", json!(0)),
        ("a node that is its own child", "MODEL/trees/1/left_children/0", json!(0)),
        ("two parents", "MODEL/trees/0/right_children/0", json!(1)),
        ("a child that is not there", "MODEL/trees/0/right_children/0", json!(1000)),
        ("a negative child", "MODEL/trees/0/left_children/0", json!(-2)),
        ("a child past 32 bits", "MODEL/trees/0/left_children/0", json!(1_u64 << 40)),
        ("a column that is not there", "MODEL/trees/0/split_indices/0", json!(4)),
        ("no nodes", "MODEL/trees/0/left_children", json!([])),
        ("arrays of two lengths", "MODEL/trees/0/default_left", json!([0])),
        ("fewer outputs than trees", "MODEL/tree_info", json!([0, 0])),
        ("an output that is not there", "MODEL/tree_info/0", json!(7)),
        ("a negative output", "MODEL/tree_info/0", json!(-1)),
    ];
    for (case, path, value) in cases {
        assert!(matches!(changed(path, value), Err(Error::Model(_))), "{case}");
    }
}

#[test]
fn numbers_that_are_none_are_refused() {
    // JSON has no NaN, but XGBoost writes it, so the text is changed.
    let text = regression().to_string();
    let first = text.find("\"split_conditions\":[").unwrap() + "\"split_conditions\":[".len();
    let end = first + text[first..].find(',').unwrap();
    for (token, is_read) in [("NaN", false), ("nan", false), ("Infinity", true), ("0.5", true), ("x", false)]
    {
        let changed = format!("{}{token}{}", &text[..first], &text[end..]);
        assert_eq!(xgboost::read(changed.as_bytes()).is_ok(), is_read, "threshold {token}");
    }
    let leaf = regression().pointer("/learner/gradient_booster/model/trees/0/left_children").unwrap().clone();
    let leaf = leaf.as_array().unwrap().iter().position(|child| child == -1).unwrap();
    let too_large = changed(&format!("MODEL/trees/0/split_conditions/{leaf}"), json!(1e300));
    assert!(matches!(too_large, Err(Error::Model(ModelError::Node { tree: 0, .. }))), "a leaf of infinity");
}

#[test]
fn covers_that_are_none_are_taken_back() {
    assert!(changed("/version", json!([3, 4, 1])).unwrap().has_cover);
    assert!(!changed("MODEL/trees/0/sum_hessian/1", json!(-1.0)).unwrap().has_cover);
    let mut model = regression();
    let tree = model.pointer_mut(&format!("{MODEL}/trees/2")).unwrap().as_object_mut().unwrap();
    tree.remove("sum_hessian");
    assert!(!xgboost::read(model.to_string().as_bytes()).unwrap().has_cover);
}

#[test]
fn wrong_types_are_named_with_their_place() {
    let cases = [
        (
            "MODEL/trees/1/left_children",
            json!("text"),
            "learner.gradient_booster.model.trees[1].left_children",
        ),
        ("MODEL/trees/1/left_children", json!([0.5]), "trees[1].left_children"),
        ("MODEL/trees/0/split_conditions", json!(["a"]), "trees[0].split_conditions"),
        ("MODEL/trees", json!({}), "model.trees"),
        ("MODEL/tree_info", json!(3), "model.tree_info"),
        ("/learner", json!([]), "learner.gradient_booster"),
        ("/learner/objective/name", json!(5), "learner.objective.name"),
        ("/learner/learner_model_param/num_feature", json!("four"), "num_feature"),
        ("/learner/learner_model_param/num_feature", json!("-4"), "num_feature"),
        ("/learner/learner_model_param/base_score", json!("[1,2]"), "base_score"),
        ("/learner/learner_model_param/base_score", json!("half"), "base_score"),
        ("/learner/gradient_booster/name", json!(null), "gradient_booster.name"),
    ];
    for (path, value, place) in cases {
        let message = changed(path, value).expect_err(path).to_string();
        assert!(message.contains(place), "{path}: {message}");
    }
}

#[test]
fn huge_counts_are_refused_before_they_cost_memory() {
    for (path, count) in [
        ("/learner/learner_model_param/num_feature", "4000000000"),
        ("/learner/learner_model_param/num_class", "2000000000"),
        ("/learner/learner_model_param/num_target", "99999999999999999999"),
        ("MODEL/trees/0/tree_param/size_leaf_vector", "1000000000"),
    ] {
        assert!(changed(path, json!(count)).is_err(), "{path}");
    }
    // Typed and counted arrays of UBJSON that announce more than there is, also where nothing follows.
    for announced in [
        &b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff"[..],
        b"[$U#l\x7f\xff\xff\xff",
        b"[#L\x00\x00\x00\x10\x00\x00\x00\x00",
        b"[$Z#l\x7f\xff\xff\xff",
        b"[$l#i\xff",
        b"SL\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"{#L\x7f\xff\xff\xff\xff\xff\xff\xff",
    ] {
        let bytes = [b"{L\0\0\0\0\0\0\0\x07learner", announced, b"}"].concat();
        assert!(
            matches!(xgboost::read(&bytes), Err(Error::Model(ModelError::Syntax { .. }))),
            "{announced:?}"
        );
    }
}

#[test]
fn nesting_is_bounded_in_both_notations() {
    let deep = [b"{L\0\0\0\0\0\0\0\x07learner".to_vec(), b"[".repeat(1_000_000)].concat();
    assert!(xgboost::read(&deep).unwrap_err().to_string().contains("levels"));
    let deep = format!("{{\"learner\":{}", "[".repeat(1_000_000));
    assert!(xgboost::read(deep.as_bytes()).unwrap_err().to_string().contains("levels"));
    let deep = format!("{{\"learner\":{}", "{\"a\":".repeat(1_000_000));
    assert!(xgboost::read(deep.as_bytes()).unwrap_err().to_string().contains("levels"));
}

#[test]
fn category_sets_must_lie_in_their_array_and_stay_small() {
    let file = recorded::files("xgboost", &["categories-3.4.1.json"]).pop().unwrap();
    let model: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let trees = model.pointer(&format!("{MODEL}/trees")).unwrap().as_array().unwrap();
    let tree = trees.iter().position(|tree| tree["categories_nodes"] != json!([])).unwrap();
    let cases = [
        ("categories_sizes/0", json!(1000)),
        ("categories_sizes/0", json!(-1)),
        ("categories_segments/0", json!(-1)),
        ("categories_segments/0", json!(2_000_000_000)),
        ("categories_nodes/0", json!(9999)),
        ("categories/0", json!(-1)),
        ("categories/0", json!(1 << 24)),
        ("categories_nodes", json!([])),
        ("split_type/0", json!(null)),
    ];
    for (field, value) in cases {
        let mut model = model.clone();
        *model.pointer_mut(&format!("{MODEL}/trees/{tree}/{field}")).unwrap() = value;
        assert!(xgboost::read(model.to_string().as_bytes()).is_err(), "{field}");
    }
}

#[test]
fn what_is_not_for_this_reader_is_named() {
    let linear = recorded::files("xgboost", &["linear-3.4.1.ubj"]).pop().unwrap();
    let message = xgboost::read(&fs::read(linear).unwrap()).unwrap_err().to_string();
    assert!(message.contains("linear booster"), "{message}");
    let message = xgboost::read(b"binf\0\0\0\0").unwrap_err().to_string();
    assert!(message.contains("binary format"), "{message}");
    for bytes in [&b""[..], b"{", b"{}", b"[]", b"{\"", b"null", b"{\"learner\":1} x", b"{L\0\0", b"{}}"] {
        assert!(xgboost::read(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn thresholds_are_read_as_single_precision() {
    // Halfway between two singles, but for the last digits: through double precision it would be rounded twice.
    let text = regression().to_string();
    let first = text.find("\"split_conditions\":[").unwrap() + "\"split_conditions\":[".len();
    let end = first + text[first..].find(',').unwrap();
    let above_half = "1.00000005960464477540";
    let (as_single, twice): (f32, f64) = (above_half.parse().unwrap(), above_half.parse().unwrap());
    #[expect(clippy::cast_possible_truncation, reason = "the mistake that this guards against")]
    let twice = twice as f32;
    assert!(as_single > twice);
    let forest = xgboost::read(format!("{}{above_half}{}", &text[..first], &text[end..]).as_bytes()).unwrap();
    let Step::Split(root) = forest.trees[0].nodes[0].step else { panic!("a leaf") };
    assert_eq!(root.predicate, Predicate::Lt(f64::from(as_single)));
}

#[test]
fn formats_are_told_by_their_first_bytes() {
    let folders = [
        ("xgboost", &[".ubj", ".json"][..], Format::Xgboost),
        ("onnx", &[".onnx"], Format::Onnx),
        ("lightgbm", &[".txt"], Format::Lightgbm),
        ("catboost", &[".json"], Format::Catboost),
    ];
    for (folder, endings, format) in folders {
        for file in recorded::files(folder, endings) {
            assert_eq!(detect(&fs::read(&file).unwrap()), Some(format), "{}", file.display());
        }
    }
    assert_eq!(detect(b""), None);
    assert_eq!(detect(b"{\"a\": 1}"), None);
}
