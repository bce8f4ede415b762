"""Decision plot: how each row's path leads from the base value to the model's output, feature by feature."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError, PictureSizeError
from ferroshap.plots import colors
from ferroshap.plots.canvas.colormaps import colormap
from ferroshap.plots.canvas.stage import close_stage, open_stage
from ferroshap.plots.decisions.lines import Look, draw_paths
from ferroshap.plots.decisions.paths import Display, Paths, order_of, shifted, window_of, without_pairs
from ferroshap.plots.reading.arrays import arrays_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_ROWS, _MOST_FEATURES, _MOST_VALUES = 2_000, 200, 100_000_000


@dataclass(frozen=True)
class DecisionPlotResult:
    """What another decision plot needs to be drawn on the same scale and in the same order.

    Attributes
    ----------
    base_value : float
        Where the paths begin: the base value, or the new one; the mean over several outputs.
    shap_values : ndarray
        ``(rows, features)`` in the order of the plot, relative to `base_value`; interactions as
        one column for each feature and pair.
    feature_names : list of str
        Names in the same order.
    feature_idx : ndarray
        Positions of the features in that order: pass it as `feature_order`.
    xlim : tuple of float
        Ends of the axis: pass it as `xlim`.
    """

    base_value: float
    shap_values: np.ndarray
    feature_names: list[str]
    feature_idx: np.ndarray
    xlim: tuple[float, float]


def decision(
    base_value: Any,
    shap_values: Any,
    features: Any = None,
    feature_names: Any = None,
    feature_order: Any = "importance",
    feature_display_range: slice | range | None = None,
    highlight: Any = None,
    link: Any = "identity",
    plot_color: Any = None,
    axis_color: str = colors.NAME,
    y_demarc_color: str = colors.NAME,
    alpha: float | None = None,
    color_bar: bool = True,
    auto_size_plot: bool = True,
    title: str | None = None,
    xlim: tuple[float, float] | None = None,
    show: bool | None = None,
    return_objects: bool = False,
    ignore_warnings: bool = False,
    new_base_value: float | None = None,
    legend_labels: Any = None,
    legend_location: str = "best",
    *,
    ax: "Axes | None" = None,
) -> "Axes | DecisionPlotResult | None":
    r"""Draw a line for each row from the base value at the bottom to the model's output on top.

    From row to row of the picture a line moves by the SHAP value of one feature.
    Lines are coloured by where they end; with a single row, and its features known, the
    value of each feature stands in parentheses.

    Parameters
    ----------
    base_value : float or array
        Where all lines begin, such as ``explainer.expected_value``; an array with one distinct number is that number.
    shap_values : array or Explanation
        ``(features,)``, ``(rows, features)``, or interaction values ``(rows, features, features)``, which become
        one feature for each main effect and one, ``A *\nB``, for each pair.
    features : array, frame or list of str, optional
        Values of the features, shaped as the SHAP values; or their names.
    feature_names : sequence of str, optional
        Names of the features.
    feature_order : {"importance", "hclust", "none"}, None or sequence of int
        From the bottom up: by the sum of magnitudes, similar features together, or as they come; or all positions.
    feature_display_range : slice or range, optional
        Which of the ordered features are shown; a step of -1 puts the last on top, 1 at the bottom. None: the last 20,
        ``slice(-1, -21, -1)``.
    highlight : optional
        Rows drawn dash-dotted and thicker: whatever indexes an array.
    link : str or link
        "logit": values are log-odds, and the axis shows probabilities.
    plot_color : str or Colormap, optional
        Colours from the left end of the axis to the right.
    axis_color, y_demarc_color : str
        Colours of axes and texts, and of the dotted lines between features.
    alpha : float, optional
        Opacity of the lines.
    color_bar : bool
        Draw the strip of colours on top, as the last axes of the figure.
    auto_size_plot : bool
        Make the current figure 8 inches wide and as high as the features need.
    title : str, optional
        Text above.
    xlim : tuple of float, optional
        Ends of the axis, after the link. Without them symmetric about the base value, or from 0 to 1.
    show : bool, optional
        Show the figure at the end; None: unless `ax` is given.
    return_objects : bool
        Return a `DecisionPlotResult`, with which the next plot can be drawn on the same scale and in the same order.
    ignore_warnings : bool
        Draw more than 2000 rows or 200 features all the same.
    new_base_value : float, optional
        Let the lines begin here: the difference is shared out evenly over the features.
    legend_labels : sequence of str, optional
        One for each line.
    legend_location : str
        Where matplotlib puts the legend.
    ax : Axes, optional
        Where to draw; without it pyplot's current axes, whose figure is resized.

    Returns
    -------
    Axes, DecisionPlotResult or None
        The result if `return_objects`; else the axes, None after showing.

    Raises
    ------
    TypeError
        If base or values are lists, one for each output: `multioutput_decision_plot` takes these.
    DimensionError
        If the arguments do not fit each other.
    OptionError
        If an option has a value that it cannot have.
    PictureSizeError
        If there are too many rows or features (also a RuntimeError).

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> result = decision(0.5, np.array([[1.0, -3.0]]), [40, 21.5], ["age", "bmi"], show=False, return_objects=True)
    >>> result.feature_names, result.base_value
    (['age', 'bmi'], 0.5)
    """
    _refuse_lists(base_value, shap_values)
    arrays = arrays_of(shap_values, features, feature_names, "decision")
    base = one_base(base_value, shap_values)
    values, names, data = without_pairs(arrays)
    window = window_of(feature_display_range, values.shape[1])
    if not ignore_warnings:
        _refuse_crowds(values.shape, window)
    if new_base_value is not None:
        values, base = shifted(arrays.values, base, float(new_base_value)), float(new_base_value)
        values = without_pairs(arrays, values)[0]
    order = order_of(feature_order, values)
    values, ordered_names = values[:, order], [names[k] for k in order]
    display = Display(link, xlim, highlight)
    paths = Paths.through(base, values, window, display)
    shown = order[window.first : window.last]
    row = data[0, shown] if data is not None and len(values) == 1 else None
    look = Look(
        cmap=colormap_of(plot_color),
        axis_color=axis_color,
        demarcation=y_demarc_color,
        alpha=alpha,
        title=title,
        color_bar=color_bar,
        is_descending=window.is_descending,
        labels=_labels(legend_labels, len(values)),
        legend_location=legend_location,
    )
    stage = open_stage(ax, len(shown) * 0.4 + 1.5) if auto_size_plot else open_stage(ax, None)
    draw_paths(stage, paths, [names[k] for k in shown], row, look)
    left = close_stage(stage, show=show)
    if return_objects:
        return DecisionPlotResult(base, values, ordered_names, order, paths.xlim)
    return left  # type: ignore[no-any-return] # Axes or None


def colormap_of(plot_color: Any) -> Any:
    """Return the colours of the lines."""
    from ferroshap.plots.canvas.stage import open_library

    open_library()
    return colormap(plot_color, argument="plot_color")


def one_base(base_value: Any, shap_values: Any) -> float:
    """Return the number that all rows begin with.

    Raises
    ------
    DimensionError
        If there are several.
    """
    given = getattr(shap_values, "base_values", None) if base_value is None else base_value
    numbers = np.unique(np.asarray(given, dtype=float)) if given is not None else np.zeros(0)
    if len(numbers) != 1 or not np.isfinite(numbers[0]):
        several = f"{len(numbers)} different numbers" if len(numbers) > 1 else "no finite number"
        msg = f"`base_value` holds {several}: give one; for several outputs use `multioutput_decision_plot`"
        raise DimensionError(msg)
    return float(numbers[0])


def _refuse_lists(base_value: Any, shap_values: Any) -> None:
    if isinstance(base_value, list) or isinstance(shap_values, list):
        msg = (
            "`base_value` or `shap_values` of `decision` is a list, as several outputs have: pass base_value[i] and "
            "shap_values[i], or all to `multioutput_decision_plot`"
        )
        raise TypeError(msg)


def _refuse_crowds(shape: tuple[int, ...], window: Any) -> None:
    remedy = "choose some of them, or set ignore_warnings=True"
    n_rows, n_features = shape
    n_shown = window.last - window.first
    if n_rows > _MOST_ROWS:
        msg = f"`shap_values` has {n_rows} rows, more than {_MOST_ROWS} lines that can be told apart: {remedy}"
        raise PictureSizeError(msg)
    if n_shown > _MOST_FEATURES:
        msg = f"{n_shown} features would be shown, more than {_MOST_FEATURES}: {remedy}"
        raise PictureSizeError(msg)
    if n_rows * n_features > _MOST_VALUES:
        msg = f"`shap_values` has {n_rows} rows and {n_features} features, which takes long: {remedy}"
        raise PictureSizeError(msg)


def _labels(labels: Any, n_lines: int) -> list[str] | None:
    if labels is None:
        return None
    texts = [labels] if isinstance(labels, str) else [str(label) for label in labels]
    if len(texts) != n_lines:
        msg = f"`legend_labels` has {len(texts)} entries, but there are {n_lines} lines: give one for each"
        raise OptionError(msg)
    return texts
