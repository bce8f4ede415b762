//! LightGBM's files: recorded models against the margins that LightGBM gave, and files that lie.

use std::fs;

use ferroshap::tree::Transform;
use ferroshap::tree::readers::lightgbm;

use super::recorded;

/// A recorded model as text.
fn text(name: &str) -> String {
    let files = recorded::files("lightgbm", &[&format!("{name}.txt")]);
    fs::read_to_string(&files[0]).unwrap()
}

#[test]
fn recorded_models_predict_what_lightgbm_predicted() {
    let files = recorded::files("lightgbm", &[".txt"]);
    assert!(files.len() >= 30, "only {} files", files.len());
    for file in files {
        let forest = lightgbm::read(&fs::read(&file).unwrap()).unwrap();
        // The same additions in the same order; an average of at most 9 trees is divided before, not after: 10
        // roundings of 2^-53 of margins whose terms stay below 16.
        let distance = recorded::distance(&forest, &file);
        assert!(distance <= 10.0 * 16.0 * f64::EPSILON / 2.0, "{}: {distance:e}", file.display());
    }
}

#[test]
fn a_file_cut_anywhere_before_its_end_is_refused() {
    for name in ["categories-4.7.0", "linear-4.7.0", "constant-2.3.1", "forest_classes-4.7.0"] {
        let text = text(name);
        let end = text.find("end of trees").unwrap() + "end of trees".len();
        for cut in 0..end {
            assert!(lightgbm::read(&text.as_bytes()[..cut]).is_err(), "{name} cut at byte {cut}");
        }
        assert!(lightgbm::read(&text.as_bytes()[..end]).is_ok());
    }
}

/// The text with another first word in the first line of that key that has one.
fn with_first_word(text: &str, key: &str, word: &str) -> String {
    let key = format!("\n{key}=");
    let has_word = |at: &usize| !text[at + key.len()..].starts_with([' ', '\n']);
    let at =
        text.match_indices(&key).map(|(at, _)| at).find(has_word).expect("a line with a word") + key.len();
    let end = at + text[at..].find([' ', '\n']).expect("an end of the word");
    format!("{}{word}{}", &text[..at], &text[end..])
}

#[test]
fn lies_are_refused() {
    let cases = [
        ("regression", "left_child", "0"),           // a cycle
        ("regression", "left_child", "99"),          // past the splits
        ("regression", "left_child", "5"),           // likewise, but a leaf if leaves followed them
        ("regression", "left_child", "-99"),         // past the leaves
        ("regression", "left_child", "99999999999"), // past 32 bits
        ("regression", "left_child", ""),            // one too few
        ("regression", "num_leaves", "7"),
        ("regression", "num_leaves", "0"),
        ("regression", "num_leaves", "4000000000"),
        ("regression", "num_leaves", "99999999999999999999"),
        ("regression", "threshold", "nan"),
        ("regression", "leaf_value", "nan"),
        ("regression", "leaf_value", "inf"),
        ("regression", "leaf_value", "x"),
        ("regression", "split_feature", "4"),
        ("regression", "split_feature", "-1"),
        ("regression", "decision_type", "14"), // there is no missing type 3
        ("regression", "decision_type", "256"),
        ("regression", "max_feature_idx", "18446744073709551615"),
        ("regression", "max_feature_idx", "2"),
        ("regression", "feature_names", ""),
        ("regression", "feature_infos", ""),
        ("regression", "num_tree_per_iteration", "0"),
        ("regression", "num_tree_per_iteration", "2"),
        ("regression", "num_tree_per_iteration", "3000000000"),
        ("logistic", "objective", "binary sigmoid:0\nrest="),
        ("logistic", "objective", "binary sigmoid:nan\nrest="),
        ("categories", "cat_boundaries", "3"),
        ("categories", "cat_boundaries", "0 4000000000"),
        ("categories", "cat_threshold", "4294967296"),
        ("categories", "split_feature", "3"), // a numeric split on a column of categories
        ("categories", "num_cat", "0"),
        ("linear", "num_features", "99"),
        ("linear", "leaf_features", "7"),
        ("linear", "leaf_coeff", "inf"),
        ("linear", "leaf_const", "nan"),
    ];
    for (name, key, word) in cases {
        let lie = with_first_word(&text(&format!("{name}-4.7.0")), key, word);
        assert!(lightgbm::read(lie.as_bytes()).is_err(), "{name} with {key}={word} was read");
    }
    assert!(lightgbm::read(text("regression-4.7.0").replacen("tree", "forest", 1).as_bytes()).is_err());
}

#[test]
fn what_is_no_text_is_refused_at_its_byte() {
    let mut bytes = text("regression-4.7.0").into_bytes();
    bytes[100] = 0xff;
    let message = lightgbm::read(&bytes).unwrap_err().to_string();
    assert!(message.contains("byte 100"), "{message}");
}

#[test]
fn objectives_say_what_predictions_are() {
    for (line, transform) in [
        ("regression", Transform::Identity),
        ("regression sqrt", Transform::Other),
        ("binary sigmoid:2.5", Transform::Sigmoid { scale: 2.5 }),
        ("cross_entropy", Transform::Sigmoid { scale: 1.0 }),
        ("cross_entropy_lambda", Transform::Other),
        ("multiclass num_class:3", Transform::Softmax),
        ("multiclassova num_class:3 sigmoid:1.5", Transform::Sigmoid { scale: 1.5 }),
        ("poisson", Transform::Exp),
        ("tweedie", Transform::Exp),
        ("lambdarank", Transform::Identity),
        ("custom", Transform::Identity),
    ] {
        let text = text("regression-4.7.0").replace("objective=regression", &format!("objective={line}"));
        assert_eq!(lightgbm::read(text.as_bytes()).unwrap().transform, transform, "{line}");
    }
}

#[test]
fn windows_line_ends_change_nothing() {
    for name in ["categories-4.7.0", "linear-4.7.0", "forest-4.7.0"] {
        let unix = text(name);
        let windows = unix.replace('\n', "\r\n");
        assert_eq!(lightgbm::read(unix.as_bytes()), lightgbm::read(windows.as_bytes()), "{name}");
    }
}
