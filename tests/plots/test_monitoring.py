"""Monitoring: values row after row, and the line where their mean changes."""

import math

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.clouds.change_point import change_point, tail

RNG = np.random.default_rng(1)
DATA = RNG.normal(size=(400, 2))
DRIFTING = RNG.normal(size=(400, 2))
DRIFTING[250:, 1] += 2.0
NAMES = ["a", "b"]


def test_every_row_is_a_dot_at_its_number():
    ax = plots.monitoring("b", DRIFTING, DATA, NAMES, show=False)
    (dots,) = [c for c in ax.collections if isinstance(c, PathCollection) and len(c.get_offsets())]
    assert np.array_equal(dots.get_offsets(), np.column_stack([np.arange(400), DRIFTING[:, 1]]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Sample index", "b\nSHAP value")
    assert ax.figure.axes[-1].get_ylabel() == "b"
    assert ax.figure.get_size_inches().tolist() == [10.0, 3.0]


def test_a_line_stands_where_the_mean_changes_and_nowhere_else():
    ax = plots.monitoring(1, DRIFTING, DATA, show=False)
    (line,) = [line for line in ax.lines if line.get_linestyle() == "--"]
    at = line.get_xdata()[0] + 0.5
    assert abs(at - 250) <= 5  # a step of two deviations is found to a few rows
    assert [text.get_text() for text in ax.texts] == [f"row {at:.0f}"]
    means = [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == "-"]
    assert np.allclose(means, [DRIFTING[: int(at), 1].mean(), DRIFTING[int(at) :, 1].mean()])
    ax = plots.monitoring(0, DRIFTING, DATA, show=False)
    assert not ax.lines


def test_missing_values_are_grey_or_left_out():
    data, values = DATA.copy(), DRIFTING.copy()
    data[:7, 1], values[10, 1] = np.nan, np.nan
    ax = plots.monitoring(1, values, data, show=False)
    grey, coloured = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert (len(grey.get_offsets()), len(coloured.get_offsets())) == (7, 393)
    assert [text.get_text() for text in ax.texts]


def test_chance_finds_a_change_as_often_as_it_says():
    """The formula is an approximation for long sequences: it may be careful, and it must not be careless."""
    n_runs, n = 2_000, 300
    rng = np.random.default_rng(0)
    chances = np.array([change_point(rng.normal(size=n)).chance for _ in range(n_runs)])
    for level in (0.05, 0.01):
        share = np.mean(chances < level)
        assert share <= level + 5 * math.sqrt(level * (1 - level) / n_runs)
        assert share >= 0.5 * level - 5 * math.sqrt(level * (1 - level) / n_runs)


def test_the_split_is_the_clearest_of_all():
    sequence = np.concatenate([RNG.normal(size=120), RNG.normal(size=80) + 1.0])
    found = change_point(sequence)
    spread = sequence.std(ddof=1)
    z = {
        k: abs(sequence[:k].mean() - sequence[k:].mean()) / (spread * math.sqrt(1 / k + 1 / (200 - k)))
        for k in range(20, 181)
    }
    assert found.at == max(z, key=z.get)
    assert found.chance == pytest.approx(tail(z[found.at], 0.1), rel=1e-9)


def test_nothing_changes_in_what_is_short_or_constant():
    assert change_point(np.arange(39.0)) is None
    assert change_point(np.full(500, 1e9)) is None
    assert change_point(np.r_[np.zeros(50), np.full(50, 1e-300)]).at == 50
    assert tail(0.5, 0.05) == 1.0
    assert tail(9.0, 0.05) < 1e-15


def test_explanations_bring_their_own_data():
    sv = Explanation(DRIFTING, 0.0, DATA, feature_names=NAMES)
    assert plots.monitoring("a", sv, None, show=False).get_ylabel() == "a\nSHAP value"
    with pytest.raises(OptionError, match="`features`"):
        plots.monitoring(0, DRIFTING, None, show=False)
    with pytest.raises(DimensionError, match="`features` has shape"):
        plots.monitoring(0, DRIFTING, DATA[:5], show=False)
