"""Whiskers: what is known about the error of a value."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.explanation import Explanation
from ferroshap.plots.reading.ordering import Rows
from ferroshap.plots.style import pushing_softly

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVEL = 0.95


def whisker_ends(explanation: Explanation, rows: Rows) -> np.ndarray | None:
    """Lower and upper end for each row, ``(rows, 2)``; NaN for a sum of features, whose errors are correlated.

    Bounds that came with the Explanation go first, else the 95 % interval of its standard errors.
    """
    lower, upper = explanation.lower_bounds, explanation.upper_bounds
    if lower is None or upper is None:
        if explanation.error_std is None:
            return None
        lower, upper = explanation.confidence_interval(LEVEL)
    ends: np.ndarray = np.stack([lower, upper], axis=-1).astype(float)[rows.shown]
    ends[~np.isfinite(ends).all(axis=1) | (ends[:, 0] >= ends[:, 1])] = np.nan
    ends[[not rows.is_single(row) for row in range(len(ends))]] = np.nan
    if len(rows.merged):
        ends = np.concatenate([ends, np.full((1, 2), np.nan)])
    return ends


def draw_whisker(ax: "Axes", label: Any, ends: np.ndarray | None) -> None:
    """Draw the interval over the tip of a bar, and make its label keep clear of it."""
    if ends is None or not np.isfinite(ends).all():
        return
    low, high = float(ends[0]), float(ends[1])
    y = float(label.get_position()[1])
    hue = pushing_softly(label.tip - label.start)
    ax.errorbar(
        (low + high) / 2,
        y,
        xerr=(high - low) / 2,
        fmt="none",
        ecolor=hue,
        elinewidth=1.6,
        capsize=3.5,
        capthick=1.6,
        zorder=3,
    )
    backwards = label.tip < label.start
    label.beyond = min(label.tip, low) if backwards else max(label.tip, high)
    label.free = min(max(high, label.tip), label.start) if backwards else max(min(low, label.tip), label.start)
