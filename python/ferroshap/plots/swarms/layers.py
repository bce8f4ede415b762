"""Layered violins: densities of rows with low, middle and high feature values, one on top of the other."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.plots import colors
from ferroshap.plots.reading.ordering import Rows
from ferroshap.plots.swarms.density import density, least_bandwidth
from ferroshap.plots.swarms.swarm_rows import stretch
from ferroshap.plots.swarms.violin_bodies import Body

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 200
_WIDTH = 0.8  # of a row


def draw_layers(ax: "Axes", rows: Rows, totals: np.ndarray, data: Any, body: Body, most: int) -> None:
    """Draw each row's layers, the lowest feature values innermost."""
    if most < 1:
        msg = f"`layered_violin_max_num_bins` is {most}: give at least 1"
        raise OptionError(msg)
    stretch(ax, body.linear_below)
    finite = totals[np.isfinite(totals)]
    if not len(finite):
        return
    least = least_bandwidth(body.along(finite))
    low, high = body.along(np.array([finite.min(), finite.max()]))
    places = np.linspace(low - 3 * least, high + 3 * least, _POINTS)
    grid = body.back(places)
    for k, values in enumerate(totals):
        y = rows.n_rows - 1 - k
        kept = np.isfinite(values)
        column = data[:, rows.shown[k]] if rows.is_single(k) else np.zeros(len(values))
        layers, missing = layers_of(column, most)
        n_known = len(layers)
        layers = [layer[kept[layer]] for layer in (*layers, *([missing] if len(missing) else []))]
        heights = np.zeros((len(layers), len(grid)))
        for i, layer in enumerate(layers):
            if len(layer):
                heights[i] = density(body.along(values[layer]), places, least) * len(layer)
        stacked = np.cumsum(heights, axis=0)
        stacked *= _WIDTH / 2 / (stacked.max() or 1.0)
        for i in range(len(layers) - 1, -1, -1):  # the outermost first: the inner ones lie on it, without gaps
            hue = _hue(body, i, n_known) if rows.is_single(k) else colors.GREY
            ax.fill_between(grid, y - stacked[i], y + stacked[i], facecolor=hue, alpha=body.alpha, lw=0, zorder=2)


def layers_of(column: Any, most: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Positions of the rows of each layer, lowest feature values first, and of those whose value is missing.

    A layer for each value, or `most` of equally many rows.
    """
    column = np.asarray(column)
    if column.dtype == object:
        missing = np.array([entry is None or entry != entry for entry in column], dtype=bool)  # noqa: PLR0124 - NaN alone
    else:
        missing = column != column  # noqa: PLR0124 - NaN alone differs from itself
    known = np.flatnonzero(~missing)
    try:
        taken, code = np.unique(column[known], return_inverse=True)
    except TypeError:  # numbers beside strings
        taken, code = np.unique(np.array([str(entry) for entry in column[known]]), return_inverse=True)
    code = code.ravel()
    if len(taken) <= most:
        return [known[code == k] for k in range(len(taken))], np.flatnonzero(missing)
    parts = np.array_split(known[np.argsort(code, kind="stable")], most)
    return [part for part in parts if len(part)], np.flatnonzero(missing)


def _hue(body: Body, layer: int, n_known: int) -> Any:
    """The colour of a layer; grey for the missing, who come last."""
    if layer >= n_known:
        return colors.GREY
    if body.cmap is None:
        return body.single
    return body.cmap(layer / (n_known - 1) if n_known > 1 else 0.5)
