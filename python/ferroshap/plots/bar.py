"""Bars: how strong each feature is over all rows, or what each did in one."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots import colors
from ferroshap.plots.accept import accepted
from ferroshap.plots.ordering import Rows, ordered, rows_of
from ferroshap.plots.row_labels import feature_values, names_of, row_labels
from ferroshap.plots.stage import ANNOTATION_SIZE, Stage, close_stage, frame, open_stage, settle, widened, zero_line
from ferroshap.plots.whiskers import draw_whisker, whisker_ends
from ferroshap.plots.wording import amount, only_cut, value_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 0.7


def bar(
    shap_values: Any,
    max_display: int | None = 10,
    order: Any = Explanation.abs,
    *,
    show_data: bool | str = "auto",
    ax: "Axes | None" = None,
    show: bool | None = None,
) -> "Axes | None":
    """Draw a bar for each feature: the mean magnitude of its values, or its signed value in one row.

    Outputs are stacked, the strongest first, with a legend in an axes of its
    own (the last of the figure). Bars of one row carry whiskers where standard
    errors are known: 95 % intervals, as `Explanation.confidence_interval` gives.

    Parameters
    ----------
    shap_values : Explanation
        ``(features,)``, or ``(rows, features)`` of which the mean magnitude is
        drawn, each with or without outputs.
    max_display : int or None
        Rows drawn; if features remain, the last row is their sum. None: all.
    order : OpChain, Explanation or array
        Sorted descending unless it holds positions (`argsort`).
    show_data : bool or "auto"
        Put the value of the feature into its label; "auto": for one row that was only cut out.
    ax : Axes, optional
        Where to draw; without it pyplot's current axes, whose figure is resized.
    show : bool, optional
        Show the figure at the end; None: unless `ax` is given.

    Returns
    -------
    Axes or None
        The axes, None after showing.

    Raises
    ------
    TypeError
        If `shap_values` is not an Explanation.
    DimensionError
        If it has no feature axis or is a table of interactions.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> axes = bar(Explanation([[1.0, -3.0], [2.0, 1.0]], feature_names=["age", "bmi"]), show=False)
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['age', 'bmi']
    >>> axes.get_xlabel()
    'mean(|SHAP value|)'
    """
    explanation = accepted(shap_values, "bar")
    if show_data not in {True, False, "auto"}:
        msg = f"`show_data` is {show_data!r}: give True, False or 'auto'"
        raise OptionError(msg)
    has_rows = "row" in explanation.axes
    shows = not has_rows and only_cut(explanation.op_history) if show_data == "auto" else bool(show_data)
    if has_rows:
        explanation = explanation.abs.mean(0)
    draw = _stacked if "output" in explanation.axes else _signed
    rows = rows_of(ordered(order, _strengths(explanation)), max_display)
    stage = open_stage(ax, rows.n_rows * 0.5 + 1.5)
    draw(stage, explanation, rows, shows=shows)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _strengths(explanation: Explanation) -> Explanation:
    """What the order of the features is made from: one number for each."""
    return _magnitude(explanation).sum(-1) if "output" in explanation.axes else explanation


def _magnitude(explanation: Explanation) -> Explanation:
    """Magnitudes, taken once: outputs of either sign are stacked in one direction."""
    return explanation if any(item.name == "abs" for item in explanation.op_history) else explanation.abs


def _signed(stage: Stage, explanation: Explanation, rows: Rows, *, shows: bool) -> None:
    """Draw one bar a feature from zero to its value, with number and whisker."""
    totals = rows.totals(np.asarray(explanation.values, dtype=float))
    lengths = np.nan_to_num(totals, posinf=0.0, neginf=0.0)
    ax, y = stage.ax, np.arange(rows.n_rows)[::-1]
    has_negative = bool((lengths < 0).any())
    hues = [colors.RED if length >= 0 else colors.BLUE for length in lengths]
    ax.barh(y, lengths, _HEIGHT, color=hues, zorder=1)
    frame(ax, rows.n_rows, value_label(explanation.op_history), left_spine=not has_negative)
    if has_negative:
        zero_line(ax, "black")
    row_labels(ax, names_of(explanation), rows, feature_values(explanation) if shows else None)
    ends = whisker_ends(explanation, rows)
    labels = []
    for k, length in enumerate(lengths.tolist()):
        label = _tip_label(ax, float(y[k]), length, totals[k], float(np.max(np.abs(lengths))), hues[k])
        draw_whisker(ax, label, None if ends is None else ends[k])
        labels.append(label)
    ax.set_ylim(-0.6, rows.n_rows - 0.4)
    spans = np.concatenate([[0.0], lengths, [] if ends is None else ends[np.isfinite(ends)]])
    settle(stage, labels, spans, from_zero=not has_negative and bool(spans.min() >= 0))


def _tip_label(ax: "Axes", y: float, length: float, total: float, largest: float, hue: str) -> Any:
    from ferroshap.plots.artists import TipLabel

    label = TipLabel(y, 0.0, length, amount(float(total), largest), hue, ANNOTATION_SIZE)
    ax.add_artist(label)
    label.set_clip_on(False)
    return label


def _stacked(stage: Stage, explanation: Explanation, rows: Rows, *, shows: bool) -> None:
    """Stack the magnitudes of the outputs, the strongest output first."""
    from ferroshap.plots.legend import draw_legend

    magnitude = _magnitude(explanation)
    totals = np.nan_to_num(rows.totals(np.asarray(magnitude.values, dtype=float)))  # (rows, outputs)
    strongest = np.argsort(-totals.sum(axis=0), kind="stable")
    n_outputs = len(strongest)
    hues = [colors.red_blue_circle(k / n_outputs) for k in range(n_outputs)]
    table = explanation.names_along(explanation.axes.index("output"))
    names = [f"Output {k}" if table is None else table.names[k] for k in strongest]

    ax, y = stage.ax, np.arange(rows.n_rows)[::-1]
    left = np.zeros(rows.n_rows)
    for k, output in enumerate(strongest):
        ax.barh(y, totals[:, output], _HEIGHT, left=left, color=hues[k], label=names[k], zorder=1)
        left = left + totals[:, output]
    frame(ax, rows.n_rows, value_label(magnitude.op_history), left_spine=True)
    row_labels(ax, names_of(explanation), rows, feature_values(explanation) if shows else None)
    ax.set_ylim(-0.6, rows.n_rows - 0.4)
    ax.set_xlim(0.0, widened(0.0, float(left.max(initial=0.0)))[1] * 1.03)
    draw_legend(ax, hues, names)
