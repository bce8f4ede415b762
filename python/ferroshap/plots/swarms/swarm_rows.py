"""Rows of swarms: what beeswarms and summaries have in common."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.plots.canvas.stage import WIDTH, widened
from ferroshap.plots.reading.ordering import Rows
from ferroshap.plots.swarms.swarm import offsets, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VALUE_LABEL = "SHAP value (impact on model output)"
MANY_DOTS = 500  # more are drawn as an image inside vector files


@dataclass(frozen=True)
class SwarmLook:
    """How dots look: a map for the values of the features, or one colour; `linear_below` if x is logarithmic."""

    cmap: Any
    single: Any
    area: float
    alpha: float
    linear_below: float | None = None
    rng: Any = 0

    def along(self, x: np.ndarray) -> np.ndarray:
        """Where dots look close: on a logarithmic axis, by their logarithms."""
        if self.linear_below is None:
            return x
        logarithms: np.ndarray = np.sign(x) * np.log1p(np.abs(x) / self.linear_below)
        return logarithms


def linear_below(totals: np.ndarray) -> float:
    """Where a logarithmic axis turns linear: at a thousandth of the largest value."""
    return (float(np.max(np.abs(totals[np.isfinite(totals)]), initial=0.0)) or 1.0) / 1000.0


def size_of(plot_size: Any, n_rows: int) -> tuple[float, float | None]:
    """Width and height in inches; no height where the figure keeps its size.

    Raises
    ------
    OptionError
        If `plot_size` is neither "auto", None, a number nor a pair.
    """
    if plot_size is None:
        return WIDTH, None
    if isinstance(plot_size, str) and plot_size == "auto":
        return WIDTH, n_rows * 0.4 + 1.5
    if isinstance(plot_size, (int, float, np.number)):
        return WIDTH, n_rows * float(plot_size) + 1.5
    if not isinstance(plot_size, (tuple, list, np.ndarray)) or len(plot_size) != 2:
        msg = f"`plot_size` is {plot_size!r}: give 'auto', None, the height of a row in inches, or width and height"
        raise OptionError(msg)
    width, height = plot_size
    return float(width), float(height)


def draw_swarms(ax: "Axes", rows: Rows, totals: np.ndarray, data: Any, look: SwarmLook) -> None:
    """Draw the rows from the top down, each in an order that no colour is favoured by, and set the limits.

    `totals` are the values, ``(rows of the picture, rows explained)``; `data` ``(rows explained, features)`` or None.
    """
    from ferroshap.plots.swarms.dots import Dots

    stretch(ax, look.linear_below)
    rng = np.random.default_rng(look.rng)  # a generator of our own: the picture is the same every time
    for k, values in enumerate(totals):
        order = rng.permutation(np.flatnonzero(np.isfinite(values)))
        x = values[order]
        y = rows.n_rows - 1 - k + offsets(look.along(x), rng)
        has_hues = look.cmap is not None and data is not None and rows.is_single(k)
        shade = shades(data[:, rows.shown[k]]) if has_hues else None
        hues = np.full(len(x), np.nan) if shade is None else shade[order]
        grey = np.isnan(hues)
        options = {"alpha": look.alpha, "rasterized": len(x) > MANY_DOTS, "offset_transform": ax.transData}
        parts = []
        if grey.any():
            parts.append(Dots(x[grey], y[grey], look.area, facecolors=look.single, zorder=2.5, **options))
        if not grey.all():
            parts.append(Dots(x[~grey], y[~grey], look.area, cmap=look.cmap, zorder=3, **options))
            parts[-1].set_array(hues[~grey])
            parts[-1].set_clim(0.0, 1.0)
        for dots in parts:
            ax.add_collection(dots, autolim=False)  # the limits are set once, for all rows
        if len(x):
            ax.update_datalim([(x.min(), y.min()), (x.max(), y.max())])
    ax.set_ylim(-1.0, rows.n_rows)
    limit(ax, totals, log_scale=look.linear_below is not None)


def stretch(ax: "Axes", unit: float | None) -> None:
    """Make the axis logarithmic beyond `unit`, if there is one, with ticks only where they have room."""
    if unit is None:
        return
    from matplotlib.ticker import SymmetricalLogLocator

    ax.set_xscale("symlog", linthresh=unit)
    ax.xaxis.set_major_locator(SymmetricalLogLocator(base=10.0, linthresh=10.0 * unit))  # none right beside zero


def limit(ax: "Axes", totals: np.ndarray, *, log_scale: bool) -> None:
    """Leave room for the outermost dots; zero is always in sight."""
    finite = totals[np.isfinite(totals)]
    low, high = widened(float(np.min(finite, initial=0.0)), float(np.max(finite, initial=0.0)))
    if log_scale:
        ax.set_xlim(low * 1.6, high * 1.6)
        return
    margin = 0.04 * (high - low)
    ax.set_xlim(low - margin, high + margin)
