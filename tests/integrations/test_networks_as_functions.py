"""Networks and runtimes where only outputs are asked for: torch modules, Keras models, ONNX sessions."""

import numpy as np
import pytest
from tests.trees.games import interventional_values

import ferroshap as shap
from ferroshap.errors import InvalidModelError

torch = pytest.importorskip("torch")
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3)).astype(np.float32)
ROUTES = [
    shap.ExactExplainer,
    shap.KernelExplainer,
    shap.PermutationExplainer,
    shap.PartitionExplainer,
    shap.SamplingExplainer,
]


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.Linear(4, 2))


def outputs_of(net):
    def predict(rows):
        net.eval()
        with torch.no_grad():
            return net(torch.tensor(np.asarray(rows), dtype=torch.float32)).numpy()

    return predict


@pytest.mark.parametrize("route", ROUTES)
def test_a_module_of_torch_is_a_function_in_every_route(route):
    net = network().train()
    explainer = route(net, X[:10])
    explained = explainer(X[10:12])
    assert net.training  # nothing of it is changed
    assert explainer.model.inner_model is net
    predict = outputs_of(network())
    np.testing.assert_allclose(explained.base_values + explained.values.sum(axis=1), predict(X[10:12]), atol=1e-6)
    if route not in {shap.SamplingExplainer, shap.PartitionExplainer}:  # one samples, one has Owen values
        want = interventional_values(predict, X[10], X[:10])
        np.testing.assert_allclose(explained.values[0], want, rtol=0, atol=1e-6)


def test_a_function_that_returns_tensors_is_a_function():
    net = network().eval()
    explained = shap.Explainer(lambda rows: net(torch.as_tensor(rows)), X[:10])(X[10:12])
    want = interventional_values(outputs_of(net), X[10], X[:10])
    np.testing.assert_allclose(explained.values[0], want, rtol=0, atol=1e-6)


def graph(n_inputs=1):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weights = helper.make_tensor("w", kind, [3, 2], np.linspace(-1, 1, 6).astype(np.float32))
    nodes = [helper.make_node("MatMul", ["x0", "w"], ["h"]), helper.make_node("Tanh", ["h"], ["y"])]
    inputs = [helper.make_tensor_value_info(f"x{number}", kind, [None, 3]) for number in range(n_inputs)]
    made = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("y", kind, [None, 2])], [weights])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 9
    return model


def test_onnx_without_trees_is_asked_through_its_runtime():
    model = graph()
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def predict(rows):
        return np.tanh(rows @ np.linspace(-1, 1, 6).astype(np.float32).reshape(3, 2))

    want = interventional_values(predict, X[10], X[:10])
    for asked in (session, model, lambda rows: session.run(None, {"x0": np.asarray(rows, dtype=np.float32)})):
        explainer = shap.Explainer(asked, X[:10].astype(np.float64))
        assert explainer.plan.route == "exact"
        np.testing.assert_allclose(explainer(X[10:12]).values[0], want, rtol=0, atol=1e-6)
    assert "a graph without trees" in shap.Explainer(session, X[:10]).plan.reason
    assert isinstance(shap.KernelExplainer(session, X[:10])(X[10:12]), shap.Explanation)


def test_onnx_with_several_inputs_is_refused_by_name():
    with pytest.raises(InvalidModelError, match=r"the inputs x0: tensor\(float\), x1: tensor\(float\)"):
        shap.KernelExplainer(graph(2), X[:10])


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")  # Keras 3.15 on torch
def test_predict_of_keras_is_asked_in_silence(capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="tanh")])
    for asked in (model.predict, lambda rows: model.predict(rows, verbose=0)):
        explained = shap.Explainer(asked, X[:10])(X[10:12])
        want = interventional_values(lambda rows: model.predict(rows, verbose=0), X[10], X[:10])
        np.testing.assert_allclose(explained.values[0], want, rtol=0, atol=1e-6)
    assert capsys.readouterr().out == ""
