"""Bars: their widths, order, colours, labels, whiskers and legend."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from ferroshap import plots
from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation

NAMES = ["age", "bmi", "sex", "bp"]
VALUES = np.array([[1.0, -4.0, 0.0, 2.0], [3.0, -2.0, 0.5, -2.0]])


def explained(**fields):
    data = np.array([[50.0, 31.25, 1.0, 80.0], [60.0, 20.0, 0.0, 70.0]])
    return Explanation(VALUES, [10.0, 10.0], data, feature_names=NAMES, **fields)


def bars(ax):
    """From the top down: signed length and colour."""
    patches = sorted(ax.patches, key=lambda patch: -patch.get_y())
    return [(patch.get_width(), to_hex(patch.get_facecolor()).upper()) for patch in patches]


def row_labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()][::-1]


def tip_texts(ax):
    texts = [text for text in ax.texts if text.get_text()[:1] in "+−"] + [
        child for child in ax.artists if hasattr(child, "tip")
    ]
    return [text.get_text() for text in sorted(texts, key=lambda text: -text.get_position()[1])]


def test_bars_of_a_table_are_mean_magnitudes_strongest_on_top():
    ax = plots.bar(explained(), show=False)
    assert bars(ax) == [(3.0, "#FF0051"), (2.0, "#FF0051"), (2.0, "#FF0051"), (0.25, "#FF0051")]
    assert row_labels(ax) == ["bmi", "age", "bp", "sex"]
    assert ax.get_xlabel() == "mean(|SHAP value|)"
    assert ax.spines["left"].get_visible()
    assert ax.get_xlim()[0] == 0.0


def test_bars_of_one_row_are_signed_and_coloured_by_sign():
    ax = plots.bar(explained()[0], show=False)
    assert bars(ax) == [(-4.0, "#008BFB"), (2.0, "#FF0051"), (1.0, "#FF0051"), (0.0, "#FF0051")]
    assert row_labels(ax) == ["31.25 = bmi", "80 = bp", "50 = age", "1 = sex"]
    assert tip_texts(ax) == ["−4", "+2", "+1", "+0"]
    assert ax.get_xlabel() == "SHAP value"
    assert not ax.spines["left"].get_visible()


def test_the_last_row_is_the_sum_of_what_remains():
    ax = plots.bar(explained()[0], max_display=2, show=False)
    assert [width for width, _ in bars(ax)] == [-4.0, 3.0]
    assert row_labels(ax) == ["31.25 = bmi", "Sum of 3 other features"]
    ax = plots.bar(explained(), max_display=3, ax=plt.figure().subplots())
    assert [width for width, _ in bars(ax)] == [3.0, 2.0, 2.25]
    assert row_labels(ax)[-1] == "Sum of 2 other features"


def test_all_features_are_shown_when_asked_for():
    sv = Explanation(np.arange(40.0))
    assert len(bars(plots.bar(sv, max_display=None, show=False))) == 40


@pytest.mark.parametrize(
    "order, names",
    [
        (Explanation.abs, ["bmi", "bp", "age", "sex"]),
        (Explanation.identity, ["bp", "age", "sex", "bmi"]),
        (Explanation.argsort, ["bmi", "sex", "age", "bp"]),
        (Explanation.abs.argsort.flip, ["bmi", "bp", "age", "sex"]),
        ([2, 0], ["sex", "age", "bmi", "bp"]),
        (np.array([0.0, 1.0, 5.0, 2.0]), ["sex", "bp", "bmi", "age"]),
        (explained()[1].abs, ["age", "bmi", "bp", "sex"]),
    ],
    ids=["abs", "identity", "argsort", "flipped", "positions", "numbers", "explanation"],
)
def test_any_order_can_be_asked_for(order, names):
    ax = plots.bar(explained()[0], order=order, show=False, show_data=False)
    assert row_labels(ax) == names


@pytest.mark.parametrize("order", [[0, 0], [9], np.ones(3), np.ones((2, 2))], ids=["twice", "outside", "few", "square"])
def test_an_order_that_fits_no_features_is_refused(order):
    with pytest.raises(OptionError, match="`order`"):
        plots.bar(explained()[0], order=order, show=False)


def test_data_are_shown_only_while_they_belong_to_the_row():
    assert row_labels(plots.bar(explained()[0].abs, show=False))[0] == "bmi"
    assert row_labels(plots.bar(explained()[0].abs, show_data=True, ax=plt.figure().subplots()))[0] == "31.25 = bmi"
    assert row_labels(plots.bar(explained()[0], show_data=False, ax=plt.figure().subplots()))[0] == "bmi"
    with pytest.raises(OptionError, match="`show_data`"):
        plots.bar(explained(), show_data="yes", show=False)


def test_strings_are_shown_as_they_are_and_display_data_go_first():
    sv = Explanation(
        [3.0, 2.0, 1.0], 0.0, np.array(["A100", 2.50, None], dtype=object), feature_names=["a", "b=c", "d"]
    )
    assert row_labels(plots.bar(sv, show=False)) == ["A100 = a", "2.5 = b=c", "None = d"]
    sv.display_data = np.array(["x", "y", "z"], dtype=object)
    assert row_labels(plots.bar(sv, ax=plt.figure().subplots())) == ["x = a", "y = b=c", "z = d"]


def whiskers(ax):
    """Ends of the whiskers, from the top down."""
    found = [bar for container in ax.containers if hasattr(container, "has_xerr") for bar in container[2]]
    segments = [collection.get_segments()[0] for collection in found]
    return [segment[:, 0].tolist() for segment in sorted(segments, key=lambda segment: -segment[0, 1])]


def test_whiskers_are_the_95_percent_interval_and_absent_where_unknown():
    sv = explained(error_std=[[0.5, 0.25, np.nan, 0.0]] * 2, interval_df=10)[0]
    ax = plots.bar(sv, show=False)
    lower, upper = sv.confidence_interval(0.95)
    assert np.allclose(whiskers(ax), [[lower[1], upper[1]], [lower[0], upper[0]]])
    assert whiskers(plots.bar(explained(), ax=plt.figure().subplots())) == []
    bounded = Explanation([1.0], lower_bounds=[0.5], upper_bounds=[3.0], error_std=[9.0])
    assert whiskers(plots.bar(bounded, ax=plt.figure().subplots())) == [[0.5, 3.0]]


def test_a_sum_of_features_has_no_whisker():
    sv = explained(error_std=np.ones((2, 4)))[0]
    assert len(whiskers(plots.bar(sv, max_display=2, show=False))) == 1


def test_labels_stand_white_inside_or_coloured_beyond_tip_and_whisker():
    sv = Explanation([100.0, 1.0, -1.0], error_std=[np.nan, 3.0, np.nan])
    ax = plots.bar(sv, show=False)
    ax.figure.canvas.draw()
    inside, right, left = sorted(
        (text for text in ax.get_children() if hasattr(text, "tip")), key=lambda t: -t.get_position()[1]
    )
    assert (inside.get_color(), inside.get_position()[0]) == ("white", 50.0)
    assert (right.get_color(), right.get_ha()) == ("#FF0051", "left")
    assert right.get_position()[0] == sv.confidence_interval(0.95)[1][1]
    assert (left.get_color(), left.get_ha(), left.get_position()[0]) == ("#008BFB", "right", -1.0)


def test_a_label_moves_out_when_the_figure_shrinks():
    figure = plt.figure(figsize=(8, 4))
    ax = figure.subplots()
    plots.bar(Explanation([10.0, 1.5]), ax=ax)
    figure.canvas.draw()
    (small,) = (text for text in ax.get_children() if getattr(text, "tip", None) == 1.5)
    assert small.get_color() == "white"
    figure.set_size_inches(3, 4)
    figure.canvas.draw()
    assert small.get_color() == "#FF0051"


def test_outputs_are_stacked_largest_first_with_a_legend_in_the_last_axes():
    values = np.abs(np.random.default_rng(0).normal(size=(6, 4, 3))) * [1.0, 5.0, 3.0]
    sv = Explanation(values, feature_names=NAMES, output_names=["x", "y", "z"])
    ax = plots.bar(sv, show=False)
    legend_axes = ax.figure.axes[-1]
    assert legend_axes is not ax
    assert [text.get_text() for text in legend_axes.get_legend().get_texts()] == ["y", "z", "x"]
    widths = np.array([patch.get_width() for patch in ax.patches]).reshape(3, 4)
    means = values.mean(0)
    order = np.argsort(-means.sum(1))
    assert np.allclose(widths, means[order][:, [1, 2, 0]].T)
    lefts = np.array([patch.get_x() for patch in ax.patches]).reshape(3, 4)
    assert np.allclose(lefts[1:], np.cumsum(widths, axis=0)[:-1])
    assert row_labels(ax) == [NAMES[i] for i in order]


def test_an_embedder_may_reshape_the_last_axes():
    ax = plots.bar(Explanation(np.ones((3, 2, 2))), show=False)
    before = ax.get_position().bounds
    ax.figure.axes[-1].set_box_aspect(50)
    ax.figure.canvas.draw()
    assert ax.get_position().bounds == before
    ax.figure.tight_layout()


def test_outputs_of_one_row_are_stacked_by_magnitude():
    sv = Explanation(np.array([[1.0, -2.0], [0.5, 0.25]]), axes=("feature", "output"))
    ax = plots.bar(sv, show=False)
    assert sorted(patch.get_width() for patch in ax.patches) == [0.25, 0.5, 1.0, 2.0]
    assert ax.get_xlabel() == "|SHAP value|"
