"""The thin bar that says which colour is a high value, the last axes of the figure."""

from typing import TYPE_CHECKING, Any

from ferroshap.plots.canvas.stage import ANNOTATION_SIZE, TICK_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_THINNEST = 0.05  # inches: a colour bar thinner than this cannot be read


def draw_color_bar(
    ax: "Axes",
    cmap: Any,
    text: str,
    axis_color: Any,
    sizes: tuple[float, float] = (ANNOTATION_SIZE, TICK_SIZE),
) -> None:
    """Draw the bar with Low and High at its ends; `sizes` are those of its label and of its ends' names."""
    from matplotlib.cm import ScalarMappable

    bar: Any = slim_bar(ax, ScalarMappable(cmap=cmap), [0.0, 1.0], ["Low", "High"], axis_color)
    bar.ax.tick_params(labelsize=sizes[1])
    bar.set_label(text, size=sizes[0], labelpad=0, color=axis_color)


def slim_bar(ax: "Axes", mappable: Any, ticks: list[float], names: list[str], axis_color: Any, **options: Any) -> Any:
    """Draw a thin bar without an outline, named at a few places, and return it."""
    inches = ax.get_window_extent().height / ax.figure.dpi
    aspect = min(80.0, max(inches / _THINNEST, 20.0))
    placed = {"fraction": 0.03, "pad": 0.03} | options
    bar: Any = ax.figure.colorbar(mappable, ax=ax, ticks=ticks, aspect=aspect, **placed)
    bar.set_ticklabels(names)
    bar.ax.tick_params(labelsize=TICK_SIZE, length=0, labelcolor=axis_color)
    bar.set_alpha(1)
    bar.outline.set_visible(False)
    return bar
