"""What scatter, dependence, decision and the smaller plots have in common with all pictures."""

import subprocess
import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ferroshap import plots
from ferroshap.explanation import Explanation

RNG = np.random.default_rng(5)


def table(n_rows=40, n_features=5, scale=1.0, **fields):
    values = RNG.normal(size=(n_rows, n_features)) * scale
    return Explanation(values, np.full(n_rows, 0.5 * scale), RNG.normal(size=(n_rows, n_features)), **fields)


def curve(sv, **options):
    data = np.asarray(sv.data)
    first = data[:, 0]
    known = {value: float(k) for k, value in enumerate(first.tolist())}

    def model(rows):
        return np.array([known.get(value, 0.5) for value in np.asarray(rows)[:, 0].tolist()])

    left = plots.partial_dependence(0, model, data, feature_names=sv.feature_names, npoints=9, **options)
    return left[1] if left else None


PLOTS = {
    "scatter": lambda sv, **options: plots.scatter(sv[:, 0], **options),
    "coloured scatter": lambda sv, **options: plots.scatter(sv[:, 0], color=sv, **options),
    "dependence": lambda sv, **options: plots.dependence_plot(0, sv, **options),
    "decision": lambda sv, **options: plots.decision(sv.base_values[0], sv, **options),
    "decision of one row": lambda sv, **options: plots.decision(sv.base_values[0], sv[:1], **options),
    "partial dependence": curve,
    "group difference": lambda sv, **options: plots.group_difference(sv, np.arange(len(sv)) % 2 == 0, **options),
}
UNPLACED = {
    "embedding": lambda sv, **options: plots.embedding("rank(0)", sv, **options),
    "monitoring": lambda sv, **options: plots.monitoring("rank(0)", sv, None, **options),
    "panels": lambda sv, **options: plots.scatter(sv[:, :3], color=sv, **options),
    "several outputs": lambda sv, **options: plots.multioutput_decision(
        [0.0, 1.0], [sv.values, -sv.values], 0, feature_names=sv.feature_names, **options
    ),
}
each_plot = pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
every_plot = pytest.mark.parametrize("plot", (PLOTS | UNPLACED).values(), ids=PLOTS | UNPLACED)
IN_PLACE = {"decision", "decision of one row", "embedding", "several outputs"}


def main_axes(left):
    """The axes that came back, the first of several."""
    return np.ravel(left)[0]


@pytest.mark.parametrize("name", PLOTS | UNPLACED)
def test_figures_are_opened_or_taken_as_stated(name):
    figure = plt.figure()
    ax = main_axes((PLOTS | UNPLACED)[name](table(), show=False))
    assert (ax.figure is figure) is (name in IN_PLACE)
    assert len(plt.get_fignums()) == (1 if name in IN_PLACE else 2)
    assert plt.gcf() is ax.figure
    assert plt.gca() is ax


@each_plot
def test_axes_given_are_drawn_in_and_nothing_else_is_touched(plot):
    figure, axes = plt.subplots(2, 2, figsize=(11, 9))
    before = [other.get_position().bounds for other in axes.flat[1:]]
    assert plot(table(), ax=axes[0, 0]) is axes[0, 0]
    assert plt.get_fignums() == [figure.number]
    assert figure.get_size_inches().tolist() == [11.0, 9.0]
    assert [other.get_position().bounds for other in axes.flat[1:]] == before
    assert all(not other.has_data() for other in axes.flat[1:])


@every_plot
def test_showing_returns_nothing(plot, monkeypatch):
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(True))
    assert plot(table()) is None
    assert plot(table(), show=True) is None
    assert shown == [True, True]
    assert plot(table(), show=False) is not None
    assert shown == [True, True]


WORDS = np.array(["a", "b", None, "d"], dtype=object)
HARD = {
    "constant": lambda: Explanation(np.ones((9, 3)), np.ones(9), np.ones((9, 3))),
    "all zero": lambda: Explanation(np.zeros((9, 3)), np.zeros(9), np.zeros((9, 3)), error_std=np.zeros((9, 3))),
    "NaN values": lambda: Explanation(
        np.full((9, 3), np.nan), np.zeros(9), np.zeros((9, 3)), error_std=np.full((9, 3), np.nan)
    ),
    "two features": lambda: table(9, 2),
    "300 features": lambda: table(9, 300),
    "tiny": lambda: table(scale=1e-300),
    "huge": lambda: table(scale=1e150),
    "strings": lambda: Explanation(
        RNG.normal(size=(40, 2)), np.zeros(40), np.column_stack([WORDS[np.arange(40) % 4], WORDS[np.arange(40) % 3]])
    ),
    "many strings": lambda: Explanation(
        RNG.normal(size=(200, 2)),
        np.zeros(200),
        np.array([[f"a long name of place {i}", i] for i in range(200)], object),
    ),
    "odd names": lambda: table(9, 6, feature_names=["$", "a$b$", "$x^$", "", "x" * 400, "a=b\nc"]),
    "formulas": lambda: table(9, 2, feature_names=["$x_1$", "$\\frac{a}{b}$"]),
}


@pytest.mark.parametrize("sv", HARD.values(), ids=HARD)
def test_hard_data_are_drawn_without_a_warning(sv):
    for name, plot in (PLOTS | UNPLACED).items():
        if name != "partial dependence" or np.shape(sv())[1] < 100:
            main_axes(plot(sv(), show=False)).figure.canvas.draw()
            plt.close("all")


@pytest.mark.parametrize("name", [name for name in PLOTS if name != "group difference"])
def test_one_row_and_missing_or_infinite_data_are_drawn(name):
    for data in (np.ones((1, 3)), np.full((5, 3), np.nan), np.full((5, 3), np.inf)):
        if name == "partial dependence" and not np.isfinite(data).all():
            continue  # there is nothing to set the feature to
        sv = Explanation(RNG.normal(size=data.shape), np.zeros(len(data)), data)
        PLOTS[name](sv, show=False).figure.canvas.draw()
        plt.close("all")


EASY = {
    "long names": lambda: table(30, 5, feature_names=[f"{'a long name ' * 6} {i}" for i in range(5)]),
    "long words": lambda: table(30, 5, feature_names=["x" * (25 * i) for i in range(5)]),
    "huge": lambda: table(30, 4, 1e6, error_std=np.full((30, 4), 3e5)),
    "strings": HARD["many strings"],
}


@pytest.mark.parametrize("sv", EASY.values(), ids=EASY)
@every_plot
def test_nothing_is_drawn_outside_our_own_figure(plot, sv):
    figure = main_axes(plot(sv(), show=False)).figure
    figure.canvas.draw()
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height


@pytest.mark.parametrize("layout", ["constrained", "tight"])
def test_four_pictures_share_a_grid_without_touching(layout):
    figure, axes = plt.subplots(2, 2, figsize=(16, 10), layout=layout)
    sv = table(40, 8)
    plots.scatter(sv[:, 0], color=sv, ax=axes[0, 0])
    plots.decision(0.5, sv, ax=axes[0, 1], title="Paths")
    plots.dependence_plot(1, sv, ax=axes[1, 0])
    plots.group_difference(sv, np.arange(40) < 9, ax=axes[1, 1])
    figure.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in axes.flat]
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0


def foreign(sv, **changes):
    """Looks like the incumbent's Explanation."""
    names = ("values", "base_values", "data", "feature_names", "op_history")
    return SimpleNamespace(**({name: getattr(sv, name) for name in names} | {"display_data": None} | changes))


def test_the_incumbents_explanations_are_drawn():
    sv = table()
    ax = plots.scatter(foreign(sv[:, 0]), color=foreign(sv), show=False)
    assert (ax.get_xlabel(), len(ax.figure.axes)) == ("Feature 0", 2)
    assert len(plots.scatter(foreign(sv[:, :2]), show=False)) == 2
    assert plots.dependence_plot("Feature 1", foreign(sv), show=False).get_xlabel() == "Feature 1"
    assert plots.decision(0.0, foreign(sv), show=False)
    assert plots.group_difference(foreign(sv), np.arange(40) < 9, show=False)
    assert plots.embedding("sum()", foreign(sv), show=False)
    assert plots.monitoring(0, foreign(sv), None, show=False)
    assert plots.partial_dependence(0, lambda rows: rows[:, 0], foreign(sv), show=False)


@every_plot
def test_dark_grounds_get_light_texts(plot):
    with plt.style.context("dark_background"):
        ax = main_axes(plot(table(), show=False))
    texts = [ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
    for text in texts:
        if text.get_text() and ax.axison:
            assert min(plt.matplotlib.colors.to_rgb(text.get_color())) > 0.5


def test_pyplot_is_imported_only_if_it_must():
    code = """
import sys
import numpy as np
from ferroshap import plots
from ferroshap.explanation import Explanation
assert "matplotlib" not in sys.modules
from matplotlib.figure import Figure
sv = Explanation(np.eye(4), np.zeros(4), np.eye(4))
plots.scatter(sv[:, 0], color=sv, ax=Figure().subplots())
plots.dependence_plot(0, sv, ax=Figure().subplots())
plots.decision(0.0, sv, ax=Figure().subplots())
plots.partial_dependence(0, lambda rows: rows[:, 0], np.eye(4), ax=Figure().subplots())
plots.group_difference(sv, [True, False, False, True], ax=Figure().subplots())
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
