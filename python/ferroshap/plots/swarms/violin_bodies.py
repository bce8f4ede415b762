"""The bodies of violins: a density above and below the line of its row."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.plots import colors
from ferroshap.plots.reading.ordering import Rows
from ferroshap.plots.swarms.density import density, least_bandwidth, running_mean
from ferroshap.plots.swarms.swarm import shades
from ferroshap.plots.swarms.swarm_rows import MANY_DOTS, stretch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 100
_HALF_WIDTH = 1.0 / 3.0  # of a row
_BEYOND = 0.2  # of the range of the values, on either side
_THIN = 0.05  # of the greatest density; where a violin is thinner than this only dots are drawn
_DOT = 9.0  # square points


@dataclass(frozen=True)
class Body:
    """How violins look; `linear_below` if x is logarithmic."""

    cmap: Any
    single: Any
    alpha: float
    linear_below: float | None = None

    def along(self, x: np.ndarray) -> np.ndarray:
        """Places on the axis that is drawn: densities are those of what is seen."""
        if self.linear_below is None:
            return x
        places: np.ndarray = np.sign(x) * np.log1p(np.abs(x) / self.linear_below)
        return places

    def back(self, places: np.ndarray) -> np.ndarray:
        """Values at places on the axis."""
        if self.linear_below is None:
            return places
        values: np.ndarray = np.sign(places) * np.expm1(np.abs(places)) * self.linear_below
        return values


def grid_of(places: np.ndarray, least: float) -> np.ndarray:
    """Points at which a violin is drawn: a fifth of the range farther than the values, or three least bandwidths."""
    reach = max(_BEYOND * float(np.ptp(places)), 3.0 * least)
    return np.linspace(places.min() - reach, places.max() + reach, _POINTS)


def draw_bodies(ax: "Axes", rows: Rows, totals: np.ndarray, data: Any, body: Body) -> None:
    """Draw a violin in each row, from the top down."""
    stretch(ax, body.linear_below)
    least = least_bandwidth(body.along(totals))
    for k, values in enumerate(totals):
        kept = np.flatnonzero(np.isfinite(values))
        if not len(kept):
            continue
        y, x = rows.n_rows - 1 - k, values[kept]
        grid = grid_of(body.along(x), least)
        heights = density(body.along(x), grid, least)
        heights *= _HALF_WIDTH / heights.max()
        grid = body.back(grid)
        shade = shades(data[:, rows.shown[k]]) if data is not None and rows.is_single(k) else None
        if shade is None or body.cmap is None:
            hue = body.single if data is None else colors.GREY
            _fill(ax, grid, heights, y, hue, body.alpha)
            continue
        _dots(ax, x, y, shade[kept], body)
        hues = running_mean(shade[kept], x, (grid[1:] + grid[:-1]) / 2)
        _fill(ax, grid, heights, y, [colors.GREY if np.isnan(h) else body.cmap(h) for h in hues], body.alpha)


def _fill(ax: "Axes", grid: np.ndarray, heights: np.ndarray, y: float, hues: Any, alpha: float) -> None:
    """Fill one violin: with one colour in one piece, with many in slices."""
    from matplotlib.collections import PolyCollection

    if not isinstance(hues, list):
        outline = np.column_stack([np.r_[grid, grid[::-1]], y + np.r_[heights, -heights[::-1]]])
        ax.add_collection(
            PolyCollection([outline], facecolors=[hues], linewidths=0, alpha=alpha, zorder=2), autolim=False
        )
        return
    slices: list[np.ndarray] = []
    chosen: list[Any] = []
    # Each slice goes on beneath the next one, else the ground shines through between them; not if all shine through.
    n_steps = 2 if alpha == 1 else 1
    thick = np.maximum(heights[:-1], heights[1:]) > _THIN * _HALF_WIDTH
    for i in np.flatnonzero(thick):
        last = i + n_steps if i + 1 < len(thick) and thick[i + 1] else i + 1
        x, h = grid[i : last + 1], heights[i : last + 1]
        slices.append(np.column_stack([np.r_[x, x[::-1]], y + np.r_[h, -h[::-1]]]))
        chosen.append(hues[i])
    ax.add_collection(PolyCollection(slices, facecolors=chosen, linewidths=0, alpha=alpha, zorder=2), autolim=False)


def _dots(ax: "Axes", x: np.ndarray, y: float, shade: np.ndarray, body: Body) -> None:
    from ferroshap.plots.swarms.dots import Dots

    options = {"alpha": body.alpha, "rasterized": len(x) > MANY_DOTS, "offset_transform": ax.transData, "zorder": 1}
    grey = np.isnan(shade)
    if grey.any():
        ax.add_collection(Dots(x[grey], np.full(grey.sum(), y), _DOT, facecolors=colors.GREY, **options), autolim=False)
    if not grey.all():
        dots = Dots(x[~grey], np.full((~grey).sum(), y), _DOT, cmap=body.cmap, **options)
        dots.set_array(shade[~grey])
        dots.set_clim(0.0, 1.0)
        ax.add_collection(dots, autolim=False)
    ax.update_datalim([(x.min(), y), (x.max(), y)])
