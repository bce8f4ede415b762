"""Styles: eight colours that may be changed, and texts that can be read on any background."""

from typing import get_type_hints

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from ferroshap import plots
from ferroshap.errors import InvalidStyleOptionError
from ferroshap.explanation import Explanation
from ferroshap.plots import colors
from ferroshap.plots.style import StyleConfig, StyleOptions, ink, line_ink

ROW = Explanation([3.0, -2.0], 1.0, [50.0, 20.0], feature_names=["age", "bmi"], error_std=[0.5, 0.5])


@pytest.fixture(autouse=True)
def same_style_afterwards():
    yield
    plots.set_style(StyleConfig())


def test_the_eight_colours_are_those_of_the_palette():
    style = plots.get_style()
    assert style.asdict() == {
        "primary_color_positive": "#FF0051",
        "primary_color_negative": "#008BFB",
        "secondary_color_positive": "#FF7FA7",
        "secondary_color_negative": "#7FC4FC",
        "hlines_color": "#CCCCCC",
        "vlines_color": "#BBBBBB",
        "text_color": "white",
        "tick_labels_color": "#999999",
    }


def test_bars_arrows_whiskers_lines_and_numbers_take_the_colours_of_the_style():
    with plots.style_context(
        primary_color_positive="#00AA00",
        primary_color_negative=(0.0, 0.0, 0.5),
        secondary_color_positive="#AAFFAA",
        hlines_color="#123456",
        vlines_color="#654321",
        text_color="yellow",
    ):
        bar = plots.bar(ROW, ax=plt.figure(figsize=(8, 4)).subplots())
        steps = plots.waterfall(ROW, ax=plt.figure(figsize=(8, 4)).subplots())
    assert [to_hex(patch.get_facecolor()) for patch in bar.patches] == ["#00aa00", "#000080"]
    assert {to_hex(patch.get_facecolor()) for patch in steps.patches} == {"#00aa00", "#000080"}
    assert to_hex(bar.containers[1][2][0].get_edgecolor()[0]) == "#aaffaa"
    assert "#123456" in [line.get_color() for line in bar.lines]
    assert "#654321" in [line.get_color() for line in steps.lines]
    bar.figure.canvas.draw()
    assert {text.get_color() for text in bar.get_children() if hasattr(text, "tip")} == {"yellow"}


def test_a_context_ends_with_the_style_that_was_there_before_also_after_an_exception():
    plots.set_style(text_color="black")
    with pytest.raises(ZeroDivisionError), plots.style_context(text_color="red") as style:
        1 / (style.text_color != "red")
    assert plots.get_style().text_color == "black"
    plots.set_style(StyleConfig(), hlines_color="red")
    assert (plots.get_style().text_color, plots.get_style().hlines_color) == ("white", "red")


@pytest.mark.parametrize(
    "options, words",
    [({"text_colour": "red"}, "did you mean 'text_color'"), ({"text_color": "rouge"}, "`text_color` is 'rouge'")],
)
def test_what_is_no_option_or_no_colour_is_refused_and_changes_nothing(options, words):
    with pytest.raises(InvalidStyleOptionError, match=words):
        plots.set_style(**options)
    with pytest.raises(ValueError, match=words), plots.style_context(**options):
        pass
    assert plots.get_style() == StyleConfig()


def test_texts_are_dark_grey_on_white_and_follow_a_style_of_matplotlib():
    assert (ink(), line_ink()) == (colors.NAME, "black")
    with plt.style.context("dark_background"):
        assert (ink(), line_ink(), ink("red")) == ("white", "white", "red")


def luminance(color):
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in plt.matplotlib.colors.to_rgb(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TABLE = Explanation(np.random.default_rng(0).normal(size=(30, 4)), 0.0, np.random.default_rng(1).normal(size=(30, 4)))
CASES = {
    "bar": lambda: plots.bar(TABLE, show=False),
    "beeswarm": lambda: plots.beeswarm(TABLE, show=False),
    "waterfall": lambda: plots.waterfall(TABLE[0], show=False),
    "heatmap": lambda: plots.heatmap(TABLE, show=False),
    "violin": lambda: plots.violin(TABLE, show=False),
    "summary": lambda: plots.summary_plot(TABLE, show=False),
    "outputs": lambda: plots.bar(Explanation(np.ones((2, 3, 2))), show=False),
}


@pytest.mark.parametrize("draw", CASES.values(), ids=CASES)
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_every_text_can_be_read_on_its_background(draw, style):
    with plt.style.context(style):
        ax = draw()
        figure = ax.figure
        figure.canvas.draw()
        ground = to_hex(figure.get_facecolor())
        texts = [
            text
            for axes in figure.axes
            for text in axes.findobj(plt.Text)
            if text.get_text().strip() and text.get_visible() and not hasattr(text, "tip")
        ]
        assert len(texts) > 4
        for text in texts:
            assert contrast(text.get_color(), ground) >= 2.8, text  # the grey of values on white has 2.85


def test_type_checkers_know_the_options_of_a_style():
    assert list(get_type_hints(StyleOptions)) == list(plots.get_style().asdict())
