"""Texts that decide where they stand when they are drawn, so that a resized figure stays right.

This module imports matplotlib: plots import it inside the call.
"""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform, ScaledTranslation

from ferroshap.plots.canvas.wording import looks_like_formula
from ferroshap.plots.style import get_style

_GAP = 5.0  # points between the tip of a bar and its label
_INSIDE = 4.0  # points kept free at either end of a label inside


class TipLabel(Text):
    """The number of a bar: inside its bar if it fits there, else in the bar's colour beyond its tip.

    `start` and `tip` are the ends of the bar, `free` the end of the part that
    nothing else is drawn on, `beyond` the point that a label outside must clear
    (the end of a whisker).
    """

    def __init__(self, y: float, start: float, tip: float, text: str, color: Any, size: float) -> None:
        super().__init__(tip, y, text, fontsize=size, va="center_baseline", ha="center", zorder=5)
        self.start, self.tip, self.bar_color = start, tip, color
        self.inner_color = get_style().text_color
        self.free, self.beyond = tip, tip
        self._is_inside: bool | None = None
        self._measured: tuple[Any, float] = (None, 0.0)

    def fits(self, slack: float = 1.0, renderer: Any = None) -> bool:
        """Tell whether the label, made wider by `slack`, has room inside its bar at the present limits and size."""
        return slack * self._width(renderer) + 2 * self._pixels(_INSIDE) <= abs(
            self._at(self.free) - self._at(self.start)
        )

    def outside(self) -> tuple[float, float, float]:
        """Where the label stands if it does not fit: its anchor, its direction, and the pixels that it needs."""
        direction = -1.0 if self.tip < self.start else 1.0
        return self.beyond, direction, self._width() + self._pixels(_GAP)

    def draw(self, renderer: Any) -> None:
        """Choose the place, then draw."""
        self._settle(renderer)
        super().draw(renderer)

    def get_window_extent(self, renderer: Any = None, dpi: float | None = None) -> Any:
        """Choose the place, then measure."""
        self._settle(renderer)
        return super().get_window_extent(renderer, dpi)

    def _width(self, renderer: Any = None) -> float:
        # A file may be written at another resolution than the figure's: left to itself, matplotlib would
        # measure with the renderer of the last drawing.
        look = (self.get_text(), self.get_fontsize(), self._own_figure().dpi, renderer is None)
        if look != self._measured[0]:
            self._measured = (look, float(super().get_window_extent(renderer).width))
        return self._measured[1]

    def _pixels(self, points: float) -> float:
        return points * float(self._own_figure().dpi) / 72.0

    def _own_figure(self) -> Any:
        return self.get_figure()

    def _at(self, x: float) -> float:
        axes: Any = self.axes
        return float(axes.transData.transform((x, 0.0))[0])

    def _settle(self, renderer: Any) -> None:
        """Change colour and place only when the answer changes: a text changed while drawn is drawn again."""
        is_inside = self.fits(renderer=renderer)
        if is_inside is self._is_inside:
            return
        self._is_inside = is_inside
        axes: Any = self.axes
        data = axes.transData
        if is_inside:
            self.set(color=self.inner_color, ha="center", x=(self.start + self.free) / 2, transform=data)
            return
        direction = -1.0 if self.tip < self.start else 1.0
        shift = ScaledTranslation(direction * _GAP / 72.0, 0.0, self._own_figure().dpi_scale_trans)
        side = "right" if direction < 0 else "left"
        self.set(color=self.bar_color, ha=side, x=self.beyond, transform=data + shift)


class RowLabel(Text):
    """A tick label ``value = name`` whose first part is grey; without its two parts, an ordinary one."""

    def __init__(self, value: str, name: str) -> None:
        super().__init__()
        self._shown_value = value
        self._value = Text(text=value)
        self._name = Text(text=name)
        self._value_color = get_style().tick_labels_color
        self._first_line = name.split("\n", maxsplit=1)[0]

    def full_text(self) -> str:
        """The text of the label as one string, which is also its tick's."""
        return f"{self._shown_value} {self._name.get_text()}"

    def draw(self, renderer: Any) -> None:
        """Draw the name, and the value to the left of its first line."""
        if self.get_text() != self.full_text() or self.get_horizontalalignment() != "right":
            super().draw(renderer)
            return
        if not self.get_visible():
            return
        figure: Any = self.get_figure()
        for part in (self._name, self._value):
            part.update_from(self)
            part.set_figure(figure)
            part.set_parse_math(self.get_parse_math() and part is self._name)
        self._name.set(position=self.get_position(), transform=self.get_transform())
        block = self._name.get_window_extent(renderer)
        # Where the first line of the name begins, and on which baseline: only measuring tells.
        probe = self._value
        probe.set(text=self._first_line, position=(0.0, 0.0), transform=IdentityTransform(), ha="left", va="baseline")
        probe.set_parse_math(self.get_parse_math())
        line = probe.get_window_extent(renderer)
        gap = 0.3 * float(self.get_fontsize()) * figure.dpi / 72.0
        probe.set_parse_math(False)
        probe.set(text=self._shown_value, position=(block.x1 - line.width - gap, block.y1 - line.y1), ha="right")
        probe.set_color(self._value_color)
        self._value.draw(renderer)
        self._name.draw(renderer)
        self.stale = False


def is_math(name: str) -> bool:
    """Tell whether a name was written as a formula, ``$x_1$``; two dollar signs alone make none."""
    if not looks_like_formula(name):
        return False
    try:
        MathTextParser("path").parse(name)
    except ValueError:
        return False
    return True


def label_rows(ax: Axes, labels: list[tuple[str | None, str]], more: dict[float, str] | None = None) -> None:
    """Label rows 0, 1, ... with names, and ``value =`` in grey before those that have one; `more` stand elsewhere."""
    texts = [RowLabel(f"{value} =", name) if value is not None else None for value, name in labels]
    full = [text.full_text() if text else name for text, (_, name) in zip(texts, labels, strict=True)]
    more = more or {}
    ax.set_yticks([*range(len(labels)), *more], [*full, *more.values()])
    literal = [not is_math(name) for _, name in labels]
    for k, (tick, text, (_, name)) in enumerate(zip(ax.yaxis.get_major_ticks(), texts, labels, strict=False)):
        n_lines = name.count("\n") + 1
        tick.label1.set_parse_math(not literal[k])
        if n_lines > 1:
            tick.label1.set_fontsize(11 if n_lines == 2 else 8.5)
        tick.label1.set_linespacing(1.05)
        if text is not None:
            text.update_from(tick.label1)
            text.set_parse_math(not literal[k])
            text.set(text=text.full_text(), transform=tick.label1.get_transform())
            text.set_figure(ax.figure)
            text.axes = ax
            text.set_position(tick.label1.get_position())
            text.set_clip_on(False)
            tick.label1 = text
