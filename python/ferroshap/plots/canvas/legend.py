"""The legend of stacked bars, in an axes of its own beside the bars, where a colour bar would be.

Embedders reshape the last axes of a figure because it is the colour bar in
other plots: then they reshape this one and leave the bars alone.
"""

from typing import TYPE_CHECKING, Any

from ferroshap.plots.canvas.stage import ANNOTATION_SIZE, TICK_SIZE
from ferroshap.plots.style import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MANY = 12  # more entries than this are set smaller


def draw_legend(ax: "Axes", hues: list[Any], names: list[str], looks: list[dict[str, Any]] | None = None) -> None:
    """List the outputs, strongest first, or whatever else the bars stand for; `looks` are hatches and edges."""
    from matplotlib.colorbar import make_axes, make_axes_gridspec
    from matplotlib.patches import Patch

    from ferroshap.plots.canvas.artists import is_math

    engine = ax.figure.get_layout_engine()  # as `Figure.colorbar` chooses
    in_grid = ax.get_subplotspec() is not None and (engine is None or engine.colorbar_gridspec)
    make = make_axes_gridspec if in_grid else make_axes
    side, _ = make(ax, fraction=0.02, pad=0.02, aspect=80)
    side.set_axis_off()
    side.set_label("<legend>")
    legend = side.legend(
        handles=[
            Patch(**({"edgecolor": hue} | look), facecolor=hue, label=name)
            for hue, name, look in zip(hues, names, looks or [{}] * len(hues), strict=True)
        ],
        loc="center left",
        bbox_to_anchor=(0.0, 0.5),
        borderaxespad=0.0,
        frameon=False,
        fontsize=ANNOTATION_SIZE if len(names) <= _MANY else TICK_SIZE - 3,
        labelcolor=ink(),
        handlelength=1.0,
        handleheight=1.0,
    )
    for text in legend.get_texts():
        text.set_parse_math(is_math(text.get_text()))
