"""Dots that are drawn only where they can be seen, so that millions of them do not take seconds.

This module imports matplotlib: plots import it inside the call.
"""

from typing import Any

import numpy as np
from matplotlib.artist import allow_rasterization
from matplotlib.collections import PathCollection
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

_MANY = 2_000  # fewer are drawn one by one, whatever covers them
_CELL = 1.0 / 5.0  # of a dot's radius: of two opaque dots nearer than this the one beneath is hidden but for a rim
_CORNERS = 16  # of the polygon that stands for a circle among many: curves take twice as long, and look the same
_SOLID = 1.0 - 1.0 / 256.0  # layers that come to this opacity let nothing through that a screen could show

_SHAPE = Path.unit_regular_polygon(_CORNERS)
_EQUAL_AREA = float(np.sqrt(np.pi / (_CORNERS / 2 * np.sin(2 * np.pi / _CORNERS))))
_POLYGON = Path(0.5 * _EQUAL_AREA * np.asarray(_SHAPE.vertices), _SHAPE.codes)


class Dots(PathCollection):
    """Dots of one size, the later ones on top; all keep their place in `get_offsets`, hidden ones are not drawn."""

    def __init__(self, x: np.ndarray, y: np.ndarray, area: float, **options: Any) -> None:
        marker = MarkerStyle("o")
        circle = marker.get_path().transformed(marker.get_transform())
        super().__init__((circle,), sizes=[area], offsets=np.column_stack([x, y]), linewidths=0, **options)
        self.set_transform(IdentityTransform())

    @allow_rasterization  # type: ignore[untyped-decorator] # matplotlib has no types for it
    def draw(self, renderer: Any) -> None:
        """Draw the dots that show at the present size and limits."""
        offsets = np.asarray(self.get_offsets())
        if len(offsets) <= _MANY or not self.get_visible():
            super().draw(renderer)
            return
        shown = self._seen(offsets)
        numbers, faces = self.get_array(), self.get_facecolor()
        if numbers is not None:
            faces = self.to_rgba(np.asarray(numbers)[shown], self.get_alpha())
        part = PathCollection(
            (_POLYGON,), sizes=self.get_sizes(), offsets=offsets[shown], linewidths=0, facecolors=faces
        )
        part.update_from(self)
        part.set_array(None)
        part.set_facecolor(faces)
        owner: Any = self.axes
        part.set_figure(owner.figure)
        part.axes = owner
        part.set_offset_transform(self.get_offset_transform())
        part.set_transform(IdentityTransform())
        part.draw(renderer)
        self.stale = False

    def _seen(self, offsets: np.ndarray) -> np.ndarray:
        """Which dots to draw, in order: of those that share a cell of a few tenths of a pixel, the last ones."""
        axes: Any = self.axes
        radius = 0.5 * np.sqrt(self.get_sizes()[0]) * axes.figure.dpi / 72.0
        place = self.get_offset_transform().transform(offsets)
        box = axes.bbox
        inside = (
            (place[:, 0] >= box.x0 - radius)
            & (place[:, 0] <= box.x1 + radius)
            & (place[:, 1] >= box.y0 - radius)
            & (place[:, 1] <= box.y1 + radius)
        )
        candidates = np.flatnonzero(inside)
        cell = max(radius * _CELL, 0.1)
        column, row = ((place[candidates] - (box.x0 - radius, box.y0 - radius)) / cell).astype(np.intp).T
        n_rows = int(row.max(initial=0)) + 1
        chosen: np.ndarray = candidates[_last_of_each(column * n_rows + row, self._layers())]
        return chosen

    def _layers(self) -> int:
        """How many dots on top of each other let nothing through."""
        alpha = self.get_alpha()
        alpha = 1.0 if alpha is None else float(np.min(alpha))
        return 1 if alpha >= 1.0 else int(np.ceil(np.log(1.0 - _SOLID) / np.log1p(-alpha))) if alpha > 0.0 else 1


def _last_of_each(cells: np.ndarray, n_layers: int) -> np.ndarray:
    """Positions of the last `n_layers` entries of each cell, in order."""
    if n_layers == 1:
        last = np.full(int(cells.max(initial=-1)) + 1, -1, dtype=np.intp)
        last[cells] = np.arange(len(cells))  # of equal cells the last one stays
        return np.sort(last[last >= 0])
    order = np.argsort(cells, kind="stable")
    ends = np.searchsorted(cells[order], cells[order], side="right")
    chosen: np.ndarray = np.sort(order[ends - np.arange(len(order)) <= n_layers])
    return chosen
