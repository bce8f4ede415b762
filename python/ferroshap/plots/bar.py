"""Bars: how strong each feature is over all rows, or what each did in one."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots import colors
from ferroshap.plots.clusters import arranged, clustering_of, ranking
from ferroshap.plots.cohort_bars import Cohort, cohorts_of, hatching, legend_of_cohorts
from ferroshap.plots.dendrogram import draw_dendrogram
from ferroshap.plots.ordering import Rows
from ferroshap.plots.row_labels import feature_values, names_of, row_labels
from ferroshap.plots.stage import ANNOTATION_SIZE, Stage, close_stage, frame, open_stage, settle, widened, zero_line
from ferroshap.plots.style import pushing
from ferroshap.plots.whiskers import draw_whisker, whisker_ends
from ferroshap.plots.wording import amount, only_cut, value_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 0.7


def bar(
    shap_values: Any,
    max_display: int | None = 10,
    order: Any = Explanation.abs,
    clustering: Any = None,
    clustering_cutoff: float = 0.5,
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
    shap_values : Explanation, Cohorts or dict
        ``(features,)``, or ``(rows, features)`` of which the mean magnitude is
        drawn, each with or without outputs. Several of them by name, without
        outputs: each feature gets a bar for each, told apart by hatches.
    max_display : int or None
        Rows drawn; if features remain, the last row is their sum. None: all.
    order : OpChain, Explanation or array
        Sorted descending unless it holds positions (`argsort`). Of several Explanations, its mean.
    clustering : ndarray of shape ``(features - 1, 4)``, False or None
        A linkage of the features; None: that of the Explanation, if it has one; False: none. Features of one cluster
        stand together with their tree beside them, and the weakest share a row (``A + B``) before any is left out.
    clustering_cutoff : float
        The distance up to which features belong together.
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
        If `shap_values` is not an Explanation, nor a dict of them.
    DimensionError
        If it has no feature axis or is a table of interactions, or several do not have the same features.
    InvalidClusteringError
        If `clustering` is no linkage of the features.

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
    cohorts = cohorts_of(shap_values)
    if show_data not in {True, False, "auto"}:
        msg = f"`show_data` is {show_data!r}: give True, False or 'auto'"
        raise OptionError(msg)
    first = cohorts[0].bars
    tree = clustering_of(first, clustering), clustering_cutoff
    strengths = np.mean([np.abs(_strengths(cohort.bars).values) for cohort in cohorts], axis=0)
    rank = ranking(order, [_strengths(cohort.bars) for cohort in cohorts])
    rows, brackets = arranged(rank, np.nan_to_num(strengths), max_display, tree)
    is_one = len(cohorts) == 1  # of several, each has values of its own
    shows = is_one and only_cut(first.op_history) if show_data == "auto" else bool(show_data)

    stage = open_stage(ax, rows.n_rows * 0.5 * len(cohorts) ** 0.5 + 1.5)
    row_labels(stage.ax, names_of(first), rows, feature_values(first) if shows else None)
    if tree[0] is not None:
        draw_dendrogram(stage.ax, brackets, clustering_cutoff, rows.n_rows)
    if "output" in first.axes:
        _stacked(stage, first, rows)
    else:
        _signed(stage, cohorts, rows)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _strengths(explanation: Explanation) -> Explanation:
    """What the order of the features is made from: one number for each."""
    return _magnitude(explanation).sum(-1) if "output" in explanation.axes else explanation


def _magnitude(explanation: Explanation) -> Explanation:
    """Magnitudes, taken once: outputs of either sign are stacked in one direction."""
    return explanation if any(item.name == "abs" for item in explanation.op_history) else explanation.abs


def _signed(stage: Stage, cohorts: list[Cohort], rows: Rows) -> None:
    """Draw the bars from zero to the values, with numbers and whiskers; cohorts share the height of a row."""
    first, n_cohorts, ax = cohorts[0].bars, len(cohorts), stage.ax
    totals = np.stack([rows.totals(np.asarray(cohort.bars.values, dtype=float)) for cohort in cohorts])
    lengths = np.nan_to_num(totals, posinf=0.0, neginf=0.0)  # (cohorts, rows)
    largest, has_negative = float(np.max(np.abs(lengths))), bool((lengths < 0).any())
    frame(ax, rows.n_rows, value_label(first.op_history), left_spine=not has_negative)
    if has_negative:
        zero_line(ax, over_bars=True)
    labels, spans = [], [0.0, *lengths.ravel()]
    thickness = _HEIGHT / n_cohorts
    for c, cohort in enumerate(cohorts):
        y = np.arange(rows.n_rows)[::-1] + ((n_cohorts - 1) / 2 - c) * thickness
        hues = [pushing(length) for length in lengths[c]]
        ax.barh(y, lengths[c], thickness, color=hues, zorder=1, **hatching(c, n_cohorts, ax))
        ends = whisker_ends(cohort.bars, rows)
        for k, length in enumerate(lengths[c].tolist()):
            label = _tip_label(ax, float(y[k]), length, amount(float(totals[c, k]), largest), hues[k])
            draw_whisker(ax, label, None if ends is None else ends[k])
            if n_cohorts > 1:
                label.free = label.start  # nothing can be read on hatches
                label.set_fontsize(max(ANNOTATION_SIZE - 1.5 * (n_cohorts - 1), 7.0))
            labels.append(label)
        spans += [] if ends is None else ends[np.isfinite(ends)].tolist()
    ax.set_ylim(-0.6, rows.n_rows - 0.4)
    if n_cohorts > 1:
        legend_of_cohorts(ax, cohorts, has_negative=has_negative)
    settle(stage, labels, np.array(spans), from_zero=not has_negative and min(spans) >= 0)


def _tip_label(ax: "Axes", y: float, length: float, text: str, hue: Any) -> Any:
    from ferroshap.plots.artists import TipLabel

    label = TipLabel(y, 0.0, length, text, hue, ANNOTATION_SIZE)
    ax.add_artist(label)
    label.set_clip_on(False)
    return label


def _stacked(stage: Stage, explanation: Explanation, rows: Rows) -> None:
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
    ax.set_ylim(-0.6, rows.n_rows - 0.4)
    ax.set_xlim(0.0, widened(0.0, float(left.max(initial=0.0)))[1] * 1.03)
    draw_legend(ax, hues, names)
