"""Partial dependence on two features: a surface, or colours on a plane where axes of two dimensions are given."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.models import Model
from ferroshap.plots import colors
from ferroshap.plots.canvas.axis_names import name_places
from ferroshap.plots.canvas.stage import ANNOTATION_SIZE, LABEL_SIZE, TICK_SIZE, Stage, open_library
from ferroshap.plots.canvas.wording import wrapped
from ferroshap.plots.clouds.response import Grid, Rows, answered
from ferroshap.plots.style import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (7.0, 5.6)  # inches


def draw_surface(rows: Rows, model: Model, pair: tuple[int, int], grids: list[Grid], ax: Any) -> Stage:
    """Compute the mean output over the grid of both features, one call of the model a point, and draw it."""
    heights = np.array(
        [[answered(rows, model, {pair[0]: a, pair[1]: b}).mean() for b in grids[1].columns] for a in grids[0].columns]
    )
    names = [rows.names[k] for k in pair]
    open_library()
    stage = Stage(ax, is_own=False, was_given=True) if ax is not None else _new_stage()
    label = f"E[f(x) | {names[0]}, {names[1]}]"
    if hasattr(stage.ax, "plot_surface"):
        _in_space(stage.ax, grids, heights, label)
    else:
        _on_plane(stage.ax, grids, heights, label)
    hue = ink()
    stage.ax.tick_params(labelsize=TICK_SIZE - 1, labelcolor=hue, color=hue)
    pad: dict[str, Any] = {"labelpad": 9} if hasattr(stage.ax, "plot_surface") else {}
    stage.ax.set_xlabel(wrapped(names[0]), fontsize=LABEL_SIZE, color=hue, **pad)
    stage.ax.set_ylabel(wrapped(names[1]), fontsize=LABEL_SIZE, color=hue, **pad)
    _name_levels(stage.ax, rows, pair)
    return stage


def _new_stage() -> Stage:
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=_SIZE)
    ax = figure.add_subplot(projection="3d")
    figure.subplots_adjust(left=0.02, right=0.9, bottom=0.08, top=1.0)
    return Stage(ax, is_own=True, was_given=False, fits=True)


def _in_space(ax: Any, grids: list[Grid], heights: np.ndarray, label: str) -> None:
    x, y = np.meshgrid(grids[0].places, grids[1].places, indexing="ij")
    ax.plot_surface(x, y, heights, cmap=colors.red_blue, alpha=0.7, rcount=200, ccount=200, linewidth=0)
    hue = ink()
    ax.locator_params(nbins=5)
    ax.set_zlabel(wrapped(label), fontsize=ANNOTATION_SIZE, color=hue, labelpad=8)


def _on_plane(ax: "Axes", grids: list[Grid], heights: np.ndarray, label: str) -> None:
    drawn = ax.pcolormesh(
        grids[0].places, grids[1].places, heights.T, cmap=colors.red_blue, shading="nearest", rasterized=True
    )
    figure: Any = ax.figure
    bar = figure.colorbar(drawn, ax=ax, fraction=0.03, pad=0.03, aspect=60)
    bar.outline.set_visible(False)
    hue = ink()
    bar.ax.tick_params(labelsize=TICK_SIZE, color=hue, labelcolor=hue)
    bar.set_label(wrapped(label), size=ANNOTATION_SIZE, color=hue)


def _name_levels(ax: Any, rows: Rows, pair: tuple[int, int]) -> None:
    """Write the names of levels where a feature is no number."""
    first, second = (rows.column(k) for k in pair)
    if first.levels is not None:
        if hasattr(ax, "plot_surface"):
            ax.set_xticks(first.levels, first.level_names)
        else:
            name_places(ax, first.levels, first.level_names)
    if second.levels is not None:
        ax.set_yticks(second.levels, second.level_names)
