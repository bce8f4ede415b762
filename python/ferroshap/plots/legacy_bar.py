"""The older bar plot of one row, which takes arrays."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation
from ferroshap.explanation.checks import as_numbers
from ferroshap.plots.bars.bar_rows import draw_bars
from ferroshap.plots.bars.cohort_bars import Cohort
from ferroshap.plots.canvas.stage import close_stage, open_stage
from ferroshap.plots.reading.accept import as_explanation, holds_cohorts, looks_like_explanation, refuse_outputs
from ferroshap.plots.reading.ordering import ordered, rows_of
from ferroshap.plots.swarms.swarm_rows import VALUE_LABEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_ROWS = 7


def bar_plot(
    shap_values: Any,
    features: Any = None,
    feature_names: Any = None,
    max_display: int | None = None,
    show: bool | None = None,
) -> "Axes | None":
    """Draw the values of one row as bars; `bar` does more with an Explanation.

    Parameters
    ----------
    shap_values : array of shape ``(features,)`` or Explanation
        Of one row and one output.
    features : array or Series, optional
        The values of the features, shown before their names; a Series brings the names too.
    feature_names : list of str, optional
        Names, where they do not come with the others.
    max_display : int, optional
        Rows drawn (7); if features remain, the last row is their sum.
    show : bool, optional
        Show the figure at the end; None: yes.

    Returns
    -------
    Axes or None
        The axes, None after showing.

    Raises
    ------
    DimensionError
        If it is more than one row, or lengths do not agree.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> axes = bar_plot(np.array([1.0, -3.0]), [52, 31.5], ["age", "bmi"], show=False)
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['52 = age', '31.5 = bmi']
    """
    explanation = _one_row(shap_values, features, feature_names)
    rows = rows_of(ordered(Explanation.abs, explanation), _MOST_ROWS if max_display is None else max_display)
    stage = open_stage(None, rows.n_rows * 0.5 + 1.5)
    draw_bars(stage, [Cohort("", explanation, None)], rows, VALUE_LABEL, shows=True)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _one_row(shap_values: Any, features: Any, names: Any) -> Explanation:
    """One row with its data and names."""
    if looks_like_explanation(shap_values) or holds_cohorts(shap_values):
        explanation = as_explanation(shap_values, "bar_plot")
        refuse_outputs(explanation, "bar_plot")
        features = explanation.data if features is None else features
        names = explanation.feature_names if names is None else names
        values = np.asarray(explanation.values)
    else:
        values = as_numbers("shap_values", shap_values)
    if values.ndim == 2 and len(values) == 1:
        values = values[0]
    if values.ndim != 1 or not len(values):
        msg = f"`shap_values` of `bar_plot` has shape {values.shape}: pass one row, as shap_values[0]"
        raise DimensionError(msg)
    data = None
    if features is not None:
        names = (
            list(features.index)
            if names is None and hasattr(features, "index") and not callable(features.index)
            else names
        )
        data = np.asarray(features, dtype=None if np.ndim(features) else object).reshape(-1)
        if len(data) != len(values):
            msg = f"`features` has {len(data)} values, but `shap_values` has {len(values)} features"
            raise DimensionError(msg)
    chosen = None if names is None else [str(name) for name in names]
    return Explanation(values, data=data, feature_names=chosen, axes=("feature",))
