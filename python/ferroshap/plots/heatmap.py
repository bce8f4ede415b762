"""Heatmap: all values of many rows as colours, like rows side by side, with the model's output above."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation
from ferroshap.plots import colors
from ferroshap.plots.canvas.axis_names import whole_numbers
from ferroshap.plots.canvas.color_bar import slim_bar
from ferroshap.plots.canvas.row_labels import names_of, row_labels
from ferroshap.plots.canvas.stage import ANNOTATION_SIZE, LABEL_SIZE, close_stage, frame, open_stage
from ferroshap.plots.canvas.wording import amount
from ferroshap.plots.reading.accept import accepted, refuse_outputs
from ferroshap.plots.reading.ordering import Rows, numbers_of, ordered, rows_of
from ferroshap.plots.style import ink, line_ink
from ferroshap.plots.swarms.swarm_rows import VALUE_LABEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ABOVE, _SWING = 1.15, 1.0  # rows: from the top of the matrix to the middle of the line of f(x); and either way
_TALL = 5  # rows beside which the whole text of the colour bar has room
_BARS = 0.05  # of the width of the matrix, for the strongest feature


_LIKE_BY_LIKE, _MEAN_MAGNITUDE = Explanation.hclust(), Explanation.abs.mean(0)


def heatmap(
    shap_values: Any,
    instance_order: Any = _LIKE_BY_LIKE,
    feature_values: Any = _MEAN_MAGNITUDE,
    feature_order: Any = None,
    max_display: int | None = 10,
    cmap: Any = None,
    show: bool | None = None,
    plot_width: float = 8,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the values of all rows as a matrix of colours, one column an explained row.

    The line above is the sum of the values, which is the model's output but for
    the base value, in parts of its largest magnitude; the black bars at the right
    say how much each feature matters. Colours end at the 1st or 99th percentile,
    whichever is farther from zero.

    Parameters
    ----------
    shap_values : Explanation
        ``(rows, features)``.
    instance_order : OpChain, Explanation or array
        The order of the columns, by default such that like is beside like. Positions (``hclust``, ``argsort``, whole
        numbers) are taken as they are, other numbers, one a row, are sorted descending.
    feature_values : OpChain, Explanation or array
        One number for each feature: the black bars.
    feature_order : OpChain, Explanation or array, optional
        The order of the rows of the picture; None: the largest of `feature_values` on top.
    max_display : int or None
        Rows drawn; if features remain, the last row is their sum. None: all.
    cmap : colour map or name, optional
        None: blue over white to red.
    show : bool, optional
        Show the figure at the end; None: unless `ax` is given.
    plot_width : float
        Width of the figure in inches.
    ax : Axes, optional
        Where to draw; without it pyplot's current axes, whose figure is resized.

    Returns
    -------
    Axes
        Always, unlike the other plots: as the incumbent's heatmap does.

    Raises
    ------
    TypeError
        If `shap_values` is not an Explanation.
    DimensionError
        If it is a single row or has several outputs.
    OptionError
        If an order or `feature_values` does not fit.

    Notes
    -----
    The default order costs O(rows^2) time and memory up to 2,048 rows; beyond, see `Explanation.hclust`.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> sv = Explanation([[1.0, -3.0], [2.0, 1.0], [1.0, -2.0]], feature_names=["age", "bmi"])
    >>> axes = heatmap(sv, show=False)
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['age', 'bmi', '$f(x)$']
    """
    explanation = _with_rows(accepted(shap_values, "heatmap"))
    columns = ordered(instance_order, explanation, "row", "instance_order")
    weights = _weights(feature_values, explanation)
    order = feature_order if feature_order is not None else weights
    rows = rows_of(ordered(order, explanation, "feature", "feature_order"), max_display)
    values = np.asarray(explanation.values, dtype=float)[columns]
    totals = rows.totals(values.T)  # (rows of the picture, rows explained)

    stage = open_stage(ax, rows.n_rows * 0.5 + 2.5, plot_width)
    ax = stage.ax
    frame(ax, 0, "Instances")
    row_labels(ax, names_of(explanation), rows, None, more={rows.n_rows - 0.5 + _ABOVE: "$f(x)$"})
    most = _draw_matrix(ax, totals, colors.red_white_blue if cmap is None else cmap)
    _draw_outputs(ax, np.nan_to_num(values, posinf=0.0, neginf=0.0).sum(axis=1), rows.n_rows)
    _draw_weights(ax, rows, weights, len(columns))
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(-0.5, rows.n_rows - 0.5 + _ABOVE + _SWING + 0.25)
    for side in ("left", "right"):
        ax.spines[side].set_visible(True)
        ax.spines[side].set_bounds(-0.5, rows.n_rows - 0.5)
    ax.spines["bottom"].set_visible(False)
    whole_numbers(ax.xaxis)
    ends = [amount(sign * most, most, signed=False) for sign in (-1.0, 1.0)]
    bar = slim_bar(ax, ax.images[-1], [-most, most], ends, ink(), pad=0.1, fraction=0.02)
    label = VALUE_LABEL if rows.n_rows >= _TALL else "SHAP value"
    bar.set_label(label, size=ANNOTATION_SIZE, labelpad=-10, color=ink())
    close_stage(stage, show=show)
    return ax


def _with_rows(explanation: Explanation) -> Explanation:
    """Refuse several outputs and a single row, naming what to pass or to draw instead."""
    refuse_outputs(explanation, "heatmap")
    if "row" not in explanation.axes:
        msg = "`shap_values` of `heatmap` is a single row: draw it with `waterfall` or `bar`, or pass sv[:1]"
        raise DimensionError(msg)
    return explanation


def _weights(feature_values: Any, explanation: Explanation) -> np.ndarray:
    """One number for each feature."""
    weights = numbers_of(feature_values, explanation)[0].astype(float)
    n_features = explanation.shape[explanation.axes.index("feature")]
    if weights.shape != (n_features,):
        msg = f"`feature_values` gives numbers of shape {weights.shape}, not one for each of the {n_features} features"
        raise DimensionError(msg)
    return weights


def _draw_matrix(ax: "Axes", totals: np.ndarray, cmap: Any) -> float:
    """Draw the matrix, its first row on top, and return the value of the strongest colour."""
    finite = totals[np.isfinite(totals)]
    most = float(np.abs(np.percentile(finite, [1, 99])).max()) if len(finite) else 0.0
    most = most or float(np.abs(finite).max(initial=0.0)) or 1.0
    n_rows, n_columns = totals.shape
    ax.imshow(
        totals[::-1],
        origin="lower",
        extent=(-0.5, n_columns - 0.5, -0.5, n_rows - 0.5),
        aspect="auto",
        interpolation="nearest",
        vmin=-most,
        vmax=most,
        cmap=cmap,
    )
    return most


def _draw_outputs(ax: "Axes", outputs: np.ndarray, n_rows: int) -> None:
    """Draw the line of the outputs above the matrix."""
    middle = n_rows - 0.5 + _ABOVE
    largest = float(np.abs(outputs).max()) or 1.0
    ax.axhline(middle, color=colors.ZERO, ls="--", lw=0.5)
    x = np.arange(len(outputs)) if len(outputs) > 1 else np.array([-0.5, 0.5])
    ax.plot(x, middle + _SWING * np.broadcast_to(outputs / largest, x.shape), color=line_ink(), lw=1.0)


def _draw_weights(ax: "Axes", rows: Rows, weights: np.ndarray, n_columns: int) -> None:
    """Draw the bars at the right edge."""
    totals = np.nan_to_num(rows.totals(weights), posinf=0.0, neginf=0.0)
    lengths = totals / (float(np.abs(totals).max()) or 1.0) * n_columns * _BARS
    y = np.arange(rows.n_rows)[::-1]
    for bar in ax.barh(y, lengths, 0.7, left=n_columns - 0.5, color=line_ink()):
        bar.set_clip_on(False)
    ax.tick_params(axis="y", labelsize=LABEL_SIZE)
