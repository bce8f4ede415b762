"""Where the pictures of images stand: lines of equal panels, a colour bar beneath all of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.plots import colors
from ferroshap.plots.canvas.stage import LABEL_SIZE, TICK_SIZE
from ferroshap.plots.canvas.wording import MINUS, amount
from ferroshap.plots.style import ink

_PANEL, _GAP, _EDGE = 3.0, 0.12, 0.15  # inches
_TITLE, _FACT = 0.33, 0.27
_BAR_TEXT = 0.72  # beneath the colour bar
_BAR_LENGTH = 6.0
_TALLEST = 600.0
_LETTER, _SMALLEST = 0.58, 8.5  # width of a letter in parts of its size; points
_TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Layout:
    """Counts and sizes of the panels."""

    n_rows: int
    n_columns: int
    pixels: tuple[int, ...]
    width: float
    bar_height: float
    hspace: float | str
    has_facts: bool

    @property
    def panel(self) -> tuple[float, float]:
        """Width and height of a panel in inches; very tall and very wide images are kept within reason."""
        room = self.width - 2 * _EDGE - (self.n_columns - 1) * _GAP
        width = max(min(_PANEL, room / self.n_columns), 0.3)
        return width, width * float(np.clip(self.pixels[0] / self.pixels[1], 0.25, 2.0))

    @property
    def line(self) -> float:
        """Inches from one line of panels to the next."""
        texts = _TITLE + (_FACT if self.has_facts else 0.0)
        height = self.panel[1]
        wanted = 0.0 if self.hspace == "auto" else float(self.hspace) * height
        return height + max(wanted, texts)


def laid_out(layout: Layout) -> tuple[Any, Any, Any]:
    """Make the figure, the axes of the panels ``(rows, columns)`` and the axes of the colour bar."""
    import matplotlib.pyplot as plt

    if isinstance(layout.hspace, str) and layout.hspace != "auto":
        msg = f"`hspace` is {layout.hspace!r}: give a number or 'auto'"
        raise OptionError(msg)
    panel_width, panel_height = layout.panel
    foot = _BAR_TEXT + layout.bar_height + (_FACT if layout.has_facts else 0.0) + 0.1
    width = 2 * _EDGE + layout.n_columns * (panel_width + _GAP) - _GAP
    height = min(foot + layout.n_rows * layout.line - layout.line + panel_height + _TITLE + 0.05, _TALLEST)
    figure = plt.figure(figsize=(width, height))
    axes = np.empty((layout.n_rows, layout.n_columns), dtype=object)
    for row in range(layout.n_rows):
        bottom = height - _TITLE - 0.05 - panel_height - row * layout.line
        for column in range(layout.n_columns):
            left = _EDGE + column * (panel_width + _GAP)
            axes[row, column] = _panel(
                figure, (left / width, bottom / height, panel_width / width, panel_height / height)
            )
    length = min(_BAR_LENGTH, width - 2 * _EDGE - 0.6)
    place = ((width - length) / 2 / width, _BAR_TEXT / height, length / width, layout.bar_height / height)
    return figure, axes, figure.add_axes(place)


def _panel(figure: Any, place: tuple[float, float, float, float]) -> Any:
    ax = figure.add_axes(place)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_color(colors.ROW)
        spine.set_linewidth(0.6)
    return ax


def colour_bar(figure: Any, mappable: Any, ax: Any, scales: list[float]) -> None:
    """Draw the colour bar: numbers if all images have one scale s, else parts of the s that stands under each."""
    bar = figure.colorbar(mappable, cax=ax, orientation="horizontal")
    bar.outline.set_visible(False)
    largest = float(mappable.norm.vmax)
    if is_one_scale(scales):
        texts = [amount(part * largest, largest) if part else "0" for part in _TICKS]
    else:
        texts = [f"{MINUS}s", f"{MINUS}s/2", "0", "+s/2", "+s"]
    bar.set_ticks([part * largest for part in _TICKS], labels=texts)
    ax.tick_params(labelsize=TICK_SIZE, color=colors.ROW, labelcolor=ink())
    bar.set_label("SHAP value", fontsize=LABEL_SIZE, color=ink())


def is_one_scale(scales: list[float]) -> bool:
    """Tell whether the colours mean the same in all images."""
    return min(scales) == max(scales)


def fitted(text: str, width: float, largest: float = LABEL_SIZE) -> tuple[str, float]:
    """Make a text smaller, and cut it at last, until it fits above or beneath so many inches: text and size.

    Examples
    --------
    >>> fitted("cat", 3.0), fitted("a rather long name of a class", 1.5)
    (('cat', 13.0), ('a rather long name o…', 8.5))
    """
    room = width * 72.0 / _LETTER  # letters times points
    size = float(np.clip(room / max(len(text), 1), _SMALLEST, largest))
    n_letters = max(int(room / size), 2)
    return (text if len(text) <= n_letters else f"{text[: n_letters - 1].rstrip()}…"), size
