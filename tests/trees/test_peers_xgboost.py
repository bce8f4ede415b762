"""What peers get wrong on XGBoost's models. Each case says what shap 0.54.1 or XGBoost itself answers.

XGBoost predicts in single precision: sums are compared with it to 1e-4 of the largest term, values with the
definition over all coalitions, by its own predictions, to the same.
"""

import numpy as np
import pytest
from tests.trees.games import assert_adds_up, interventional_values

import ferroshap

xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed")
pd = pytest.importorskip("pandas")

F32 = 1e-5
OPTIONS = {"nthread": 1, "max_depth": 4}


def case(n_rows=400, n_features=5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_features)).astype(np.float32)
    return X, X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + rng.normal(size=n_rows) * 0.1


def grown(X, y, n_rounds=15, **options):
    return xgboost.train({**OPTIONS, **options}, xgboost.DMatrix(X, y), n_rounds)


def margin(model, missing=np.nan):
    def predict(rows):
        return model.predict(xgboost.DMatrix(rows, missing=missing), output_margin=True)

    return predict


def assert_right(model, X, background, predict):
    """Both games add up; the one over the background is the definition's."""
    assert_adds_up(ferroshap.TreeExplainer(model)(X), predict(X), F32)
    explanation = ferroshap.TreeExplainer(model, background)(X)
    assert_adds_up(explanation, predict(X), F32)
    expected = interventional_values(predict, X[0], background)
    scale = max(1, np.abs(predict(X)).max())
    np.testing.assert_allclose(explanation.values[0], expected, rtol=0, atol=F32 * scale)


def test_dart():
    """shap over a background: off by 9.1 (it ignores the trees' weights)."""
    X, y = case()
    model = grown(X, y, booster="dart", rate_drop=0.5)
    assert_right(model, X[:50], X[50:70], margin(model))


def test_missing_zero():
    """shap: off by 3.9 with `missing=0`."""
    X, y = case()
    X[np.random.default_rng(1).random(X.shape) < 0.4] = 0
    model = xgboost.XGBRegressor(n_estimators=15, max_depth=4, missing=0, n_jobs=1).fit(X, y)
    assert_right(model, X[:50], X[50:70], model.predict)


@pytest.mark.parametrize("one_hot", [1, 100])
def test_categories_over_a_background(one_hot):
    """shap: NotImplementedError."""
    rng = np.random.default_rng(2)
    words = np.array(list("abcdefghij"))
    frame = pd.DataFrame({"x": rng.normal(size=800), "letter": pd.Categorical(rng.choice(words, size=800))})
    y = frame["x"] * 2 + frame["letter"].cat.codes % 3
    model = xgboost.XGBRegressor(
        n_estimators=15, max_depth=4, enable_categorical=True, max_cat_to_onehot=one_hot, n_jobs=1
    ).fit(frame, y)
    for background in (None, frame[100:130]):
        assert_adds_up(ferroshap.TreeExplainer(model, background)(frame[:60]), model.predict(frame[:60]), F32)
    permuted = frame[:60].copy()
    permuted["letter"] = permuted["letter"].cat.set_categories(list("jihgfedcba"))
    if tuple(map(int, xgboost.__version__.split(".")[:2])) >= (3, 1):  # older files do not hold the categories
        found = ferroshap.TreeExplainer(model).shap_values(permuted)
        np.testing.assert_array_equal(found, ferroshap.TreeExplainer(model).shap_values(frame[:60]))


def test_boosted_random_forest():
    """shap over a background: NotImplementedError."""
    X, y = case()
    model = xgboost.XGBRFRegressor(n_estimators=10, max_depth=4, n_jobs=1).fit(X, y)
    assert_right(model, X[:50], X[50:60], model.predict)
    model = grown(X, y, 5, num_parallel_tree=3, subsample=0.6)
    assert_right(model, X[:50], X[50:60], margin(model))


def test_vector_leaves():
    """shap: ValueError."""
    X, y = case()
    targets = np.column_stack([y, -y, y**2])
    model = xgboost.XGBRegressor(
        n_estimators=8, max_depth=3, multi_strategy="multi_output_tree", tree_method="hist", n_jobs=1
    ).fit(X, targets)
    assert_right(model, X[:50], X[50:60], model.predict)
    assert ferroshap.TreeExplainer(model).shap_values(X[:4]).shape == (4, 5, 3)


@pytest.mark.parametrize(
    "objective, base_score",
    [
        ("reg:squarederror", 7.5),
        ("binary:logistic", 0.2),
        ("count:poisson", 3.0),
        ("reg:gamma", 2.0),
        ("reg:tweedie", 2.0),
        ("reg:absoluteerror", None),
        ("binary:logitraw", 0.3),
        ("reg:pseudohubererror", 0.1),
    ],
)
def test_base_score_of_every_kind(objective, base_score):
    """shap: broken for months whenever the file's format changed (#3579, #4184, #4202, #4288)."""
    X, y = case()
    target = y if objective.startswith("reg:") else y > 0
    if objective in {"count:poisson", "reg:gamma", "reg:tweedie"}:
        target = np.exp(y)
    options = {} if base_score is None else {"base_score": base_score}
    model = grown(X, target, objective=objective, **options)
    assert_right(model, X[:40], X[50:60], margin(model))


def test_multi_class_and_several_quantiles():
    """shap: several alphas fail."""
    X, y = case()
    classes = np.digitize(y, np.quantile(y, [0.3, 0.6]))
    model = grown(X, classes, objective="multi:softprob", num_class=3)
    assert_right(model, X[:40], X[50:60], margin(model))
    model = grown(X, y, objective="reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9])
    assert_right(model, X[:40], X[50:60], margin(model))


def test_early_stopping_explains_what_predict_uses():
    """shap takes the best iteration of a Booster as well, whose own predict takes all trees: documented difference."""
    X, y = case()
    model = xgboost.XGBRegressor(n_estimators=200, max_depth=4, learning_rate=0.5, early_stopping_rounds=3, n_jobs=1)
    model.fit(X[:200], y[:200], eval_set=[(X[200:], y[200:])], verbose=False)
    assert model.best_iteration + 1 < len(model.get_booster().get_dump())
    assert_right(model, X[:40], X[50:60], model.predict)
    assert_adds_up(ferroshap.TreeExplainer(model.get_booster())(X[:40]), margin(model.get_booster())(X[:40]), F32)


def test_sparse_rows_are_missing_where_nothing_is_stored():
    """XGBoost treats absent entries as missing, dense zeros as zeros."""
    sparse = pytest.importorskip("scipy.sparse")
    X, y = case()
    X[np.random.default_rng(1).random(X.shape) < 0.5] = 0
    stored = sparse.csr_matrix(X)
    model = grown(stored, y)
    explainer = ferroshap.TreeExplainer(model)
    assert_adds_up(explainer(stored[:50]), margin(model)(stored[:50]), F32)
    assert_adds_up(explainer(X[:50]), margin(model)(X[:50]), F32)
    missing = np.where(X == 0, np.nan, X)
    np.testing.assert_array_equal(explainer.shap_values(stored[:50]), explainer.shap_values(missing[:50]))


def test_memory_order_and_precision_of_rows_do_not_matter():
    X, y = case()
    explainer = ferroshap.TreeExplainer(grown(X, y))
    expected = explainer.shap_values(X)
    np.testing.assert_array_equal(explainer.shap_values(np.asfortranarray(X)), expected)
    np.testing.assert_array_equal(explainer.shap_values(X.astype(np.float64)), expected)
    np.testing.assert_array_equal(explainer.shap_values(np.asfortranarray(X.astype(np.float64))), expected)


def test_infinite_rows_are_refused_as_the_library_does():
    X, y = case()
    X[0, 0] = np.inf
    with pytest.raises(ferroshap.errors.FerroshapError, match="inf"):
        ferroshap.TreeExplainer(grown(X[1:], y[1:])).shap_values(X[:2])


@pytest.mark.parametrize("interactions", [False, True])
def test_agreement_with_xgboosts_contributions(interactions):
    X, y = case(2000, 8)
    model = grown(X, y, 50, max_depth=6)
    rows = xgboost.DMatrix(X[:200])
    explainer = ferroshap.TreeExplainer(model)
    if interactions:
        own = model.predict(rows, pred_interactions=True)[:, :-1, :-1]
        found = explainer.shap_interaction_values(X[:200])
    else:
        own = model.predict(rows, pred_contribs=True)
        np.testing.assert_allclose(np.full(200, explainer.expected_value), own[:, -1], rtol=0, atol=F32)
        own, found = own[:, :-1], explainer.shap_values(X[:200])
    np.testing.assert_allclose(found, own, rtol=0, atol=F32 * np.abs(own).sum(axis=1).max())
