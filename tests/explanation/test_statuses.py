"""Statuses and degrees of freedom belong to rows, and follow them wherever they go."""

import pickle

import numpy as np
import pytest
from scipy import stats

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation

STATUSES = ["CONVERGED", "BUDGET_SPENT", "EXACT"]


@pytest.fixture
def sv():
    return Explanation(
        np.arange(12.0).reshape(3, 4),
        base_values=[1.0, 2.0, 3.0],
        error_std=np.array([[0.1] * 4, [np.nan] * 4, [0.0] * 4]),
        interval_df=[3.0, np.nan, np.nan],
        n_evaluations=[30, 40, 16],
        status=STATUSES,
    )


def test_the_weakest_row_stands_for_all(sv):
    assert sv.status == "BUDGET_SPENT"
    assert list(sv.statuses) == STATUSES
    assert sv[[0, 2]].status == "CONVERGED"
    assert sv[2].status == sv[2].statuses == "EXACT"
    assert sv[:, 1].status == "BUDGET_SPENT"
    assert list(sv.flip.statuses) == STATUSES[::-1]
    assert sv[::-1][0].status == "EXACT"


def test_reductions_and_sums_keep_the_weakest(sv):
    assert sv.mean(0).status == "BUDGET_SPENT"
    assert list(sv.sum(1).statuses) == STATUSES
    assert sv.abs.mean(0).status == "BUDGET_SPENT"
    assert (sv + sv).status == "BUDGET_SPENT"
    assert (sv[:1] + Explanation(sv.values[:1], status="EXACT")).status == "CONVERGED"
    assert sv.argsort.status == "BUDGET_SPENT"
    assert Explanation.abs.mean(0).apply(sv).status == "BUDGET_SPENT"


def test_one_status_serves_all_rows():
    sv = Explanation(np.zeros((2, 3)), status="EXACT")
    assert sv.status == "EXACT"
    assert list(sv.statuses) == ["EXACT", "EXACT"]
    assert Explanation(np.zeros((2, 3))).statuses is None
    assert Explanation(np.zeros(3), status="EXACT").statuses == "EXACT"
    assert Explanation(np.zeros((0, 3)), status=np.array([], dtype=str)).status == "EXACT"


def test_pickles_and_copies_keep_statuses(sv):
    assert list(pickle.loads(pickle.dumps(sv)).statuses) == STATUSES
    assert list(Explanation(sv).statuses) == STATUSES


def test_statuses_that_are_not_one_a_row_are_refused():
    with pytest.raises(DimensionError, match="`status` has 2 rows"):
        Explanation(np.zeros((3, 4)), status=["EXACT", "EXACT"])


def test_intervals_use_the_degrees_of_their_own_row(sv):
    t = stats.t.ppf(0.95, 3)
    for chosen, row in [(sv, 0), (sv[:2], 0), (sv.flip, 2), (sv[[1, 0]], 1)]:
        lower, upper = chosen.confidence_interval(0.9)
        assert np.allclose((upper - lower)[row], 2 * t * 0.1, rtol=1e-12)
    assert np.isnan(sv.confidence_interval()[0][1]).all()  # unknown
    assert np.array_equal(sv.confidence_interval()[0][2], sv.values[2])  # exact
    lower, upper = sv[0].confidence_interval(0.9)
    assert np.allclose(upper - lower, 2 * t * 0.1, rtol=1e-12)
    lower, upper = sv[0, 1].confidence_interval(0.9)
    assert np.isclose(upper - lower, 2 * t * 0.1, rtol=1e-12)
    assert np.shape(sv[:, 1].confidence_interval()[0]) == (3,)
    doubled = (2 * sv).confidence_interval(0.9)
    assert np.allclose((doubled[1] - doubled[0])[0], 4 * t * 0.1, rtol=1e-12)
    assert np.isnan(sv.mean(0).confidence_interval()[0]).all()  # errors of means are not known


def test_intervals_of_several_outputs_share_the_degrees_of_the_row():
    sv = Explanation(np.zeros((2, 3, 4)), error_std=np.ones((2, 3, 4)), interval_df=[2.0, np.inf])
    lower, upper = sv.confidence_interval(0.9)
    assert np.allclose(upper[0], stats.t.ppf(0.95, 2), rtol=1e-10)
    assert np.allclose(upper[1], stats.norm.ppf(0.95), rtol=1e-10)
    assert np.allclose(sv[..., 2].confidence_interval(0.9)[1][1], stats.norm.ppf(0.95), rtol=1e-10)
    assert np.allclose(lower, -upper)


def test_the_notebook_tells_errors_and_who_ended_how(sv):
    html = sv._repr_html_()
    assert "errors of 4 values unknown" in html
    assert "standard errors up to 0.1" in html
    assert "BUDGET_SPENT in 1 of 3 rows" in html
    assert ".status = BUDGET_SPENT" in repr(sv)
    assert "standard error" not in sv[2]._repr_html_()
    assert ".status" not in repr(sv[[0, 2]])
