"""Clouds of several features side by side, on one scale of SHAP values."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from ferroshap.plots.canvas.stage import fit_into_figure
from ferroshap.plots.clouds.cloud import Cloud, Look, draw_cloud
from ferroshap.plots.clouds.curves import draw_overlay
from ferroshap.plots.clouds.shading import draw_bar

_WIDTH, _COLOURED, _HEIGHT = 6.0, 7.5, 5.0  # inches of one panel that has room
_WIDEST = 15.0
_MOST_IN_LINE = 4
_GAP = 0.2  # inches between the texts of neighbours
_CLOSE = 0.01  # of a panel: the space is found


def draw_panels(clouds: list[Cloud], look: Look, curves: list[Any], *, show: bool | None) -> Any:
    """Draw each cloud in axes of its own; only the first of a line labels the SHAP values."""
    import matplotlib.pyplot as plt

    n_panels, is_coloured = len(clouds), any(cloud.shading is not None for cloud in clouds)
    n_columns = min(n_panels, _MOST_IN_LINE)
    n_lines = -(-n_panels // n_columns)
    width = min((_COLOURED if is_coloured else _WIDTH) * n_columns, _WIDEST)
    height = _HEIGHT if n_lines == 1 else min(_HEIGHT, width / n_columns) * n_lines
    figure, grid = plt.subplots(n_lines, n_columns, figsize=(width, height), squeeze=False, sharey=True)
    axes = grid.ravel()
    for extra in axes[n_panels:]:
        extra.remove()
    axes = axes[:n_panels]
    cells = []
    for k, (ax, cloud) in enumerate(zip(axes, clouds, strict=True)):
        is_first = k % n_columns == 0
        draw_cloud(
            ax, cloud, replace(look, title=look.title if k == 0 else None, ylabel=look.ylabel if is_first else "")
        )
        draw_overlay(ax, curves, k, cloud.column, look.axis_color)
        cells.append([ax] if cloud.shading is None else [ax, draw_bar(ax, cloud.shading, look.axis_color)])
        if not is_first:
            ax.spines["left"].set_visible(False)
            ax.tick_params(left=False, labelleft=False)
    _space(figure, cells, n_columns)
    plt.sca(axes[0])
    if show or show is None:
        plt.show()
        return None
    return axes


def _space(figure: Any, cells: list[list[Any]], n_columns: int) -> None:
    """Move the panels apart until no text touches its neighbour, then the margins."""
    if figure.get_layout_engine() is not None:
        return
    before = np.zeros(2)
    for _ in range(5):  # narrower panels have texts that reach farther beyond them
        fit_into_figure(cells[0][0])
        boxes = [_overhang(figure, cell) for cell in cells]  # (cells, left bottom right top), in inches
        across = [a[2] + b[0] for k, (a, b) in enumerate(pairwise(boxes)) if (k + 1) % n_columns]
        down = [a[1] + b[3] for a, b in zip(boxes, boxes[n_columns:], strict=False)]
        size = cells[0][0].get_subplotspec().get_topmost_subplotspec().get_position(figure)
        width, height = np.multiply((size.width, size.height), figure.get_size_inches())
        room = np.array([max(across, default=0.0) + _GAP, max(down, default=0.0) + _GAP]) / (width, height)
        figure.subplots_adjust(wspace=room[0], hspace=room[1])
        if np.abs(room - before).max() < _CLOSE:
            break
        before = room
    fit_into_figure(cells[0][0])


def _overhang(figure: Any, cell: list[Any]) -> tuple[float, float, float, float]:
    """How far the texts of a panel and its colour bar reach beyond the place that was given to both, in inches."""
    place = cell[0].get_subplotspec().get_topmost_subplotspec().get_position(figure).transformed(figure.transFigure)
    boxes = [part.get_tightbbox() for part in cell]
    beyond = (
        place.x0 - min(box.x0 for box in boxes),
        place.y0 - min(box.y0 for box in boxes),
        max(box.x1 for box in boxes) - place.x1,
        max(box.y1 for box in boxes) - place.y1,
    )
    return tuple(length / figure.dpi for length in beyond)
