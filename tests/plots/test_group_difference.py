"""Group differences: bars of mean differences, whiskers of what chance does."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.group_difference import by_chance

RNG = np.random.default_rng(2)
MASK = np.arange(100) < 40
VALUES = RNG.normal(size=(100, 3))
VALUES[MASK] += [0.0, 3.0, -1.0]
NAMES = ["a", "b", "c"]


def whiskers(ax):
    """Ends of the whiskers from the top down."""
    (lines,) = [c for container in ax.containers if hasattr(container, "lines") for c in container.lines[2]]
    return np.array([segment[:, 0] for segment in lines.get_segments()])


def test_bars_are_differences_of_means_the_largest_on_top():
    ax = plots.group_difference(VALUES, MASK, NAMES, show=False)
    wanted = VALUES[MASK].mean(0) - VALUES[~MASK].mean(0)
    order = np.argsort(np.abs(wanted))
    assert [label.get_text() for label in ax.get_yticklabels()] == [NAMES[k] for k in order]
    assert np.allclose([bar.get_width() for bar in ax.patches], wanted[order], rtol=0, atol=1e-13)
    assert to_hex(ax.patches[-1].get_facecolor()).upper() == "#FF0051"
    assert ax.get_xlabel() == "Group SHAP value difference"


def test_whiskers_keep_off_zero_where_groups_differ():
    ends = whiskers(plots.group_difference(VALUES, MASK, NAMES, sort=False, show=False))
    is_clear = (ends.min(1) > 0) | (ends.max(1) < 0)
    assert is_clear.tolist() == [False, True, True]


def test_chance_is_that_of_random_groups_of_the_same_sizes():
    """For two groups of normal numbers the differences are normal, with the standard error of a difference of means."""
    values = RNG.normal(size=(400, 1))
    mask = np.arange(400) < 100
    low, high = by_chance(values, mask)
    error = values.std(ddof=1) * np.sqrt(1 / 100 + 1 / 300)
    # A 5 % quantile of 1000 normal numbers has a standard error of sqrt(.05 * .95 / 1000) / density = 0.067.
    assert abs(low[0] / error + 1.645) < 5 * 0.067
    assert abs(high[0] / error - 1.645) < 5 * 0.067
    assert np.array_equal(by_chance(values, mask), (low, high))


def test_one_number_a_row_is_a_single_bar():
    ax = plots.group_difference(VALUES[:, 1], MASK, show=False)
    assert len(ax.patches) == 1
    assert [label.get_text() for label in ax.get_yticklabels()] == [""]


def test_options_choose_what_is_shown():
    ax = plots.group_difference(VALUES, MASK, NAMES, "difference", -5, 6, 2, show=False)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["c", "b"]
    assert (ax.get_xlabel(), ax.get_xlim()) == ("difference", (-5.0, 6.0))
    sv = Explanation(VALUES, 0.0, feature_names=NAMES)
    ax = plots.group_difference(sv, MASK.astype(int), sort=False, ax=plt.figure().subplots())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["c", "b", "a"]


def test_masks_that_make_no_groups_are_refused():
    with pytest.raises(DimensionError, match="one entry for each"):
        plots.group_difference(VALUES, MASK[:9], show=False)
    for wrong, text in ((np.ones(100, bool), "no other group"), (np.arange(100), "0 and 1")):
        with pytest.raises(OptionError, match=text):
            plots.group_difference(VALUES, wrong, show=False)
    with pytest.raises(DimensionError, match=r"pass \(rows, features\)"):
        plots.group_difference(RNG.normal(size=(100, 2, 2)), MASK, show=False)
