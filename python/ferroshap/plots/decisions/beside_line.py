"""The value of a feature beside the piece of line that it moved.

This module imports matplotlib: plots import it inside the call.
"""

from typing import Any

from matplotlib.text import Text

_GAP = 5.0  # points between line and text


class BesideLine(Text):
    """A text right of a span, left of it where the axes end too soon, at their left end where both sides are too small.

    Where it stands is found out when it is drawn, so that a resized figure stays right.
    """

    def __init__(self, span: tuple[float, float], y: float, text: str, look: dict[str, Any], ground: Any) -> None:
        super().__init__(span[1], y, text, va="center_baseline", ha="left", zorder=3, **look)
        self.set_parse_math(False)
        self.span = span
        self.set_bbox({"facecolor": ground, "edgecolor": "none", "alpha": 0.75, "pad": 1.0})

    def draw(self, renderer: Any) -> None:
        """Choose the side, then draw."""
        self._settle(renderer)
        super().draw(renderer)

    def get_window_extent(self, renderer: Any = None, dpi: float | None = None) -> Any:
        """Choose the side, then measure."""
        self._settle(renderer)
        return super().get_window_extent(renderer, dpi)

    def _settle(self, renderer: Any) -> None:
        axes: Any = self.axes
        figure: Any = self.get_figure()
        to_data = axes.transData.inverted()
        gap = _GAP * figure.dpi / 72.0
        width = float(super().get_window_extent(renderer).width) + gap
        left, right = sorted(float(axes.transData.transform((x, 0.0))[0]) for x in self.span)
        box = axes.bbox
        side, at = "left", right + gap
        if right + width > box.x1:
            side, at = ("right", left - gap) if left - width >= box.x0 else ("left", float(box.x0))
        x = float(to_data.transform((at, 0.0))[0])
        if (side, x) != (self.get_horizontalalignment(), self.get_position()[0]):
            self.set(x=x, ha=side)
