"""Monitoring: the SHAP values of a feature in the order of the rows, and where their mean changes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation.apparent import position_of
from ferroshap.plots import colors
from ferroshap.plots.canvas.limits import limits
from ferroshap.plots.canvas.stage import ANNOTATION_SIZE, LABEL_SIZE, TICK_SIZE, close_stage, open_new_stage
from ferroshap.plots.canvas.wording import shortened
from ferroshap.plots.clouds.change_point import change_point
from ferroshap.plots.clouds.cloud import MANY_DOTS
from ferroshap.plots.clouds.shading import draw_bar, shading_of
from ferroshap.plots.reading.arrays import arrays_of
from ferroshap.plots.style import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (10.0, 3.0)  # inches
_LEVEL = 0.05  # chance of a line where nothing changes, over all features together
_LONGEST = 24  # letters of a name that fit along the side


def monitoring(
    ind: Any, shap_values: Any, features: Any, feature_names: Any = None, show: bool | None = None
) -> "Axes | None":
    """Draw the SHAP values of a feature row after row, coloured by the feature, with a line where their mean changes.

    Rows in the order of time show a model that drifts, most clearly with values that explain its loss. The dashed line
    stands where the means before and after differ most, if that has a chance below 0.05 divided by the number of
    features in rows without order (`change_point`); the light lines are these means.

    Parameters
    ----------
    ind : int or str
        The feature: its position, its name, or ``"rank(0)"`` for the strongest by mean magnitude.
    shap_values : array or Explanation
        ``(rows, features)``, in the order of time.
    features : array or frame
        ``(rows, features)``: the values of the features; None: those of the Explanation.
    feature_names : sequence of str, optional
        Names of the features; those of `features` where it is a frame.
    show : bool, optional
        Show the figure at the end; None: yes.

    Returns
    -------
    Axes or None
        The axes, None after showing. The colour bar is the last axes of the figure.

    Raises
    ------
    DimensionError
        If the arrays do not fit each other.
    ValueError
        If there is no feature of this name or position.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> values = np.random.default_rng(0).normal(size=(400, 2))
    >>> values[250:, 1] += 2.0
    >>> axes = monitoring(1, values, values, ["age", "bmi"], show=False)
    >>> [text.get_text() for text in axes.texts]
    ['row 250']
    """
    arrays = arrays_of(shap_values, features, feature_names, "monitoring")
    if arrays.values.ndim != 2:
        msg = f"`shap_values` of `monitoring` has shape {arrays.values.shape}: pass (rows, features)"
        raise DimensionError(msg)
    if arrays.features is None:
        msg = "`features` of `monitoring` is None: give the values of the features, which colour the dots"
        raise OptionError(msg)
    feature = position_of(ind, arrays.values, arrays.names)
    name, heights = arrays.names[feature], arrays.values[:, feature]
    stage = open_new_stage(None, *_SIZE)
    ax = stage.ax
    ax.set_xlim(*limits(None, None, np.array([0.0, len(heights) - 1.0]), axis="x"))
    ax.set_ylim(*limits(None, None, heights, axis="y"))
    shading = shading_of(arrays.column(feature), colors.red_blue)
    is_grey = np.isnan(shading.numbers)
    x = np.arange(len(heights))
    look: dict[str, Any] = {"s": 10, "linewidths": 0, "rasterized": len(heights) > MANY_DOTS}
    ax.scatter(x[is_grey], heights[is_grey], color=colors.GREY, **look)
    shown = ~is_grey
    ax.scatter(x[shown], heights[shown], c=shading.numbers[shown], cmap=shading.cmap, norm=shading.norm, **look)
    _draw_change(ax, heights, arrays.values.shape[1])
    _frame(ax, name)
    draw_bar(ax, shading, colors.NAME, longest=_LONGEST)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _draw_change(ax: "Axes", heights: np.ndarray, n_features: int) -> None:
    """Mark the change of the mean, if there is one."""
    known = np.flatnonzero(np.isfinite(heights))
    found = change_point(heights[known])
    if found is None or found.chance >= _LEVEL / n_features:
        return
    at = int(known[found.at])
    hue = colors.GREY
    ax.axvline(at - 0.5, ls="--", color=hue, lw=1.0, zorder=0)
    for part in (slice(None, at), slice(at, None)):
        rows = np.arange(len(heights))[part]
        mean = float(np.nanmean(heights[part]))
        ax.plot(rows[[0, -1]], [mean, mean], color=hue, lw=1.2, alpha=0.7, zorder=3)
    ax.annotate(
        f"row {at}",
        (at - 0.5, 1.0),
        (0, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        fontsize=ANNOTATION_SIZE,
        color=hue,
    )


def _frame(ax: "Axes", name: str) -> None:
    from ferroshap.plots.canvas.artists import is_math

    hue = ink()
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for spine in ax.spines.values():
        spine.set(edgecolor=hue, linewidth=0.8)
    ax.tick_params(color=hue, labelcolor=hue, labelsize=TICK_SIZE)
    ax.yaxis.get_offset_text().set(fontsize=TICK_SIZE, color=hue)
    ax.set_xlabel("Sample index", fontsize=LABEL_SIZE, color=hue)
    ax.set_ylabel(f"{shortened(name, _LONGEST)}\nSHAP value", fontsize=LABEL_SIZE, color=hue)
    ax.yaxis.label.set_parse_math(is_math(name))
