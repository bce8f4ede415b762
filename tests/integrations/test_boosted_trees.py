"""Boosting libraries through the model-agnostic front doors: a model like any other."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

import ferroshap

COLUMNS = 8  # 2^8 coalitions: all of them can be compared with


@pytest.fixture(scope="module")
def table():
    data, target = load_diabetes(return_X_y=True)
    return data[:, :COLUMNS], target


def xgboost_model(table):
    xgboost = pytest.importorskip("xgboost", reason="xgboost is not installed: pip install xgboost-cpu")
    return xgboost.XGBRegressor(n_estimators=40, max_depth=4, n_jobs=1, random_state=0).fit(*table)


def lightgbm_model(table):
    lightgbm = pytest.importorskip("lightgbm", reason="lightgbm is not installed: pip install lightgbm")
    return lightgbm.LGBMRegressor(n_estimators=40, max_depth=4, n_jobs=1, random_state=0, verbose=-1).fit(*table)


@pytest.fixture(params=[xgboost_model, lightgbm_model], ids=["xgboost", "lightgbm"], scope="module")
def predict(request, table):
    model = request.param(table)
    # Handed over as plain arrays: LightGBM warns when it was fitted without names and is asked with them.
    return lambda rows: model.predict(np.asarray(rows))


@pytest.fixture(scope="module")
def exact(predict, table):
    return ferroshap.ExactExplainer(predict, table[0][:60])(table[0][100:103], silent=True)


def test_exact_values_add_up_to_what_the_library_predicts(exact, predict, table):
    predicted = np.asarray(predict(table[0][100:103]), dtype=float)
    total = exact.base_values + exact.values.sum(axis=1)
    # A mean of 60 worths and a sum of 9 terms, in double precision.
    rounding = (60 + COLUMNS + 1) * 2.0**-53 * (np.abs(exact.values).sum(axis=1) + 2 * np.abs(predicted).max())
    assert np.all(np.abs(total - predicted) <= rounding)


@pytest.mark.parametrize(
    "front_door,options",
    [("KernelExplainer", {"nsamples": 120}), ("PermutationExplainer", {"max_evals": 170})],
    ids=["kernel", "permutation"],
)
def test_sampled_values_lie_within_their_standard_errors_of_the_exact_ones(predict, table, exact, front_door, options):
    explainer = getattr(ferroshap, front_door)(predict, table[0][:60])
    sampled = explainer(table[0][100:103], silent=True, **options)
    # 24 comparisons; the errors have few degrees of freedom, hence ten standard errors and not five.
    assert np.all(np.abs(sampled.values - exact.values) <= 10 * sampled.std_errors + 1e-9)
    assert np.allclose(
        sampled.base_values + sampled.values.sum(axis=1),
        exact.base_values + exact.values.sum(axis=1),
        atol=1e-9,
    )


def test_every_coalition_evaluated_gives_the_exact_values(predict, table, exact):
    explainer = ferroshap.KernelExplainer(predict, table[0][:60])
    everything = explainer(table[0][100:103], nsamples=2**COLUMNS, silent=True)
    scale = np.abs(exact.base_values).max() + np.abs(exact.values).sum()
    assert np.allclose(everything.values, exact.values, rtol=0, atol=2**COLUMNS * 2.0**-53 * scale)


@pytest.mark.parametrize("maker", ["ExactExplainer", "KernelExplainer", "PermutationExplainer"])
def test_columns_of_lightgbm_may_have_spaces_that_it_keeps_as_underscores(maker, table):
    lightgbm = pytest.importorskip("lightgbm", reason="lightgbm is not installed: pip install lightgbm")
    pd = pytest.importorskip("pandas")
    data = pd.DataFrame(table[0][:, :3], columns=["age", "hours a week", "gain"])
    model = lightgbm.LGBMRegressor(n_estimators=5, n_jobs=1, random_state=0, verbose=-1).fit(data, table[1])
    for background in (data[:20], data[:20].iloc[:, ::-1]):
        explanation = getattr(ferroshap, maker)(model.predict, background)(data[:3])
        assert list(explanation.feature_names) == list(data.columns)
        totals = explanation.values.sum(axis=1) + explanation.base_values
        np.testing.assert_allclose(totals, model.predict(data[:3]), rtol=1e-9)
