"""`tree_limit=`: whole rounds alone, counted as the library counts them, held against its own prediction."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from tests.trees.games import assert_adds_up

import ferroshap
from ferroshap import trees
from ferroshap.errors import InvalidModelError, OptionError

X = np.random.default_rng([0, 11]).normal(size=(300, 4))
THREE = np.digitize(X[:, 0] + X[:, 1] * X[:, 2], [-0.5, 0.5])
#: XGBoost adds in single precision: a few roundings of 2^-24 beside margins of the size 1.
F64, F32 = 1e-12, 1e-5


@pytest.mark.parametrize("limit", ["3", 2.0, True, [1]])
def test_a_limit_that_is_no_integer_is_refused_by_name(forest, limit):
    explainer = ferroshap.TreeExplainer(forest.model)
    for call in (explainer, explainer.shap_values, explainer.shap_interaction_values):
        with pytest.raises(OptionError, match="`tree_limit` is .* must be an integer"):
            call(forest.rows, tree_limit=limit)
    assert explainer.shap_values(forest.rows, tree_limit=np.int64(3)).shape == forest.rows.shape


def test_no_round_is_cut_in_the_middle():
    model = GradientBoostingClassifier(n_estimators=4, max_depth=2, random_state=0).fit(X, THREE)
    explainer = ferroshap.TreeExplainer(model)
    with pytest.raises(OptionError, match=r"`tree_limit` is 4, which cuts a round of 3 trees: .* for instance 3"):
        explainer(X[:5], tree_limit=4)
    two = list(model.staged_decision_function(X[:5]))[1]
    assert_adds_up(explainer(X[:5], tree_limit=6), two, F64)


def test_xgboost_counts_trees():
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=5, max_depth=3, n_jobs=1).fit(X, THREE)
    explainer = ferroshap.TreeExplainer(model)
    with pytest.raises(OptionError, match="cuts a round of 3 trees"):
        explainer(X[:5], tree_limit=7)
    for given in (model, model.get_booster()):
        two = model.predict(X[:5], output_margin=True, iteration_range=(0, 2))
        assert_adds_up(ferroshap.TreeExplainer(given)(X[:5], tree_limit=6), two, F32)


@pytest.mark.parametrize("boosting", ["gbdt", "rf"])
@pytest.mark.parametrize("background", [None, X[:20]])
def test_lightgbm_counts_iterations(boosting, background):
    lightgbm = pytest.importorskip("lightgbm")
    options = {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1, "boosting": boosting}
    options |= {"bagging_freq": 1, "bagging_fraction": 0.5, "min_data_in_leaf": 5}
    booster = lightgbm.train(options, lightgbm.Dataset(X, THREE), 6)
    margin = booster.predict(X[:9], raw_score=True, num_iteration=2) / (2 if boosting == "rf" else 1)
    explainer = ferroshap.TreeExplainer(booster, background)
    assert_adds_up(explainer(X[:9], tree_limit=2), margin, F64)
    loaded = ferroshap.TreeExplainer(trees.load(booster.model_to_string().encode()), background)
    assert_adds_up(loaded(X[:9], tree_limit=2), margin, F64)


def test_a_library_that_adds_up_the_first_rounds_otherwise_is_noticed():
    lightgbm = pytest.importorskip("lightgbm")
    booster = lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, X[:, 0]), 6)
    explainer = ferroshap.TreeExplainer(booster)
    explainer._engine.limited(2, is_mean=True)  # as if it were a mean, and kept for the next call
    with pytest.raises(InvalidModelError, match="for output 0 of row 0"):
        explainer(X[:9], tree_limit=2)
