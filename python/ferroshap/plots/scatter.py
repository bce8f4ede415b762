"""Scatter: the SHAP value of a feature over its value, coloured by the feature that it seems to interact with."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots import colors
from ferroshap.plots.canvas.colormaps import colormap
from ferroshap.plots.canvas.limits import limits
from ferroshap.plots.canvas.stage import close_stage, open_library, open_new_stage
from ferroshap.plots.canvas.whiskers import LEVEL
from ferroshap.plots.canvas.wording import wrapped
from ferroshap.plots.clouds.cloud import Cloud, Look, draw_cloud
from ferroshap.plots.clouds.curves import checked_overlay, draw_overlay
from ferroshap.plots.clouds.shading import draw_bar, shading_of
from ferroshap.plots.clouds.side_by_side import draw_panels
from ferroshap.plots.reading.accept import as_explanation, looks_like_explanation, refuse_outputs
from ferroshap.plots.reading.partner import data_of, partner_of
from ferroshap.plots.reading.places import column_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE, _COLOURED = (6.0, 5.0), (7.5, 5.0)  # inches
_MOST_PANELS = 40


def scatter(
    shap_values: Any,
    color: Any = colors.SINGLE,
    hist: bool = True,
    axis_color: str = colors.NAME,
    cmap: Any = None,
    dot_size: float = 16,
    x_jitter: float | str = "auto",
    alpha: float = 1.0,
    title: str | None = None,
    xmin: Any = None,
    xmax: Any = None,
    ymin: Any = None,
    ymax: Any = None,
    overlay: dict[str, Any] | None = None,
    ax: "Axes | None" = None,
    ylabel: str = "SHAP value",
    show: bool | None = None,
) -> Any:
    r"""Draw the SHAP value of a feature over the value of the feature, a dot for each row.

    A grey histogram along the bottom shows where the rows are: a bin with all of
    them would be as high as the picture. Rows whose value is missing (or infinite)
    are ticks on the left edge. Strings stand in alphabetical order. Light vertical
    whiskers are 95 % intervals of the values, where standard errors (or bounds) are
    known and at most 300 rows are drawn.

    Parameters
    ----------
    shap_values : Explanation
        One column ``(rows,)``, such as ``sv[:, "Age"]``; several, ``(rows, features)``,
        are drawn side by side with one scale of SHAP values.
    color : colour, Explanation or array
        A colour; ``sv``: coloured by the feature of the strongest apparent interaction
        (`ferroshap.approximate_interactions`), which the colour bar names; one column:
        by that feature; an array: by one number (or string) a row.
    hist : bool
        Draw the histogram.
    axis_color : str
        Colour of axes and texts.
    cmap : str or Colormap, optional
        Colours from low to high; without it `colors.red_blue`.
    dot_size : float
        Area of a dot in square points.
    x_jitter : "auto" or float
        How far dots are shaken to and fro, in parts of the smallest gap between values, at most 1;
        "auto": 0 below 10 rows for each distinct value, 0.1 below 100, else 0.2.
    alpha : float
        Opacity of the dots.
    title : str, optional
        Text above.
    xmin, xmax, ymin, ymax : float, str or Explanation, optional
        Ends of the axes: a number, ``"percentile(99)"``, or an aggregated column such as
        ``sv[:, "Age"].percentile(1)``. Without them 1/20 of the range is left free.
    overlay : dict, optional
        Up to three named curves: for each name a list of pairs ``(x, y)``, one a column; for one column also a pair.
    ax : Axes, optional
        Where to draw one column; without it in a new figure.
    ylabel : str
        Text beside several columns; that of one names the feature unless this is given.
    show : bool, optional
        Show the figure at the end; None: unless `ax` is given.

    Returns
    -------
    Axes, array of Axes or None
        The axes, for several columns one each; None after showing. A colour bar is the last axes of the figure.

    Raises
    ------
    TypeError
        If `shap_values` is not an Explanation.
    DimensionError
        If it has several outputs, is a single row, has no data, or `color` has other rows.
    OptionError
        If a limit, a curve or the jitter cannot be understood, or `ax` is given for several columns.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> x = np.arange(12.0).reshape(6, 2)
    >>> sv = Explanation(x * x[:, ::-1], 0.0, x, feature_names=["age", "bmi"])
    >>> axes = scatter(sv[:, "age"], color=sv, show=False)
    >>> axes.get_xlabel(), axes.get_ylabel(), axes.figure.axes[-1].get_ylabel()
    ('age', 'SHAP value for\nage', 'bmi')
    """
    explanation = _with_rows(shap_values)
    _check_numbers(x_jitter, dot_size)
    open_library()
    single = colors.SINGLE if color is None or looks_like_explanation(color) else color
    look = Look(single, hist, axis_color, dot_size, x_jitter, alpha, title)
    look = replace(look, x_limits=(xmin, xmax), y_limits=(ymin, ymax), ylabel=ylabel)
    cmap = colormap(cmap)
    if "feature" not in explanation.axes:
        curves = checked_overlay(overlay, 1)
        cloud = cloud_of(explanation, color, cmap)
        return _draw_one(cloud, look, curves, ax, show=show)
    if ax is not None:
        msg = f"`ax` is given, but `shap_values` has {explanation.shape[1]} columns: pass one column, or no axes"
        raise OptionError(msg)
    curves = checked_overlay(overlay, explanation.shape[1])
    clouds = [cloud_of(explanation[:, k], color, cmap) for k in range(explanation.shape[1])]
    heights = np.concatenate([cloud.heights for cloud in clouds])
    look = replace(look, y_limits=limits(ymin, ymax, heights, axis="y"))
    return draw_panels(clouds, look, curves, show=show)


def cloud_of(column: Explanation, color: Any, cmap: Any) -> Cloud:
    """Read what is drawn of one column: its places, values, errors and colours."""
    name = str(column.feature_names or "feature")
    partner = partner_of(color, column, "scatter")
    return Cloud(
        column_of(data_of(column, "shap_values"), column.display_data, name),
        np.asarray(column.values, dtype=float),
        _ends(column),
        None if partner is None else shading_of(partner, cmap),
    )


def _draw_one(cloud: Cloud, look: Look, curves: list[Any], ax: Any, *, show: bool | None) -> Any:
    name = cloud.column.name
    label = f"SHAP value for\n{wrapped(name)}" if look.ylabel == Look.ylabel else look.ylabel
    stage = open_new_stage(ax, *(_SIZE if cloud.shading is None else _COLOURED))
    draw_cloud(stage.ax, cloud, replace(look, ylabel=label))
    draw_overlay(stage.ax, curves, 0, cloud.column, look.axis_color)
    if cloud.shading is not None:
        draw_bar(stage.ax, cloud.shading, look.axis_color)
    return close_stage(stage, show=show)


def _with_rows(shap_values: Any) -> Explanation:
    """Refuse outputs, single rows, interactions and more columns than anyone can look at; one of one is a column."""
    explanation = as_explanation(shap_values, "scatter")
    refuse_outputs(explanation, "scatter")
    shape, axes = explanation.shape, explanation.axes
    if not axes or axes[0] != "row":
        msg = f"`shap_values` of `scatter` has no rows but shape {shape}: pass a column of a table, as sv[:, 'Age']"
        raise DimensionError(msg)
    if len(axes) > 2:
        msg = f"`shap_values` of `scatter` has shape {shape}: pick a column, of interactions a pair, as sv[:, 'a', 'b']"
        raise DimensionError(msg)
    if len(axes) == 2 and shape[1] > _MOST_PANELS:
        msg = f"`shap_values` of `scatter` has {shape[1]} columns, more than {_MOST_PANELS}: pick some, as sv[:, 'Age']"
        raise DimensionError(msg)
    return explanation[:, 0] if shape[1:] == (1,) else explanation


def _ends(column: Explanation) -> np.ndarray | None:
    """Lower and upper bounds that came with the values, else the 95 % intervals of their standard errors."""
    lower, upper = column.lower_bounds, column.upper_bounds
    if lower is None or upper is None:
        if column.error_std is None:
            return None
        lower, upper = column.confidence_interval(LEVEL)
    ends: np.ndarray = np.stack([lower, upper], axis=-1).astype(float)
    return ends if np.isfinite(ends).all(axis=1).any() else None


def _check_numbers(x_jitter: Any, dot_size: Any) -> None:
    """Refuse a jitter that is neither "auto" nor a number from 0 on, and dots without an area."""
    is_number = isinstance(x_jitter, (int, float, np.number)) and not isinstance(x_jitter, str)
    if x_jitter != "auto" and not (is_number and x_jitter >= 0):
        msg = f"`x_jitter` is {x_jitter!r}: give 'auto' or a number from 0 to 1"
        raise OptionError(msg)
    if not (isinstance(dot_size, (int, float, np.number)) and dot_size > 0):
        msg = f"`dot_size` is {dot_size!r}: give a number above zero"
        raise OptionError(msg)
