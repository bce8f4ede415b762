"""Where a picture is drawn, how it is framed, and how it leaves."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.plots import colors
from ferroshap.plots.style import get_style, ink, line_ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABEL_SIZE, ANNOTATION_SIZE, TICK_SIZE = 13, 12, 11
WIDTH = 8.0  # inches
_TALLEST = 600.0  # inches: above this no raster can be written at 100 dots an inch
_PAD = 0.15  # inches of white around our own figure
_SHARE = 0.3  # at most this part of the width goes to the labels on either side
_SLACK = 1.2  # a label that only just fits inside may not after the margins have moved: it gets room outside too


@dataclass
class Stage:
    """The axes of a picture; `is_own` when nobody gave them and nobody else draws in their figure."""

    ax: "Axes"
    is_own: bool
    was_given: bool
    fits: bool = False  # whether the margins have been moved since the last text was added


def open_stage(ax: Any, height: float | None, width: float = WIDTH) -> Stage:
    """Take the axes given, else pyplot's current ones, whose figure is resized if nothing else is in it.

    A height of None leaves the figure as large as it is.

    Raises
    ------
    ImportError
        If matplotlib is not installed, naming what to install.
    """
    open_library()
    if ax is not None:
        return Stage(ax, is_own=False, was_given=True)
    import matplotlib.pyplot as plt

    ax = plt.gca()
    is_own = plt.gcf().axes == [ax]
    if is_own and height is not None:
        plt.gcf().set_size_inches(width, min(height, _TALLEST))
    return Stage(ax, is_own=is_own, was_given=False)


def open_new_stage(ax: Any, width: float, height: float) -> Stage:
    """Take the axes given, else those of a new figure of this size in inches.

    Raises
    ------
    ImportError
        If matplotlib is not installed, naming what to install.
    """
    open_library()
    if ax is not None:
        return Stage(ax, is_own=False, was_given=True)
    import matplotlib.pyplot as plt

    return Stage(plt.figure(figsize=(width, min(height, _TALLEST))).subplots(), is_own=True, was_given=False)


def open_library() -> None:
    """Import matplotlib.

    Raises
    ------
    ImportError
        If it is not installed, naming what to install.
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        msg = "plots need matplotlib, which is not installed: pip install ferroshap[plots]"
        raise ImportError(msg) from error
    del mpl


def close_stage(stage: Stage, *, show: bool | None) -> Any:
    """Show the picture or hand its axes over: None after showing, the axes otherwise."""
    if stage.is_own and not stage.fits:
        fit_into_figure(stage.ax)
    if stage.was_given and not show:
        return stage.ax
    import matplotlib.pyplot as plt

    if not stage.was_given:
        plt.sca(stage.ax)
    if show or show is None:
        plt.show()
        return stage.ax if stage.was_given else None
    return stage.ax


def fit_into_figure(ax: "Axes") -> None:
    """Move the margins of our own figure until every text is inside it.

    `tight_layout` would do, but it warns when it gives up, and it measures once
    although the width of the labels decides the width of the axes.
    """
    fig: Any = ax.figure
    if fig.get_layout_engine() is not None:
        return
    for _ in range(3):
        box, (width, height) = fig.get_tightbbox(), fig.get_size_inches()
        at = fig.subplotpars
        left = min(max(at.left + (_PAD - box.x0) / width, 0.01), 0.75)
        right = max(min(at.right + (width - _PAD - box.x1) / width, 0.99), left + 0.15)
        bottom = min(max(at.bottom + (_PAD - box.y0) / height, 0.001), 0.45)
        top = max(min(at.top + (height - _PAD - box.y1) / height, 0.999), bottom + 0.2)
        moved = np.abs(np.subtract((left, right, bottom, top), (at.left, at.right, at.bottom, at.top))).max()
        fig.subplots_adjust(left=left, right=right, bottom=bottom, top=top)
        if moved < 2e-3:
            return


def frame(ax: "Axes", n_rows: int, xlabel: str, *, left_spine: bool = False) -> None:
    """Leave only the bottom spine, rule the rows, and set the fonts."""
    for side in ("top", "right", *(() if left_spine else ("left",))):
        ax.spines[side].set_visible(False)
    for y in range(n_rows):
        ax.axhline(y, color=get_style().hlines_color, lw=0.5, dashes=(1, 5), zorder=-1)
    ax.tick_params(axis="x", labelsize=TICK_SIZE, color=ink(), labelcolor=ink())
    ax.tick_params(axis="y", length=0, labelsize=LABEL_SIZE, labelcolor=ink(), width=0.5)
    ax.xaxis.get_offset_text().set_fontsize(TICK_SIZE)
    ax.xaxis.offsetText.set_color(ink())
    for spine in ax.spines.values():
        spine.set_color(ink())
        spine.set_linewidth(0.8)
    if xlabel:
        ax.set_xlabel(xlabel, fontsize=LABEL_SIZE, color=ink())


def zero_line(ax: "Axes", *, over_bars: bool = False) -> None:
    """Draw the line that separates pushing up from pushing down: grey behind dots, black in front of bars."""
    ax.axvline(0.0, color=line_ink() if over_bars else colors.ZERO, lw=0.8, zorder=2.5 if over_bars else -1)


def widened(low: float, high: float) -> tuple[float, float]:
    """Limits that are apart, even for one value or none."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return -1.0, 1.0
    if high - low > 1e-12 * max(abs(low), abs(high)):
        return low, high
    half = 0.5 * max(abs(low), abs(high)) or 1.0
    return low - half, high + half


def settle(stage: Stage, labels: list[Any], spans: np.ndarray, *, from_zero: bool = False) -> None:
    """Find limits that hold the labels; margins and limits depend on each other, so again and again."""
    if stage.is_own:
        for _ in range(2):
            fit_into_figure(stage.ax)
            stage.ax.set_xlim(*room_for(labels, spans, stage.ax, from_zero=from_zero))
        fit_into_figure(stage.ax)
        stage.fits = True
    else:
        stage.ax.set_xlim(*room_for(labels, spans, stage.ax, from_zero=from_zero))


def room_for(labels: list[Any], spans: np.ndarray, ax: "Axes", *, from_zero: bool) -> tuple[float, float]:
    """Limits along x that hold all spans, and the labels that stand beside them.

    Parameters
    ----------
    labels : list of TipLabel
        Each knows how wide it is in pixels, and at which x it stands if it is outside.
    spans : ndarray
        Everything along x that is drawn.
    ax : Axes
        Whose width in pixels counts.
    from_zero : bool
        Whether the axis begins at zero, without a margin.
    """
    low, high = widened(float(np.min(spans)), float(np.max(spans)))
    low = 0.0 if from_zero else low
    width = ax.get_window_extent().width or 1.0
    start, end = low, high
    counted = [False] * len(labels)  # once outside, always counted: else limits and labels chase each other
    for _ in range(8):
        ax.set_xlim(start, end)
        per_pixel = (end - start) / width
        lows, highs = [low], [high]
        for k, label in enumerate(labels):
            counted[k] = counted[k] or not label.fits(_SLACK)
            if counted[k]:
                anchor, direction, pixels = label.outside()
                (lows if direction < 0 else highs).append(anchor + direction * pixels * per_pixel)
        most = _SHARE / (1.0 - 2 * _SHARE) * (high - low)
        margin = 0.03 * (high - low)
        start = 0.0 if from_zero else max(min(lows), low - most) - margin
        end = min(max(highs), high + most) + margin
    return start, end
