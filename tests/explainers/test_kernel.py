"""What the kernel explainer alone does: few features on request (D3), and frames with their index."""

import sys

import numpy as np
import pandas as pd
import pytest

import ferroshap
from ferroshap.errors import OptionError


@pytest.fixture
def sparse_case(seed):
    rng = np.random.default_rng([seed, 3])
    background, rows = rng.normal(size=(20, 12)), rng.normal(size=(3, 12))
    rows[:, [0, 3, 7]] = 2.0  # far from the background's mean, so that these three matter most in every row
    return lambda X: 5.0 * X[:, 0] - 4.0 * X[:, 3] + 3.0 * X[:, 7] + 0.01 * X.sum(axis=1), background, rows


def test_d03_every_feature_gets_its_value_by_default(seed):
    rng = np.random.default_rng(seed)
    background, row = rng.normal(size=(10, 20)), rng.normal(size=(1, 20))
    w = np.where(np.arange(20) < 15, rng.normal(size=20), 0.0)
    for off in ({}, {"l1_reg": False}, {"l1_reg": 0}, {"l1_reg": None}):
        values = ferroshap.KernelExplainer(lambda X: X @ w, background).shap_values(row, nsamples=400, **off)
        assert np.allclose(values, w * (row - background.mean(axis=0)))


@pytest.mark.parametrize("l1_reg", ["num_features(3)", "rank(3)"])
def test_d03_few_features_when_asked(sparse_case, adds_up, l1_reg):
    model, background, rows = sparse_case
    explanation = ferroshap.KernelExplainer(model, background)(rows, l1_reg, nsamples=300)
    assert all(set(np.flatnonzero(values)) <= {0, 3, 7} for values in explanation.values)
    assert adds_up(explanation, model(rows))
    assert np.all(np.isnan(explanation.error_std))
    assert explanation.n_evaluations.max() <= 302


@pytest.mark.parametrize("l1_reg", ["aic", "bic", "auto", 0.001])
def test_d03_criteria_and_penalties_keep_what_matters(sparse_case, adds_up, l1_reg):
    model, background, rows = sparse_case
    explanation = ferroshap.KernelExplainer(model, background)(rows, l1_reg=l1_reg, nsamples=300)
    exact = ferroshap.KernelExplainer(model, background)(rows).values
    assert np.abs(explanation.values - exact).max() < 0.3
    assert adds_up(explanation, model(rows))


def test_all_features_selected_are_all_features(sparse_case):
    model, background, rows = sparse_case
    explainer = ferroshap.KernelExplainer(model, background, nsamples=300)
    assert np.allclose(explainer.shap_values(rows, l1_reg="num_features(12)"), explainer.shap_values(rows))


def test_selection_works_on_each_output_and_over_large_backgrounds(sparse_case):
    model, _, rows = sparse_case
    background = np.random.default_rng(0).normal(size=(150, 12))
    explainer = ferroshap.KernelExplainer(lambda X: np.stack([model(X), 9.0 * X[:, 11]], axis=1), background)
    values = explainer.shap_values(rows, nsamples=200, l1_reg="num_features(1)")
    assert (np.count_nonzero(values, axis=1) == 1).all()
    # The whole background counts, not the first block of it.
    assert np.allclose(values[:, 11, 1], 9.0 * (rows[:, 11] - background[:, 11].mean()))


def test_a_penalty_that_leaves_nothing_leaves_the_strongest(sparse_case, adds_up):
    model, background, rows = sparse_case
    explanation = ferroshap.KernelExplainer(model, background)(rows, l1_reg=1e6, nsamples=200)
    assert (np.count_nonzero(explanation.values, axis=1) == 1).all()
    assert adds_up(explanation, model(rows))


@pytest.mark.parametrize("l1_reg", ["num_features(0)", "num_features", "lasso", -1.0, True, np.nan, [1]])
def test_selections_that_do_not_exist_are_refused(sparse_case, l1_reg):
    model, background, rows = sparse_case
    with pytest.raises(OptionError, match=r"`l1_reg` is .* but must be False, 'num_features"):
        ferroshap.KernelExplainer(model, background).shap_values(rows, l1_reg=l1_reg)
    with pytest.raises(OptionError, match="`l1_reg` is "):
        ferroshap.KernelExplainer(model, background, l1_reg=l1_reg)


def test_a_selection_without_scikit_learn_is_refused_with_a_remedy(sparse_case, monkeypatch):
    model, background, rows = sparse_case
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(OptionError, match="takes scikit-learn: install it, or pass l1_reg=False"):
        ferroshap.KernelExplainer(model, background).shap_values(rows, l1_reg="aic")


def test_frames_keep_the_index_of_the_explained_row():
    background = pd.DataFrame({"x": [0.0, 1.0], "y": [2.0, 3.0]}, index=pd.Index(["p", "q"], name="who"))
    rows = pd.DataFrame({"x": [5.0, 6.0], "y": [7.0, 8.0]}, index=pd.Index(["r", "s"], name="who"))
    bonus = {"p": 0.0, "q": 0.0, "r": 10.0, "s": 20.0}
    seen = []

    def model(frame):
        assert frame.index.name == "who"
        seen.append(list(frame.index))
        return frame["x"] * frame["y"] + frame.index.map(bonus)

    explainer = ferroshap.KernelExplainer(model, background, keep_index=True)
    assert seen == [["p", "q"]]
    explanation = explainer(rows)
    assert seen[1] == ["r", "s"]
    assert {frozenset(labels) for labels in seen[2:]} == {frozenset("r"), frozenset("s")}
    assert np.allclose(explanation.base_values + explanation.values.sum(axis=1), model(rows))


def test_an_index_takes_a_pandas_background(sparse_case):
    model, background, _ = sparse_case
    with pytest.raises(OptionError, match="`keep_index` is True, but `data` is a ndarray: pass a pandas DataFrame"):
        ferroshap.KernelExplainer(model, background, keep_index=True)


def test_weighted_centres_are_a_background(case):
    centres = ferroshap.kmeans(case.background, 4)
    explainer = ferroshap.KernelExplainer(case.model, centres)
    assert explainer.expected_value == pytest.approx(centres.weights @ case.model(centres.data))
    exact = ferroshap.ExactExplainer(case.model, centres.data, weights=centres.weights)
    assert np.allclose(explainer.shap_values(case.rows), exact.shap_values(case.rows))
