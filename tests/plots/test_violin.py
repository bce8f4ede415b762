"""Violins: their widths, colours, order and layers."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.swarms.dots import Dots
from ferroshap.plots.swarms.layers import layers_of

RNG = np.random.default_rng(4)
DATA = RNG.normal(size=(200, 3))
VALUES = DATA * [1.0, -4.0, 2.0]
SV = Explanation(VALUES, 0.0, DATA, feature_names=["a", "b", "c"])


def bodies(ax):
    return [one for one in ax.collections if isinstance(one, PolyCollection)]


def height_of(body):
    corners = np.concatenate([path.vertices for path in body.get_paths()])
    return float(np.ptp(corners[:, 1]))


def test_each_feature_has_a_body_a_third_of_a_row_either_way_in_order_of_strength():
    ax = plots.violin(SV, show=False)
    assert [label.get_text() for label in ax.get_yticklabels()][::-1] == ["b", "c", "a"]
    assert np.allclose([height_of(body) for body in bodies(ax)], 2 / 3)
    assert ax.get_xlabel() == "SHAP value (impact on model output)"


def test_colours_run_from_low_to_high_feature_values():
    ax = plots.violin(SV, show=False)
    falling, rising = bodies(ax)[:2]  # b: large values push down; c: up
    is_red = [[body.get_facecolor()[i][0] > body.get_facecolor()[i][2] for i in (0, -1)] for body in (falling, rising)]
    assert is_red == [[True, False], [False, True]]
    assert ax.figure.axes[-1].get_ylabel() == "Feature value"


def test_the_rows_themselves_lie_beneath_as_dots():
    ax = plots.violin(SV, show=False)
    dots = [one for one in ax.collections if isinstance(one, Dots)]
    assert np.allclose(np.sort(dots[0].get_offsets()[:, 0]), np.sort(VALUES[:, 1]))
    assert max(one.get_zorder() for one in dots) < min(body.get_zorder() for body in bodies(ax))


def test_without_feature_values_violins_are_plain_blue_or_the_colour_asked_for():
    ax = plots.violin(VALUES, show=False)
    assert {to_hex(body.get_facecolor()[0]).upper() for body in bodies(ax)} == {"#008BFB"}
    assert ax.figure.axes == [ax]
    ax = plots.violin(VALUES, color="green", ax=plt.figure().subplots())
    assert to_hex(bodies(ax)[0].get_facecolor()[0]) == to_hex("green")


def test_strings_and_the_sum_of_what_is_not_shown_are_grey():
    data = np.array([["x", 1.0, 2.0], ["y", 3.0, 4.0]] * 100, dtype=object)
    ax = plots.violin(Explanation(VALUES[:, ::-1], data=data, feature_names=["c", "b", "a"]), max_display=2, show=False)
    last = bodies(ax)[-1]
    assert to_hex(last.get_facecolor()[0]) == "#777777"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Sum of 2 other features", "b"]


def test_layers_are_by_value_or_of_equally_many_rows_and_the_missing_are_apart():
    few, missing = layers_of(np.array([2.0, 1.0, np.nan, 2.0]), 20)
    assert [layer.tolist() for layer in few] == [[1], [0, 3]]
    assert missing.tolist() == [2]
    many, _ = layers_of(DATA[:, 0], 20)
    assert [len(layer) for layer in many] == [10] * 20
    assert all(DATA[a, 0].max() <= DATA[b, 0].min() for a, b in pairwise(many))
    mixed, missing = layers_of(np.array(["b", 1, None, "b"], dtype=object), 20)
    assert [layer.tolist() for layer in mixed] == [[1], [0, 3]]
    assert missing.tolist() == [2]


def test_layered_violins_have_a_layer_for_each_bin_the_outermost_widest():
    ax = plots.violin(SV, plot_type="layered_violin", layered_violin_max_num_bins=5, show=False)
    assert len(bodies(ax)) == 15
    first = [height_of(body) for body in bodies(ax)[:5]]
    assert first == sorted(first, reverse=True)
    assert first[0] == pytest.approx(0.8)


def test_options_are_used():
    ax = plots.violin(
        VALUES, DATA, ["a", "b", "c"], sort=False, title="Title", alpha=0.5, plot_size=(5, 4), use_log_scale=True,
        show=False, axhline_lw=2.0, color_bar_label="x", color_bar_label_size=9, cmap="viridis",
    )  # fmt: skip
    assert [label.get_text() for label in ax.get_yticklabels()][::-1] == ["a", "b", "c"]
    assert (ax.get_title(), ax.get_xscale()) == ("Title", "symlog")
    assert ax.figure.get_size_inches().tolist() == [5.0, 4.0]
    bar = ax.figure.axes[-1]
    assert (bar.get_ylabel(), bar.yaxis.label.get_size()) == ("x", 9)
    assert 2.0 in [line.get_linewidth() for line in ax.lines]


def test_what_does_not_fit_is_refused():
    with pytest.raises(OptionError, match="did you mean 'violin'"):
        plots.violin(SV, plot_type="violon", show=False)
    with pytest.raises(OptionError, match="`plot_size`"):
        plots.violin(SV, plot_size=(5, 4), ax=plt.figure().subplots())
    with pytest.raises(TypeError, match="list of 2 outputs"):
        plots.violin([VALUES, VALUES], show=False)
    with pytest.raises(DimensionError, match=r"`features` has shape \(200, 2\).*base value"):
        plots.violin(VALUES, DATA[:, :2], show=False)
    with pytest.raises(DimensionError, match="2 names"):
        plots.violin(VALUES, feature_names=["a", "b"], show=False)
    with pytest.raises(OptionError, match="layered_violin_max_num_bins"):
        plots.violin(SV, plot_type="layered_violin", layered_violin_max_num_bins=0, show=False)
