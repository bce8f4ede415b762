"""The scatter plot: dots at value and SHAP value, coloured by the feature that interacts most."""

from datetime import datetime, timedelta, timezone

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import BoundaryNorm, to_hex

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation

RNG = np.random.default_rng(11)
DATA = RNG.normal(size=(300, 4)) * [1.0, 5.0, 0.2, 2.0]
VALUES = np.column_stack([DATA[:, 0] * DATA[:, 2], DATA[:, 1], DATA[:, 2] * DATA[:, 0], np.zeros(300)])
SV = Explanation(VALUES, 0.0, DATA, feature_names=["a", "b", "c", "d"])


def dots(ax):
    """Places of all dots, those on the edge left out."""
    found = [c for c in ax.collections if isinstance(c, PathCollection) and c.get_offset_transform() == ax.transData]
    return np.concatenate([c.get_offsets() for c in found]) if found else np.zeros((0, 2))


def on_edge(ax):
    """Collections of ticks for rows whose value is missing."""
    return [c for c in ax.collections if isinstance(c, PathCollection) and c.get_offset_transform() != ax.transData]


def histogram(ax):
    (bars,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    return [path.get_extents() for path in bars.get_paths()]


def column(values, data, **fields):
    """One feature called x."""
    return Explanation(np.asarray(values, float)[:, None], 0.0, np.asarray(data)[:, None], **fields)[:, 0]


def test_every_dot_stands_at_its_value_and_its_shap_value():
    ax = plots.scatter(SV[:, "b"], show=False)
    wanted = np.column_stack([DATA[:, 1], VALUES[:, 1]])
    assert np.array_equal(np.sort(dots(ax), axis=0), np.sort(wanted, axis=0))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("b", "SHAP value for\nb")
    assert ax.figure.axes == [ax]
    assert ax.figure.get_size_inches().tolist() == [6.0, 5.0]


def test_a_table_colours_by_the_strongest_apparent_interaction():
    ax = plots.scatter(SV[:, "a"], color=SV, show=False)
    bar = ax.figure.axes[-1]
    assert bar is not ax
    assert bar.get_ylabel() == "c"
    assert ax.figure.get_size_inches().tolist() == [7.5, 5.0]
    (cloud,) = [c for c in ax.collections if isinstance(c, PathCollection)]
    shade = dict(zip(DATA[:, 0], np.clip(DATA[:, 2], *np.percentile(DATA[:, 2], [5, 95])), strict=True))
    assert np.allclose(cloud.get_array(), [shade[x] for x in cloud.get_offsets()[:, 0]], rtol=1e-15)
    assert np.allclose(cloud.get_clim(), np.percentile(DATA[:, 2], [5, 95]))


def test_one_column_colours_by_itself_and_a_table_without_others_not_at_all():
    ax = plots.scatter(SV[:, "a"], color=SV[:, "b"], show=False)
    assert ax.figure.axes[-1].get_ylabel() == "b"
    ax = plots.scatter(SV[:, "a"], color=SV[:, ["a"]], show=False)
    assert ax.figure.axes == [ax]
    assert to_hex(ax.collections[-1].get_facecolor()[0]).upper() == "#1E88E5"


def test_few_whole_numbers_get_a_colour_each_and_many_do_not():
    for n_levels, is_discrete in ((9, True), (10, False)):
        levels = 2 * np.arange(300) % (2 * n_levels)
        ax = plots.scatter(SV[:, "a"], color=levels, show=False)
        (cloud,) = [c for c in ax.collections if isinstance(c, PathCollection)]
        assert isinstance(cloud.norm, BoundaryNorm) is is_discrete
        if is_discrete:
            labels = [text.get_text() for text in ax.figure.axes[-1].get_yticklabels()]
            assert labels == [str(2 * k) for k in range(n_levels)]
            hues = cloud.get_cmap()(cloud.norm(cloud.get_array()))
            assert len(np.unique(hues, axis=0)) == n_levels


def test_strings_name_the_colours_and_missing_ones_are_grey():
    words = np.array(["yes", "no", None], dtype=object)[np.arange(300) % 3]
    ax = plots.scatter(SV[:, "a"], color=words, show=False)
    assert [text.get_text() for text in ax.figure.axes[-1].get_yticklabels()] == ["no", "yes"]
    grey, _ = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert (len(grey.get_offsets()), to_hex(grey.get_facecolor()[0])) == (100, "#777777")


def test_strings_stand_in_alphabetical_order_under_their_names():
    words = np.array(["pear", "apple", "fig"], dtype=object)[np.arange(30) % 3]
    ax = plots.scatter(column(np.arange(30.0), words), x_jitter=0, show=False)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["apple", "fig", "pear"]
    place = {"apple": 0, "fig": 1, "pear": 2}
    by_height = dots(ax)[np.argsort(dots(ax)[:, 1])]
    assert by_height[:, 0].tolist() == [place[word] for word in words]
    low, high = ax.get_xlim()
    assert low <= -0.5
    assert high >= 2.5


def test_words_for_display_name_the_places_of_their_codes():
    codes = np.array([0.0, 2.0, 5.0])[np.arange(30) % 3]
    words = np.array(["low", "middle", "high"], dtype=object)[np.arange(30) % 3]
    ax = plots.scatter(column(np.arange(30.0), codes, display_data=words[:, None]), x_jitter=0, show=False)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["low", "middle", "high"]
    assert ax.get_xticks().tolist() == [0.0, 2.0, 5.0]
    assert set(dots(ax)[:, 0]) == {0.0, 2.0, 5.0}


def test_numbers_for_display_take_the_place_of_the_data():
    data = np.arange(10.0)
    ax = plots.scatter(column(data, data, display_data=(100 * data)[:, None]), show=False)
    assert np.array_equal(np.sort(dots(ax)[:, 0]), 100 * data)


def test_few_whole_numbers_have_no_ticks_between_them():
    ax = plots.scatter(column(np.arange(20.0), np.arange(20) % 2 + 1), show=False)
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [1.0, 2.0]


def test_booleans_and_dates_are_written_as_such():
    flags = np.arange(20) % 2 == 1
    ax = plots.scatter(column(np.arange(20.0), flags), show=False)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["False", "True"]
    days = np.array(["2020-01-01", "2021-07-01", "NaT"], dtype="datetime64[D]")[np.arange(30) % 3]
    ax = plots.scatter(column(np.arange(30.0), days), x_jitter=0, show=False)
    ax.figure.canvas.draw()
    assert any("2020" in text.get_text() for text in ax.get_xticklabels())
    assert len(on_edge(ax)[0].get_offsets()) == 10


@pytest.mark.parametrize("kind", [float, object])
def test_missing_values_are_ticks_on_the_left_edge_whatever_the_limits(kind):
    data = np.arange(20.0).astype(kind)
    data[[3, 7]] = np.nan if kind is float else None
    data[9] = np.inf
    ax = plots.scatter(column(np.arange(20.0), data), show=False)
    (ticks,) = on_edge(ax)
    assert sorted(ticks.get_offsets()[:, 1]) == [3.0, 7.0, 9.0]
    assert len(dots(ax)) == 17
    for limits in (ax.get_xlim(), (-100.0, 3.0)):
        ax.set_xlim(*limits)
        pixels = ticks.get_offset_transform().transform(ticks.get_offsets())
        assert np.allclose(pixels[:, 0], ax.bbox.x0)


def test_dates_of_a_time_zone_stand_where_its_clocks_say_without_a_warning():
    zone = timezone(timedelta(hours=-5))
    evenings = [datetime(2020, 1, 1 + day, 23, tzinfo=zone) for day in range(4)]
    ax = plots.scatter(column(VALUES[:4, 0], np.array(evenings, dtype=object)), x_jitter=0, show=False)
    days = np.datetime64("2020-01-01").astype(int) + np.arange(4) + 23 / 24
    np.testing.assert_allclose(np.sort(dots(ax)[:, 0]), days, rtol=0, atol=1e-9)


def test_the_more_dots_share_a_value_the_more_they_are_shaken():
    for per_value, share in ((9, 0.0), (10, 0.1), (99, 0.1), (100, 0.2)):
        data = np.repeat([0.0, 4.0, 6.0], per_value)
        x = np.sort(dots(plots.scatter(column(np.zeros(3 * per_value), data), show=False))[:, 0])
        spread = x - data
        assert np.abs(spread).max() <= share * 2.0 / 2
        assert (np.abs(spread).max() > 0.3 * share) == (share > 0)
        plt.close("all")
    x = dots(plots.scatter(column(np.zeros(30), np.repeat([0.0, 1.0], 15)), x_jitter=5, show=False))[:, 0]
    assert 0.2 < np.abs(x - np.round(x)).max() <= 0.5


def test_the_histogram_stands_on_the_bottom_and_all_rows_in_one_bin_reach_the_top():
    bars = histogram(plots.scatter(column(np.arange(20.0), np.full(20, 7.0)), show=False))
    assert [(bar.y0, bar.y1) for bar in bars] == [(0.0, 1.0)]
    bars = histogram(plots.scatter(column(np.arange(40.0), np.repeat([0.0, 1.0], [10, 30])), show=False))
    assert [bar.y1 for bar in bars] == [0.25, 0.75]
    for data in (RNG.normal(size=5000), RNG.integers(0, 90, 5000)):
        ax = plots.scatter(column(RNG.normal(size=5000), data), show=False)
        bars = histogram(ax)
        assert len(bars) <= 50
        assert sum(bar.y1 for bar in bars) == pytest.approx(1.0, abs=50 * 2**-52)
        assert not [
            c for c in plots.scatter(SV[:, 0], hist=False, show=False).collections if isinstance(c, PolyCollection)
        ]


def test_limits_are_numbers_percentiles_or_aggregated_columns():
    sv = SV[:, "b"]
    ax = plots.scatter(sv, xmin=-3, xmax="percentile(90)", ymin=sv.percentile(10), ymax=sv.max(0), show=False)
    assert ax.get_xlim() == (-3.0, np.percentile(DATA[:, 1], 90))
    assert ax.get_ylim() == (np.percentile(VALUES[:, 1], 10), VALUES[:, 1].max())
    ax = plots.scatter(sv, xmax=sv.percentile(50), ymin=0.0, show=False)
    low, high = DATA[:, 1].min(), np.percentile(DATA[:, 1], 50)
    assert np.allclose(ax.get_xlim(), (low - (high - low) / 20, high))
    assert np.allclose(ax.get_ylim(), (0.0, VALUES[:, 1].max() * 1.05))
    for wrong in ("percentile(101)", "99", np.nan, sv, [1, 2]):
        with pytest.raises(OptionError, match="`xmax`"):
            plots.scatter(sv, xmax=wrong, show=False)


def test_several_columns_share_one_scale_of_shap_values():
    axes = plots.scatter(SV[:, ["a", "b", "d"]], color=SV, show=False)
    assert axes.shape == (3,)
    assert len({ax.get_ylim() for ax in axes}) == 1
    assert [ax.get_xlabel() for ax in axes] == ["a", "b", "d"]
    assert [ax.get_ylabel() for ax in axes] == ["SHAP value", "", ""]
    assert len(axes[0].figure.axes) == 6
    assert axes[0].figure.axes[-1] not in axes
    assert plt.gca() is axes[0]
    low, high = axes[0].get_ylim()
    assert low <= VALUES[:, [0, 1, 3]].min()
    assert high >= VALUES[:, [0, 1, 3]].max()


def test_panels_do_not_touch_each_other():
    names = ["a rather long name of a feature", "b", "c with another long name", "d", "e", "f"]
    sv = Explanation(RNG.normal(size=(50, 6)), 0.0, RNG.normal(size=(50, 6)) * 1e6, feature_names=names)
    axes = plots.scatter(sv, color=sv, show=False)
    figure = axes[0].figure
    figure.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in axes]
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0
    width, height = figure.get_size_inches()
    box = figure.get_tightbbox()
    assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= 0


def test_standard_errors_are_light_whiskers_where_rows_are_few():
    sv = Explanation(VALUES, 0.0, DATA, error_std=np.full(VALUES.shape, 0.5))
    ax = plots.scatter(sv[:, 1], show=False)
    (whiskers,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    segments = np.array(whiskers.get_segments())
    assert np.allclose(np.ptp(segments[:, :, 1], axis=1), 2 * 1.959963984540054 * 0.5)
    assert ax.get_ylim()[0] < VALUES[:, 1].min() - 0.5
    many = Explanation(np.zeros((301, 1)), 0.0, np.zeros((301, 1)), error_std=np.ones((301, 1)))
    ax = plots.scatter(many[:, 0], show=False)
    assert not [c for c in ax.collections if isinstance(c, LineCollection)]


def test_named_curves_lie_over_the_dots():
    x = np.linspace(-2, 2, 5)
    ax = plots.scatter(SV[:, "a"], overlay={"line": (x, 2 * x), "other": [(x, x)]}, show=False)
    lines = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert np.array_equal(lines["line"].get_ydata(), 2 * x)
    assert [line.get_linestyle() for line in lines.values()] == ["-", ":"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["line", "other"]
    axes = plots.scatter(SV[:, ["a", "b"]], overlay={"line": [(x, x), (x, 3 * x)]}, show=False)
    assert [line.get_ydata()[-1] for ax in axes for line in ax.lines if line.get_label() == "line"] == [2.0, 6.0]
    words = np.array(["no", "yes"], dtype=object)[np.arange(20) % 2]
    ax = plots.scatter(column(np.arange(20.0), words), overlay={"m": (["yes", "no"], [1.0, 2.0])}, show=False)
    assert next(line for line in ax.lines if line.get_label() == "m").get_xdata().tolist() == [1.0, 0.0]
    for wrong in ({"m": [(x, x[:2])]}, {"m": [(x, x), (x, x)]}, dict.fromkeys("abcd", (x, x)), [(x, x)]):
        with pytest.raises(OptionError, match="`overlay"):
            plots.scatter(SV[:, "a"], overlay=wrong, show=False)


def test_looks_can_be_changed():
    ax = plots.scatter(
        SV[:, "a"], "shap_red", dot_size=9, alpha=0.3, title="T", axis_color="#112233", ylabel="effect", show=False
    )
    cloud = ax.collections[-1]
    assert (cloud.get_sizes()[0], cloud.get_alpha(), to_hex(cloud.get_facecolor()[0])) == (9, 0.3, "#ff0051")
    assert (ax.get_title(), ax.get_ylabel()) == ("T", "effect")
    assert ax.xaxis.label.get_color() == "#112233"
    ax = plots.scatter(SV[:, "a"], color=SV, cmap="viridis", show=False)
    assert ax.collections[-1].get_cmap().name == "viridis"
    with pytest.raises(OptionError, match="did you mean 'viridis'"):
        plots.scatter(SV[:, "a"], cmap="viridi", show=False)
    with pytest.raises(OptionError, match="`x_jitter`"):
        plots.scatter(SV[:, "a"], x_jitter=-1, show=False)
    with pytest.raises(OptionError, match="`dot_size`"):
        plots.scatter(SV[:, "a"], dot_size=0, show=False)


def test_interactions_of_a_pair_are_drawn_over_the_first():
    cube = RNG.normal(size=(30, 3, 3))
    sv = Explanation(cube, 0.0, DATA[:30, :3], feature_names=["a", "b", "c"], axes=("row", "feature", "feature"))
    ax = plots.scatter(sv[:, "a", "b"], show=False)
    assert np.array_equal(np.sort(dots(ax)[:, 0]), np.sort(DATA[:30, 0]))
    assert ax.get_xlabel() == "a * b"
    with pytest.raises(DimensionError, match=r"sv\[:, 'a', 'b'\]"):
        plots.scatter(sv, show=False)


def test_what_cannot_be_drawn_is_refused_with_what_to_pass():
    with pytest.raises(TypeError, match="`dependence_plot`"):
        plots.scatter(VALUES, show=False)
    outputs = Explanation(RNG.normal(size=(5, 3, 2)), 0.0, DATA[:5, :3], output_names=["no", "yes"])
    for given in (outputs, outputs[:, 0]):
        with pytest.raises(ValueError, match=r"pass sv\[\.\.\., k\].*'yes'"):
            plots.scatter(given, show=False)
    with pytest.raises(DimensionError, match="no rows"):
        plots.scatter(SV[0], show=False)
    with pytest.raises(DimensionError, match="no data"):
        plots.scatter(Explanation(VALUES)[:, 0], show=False)
    with pytest.raises(DimensionError, match="41 columns, more than 40"):
        plots.scatter(Explanation(np.zeros((2, 41)), 0.0, np.zeros((2, 41))), show=False)
    with pytest.raises(OptionError, match="`ax` is given"):
        plots.scatter(SV, ax=plt.figure().subplots())
    for wrong in (SV[:20], SV[:20, 1], RNG.normal(size=20), outputs[:, :, 0]):
        with pytest.raises(DimensionError, match="`color`"):
            plots.scatter(SV[:, 0], color=wrong, show=False)


def test_a_hundred_thousand_dots_are_an_image_inside_vector_files():
    many = Explanation(RNG.normal(size=(100_000, 2)), 0.0, RNG.normal(size=(100_000, 2)))
    ax = plots.scatter(many[:, 0], color=many, show=False)
    assert all(c.get_rasterized() for c in ax.collections if isinstance(c, PathCollection))
    ax.figure.canvas.draw()
    few = plots.scatter(many[:500, 0], show=False)
    assert not any(c.get_rasterized() for c in few.collections)


def test_the_picture_is_the_same_every_time():
    sv = column(np.zeros(300), np.repeat([0.0, 1.0], 150))
    first, second = (plots.scatter(sv, show=False) for _ in range(2))
    assert np.array_equal(dots(first), dots(second))
    assert len(np.unique(dots(first)[:, 0])) == 300
