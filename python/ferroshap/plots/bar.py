"""Bars: how strong each feature is over all rows, or what each did in one."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots.bars.bar_rows import draw_bars, draw_stacks, magnitude_of
from ferroshap.plots.bars.clusters import arranged, clustering_of, ranking
from ferroshap.plots.bars.cohort_bars import cohorts_of
from ferroshap.plots.bars.dendrogram import draw_dendrogram
from ferroshap.plots.canvas.stage import close_stage, open_stage
from ferroshap.plots.canvas.wording import only_cut, value_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    if tree[0] is not None:
        draw_dendrogram(stage.ax, brackets, clustering_cutoff, rows.n_rows)
    if "output" in first.axes:
        magnitude = magnitude_of(first)
        draw_stacks(stage, magnitude, rows, value_label(magnitude.op_history), shows=shows)
    else:
        draw_bars(stage, cohorts, rows, value_label(first.op_history), shows=shows)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _strengths(explanation: Explanation) -> Explanation:
    """What the order of the features is made from: one number for each."""
    return magnitude_of(explanation).sum(-1) if "output" in explanation.axes else explanation
