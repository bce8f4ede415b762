"""A cloud of dots: the SHAP value of a feature over its value, as scatter and dependence plots draw it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.plots import colors
from ferroshap.plots.canvas.axis_names import name_dates, name_places, whole_numbers
from ferroshap.plots.canvas.limits import limits
from ferroshap.plots.canvas.stage import LABEL_SIZE, TICK_SIZE
from ferroshap.plots.canvas.wording import wrapped
from ferroshap.plots.clouds.histogram import draw_histogram, smallest_gap
from ferroshap.plots.clouds.shading import Shading, level_names
from ferroshap.plots.reading.places import Column
from ferroshap.plots.style import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MANY_DOTS = 500  # more are drawn as an image inside vector files
_MOST_WHISKERS = 300  # rows whose errors can be told apart
_CROWDED, _PACKED = 10, 100  # dots at one value from which on they are shaken, little and more
_EDGE_LEFT = 1  # matplotlib's number of a tick that points right
_LETTER, _SMALLEST = 0.58, 8.0  # width of a letter in parts of its size; points


@dataclass(frozen=True)
class Cloud:
    """One feature: where its values stand, its SHAP values, their errors, and what colours them."""

    column: Column
    values: np.ndarray  # (rows,)
    ends: np.ndarray | None = None  # (rows, 2)
    shading: Shading | None = None

    @property
    def heights(self) -> np.ndarray:
        """Everything along y: the values, and the ends of whiskers that are drawn."""
        return self.values if self.whiskers is None else np.concatenate([self.values, self.whiskers.ravel()])

    @property
    def whiskers(self) -> np.ndarray | None:
        """The ends of the errors, None where they are unknown or too many to be told apart."""
        return None if self.ends is None or len(self.values) > _MOST_WHISKERS else self.ends


@dataclass(frozen=True)
class Look:
    """How a cloud is drawn."""

    color: Any = colors.SINGLE
    hist: bool = True
    axis_color: Any = colors.NAME
    dot_size: float = 16
    x_jitter: Any = "auto"
    alpha: float = 1.0
    title: str | None = None
    x_limits: tuple[Any, Any] = (None, None)
    y_limits: tuple[Any, Any] = (None, None)
    ylabel: str = "SHAP value"


def draw_cloud(ax: "Axes", cloud: Cloud, look: Look) -> None:
    """Draw the histogram, the dots, the missing ones at the left edge, and the frame."""
    gap = smallest_gap(cloud.column)
    shake = jitter_share(look.x_jitter, cloud.column) * gap
    taken = cloud.column.distinct()
    steps = level_names(cloud.column, taken)
    wide = cloud.column.levels is not None or (steps is not None and len(taken) > 1 and np.ptp(taken) <= len(taken))
    margin = 0.5 * gap if wide else 0.6 * shake
    ax.set_xlim(*limits(*look.x_limits, cloud.column.places, axis="x", margin=margin))
    ax.set_ylim(*limits(*look.y_limits, cloud.heights, axis="y"))
    ax.axhline(0.0, color=colors.ZERO, lw=0.6, dashes=(1, 4), zorder=-1)
    if look.hist:
        draw_histogram(ax, cloud.column)
    _draw_dots(ax, cloud, look, shake)
    _frame(ax, cloud.column, look)


def jitter_share(x_jitter: Any, column: Column) -> float:
    """How far dots are shaken, in parts of the smallest gap between values; "auto": the more of them share one."""
    n_distinct = len(column.distinct())
    if x_jitter == "auto":
        crowd = int(column.is_known.sum()) / max(n_distinct, 1)
        return 0.0 if crowd < _CROWDED or n_distinct < 2 else 0.1 if crowd < _PACKED else 0.2
    return min(float(x_jitter), 1.0) if n_distinct > 1 else 0.0


def _draw_dots(ax: "Axes", cloud: Cloud, look: Look, shake: float) -> None:
    """Draw in an order that no row is favoured by; the generator is ours, so the picture is the same every time."""
    rng = np.random.default_rng(0)
    order = rng.permutation(np.flatnonzero(np.isfinite(cloud.values)))
    x = (cloud.column.places + (rng.random(len(cloud.values)) - 0.5) * shake)[order]
    y = cloud.values[order]
    if cloud.whiskers is not None:
        _draw_whiskers(ax, x, cloud.whiskers[order])
    shading = cloud.shading
    hues = np.full(len(x), np.nan) if shading is None else shading.numbers[order]
    on_edge = ~np.isfinite(x)
    for is_edge in (False, True):
        for is_grey in (True, False):
            some = (on_edge == is_edge) & (np.isnan(hues) == is_grey)
            if not some.any():
                continue
            paint = _paint(cloud.shading, look, hues[some], is_grey=is_grey)
            _place(ax, x[some], y[some], paint, look, is_edge=is_edge)


def _paint(shading: Shading | None, look: Look, hues: np.ndarray, *, is_grey: bool) -> dict[str, Any]:
    if shading is None:
        return {"color": colors.named(look.color), "zorder": 2.0}
    if is_grey:
        return {"color": colors.GREY, "zorder": 2.0}
    return {"c": hues, "cmap": shading.cmap, "norm": shading.norm, "zorder": 2.5}


def _place(ax: "Axes", x: np.ndarray, y: np.ndarray, paint: dict[str, Any], look: Look, *, is_edge: bool) -> None:
    many = len(x) > MANY_DOTS
    if not is_edge:
        ax.scatter(x, y, s=look.dot_size, linewidths=0, alpha=look.alpha, rasterized=many, **paint)
        return
    from matplotlib.markers import MarkerStyle

    ax.scatter(
        np.zeros(len(y)),
        y,
        s=3.0 * look.dot_size,
        marker=MarkerStyle(_EDGE_LEFT),
        linewidths=1.5,
        alpha=look.alpha,
        rasterized=many,
        transform=ax.get_yaxis_transform(),
        **paint,
    )


def _draw_whiskers(ax: "Axes", x: np.ndarray, ends: np.ndarray) -> None:
    from matplotlib.collections import LineCollection

    known = np.isfinite(x) & np.isfinite(ends).all(axis=1)
    lines = [[(place, low), (place, high)] for place, (low, high) in zip(x[known], ends[known], strict=True)]
    whiskers = LineCollection(lines, colors=[colors.CONNECTOR], linewidths=1.0, zorder=1.0)
    whiskers.set_label("_whiskers")
    ax.add_collection(whiskers, autolim=False)


def _size(ax: "Axes", text: str) -> float:
    """The size of type at which a label is no wider than the axes: panels in a line are narrow."""
    points = ax.get_window_extent().width / ax.figure.dpi * 72.0
    longest = max(map(len, text.split("\n")), default=0) or 1
    return float(np.clip(points / (_LETTER * longest), _SMALLEST, LABEL_SIZE))


def _frame(ax: "Axes", column: Column, look: Look) -> None:
    """Leave the left and bottom spines, and write the names."""
    from ferroshap.plots.canvas.artists import is_math

    hue = ink(look.axis_color)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for spine in ax.spines.values():
        spine.set_edgecolor(hue)
        spine.set_linewidth(0.8)
    ax.tick_params(color=hue, labelcolor=hue, labelsize=TICK_SIZE)
    for axis in (ax.xaxis, ax.yaxis):
        axis.get_offset_text().set(fontsize=TICK_SIZE, color=hue)
    ax.set_xlabel(wrapped(column.name), color=hue, fontsize=_size(ax, wrapped(column.name)))
    ax.set_ylabel(look.ylabel, color=hue, fontsize=LABEL_SIZE)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_parse_math(is_math(column.name))
    if look.title is not None:
        ax.set_title(look.title, color=hue, fontsize=LABEL_SIZE)
    if column.levels is not None:
        name_places(ax, column.levels, column.level_names)
    elif column.is_date:
        name_dates(ax.xaxis)
    elif level_names(column, column.distinct()) is not None:
        whole_numbers(ax.xaxis)
