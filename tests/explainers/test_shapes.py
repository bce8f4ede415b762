"""One rule for shapes: an output axis iff the model returns two dimensions, and it is last (D6, D7, D8, D9, D20)."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import ferroshap
from ferroshap.errors import DimensionError

SAMPLED = {
    "permutation": lambda f, b, **o: ferroshap.PermutationExplainer(f, b, max_evals=40, **o),
    "kernel": lambda f, b, **o: ferroshap.KernelExplainer(f, b, nsamples=40, **o),
    "sampling": lambda f, b, **o: ferroshap.SamplingExplainer(f, b, nsamples=40, **o),
}
ROUTES = SAMPLED | {"exact": ferroshap.ExactExplainer}
MODELS = {
    "(n,)": (lambda X: X.sum(axis=1), ()),
    "(n, 1)": (lambda X: X[:, :1], (1,)),
    "(n, 3)": (lambda X: X[:, :3], (3,)),
}


@pytest.fixture(params=ROUTES.values(), ids=ROUTES)
def make(request):
    return request.param


@pytest.mark.parametrize("model,outputs", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("n_rows", [0, 1, 3])
def test_d06_the_output_axis_is_the_model_s(make, case, model, outputs, n_rows):
    explainer = make(model, case.background)
    explanation = explainer(case.rows[:n_rows])
    assert explanation.shape == (n_rows, 6, *outputs)
    assert explanation.base_values.shape == (n_rows, *outputs)
    assert explanation.data.shape == (n_rows, 6)
    assert explanation.axes == (("row", "feature", "output") if outputs else ("row", "feature"))
    values = explainer.shap_values(case.rows[:n_rows])
    assert values.shape == (n_rows, 6, *outputs)
    assert values.dtype == np.float64
    assert values.flags.c_contiguous
    assert np.shape(explanation.gap) == (n_rows, *outputs)
    assert np.shape(explanation.n_evaluations) == (n_rows,)


@pytest.mark.parametrize("model,outputs", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("kind", ["array", "list", "Series", "dict"])
def test_one_row_given_alone_has_no_row_axis(make, case, model, outputs, kind):
    background = pd.DataFrame(case.background, columns=list("abcdef"))
    x = dict(zip("abcdef", case.rows[0], strict=True))
    row = {"array": case.rows[0], "list": list(case.rows[0]), "Series": pd.Series(x), "dict": x}[kind]
    explanation = make(lambda X: model(np.asarray(X, dtype=float)), background)(row)
    assert explanation.shape == (6, *outputs)
    assert np.shape(explanation.base_values) == outputs
    assert explanation.feature_names == list("abcdef")
    assert explanation.axes == (("feature", "output") if outputs else ("feature",))
    table = make(lambda X: model(np.asarray(X, dtype=float)), background)(pd.DataFrame([x]))
    assert np.array_equal(table.values[0], explanation.values)


def test_d07_the_base_value_is_known_from_the_constructor(make, case):
    explainer = make(case.model, case.background)
    before = explainer.expected_value
    assert isinstance(before, float)
    assert before == pytest.approx(case.model(case.background).mean())
    explanation = explainer(case.rows)
    assert explainer.expected_value is before
    assert np.all(explanation.base_values == before)
    vector = make(case.two_outputs, case.background).expected_value
    assert isinstance(vector, np.ndarray)
    assert vector.shape == (2,)


def test_the_base_value_serves_as_a_float_and_as_an_array_of_one(make, case):
    value = make(case.model, case.background).expected_value
    assert value[0] == value[-1] == value[()] == value[...] == float(value)
    assert np.asarray(value).shape == ()
    assert np.tile(value, 3).shape == (3,)
    assert json.loads(json.dumps(value)) == value
    assert type(pickle.loads(pickle.dumps(value))) is type(value)
    assert not hasattr(value, "__len__")
    with pytest.raises(IndexError, match="one number"):
        value[1]
    with pytest.raises(TypeError):
        iter(value)


def test_d08_outputs_are_named_after_the_classes(make):
    iris = load_iris()
    model = LogisticRegression(max_iter=1000).fit(iris.data, iris.target_names[iris.target])
    explainer = make(model.predict_proba, iris.data[::5])
    explanation = explainer(iris.data[:2])
    assert explainer.output_names == explanation.output_names == ["setosa", "versicolor", "virginica"]
    assert explanation[..., "versicolor"].shape == (2, 4)
    named = make(model.predict_proba, iris.data[::5], output_names=["a", "b", "c"])
    assert named(iris.data[:2]).output_names == ["a", "b", "c"]
    with pytest.raises(DimensionError, match="`output_names` has 2 names"):
        make(model.predict_proba, iris.data[::5], output_names=["a", "b"])


def test_d08_outputs_without_names_are_numbered(make, case):
    explainer = make(case.two_outputs, case.background)
    assert explainer.output_names == ["Output 0", "Output 1"]


def test_d09_features_always_have_names(make, case):
    explainer = make(case.model, case.background)
    assert explainer.feature_names == explainer(case.rows).feature_names == [f"Feature {i}" for i in range(6)]
    named = make(case.model, case.background, feature_names=list("abcdef"))
    assert named(case.rows).feature_names == list("abcdef")
    with pytest.raises(DimensionError, match="`feature_names` has 2 names"):
        make(case.model, case.background, feature_names=["a", "b"])


def test_d20_no_rows_cost_nothing(make, case, Counted):
    model = Counted(case.model)
    explainer = make(model, case.background)
    model.n_rows = 0
    explanation = explainer(case.rows[:0])
    assert model.n_rows == 0
    assert explanation.status == "EXACT"
    assert explanation.feature_names == explainer.feature_names


def test_d20_a_wrong_number_of_columns_is_refused_before_the_model_is_asked(make, case, Counted):
    model = Counted(case.model)
    explainer = make(model, case.background)
    model.n_rows = 0
    with pytest.raises(DimensionError, match="`X` has 3 columns, but the background has 6"):
        explainer(case.rows[:, :3])
    with pytest.raises(DimensionError, match="`X` has 7 columns"):
        explainer(np.zeros((2, 7)))
    assert model.n_rows == 0


@pytest.mark.parametrize("outputs", [["b", 0], [1, "a"], [-1]], ids=str)
def test_outputs_can_be_chosen_by_name_and_number(make, case, outputs):
    explainer = make(case.two_outputs, case.background, output_names=["a", "b"])
    everything = explainer(case.rows)
    chosen = explainer(case.rows, outputs=outputs)
    numbers = [{"a": 0, "b": 1, -1: 1}.get(output, output) for output in outputs]
    assert np.array_equal(chosen.values, everything.values[..., numbers])
    assert np.array_equal(chosen.base_values, everything.base_values[..., numbers])
    assert chosen.output_names == [["a", "b"][number] for number in numbers]


def test_outputs_can_be_chosen_row_by_row(make, case):
    explainer = make(case.two_outputs, case.background)
    everything = explainer(case.rows)
    strongest = case.two_outputs(case.rows).argmax(axis=1)
    for outputs in (ferroshap.Explanation.argsort.flip[:1], lambda row: [int(np.argmax(row))]):
        chosen = explainer(case.rows, outputs=outputs)
        assert chosen.shape == (5, 6, 1)
        assert np.array_equal(chosen.values[..., 0], everything.values[np.arange(5), :, strongest])
        assert np.asarray(chosen.output_indexes).ravel().tolist() == strongest.tolist()


def test_outputs_that_do_not_exist_are_refused(make, case):
    with pytest.raises(ValueError, match="`outputs` has 2, but the model has 2 outputs"):
        make(case.two_outputs, case.background)(case.rows, outputs=[2])
    with pytest.raises(ValueError, match="'c', which is no output"):
        make(case.two_outputs, case.background)(case.rows, outputs=["c"])
    with pytest.raises(ValueError, match="one number a row"):
        make(case.model, case.background)(case.rows, outputs=[0])
