"""Waterfall: from the base value to the model's output, one feature after the other."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.canvas.row_labels import feature_values, names_of, row_labels
from ferroshap.plots.canvas.stage import ANNOTATION_SIZE, close_stage, frame, open_stage, settle
from ferroshap.plots.canvas.whiskers import draw_whisker, whisker_ends
from ferroshap.plots.canvas.wording import amount, as_formula
from ferroshap.plots.reading.accept import accepted, refuse_outputs
from ferroshap.plots.reading.ordering import Rows, rows_of
from ferroshap.plots.style import get_style, ink, pushing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 0.8
_HEAD = 0.08  # inches


def waterfall(
    shap_values: Any,
    max_display: int | None = 10,
    show: bool | None = None,
    *,
    ax: "Axes | None" = None,
) -> "Axes | None":
    """Draw how the features of one row lead from the base value to the model's output.

    Arrows start at ``E[f(X)]`` at the bottom, the smallest first, and end at
    ``f(x)`` on top: red ones push up, blue ones down. Light whiskers are the
    bounds that came with the values, else the 95 % intervals of their standard errors.

    Parameters
    ----------
    shap_values : Explanation
        One row, ``(features,)``, with its base value.
    max_display : int or None
        Rows drawn; if features remain, the lowest row is their sum. None: all.
    show : bool, optional
        Show the figure at the end; None: unless `ax` is given.
    ax : Axes, optional
        Where to draw; without it pyplot's current axes, whose figure is resized.

    Returns
    -------
    Axes or None
        The axes, None after showing.

    Raises
    ------
    TypeError
        If `shap_values` is not an Explanation.
    DimensionError
        If it has several rows or outputs.
    OptionError
        If it has no base value.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> row = Explanation([1.0, -3.0], 10.0, [52, 31.5], feature_names=["age", "bmi"])
    >>> axes = waterfall(row, show=False)
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['52 = age', '31.5 = bmi']
    """
    explanation = _one_row(accepted(shap_values, "waterfall"))
    rows, lengths, totals = rows_and_lengths(explanation, max_display)
    base = float(explanation.base_values)
    path = path_of(base, lengths)
    starts, tips = path[:-1][::-1], path[1:]
    ends = whisker_ends(explanation, rows)
    largest = float(np.max(np.abs(lengths), initial=0.0))

    stage = open_stage(ax, rows.n_rows * 0.5 + 1.5)
    ax = stage.ax
    frame(ax, rows.n_rows, "")
    row_labels(ax, names_of(explanation), rows, feature_values(explanation), merged="{} other features")
    labels, reach = [], [base]
    for k in range(rows.n_rows):
        y, start = rows.n_rows - 1 - k, float(starts[k])
        label = _label(ax, y, start, float(lengths[k]), amount(float(totals[k]), largest))
        if ends is not None:
            draw_whisker(ax, label, ends[k] + start)
        labels.append(label)
        reach += [start, label.tip, label.beyond]
    ax.set_ylim(-0.6, rows.n_rows - 0.4)
    output = float(tips[-1]) if len(tips) else base
    _mark_ends(ax, base, output, largest)
    settle(stage, labels, np.array(reach))
    for label in labels:
        _arrow(ax, label)
    _connect(ax, base, tips, rows.n_rows)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _one_row(explanation: Explanation) -> Explanation:
    """Refuse several rows or outputs, naming how to pick one; a table of one row is one row."""
    refuse_outputs(explanation, "waterfall")
    if "row" in explanation.axes:
        if explanation.shape[0] != 1:
            msg = f"`shap_values` of `waterfall` has {explanation.shape[0]} rows: pick one, as sv[0]"
            raise DimensionError(msg)
        explanation = explanation[0]
    if explanation.base_values is None:
        msg = "`shap_values` of `waterfall` has no base value: there is nowhere to start from"
        raise OptionError(msg)
    return explanation


def rows_and_lengths(explanation: Explanation, max_display: int | None) -> tuple[Rows, np.ndarray, np.ndarray]:
    """Rows from the top down, how long their arrows are, and the numbers written on them."""
    values = np.asarray(explanation.values, dtype=float)
    order = np.argsort(-np.abs(np.nan_to_num(values)), kind="stable")
    rows = rows_of(order, max_display)
    totals = rows.totals(values)
    return rows, np.nan_to_num(totals, posinf=0.0, neginf=0.0), totals


def path_of(base: float, lengths: np.ndarray) -> np.ndarray:
    """From the base value up: the shared row first, then the smallest; each step starts where the last one ended."""
    return np.cumsum(np.concatenate([[base], lengths[::-1]]))


def _label(ax: "Axes", y: float, start: float, length: float, text: str) -> Any:
    from ferroshap.plots.canvas.artists import TipLabel

    hue = pushing(length)
    label = TipLabel(y, start, start + length, text, hue, ANNOTATION_SIZE)
    ax.add_artist(label)
    label.set_clip_on(False)
    return label


def _arrow(ax: "Axes", label: Any) -> None:
    """Draw an arrow whose head is 0.08 inches long, or as long as the arrow if that is shorter."""
    from matplotlib.patches import Polygon

    low, high = ax.get_xlim()
    inches = ax.get_window_extent().width / ax.figure.dpi
    length = label.tip - label.start
    head = float(np.copysign(min(_HEAD * (high - low) / inches, abs(length)), length))
    y, half, neck = label.get_position()[1], _HEIGHT / 2, label.tip - head
    corners = [
        (label.start, y - half),
        (neck, y - half),
        (label.tip, y),
        (neck, y + half),
        (label.start, y + half),
    ]
    ax.add_patch(Polygon(corners, closed=True, facecolor=label.bar_color, linewidth=0.0, zorder=1))


def _connect(ax: "Axes", base: float, tips: np.ndarray, n_rows: int) -> None:
    """Lead from each arrow's tip to the start of the one above; from the base up, and on to the top."""
    half = _HEIGHT / 2
    hue = get_style().vlines_color
    dashed: dict[str, Any] = {"color": hue, "linewidth": 0.8, "linestyle": (0, (4, 3)), "zorder": 0}
    ax.plot([base, base], [-0.6, half], **dashed)
    for row in range(n_rows - 1):
        ax.plot([tips[row]] * 2, [row - half, row + 1 + half], **dashed)
    if n_rows:
        ax.plot([tips[-1]] * 2, [n_rows - 1 - half, n_rows - 0.4], **dashed)


def _mark_ends(ax: "Axes", base: float, output: float, largest: float) -> None:
    """Write the base value under the axis and the output above it."""
    from matplotlib.transforms import blended_transform_factory

    across = blended_transform_factory(ax.transData, ax.transAxes)
    for text, x, y, shift, va in (
        (rf"$E[f(X)] = {as_formula(amount(base, largest, signed=False, extra=1))}$", base, 0.0, -24, "top"),
        (rf"$f(x) = {as_formula(amount(output, largest, signed=False, extra=1))}$", output, 1.0, 5, "bottom"),
    ):
        ax.annotate(
            text,
            (x, y),
            (0, shift),
            xycoords=across,
            textcoords="offset points",
            ha="center",
            va=va,
            fontsize=ANNOTATION_SIZE,
            color=ink(),
            annotation_clip=False,
        )
