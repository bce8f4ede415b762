"""Images: panels, colours, titles, boxes and errors."""

import inspect
import itertools
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots import colors

RNG = np.random.default_rng(3)
ROWS, HEIGHT, WIDTH, OUTPUTS = 2, 12, 16, 3
NAMES = ["cat", "dog", "owl"]


def photos(n_rows=ROWS, n_channels=3):
    return RNG.integers(0, 256, (n_rows, HEIGHT, WIDTH, n_channels)).astype(np.uint8)


def explained(n_rows=ROWS, **fields):
    values = RNG.normal(size=(n_rows, HEIGHT, WIDTH, 3, OUTPUTS))
    base = np.zeros((n_rows, OUTPUTS))
    return Explanation(values, base, photos(n_rows), **({"output_names": NAMES} | fields))


def values_in(ax):
    """The map that is drawn on top."""
    return np.ma.filled(ax.images[-1].get_array(), np.nan)


def titles(axes):
    return [[ax.get_title() for ax in line] for line in axes]


def test_a_line_holds_the_image_and_a_map_for_each_output():
    sv = explained()
    axes = plots.image(sv, show=False)
    assert axes.shape == (ROWS, 1 + OUTPUTS)
    assert titles(axes) == [["", *NAMES]] * ROWS
    for row in range(ROWS):
        assert np.array_equal(axes[row, 0].images[0].get_array(), sv.data[row])
        for k in range(OUTPUTS):
            assert np.array_equal(values_in(axes[row, 1 + k]), sv.values[row, ..., k].sum(axis=-1))


def test_a_new_figure_is_made_whose_last_axes_is_the_colour_bar():
    before = plt.figure()
    axes = plots.image(explained(), show=False)
    figure = axes[0, 0].figure
    assert figure is not before
    assert plt.gca() is axes[0, 0]
    assert figure.axes[-1] not in set(axes.flat)
    assert figure.axes[-1].get_xlabel() == "SHAP value"


def test_the_signature_is_the_incumbents_with_two_keywords_more():
    signature = inspect.signature(plots.image)
    plain = [p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    theirs = "shap_values pixel_values labels true_labels width aspect hspace labelpad cmap vmax show"
    assert plain == theirs.split()
    assert [p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY] == ["boxes", "std_errors"]


def test_showing_returns_nothing(monkeypatch):
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(True))
    assert plots.image(explained()) is None
    assert plots.image(explained(), show=True) is None
    assert len(shown) == 2


def test_the_scale_is_symmetric_and_common_to_the_outputs_of_an_image():
    sv = explained()
    axes = plots.image(sv, show=False)
    maps = sv.values.sum(axis=3)
    for row in range(ROWS):
        limits = {ax.images[-1].get_clim() for ax in axes[row, 1:]}
        largest = np.percentile(np.abs(maps[row]), 99.9)
        assert limits == {(-largest, largest)}
        assert axes[row, 0].get_xlabel().startswith("s = ")
    axes = plots.image(sv, vmax=5.0, show=False)
    assert {ax.images[-1].get_clim() for ax in axes[:, 1:].flat} == {(-5.0, 5.0)}
    bar = axes[0, 0].figure.axes[-1]
    assert [text.get_text() for text in bar.get_xticklabels()] == ["−5", "−2.5", "0", "+2.5", "+5"]


def test_a_single_extreme_pixel_does_not_make_the_others_pale():
    values = np.ones((1, 64, 64))
    values[0, 5, 5] = 1e6
    axes = plots.image(Explanation(values, 0.0, np.zeros((1, 64, 64))), show=False)
    assert axes[0, 1].images[-1].get_clim() == (-1.0, 1.0)
    values[values == 1.0] = 0.0  # fewer than one in a thousand are not zero
    axes = plots.image(Explanation(values, 0.0, np.zeros((1, 64, 64))), show=False)
    assert axes[0, 1].images[-1].get_clim() == (-1e6, 1e6)


def test_red_is_up_blue_is_down_and_zero_is_transparent():
    low, zero, high = colors.red_transparent_blue([0.0, 0.5, 1.0])
    assert mpl.colors.to_hex(low) == colors.IMAGE_BLUE.lower()
    assert mpl.colors.to_hex(high) == colors.IMAGE_RED.lower()
    assert (low[3], high[3]) == (1.0, 1.0)
    assert zero[3] < 0.01
    axes = plots.image(explained(), show=False)
    assert axes[0, 1].images[-1].get_cmap() == colors.red_transparent_blue
    assert axes[0, 1].images[0].get_alpha() == 0.15
    assert plots.image(explained(), cmap="RdBu", show=False)[0, 1].images[-1].get_cmap().name == "RdBu"


def test_the_models_output_stands_beneath_where_it_is_known():
    sv = Explanation(np.full((1, 2, 2, 1), 0.5), 1.0, np.zeros((1, 2, 2, 1)))
    assert plots.image(sv, show=False)[0, 1].get_xlabel() == "f(x) = 3"
    assert plots.image(sv[:, :1], show=False)[0, 1].get_xlabel() == ""  # a part of the picture adds up to nothing
    assert plots.image(sv.abs, show=False)[0, 1].get_xlabel() == ""
    assert plots.image(Explanation(sv, base_values=None), show=False)[0, 1].get_xlabel() == "f(x) = 3"
    assert plots.image(Explanation(sv.values, data=sv.data), show=False)[0, 1].get_xlabel() == ""


@pytest.mark.parametrize(
    "labels, wanted",
    [
        (["a", "b", "c"], [["a", "b", "c"]] * 2),
        ([["a", "b", "c"], ["d", "e", "f"]], [["a", "b", "c"], ["d", "e", "f"]]),
        (np.array([["a", "b", "c"]] * 2), [["a", "b", "c"]] * 2),
    ],
)
def test_labels_are_titles_for_all_rows_or_for_each(labels, wanted):
    axes = plots.image(explained(), labels=labels, true_labels=["x", "y"], show=False)
    assert titles(axes) == [["x", *wanted[0]], ["y", *wanted[1]]]


def test_one_output_may_have_a_label_a_row():
    axes = plots.image(explained()[..., 0], labels=["a", "b"], show=False)
    assert titles(axes) == [["", "a"], ["", "b"]]
    assert titles(plots.image(explained()[..., "dog"], show=False))[0] == ["", "dog"]


def test_names_that_differ_from_row_to_row_are_titles():
    names = np.array([["cat", "dog", "owl"], ["fox", "owl", "cat"]], dtype=object)
    assert titles(plots.image(explained(output_names=names), show=False)) == [["", *line] for line in names.tolist()]


def test_long_titles_are_made_smaller_then_cut():
    names = ["a rather long name of an animal " * 3, "short", "eleven letters"]
    axes = plots.image(explained(output_names=names), show=False, width=8)
    texts = [ax.title for ax in axes[0, 1:]]
    assert texts[0].get_text().endswith("…")
    assert texts[1].get_text() == "short"
    figure = axes[0, 0].figure
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in texts]
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_numbers_beneath_narrow_panels_are_whole_or_absent():
    sv = Explanation(np.full((1, 4, 4, 10), -1 / 7.0), 0.0, np.zeros((1, 4, 4)))
    for width, wanted in ((20, "f(x) = −2.29"), (8, "−2.29"), (3, "")):
        axes = plots.image(sv, width=width, show=False)
        assert {ax.get_xlabel() for ax in axes[0, 1:]} == {wanted}


def test_dollars_in_titles_are_no_mathematics():
    axes = plots.image(explained(output_names=["$", "5$ to 7$", "$x_1$"]), show=False)
    axes[0, 0].figure.canvas.draw()
    assert not axes[0, 2].title.get_parse_math()


def test_nothing_is_drawn_outside_the_figure():
    for sv in (explained(1), explained(3), explained(1)[..., 0]):
        axes = plots.image(sv, true_labels=["what it is"] * 3, show=False)
        figure = axes[0, 0].figure
        figure.canvas.draw()
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= width
        assert box.y1 <= height
        assert width <= 20.0


def test_display_data_are_shown_instead_of_data():
    sv, shown = explained(), photos()
    sv.display_data = shown
    assert np.array_equal(plots.image(sv, show=False)[0, 0].images[0].get_array(), shown[0])


def test_many_channels_are_shown_by_the_means_of_three_groups():
    base = RNG.random((3, HEIGHT, WIDTH))
    group = np.array([0, 1, 1, 2, 0, 2, 1])
    data = np.moveaxis(base[group], 0, -1)[None]
    axes = plots.image(Explanation(RNG.normal(size=data.shape), 0.0, data), show=False)
    shown = axes[0, 0].images[0].get_array()
    assert shown.shape == (HEIGHT, WIDTH, 3)
    wanted = np.rint(255 * np.moveaxis(base, 0, -1))
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    assert any(np.array_equal(shown, wanted[..., list(order)]) for order in orders)


def test_boxes_are_drawn_on_their_map_and_with_labels_on_the_image():
    boxes = np.array([[1, 2, 5, 8], [3, 3, 9, 9], [np.nan] * 4])
    names = ["cat 0.93 [1, 2, 5, 8]", "dog", "owl"]
    axes = plots.image(explained(output_names=names), boxes=boxes, show=False)
    frames = [[patch for patch in ax.patches if patch.get_edgecolor()[:3] != (1.0, 1.0, 1.0)] for ax in axes[0]]
    assert [len(drawn) for drawn in frames] == [2, 1, 1, 0]
    assert frames[2][0].get_bbox().bounds == (3.0, 3.0, 6.0, 6.0)
    assert [text.get_text() for text in axes[1, 0].texts] == ["cat 0.93", "dog"]
    assert axes[0, 1].get_xlim() == (0.0, WIDTH)
    assert axes[0, 1].get_ylim() == (HEIGHT, 0.0)
    per_row = np.stack([boxes, boxes + 1])
    axes = plots.image(explained(), boxes=per_row, show=False)
    assert axes[1, 1].patches[0].get_bbox().bounds == (2.0, 3.0, 4.0, 6.0)
    plots.image(explained()[..., 0], boxes=per_row[:, 0], show=False)
    plots.image(explained(), boxes=[1, 2, 5, 8], show=False)
    plots.image(explained(), boxes=SimpleNamespace(boxes=boxes), show=False)
    with pytest.raises(DimensionError, match=r"`boxes` has shape \(2, 4\), but there are 3 outputs of 2 images"):
        plots.image(explained(), boxes=boxes[:2], show=False)


def test_labels_of_boxes_at_the_upper_edge_stand_beneath():
    axes = plots.image(explained()[..., 0], boxes=[2, 0, 6, 5], show=False)
    (text,) = axes[0, 0].texts
    assert (text.get_position(), text.get_va()) == ((2.0, 5.0), "top")


def test_maps_are_drawn_again_where_they_stand_out_from_their_errors():
    sv = explained()
    errors = np.abs(sv.values.sum(axis=3)) * RNG.choice([0.4, 0.6], size=(ROWS, HEIGHT, WIDTH, OUTPUTS))
    axes = plots.image(Explanation(sv, channel_error_std=errors), std_errors=True, show=False)
    assert axes.shape == (ROWS, 1 + 2 * OUTPUTS)
    assert axes[0, 2].get_title() == "|value| > 2 SE"
    maps = sv.values.sum(axis=3)
    kept = np.where(np.abs(maps) > 2 * errors, maps, 0.0)
    assert 0.0 < np.mean(kept != 0.0) < 1.0
    assert np.array_equal(values_in(axes[1, 4]), kept[1, ..., 1])
    assert axes[1, 4].get_xlabel() == f"{np.mean(kept[1, ..., 1] != 0.0):.0%} of pixels"
    with pytest.raises(OptionError, match="needs standard errors"):
        plots.image(sv, std_errors=True, show=False)


HARD = {
    "all zero": lambda: Explanation(np.zeros((2, 8, 8, 3)), 0.0, photos()[:, :8, :8]),
    "one colour": lambda: Explanation(RNG.normal(size=(2, 8, 8)), 0.0, np.full((2, 8, 8), 7.5)),
    "black": lambda: Explanation(RNG.normal(size=(2, 8, 8)), 0.0, np.zeros((2, 8, 8))),
    "NaN values": lambda: Explanation(np.full((1, 8, 8, 3), np.nan), 0.0, np.zeros((1, 8, 8, 3))),
    "some NaN": lambda: Explanation(np.where(np.eye(8) > 0, np.nan, 1.0)[None], 0.0, np.zeros((1, 8, 8))),
    "NaN data": lambda: Explanation(np.ones((1, 8, 8, 3)), 0.0, np.full((1, 8, 8, 3), np.nan)),
    "one pixel": lambda: Explanation(np.ones((1, 1, 1, 3)), 0.0, np.zeros((1, 1, 1, 3))),
    "a line": lambda: Explanation(np.ones((1, 1, 300)), 0.0, np.zeros((1, 1, 300))),
    "a pole": lambda: Explanation(np.ones((1, 300, 2, 1)), 0.0, np.zeros((1, 300, 2, 1))),
    "tiny": lambda: Explanation(RNG.normal(size=(2, 8, 8)) * 1e-300, 0.0, np.zeros((2, 8, 8))),
    "huge": lambda: Explanation(RNG.normal(size=(2, 8, 8)) * 1e300, 0.0, np.zeros((2, 8, 8))),
    "large": lambda: Explanation(RNG.normal(size=(1, 600, 700)), 0.0, np.zeros((1, 600, 700))),
    "many outputs": lambda: Explanation(RNG.normal(size=(2, 8, 8, 40)), 0.0, np.zeros((2, 8, 8))),
    "bool": lambda: Explanation(RNG.normal(size=(1, 8, 8)), 0.0, np.eye(8, dtype=bool)[None]),
    "no data": lambda: Explanation(RNG.normal(size=(1, 8, 8, 3, 2)), 0.0),
    "blocks": lambda: explained().pooled(4),
    "summed": lambda: explained().sum_channels(),
}


@pytest.mark.parametrize("sv", HARD.values(), ids=HARD)
def test_hard_images_are_drawn_without_a_warning(sv):
    axes = plots.image(sv(), show=False)
    axes[0, 0].figure.canvas.draw()


def test_other_plots_send_images_here():
    with pytest.raises(DimensionError, match=r"images, which plots\.image draws"):
        plots.bar(explained(), show=False)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"width": 0}, "`width` is 0"),
        ({"aspect": -1}, "`aspect` is -1"),
        ({"vmax": 0.0}, "`vmax` is 0.0"),
        ({"hspace": "wide"}, "`hspace` is 'wide'"),
        ({"labels": ["a", "b"]}, "`labels` has shape"),
        ({"true_labels": ["a"]}, "`true_labels` has 1 entries"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(OptionError, match=message):
        plots.image(explained(), show=False, **options)


def test_space_and_bar_follow_their_options():
    def height(**options):
        return plots.image(explained(3), show=False, **options)[0, 0].figure.get_figheight()

    assert height(hspace="auto") < height(hspace=0.5) < height(hspace=1.0)
    assert height(aspect=1.0) == pytest.approx(height(aspect=0.2) + 0.8)
    assert plots.image(explained(), width=6, show=False)[0, 0].figure.get_figwidth() == pytest.approx(6.0)
