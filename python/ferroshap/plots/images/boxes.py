"""Boxes of detected objects on images."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.plots import colors
from ferroshap.plots.canvas.stage import TICK_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_LINE = 0.08  # height of a label in parts of the picture


def boxes_of(boxes: Any, n_rows: int, n_outputs: int) -> np.ndarray | None:
    """Bring boxes, or the targets of a detector, into ``(rows, outputs, 4)``: left, top, right, bottom.

    Raises
    ------
    DimensionError
        If there is not one for each output, for each row and output, or one for all.
    """
    if boxes is None:
        return None
    try:
        array = np.asarray(getattr(boxes, "boxes", boxes), dtype=float)
    except (TypeError, ValueError) as error:
        msg = f"`boxes` is {boxes!r}: give the corners (left, top, right, bottom) of one box an output"
        raise OptionError(msg) from error
    if array.shape == (n_rows, 4) and n_outputs == 1:
        array = array[:, None]
    if array.shape in {(4,), (n_outputs, 4), (n_rows, n_outputs, 4)}:
        return np.broadcast_to(array, (n_rows, n_outputs, 4))
    msg = (
        f"`boxes` has shape {array.shape}, but there are {n_outputs} outputs of {n_rows} images: give the corners "
        f"(left, top, right, bottom) as {(n_outputs, 4)} or {(n_rows, n_outputs, 4)}"
    )
    raise DimensionError(msg)


def draw_box(ax: "Axes", corners: np.ndarray, label: str | None) -> None:
    """Draw a dark line on a light one, seen on any picture; the label stands above, or beneath where is no room."""
    from matplotlib.patches import Rectangle

    left, top, right, bottom = corners.tolist()
    for color, line in (("white", 3.0), (colors.NAME, 1.4)):
        ax.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=color, linewidth=line))
    if label:
        name = label.split(" [", maxsplit=1)[0]  # detections carry their corners in brackets
        back = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
        room = top - min(ax.get_ylim())
        place, side = (top, "bottom") if room > _LINE * abs(np.diff(ax.get_ylim())[0]) else (bottom, "top")
        ax.text(left, place, name, fontsize=TICK_SIZE - 1, color=colors.NAME, va=side, bbox=back, clip_on=True)
