"""Student's quantile against SciPy, and intervals against their formula."""

import math

import numpy as np
import pytest
from scipy import stats

from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation, student_quantile

DEGREES = [0.5, 0.7, 1, 1.5, 2, 3, 4.5, 7, 10, 30, 99, 250, 500, 999.9, 1000, 1e4, 1e6, 1e12]
LEVELS = [1e-6, 1e-3, 0.1, 0.3, 0.5, 0.68, 0.9, 0.95, 0.99, 0.999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12]


@pytest.mark.parametrize("df", DEGREES)
def test_the_quantile_is_scipys_to_ten_digits(df):
    ours = [student_quantile(level, df) for level in LEVELS]
    assert np.allclose(ours, stats.t.isf((1 - np.array(LEVELS)) / 2, df), rtol=1e-10, atol=0.0)


def test_the_limit_of_many_degrees_is_the_normal_distribution():
    normal = stats.norm.isf((1 - np.array(LEVELS)) / 2)
    for df in (None, math.inf):
        assert np.allclose([student_quantile(level, df) for level in LEVELS], normal, rtol=1e-10, atol=0.0)


def test_no_degrees_of_freedom_give_no_quantile():
    assert math.isnan(student_quantile(0.9, 0))
    assert math.isnan(student_quantile(0.9, math.nan))


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, math.nan])
def test_a_level_that_is_no_coverage_is_refused(level):
    with pytest.raises(OptionError, match="`level` is"):
        student_quantile(level, 10)


def test_intervals_are_t_standard_errors_wide_and_unknown_where_the_error_is():
    sv = Explanation([[1.0, 2.0, 3.0]] * 2, error_std=[[0.1, np.nan, 0.0]] * 2, interval_df=[3.0, math.inf])
    lower, upper = sv.confidence_interval()
    t = np.array([[stats.t.ppf(0.95, 3)], [stats.norm.ppf(0.95)]])
    assert np.allclose(upper, sv.values + t * sv.error_std, equal_nan=True, rtol=1e-12)
    assert np.allclose(lower, sv.values - t * sv.error_std, equal_nan=True, rtol=1e-12)
    assert np.array_equal(lower[:, 2], upper[:, 2])
    assert np.isnan(Explanation([1.0]).confidence_interval()[0]).all()


def test_exact_rows_have_intervals_of_no_width_whatever_the_degrees():
    lower, upper = Explanation([1.0], error_std=[0.0], interval_df=0.0).confidence_interval(0.95)
    assert lower == upper == 1.0
