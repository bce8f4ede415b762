"""The summary plot: the older front door of beeswarms, bars, violins and interactions, which takes arrays."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError, nearest
from ferroshap.explanation import Explanation
from ferroshap.plots import colors
from ferroshap.plots.bars.bar_rows import draw_bars, draw_stacks
from ferroshap.plots.bars.classes import Classes
from ferroshap.plots.bars.cohort_bars import Cohort
from ferroshap.plots.canvas.color_bar import draw_color_bar
from ferroshap.plots.canvas.looks import Looks
from ferroshap.plots.canvas.row_labels import names_of, row_labels
from ferroshap.plots.canvas.stage import Stage, close_stage, frame, open_stage, zero_line
from ferroshap.plots.reading.ordering import Rows, rows_of
from ferroshap.plots.reading.tables import any_table_of, strongest_first, table_of
from ferroshap.plots.style import ink
from ferroshap.plots.swarms.interaction_grid import close_grid, draw_interactions, flattened
from ferroshap.plots.swarms.swarm_rows import VALUE_LABEL, draw_swarms, size_of
from ferroshap.plots.violin import violin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KINDS = ("dot", "bar", "violin", "layered_violin", "compact_dot")
_MOST_ROWS = 20
BAR_LABEL = "mean(|SHAP value|) (average impact on model output magnitude)"


def summary_plot(
    shap_values: Any,
    features: Any = None,
    feature_names: Any = None,
    max_display: int | None = None,
    plot_type: str | None = None,
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
    show_values_in_legend: bool = False,
    use_log_scale: bool = False,
    rng: Any = None,
) -> "Axes | np.ndarray | None":
    """Draw how strong the features are over all rows: dots, bars or violins, of arrays or an Explanation.

    Several outputs are stacked bars, the strongest first, with a legend in the
    last axes of the figure. Interaction values are a grid of small beeswarms: the
    diagonal holds main effects, the other cells twice their entry, since each
    interaction is stored in two halves.

    Parameters
    ----------
    shap_values : Explanation, array or list of arrays
        ``(rows, features)``, a list of those (outputs), or three axes: interactions if the last two are equally long
        and symmetric and `plot_type` is not "bar", else outputs.
    features : array, frame or list of names, optional
        The values of the features.
    feature_names : list of str, optional
        Names, where they do not come with the others.
    max_display : int, optional
        Rows drawn (20; 7 of interactions); if features remain, the last row is their sum (not of interactions).
    plot_type : {"dot", "bar", "violin", "layered_violin", "compact_dot"}, optional
        None: dots, or bars of several outputs. "compact_dot" draws interactions as rows of one beeswarm.
    color : optional
        Of dots without feature values, of bars (of several outputs: a map, a list, or a function of their number).
    axis_color : str
        Colour of the axis texts; the default follows a dark style.
    title : str, optional
        Written above.
    alpha : float
        Opacity.
    show : bool, optional
        Show the figure at the end; None: yes.
    sort : bool
        Strongest feature on top; else in the order of the columns.
    color_bar : bool
        Draw the colour bar, as the last axes of the figure.
    plot_size : "auto", None, float or pair
        Size of the figure in inches, or height of a row. None: the size stays.
    layered_violin_max_num_bins : int
        Layers at most.
    class_names : list of str, optional
        Names of the outputs.
    class_inds : list of int or "original", optional
        Which outputs, in which order; "original": as they come.
    color_bar_label : str
        Text beside the colour bar.
    cmap : colour map or name, optional
        None: blue to red.
    show_values_in_legend : bool
        Add the mean magnitude to the name of each output.
    use_log_scale : bool
        Stretch small values: linear up to a thousandth of the largest, logarithmic beyond.
    rng : int or Generator, optional
        Of the places of dots in their stacks; None: the same every time.

    Returns
    -------
    Axes, array of Axes or None
        The axes (of interactions all of them), None after showing.

    Raises
    ------
    TypeError
        If `shap_values` is no numbers.
    DimensionError
        If it is not rows by features, or the features do not fit it, or a plot of one output is given several.
    OptionError
        For an unknown `plot_type`, or a `class_inds` that names no output.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> axes = summary_plot(np.array([[1.0, -3.0], [2.0, 1.0]]), ["age", "bmi"], plot_type="bar", show=False)
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['age', 'bmi']
    """
    if plot_type is not None and plot_type not in _KINDS:
        msg = f"`plot_type` is {plot_type!r}{nearest(str(plot_type), _KINDS)} Known: {', '.join(_KINDS)}"
        raise OptionError(msg)
    may_interact = None if plot_type == "compact_dot" else plot_type != "bar"  # None: they do, whatever they look like
    table = any_table_of(shap_values, features, feature_names, "summary_plot", may_interact=may_interact)
    most = _MOST_ROWS if max_display is None else max_display
    label = color_bar_label if color_bar else None
    looks = Looks(color, axis_color, alpha, label, cmap, plot_size, is_log=use_log_scale, is_sorted=sort, rng=rng)
    if "output" in table.axes and plot_type in {None, "bar"}:
        classes = Classes(class_inds, class_names, color, shows_values=show_values_in_legend)
        stage = _bars(table, most, looks, classes)
    elif table.axes == ("row", "feature", "feature") and plot_type != "compact_dot":
        axes = draw_interactions(table, 7 if max_display is None else max_display, looks, title)
        return close_grid(axes, show=show)  # type: ignore[no-any-return] # axes or None
    else:
        if table.axes == ("row", "feature", "feature"):
            table, looks = flattened(table), replace(looks, bar_label=label and f"*{label}")
        table = table_of(table, None, None, "summary_plot")  # refuses what has outputs
        if plot_type == "bar":
            stage = _bars(table, most, looks, None)
        elif plot_type in {"violin", "layered_violin"}:
            stage = _violins(table, most, looks, plot_type, layered_violin_max_num_bins)
        else:
            stage = _dots(table, most, looks)
    if title is not None:
        stage.ax.set_title(title, color=ink(axis_color))
    return close_stage(stage, show=show)  # type: ignore[no-any-return] # Axes or None


def _dots(table: Explanation, most: int, looks: Looks) -> Stage:
    """Draw a beeswarm."""
    rows = rows_of(strongest_first(table, sort=looks.is_sorted), most)
    totals = rows.totals(np.asarray(table.values, dtype=float).T)
    stage = _opened(looks, rows)
    ax = stage.ax
    frame(ax, rows.n_rows, VALUE_LABEL)
    ax.xaxis.label.set_color(ink(looks.axis_color))
    ax.tick_params(colors=ink(looks.axis_color))
    zero_line(ax)
    row_labels(ax, names_of(table), rows, None)
    draw_swarms(ax, rows, totals, table.data, looks.of_dots(table, totals))
    if looks.bar_label is not None and table.data is not None:
        draw_color_bar(ax, looks.map(), looks.bar_label, ink(looks.axis_color))
    return stage


def _bars(table: Explanation, most: int, looks: Looks, classes: Classes | None) -> Stage:
    """Draw the mean magnitude of each feature, of several outputs stacked."""
    rows = rows_of(strongest_first(table, sort=looks.is_sorted), most)
    stage = _opened(looks, rows)
    magnitude = table.abs.mean(0)
    if classes is not None:
        draw_stacks(stage, magnitude, rows, BAR_LABEL, classes)
    else:
        color = colors.BLUE if looks.color is None else colors.named(looks.color)
        draw_bars(stage, [Cohort("", magnitude, None)], rows, BAR_LABEL, color=color)
    return stage


def _violins(table: Explanation, most: int, looks: Looks, kind: str, n_layers: int) -> Stage:
    """Draw violins in axes that are ours to fit."""
    rows = rows_of(np.arange(table.shape[1]), most)
    stage = _opened(looks, rows)
    violin(
        table,
        max_display=most,
        plot_type=kind,
        color=looks.color,
        axis_color=looks.axis_color,
        alpha=looks.alpha,
        sort=looks.is_sorted,
        color_bar=looks.bar_label is not None,
        layered_violin_max_num_bins=n_layers,
        color_bar_label=looks.bar_label or "",
        cmap=looks.cmap,
        use_log_scale=looks.is_log,
        ax=stage.ax,
    )
    return stage


def _opened(looks: Looks, rows: Rows) -> Stage:
    width, height = size_of(looks.plot_size, rows.n_rows)
    return open_stage(None, height, width)
