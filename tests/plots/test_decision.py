"""The decision plot: lines from the base value to the output, feature by feature."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from ferroshap import links, plots
from ferroshap.errors import DimensionError, OptionError, PictureSizeError, UnknownOptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.decisions.beside_line import BesideLine
from ferroshap.plots.decisions.paths import shifted

RNG = np.random.default_rng(8)
VALUES = RNG.normal(size=(12, 4)) * [1.0, 3.0, 0.2, 2.0]
DATA = RNG.normal(size=(12, 4))
NAMES = ["a", "b", "c", "d"]
ORDER = np.argsort(np.abs(VALUES).sum(0))


def paths(ax):
    """All lines, ``(rows, features + 1)``, thin ones first."""
    found = [c for c in ax.collections if isinstance(c, LineCollection)]
    return np.array([segment[:, 0] for c in found for segment in c.get_segments()])


def labels(ax):
    """Names from the bottom up."""
    return [text.get_text() for text in ax.get_yticklabels()]


def test_each_line_starts_at_the_base_value_and_ends_at_the_output():
    ax = plots.decision(0.5, VALUES, DATA, NAMES, show=False)
    drawn = paths(ax)
    assert np.array_equal(drawn[:, 0], np.full(12, 0.5))
    assert np.allclose(drawn[:, -1], 0.5 + VALUES.sum(1), rtol=0, atol=5 * 2**-52 * np.abs(VALUES).sum(1).max())
    assert np.allclose(np.diff(drawn, axis=1), VALUES[:, ORDER], rtol=0, atol=2**-50 * np.abs(VALUES).sum(1).max())
    assert labels(ax) == [NAMES[k] for k in ORDER]
    assert ax.get_xlabel() == "Model output value"
    low, high = ax.get_xlim()
    assert low + high == pytest.approx(1.0, abs=1e-12)  # symmetric about the base value
    assert low < drawn.min() < drawn.max() < high


def test_lines_are_coloured_by_their_ends_on_the_axis():
    ax = plots.decision(0.0, np.array([[-2.0], [0.0], [1.0]]), xlim=(-2.0, 2.0), show=False)
    hues = [to_hex(c) for c in ax.collections[0].get_edgecolors()]
    assert hues == [to_hex(plots.colors.red_blue(part)) for part in (0.0, 0.5, 0.75)]


def test_the_strip_of_colours_is_the_last_axes_and_stays_over_the_lines():
    ax = plots.decision(0.0, VALUES, show=False)
    strip = ax.figure.axes[-1]
    assert strip is not ax
    assert plt.gca() is ax
    for _ in range(2):
        ax.figure.canvas.draw()
        box, top = strip.get_window_extent(), ax.transData.transform([(0, 4.0), (0, 4.25)])[:, 1]
        assert np.allclose([box.x0, box.x1, box.y0, box.y1], [ax.bbox.x0, ax.bbox.x1, *top])
        ax.figure.set_size_inches(5, 9)
    ax.figure.tight_layout()
    ax.figure.canvas.draw()
    ax = plots.decision(0.0, VALUES, color_bar=False, ax=plt.figure().subplots())
    assert ax.figure.axes == [ax]
    assert ax.get_ylim() == (0.0, 4.0)


def test_the_strip_of_colours_lies_over_the_lines_in_a_part_of_a_figure_too():
    figure = plt.figure(figsize=(10, 4))
    ax = plots.decision(0.0, VALUES, ax=figure.subfigures(1, 2)[1].subplots())
    figure.canvas.draw()
    box = figure.axes[-1].get_window_extent()
    assert np.allclose([box.x0, box.x1, box.y1], [ax.bbox.x0, ax.bbox.x1, ax.bbox.y1])


def test_the_last_twenty_features_are_shown_unless_others_are_asked_for():
    many = RNG.normal(size=(3, 30)) * np.arange(1, 31)
    order = np.argsort(np.abs(many).sum(0))
    names = [f"f{i}" for i in range(30)]

    def shown(chosen, **options):
        ax = plots.decision(0.0, many, None, names, feature_display_range=chosen, ax=plt.figure().subplots(), **options)
        low, high = ax.get_ylim()
        return labels(ax), low < high, paths(ax)

    wanted = [names[k] for k in order]
    assert shown(None)[:2] == (wanted[10:], True)
    for chosen in (slice(10, 13, 1), slice(10, 13), range(10, 13), slice(-20, -17)):
        assert shown(chosen)[:2] == (wanted[10:13], False)
    assert shown(slice(12, 9, -1))[:2] == (wanted[10:13], True)
    assert shown(range(2, -1, -1))[:2] == (wanted[:3], True)
    assert np.allclose(shown(range(10, 13))[2][:, 0], many[:, order[:10]].sum(1))
    with pytest.raises(OptionError, match="step of 2"):
        shown(slice(0, 9, 2))
    with pytest.raises(OptionError, match="leaves none"):
        shown(range(40, 50))
    with pytest.raises(TypeError, match="a slice or a range"):
        shown([1, 2])


def test_the_order_of_features_can_be_chosen():
    for chosen in (None, "none"):
        assert labels(plots.decision(0.0, VALUES, None, NAMES, chosen, show=False)) == NAMES
        plt.close("all")
    for chosen in ([3, 0, 1, 2], np.array([3, 0, 1, 2])):
        assert labels(plots.decision(0.0, VALUES, None, NAMES, chosen, show=False)) == ["d", "a", "b", "c"]
        plt.close("all")
    x = RNG.normal(size=50)
    alike = np.column_stack([x, 3 - x, x + 0.01, 3.01 - x])
    found = labels(plots.decision(0.0, alike, None, NAMES, "hclust", show=False))
    assert {frozenset(found[:2]), frozenset(found[2:])} == {frozenset("ac"), frozenset("bd")}
    for wrong in ("importances", [0, 1], [0, 0, 1, 2], [0.0, 1.0, 2.0, 3.0]):
        with pytest.raises(OptionError, match="`feature_order`"):
            plots.decision(0.0, VALUES, feature_order=wrong, show=False)


@pytest.mark.parametrize("chosen", [3, [3], np.arange(12) == 3, slice(3, 4), -9])
def test_highlighted_rows_are_dash_dotted_and_thicker(chosen):
    ax = plots.decision(0.0, VALUES, highlight=chosen, show=False)
    thin, thick = [c for c in ax.collections if isinstance(c, LineCollection)]
    assert (len(thin.get_segments()), len(thick.get_segments())) == (11, 1)
    assert (thin.get_linewidths()[0], thick.get_linewidths()[0]) == (1.0, 2.0)
    assert thick.get_linestyles()[0][1] is not None
    assert np.array_equal(thick.get_segments()[0][1:, 0], np.cumsum(VALUES[3, ORDER]))
    with pytest.raises(OptionError, match="`highlight`"):
        plots.decision(0.0, VALUES, highlight=99, show=False)


@pytest.mark.parametrize("link", ["logit", links.logit])
def test_log_odds_are_shown_as_probabilities(link):
    ax = plots.decision(-1.0, VALUES, link=link, show=False)
    assert np.allclose(paths(ax)[:, -1], 1 / (1 + np.exp(1.0 - VALUES.sum(1))), rtol=1e-14)
    assert ax.get_xlim() == (-0.02, 1.02)


def test_the_values_of_a_single_row_stand_beside_its_line_inside_the_axes():
    row = np.array([1.5, "A100", None, -2], dtype=object)
    ax = plots.decision(0.0, VALUES[0], row, NAMES, show=False)
    texts = {text.get_position()[1]: text for text in ax.texts if isinstance(text, BesideLine)}
    shown = ["(1.5)", "(A100)", "(None)", "(−2)"]
    assert [texts[y].get_text() for y in (0.5, 1.5, 2.5, 3.5)] == [shown[k] for k in ORDER_OF_FIRST]
    ax.figure.canvas.draw()
    for text in texts.values():
        box = text.get_window_extent()
        assert ax.bbox.x0 <= box.x0
        assert box.x1 <= ax.bbox.x1 + 1
    assert not plots.decision(0.0, VALUES, DATA, NAMES, ax=plt.figure().subplots()).texts


ORDER_OF_FIRST = np.argsort(np.abs(VALUES[0]))


def test_interactions_become_features_of_their_own():
    cube = RNG.normal(size=(5, 3, 3))
    cube = cube + cube.transpose(0, 2, 1)
    ax = plots.decision(1.0, cube, DATA[:5, :3], ["a", "b", "c"], feature_order=None, show=False)
    assert labels(ax) == ["a", "b", "c", "a *\nb", "a *\nc", "b *\nc"]
    assert np.allclose(np.diff(paths(ax), axis=1)[:, 3:], 2 * cube[:, [0, 0, 1], [1, 2, 2]], rtol=0, atol=1e-14)
    assert np.allclose(paths(ax)[:, -1], 1.0 + cube.sum((1, 2)), rtol=0, atol=1e-13)


@given(n=st.integers(1, 8), base=st.floats(-5, 5), new=st.floats(-5, 5), is_cube=st.booleans())
def test_a_new_base_value_moves_the_start_and_leaves_the_end(n, base, new, is_cube):
    shape = (3, n, n) if is_cube else (3, n)
    values = np.random.default_rng(n).normal(size=shape)
    axes = tuple(range(1, len(shape)))
    moved = shifted(values, base, new)
    # n * n sums of numbers below 5 + 5, each rounded
    bound = (n * n + 3) * 2**-52 * (np.abs(values).sum(axes).max() + 20)
    assert np.all(np.abs(new + moved.sum(axes) - base - values.sum(axes)) <= bound)
    if is_cube:  # a pair stands twice, so that its two halves get what a main effect gets at once
        growth = moved - values
        off = growth[:, ~np.eye(n, dtype=bool)]
        assert np.allclose(off * 2, growth[:, :1, 0], rtol=0, atol=1e-14)


def test_a_new_base_value_is_where_the_lines_begin():
    result = plots.decision(0.5, VALUES, new_base_value=2.0, return_objects=True, show=False)
    drawn = paths(plt.gca())
    assert np.array_equal(drawn[:, 0], np.full(12, 2.0))
    assert np.allclose(drawn[:, -1], 0.5 + VALUES.sum(1), rtol=0, atol=1e-13)
    assert result.base_value == 2.0
    assert np.allclose(result.shap_values, VALUES[:, ORDER] - 1.5 / 4, rtol=0, atol=1e-14)


def test_the_result_draws_the_next_plot_alike():
    first = plots.decision(0.5, VALUES[:6], None, NAMES, return_objects=True, show=False)
    assert isinstance(first, plots.DecisionPlotResult)
    assert first.feature_names == [NAMES[k] for k in first.feature_idx]
    plt.close("all")
    second = plots.decision(
        0.5, VALUES[6:], None, NAMES, feature_order=first.feature_idx, xlim=first.xlim, return_objects=True, show=False
    )
    assert plt.gca().get_xlim() == first.xlim == second.xlim
    assert labels(plt.gca()) == first.feature_names


def test_too_much_to_read_is_refused_unless_it_is_wanted():
    many, wide = np.zeros((2001, 2)), np.zeros((2, 201))
    for values, options in ((many, {}), (wide, {"feature_display_range": slice(None)})):
        with pytest.raises(PictureSizeError, match="ignore_warnings=True") as caught:
            plots.decision(0.0, values, show=False, **options)
        assert isinstance(caught.value, RuntimeError)
        assert plots.decision(0.0, values, show=False, ignore_warnings=True, **options)
        plt.close("all")
    assert plots.decision(0.0, wide, show=False)  # only twenty are shown


def test_more_than_500_lines_are_an_image_inside_vector_files():
    for n_rows, is_image in ((501, True), (500, False)):
        ax = plots.decision(0.0, np.zeros((n_rows, 2)), ax=plt.figure().subplots())
        assert bool(ax.collections[0].get_rasterized()) is is_image


def test_legends_and_looks():
    ax = plots.decision(
        0.0, VALUES[:2], legend_labels=["x", "y"], legend_location="lower right", title="T", alpha=0.5,
        plot_color="viridis", axis_color="#112233", y_demarc_color="#445566", highlight=0, show=False,
    )  # fmt: skip
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["x", "y"]
    assert [line.get_linewidth() for line in ax.get_legend().get_lines()] == [2.0, 1.0]
    assert (ax.get_title(), ax.xaxis.label.get_color()) == ("T", "#112233")
    assert {c.get_alpha() for c in ax.collections} == {0.5}
    assert "#445566" in {line.get_color() for line in ax.lines}
    with pytest.raises(OptionError, match="`legend_labels` has 1 entries"):
        plots.decision(0.0, VALUES[:2], legend_labels=["x"], show=False)
    with pytest.raises(OptionError, match="`xlim`"):
        plots.decision(0.0, VALUES[:2], xlim=(1, 1), show=False)


def test_the_figure_is_sized_to_its_features_unless_told_not_to():
    assert plots.decision(0.0, VALUES, show=False).figure.get_size_inches().tolist() == [8.0, 4 * 0.4 + 1.5]
    figure = plt.figure(figsize=(3, 3))
    plots.decision(0.0, VALUES, auto_size_plot=False, show=False)
    assert figure.get_size_inches().tolist() == [3.0, 3.0]


def test_frames_names_and_explanations_are_taken():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(DATA, columns=NAMES)
    for features in (frame, NAMES, np.array(NAMES)):
        assert labels(plots.decision(0.0, VALUES, features, feature_order=None, show=False)) == NAMES
        plt.close("all")
    assert labels(plots.decision(0.0, VALUES[0], frame.iloc[0], feature_order=None, show=False)) == NAMES
    sv = Explanation(VALUES, np.full(12, 0.25), DATA, feature_names=NAMES)
    ax = plots.decision(sv.base_values, sv, feature_order=None, ax=plt.figure().subplots())
    assert labels(ax) == NAMES
    assert paths(ax)[0, 0] == 0.25


def test_several_outputs_are_refused_with_what_to_call():
    for base, values in (([0.0, 1.0], VALUES), (0.0, [VALUES, VALUES])):
        with pytest.raises(TypeError, match="multioutput_decision_plot"):
            plots.decision(base, values, show=False)
    with pytest.raises(DimensionError, match="2 different numbers"):
        plots.decision(np.array([0.0, 1.0]), VALUES, show=False)
    with pytest.raises(DimensionError, match="multioutput_decision_plot"):
        plots.decision(0.0, RNG.normal(size=(5, 4, 3)), show=False)
    with pytest.raises(DimensionError, match="`features` has shape"):
        plots.decision(0.0, VALUES, DATA[:3], show=False)


OUTPUTS = RNG.normal(size=(6, 4, 3))
BASES = [0.1, 0.5, 0.9]


def test_each_output_of_a_row_is_a_line_from_the_mean_base_value():
    listed = [OUTPUTS[..., k] for k in range(3)]
    for bases, values in ((BASES, listed), (np.array(BASES), OUTPUTS), (np.tile(BASES, (6, 1)), OUTPUTS)):
        ax = plots.multioutput_decision(bases, values, 2, feature_names=NAMES, show=False)
        assert np.allclose(paths(ax)[:, 0], 0.5, rtol=0, atol=1e-15)
        assert np.allclose(paths(ax)[:, -1], BASES + OUTPUTS[2].sum(0), rtol=0, atol=1e-14)
        plt.close("all")
    assert np.array_equal(listed[0], OUTPUTS[..., 0])  # what was passed is not changed


def test_an_explanation_brings_bases_and_names_of_its_outputs():
    sv = Explanation(OUTPUTS, np.tile(BASES, (6, 1)), DATA[:6], feature_names=NAMES, output_names=["x", "y", "z"])
    ax = plots.multioutput_decision(None, sv, 2, show=False)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["x", "y", "z"]
    assert set(labels(ax)) == set(NAMES)


def test_interactions_of_several_outputs_are_expanded():
    cubes = [cube + cube.transpose(0, 2, 1) for cube in RNG.normal(size=(2, 5, 3, 3))]
    for values in (cubes, np.stack(cubes, axis=-1)):
        ax = plots.multioutput_decision([0.0, 1.0], values, 1, feature_names=["a", "b", "c"], show=False)
        assert np.allclose(paths(ax)[:, -1], [cubes[0][1].sum(), 1 + cubes[1][1].sum()], rtol=0, atol=1e-13)
        plt.close("all")


def test_options_of_several_outputs_are_those_of_one():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(DATA[:6], columns=NAMES)
    for features in (frame, DATA[:6], frame.iloc[2]):
        assert plots.multioutput_decision(BASES, OUTPUTS, 2, features=features, highlight=[1], show=False)
        plt.close("all")
    assert (
        labels(plots.multioutput_decision(BASES, OUTPUTS, 2, features=frame, feature_order=None, show=False)) == NAMES
    )
    with pytest.raises(UnknownOptionError, match="did you mean 'highlight'"):
        plots.multioutput_decision(BASES, OUTPUTS, 2, highlights=1)
    with pytest.raises(DimensionError, match="`base_values`"):
        plots.multioutput_decision([0.0], OUTPUTS, 2)
    with pytest.raises(DimensionError, match="`row_index` is 6"):
        plots.multioutput_decision(BASES, OUTPUTS, 6)
    with pytest.raises(DimensionError, match="`shap_values` holds arrays of 2 shapes"):
        plots.multioutput_decision([0.0, 0.0], [OUTPUTS[..., 0], OUTPUTS[:3, :, 0]], 1)
