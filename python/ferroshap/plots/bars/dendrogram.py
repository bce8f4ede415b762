"""The tree of features, right of their rows."""

from typing import TYPE_CHECKING, Any

from ferroshap.plots import colors
from ferroshap.plots.bars.clusters import Bracket
from ferroshap.plots.canvas.stage import ANNOTATION_SIZE
from ferroshap.plots.canvas.wording import datum

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 0.1  # of the axes, from its right edge to the cutoff
_LINE: dict[str, Any] = {"color": colors.ZERO, "lw": 1.2, "solid_capstyle": "projecting", "clip_on": False}


def draw_dendrogram(ax: "Axes", brackets: list[Bracket], cutoff: float, n_rows: int) -> None:
    """Draw the branches below the cutoff, and the line at which the tree was cut."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import blended_transform_factory

    aside = blended_transform_factory(ax.transAxes, ax.transData)
    scale = _WIDTH / cutoff if cutoff > 0 else 0.0
    lines: list[Any] = []
    for bracket in brackets:
        (top, bottom), (first, second) = bracket.rows, bracket.heights
        x = [1.0 + scale * height for height in (first, bracket.height, bracket.height, second)]
        y = [n_rows - 1 - row for row in (top, top, bottom, bottom)]
        lines.append(Line2D(x, y, transform=aside, **_LINE))
    edge = 1.0 + _WIDTH
    lines.append(Line2D([edge] * 2, [0, 1], transform=ax.transAxes, color=colors.ROW, ls=(0, (2, 2)), clip_on=False))
    for line in lines:
        ax.add_artist(line)
        line.set_clip_on(False)
    ax.text(
        edge + 0.008,
        0.5,
        f"Clustering cutoff = {datum(cutoff)}",
        transform=ax.transAxes,
        rotation=-90,
        ha="left",
        va="center",
        fontsize=ANNOTATION_SIZE if n_rows > 3 else ANNOTATION_SIZE - 3,
        color=colors.ZERO,
    )
