"""How many rows have each value: grey bars along the bottom of a picture."""

from typing import TYPE_CHECKING

import numpy as np

from ferroshap.plots.reading.places import Column
from ferroshap.plots.style import line_ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEW = 30  # distinct values that get a bar each
_FAINT = 0.11


def draw_histogram(ax: "Axes", column: Column) -> None:
    """Draw how many rows have each value, along the bottom; a bin with all of them would be as high as the axes."""
    from matplotlib.collections import PolyCollection

    known = column.places[column.is_known]
    if not len(known):
        return
    taken = column.distinct()
    if len(taken) <= _FEW:
        counts = (known[:, None] == taken).sum(axis=0) if len(taken) < 2 else np.unique(known, return_counts=True)[1]
        half = 0.4 * min(smallest_gap(column), np.diff(ax.get_xlim())[0] / 8)
        starts, ends = taken - half, taken + half
    else:
        counts, edges = np.histogram(known, _edges(known, taken))
        starts, ends = edges[:-1], edges[1:]
    heights = counts / len(column.places)
    corners = [[(a, 0.0), (a, h), (b, h), (b, 0.0)] for a, b, h in zip(starts, ends, heights, strict=True) if h > 0]
    bars = PolyCollection(corners, facecolor=line_ink(), alpha=_FAINT, zorder=-2, transform=ax.get_xaxis_transform())
    bars.set_label("_histogram")
    ax.add_collection(bars, autolim=False)


def _edges(known: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Edges of 5 to 50 bins; of whole numbers each bin holds as many, else every other one would be taller."""
    n_bins = int(np.clip(len(known) // 10, 5, 50))
    low, high = float(taken[0]), float(taken[-1])
    if np.any(taken != np.round(taken)) or high - low >= 1e6:
        return np.linspace(low, high, n_bins + 1)
    width = np.ceil((high - low + 1.0) / n_bins)
    return np.arange(low - 0.5, high + 0.5 + width, width)


def smallest_gap(column: Column) -> float:
    """The distance between the two nearest distinct values; 1 where there is none."""
    taken = column.distinct()
    gaps = np.diff(taken)
    gaps = gaps[gaps > 1e-9 * (np.ptp(taken) if len(taken) else 0.0)]
    return float(gaps.min()) if len(gaps) else 1.0
