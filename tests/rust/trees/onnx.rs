//! ONNX files: recorded models of converters and by hand against onnxruntime.

use std::fs;

use ferroshap::tree::readers::onnx;

use super::recorded;

#[test]
fn recorded_models_predict_what_onnxruntime_predicted() {
    let files = recorded::files("onnx", &[".onnx"]);
    assert!(files.len() > 15, "only {} files", files.len());
    let mut failures = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy();
        match onnx::read(&fs::read(&file).unwrap()) {
            // Sums of at most 12 trees in single precision.
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
