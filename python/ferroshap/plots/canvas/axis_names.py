"""Names of levels along a horizontal axis, level where they have room, upright where they have not; and dates."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.plots.canvas.stage import TICK_SIZE
from ferroshap.plots.canvas.wording import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LETTER, _LINE = 0.58, 1.15  # width of a letter and height of a line, in parts of the size of the type
_SMALLEST = 6.5
_LONGEST = 26
_TALLEST = 110.0  # points that upright names may take


def name_dates(axis: Any) -> None:
    """Write few dates along an axis of days since 1970, each as short as its neighbours allow."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=7)
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator))


def whole_numbers(axis: Any) -> None:
    """Write whole numbers only: nothing lies between the levels of a feature that has no others."""
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    axis.set_major_locator(MaxNLocator(nbins="auto", integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    axis.set_major_formatter(ScalarFormatter())  # axes that are drawn over may hold the names of levels


def name_places(ax: "Axes", places: np.ndarray, names: Sequence[str]) -> None:
    """Write each name at its place; where even small upright ones would touch, only every second, third, ..."""
    low, high = ax.get_xlim()
    points = ax.get_window_extent().width / ax.figure.dpi * 72.0
    texts = [shortened(name, _LONGEST) for name in names]
    if not texts:
        return
    gap = points * (float(np.min(np.diff(places))) if len(places) > 1 else high - low) / (high - low)
    longest = max(map(len, texts))
    if longest * _LETTER * TICK_SIZE <= 0.95 * gap:
        ax.set_xticks(places, texts)
    else:
        size = float(np.clip(gap / _LINE, _SMALLEST, TICK_SIZE))
        every = max(int(np.ceil(size * _LINE / gap - 0.01)), 1)
        most = int(_TALLEST / (_LETTER * size))
        ax.set_xticks(
            places[::every], [shortened(text, most) for text in texts[::every]], rotation="vertical", fontsize=size
        )
    for label in ax.get_xticklabels():
        label.set_parse_math(False)
