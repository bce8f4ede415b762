"""Attributions to compare with, and the rooms that are shap's own."""

import sys

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

import ferroshap
from ferroshap import other
from ferroshap.errors import DimensionError, InvalidModelError, UnknownOptionError

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(30, 4))
TARGET = ROWS @ [1.0, 2.0, 0.0, -1.0]


def test_coefficients_are_given_to_every_row():
    model = LinearRegression().fit(ROWS, TARGET)
    assert np.array_equal(other.Coefficient(model).attributions(ROWS), np.tile(model.coef_, (30, 1)))
    binary = LogisticRegression().fit(ROWS, TARGET > 0)
    assert np.array_equal(other.Coefficient(binary).attributions(ROWS[:2]), np.tile(binary.coef_, (2, 1)))
    several = LogisticRegression().fit(ROWS, np.digitize(TARGET, [-1.0, 1.0]))
    assert np.array_equal(other.Coefficient(several).attributions(ROWS)[3], several.coef_.T)


def test_importances_are_given_to_every_row():
    model = RandomForestRegressor(5, random_state=0).fit(ROWS, TARGET)
    assert np.array_equal(other.TreeGain(model).attributions(ROWS), np.tile(model.feature_importances_, (30, 1)))
    with pytest.raises(InvalidModelError, match="class RandomForestRegressor, which has no `coef_`"):
        other.Coefficient(model)
    with pytest.raises(DimensionError, match="`X` has 3 columns, but the model's `feature_importances_` has 4"):
        other.TreeGain(model).attributions(ROWS[:, :3])


def test_random_numbers_are_small_repeatable_and_of_the_model_s_shape():
    model = lambda X: np.column_stack([X.sum(axis=1), X[:, 0]])  # noqa: E731
    explainer = other.Random(model, ROWS)
    explanation = explainer(ROWS[:5])
    assert explanation.shape == (5, 4, 2)
    assert np.abs(explanation.values).max() < 0.01
    assert np.allclose(explanation.base_values, model(ROWS).mean(axis=0))
    assert np.array_equal(explainer(ROWS[:5]).values, explanation.values)
    assert not np.array_equal(other.Random(model, ROWS, seed=1)(ROWS[:5]).values, explanation.values)
    constant = other.Random(model, ROWS, constant=True)(ROWS[:5]).values
    assert (constant == constant[0]).all()
    assert explainer(ROWS[0]).shape == (4, 2)
    with pytest.raises(UnknownOptionError, match="did you mean 'constant'"):
        other.Random(model, ROWS, constnt=True)


def test_both_names_lead_to_the_same_room():
    assert ferroshap.explainers.other.Random is other.Random
    for room in (other, ferroshap.explainers.other, ferroshap.explainers):
        with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
            room.Nothing  # noqa: B018 - looked up for its error


class Foreign:
    """Stands for shap: an object of each kind that is delegated."""

    class Explainer:
        pass

    class maskers:  # noqa: N801 - a room
        Text = "text masker"

    class plots:  # noqa: N801 - a room
        @staticmethod
        def text(*args, **options):
            return args, options

    class DeepExplainer:
        def __init__(self, *args):
            self.args = args
            self.expected_value = 3.0

        def __call__(self, X):
            return X

        def shap_values(self, X, ranked_outputs, output_rank_order, check_additivity):
            return X, ranked_outputs, output_rank_order, check_additivity

    @staticmethod
    def ActionOptimizer(*args):  # noqa: N802 - a class in shap
        return ("optimizer", *args)


def test_where_shap_is_installed_its_objects_are_given(monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", Foreign)
    assert ferroshap.maskers.Text == "text masker"
    assert ferroshap.ActionOptimizer(1, 2) == ("optimizer", 1, 2)
    explainer = ferroshap.DeepExplainer("model", "data")
    assert isinstance(explainer, ferroshap.Explainer)
    assert explainer.expected_value == 3.0
    assert explainer("rows") == "rows"
    assert explainer.shap_values("rows", 2) == ("rows", 2, "max", True)
    assert repr(explainer) == "<DeepExplainer of shap: str>"
    assert ferroshap.text_plot("values", display=False) == (("values",), {"display": False})


def test_under_the_alias_nothing_is_looked_for_in_ourselves(monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", ferroshap)
    for name in ("maskers.Text", "models.TopKLM", "DeepExplainer", "actions"):
        from ferroshap.delegation import delegated

        with pytest.raises(ImportError, match="`shap` stands for ferroshap: call ferroshap.compat.uninstall"):
            delegated(name)
