"""What peers get wrong on LightGBM's models. Each case says what shap 0.54.1 or LightGBM itself answers."""

import numpy as np
import pytest
from tests.trees.games import assert_adds_up, interventional_values

import ferroshap

lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is not installed")
pd = pytest.importorskip("pandas")

F64 = 1e-12
OPTIONS = {"verbose": -1, "num_threads": 1, "deterministic": True, "min_data_in_leaf": 5}


def grown(X, y, n_rounds=20, categorical="auto", **options):
    data = lightgbm.Dataset(X, y, categorical_feature=categorical, free_raw_data=False)
    return lightgbm.train({"objective": "regression", **OPTIONS, **options}, data, n_rounds)


def case(n_rows=400, n_features=5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_features))
    return X, X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + rng.normal(size=n_rows) * 0.1


def assert_right(model, X, background, predict=None):
    """Both games add up; the one over the background is the definition's."""
    predict = model.predict if predict is None else predict
    assert_adds_up(ferroshap.TreeExplainer(model)(X), predict(X), F64)
    explanation = ferroshap.TreeExplainer(model, background)(X)
    assert_adds_up(explanation, predict(X), F64)
    expected = interventional_values(predict, X[0], background)
    np.testing.assert_allclose(explanation.values[0], expected, rtol=0, atol=1e-11 * max(1, np.abs(expected).max()))


def test_missing_values_that_training_never_saw():
    """shap under a background: off by 2.6; LightGBM counts them as 0 there."""
    X, y = case()
    model = grown(X, y)
    rows = X[:50].copy()
    rows[::2, 0] = np.nan
    rows[::3, 2] = np.nan
    assert_right(model, rows, X[50:70])


def test_zero_as_missing():
    """shap: ignores it."""
    X, y = case()
    X[np.random.default_rng(1).random(X.shape) < 0.3] = 0
    rows = X[:50].copy()
    rows[0, 0], rows[1, 0], rows[2, 0] = np.nan, 1e-36, -1e-36
    assert_right(grown(X, y, zero_as_missing=True), rows, X[50:70])


def test_missing_values_in_training():
    X, y = case()
    X[np.random.default_rng(1).random(X.shape) < 0.2] = np.nan
    assert_right(grown(X, y), X[:50], X[50:70])


def test_random_forest_mode_sums_to_predict():
    """shap: off by 45 over a background; LightGBM's own contributions sum the trees (#6217), its predict averages."""
    X, y = case()
    model = grown(X, y, boosting="rf", bagging_freq=1, bagging_fraction=0.6)
    assert_right(model, X[:50], X[50:70])


def test_linear_leaves():
    """shap: off by 1.05 over a background; LightGBM refuses (#4002). Without one there is no game: refused here too."""
    X, y = case()
    model = grown(X, y, linear_tree=True, linear_lambda=0.1)
    rows = X[:20].copy()
    rows[3, 0] = np.nan
    explanation = ferroshap.TreeExplainer(model, X[50:70])(rows)
    assert_adds_up(explanation, model.predict(rows), 1e-10)
    for row in (0, 3):
        expected = interventional_values(model.predict, rows[row], X[50:70])
        np.testing.assert_allclose(explanation.values[row], expected, rtol=0, atol=1e-10)
    with pytest.raises(ferroshap.errors.FerroshapError, match="background"):
        ferroshap.TreeExplainer(model)


def test_multi_class_booster_keeps_its_outputs_apart():
    """shap: sums the classes of a Booster into one output."""
    X, y = case()
    classes = np.digitize(y, np.quantile(y, [0.3, 0.6]))
    model = grown(X, classes, objective="multiclass", num_class=3)

    def raw(rows):
        return model.predict(rows, raw_score=True)

    assert_right(model, X[:40], X[50:60], raw)
    assert ferroshap.TreeExplainer(model).shap_values(X[:4]).shape == (4, 5, 3)


@pytest.mark.parametrize("n_codes", [6, 90])
def test_categories_with_code_zero_and_beyond_one_word(n_codes):
    """shap: drops category 0, and its 32-bit shift overflows (#480, #2662, #5132)."""
    rng = np.random.default_rng(3)
    X, _ = case(1500)
    X[:, 1] = rng.integers(0, n_codes, size=len(X))
    y = rng.normal(size=n_codes)[X[:, 1].astype(int)] * 3 + X[:, 0]
    model = grown(X, y, categorical=[1], min_data_per_group=5, cat_smooth=1, max_cat_to_onehot=2)
    rows = X[:60].copy()
    rows[:5, 1] = [np.nan, -1, -0.5, n_codes + 40, 0]
    assert_right(model, rows, X[100:115])


def test_frames_with_categories_are_matched_by_value():
    """shap: takes the codes of whatever frame comes."""
    rng = np.random.default_rng(4)
    words = np.array(["red", "green", "blue", "grey"])
    frame = pd.DataFrame({"x": rng.normal(size=600), "colour": pd.Categorical(rng.choice(words, size=600))})
    y = frame["x"] + frame["colour"].map({"red": 0, "green": 5, "blue": -3, "grey": 1}).astype(float)
    model = lightgbm.LGBMRegressor(n_estimators=20, min_child_samples=5, verbose=-1, n_jobs=1).fit(frame, y)
    expected = ferroshap.TreeExplainer(model).shap_values(frame[:50])
    permuted = frame[:50].copy()
    permuted["colour"] = permuted["colour"].cat.set_categories(["grey", "blue", "green", "red"])
    found = ferroshap.TreeExplainer(model)(permuted)
    np.testing.assert_array_equal(found.values, expected)
    assert_adds_up(found, model.predict(frame[:50]), F64)


def test_agreement_with_lightgbms_contributions():
    X, y = case(2000, 8)
    model = grown(X, y, 50, num_leaves=31)
    own = model.predict(X[:300], pred_contrib=True)
    explanation = ferroshap.TreeExplainer(model)(X[:300])
    scale = np.abs(own).sum(axis=1).max()
    np.testing.assert_allclose(explanation.values, own[:, :-1], rtol=0, atol=1e-11 * scale)
    np.testing.assert_allclose(explanation.base_values, own[:, -1], rtol=0, atol=1e-11 * scale)
