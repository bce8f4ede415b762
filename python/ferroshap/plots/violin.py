"""Violins: how the values of each feature are spread, coloured by the value of the feature."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError, nearest
from ferroshap.plots import colors
from ferroshap.plots.canvas.color_bar import draw_color_bar
from ferroshap.plots.canvas.row_labels import names_of, row_labels
from ferroshap.plots.canvas.stage import ANNOTATION_SIZE, TICK_SIZE, Stage, close_stage, frame, open_stage, zero_line
from ferroshap.plots.reading.ordering import rows_of
from ferroshap.plots.reading.tables import strongest_first, table_of
from ferroshap.plots.style import ink
from ferroshap.plots.swarms.layers import draw_layers
from ferroshap.plots.swarms.swarm_rows import VALUE_LABEL, limit, linear_below, size_of
from ferroshap.plots.swarms.violin_bodies import Body, draw_bodies

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KINDS = ("violin", "layered_violin")


def violin(
    shap_values: Any,
    features: Any = None,
    feature_names: Any = None,
    max_display: int | None = None,
    plot_type: str | None = "violin",
    color: Any = None,
    axis_color: str = colors.NAME,
    title: str | None = None,
    alpha: float = 1,
    show: bool | None = None,
    sort: bool = True,
    color_bar: bool = True,
    plot_size: Any = "auto",
    layered_violin_max_num_bins: int = 20,
    class_names: Any = None,
    class_inds: Any = None,
    color_bar_label: str = "Feature value",
    cmap: Any = None,
    color_bar_label_size: float = ANNOTATION_SIZE,
    color_bar_tick_size: float = TICK_SIZE,
    axhline_lw: float = 0.5,
    use_log_scale: bool = False,
    ax: "Axes | None" = None,
) -> "Axes | None":
    """Draw the density of the values of each feature as a violin.

    Its colour at each place is that of the mean feature value of the 20 rows
    whose values are nearest; dots beneath are the rows themselves, and show where
    the violin is thin. A *layered* violin stacks the densities of the rows with
    low, middle and high feature values instead.

    Parameters
    ----------
    shap_values : Explanation or array of shape ``(rows, features)``
        One output.
    features : array, frame or list of names, optional
        The values of the features; without them violins have one colour.
    feature_names : list of str, optional
        Names, where they do not come with the others.
    max_display : int, optional
        Rows drawn (20); if features remain, the last row is their sum.
    plot_type : "violin" or "layered_violin"
        What is drawn.
    color : optional
        The colour of violins without feature values; of layers: a map or its name ("coolwarm").
    axis_color : str
        Colour of the axis texts; the default follows a dark style.
    title : str, optional
        Written above.
    alpha : float
        Opacity of the violins.
    show : bool, optional
        Show the figure at the end; None: unless `ax` is given.
    sort : bool
        Strongest feature on top; else in the order of the columns.
    color_bar : bool
        Draw the colour bar, as the last axes of the figure.
    plot_size : "auto", None, float or pair
        Size of the figure in inches, or height of a row; not together with `ax`. None: the size stays.
    layered_violin_max_num_bins : int
        Layers at most.
    class_names, class_inds : optional
        For compatibility with summaries of several outputs; without effect here.
    color_bar_label : str
        Text beside the colour bar.
    cmap : colour map or name, optional
        None: blue to red.
    color_bar_label_size, color_bar_tick_size : float
        Sizes of its texts in points.
    axhline_lw : float
        Width of the dotted lines of the rows.
    use_log_scale : bool
        Stretch small values: linear up to a thousandth of the largest, logarithmic beyond.
    ax : Axes, optional
        Where to draw; without it pyplot's current axes, whose figure is resized.

    Returns
    -------
    Axes or None
        The axes, None after showing.

    Raises
    ------
    TypeError
        If `shap_values` is a list of outputs or no numbers.
    DimensionError
        If it is not rows by features, or the features do not fit it.
    OptionError
        For an unknown `plot_type`, or `plot_size` together with `ax`.

    Notes
    -----
    Gaussian kernels; Scott's bandwidth, at least 1 % of the range from the 1st to the 99th percentile of all values.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> axes = violin(np.array([[1.0, -3.0], [2.0, 1.0]]), feature_names=["age", "bmi"], show=False)
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['age', 'bmi']
    """
    del class_names, class_inds
    kind = _KINDS[0] if plot_type is None else plot_type
    if kind not in _KINDS:
        msg = f"`plot_type` is {plot_type!r}{nearest(str(plot_type), _KINDS)} Known: {', '.join(_KINDS)}"
        raise OptionError(msg)
    if ax is not None and plot_size not in ("auto", None):
        msg = f"`plot_size` is {plot_size!r}, but `ax` belongs to a figure that has a size: leave one of them out"
        raise OptionError(msg)
    table = table_of(shap_values, features, feature_names, "violin")
    rows = rows_of(strongest_first(table, sort=sort), 20 if max_display is None else max_display)
    totals = rows.totals(np.asarray(table.values, dtype=float).T)
    is_log = linear_below(totals) if use_log_scale else None
    width, height = size_of(plot_size, rows.n_rows)
    stage = open_stage(ax, height, width)
    _dress(stage, rows.n_rows, ink(axis_color), title, axhline_lw)
    row_labels(stage.ax, names_of(table), rows, None)
    body = Body(map_named(cmap, colors.red_blue), colors.BLUE if color is None else colors.named(color), alpha, is_log)
    if kind == "layered_violin" and table.data is not None:
        body = Body(map_named(color, "coolwarm"), body.single, alpha, is_log)
        draw_layers(stage.ax, rows, totals, table.data, body, layered_violin_max_num_bins)
    else:
        draw_bodies(stage.ax, rows, totals, table.data, body)
    stage.ax.set_ylim(-1.0, rows.n_rows)
    limit(stage.ax, totals, log_scale=use_log_scale)
    if color_bar and table.data is not None and body.cmap is not None:
        sizes = (color_bar_label_size, color_bar_tick_size)
        draw_color_bar(stage.ax, body.cmap, color_bar_label, ink(axis_color), sizes)
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _dress(stage: Stage, n_rows: int, axis_color: Any, title: str | None, width: float) -> None:
    """Frame, texts and zero line."""
    ax = stage.ax
    frame(ax, n_rows, VALUE_LABEL)
    for line in ax.lines:
        line.set_linewidth(width)
    ax.xaxis.label.set_color(axis_color)
    ax.tick_params(colors=axis_color)
    if title is not None:
        ax.set_title(title, color=axis_color)
    zero_line(ax)


def map_named(chosen: Any, default: Any) -> Any:
    """The colour map of this name, or None for one colour."""
    import matplotlib as mpl
    from matplotlib.colors import Colormap

    chosen = default if chosen is None else chosen
    if isinstance(chosen, str) and chosen in mpl.colormaps:
        return mpl.colormaps[chosen]
    return chosen if isinstance(chosen, Colormap) else None
