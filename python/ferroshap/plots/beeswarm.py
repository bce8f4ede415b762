"""Beeswarm: one dot for each row and feature, coloured by the value of the feature."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots import colors
from ferroshap.plots.bars.clusters import arranged, clustering_of, ranking
from ferroshap.plots.canvas.color_bar import draw_color_bar
from ferroshap.plots.canvas.row_labels import names_of, row_labels
from ferroshap.plots.canvas.stage import close_stage, frame, open_stage, zero_line
from ferroshap.plots.reading.accept import accepted, refuse_outputs
from ferroshap.plots.style import ink
from ferroshap.plots.swarms.swarm_rows import VALUE_LABEL, SwarmLook, draw_swarms, linear_below, size_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STRONGEST_FIRST = Explanation.abs.mean(0)


def beeswarm(
    shap_values: Any,
    max_display: int | None = 10,
    order: Any = _STRONGEST_FIRST,
    clustering: Any = None,
    cluster_threshold: float = 0.5,
    color: Any = None,
    axis_color: str = colors.NAME,
    alpha: float = 1.0,
    ax: "Axes | None" = None,
    show: bool | None = None,
    log_scale: bool = False,
    color_bar: bool = True,
    s: float = 16,
    plot_size: Any = "auto",
    color_bar_label: str = "Feature value",
    group_remaining_features: bool = True,
) -> "Axes | None":
    """Draw each row of each feature as a dot at its value, coloured by the value of the feature.

    Dots that would hide each other are stacked. Features whose data are no
    numbers, and dots whose datum is missing, are grey; missing ones lie below.

    Parameters
    ----------
    shap_values : Explanation
        ``(rows, features)``.
    max_display : int or None
        Rows drawn; if features remain, the last row is their sum. None: all.
    order : OpChain, Explanation or array
        Sorted descending unless it holds positions (`argsort`).
    clustering : ndarray of shape ``(features - 1, 4)``, False or None
        A linkage of the features; None: that of the Explanation, if it has one; False: none. Features of one cluster
        stand together, and the weakest share a row (``A + B``) before any is left out.
    cluster_threshold : float
        The distance up to which features belong together.
    color : optional
        A colour map or its name, or one colour for all dots.
    axis_color : str
        Colour of the axis texts; the default follows a dark style.
    alpha : float
        Opacity of the dots.
    ax : Axes, optional
        Where to draw; without it pyplot's current axes, whose figure is resized.
    show : bool, optional
        Show the figure at the end; None: unless `ax` is given.
    log_scale : bool
        Stretch small values: linear up to a thousandth of the largest, logarithmic beyond.
    color_bar : bool
        Draw the colour bar, as the last axes of the figure.
    s : float
        Area of a dot in square points.
    plot_size : "auto", None, float or pair
        Size of the figure in inches, or height of a row; not together with `ax`. None: the size stays.
    color_bar_label : str
        Text beside the colour bar.
    group_remaining_features : bool
        Whether the last row sums the features that are not shown.

    Returns
    -------
    Axes or None
        The axes, None after showing.

    Raises
    ------
    TypeError
        If `shap_values` is not an Explanation.
    DimensionError
        If it is a single row or has several outputs.
    OptionError
        If `plot_size` is given together with `ax`.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> sv = Explanation([[1.0, -3.0], [2.0, 1.0]], data=[[50, 30], [60, 20]], feature_names=["age", "bmi"])
    >>> axes = beeswarm(sv, show=False)
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['age', 'bmi']
    """
    explanation = _with_rows(accepted(shap_values, "beeswarm"))
    if ax is not None and plot_size not in ("auto", None):
        msg = f"`plot_size` is {plot_size!r}, but `ax` belongs to a figure that has a size: leave one of them out"
        raise OptionError(msg)
    values = np.asarray(explanation.values, dtype=float)
    tree = clustering_of(explanation, clustering), cluster_threshold
    strengths = np.abs(np.nan_to_num(values)).mean(axis=0)
    rows, _ = arranged(ranking(order, [explanation]), strengths, max_display, tree, group=group_remaining_features)
    totals = rows.totals(values.T)  # (rows of the picture, rows explained)
    cmap, single = _colouring(color, has_data=explanation.data is not None)

    width, height = size_of(plot_size, rows.n_rows)
    stage = open_stage(ax, height, width)
    ax = stage.ax
    look = SwarmLook(cmap, single, s, alpha, linear_below(totals) if log_scale else None)
    frame(ax, rows.n_rows, VALUE_LABEL)
    axis_color = ink(axis_color)
    ax.xaxis.label.set_color(axis_color)
    ax.tick_params(colors=axis_color)
    zero_line(ax)
    row_labels(ax, names_of(explanation), rows, None)
    draw_swarms(ax, rows, totals, explanation.data, look)
    if color_bar and cmap is not None:
        draw_color_bar(ax, cmap, color_bar_label, axis_color)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _with_rows(explanation: Explanation) -> Explanation:
    """Refuse several outputs and a single row, naming what to pass or to draw instead."""
    refuse_outputs(explanation, "beeswarm")
    if "row" not in explanation.axes:
        msg = "`shap_values` of `beeswarm` is a single row: draw it with `waterfall` or `bar`, or pass sv[:1]"
        raise DimensionError(msg)
    return explanation


def _colouring(color: Any, *, has_data: bool) -> tuple[Any, Any]:
    """A colour map for the values of the features, or None and one colour for all dots."""
    import matplotlib as mpl
    from matplotlib.colors import Colormap

    color = colors.named(color)
    if isinstance(color, str) and color in mpl.colormaps:
        color = mpl.colormaps[color]
    if color is None:
        color = colors.red_blue if has_data else colors.SINGLE
    if isinstance(color, Colormap):
        return (color, colors.GREY) if has_data else (None, colors.SINGLE)
    return None, color
