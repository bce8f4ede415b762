"""interpret's two wrappers of shap, with ferroshap under that name."""

import numpy as np
import pytest

import ferroshap

pytest.importorskip("interpret", reason="needs interpret-core: make test-embedders")
pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")

from sklearn.datasets import load_breast_cancer, load_diabetes  # noqa: E402 - after the skips
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # noqa: E402

pytestmark = [
    pytest.mark.usefixtures("_the_name_shap"),
    pytest.mark.filterwarnings("ignore"),  # interpret 0.7 warns of its own futures
    pytest.mark.timeout(300),
]


def table(load, n=60, n_features=5):
    bunch = load()
    frame = pd.DataFrame(bunch.data, columns=[str(name) for name in bunch.feature_names]).iloc[:, :n_features]
    kept = np.random.default_rng(0).permutation(len(frame))[:n]
    return frame.iloc[kept].reset_index(drop=True), bunch.target[kept]


def scores(explanation, n):
    return np.array([explanation.data(row)["scores"] for row in range(n)])


def intercepts(explanation, n):
    return np.array([explanation.data(row)["extra"]["scores"][0] for row in range(n)])


def test_kernel_explanations_of_a_regression_add_up():
    from interpret.blackbox import ShapKernel

    X, y = table(load_diabetes)
    model = RandomForestRegressor(10, random_state=0).fit(X.values, y)
    explainer = ShapKernel(model.predict, X.values[:20])
    assert isinstance(explainer.shap_, ferroshap.KernelExplainer)
    local = explainer.explain_local(X.values[:5], y[:5])
    np.testing.assert_allclose(intercepts(local, 5) + scores(local, 5).sum(1), model.predict(X.values[:5]), rtol=1e-9)


def test_kernel_options_are_passed_on():
    from interpret.blackbox import ShapKernel

    X, y = table(load_diabetes)
    model = RandomForestRegressor(10, random_state=0).fit(X.values, y)
    with pytest.raises(TypeError, match="unexpected option 'nsample'"):
        ShapKernel(model.predict, X.values[:20], nsample=5)


def test_trees_of_a_regression_add_up():
    from interpret.greybox import ShapTree

    X, y = table(load_diabetes)
    model = RandomForestRegressor(10, random_state=0).fit(X.values, y)
    explainer = ShapTree(model, X.values)
    assert isinstance(explainer.shap_, ferroshap.TreeExplainer)
    local = explainer.explain_local(X.values[:5], y[:5])
    np.testing.assert_allclose(intercepts(local, 5) + scores(local, 5).sum(1), model.predict(X.values[:5]), rtol=1e-9)


def test_trees_of_two_classes_explain_the_second():
    """interpret takes ``values[..., 1]`` and ``expected_value[1]`` from version 0.45.0 on."""
    from interpret.greybox import ShapTree

    X, y = table(load_breast_cancer)
    model = RandomForestClassifier(10, random_state=0).fit(X.values, y)
    local = ShapTree(model, X.values).explain_local(X.values[:5], y[:5])
    wanted = model.predict_proba(X.values[:5])[:, 1]
    np.testing.assert_allclose(intercepts(local, 5) + scores(local, 5).sum(1), wanted, atol=1e-12)


def test_linear_explainers_may_be_derived_from():
    """interpret-community subclasses `LinearExplainer` and calls it with arrays."""
    from sklearn.linear_model import LinearRegression

    class Theirs(ferroshap.LinearExplainer):
        def explain_local(self, rows):
            return self.shap_values(rows), self.expected_value

    X, y = table(load_diabetes)
    model = LinearRegression().fit(X.values, y)
    values, base = Theirs(model, X.values).explain_local(X.values[:5])
    np.testing.assert_allclose(base + values.sum(1), model.predict(X.values[:5]), rtol=1e-9)
