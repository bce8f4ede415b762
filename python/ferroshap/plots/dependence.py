"""The dependence plot on arrays, as scripts have long called it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation.apparent import approximate_interactions, position_of
from ferroshap.plots import colors
from ferroshap.plots.canvas.colormaps import colormap
from ferroshap.plots.canvas.stage import close_stage, open_library, open_new_stage
from ferroshap.plots.canvas.wording import wrapped
from ferroshap.plots.clouds.cloud import Cloud, Look, draw_cloud
from ferroshap.plots.clouds.shading import draw_bar, shading_of
from ferroshap.plots.reading.arrays import Arrays, arrays_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE, _COLOURED = (6.0, 5.0), (7.5, 5.0)  # inches


def dependence_plot(
    ind: Any,
    shap_values: Any = None,
    features: Any = None,
    feature_names: Any = None,
    display_features: Any = None,
    interaction_index: Any = "auto",
    color: Any = colors.SINGLE,
    axis_color: str = colors.NAME,
    cmap: Any = None,
    dot_size: float = 16,
    x_jitter: float | str = 0,
    alpha: float = 1,
    title: str | None = None,
    xmin: Any = None,
    xmax: Any = None,
    ax: "Axes | None" = None,
    show: bool | None = None,
    ymin: Any = None,
    ymax: Any = None,
) -> "Axes | None":
    """Draw the SHAP value of a feature over the value of the feature, from arrays.

    `scatter` draws the same from an Explanation.

    Parameters
    ----------
    ind : int, str or pair
        The feature: its position, its name, or ``"rank(0)"`` for the strongest by mean
        magnitude. Of interaction values a pair: the interaction of the two, doubled because
        an interaction is stored in two halves, or the main effect if both are the same.
    shap_values : array or Explanation
        ``(rows, features)``; ``(rows, features, features)`` for a pair.
    features : array or frame, optional
        ``(rows, features)``: the values of the features; left out if `shap_values` is an Explanation with data.
    feature_names : sequence of str, optional
        Names of the features; those of `features` where it is a frame.
    display_features : array or frame, optional
        How the values are to be shown, such as words for codes.
    interaction_index : "auto", int, str or None
        The feature that colours the dots; "auto": the strongest apparent interaction; None: `color`.
    color, axis_color, cmap, dot_size, x_jitter, alpha, title, xmin, xmax
        As for `scatter`; `x_jitter` is 0 here unless it is given.
    ax : Axes, optional
        Where to draw; without it in a new figure.
    show : bool, optional
        Show the figure at the end; None: unless `ax` is given.
    ymin, ymax : float, optional
        Ends of the axis of values; if one is given, the other is its opposite.

    Returns
    -------
    Axes or None
        The axes, None after showing. A colour bar is the last axes of the figure.

    Raises
    ------
    TypeError
        If `shap_values` is a list, one array for each output.
    DimensionError
        If the arrays do not fit each other.
    ValueError
        If there is no feature of this name or position.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> x = np.arange(12.0).reshape(6, 2)
    >>> axes = dependence_plot("rank(0)", x * [1.0, 3.0], x, ["age", "bmi"], show=False)
    >>> axes.get_xlabel(), axes.figure.axes[-1].get_ylabel()
    ('bmi', 'age')
    """
    arrays = arrays_of(
        shap_values, features, feature_names, "dependence_plot", display=display_features, is_column=True
    )
    if arrays.features is None:
        msg = "`features` of `dependence_plot` is None: give the values of the features, one for each SHAP value"
        raise OptionError(msg)
    chosen = _of_pair(ind, arrays) if _is_pair(ind) else _of_feature(ind, arrays, interaction_index)
    feature, partner, values, label = chosen
    open_library()
    cloud = Cloud(arrays.column(feature), values)
    if partner is not None:
        cloud = replace(cloud, shading=shading_of(arrays.column(partner), colormap(cmap)))
    look = Look(
        colors.SINGLE if color is None else color, False, axis_color, dot_size, x_jitter, alpha, title, (xmin, xmax)
    )
    stage = open_new_stage(ax, *(_SIZE if cloud.shading is None else _COLOURED))
    draw_cloud(stage.ax, cloud, replace(look, y_limits=_balanced(ymin, ymax), ylabel=label))
    if cloud.shading is not None and partner != feature:
        draw_bar(stage.ax, cloud.shading, axis_color)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _is_pair(ind: Any) -> bool:
    return not isinstance(ind, str) and np.ndim(ind) == 1 and len(ind) == 2


def _of_feature(ind: Any, arrays: Arrays, interaction_index: Any) -> tuple[int, int | None, np.ndarray, str]:
    """The feature, what colours it, its values, and the text beside them."""
    if arrays.values.ndim != 2:
        msg = f"`shap_values` has shape {arrays.values.shape}: of interaction values `ind` must be a pair of features"
        raise DimensionError(msg)
    feature = position_of(ind, arrays.values, arrays.names)
    partner = None
    if isinstance(interaction_index, str) and interaction_index == "auto":
        ranked = approximate_interactions(feature, arrays.values, arrays.features)
        partner = next((int(k) for k in ranked if int(k) != feature), None)
    elif interaction_index is not None:
        partner = position_of(interaction_index, arrays.values, arrays.names)
    return feature, partner, arrays.values[:, feature], f"SHAP value for\n{wrapped(arrays.names[feature])}"


def _of_pair(ind: Any, arrays: Arrays) -> tuple[int, int | None, np.ndarray, str]:
    """The same for the interaction of two features, or the main effect of one."""
    cube = arrays.values
    if cube.ndim != 3 or cube.shape[1] != cube.shape[2]:
        msg = f"`ind` is a pair, but `shap_values` has shape {cube.shape}: pass (rows, features, features)"
        raise DimensionError(msg)
    ranking = np.abs(cube).sum(axis=2)  # for "rank(k)": the strength of a feature with all its interactions
    first, second = (position_of(one, ranking, arrays.names) for one in ind)
    a, b = wrapped(arrays.names[first]), wrapped(arrays.names[second])
    if first == second:
        return first, None, cube[:, first, first], f"SHAP main effect value for\n{a}"
    return first, second, 2.0 * cube[:, first, second], f"SHAP interaction value for\n{a} and {b}"


def _balanced(ymin: Any, ymax: Any) -> tuple[Any, Any]:
    """If one end is given, the other is its opposite."""
    if ymin is None and isinstance(ymax, (int, float, np.number)):
        return -ymax, ymax
    if ymax is None and isinstance(ymin, (int, float, np.number)):
        return ymin, -ymin
    return ymin, ymax
