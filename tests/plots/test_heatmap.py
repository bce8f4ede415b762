"""Heatmaps: the matrix, the line above, the bars beside, and their order."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation

RNG = np.random.default_rng(8)
VALUES = RNG.normal(size=(12, 5)) * [1.0, 5.0, 0.5, 3.0, 2.0]
SV = Explanation(VALUES, 0.3, RNG.normal(size=(12, 5)), feature_names=list("abcde"))
STRONGEST = np.argsort(-np.abs(VALUES).mean(0))


def matrix(ax):
    """From the top row down."""
    return np.asarray(ax.images[0].get_array())[::-1]


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()][:-1][::-1]


def outputs(ax):
    (line,) = (line for line in ax.lines if len(line.get_xdata()) == len(VALUES))
    return line.get_ydata()


def test_rows_are_features_strongest_on_top_and_columns_are_rows_in_the_order_of_hclust():
    ax = plots.heatmap(SV, show=False)
    assert np.allclose(matrix(ax), VALUES[SV.hclust()][:, STRONGEST].T)
    assert labels(ax) == [SV.feature_names[i] for i in STRONGEST]
    assert ax.get_yticklabels()[-1].get_text() == "$f(x)$"
    assert ax.get_xlabel() == "Instances"


def test_the_line_is_the_sum_of_the_values_in_parts_of_its_largest_magnitude():
    order = np.arange(12)[::-1]
    ax = plots.heatmap(SV, instance_order=order, show=False)
    sums = VALUES[order].sum(1)
    middle = ax.get_yticks()[-1]
    assert np.allclose(outputs(ax) - middle, sums / np.abs(sums).max())
    assert middle - 1.0 > 4.5  # the lowest swing stays above the matrix
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert [line.get_ydata()[0] for line in dashed] == [middle]


@pytest.mark.parametrize(
    "order, wanted",
    [
        (SV.sum(1), np.argsort(-VALUES.sum(1), kind="stable")),
        (Explanation.sum(1), np.argsort(-VALUES.sum(1), kind="stable")),
        (Explanation.sum(1).argsort, np.argsort(VALUES.sum(1), kind="stable")),
        (np.argsort(VALUES[:, 0]), np.argsort(VALUES[:, 0])),
        (Explanation.hclust(), SV.hclust()),
        (VALUES[:, 1], np.argsort(-VALUES[:, 1], kind="stable")),
    ],
    ids=["numbers", "chain", "argsort", "positions", "hclust", "array"],
)
def test_any_order_of_the_columns_can_be_asked_for(order, wanted):
    assert np.allclose(matrix(plots.heatmap(SV, instance_order=order, show=False)), VALUES[wanted][:, STRONGEST].T)


def test_bars_beside_the_matrix_are_the_feature_values_and_order_the_rows():
    largest = np.abs(VALUES).max(0)
    ax = plots.heatmap(SV, feature_values=Explanation.abs.max(0), show=False)
    order = np.argsort(-largest)
    assert labels(ax) == [SV.feature_names[i] for i in order]
    lengths = np.array([patch.get_width() for patch in sorted(ax.patches, key=lambda patch: -patch.get_y())])
    assert np.allclose(lengths / lengths.max(), largest[order] / largest.max())
    assert {patch.get_x() for patch in ax.patches} == {11.5}
    ax = plots.heatmap(SV, feature_order=[4, 0], ax=plt.figure().subplots())
    assert labels(ax) == ["e", "a", "b", "c", "d"]


def test_the_last_row_sums_what_is_not_shown():
    ax = plots.heatmap(SV, max_display=3, instance_order=np.arange(12), show=False)
    assert labels(ax)[-1] == "Sum of 3 other features"
    assert np.allclose(matrix(ax)[-1], VALUES[:, STRONGEST[2:]].sum(1))


def test_colours_are_symmetric_about_zero_and_end_at_percentiles():
    ax = plots.heatmap(SV, show=False)
    most = np.abs(np.percentile(VALUES, [1, 99])).max()
    assert ax.images[0].get_clim() == (-most, most)
    assert ax.images[0].get_cmap().name == "red_white_blue"
    bar = ax.figure.axes[-1]
    assert bar.get_ylabel() == "SHAP value (impact on model output)"
    texts = [label.get_text() for label in bar.get_yticklabels()]
    assert texts[0] == f"\N{MINUS SIGN}{texts[1]}"
    assert plots.heatmap(SV, cmap="viridis", ax=plt.figure().subplots()).images[0].get_cmap().name == "viridis"


def test_it_returns_its_axes_also_after_showing(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: None)
    assert plots.heatmap(SV) is plt.gca()


def test_what_does_not_fit_is_refused():
    with pytest.raises(DimensionError, match=r"pass sv\[:1\]"):
        plots.heatmap(SV[0], show=False)
    with pytest.raises(DimensionError, match="`feature_values`"):
        plots.heatmap(SV, feature_values=np.ones(3), show=False)
    with pytest.raises(OptionError, match="`instance_order`"):
        plots.heatmap(SV, instance_order=np.ones(3), show=False)
    with pytest.raises(OptionError, match="`feature_order`"):
        plots.heatmap(SV, feature_order=[0, 0], show=False)


def test_axes_that_hold_the_names_of_levels_can_be_drawn_over():
    levels = np.array(["low", "high"], dtype=object)[(VALUES > 0).astype(int)]
    plots.scatter(Explanation(VALUES, 0.3, levels, feature_names=list("abcde"))[:, 0], show=False)
    ax = plots.heatmap(SV, show=False)
    ax.figure.canvas.draw()
    places = [label.get_text() for label in ax.get_xticklabels()]
    assert places
    assert all(place.replace("\N{MINUS SIGN}", "").isdigit() for place in places)
