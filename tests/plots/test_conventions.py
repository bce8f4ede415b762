"""What all pictures have in common: where they draw, what they return, what they refuse, what they survive."""

import subprocess
import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ferroshap import plots
from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation

RNG = np.random.default_rng(5)


def table(n_rows=20, n_features=6, scale=1.0, **fields):
    values = RNG.normal(size=(n_rows, n_features)) * scale
    return Explanation(values, np.full(n_rows, 0.5 * scale), RNG.normal(size=(n_rows, n_features)), **fields)


def draw_all(sv, **options):
    """Each plot on the table or its first row."""
    yield plots.bar(sv, **options)
    yield plots.bar(sv[0], **options)
    yield plots.beeswarm(sv, **options)
    yield plots.waterfall(sv[0], **options)
    yield plots.heatmap(sv, **options)
    yield plots.violin(sv, **options)
    yield plots.violin(sv, plot_type="layered_violin", **options)
    if "ax" not in options:
        yield plots.summary_plot(sv, **options)
        yield plots.summary_plot(sv, plot_type="bar", **options)


PLOTS = {
    "bar": plots.bar,
    "bar of one row": lambda sv, **options: plots.bar(sv[0], **options),
    "beeswarm": plots.beeswarm,
    "waterfall": lambda sv, **options: plots.waterfall(sv[0], **options),
    "heatmap": plots.heatmap,
    "violin": plots.violin,
}
each_plot = pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)


@each_plot
def test_without_axes_the_current_figure_is_resized_and_its_axes_come_back(plot):
    figure = plt.figure()
    ax = plot(table(), show=False)
    assert plt.get_fignums() == [figure.number]
    assert ax.figure is figure
    assert plt.gca() is ax
    assert figure.get_size_inches()[0] == 8.0


@each_plot
def test_axes_given_are_drawn_in_and_nothing_else_is_touched(plot):
    figure, axes = plt.subplots(2, 2, figsize=(9, 7))
    before = [other.get_position().bounds for other in axes.flat[1:]]
    ax = plot(table(), ax=axes[0, 0])
    assert ax is axes[0, 0]
    assert figure.get_size_inches().tolist() == [9.0, 7.0]
    assert [other.get_position().bounds for other in axes.flat[1:]] == before
    assert all(not other.has_data() for other in axes.flat[1:])


@each_plot
def test_an_axes_in_use_by_others_does_not_get_its_figure_resized(plot):
    figure, _ = plt.subplots(1, 2, figsize=(9, 3))
    plot(table(), show=False)
    assert figure.get_size_inches().tolist() == [9.0, 3.0]


@each_plot
def test_showing_returns_nothing(plot, monkeypatch):
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(True))
    handed_over = [plot(table()), plot(table(), show=True)]
    if plot is not plots.heatmap:  # which always returns its axes, as the incumbent's does
        assert handed_over == [None, None]
    assert shown == [True, True]
    plot(table(), show=False)
    plot(table(), ax=plt.figure().subplots())
    assert shown == [True, True]


HARD = {
    "constant": lambda: Explanation(np.ones((5, 3)), 1.0, np.ones((5, 3))),
    "all zero": lambda: Explanation(np.zeros((5, 3)), 0.0, np.zeros((5, 3)), error_std=np.zeros((5, 3))),
    "NaN data": lambda: Explanation(RNG.normal(size=(5, 3)), 1.0, np.full((5, 3), np.nan)),
    "NaN values": lambda: Explanation(
        np.full((5, 3), np.nan), 1.0, np.zeros((5, 3)), error_std=np.full((5, 3), np.nan)
    ),
    "infinite data": lambda: Explanation(RNG.normal(size=(5, 3)), 1.0, np.full((5, 3), np.inf)),
    "one row": lambda: table(1),
    "one feature": lambda: table(5, 1),
    "10,000 features": lambda: table(3, 10_000),
    "tiny": lambda: table(scale=1e-300),
    "huge": lambda: table(scale=1e300),
    "strings": lambda: Explanation(RNG.normal(size=(4, 2)), 0.0, np.array([["a", 1.0], ["b", None]] * 2, dtype=object)),
    "no data": lambda: Explanation(RNG.normal(size=(4, 2)), 0.0),
    "odd names": lambda: table(4, 6, feature_names=["$", "a$b$", "$x^$", "", "x" * 400, "a=b\nc"]),
    "formula": lambda: table(4, 2, feature_names=["$x_1$", "$\\frac{a}{b}$"]),
}


@pytest.mark.parametrize("sv", HARD.values(), ids=HARD)
def test_hard_data_are_drawn_without_a_warning(sv):
    for ax in draw_all(sv(), show=False):
        ax.figure.canvas.draw()
        plt.close(ax.figure)


EASY = {
    "few": lambda: table(30, 4, error_std=np.full((30, 4), 0.3), interval_df=5),
    "many": lambda: table(30, 40),
    "long names": lambda: table(
        30, 8, feature_names=[f"{word} {i}" for i, word in enumerate(["a long name " * 6] * 8)]
    ),
    "long words": lambda: table(30, 8, feature_names=["x" * (15 * i) for i in range(8)]),
    "tiny": lambda: table(30, 4, 1e-7),
    "huge": lambda: table(30, 4, 1e6),
}


@pytest.mark.parametrize("sv", EASY.values(), ids=EASY)
@each_plot
def test_nothing_is_drawn_outside_our_own_figure(plot, sv):
    ax = plot(sv(), show=False)
    figure = ax.figure
    figure.canvas.draw()
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height


@pytest.mark.parametrize("layout", ["constrained", "tight"])
def test_four_pictures_share_a_grid_without_touching(layout):
    figure, axes = plt.subplots(2, 2, figsize=(16, 10), layout=layout)
    sv = table(40, 8, error_std=np.full((40, 8), 0.2))
    plots.bar(sv, ax=axes[0, 0])
    plots.beeswarm(sv, ax=axes[0, 1])
    plots.waterfall(sv[0], ax=axes[1, 0])
    plots.bar(sv[0], ax=axes[1, 1])
    figure.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in axes.flat]
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0
            assert apart


@each_plot
def test_what_is_no_explanation_is_refused(plot):
    if plot is plots.violin:
        return  # takes arrays, as the incumbent's does
    for thing in (np.ones((3, 2)), [[1.0]]):
        with pytest.raises(TypeError, match="pass an Explanation"):
            plot(thing, show=False)


def foreign(sv, **changes):
    """Looks like the incumbent's Explanation."""
    names = ("values", "base_values", "data", "feature_names", "op_history")
    return SimpleNamespace(**({name: getattr(sv, name) for name in names} | changes))


def test_the_incumbents_explanations_are_drawn_without_its_error_std():
    sv = table()
    ax = plots.bar(foreign(sv, error_std=np.ones(sv.shape)), show=False)
    assert ax.get_xlabel() == "mean(|SHAP value|)"
    ax = plots.bar(foreign(sv[0], error_std=np.ones(sv.shape[1])), ax=plt.figure().subplots())
    assert len(ax.containers) == 1
    assert plots.bar(foreign(sv.abs.max(0)), ax=plt.figure().subplots()).get_xlabel() == "max(|SHAP value|)"
    assert plots.waterfall(foreign(sv[0], base_values=np.float64(1.0)), ax=plt.figure().subplots())


def test_several_outputs_ask_for_one_by_name():
    sv = Explanation(RNG.normal(size=(5, 3, 2)), 0.0, output_names=["no", "yes"])
    for plot, given in ((plots.beeswarm, sv), (plots.waterfall, sv[0]), (plots.heatmap, sv), (plots.violin, sv)):
        with pytest.raises(ValueError, match=r"pass sv\[\.\.\., k\].*'yes'"):
            plot(given, show=False)


def test_an_output_axis_of_length_one_is_dropped():
    sv = Explanation(RNG.normal(size=(5, 3, 1)), np.zeros((5, 1)), axes=("row", "feature", "output"))
    for ax in (
        plots.beeswarm(sv, show=False),
        plots.waterfall(sv[0], ax=plt.figure().subplots()),
        plots.bar(sv, ax=plt.figure().subplots()),
    ):
        assert len(ax.get_yticklabels()) == 3


def test_the_wrong_axes_are_refused_with_what_to_pass():
    sv = table()
    with pytest.raises(DimensionError, match=r"20 rows: pick one, as sv\[0\]"):
        plots.waterfall(sv, show=False)
    with pytest.raises(DimensionError, match=r"pass sv\[:1\]"):
        plots.beeswarm(sv[0], show=False)
    with pytest.raises(DimensionError, match="one column was picked"):
        plots.bar(sv[:, 0], show=False)
    with pytest.raises(DimensionError, match="interactions"):
        plots.bar(Explanation(np.zeros((2, 3, 3)), 0.0, np.zeros((2, 3))), show=False)
    with pytest.raises(OptionError, match="no base value"):
        plots.waterfall(Explanation([1.0]), show=False)
    assert plots.waterfall(sv[:1], show=False)


def test_nothing_is_no_picture():
    for nothing in (Explanation(np.zeros((0, 3)), 0.0), Explanation(np.zeros((3, 0)), 0.0)):
        for plot in (plots.bar, plots.beeswarm, plots.waterfall, plots.heatmap, plots.violin, plots.summary_plot):
            with pytest.raises(DimensionError, match="nothing to draw"):
                plot(nothing, show=False)


@each_plot
def test_options_are_checked(plot):
    with pytest.raises(OptionError, match="`max_display` is 0"):
        plot(table(), show=False, max_display=0)
    with pytest.raises(TypeError):
        plot(table(), show=False, max_displays=3)


def test_without_matplotlib_the_error_names_what_to_install():
    code = """
import sys
sys.modules["matplotlib"] = None
from ferroshap import plots
from ferroshap.explanation import Explanation
try:
    plots.bar(Explanation([1.0]))
except ImportError as error:
    assert "pip install ferroshap[plots]" in str(error), error
else:
    raise SystemExit("drawn without matplotlib")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_matplotlib_is_imported_when_the_first_picture_is_drawn_and_pyplot_only_if_it_must():
    code = """
import sys
from ferroshap import plots
from ferroshap.explanation import Explanation
assert "matplotlib" not in sys.modules
from matplotlib.figure import Figure
sv = Explanation([[1.0, -2.0]], 0.0, [[3.0, 4.0]])
plots.bar(sv, ax=Figure().subplots())
plots.beeswarm(sv, ax=Figure().subplots())
plots.waterfall(sv[0], ax=Figure().subplots())
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("draw", [plots.beeswarm, plots.violin, plots.summary_plot])
def test_no_size_leaves_the_figure_as_large_as_it_is(draw):
    figure = plt.figure(figsize=(3, 3))
    values = np.random.default_rng(0).normal(size=(20, 4))
    draw(Explanation(values, 0.0, values), plot_size=None, show=False)
    assert figure.get_size_inches().tolist() == [3, 3]
    plt.close(figure)
