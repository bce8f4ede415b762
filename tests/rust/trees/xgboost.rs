//! XGBoost's files: recorded models of all versions since 1.6 against the margins that XGBoost gave.

use std::fs;

use ferroshap::tree::readers::xgboost;

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
