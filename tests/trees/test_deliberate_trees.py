"""Where tree values differ from shap's on purpose, and that cannot be seen elsewhere."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from tests.trees.conftest import table, target

import ferroshap as shap
from ferroshap.errors import InvalidModelError


def test_d12_sums_are_held_against_what_the_library_predicts(monkeypatch):
    X = table(120)
    model = RandomForestRegressor(4, random_state=0).fit(X, target(X))
    explainer = shap.TreeExplainer(model)
    explainer(X[:3])
    model.estimators_[0].tree_.value[:] += 1.0  # the library predicts another number now; our reading is of before
    with pytest.raises(InvalidModelError, match=r"for output 0 of row 0, scikit-learn .* itself"):
        explainer(X[:3])
    assert explainer(X[:3], check_additivity=False).shape == (3, 5)
    with monkeypatch.context() as patch:
        patch.setattr(RandomForestRegressor, "predict", lambda self, rows: np.zeros(len(rows)))
        with pytest.raises(InvalidModelError, match="our reading of the model gives .* scikit-learn .* itself 0.0"):
            shap.TreeExplainer(RandomForestRegressor(3, random_state=0).fit(X, target(X)))


def test_d12_large_margins_are_no_false_alarm():
    X = table(200)
    model = GradientBoostingRegressor(n_estimators=30, random_state=0).fit(X, 1e9 * target(X) + 1e12)
    explained = shap.TreeExplainer(model, X[:20])(X[:10])
    np.testing.assert_allclose(explained.base_values + explained.values.sum(axis=1), model.predict(X[:10]), rtol=1e-12)
