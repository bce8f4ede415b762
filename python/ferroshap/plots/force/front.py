"""`force`: from its arguments to one row, many rows, or a figure of matplotlib."""

from typing import Any

from ferroshap.errors import OptionError
from ferroshap.links import Link, resolve
from ferroshap.plots.force.forces import read_forces
from ferroshap.plots.force.palette import pair_of
from ferroshap.plots.force.row import ForcePlot
from ferroshap.plots.force.stack import ForceArrayPlot


def force(
    base_value: Any,
    shap_values: Any = None,
    features: Any = None,
    feature_names: Any = None,
    out_names: Any = None,
    link: str | Link = "identity",
    plot_cmap: str | list[str] = "RdBu",
    matplotlib: bool = False,
    show: bool | None = None,
    figsize: tuple[float, float] = (20, 3),
    ordering_keys: Any = None,
    ordering_keys_time_format: str | None = None,
    text_rotation: float = 0,
    contribution_threshold: float = 0.05,
) -> Any:
    """Show what pushes the model's output up and down: one row along an axis, many rows as stacked areas.

    Features that push up stand left of the output f(x), those that push down right of it, the
    strongest innermost; together they lead from the base value to f(x).

    Parameters
    ----------
    base_value : Explanation, float or array
        An Explanation of one output, or what the values start from: one number, or one a row.
    shap_values : ndarray, optional
        ``(features,)`` or ``(rows, features)``; left out if an Explanation was given.
    features : array, table or Series, optional
        The explained rows, shaped as the values. A list of texts, where no `feature_names` are given, is these.
    feature_names : sequence of str, optional
        Names of the features.
    out_names : str, optional
        What to write instead of ``f(x)``.
    link : {"identity", "logit"} or link
        ``"logit"``: values are log-odds, and the axis is labelled in probability.
    plot_cmap : str or list of str
        ``"RdBu"`` or another named pair, a map of matplotlib, or colours for up and down as ``#RRGGBB``.
    matplotlib : bool
        Draw one row with matplotlib, in a new figure.
    show : bool, optional
        Of `matplotlib` only: whether to show the figure; None: yes.
    figsize : (float, float)
        Of `matplotlib` only: inches.
    ordering_keys : sequence, optional
        One a row: many rows stand in this order at first.
    ordering_keys_time_format : str, optional
        How `ordering_keys` are written if they are times, as for `datetime.strptime`.
    text_rotation : float
        Degrees by which the labels of one row are turned.
    contribution_threshold : float
        Features that push by less than this share of all pushes together have no label, only a tooltip.

    Returns
    -------
    ForcePlot, ForceArrayPlot, Figure or None
        For one row, for many rows; with `matplotlib` the figure, None after showing.

    Raises
    ------
    TypeError
        If the values are a list, or the base value is missing.
    DimensionError
        If lengths do not agree, or there are several outputs.
    OptionError
        For an unknown link or colour, or no base value.
    NotImplementedError
        With `matplotlib` for many rows.

    Examples
    --------
    >>> import numpy as np
    >>> from ferroshap.explanation import Explanation
    >>> sv = Explanation(np.array([[1.0, -3.0], [0.5, 2.0]]), 10.0, feature_names=["age", "bmi"])
    >>> force(sv[0])
    <ForcePlot: f(x) = 8 from the base value 10, 2 features>
    >>> force(sv)
    <ForceArrayPlot: 2 rows, 2 features>
    """
    pair = pair_of(plot_cmap)
    forces = read_forces(base_value, shap_values, features, feature_names, out_names, resolve(link))
    if not 0.0 <= contribution_threshold <= 1.0:
        msg = f"`contribution_threshold` is {contribution_threshold}: give a share from 0 to 1"
        raise OptionError(msg)
    if len(forces.values) > 1:
        if matplotlib:
            msg = "`matplotlib=True` draws one row: pass one, as sv[0], or leave it out for a picture of all rows"
            raise NotImplementedError(msg)
        return ForceArrayPlot(forces, pair, ordering_keys, ordering_keys_time_format)
    if matplotlib:
        from ferroshap.plots.force.row_figure import draw_row

        return draw_row(forces, pair, figsize, contribution_threshold, text_rotation, show=show)
    return ForcePlot(forces, pair, contribution_threshold, text_rotation)
