//! ONNX files: recorded models of converters and by hand against onnxruntime.

use std::fs;

use ferroshap::error::Error;
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

/// A field of a message: number, then a varint or bytes.
fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
    out
}

/// Attributes of a tree operator.
#[derive(Clone, Default)]
struct Attributes(Vec<Vec<u8>>);

impl Attributes {
    fn integers(mut self, name: &str, values: &[i64]) -> Self {
        let values: Vec<u8> = values.iter().flat_map(|&value| varint(value.cast_unsigned())).collect();
        self.0.push([bytes(1, name.as_bytes()), bytes(8, &values)].concat());
        self
    }

    fn floats(mut self, name: &str, values: &[f32]) -> Self {
        let values: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.0.push([bytes(1, name.as_bytes()), bytes(7, &values)].concat());
        self
    }

    fn texts(mut self, name: &str, values: &[&str]) -> Self {
        let values: Vec<u8> = values.iter().flat_map(|value| bytes(9, value.as_bytes())).collect();
        self.0.push([bytes(1, name.as_bytes()), values].concat());
        self
    }

    fn text(mut self, name: &str, value: &str) -> Self {
        self.0.push([bytes(1, name.as_bytes()), bytes(4, value.as_bytes())].concat());
        self
    }

    fn integer(mut self, name: &str, value: i64) -> Self {
        self.0.push([bytes(1, name.as_bytes()), number(3, value.cast_unsigned())].concat());
        self
    }

    /// A model of one operator on one input `x` with two columns.
    fn model(&self, kind: &str, others: &[Vec<u8>]) -> Vec<u8> {
        let attributes: Vec<u8> = self.0.iter().flat_map(|attribute| bytes(5, attribute)).collect();
        let operator = [bytes(1, b"x"), bytes(2, b"y"), bytes(4, kind.as_bytes()), attributes].concat();
        let shape = [bytes(1, &[]), bytes(1, &number(1, 2))].concat();
        let kind = bytes(1, &[number(1, 1), bytes(2, &shape)].concat());
        let input = [bytes(1, b"x"), bytes(2, &kind)].concat();
        let others: Vec<u8> = others.iter().flat_map(|other| bytes(1, other)).collect();
        let graph = [bytes(1, &operator), others, bytes(11, &input)].concat();
        [number(1, 8), bytes(7, &graph)].concat()
    }
}

/// One split and two leaves.
fn stump(children: [i64; 2], modes: [&str; 3], threshold: f32) -> Attributes {
    Attributes::default()
        .integers("nodes_treeids", &[0, 0, 0])
        .integers("nodes_nodeids", &[0, 1, 2])
        .integers("nodes_featureids", &[1, 0, 0])
        .texts("nodes_modes", &modes)
        .floats("nodes_values", &[threshold, 0.0, 0.0])
        .integers("nodes_truenodeids", &[children[0], 0, 0])
        .integers("nodes_falsenodeids", &[children[1], 0, 0])
        .integers("target_treeids", &[0, 0])
        .integers("target_nodeids", &[1, 2])
        .integers("target_ids", &[0, 0])
        .floats("target_weights", &[10.0, 20.0])
}

const MODES: [&str; 3] = ["BRANCH_LEQ", "LEAF", "LEAF"];
const REGRESSOR: &str = "TreeEnsembleRegressor";

#[test]
fn a_model_by_hand_is_read() {
    let forest = onnx::read(&stump([1, 2], MODES, 0.5).model(REGRESSOR, &[])).unwrap();
    assert_eq!((forest.n_columns(), forest.n_outputs(), forest.has_cover), (2, 1, false));
    for (x, expected) in [(0.5, 10.0), (0.6, 20.0), (f64::NAN, 20.0)] {
        assert_eq!(super::brute_force::predict(&forest, &[7.0, x]), [expected]);
    }
}

#[test]
fn hostile_models_are_refused() {
    let regressor = |attributes: Attributes| attributes.model(REGRESSOR, &[]);
    let cases = [
        ("a cycle", regressor(stump([0, 1], MODES, 0.5))),
        ("a child that is not there", regressor(stump([1, 7], MODES, 0.5))),
        ("a cycle below", regressor(stump([1, 2], ["BRANCH_LEQ", "BRANCH_LT", "LEAF"], 0.5))),
        ("an unknown mode", regressor(stump([1, 2], ["BRANCH_MEMBER", "LEAF", "LEAF"], 0.5))),
        ("a NaN threshold", regressor(stump([1, 2], MODES, f32::NAN))),
        ("huge n_targets", regressor(stump([1, 2], MODES, 0.5).integer("n_targets", 1 << 40))),
        ("negative n_targets", regressor(stump([1, 2], MODES, 0.5).integer("n_targets", -1))),
        ("a maximum", regressor(stump([1, 2], MODES, 0.5).text("aggregate_function", "MAX"))),
        ("an unknown transform", regressor(stump([1, 2], MODES, 0.5).text("post_transform", "CUBE"))),
        (
            "base values of another length",
            regressor(stump([1, 2], MODES, 0.5).floats("base_values", &[1.0, 2.0])),
        ),
        ("missing arrays", regressor(Attributes::default().integers("nodes_treeids", &[0]))),
        ("an unknown tree operator", stump([1, 2], MODES, 0.5).model("TreeEnsembleDreamer", &[])),
        ("no tree operator", stump([1, 2], MODES, 0.5).model("Conv", &[])),
        ("two tree operators", stump([1, 2], MODES, 0.5).model(REGRESSOR, &[bytes(4, REGRESSOR.as_bytes())])),
        ("nothing", Vec::new()),
        ("no graph", number(1, 8)),
    ];
    for (case, model) in cases {
        assert!(matches!(onnx::read(&model), Err(Error::Model(_))), "{case}");
    }
}

#[test]
fn operators_around_the_trees_are_refused_by_name() {
    let operator =
        |kind: &str, input: &[u8]| [bytes(1, input), bytes(2, b"z"), bytes(4, kind.as_bytes())].concat();
    for (kind, is_read) in
        [("Cast", true), ("Identity", true), ("Softmax", true), ("MatMul", false), ("Relu", false)]
    {
        let read = onnx::read(&stump([1, 2], MODES, 0.5).model(REGRESSOR, &[operator(kind, b"y")]));
        assert_eq!(read.is_ok(), is_read, "{kind}");
        if let Err(error) = read {
            assert!(error.to_string().contains(kind), "{error}");
        }
    }
}
