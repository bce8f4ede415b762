//! Model files that libraries wrote, with rows and the margins that the libraries gave for them.

use std::fs;
use std::path::{Path, PathBuf};

use ferroshap::tree::Forest;

use super::brute_force;

/// Rows and margins beside a model file.
#[derive(serde::Deserialize)]
struct Recorded {
    rows: Vec<Vec<Option<f64>>>, // null: NaN
    margins: Vec<Vec<f64>>,
}

/// The model files of a library that end like this, by name.
pub(super) fn files(library: &str, endings: &[&str]) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees/models").join(library);
    let Ok(entries) = fs::read_dir(&folder) else { return Vec::new() };
    let name = |path: &PathBuf| path.to_string_lossy().into_owned();
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a folder that can be listed").path())
        .filter(|path| endings.iter().any(|ending| name(path).ends_with(ending)))
        .filter(|path| !name(path).ends_with(".rows.json"))
        .collect();
    files.sort();
    files
}

/// Compare the forest's predictions with those recorded beside the file; says how far they are apart at most, in
/// units of `max(1, |margin|)`.
pub(super) fn distance(forest: &Forest, file: &Path) -> f64 {
    let text = fs::read_to_string(file.with_extension("rows.json")).expect("rows beside the model");
    let recorded: Recorded = serde_json::from_str(&text).expect("rows and margins");
    assert!(!recorded.rows.is_empty() && recorded.rows.len() == recorded.margins.len());
    let mut distance = 0.0_f64;
    for (row, margins) in recorded.rows.iter().zip(&recorded.margins) {
        let row: Vec<f64> = row.iter().map(|number| number.unwrap_or(f64::NAN)).collect();
        let ours = brute_force::predict(forest, &row);
        assert_eq!(ours.len(), margins.len(), "{}", file.display());
        for (ours, margin) in ours.iter().zip(margins) {
            distance = distance.max((ours - margin).abs() / margin.abs().max(1.0));
        }
    }
    distance
}
