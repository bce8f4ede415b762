"""Named curves over the dots, to compare with."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.plots.canvas.stage import TICK_SIZE
from ferroshap.plots.reading.places import Column
from ferroshap.plots.style import ink, line_ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLES = ("solid", "dotted", "dashed")

Curve = tuple[str, list[tuple[Any, Any]]]


def checked_overlay(overlay: Any, n_columns: int) -> list[Curve]:
    """Read up to three named curves, each a list of pairs ``(x, y)``, one a column; for one column also a pair.

    Raises
    ------
    OptionError
        If there are more, or a curve has not one pair of equally long sequences for each column.
    """
    if overlay is None:
        return []
    if not isinstance(overlay, dict) or len(overlay) > len(_STYLES):
        msg = f"`overlay` must be a dict of at most {len(_STYLES)} named curves"
        raise OptionError(msg)
    curves = []
    for name, given in overlay.items():
        pairs = [given] if n_columns == 1 and _is_pair(given) else list(given)
        if len(pairs) != n_columns or not all(map(_is_pair, pairs)):
            msg = f"`overlay[{name!r}]` must be a list of {n_columns} pairs (x, y), one for each column"
            raise OptionError(msg)
        curves.append((str(name), [(x, y) for x, y in pairs]))
    return curves


def _is_pair(pair: Any) -> bool:
    return len(pair) == 2 and all(np.ndim(part) == 1 for part in pair) and len(pair[0]) == len(pair[1])


def draw_overlay(ax: "Axes", curves: list[Curve], k: int, column: Column, axis_color: Any) -> None:
    """Draw the curves of column `k`, solid, dotted and dashed, and say above the first column which is which."""
    from ferroshap.plots.canvas.artists import is_math

    for style, (name, pairs) in zip(_STYLES, curves, strict=False):
        x = [column.place_of(entry) for entry in pairs[k][0]]
        ax.plot(x, pairs[k][1], color=line_ink(), linestyle=style, linewidth=1.5, label=name, zorder=4)
    if not curves or k > 0:
        return
    hue = ink(axis_color)
    place = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0 if not ax.get_title() else 1.07), "borderaxespad": 0.2}
    key = ax.legend(ncols=len(curves), frameon=False, fontsize=TICK_SIZE, labelcolor=hue, **place)
    for text in key.get_texts():
        text.set_parse_math(is_math(text.get_text()))
