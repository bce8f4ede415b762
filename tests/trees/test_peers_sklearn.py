"""What peers get wrong on scikit-learn's trees. Each case says what shap 0.54.1 answers.

The libraries' own predictions are the judges: values must sum to them, and equal the definition over all coalitions
where the features are few.
"""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tests.trees.games import assert_adds_up, interventional_values

import ferroshap

F64 = 1e-12  # a sum of a few thousand double precision terms, as a share of the sum of their sizes


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer], ids=["iris", "wine", "cancer"])
def test_forest_classifiers_over_a_background_add_up(load):
    """shap: "Additivity check failed" on iris and wine (#1986, #5116): it rounds thresholds that sit on values."""
    X, y = load(return_X_y=True)
    model = RandomForestClassifier(50, random_state=0).fit(X, y)
    explanation = ferroshap.TreeExplainer(model, X)(X)
    assert_adds_up(explanation, model.predict_proba(X), F64)


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_forests_over_rounded_decimals_add_up(decimals):
    """shap: off by 0.24."""
    X = np.random.default_rng(0).normal(size=(300, 4)).round(decimals)
    y = X[:, 0] * X[:, 1] + X[:, 2]
    model = RandomForestRegressor(30, random_state=0).fit(X, y)
    explanation = ferroshap.TreeExplainer(model, X)(X)
    assert_adds_up(explanation, model.predict(X), F64)
    expected = interventional_values(model.predict, X[0], X[:20])
    found = ferroshap.TreeExplainer(model, X[:20]).shap_values(X[:1])[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_regression_forest_over_a_background_adds_up():
    """shap: off by 3.8 on diabetes."""
    X, y = load_diabetes(return_X_y=True)
    model = RandomForestRegressor(40, random_state=0).fit(X, y)
    assert_adds_up(ferroshap.TreeExplainer(model, X)(X), model.predict(X), F64)


def test_hist_gradient_boosting_over_a_background_adds_up():
    """shap: 597 of 600 rows wrong; thresholds sit between doubles that are one single-precision number."""
    rng = np.random.default_rng(0)
    X = 1 + rng.normal(size=(600, 5)) * 1e-8  # neighbours that single precision cannot tell apart
    y = X[:, 0] > 1
    model = HistGradientBoostingClassifier(max_iter=20).fit(X, y)
    assert_adds_up(ferroshap.TreeExplainer(model, X)(X), model.decision_function(X), F64)


def test_interactions_over_a_background_are_not_zero():
    """shap: zeros (#1824)."""
    X, y = load_diabetes(return_X_y=True)
    model = RandomForestRegressor(10, max_depth=5, random_state=0).fit(X, y)
    explainer = ferroshap.TreeExplainer(model, X[:50])
    matrices = explainer.shap_interaction_values(X[:20])
    values = explainer.shap_values(X[:20])
    off_diagonal = matrices - np.einsum("rii->ri", matrices)[:, None, :] * np.eye(10)
    assert np.abs(off_diagonal).max() > 1
    np.testing.assert_allclose(matrices.sum(axis=2), values, rtol=0, atol=F64 * np.abs(values).sum(axis=1).max())
    np.testing.assert_array_equal(matrices, matrices.transpose(0, 2, 1))


@pytest.mark.parametrize("over_background", [False, True])
def test_hist_gradient_boosting_with_categories_adds_up(over_background):
    """shap: ignores categories, off by 5.8, and its check passes (#3436)."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(500, 4))
    X[:, 2] = rng.integers(0, 12, size=500)  # the library moves this column to the front
    effects = rng.normal(size=12) * 5
    y = X[:, 0] + effects[X[:, 2].astype(int)] + X[:, 3] * (X[:, 2] % 2)
    model = HistGradientBoostingRegressor(max_iter=30, categorical_features=[2]).fit(X, y)
    rows = X[:40].copy()
    rows[0, 2] = 40  # unknown: the library treats it as missing
    rows[1, 2] = np.nan
    background = X[:60] if over_background else None
    explanation = ferroshap.TreeExplainer(model, background)(rows)
    assert_adds_up(explanation, model.predict(rows), F64)
    assert np.abs(explanation.values[:, 2]).max() > 1
    if over_background:
        expected = interventional_values(model.predict, rows[0], background)
        np.testing.assert_allclose(explanation.values[0], expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("over_background", [False, True])
def test_multi_class_gradient_boosting_is_explained(over_background):
    """shap: refuses (#2887)."""
    X, y = load_iris(return_X_y=True)
    model = GradientBoostingClassifier(n_estimators=15, random_state=0).fit(X, y)
    background = X[::3] if over_background else None
    explanation = ferroshap.TreeExplainer(model, background)(X)
    assert explanation.values.shape == (150, 4, 3)
    assert_adds_up(explanation, model.decision_function(X), F64)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_ada_boost_is_explained(n_classes):
    """shap: refuses (#335, #4093)."""
    X, y = load_iris(return_X_y=True)
    X, y = X[y < n_classes], y[y < n_classes]
    X = X + np.random.default_rng(0).normal(size=X.shape) * 0.5
    model = AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=10, random_state=0).fit(X, y)
    assert_adds_up(ferroshap.TreeExplainer(model)(X), model.decision_function(X), F64)


def test_bagging_over_some_columns_is_explained():
    """shap: refuses."""
    X, y = load_wine(return_X_y=True)
    model = BaggingClassifier(
        DecisionTreeClassifier(max_depth=4), n_estimators=12, max_features=0.4, max_samples=5, random_state=0
    ).fit(X, y)
    for background in (None, X[::4]):
        assert_adds_up(ferroshap.TreeExplainer(model, background)(X), model.predict_proba(X), F64)


def test_voting_of_trees_is_explained():
    """shap: refuses."""
    X, y = load_diabetes(return_X_y=True)
    parts = [
        ("tree", DecisionTreeRegressor(max_depth=4)),
        ("forest", RandomForestRegressor(5, random_state=0)),
        ("boosted", HistGradientBoostingRegressor(max_iter=10)),
    ]
    model = VotingRegressor(parts, weights=[1, 2, 0.5]).fit(X, y)
    assert_adds_up(ferroshap.TreeExplainer(model)(X), model.predict(X), F64)


def test_multi_output_forests_are_explained():
    """shap: refuses several outputs of a regressor's forest in some releases, here one column an output."""
    X, y = load_diabetes(return_X_y=True)
    targets = np.column_stack([y, np.sqrt(y), -y])
    model = RandomForestRegressor(8, random_state=0).fit(X, targets)
    for background in (None, X[:30]):
        explanation = ferroshap.TreeExplainer(model, background)(X[:50])
        assert explanation.values.shape == (50, 10, 3)
        assert_adds_up(explanation, model.predict(X[:50]), F64)


def test_unlimited_extra_trees_add_up():
    """shap: deep paths lose digits (#4042); methods of polynomials fail past thirty features."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 40))
    y = X @ rng.normal(size=40) + rng.normal(size=2000)
    model = ExtraTreesRegressor(3, random_state=0).fit(X, y)
    assert max(tree.get_depth() for tree in model.estimators_) > 20
    for background in (None, X[:50]):
        assert_adds_up(ferroshap.TreeExplainer(model, background)(X[:100]), model.predict(X[:100]), F64)


def test_the_whole_background_counts():
    """shap: cuts it to 100 rows."""
    X, y = load_diabetes(return_X_y=True)
    model = RandomForestRegressor(10, random_state=0).fit(X, y)
    explainer = ferroshap.TreeExplainer(model, X)
    np.testing.assert_allclose(float(explainer.expected_value), model.predict(X).mean(), rtol=1e-13)


def test_duplicated_rows_equal_weights():
    """shap: refuses weights."""
    X, y = load_diabetes(return_X_y=True)
    model = RandomForestRegressor(10, random_state=0).fit(X, y)
    counts = np.array([3, 1, 0, 2, 5])
    twice = ferroshap.TreeExplainer(model, np.repeat(X[:5], counts, axis=0)).shap_values(X[:10])
    weighted = ferroshap.TreeExplainer(model, X[:5], weights=counts).shap_values(X[:10])
    np.testing.assert_allclose(weighted, twice, rtol=0, atol=F64 * np.abs(twice).sum(axis=1).max())


@pytest.mark.parametrize("n_background", [1, 2, 5])
def test_few_background_rows_meet_the_definition(n_background):
    """The route for few rows is another one than for many: both are the same game."""
    X, y = load_diabetes(return_X_y=True)
    X = X[:, :6]
    model = RandomForestRegressor(10, random_state=0).fit(X, y)
    background = X[100 : 100 + n_background]
    found = ferroshap.TreeExplainer(model, background).shap_values(X[:3])
    for row in range(3):
        expected = interventional_values(model.predict, X[row], background)
        np.testing.assert_allclose(found[row], expected, rtol=0, atol=1e-11)


def test_degenerate_models_and_inputs():
    """shap: reads past the row for too few columns; 0 rows and constant models fail in places."""
    X, y = load_diabetes(return_X_y=True)
    constant = DecisionTreeRegressor().fit(X, np.full(len(y), 2.5))
    explanation = ferroshap.TreeExplainer(constant)(X[:4])
    np.testing.assert_array_equal(explanation.values, np.zeros((4, 10)))
    np.testing.assert_array_equal(explanation.base_values, np.full(4, 2.5))
    model = RandomForestRegressor(3, random_state=0).fit(X, y)
    assert ferroshap.TreeExplainer(model).shap_values(X[:0]).shape == (0, 10)
    with pytest.raises(ferroshap.errors.DimensionError, match="9 columns"):
        ferroshap.TreeExplainer(model).shap_values(X[:3, :9])
    with pytest.raises(ferroshap.errors.DimensionError, match="11 columns"):
        ferroshap.TreeExplainer(model).shap_values(np.zeros((2, 11)))
    single = RandomForestClassifier(3, random_state=0).fit(X, np.zeros(len(X)))
    assert ferroshap.TreeExplainer(single).shap_values(X[:2]).shape == (2, 10, 1)


def test_values_on_thresholds_signed_zeros_denormals_and_infinities():
    """shap: rounds some of them to the other side."""
    X = np.array([[-np.inf], [-1.0], [-1e-310], [-0.0], [0.0], [1e-310], [1e-45], [1.0], [np.inf]])
    tiny = np.float32(1e-45)
    forest = ferroshap.trees.from_arrays(
        children_left=[[1, -1, -1], [1, -1, -1], [1, -1, -1]],
        children_right=[[2, -1, -1]] * 3,
        feature=[[0, -1, -1]] * 3,
        threshold=[[0.0, 0, 0], [float(tiny), 0, 0], [-1.0, 0, 0]],
        value=[[0, 1.0, 2.0], [0, 10.0, 20.0], [0, 100.0, 200.0]],
        cover=[[2.0, 1.0, 1.0]] * 3,
        cast="float64",
    )
    x = X[:, 0]
    expected = np.where(x <= 0, 1, 2) + np.where(x <= float(tiny), 10, 20) + np.where(x <= -1, 100, 200)
    assert_adds_up(ferroshap.TreeExplainer(forest)(X), expected, F64)
    assert_adds_up(ferroshap.TreeExplainer(forest, X)(X), expected, F64)


def test_ties_under_a_probability_output_use_the_derivative():
    """shap: puts the factor 1 where f(x) = f(z), ours is the limit g'."""
    X, y = load_breast_cancer(return_X_y=True)
    model = HistGradientBoostingClassifier(max_iter=10).fit(X, y)
    background = X[:30]
    explanation = ferroshap.TreeExplainer(model, background, model_output="probability")(X[:60])
    assert_adds_up(explanation, model.predict_proba(X[:60])[:, 1], 1e-9)
