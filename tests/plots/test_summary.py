"""Summaries: what they take, what they draw, and in which order."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.reading.tables import any_table_of, are_interactions
from ferroshap.plots.swarms.dots import Dots

RNG = np.random.default_rng(6)
VALUES = RNG.normal(size=(30, 3)) * [1.0, 4.0, 2.0]
DATA = RNG.normal(size=(30, 3))
OUTPUTS = RNG.normal(size=(30, 3, 4)) * [1.0, 4.0, 2.0, 3.0]
HALF = RNG.normal(size=(30, 3, 3))
CUBE = HALF + HALF.swapaxes(1, 2)


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()][::-1]


def dots(ax):
    return [one for one in ax.collections if isinstance(one, Dots)]


def legend(ax):
    return [text.get_text() for text in ax.figure.axes[-1].get_legend().get_texts()]


@pytest.mark.parametrize(
    "given",
    [
        {"shap_values": VALUES, "features": DATA, "feature_names": ["a", "b", "c"]},
        {"shap_values": Explanation(VALUES, 0.0, DATA, feature_names=["a", "b", "c"])},
        {"shap_values": [VALUES], "features": DATA, "feature_names": np.array(["a", "b", "c"])},
        {"shap_values": VALUES[..., None], "features": DATA.tolist(), "feature_names": ("a", "b", "c")},
        {"shap_values": Explanation(VALUES), "features": DATA, "feature_names": ["a", "b", "c"]},
    ],
    ids=["arrays", "explanation", "list", "one output", "both"],
)
def test_tables_of_all_kinds_are_drawn_as_dots_strongest_on_top(given):
    ax = plots.summary_plot(**given, show=False)
    assert labels(ax) == ["b", "c", "a"]
    assert np.allclose(np.sort(dots(ax)[0].get_offsets()[:, 0]), np.sort(VALUES[:, 1]))
    assert dots(ax)[0].get_cmap().name == "red_blue"
    assert ax.figure.axes[-1].get_ylabel() == "Feature value"
    assert ax.get_xlabel() == "SHAP value (impact on model output)"


def test_frames_bring_their_names_and_categories_are_grey_also_if_they_are_numbers():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": DATA[:, 0], "b": pandas.Categorical([1, 2] * 15), "c": DATA[:, 2]})
    ax = plots.summary_plot(VALUES, frame, show=False)
    assert labels(ax) == ["b", "c", "a"]
    assert to_hex(dots(ax)[0].get_facecolor()[0]) == "#777777"


def test_features_may_be_a_list_of_names_and_dots_then_are_plain():
    ax = plots.summary_plot(VALUES, ["a", "b", "c"], show=False)
    assert labels(ax) == ["b", "c", "a"]
    assert to_hex(dots(ax)[0].get_facecolor()[0]).upper() == "#008BFB"
    assert labels(plots.summary_plot(VALUES, np.array(["a", "b", "c"]), show=False))[0] == "b"
    assert ax.figure.axes == [ax]


def test_bars_are_mean_magnitudes_in_one_colour():
    ax = plots.summary_plot(VALUES, ["a", "b", "c"], plot_type="bar", show=False)
    widths = [patch.get_width() for patch in sorted(ax.patches, key=lambda patch: -patch.get_y())]
    assert np.allclose(widths, np.sort(np.abs(VALUES).mean(0))[::-1])
    assert {to_hex(patch.get_facecolor()).upper() for patch in ax.patches} == {"#008BFB"}
    assert ax.get_xlabel() == "mean(|SHAP value|) (average impact on model output magnitude)"
    ax = plots.summary_plot(VALUES, plot_type="bar", color="shap_red", show=False)
    assert to_hex(ax.patches[-1].get_facecolor()).upper() == "#FF0051"


@pytest.mark.parametrize(
    "given",
    [
        [OUTPUTS[..., k] for k in range(4)],
        OUTPUTS,
        Explanation(OUTPUTS, output_names=["k", "l", "m", "n"]),
    ],
    ids=["list", "array", "explanation"],
)
def test_several_outputs_are_stacked_the_strongest_first(given):
    ax = plots.summary_plot(given, feature_names=["a", "b", "c"], class_names=["k", "l", "m", "n"], show=False)
    assert legend(ax) == ["l", "n", "m", "k"]
    means = np.abs(OUTPUTS).mean(0)
    order = np.argsort(-means.sum(1))
    assert labels(ax) == [["a", "b", "c"][i] for i in order]
    widths = np.array([patch.get_width() for patch in ax.patches]).reshape(4, 3)
    assert np.allclose(widths, means[order][:, [1, 3, 2, 0]].T)


def test_classes_can_be_chosen_named_and_coloured():
    ax = plots.summary_plot(OUTPUTS, class_inds=[3, 0], show_values_in_legend=True, color=["red", "blue"], show=False)
    means = np.abs(OUTPUTS).mean((0, 1))
    assert legend(ax) == [f"Output {k} ({means[k]:.2f})" for k in (3, 0)]
    assert [to_hex(patch.get_facecolor()) for patch in ax.patches[::3]] == [to_hex("red"), to_hex("blue")]
    plt.close("all")
    ax = plots.summary_plot(OUTPUTS, class_inds="original", color=plt.get_cmap("viridis"), show=False)
    assert legend(ax) == [f"Output {k}" for k in range(4)]
    plt.close("all")
    ax = plots.summary_plot(OUTPUTS, color=lambda i: ["red", "blue", "green", "gray"][i], show=False)
    assert to_hex(ax.patches[0].get_facecolor()) == to_hex("red")


def test_small_values_in_the_legend_keep_two_digits():
    ax = plots.summary_plot(OUTPUTS * 1e-5, show_values_in_legend=True, class_inds=[0], show=False)
    assert legend(ax) == [f"Output 0 ({np.abs(OUTPUTS * 1e-5).mean((0, 1))[0]:.7f})"]


@pytest.mark.parametrize("kind, n_bodies", [("violin", 3), ("layered_violin", 60)])
def test_violins_are_drawn_with_their_options(kind, n_bodies):
    ax = plots.summary_plot(VALUES, DATA, plot_type=kind, show=False, title="Title")
    assert sum(isinstance(one, PolyCollection) for one in ax.collections) == n_bodies
    assert ax.get_title() == "Title"
    assert len(ax.figure.axes) == 2


def test_a_symmetric_cube_is_interactions_unless_bars_are_wanted():
    axes = plots.summary_plot(CUBE, DATA, ["a", "b", "c"], show=False)
    assert axes.shape == (3,)
    order = np.argsort(-np.abs(CUBE.sum(1)).mean(0))
    assert labels(axes[0]) == [["a", "b", "c"][i] for i in order]
    assert [ax.get_title() for ax in axes] == labels(axes[0])
    assert len({ax.get_xlim() for ax in axes}) == 1
    stacked = plots.summary_plot(CUBE, plot_type="bar", show=False)
    assert len(legend(stacked)) == 3
    skew = CUBE.copy()
    skew[0, 0, 1] += 1.0
    assert not are_interactions(skew)
    assert len(legend(plots.summary_plot(skew, show=False))) == 3


def test_off_the_diagonal_interactions_are_drawn_twice_as_large_as_stored():
    axes = plots.summary_plot(CUBE, DATA, sort=False, show=False)
    for i in range(3):
        for j in range(3):
            drawn = np.sort(dots(axes[i])[j].get_offsets()[:, 0])
            assert np.allclose(drawn, np.sort(CUBE[:, i, j]) * (1 if i == j else 2))


def test_of_many_features_the_seven_strongest_interact_and_the_text_says_so():
    half = RNG.normal(size=(10, 9, 9))
    axes = plots.summary_plot(half + half.swapaxes(1, 2), show=False)
    assert len(axes) == 7
    assert "the strongest 7 of 9 features" in axes[3].get_xlabel()
    assert len(plots.summary_plot(half + half.swapaxes(1, 2), max_display=2, show=False)) == 2


def test_compact_dots_are_one_row_for_each_ordered_pair():
    ax = plots.summary_plot(CUBE, DATA, ["a", "b", "c"], plot_type="compact_dot", show=False)
    assert sorted(labels(ax)) == sorted([x if x == y else f"{x}* - {y}" for x in "abc" for y in "abc"])
    assert ax.figure.axes[-1].get_ylabel() == "*Feature value"


def test_rows_beyond_the_most_are_summed_and_unsorted_ones_stay_in_order():
    many = RNG.normal(size=(5, 30))
    assert labels(plots.summary_plot(many, show=False))[-1] == "Sum of 11 other features"
    assert labels(plots.summary_plot(many, max_display=3, sort=False, show=False)) == [
        "Feature 0", "Feature 1", "Sum of 28 other features",
    ]  # fmt: skip


def test_the_places_of_dots_depend_on_the_generator_alone():
    first, again, other = (
        dots(plots.summary_plot(VALUES, show=False, rng=rng, plot_size=(4, 4)))[-1].get_offsets()[:, 0]
        for rng in (None, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_does_not_fit_is_refused():
    with pytest.raises(OptionError, match="did you mean 'violin'"):
        plots.summary_plot(VALUES, plot_type="voilin", show=False)
    with pytest.raises(DimensionError, match="rows by features"):
        plots.summary_plot(VALUES[0], show=False)
    with pytest.raises(DimensionError, match=r"4 outputs.*pass sv\[\.\.\., k\]"):
        plots.summary_plot(OUTPUTS, plot_type="violin", show=False)
    with pytest.raises(DimensionError, match=r"shapes \[\(30, 3\), \(29, 3\)\]"):
        plots.summary_plot([VALUES, VALUES[1:]], show=False)
    with pytest.raises(DimensionError, match="5 names"):
        plots.summary_plot(VALUES, list("abcde"), show=False)
    with pytest.raises(OptionError, match="`class_inds`"):
        plots.summary_plot(OUTPUTS, class_inds=[4], show=False)
    with pytest.raises(DimensionError, match="`class_names` has 2"):
        plots.summary_plot(OUTPUTS, class_names=["a", "b"], show=False)
    with pytest.raises(TypeError, match="holds cohorts"):
        plots.summary_plot(Explanation(VALUES, data=DATA).cohorts(2), show=False)
    with pytest.raises(TypeError, match="is a dict"):
        plots.summary_plot({}, show=False)


def test_nothing_that_is_given_is_changed():
    values, features = CUBE.copy(), DATA.copy()
    plots.summary_plot(values, features, show=False)
    assert np.array_equal(values, CUBE)
    assert np.array_equal(features, DATA)
    assert any_table_of(values, features, None, "summary_plot").axes == ("row", "feature", "feature")


def test_compact_dots_take_any_square_cube_for_interactions():
    skew = RNG.normal(size=(10, 3, 3))
    ax = plots.summary_plot(skew, plot_type="compact_dot", show=False)
    assert len(labels(ax)) == 9
    with pytest.raises(DimensionError, match="4 outputs"):
        plots.summary_plot(OUTPUTS, plot_type="compact_dot", show=False)


@pytest.mark.parametrize("plot", [plots.summary_plot, plots.beeswarm, plots.violin])
def test_no_plot_size_leaves_the_figure_as_it_is(plot):
    figure = plt.figure(figsize=(6, 3))
    plot(Explanation(VALUES, data=DATA), plot_size=None, show=False)
    assert figure.get_size_inches().tolist() == [6.0, 3.0]
