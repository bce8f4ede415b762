"""interpret's explainable boosting machines: read from their tables, judged by the definition."""

import itertools
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

import ferroshap
from ferroshap.errors import InvalidModelError, OptionError
from ferroshap.explainers import AdditiveExplainer

glassbox = pytest.importorskip("interpret.glassbox", reason="interpret is not installed")


def shapley(model, background, row):
    """All orders of joining, over all background rows."""
    n = background.shape[1]

    def worth(present):
        masked = background.copy()
        for column in present:
            masked.isetitem(column, [row.iloc[column]] * len(background))
        return np.asarray(model(masked)).reshape(len(background), -1).mean(axis=0)

    known = {frozenset(s): worth(s) for size in range(n + 1) for s in itertools.combinations(range(n), size)}
    orders = list(itertools.permutations(range(n)))
    return np.array(
        [
            sum(known[frozenset(o[: o.index(i) + 1])] - known[frozenset(o[: o.index(i)])] for o in orders) / len(orders)
            for i in range(n)
        ]
    )


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "a": rng.normal(size=200),
            "b": rng.integers(0, 3, 200),
            "c": rng.choice(["x", "y"], 200),
            "d": rng.normal(size=200),
        }
    )
    X.loc[::17, "d"] = np.nan
    return X, 2 * X.a * (X.c == "x") + X.b + np.nan_to_num(X.d) * X.a


def fitted(kind, X, y, **options):
    options = {"max_rounds": 40, "outer_bags": 2, "n_jobs": 1} | options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(glassbox, f"ExplainableBoosting{kind}")(**options).fit(X, y)


@pytest.fixture(scope="module", params=["regressor", "pairs", "binary", "classes"])
def machine(request, table):
    X, y = table
    if request.param == "regressor":
        return fitted("Regressor", X, y, interactions=0)
    if request.param == "pairs":
        return fitted("Regressor", X, y, interactions=3)
    if request.param == "binary":
        return fitted("Classifier", X, y > 1, interactions=2)
    return fitted("Classifier", X, np.digitize(y, [0.0, 2.0]), interactions=0)


@pytest.mark.filterwarnings("ignore")
def test_values_are_those_of_the_definition(machine, table):
    background = table[0].iloc[:12]
    explainer = ferroshap.Explainer(machine, background)
    assert isinstance(explainer, AdditiveExplainer)
    output = getattr(machine, "decision_function", machine.predict)
    rows = table[0].iloc[[20, 34, 51]]
    explanation = explainer(rows)
    for row, values in zip(range(3), explanation.values, strict=True):
        want = shapley(output, background, rows.iloc[row])
        assert np.abs(values.reshape(want.shape) - want).max() <= 1e-12
    sums = explanation.base_values + explanation.values.sum(axis=1)
    assert np.abs(sums - output(rows)).max() <= 1e-12
    assert explanation.values.shape == (3, 4, *np.shape(output(rows))[1:])


@pytest.mark.filterwarnings("ignore")
def test_main_effects_are_worths_alone(machine, table):
    background = table[0].iloc[:12]
    output = getattr(machine, "decision_function", machine.predict)
    row = table[0].iloc[[20]]
    effects = AdditiveExplainer(machine, background)(row, main_effects=True).main_effects[0]
    for column in range(4):
        masked = background.copy()
        masked.isetitem(column, [row.iloc[0, column]] * 12)
        want = np.asarray(output(masked)).mean(axis=0) - np.asarray(output(background)).mean(axis=0)
        assert np.abs(effects[column] - want).max() <= 1e-12


@pytest.mark.filterwarnings("ignore")
def test_groups_share_the_tables(machine, table):
    background = table[0].iloc[:12]
    masker = ferroshap.maskers.Groups(background, {"both": ["a", "c"]})
    rows = table[0].iloc[[20, 34]]
    output = getattr(machine, "decision_function", machine.predict)
    want = ferroshap.ExactExplainer(output, masker)(rows, main_effects=True)
    found = AdditiveExplainer(machine, masker)(rows, main_effects=True)
    assert np.abs(found.values - want.values).max() <= 1e-12
    assert np.abs(found.main_effects - want.main_effects).max() <= 1e-12
    assert found.feature_names == want.feature_names


@pytest.mark.filterwarnings("ignore")
def test_without_a_background_the_training_rows_stand_for_it(machine, table):
    explainer = ferroshap.Explainer(machine)
    assert "with the rows it was trained on" in explainer.plan.reason
    output = getattr(machine, "decision_function", machine.predict)
    rows = table[0].iloc[:9]
    sums = np.asarray(explainer.expected_value) + explainer(rows).values.sum(axis=1)
    assert np.abs(sums - output(rows)).max() <= 1e-12
    assert np.allclose(
        explainer.expected_value,
        machine.intercept_
        if np.ndim(machine.intercept_) == 0 or len(machine.intercept_) > 1
        else machine.intercept_[0],
        atol=1e-6,
    )


@pytest.mark.filterwarnings("ignore")
def test_methods_that_show_the_sum_are_explained_by_it(table):
    X, y = table
    machine = fitted("Classifier", X, y > 1, interactions=0)
    assert isinstance(ferroshap.Explainer(machine.decision_function, X), AdditiveExplainer)
    assert not isinstance(ferroshap.Explainer(machine.predict_proba, X.iloc[:5]), AdditiveExplainer)
    assert AdditiveExplainer.supports_model_with_masker(machine, X)
    assert AdditiveExplainer.supports_model_with_masker(machine, None)
    by_link = AdditiveExplainer(lambda rows: machine.predict_proba(rows)[:, 1], X.iloc[:5], link="logit")
    tables = AdditiveExplainer(machine, X.iloc[:5]).shap_values(X.iloc[5:8])
    difference = by_link.shap_values(X.iloc[5:8]) - tables
    assert np.abs(np.diff(difference, axis=0)).max() <= 1e-9  # base values differ: logit of the mean, mean of logits
    with pytest.raises(OptionError, match="add up on its own scale"):
        AdditiveExplainer(machine, X, link="logit")


@pytest.mark.filterwarnings("ignore")
def test_terms_of_three_are_refused_and_sampled(table):
    X, y = table
    machine = fitted("Regressor", X, y, interactions=[("a", "b", "d")], max_rounds=5)
    with pytest.raises(InvalidModelError, match="a term of 3 features, 'a & b & d', .* use PermutationExplainer"):
        AdditiveExplainer(machine, X)
    assert not AdditiveExplainer.supports_model_with_masker(machine, X)
    assert isinstance(ferroshap.Explainer(machine, X.iloc[:9]), ferroshap.ExactExplainer)


@pytest.mark.filterwarnings("ignore")
def test_arrays_get_names_of_their_own(table):
    X, y = table
    rows = X[["a", "b"]].to_numpy(dtype=float)
    explainer = ferroshap.Explainer(fitted("Regressor", rows, y, interactions=0), rows)
    assert explainer.feature_names == ["Feature 0", "Feature 1"]
    twin = pickle.loads(pickle.dumps(explainer))
    assert twin.shap_values(rows).tobytes() == explainer.shap_values(rows).tobytes()
