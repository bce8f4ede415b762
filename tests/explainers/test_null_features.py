"""Features that cannot matter are worth exactly 0 and cost nothing; a tolerance would silence others (D5)."""

import numpy as np
import pandas as pd
import pytest

import ferroshap

MAKERS = {
    "exact": ferroshap.ExactExplainer,
    "permutation": ferroshap.PermutationExplainer,
    "kernel": ferroshap.KernelExplainer,
    "sampling": ferroshap.SamplingExplainer,
}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS)
def make(request):
    return request.param


def test_a_feature_like_the_background_s_gets_exactly_nothing(make, case):
    background, rows = case.background.copy(), case.rows.copy()
    background[:, [1, 4]] = rows[0, [1, 4]]
    values = make(case.model, background)(rows[:1]).values[0]
    assert np.all(values[[1, 4]] == 0.0)
    assert np.all(values[[0, 2, 3, 5]] != 0.0)


def test_it_is_not_evaluated(case, Counted):
    background = case.background.copy()
    background[:, [1, 4]] = case.rows[0, [1, 4]]
    model = Counted(case.model)
    explainer = ferroshap.ExactExplainer(model, background)
    model.n_rows = 0
    explanation = explainer(case.rows[:1])
    assert model.n_rows == (2**4 - 2) * 30 + 1
    assert explanation.n_evaluations[0] == 2**4


def test_a_row_of_the_background_alone_costs_one_model_row(make, case, Counted):
    model = Counted(case.model)
    explainer = make(model, case.background[:1])
    model.n_rows = 0
    explanation = explainer(case.background[:1])
    assert model.n_rows == 1
    assert np.all(explanation.values == 0.0)
    assert explanation.status == "EXACT"


def test_d05_timestamps_keep_their_credit(make):
    # Seconds since 1970: a second is 6e-10 of them, far below the tolerance of `np.isclose`.
    start = 1_700_000_000.0
    background = np.array([[start, 0.0], [start + 1.0, 0.0]])
    row = np.array([[start + 2.0, 1.0]])
    explanation = make(lambda X: (X[:, 0] - start) * 10.0 + X[:, 1], background)(row)
    assert np.allclose(explanation.values, [[15.0, 1.0]])


def test_d05_integers_of_64_bits_and_timestamps_stay_exact(make):
    first = 2**62
    ids = np.array([[first, 0], [first, 1]])
    explanation = make(lambda X: (np.asarray(X)[:, 0] - first).astype(float), ids)(np.array([[first + 1, 1]]))
    assert np.array_equal(explanation.values, [[1.0, 0.0]])


def test_d05_nanoseconds_of_a_frame_keep_their_credit():
    when = pd.Timestamp("2024-01-01")
    background = pd.DataFrame({"when": [when, when], "x": [0.0, 1.0]}).astype({"when": "datetime64[ns]"})
    row = pd.DataFrame({"when": [when.as_unit("ns") + pd.Timedelta(1, "ns")], "x": [0.0]})
    explainer = ferroshap.ExactExplainer(lambda X: (X["when"] - when).dt.nanoseconds.to_numpy() + X["x"], background)
    assert np.allclose(explainer(row).values, [[1.0, -0.5]])


def test_missing_is_a_value_like_any_other(make):
    def model(X):
        return np.where(np.isnan(X[:, 0]), 5.0, X[:, 0]) + np.nan_to_num(X[:, 1])

    background = np.array([[np.nan, 1.0], [np.nan, 2.0]])
    explanation = make(model, background)(np.array([[np.nan, 3.0], [1.0, 3.0]]))
    assert np.allclose(explanation.values, [[0.0, 1.5], [-4.0, 1.5]])
    assert explanation.values[0, 0] == 0.0


def test_rows_with_different_players_are_explained_together_as_alone(make, case):
    background = case.background.copy()
    background[:, 2] = 1.0
    rows = case.rows.copy()
    rows[::2, 2] = 1.0
    explainer = make(case.model, background)
    together = explainer(rows).values
    for row in range(len(rows)):
        assert np.array_equal(explainer(rows[row]).values, together[row])


def test_not_equal_compares_exactly():
    differ = ferroshap.KernelExplainer.not_equal
    missing = [(np.nan, np.nan), (None, None), (np.float64("nan"), float("nan")), (pd.NA, pd.NA)]
    same = [(0, 0), (0, 0.0), ("a", "a"), *missing]
    other = [(0, 1), (0.0, 1e-12), ("a", "b"), (np.nan, 0.0), (None, 0), (1_700_000_000, 1_700_000_001), ("1", 1)]
    assert [differ(*pair) for pair in same] == [0] * len(same)
    assert [differ(*pair) for pair in other] == [1] * len(other)
