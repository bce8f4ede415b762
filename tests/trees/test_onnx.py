"""ONNX models: our prediction is onnxruntime's score before the post-transform."""

import json
from pathlib import Path

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import FerroshapError, InvalidModelError
from ferroshap.trees.recognition import load_tree_model
from ferroshap.trees.verification import verify

MODELS = sorted(Path(__file__).parent.joinpath("models/onnx").glob("*.onnx"))


def recorded(path):
    """Rows and onnxruntime's scores for them."""
    content = json.loads(path.with_suffix(".rows.json").read_text())
    return np.array(content["rows"], dtype=np.float64), np.array(content["margins"])


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_recorded_models(path):
    rows, margins = recorded(path)
    forest = ferroshap.trees.load(path).forest
    ours = forest.predict(rows, 1)
    assert (np.abs(ours - margins) <= 1e-6 * np.maximum(1, np.abs(margins))).all()  # at most 12 trees in float32
    assert not forest.has_cover


def test_a_background_is_needed():
    path = next(path for path in MODELS if path.stem == "boosted")
    rows, margins = recorded(path)
    model = ferroshap.trees.load(path)
    with pytest.raises(FerroshapError, match="background"):
        ferroshap.TreeExplainer(model)(rows)
    explanation = ferroshap.TreeExplainer(model, rows[:10])(rows)
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, margins[:, 0], atol=1e-5)


class TestLiveModels:
    """With onnx and onnxruntime at hand the runtime itself is asked."""

    @pytest.fixture(autouse=True)
    def _libraries(self):
        self.onnx = pytest.importorskip("onnx", reason="onnx is not installed")
        self.runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

    @pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
    def test_protos_are_verified(self, path):
        read = load_tree_model(self.onnx.load(path))
        assert verify(read).startswith("64 rows against onnxruntime")
        rows, margins = recorded(path)
        np.testing.assert_array_equal(read.raw(rows).reshape(margins.shape), margins)

    def test_sessions(self):
        path = next(path for path in MODELS if path.stem == "xgboost_classes")
        for source in (str(path), path.read_bytes()):
            read = load_tree_model(self.runtime.InferenceSession(source, providers=["CPUExecutionProvider"]))
            assert verify(read).startswith("64 rows against onnxruntime")
            assert read.output_names == ["0", "1", "2"]
            assert read.forest.transform[0] == "softmax"

    def test_a_graph_without_trees_is_refused(self):
        helper, kind = self.onnx.helper, self.onnx.TensorProto.FLOAT
        tensors = [helper.make_tensor_value_info(name, kind, [None, 2]) for name in "xy"]
        graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", tensors[:1], tensors[1:])
        with pytest.raises(InvalidModelError, match="without trees"):
            load_tree_model(helper.make_model(graph))
