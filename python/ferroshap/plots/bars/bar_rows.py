"""Bars in rows: signed ones with their numbers, and stacks of outputs."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.explanation import Explanation
from ferroshap.plots.bars.classes import Classes
from ferroshap.plots.bars.cohort_bars import Cohort, hatching, legend_of_cohorts
from ferroshap.plots.canvas.row_labels import feature_values, names_of, row_labels
from ferroshap.plots.canvas.stage import ANNOTATION_SIZE, Stage, frame, settle, widened, zero_line
from ferroshap.plots.canvas.whiskers import draw_whisker, whisker_ends
from ferroshap.plots.canvas.wording import amount
from ferroshap.plots.reading.ordering import Rows
from ferroshap.plots.style import pushing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 0.7


def draw_bars(
    stage: Stage, cohorts: list[Cohort], rows: Rows, label: str, *, color: Any = None, shows: bool = False
) -> None:
    """Draw the bars from zero to the values, with numbers and whiskers; cohorts share the height of a row.

    Without a `color` they are red and blue by their sign; `shows` puts the values of the features before their names.
    """
    n_cohorts, ax = len(cohorts), stage.ax
    totals = np.stack([rows.totals(np.asarray(cohort.bars.values, dtype=float)) for cohort in cohorts])
    lengths = np.nan_to_num(totals, posinf=0.0, neginf=0.0)  # (cohorts, rows)
    largest, has_negative = float(np.max(np.abs(lengths))), bool((lengths < 0).any())
    frame(ax, rows.n_rows, label, left_spine=not has_negative)
    if has_negative:
        zero_line(ax, over_bars=True)
    row_labels(ax, names_of(cohorts[0].bars), rows, feature_values(cohorts[0].bars) if shows else None)
    labels, spans = [], [0.0, *lengths.ravel()]
    thickness = _HEIGHT / n_cohorts
    for c, cohort in enumerate(cohorts):
        y = np.arange(rows.n_rows)[::-1] + ((n_cohorts - 1) / 2 - c) * thickness
        hues = [pushing(length) if color is None else color for length in lengths[c]]
        ax.barh(y, lengths[c], thickness, color=hues, zorder=1, **hatching(c, n_cohorts, ax))
        ends = whisker_ends(cohort.bars, rows)
        for k, length in enumerate(lengths[c].tolist()):
            tip = _tip_label(ax, float(y[k]), length, amount(float(totals[c, k]), largest), hues[k])
            draw_whisker(ax, tip, None if ends is None else ends[k])
            if n_cohorts > 1:
                tip.free = tip.start  # nothing can be read on hatches
                tip.set_fontsize(max(ANNOTATION_SIZE - 1.5 * (n_cohorts - 1), 7.0))
            labels.append(tip)
        spans += [] if ends is None else ends[np.isfinite(ends)].tolist()
    ax.set_ylim(-0.6, rows.n_rows - 0.4)
    if n_cohorts > 1:
        legend_of_cohorts(ax, cohorts, has_negative=has_negative)
    settle(stage, labels, np.array(spans), from_zero=not has_negative and min(spans) >= 0)


def _tip_label(ax: "Axes", y: float, length: float, text: str, hue: Any) -> Any:
    from ferroshap.plots.canvas.artists import TipLabel

    label = TipLabel(y, 0.0, length, text, hue, ANNOTATION_SIZE)
    ax.add_artist(label)
    label.set_clip_on(False)
    return label


def draw_stacks(
    stage: Stage, magnitude: Explanation, rows: Rows, label: str, chosen: Classes | None = None, *, shows: bool = False
) -> None:
    """Stack the magnitudes ``(features, outputs)`` of the outputs, the strongest output first unless told otherwise."""
    from ferroshap.plots.canvas.legend import draw_legend

    values = np.asarray(magnitude.values, dtype=float)
    totals = np.nan_to_num(rows.totals(values))  # (rows, outputs)
    classes = (chosen or Classes()).settled(magnitude, np.nan_to_num(values))
    ax, y = stage.ax, np.arange(rows.n_rows)[::-1]
    left = np.zeros(rows.n_rows)
    for output, hue, name in zip(classes.order, classes.hues, classes.names, strict=True):
        ax.barh(y, totals[:, output], _HEIGHT, left=left, color=hue, label=name, zorder=1)
        left = left + totals[:, output]
    frame(ax, rows.n_rows, label, left_spine=True)
    row_labels(ax, names_of(magnitude), rows, feature_values(magnitude) if shows else None)
    ax.set_ylim(-0.6, rows.n_rows - 0.4)
    ax.set_xlim(0.0, widened(0.0, float(left.max(initial=0.0)))[1] * 1.03)
    draw_legend(ax, classes.hues, classes.names)


def magnitude_of(explanation: Explanation) -> Explanation:
    """Magnitudes, taken once: outputs of either sign are stacked in one direction."""
    return explanation if any(item.name == "abs" for item in explanation.op_history) else explanation.abs
