"""The waterfall: arrows lead from the base value to the output."""

import io
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from ferroshap import plots
from ferroshap.explanation import Explanation
from ferroshap.plots.waterfall import path_of, rows_and_lengths

ROW = Explanation([1.0, -4.0, 0.5, 2.0], 10.0, [50, 31.25, "A100", np.nan], feature_names=["age", "bmi", "ward", "bp"])


def arrows(ax):
    """From the bottom up: start, tip and colour."""
    found = sorted((p for p in ax.patches if isinstance(p, Polygon)), key=lambda p: p.get_xy()[2, 1])
    return [(p.get_xy()[0, 0], p.get_xy()[2, 0], to_hex(p.get_facecolor()).upper()) for p in found]


def test_arrows_lead_from_the_base_to_the_output_smallest_first():
    red, blue = "#FF0051", "#008BFB"
    ax = plots.waterfall(ROW, show=False)
    assert arrows(ax) == [(10.0, 10.5, red), (10.5, 11.5, red), (11.5, 13.5, red), (13.5, 9.5, blue)]


@given(
    values=arrays(float, st.integers(1, 30), elements=st.floats(-100, 100)),
    base=st.floats(-100, 100),
    shown=st.integers(1, 12),
)
def test_the_path_ends_at_the_output_whatever_is_shown(values, base, shown):
    path = path_of(base, rows_and_lengths(Explanation(values, base), shown)[1])
    assert len(path) == min(shown, len(values)) + 1
    assert path[0] == base
    # a sum of 31 terms of at most 100, in another order
    assert abs(path[-1] - (base + values.sum())) <= 2 * 31 * 2**-53 * 31 * 100


def test_every_arrow_starts_where_the_one_below_ends(seed):
    values = np.random.default_rng(seed).normal(size=25)
    found = arrows(plots.waterfall(Explanation(values, 0.1), ax=Figure().subplots()))
    assert found[0][0] == 0.1
    assert all(one[1] == other[0] for one, other in pairwise(found))


def test_rows_say_the_value_of_the_feature_and_what_remains():
    ax = plots.waterfall(ROW, show=False)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "A100 = ward",
        "50 = age",
        "nan = bp",
        "31.25 = bmi",
    ]
    ax = plots.waterfall(ROW, max_display=3, ax=plt.figure().subplots())
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["2 other features", "nan = bp", "31.25 = bmi"]
    assert arrows(ax)[0][:2] == (10.0, 11.5)


def test_the_ends_are_named():
    ax = plots.waterfall(ROW, show=False)
    texts = {text.get_text(): text.xy for text in ax.texts if hasattr(text, "xy")}
    assert texts == {"$E[f(X)] = 10$": (10.0, 0.0), "$f(x) = 9.5$": (9.5, 1.0)}


def test_numbers_are_signed_with_a_real_minus():
    ax = plots.waterfall(ROW, show=False)
    tips = sorted((text for text in ax.get_children() if hasattr(text, "tip")), key=lambda text: text.get_position()[1])
    assert [text.get_text() for text in tips] == ["+0.5", "+1", "+2", "−4"]


def test_whiskers_stand_around_the_tips():
    sv = Explanation([1.0, -4.0], 10.0, error_std=[0.5, np.nan], interval_df=7)
    ax = plots.waterfall(sv, show=False)
    (container,) = ax.containers
    (segment,) = container[2][0].get_segments()
    lower, upper = sv.confidence_interval(0.95)
    assert np.allclose(segment[:, 0], [10 + lower[0], 10 + upper[0]])
    assert segment[0, 1] == 0.0


def test_heads_are_eight_hundredths_of_an_inch_or_the_whole_arrow():
    ax = plots.waterfall(Explanation([10.0, 0.01], 0.0), show=False)
    small, large = sorted((p.get_xy() for p in ax.patches), key=lambda corners: corners[2, 1])
    low, high = ax.get_xlim()
    inches = ax.get_window_extent().width / ax.figure.dpi
    assert np.isclose((large[2, 0] - large[1, 0]) / (high - low) * inches, 0.08, rtol=0.1)
    assert small[1, 0] == 0.0


def test_labels_are_drawn_in_two_colours_and_survive_other_texts(tmp_path):
    ax = plots.waterfall(ROW, show=False)
    ax.figure.savefig(tmp_path / "picture.svg")
    svg = (tmp_path / "picture.svg").read_text()
    assert "#999999" in svg
    ax.set_yticklabels(["a", "b", "c", "d"])
    ax.tick_params(axis="y", labelsize=5)
    ax.figure.canvas.draw()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c", "d"]


def test_a_file_of_another_resolution_places_its_labels_as_the_screen_does():
    values = np.array([62.19, 52.97, 13.5, 6.96, -4.05, 2.88, -2.24])
    figure = plt.figure()
    ax = plots.waterfall(Explanation(values, 152.05, np.arange(7.0)), show=False)
    colors = []
    for dpi in (figure.dpi, 200, 50):
        figure.savefig(io.BytesIO(), dpi=dpi)
        colors.append([(text.get_text(), text.get_color()) for text in ax.texts])
    assert colors[0] == colors[1] == colors[2]
