"""Group difference: by how much the mean SHAP values of two groups of rows differ, feature by feature."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.plots.canvas.row_labels import row_labels
from ferroshap.plots.canvas.stage import WIDTH, close_stage, frame, open_new_stage, widened, zero_line
from ferroshap.plots.reading.arrays import arrays_of
from ferroshap.plots.reading.ordering import rows_of
from ferroshap.plots.style import ink, pushing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_N_DRAWS, _AT_ONCE = 1_000, 1 << 22  # random groupings; numbers of them in memory
_TAILS = (5, 95)
_HEIGHT = 0.7


def group_difference(
    shap_values: Any,
    group_mask: Any,
    feature_names: Any = None,
    xlabel: str | None = None,
    xmin: float | None = None,
    xmax: float | None = None,
    max_display: int | None = None,
    sort: bool = True,
    show: bool | None = None,
    ax: "Axes | None" = None,
) -> "Axes | None":
    """Draw the mean SHAP value of one group of rows minus that of the others, a bar for each feature.

    A whisker shows what chance does: 90 % of the differences between 1000 random groups of the same
    sizes. Where it does not reach zero, the groups differ by more than that.

    Parameters
    ----------
    shap_values : array or Explanation
        ``(rows, features)``; or ``(rows,)``, such as the outputs of a model.
    group_mask : array of bool
        ``(rows,)``: True for the first group.
    feature_names : sequence of str, optional
        Names of the features.
    xlabel : str, optional
        Text beneath.
    xmin, xmax : float, optional
        Ends of the axis.
    max_display : int or None
        Features drawn, the first of the order. None: all.
    sort : bool
        Largest differences on top; else the features as they come.
    show : bool, optional
        Show the figure at the end; None: unless `ax` is given.
    ax : Axes, optional
        Where to draw; without it in a new figure.

    Returns
    -------
    Axes or None
        The axes, None after showing.

    Raises
    ------
    DimensionError
        If there is not one entry of the mask for each row.
    OptionError
        If one of the groups is empty.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> values = np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 5.0], [0.0, 7.0]])
    >>> axes = group_difference(values, [True, True, False, False], ["age", "bmi"], show=False)
    >>> [label.get_text() for label in axes.get_yticklabels()], [float(bar.get_width()) for bar in axes.patches]
    (['age', 'bmi'], [2.0, -6.0])
    """
    is_single = np.ndim(getattr(shap_values, "values", shap_values)) == 1
    if is_single and feature_names is None:
        feature_names = [""]
    arrays = arrays_of(shap_values, None, feature_names, "group_difference", is_column=True)
    if arrays.values.ndim != 2:
        msg = f"`shap_values` of `group_difference` has shape {arrays.values.shape}: pass (rows, features)"
        raise DimensionError(msg)
    mask = _mask(group_mask, len(arrays.values))
    values = np.nan_to_num(arrays.values)
    differences = values[mask].mean(axis=0) - values[~mask].mean(axis=0)
    low, high = by_chance(values, mask)
    strongest_first = np.argsort(-np.abs(differences), kind="stable")
    rows = rows_of(strongest_first if sort else np.arange(len(differences)), max_display, group=False)

    stage = open_new_stage(ax, WIDTH, rows.n_rows * 0.5 + 1.5)
    ax = stage.ax
    frame(ax, rows.n_rows, "Group SHAP value difference" if xlabel is None else xlabel)
    zero_line(ax)
    lengths = differences[rows.shown]
    ends = np.stack([lengths - high[rows.shown], lengths - low[rows.shown]])
    _draw_bars(ax, lengths, ends)
    row_labels(ax, arrays.names, rows, None)
    ax.set_ylim(-0.6, rows.n_rows - 0.4)
    start, end = widened(min(0.0, float(ends.min())), max(0.0, float(ends.max())))
    margin = 0.05 * (end - start)
    ax.set_xlim(start - margin if xmin is None else xmin, end + margin if xmax is None else xmax)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def by_chance(values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 5th and 95th percentile of the differences when rows are assigned to the groups at random, one a feature.

    Groups keep their sizes; the generator is ours, so the answer is the same every time.
    """
    n, n_first = len(mask), int(mask.sum())
    rng = np.random.default_rng(0)
    total, n_other = values.sum(axis=0), n - n_first
    found = np.empty((_N_DRAWS, values.shape[1]))
    at_once = max(1, _AT_ONCE // n)
    for start in range(0, _N_DRAWS, at_once):
        drawn = rng.permuted(np.tile(mask, (min(at_once, _N_DRAWS - start), 1)), axis=1)
        first = drawn.astype(float) @ values
        found[start : start + len(drawn)] = first / n_first - (total - first) / n_other
    low, high = np.percentile(found, _TAILS, axis=0)
    return low, high


def _mask(group_mask: Any, n_rows: int) -> np.ndarray:
    mask = np.asarray(group_mask)
    if mask.shape != (n_rows,):
        msg = f"`group_mask` has shape {mask.shape}, but `shap_values` has {n_rows} rows: give one entry for each"
        raise DimensionError(msg)
    if mask.dtype != bool:
        if not np.isin(mask, (0, 1)).all():
            msg = f"`group_mask` holds {mask.dtype} other than 0 and 1: give True for the first group, else False"
            raise OptionError(msg)
        mask = mask.astype(bool)
    if mask.all() or not mask.any():
        msg = f"`group_mask` is {bool(mask.all())} for all {n_rows} rows: there is no other group to compare with"
        raise OptionError(msg)
    return mask


def _draw_bars(ax: "Axes", lengths: np.ndarray, ends: np.ndarray) -> None:
    y = np.arange(len(lengths))[::-1].astype(float)
    hues = [pushing(float(length)) for length in lengths]
    ax.barh(y[::-1], lengths[::-1], _HEIGHT, color=hues[::-1], zorder=1)
    ax.errorbar(
        ends.mean(axis=0),
        y,
        xerr=np.ptp(ends, axis=0) / 2,
        fmt="none",
        ecolor=ink(),
        elinewidth=1.2,
        capsize=3.5,
        capthick=1.2,
        zorder=3,
    )
