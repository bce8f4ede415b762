"""The lines of a decision plot, the strip of colours where they end, and the values beside a single line."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.plots import colors
from ferroshap.plots.canvas.stage import ANNOTATION_SIZE, LABEL_SIZE, TICK_SIZE, Stage
from ferroshap.plots.canvas.wording import datum, wrapped
from ferroshap.plots.decisions.paths import Paths
from ferroshap.plots.style import ink, paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MANY_LINES = 500  # more are drawn as an image inside vector files
_STRIP = 0.25  # rows that the strip of colours takes
_DASH_DOT = (0, (6.4, 1.6, 1.0, 1.6))
_PAIR_SIZE = 9.0  # of labels of interactions


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the paths are drawn."""

    cmap: Any
    axis_color: Any
    demarcation: Any
    alpha: float | None
    title: str | None
    color_bar: bool
    is_descending: bool
    labels: list[str] | None
    legend_location: Any


def draw_paths(stage: Stage, paths: Paths, names: list[str], row: np.ndarray | None, look: Look) -> None:
    """Draw lines, frame and strip; `row` holds the values of the features of a single line."""
    ax, n_rows = stage.ax, len(names)
    ax.set_xlim(*paths.xlim)
    top = n_rows + (_STRIP if look.color_bar else 0.0)
    ax.set_ylim(*((0.0, top) if look.is_descending else (top, 0.0)))
    ax.axvline(paths.base, color=colors.ZERO, lw=1.2, zorder=-1)
    for y in range(1, n_rows):
        ax.axhline(y, color=ink(look.demarcation), lw=0.5, dashes=(1, 5), zorder=-1)
    hues = _draw_lines(ax, paths, look)
    _frame(ax, names, look)
    if row is not None:
        _draw_values(ax, paths.points[0], row)
    if look.labels is not None:
        _draw_legend(ax, paths, hues, look)
    if look.color_bar:
        _draw_strip(ax, look, n_rows)


def _draw_lines(ax: "Axes", paths: Paths, look: Look) -> Any:
    """Draw a line for each row, coloured by its end on the axis; highlighted ones over the others."""
    from matplotlib.collections import LineCollection

    low, high = paths.xlim
    hues = look.cmap(np.clip((paths.points[:, -1] - low) / (high - low), 0.0, 1.0))
    y = np.arange(paths.points.shape[1], dtype=float)
    lines = np.stack([paths.points, np.broadcast_to(y, paths.points.shape)], axis=-1)
    for is_highlighted in (False, True):
        some = paths.is_highlighted == is_highlighted
        if not some.any():
            continue
        drawn = LineCollection(
            list(lines[some]),
            colors=hues[some],
            linewidths=2.0 if is_highlighted else 1.0,
            linestyles=[_DASH_DOT] if is_highlighted else "solid",
            alpha=look.alpha,
            capstyle="butt" if is_highlighted else "round",
            joinstyle="round",
            zorder=2.5 if is_highlighted else 2.0,
            rasterized=int(some.sum()) > _MANY_LINES,
        )
        ax.add_collection(drawn, autolim=False)
    return hues


def _frame(ax: "Axes", names: list[str], look: Look) -> None:
    """Put the model's output on both axes along x, and the names between the dotted lines."""
    from ferroshap.plots.canvas.artists import is_math

    hue = ink(look.axis_color)
    ax.xaxis.set_ticks_position("both")
    for side in ("left", "right"):
        ax.spines[side].set_visible(False)
    for side in ("top", "bottom"):
        ax.spines[side].set(color=hue, linewidth=0.8)
    ax.tick_params("x", labeltop=True, labelsize=TICK_SIZE, color=hue, labelcolor=hue)
    ax.xaxis.get_offset_text().set(fontsize=TICK_SIZE, color=hue)
    ax.set_xlabel("Model output value", fontsize=LABEL_SIZE, color=hue)
    texts = [_label(name) for name in names]
    has_pairs = any(" *\n" in name for name in names)
    ax.set_yticks(np.arange(len(names)) + 0.5, texts)
    ax.tick_params("y", length=0, labelcolor=hue)
    for label, text, name in zip(ax.get_yticklabels(), texts, names, strict=True):
        n_lines = text.count("\n") + 1
        largest = TICK_SIZE if has_pairs else LABEL_SIZE
        size = _PAIR_SIZE if " *\n" in name else largest if n_lines == 1 else TICK_SIZE if n_lines == 2 else 8.5
        label.set(fontsize=size, linespacing=1.05)
        label.set_parse_math(is_math(name))
    if look.title:
        ax.set_title(look.title, color=hue)


def _label(name: str) -> str:
    """Break long names; those of pairs stay on two lines."""
    parts = name.split(" *\n")
    if len(parts) == 1:
        return wrapped(name)
    return " *\n".join(wrapped(part).replace("\n", " ") for part in parts)


def _draw_values(ax: "Axes", points: np.ndarray, row: np.ndarray) -> None:
    from ferroshap.plots.decisions.beside_line import BesideLine

    look = {"fontsize": ANNOTATION_SIZE, "color": ink(), "alpha": 0.8}
    for k, value in enumerate(row.tolist()):
        span = float(min(points[k : k + 2])), float(max(points[k : k + 2]))
        text = BesideLine(span, k + 0.5, f"({datum(value).strip()})", look, paper(ax))
        ax.add_artist(text)
        text.set_clip_on(False)


def _draw_legend(ax: "Axes", paths: Paths, hues: Any, look: Look) -> None:
    from matplotlib.lines import Line2D

    from ferroshap.plots.canvas.artists import is_math

    lines = [
        Line2D([], [], color=hue, linewidth=2.0 if thick else 1.0, linestyle=_DASH_DOT if thick else "-")
        for hue, thick in zip(hues, paths.is_highlighted, strict=True)
    ]
    # Kept off the strip of colours.
    share = _STRIP / (_STRIP + paths.points.shape[1] - 1) if look.color_bar else 0.0
    room = (0.0, 0.0 if look.is_descending else share, 1.0, 1.0 - share)
    key = ax.legend(
        handles=lines,
        labels=look.labels,
        loc=look.legend_location,
        bbox_to_anchor=room,
        labelcolor=ink(),
    )
    for text in key.get_texts():
        text.set_parse_math(is_math(text.get_text()))


def _draw_strip(ax: "Axes", look: Look, n_rows: int) -> None:
    """Draw the colours along the axis where the lines end, as an axes of its own: the last of the figure."""
    from matplotlib.cm import ScalarMappable

    figure: Any = ax.figure
    strip = figure.add_axes((0.0, 0.0, 1.0, 1.0), label="<colorbar>")
    strip.set_axes_locator(_AtTheEnd(ax, n_rows, n_rows + _STRIP))
    bar = figure.colorbar(
        ScalarMappable(cmap=look.cmap), cax=strip, orientation="horizontal", ticks=[], alpha=look.alpha
    )
    bar.outline.set_visible(False)
    figure.sca(ax)


class _AtTheEnd:
    """Keeps the strip over all of the axes' width, from one height of their data to another."""

    def __init__(self, ax: "Axes", low: float, high: float) -> None:
        self.ax, self.low, self.high = ax, low, high

    def __call__(self, strip: Any, renderer: Any) -> Any:
        """Return the place in parts of the figure."""
        from matplotlib.transforms import Bbox

        del strip, renderer
        x0, x1 = self.ax.bbox.x0, self.ax.bbox.x1
        ends = self.ax.transData.transform([(0.0, self.low), (0.0, self.high)])[:, 1]
        return Bbox([[x0, min(ends)], [x1, max(ends)]]).transformed(self.ax.figure.transSubfigure.inverted())

    def get_subplotspec(self) -> Any:
        """Let layouts count the strip as a part of the axes."""
        return self.ax.get_subplotspec()
