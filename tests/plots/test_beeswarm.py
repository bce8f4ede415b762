"""The beeswarm: dots stand at their values, stacked, coloured by the feature."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.colors import to_hex

from ferroshap import plots
from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.swarms.swarm import offsets, shades

RNG = np.random.default_rng(3)
VALUES = RNG.normal(size=(60, 4)) * [1.0, 3.0, 0.2, 2.0]
DATA = RNG.normal(size=(60, 4))
SV = Explanation(VALUES, 0.0, DATA, feature_names=["a", "b", "c", "d"])


def dots(ax, row):
    """Positions of the dots of a row, counted from the top, and their collections."""
    n_rows = len(ax.get_yticks())
    y = n_rows - 1 - row
    found = [c for c in ax.collections if len(c.get_offsets()) and abs(np.mean(c.get_offsets()[:, 1]) - y) < 0.4]
    return np.concatenate([c.get_offsets() for c in found]), found


def test_every_dot_stands_at_its_value_within_its_row():
    ax = plots.beeswarm(SV, show=False)
    for row, feature in enumerate([1, 3, 0, 2]):
        positions, _ = dots(ax, row)
        assert np.array_equal(np.sort(positions[:, 0]), np.sort(VALUES[:, feature]))
        assert np.all(np.abs(positions[:, 1] - (3 - row)) <= 0.4)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["c", "a", "d", "b"]
    assert ax.get_xlabel() == "SHAP value (impact on model output)"


def test_colours_follow_the_value_of_the_feature():
    ax = plots.beeswarm(SV, show=False)
    positions, (collection,) = dots(ax, 0)
    shade = dict(zip(VALUES[:, 1], shades(DATA[:, 1]), strict=True))
    assert np.allclose(collection.get_array(), [shade[x] for x in positions[:, 0]])
    assert collection.get_clim() == (0.0, 1.0)


def test_the_colour_bar_is_the_last_axes_and_says_low_and_high():
    ax = plots.beeswarm(SV, show=False)
    bar = ax.figure.axes[-1]
    assert bar is not ax
    assert [label.get_text() for label in bar.get_yticklabels()] == ["Low", "High"]
    assert bar.get_ylabel() == "Feature value"
    assert bar.get_position().x0 > ax.get_position().x1
    assert plots.beeswarm(SV, color_bar=False, ax=plt.figure().subplots()).figure.axes[1:] == []


def test_an_embedder_may_reshape_the_colour_bar():
    ax = plots.beeswarm(SV, show=False)
    bar = ax.figure.axes[-1]
    bar.set_aspect("auto")
    bar.set_box_aspect(50)
    ax.figure.tight_layout()
    ax.figure.canvas.draw()


def test_missing_data_are_grey_and_below():
    data = DATA.copy()
    data[:10, 1] = np.nan
    ax = plots.beeswarm(Explanation(VALUES, 0.0, data), show=False)
    _, found = dots(ax, 0)
    grey, coloured = sorted(found, key=lambda collection: collection.get_zorder())
    assert (len(grey.get_offsets()), len(coloured.get_offsets())) == (10, 50)
    assert to_hex(grey.get_facecolor()[0]) == "#777777"


def test_strings_are_grey_and_booleans_are_numbers():
    data = DATA.astype(object)
    data[:, 1] = "A100"
    data[:, 3] = RNG.random(60) < 0.5
    ax = plots.beeswarm(Explanation(VALUES, 0.0, data), show=False)
    assert [to_hex(c) for c in dots(ax, 0)[1][0].get_facecolor()[:1]] == ["#777777"]
    assert set(dots(ax, 1)[1][0].get_array()) == {0.0, 1.0}


def test_the_last_row_sums_what_remains_in_grey():
    ax = plots.beeswarm(SV, max_display=2, show=False)
    positions, (collection,) = dots(ax, 1)
    assert np.allclose(np.sort(positions[:, 0]), np.sort(VALUES[:, [3, 0, 2]].sum(1)))
    assert to_hex(collection.get_facecolor()[0]) == "#777777"
    assert ax.get_yticklabels()[0].get_text() == "Sum of 3 other features"
    ax = plots.beeswarm(SV, max_display=2, group_remaining_features=False, ax=plt.figure().subplots())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["d", "b"]


def test_the_picture_is_the_same_every_time():
    first, second = (plots.beeswarm(SV, ax=plt.figure().subplots()) for _ in range(2))
    for one, other in zip(first.collections, second.collections, strict=True):
        assert np.array_equal(one.get_offsets(), other.get_offsets())


def test_order_takes_chains():
    ax = plots.beeswarm(SV, order=Explanation.max(0), show=False)
    wanted = [SV.feature_names[i] for i in np.argsort(VALUES.max(0))]
    assert [label.get_text() for label in ax.get_yticklabels()] == wanted


def test_many_dots_become_an_image_in_vector_files():
    many = Explanation(RNG.normal(size=(501, 1)))
    few = Explanation(RNG.normal(size=(500, 1)))
    for sv, is_image in ((many, True), (few, False)):
        ax = plots.beeswarm(sv, ax=plt.figure().subplots())
        assert bool(ax.collections[0].get_rasterized()) is is_image


def test_one_colour_and_other_maps_can_be_asked_for():
    ax = plots.beeswarm(SV, color="shap_red", show=False)
    assert to_hex(ax.collections[0].get_facecolor()[0]).upper() == "#FF0051"
    assert ax.figure.axes == [ax]
    ax = plots.beeswarm(SV, color="viridis", ax=plt.figure().subplots())
    assert ax.collections[0].get_cmap().name == "viridis"
    ax = plots.beeswarm(Explanation(VALUES), ax=plt.figure().subplots())
    assert to_hex(ax.collections[0].get_facecolor()[0]).upper() == "#1E88E5"


def test_looks_can_be_changed():
    ax = plots.beeswarm(
        SV, show=False, log_scale=True, s=30, alpha=0.5, plot_size=(5, 4), axis_color="#112233", color_bar_label="x"
    )
    assert ax.get_xscale() == "symlog"
    assert (ax.collections[0].get_sizes()[0], ax.collections[0].get_alpha()) == (30, 0.5)
    assert ax.figure.get_size_inches().tolist() == [5.0, 4.0]
    assert ax.xaxis.label.get_color() == "#112233"
    assert ax.figure.axes[-1].get_ylabel() == "x"
    assert plots.beeswarm(SV, plot_size=0.6, show=False)
    with pytest.raises(OptionError, match="`plot_size`"):
        plots.beeswarm(SV, plot_size=(5, 4), ax=ax)


@given(x=arrays(float, st.integers(1, 200), elements=st.floats(-1e3, 1e3)))
def test_stacks_are_symmetric_without_gaps_and_as_high_as_the_row(x):
    y = offsets(x, np.random.default_rng(0))
    step = np.min(np.abs(y[y != 0]), initial=np.inf)
    span = np.ptp(x)
    bins = np.zeros(len(x)) if span == 0 else np.rint(100 * ((x - x.min()) / span))
    for one in np.unique(bins):
        column = np.sort(np.rint(y[bins == one] / step)) if np.isfinite(step) else np.zeros(1)
        assert np.array_equal(column, np.arange(-(len(column) // 2) + (len(column) % 2 == 0), (len(column)) // 2 + 1))
    assert np.max(np.abs(y)) <= 0.9 * 0.4


def test_shades_are_clipped_to_percentiles_that_differ():
    assert np.array_equal(shades(np.arange(101.0)), np.clip((np.arange(101.0) - 5) / 90, 0, 1))
    rare = np.r_[np.zeros(97), np.ones(3)]
    assert np.array_equal(shades(rare), rare)
    rarest = np.r_[np.zeros(999), 1.0]
    assert np.array_equal(shades(rarest), rarest)
    assert np.array_equal(shades(np.array([2.0, 2.0, np.nan])), [0.5, 0.5, np.nan], equal_nan=True)
    assert shades(np.array(["a", "b"])) is None
    assert shades(np.array([1.0, "b"], dtype=object)) is None
    assert shades(np.array(["2020-01-01"], dtype="datetime64[D]")) is None
    assert np.array_equal(shades(np.array([1, None, 0], dtype=object)), [1.0, np.nan, 0.0], equal_nan=True)
    assert np.isnan(shades(np.full(3, np.nan))).all()
