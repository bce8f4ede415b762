"""How another feature colours the dots: a scale for numbers, steps for a few levels, and the bar that explains them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.plots.canvas.axis_names import name_dates
from ferroshap.plots.canvas.stage import LABEL_SIZE, TICK_SIZE
from ferroshap.plots.canvas.wording import datum, shortened, wrapped
from ferroshap.plots.reading.places import Column
from ferroshap.plots.style import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEPS = 10  # fewer integer levels than this get a colour each
_ASPECT, _THINNEST = 80.0, 0.05  # of the bar; inches
_MOST_NAMES = 28  # beside a bar
_LONGEST = 20  # letters beside a bar


@dataclass(frozen=True)
class Shading:
    """The colour of each dot: what is mapped, and how; `levels` names the steps if there are any."""

    name: str
    numbers: np.ndarray  # (rows,), NaN where the dot stays grey
    cmap: Any
    norm: Any
    levels: tuple[str, ...] = ()
    is_date: bool = False


def shading_of(column: Column, cmap: Any, *, is_quantity: bool = False) -> Shading:
    """Choose steps for named levels and for fewer than ten whole numbers, else a scale (`is_quantity`: in any case).

    Scales go from the 5th to the 95th percentile.
    """
    from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize

    taken = column.distinct()
    names = None if is_quantity else level_names(column, taken)
    if names is None:
        low, high = _scale(column.places[column.is_known])
        numbers = np.clip(column.places, low, high)  # NaN stays
        return Shading(column.name, numbers, cmap, Normalize(low, high), is_date=column.is_date)
    n_levels = max(len(taken), 1)
    parts = np.linspace(0.0, 1.0, n_levels) if n_levels > 1 else np.array([0.5])
    steps = np.where(column.is_known, np.searchsorted(taken, column.places), np.nan)
    edges = np.arange(n_levels + 1) - 0.5
    colours = ListedColormap(cmap(parts))
    return Shading(column.name, steps, colours, BoundaryNorm(edges, n_levels), tuple(names))


def level_names(column: Column, taken: np.ndarray) -> list[str] | None:
    """The names of the levels that are taken; None if the feature is a quantity."""
    if column.levels is not None:
        name = dict(zip(column.levels.tolist(), column.level_names, strict=True))
        if all(place in name for place in taken.tolist()):
            return [name[place] for place in taken.tolist()]
    if column.is_date or not 0 < len(taken) < _STEPS or np.any(taken != np.round(taken)):
        return None
    return [datum(int(place)) for place in taken]


def _scale(known: np.ndarray) -> tuple[float, float]:
    """The ends of the scale: percentiles that differ, else a little to either side of the only value."""
    if not len(known):
        return 0.0, 1.0
    for low, high in ((5, 95), (1, 99), (0, 100)):
        start, end = np.percentile(known, [low, high]).tolist()
        if end > start:
            return start, end
    half = 0.5 * abs(start) or 0.5
    return start - half, start + half


def draw_bar(ax: "Axes", shading: Shading, axis_color: Any, *, longest: int | None = None) -> "Axes":
    """Draw the colour bar as the last axes of the figure, named after the feature (cut to `longest` letters)."""
    from matplotlib.cm import ScalarMappable

    from ferroshap.plots.canvas.artists import is_math

    inches = ax.get_window_extent().height / ax.figure.dpi
    aspect = min(_ASPECT, max(inches / _THINNEST, 20.0))
    mappable = ScalarMappable(cmap=shading.cmap, norm=shading.norm)
    bar: Any = ax.figure.colorbar(mappable, ax=ax, aspect=aspect, fraction=0.03, pad=0.03)
    bar.outline.set_visible(False)
    hue = ink(axis_color)
    bar.ax.tick_params(labelsize=TICK_SIZE, color=hue, labelcolor=hue)
    if shading.levels:
        every = -(-len(shading.levels) // _MOST_NAMES)
        steps = list(range(0, len(shading.levels), every))
        bar.set_ticks(steps, labels=[shortened(shading.levels[k], _LONGEST) for k in steps])
        bar.ax.minorticks_off()
        size = TICK_SIZE if len(steps) <= 16 else 9.0
        bar.ax.tick_params(length=0, labelsize=size)
        for label in bar.ax.get_yticklabels():
            label.set_parse_math(False)
    elif shading.is_date:
        name_dates(bar.ax.yaxis)
    bar.ax.yaxis.get_offset_text().set(fontsize=TICK_SIZE, color=hue)
    first, _, second = shading.name.rpartition("\n")
    text = wrapped(second) if longest is None else shortened(second, longest)
    bar.set_label(f"{first}\n{text}" if first else text, size=LABEL_SIZE, color=hue)
    bar.ax.yaxis.label.set_parse_math(is_math(shading.name))
    return bar.ax  # type: ignore[no-any-return] # typed so in matplotlib's own words
