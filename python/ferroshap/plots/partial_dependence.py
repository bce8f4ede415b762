"""Partial dependence: the model's mean output when one feature is set to each of its values in turn."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.models import as_model
from ferroshap.plots import colors
from ferroshap.plots.canvas.axis_names import name_dates, name_places
from ferroshap.plots.canvas.limits import limits
from ferroshap.plots.canvas.stage import LABEL_SIZE, TICK_SIZE, close_stage, open_new_stage
from ferroshap.plots.canvas.wording import wrapped
from ferroshap.plots.clouds.expectations import Expectations, draw_expectations
from ferroshap.plots.clouds.histogram import draw_histogram, smallest_gap
from ferroshap.plots.clouds.response import Grid, grid_of, outputs_along, read_rows
from ferroshap.plots.clouds.surface import draw_surface
from ferroshap.plots.reading.places import Column
from ferroshap.plots.style import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (6.4, 4.8)  # inches
_MANY_LINES = 500
_N_POINTS, _N_POINTS_2D = 100, 20


def partial_dependence(
    ind: Any,
    model: Any,
    data: Any,
    xmin: Any = "percentile(0)",
    xmax: Any = "percentile(100)",
    npoints: int | None = None,
    feature_names: Any = None,
    hist: bool = True,
    model_expected_value: bool | float = False,
    feature_expected_value: bool | float = False,
    shap_values: Any = None,
    ylabel: str | None = None,
    ice: bool = True,
    ace_opacity: float = 1,
    pd_opacity: float = 1,
    pd_linewidth: float = 2,
    ace_linewidth: float | str = "auto",
    ax: "Axes | None" = None,
    show: bool | None = None,
) -> Any:
    r"""Draw the mean output of a model over the value of one feature, the other features as they are in the data.

    .. math:: \mathrm{PD}(t) = \frac1n \sum_{i=1}^{n} f(t, x^{(i)}_{\text{others}})

    The light lines behind are the terms of the sum, one for each row (individual conditional expectations).

    Parameters
    ----------
    ind : int, str or pair
        The feature, by position or name; a pair: the surface over two features.
    model : callable
        From rows, of the same kind as `data`, to one number each.
    data : array, frame or Explanation
        ``(rows, features)``. An Explanation brings its data, and its values are drawn as `shap_values`.
    xmin, xmax : float or str
        Ends of the curve: numbers or percentiles of the feature; for a pair one for both, or a tuple of two.
    npoints : int, optional
        Points along the curve, 100; along each side of a surface, 20. A feature of strings has one point for each.
    feature_names : sequence of str, optional
        Names of the features; those of `data` where it has some.
    hist : bool
        Draw the histogram of the feature along the bottom.
    model_expected_value : bool or float
        Mark ``E[f(x)]``: the mean output over the data, or the number given.
    feature_expected_value : bool or float
        Mark the mean of the feature, or the number given.
    shap_values : Explanation, optional
        Rows whose SHAP values are drawn as stems: from the base value to the base value plus the value of the feature.
    ylabel : str, optional
        Text beside; without it ``E[f(x) | feature]``, with the light lines ``f(x) | feature``.
    ice : bool
        Draw the light lines.
    ace_opacity, pd_opacity, pd_linewidth, ace_linewidth : float
        Looks of the light lines and of the curve; "auto": the more lines, the thinner.
    ax : Axes, optional
        Where to draw; without it in a new figure. A surface needs axes in three dimensions.
    show : bool, optional
        Show the figure at the end; None: unless `ax` is given.

    Returns
    -------
    (Figure, Axes) or None
        A pair, as scripts unpack it; None after showing.

    Raises
    ------
    DimensionError
        If the model returns several outputs for a row, or the data are no table.
    OptionError
        If an option has a value that it cannot have.
    ValueError
        If there is no feature of this name or position.

    Notes
    -----
    Costs `npoints` calls of the model with all rows of the data each (`npoints`:sup:`2` for a surface).

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> figure, axes = partial_dependence(0, lambda x: x[:, 0] ** 2, np.arange(6.0).reshape(3, 2), show=False)
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('Feature 0', 'f(x) | Feature 0')
    """
    rows, explained = read_rows(data, feature_names, shap_values)
    function = as_model(model)
    if isinstance(ind, (tuple, list)):
        first, second = _pair(ind, rows)
        n_points = _N_POINTS_2D if npoints is None else npoints
        grids = [grid_of(rows, k, _ends_of(xmin, xmax, side), n_points) for side, k in enumerate((first, second))]
        stage = draw_surface(rows, function, (first, second), grids, ax)
    else:
        feature = rows.position(ind)
        grid = grid_of(rows, feature, (xmin, xmax), _N_POINTS if npoints is None else npoints)
        outputs = outputs_along(rows, function, feature, grid)
        stage = open_new_stage(ax, *_SIZE)
        marks = Expectations.of(rows, function, feature, explained, (model_expected_value, feature_expected_value))
        column = rows.column(feature)
        _limit(stage.ax, column, grid, outputs if ice else outputs.mean(axis=1), marks)
        if hist:
            draw_histogram(stage.ax, column)
        lines = _Lines(ice, ace_opacity, pd_opacity, pd_linewidth, ace_linewidth)
        _draw_curves(stage.ax, grid.places, outputs, lines)
        draw_expectations(stage.ax, marks, column.name)
        given = "f(x) | {}" if ice else "E[f(x) | {}]"
        _frame(stage.ax, column, given.format(wrapped(column.name)) if ylabel is None else ylabel)
    left = close_stage(stage, show=show)
    return None if left is None else (stage.ax.figure, stage.ax)


@dataclass(frozen=True)
class _Lines:
    """Which lines are drawn, and how."""

    ice: bool
    ace_opacity: float
    pd_opacity: float
    pd_linewidth: float
    ace_linewidth: Any


def _pair(ind: Any, rows: Any) -> tuple[int, int]:
    """Read the two features of a surface.

    Raises
    ------
    OptionError
        If these are not two different ones.
    """
    positions = [rows.position(one) for one in ind]
    if len(positions) != 2 or positions[0] == positions[1]:
        msg = f"`ind` is {ind!r}: give one feature, or a pair of different ones"
        raise OptionError(msg)
    return positions[0], positions[1]


def _ends_of(xmin: Any, xmax: Any, side: int) -> tuple[Any, Any]:
    return tuple(end[side] if isinstance(end, (tuple, list)) else end for end in (xmin, xmax))


def _limit(ax: "Axes", column: Column, grid: Grid, outputs: np.ndarray, marks: Expectations) -> None:
    """Leave 1/20 of both ranges free."""
    margin = 0.5 * smallest_gap(column) if column.levels is not None else 0.0
    ax.set_xlim(*limits(None, None, grid.places, axis="x", margin=margin))
    heights = [np.percentile(outputs, [0, 100]) if outputs.size else np.zeros(1), marks.heights()]
    ax.set_ylim(*limits(None, None, np.concatenate(heights), axis="y"))


def _draw_curves(ax: "Axes", x: np.ndarray, outputs: np.ndarray, look: _Lines) -> None:
    """Draw a light line for each row, and their mean over them."""
    from matplotlib.collections import LineCollection

    if look.ice:
        n_lines = outputs.shape[1]
        width = max(min(1.0, 50.0 / n_lines), 0.05) if look.ace_linewidth == "auto" else float(look.ace_linewidth)
        lines = np.stack([np.broadcast_to(x, outputs.T.shape), outputs.T], axis=-1)
        drawn = LineCollection(
            list(lines),
            colors=[colors.LIGHT_BLUE],
            linewidths=width,
            alpha=look.ace_opacity,
            rasterized=n_lines > _MANY_LINES,
            zorder=1.5,
        )
        ax.add_collection(drawn, autolim=False)
    ax.plot(x, outputs.mean(axis=1), color=colors.BLUE, linewidth=look.pd_linewidth, alpha=look.pd_opacity, zorder=2.5)


def _frame(ax: "Axes", column: Column, ylabel: str) -> None:
    from ferroshap.plots.canvas.artists import is_math

    hue = ink()
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for spine in ax.spines.values():
        spine.set(edgecolor=hue, linewidth=0.8)
    ax.tick_params(color=hue, labelcolor=hue, labelsize=TICK_SIZE)
    ax.set_xlabel(wrapped(column.name), fontsize=LABEL_SIZE, color=hue)
    ax.set_ylabel(ylabel, fontsize=LABEL_SIZE, color=hue)
    for axis in (ax.xaxis, ax.yaxis):
        axis.get_offset_text().set(fontsize=TICK_SIZE, color=hue)
        axis.label.set_parse_math(is_math(column.name))
    if column.levels is not None:
        name_places(ax, column.levels, column.level_names)
    elif column.is_date:
        name_dates(ax.xaxis)
