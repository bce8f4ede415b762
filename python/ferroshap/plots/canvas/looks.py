"""The options of a summary that only change how it looks."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap.explanation import Explanation
from ferroshap.plots import colors
from ferroshap.plots.swarms.swarm_rows import SwarmLook, linear_below

_AREA = 16.0  # of a dot, square points


@dataclass(frozen=True)
class Looks:
    """Colours, sizes and scale; `bar_label` is None if no colour bar is wanted."""

    color: Any
    axis_color: str
    alpha: float
    bar_label: str | None
    cmap: Any
    plot_size: Any
    is_log: bool
    is_sorted: bool
    rng: Any

    def map(self) -> Any:
        """The colour map of the values of the features."""
        import matplotlib as mpl

        if self.cmap is None:
            return colors.red_blue
        return mpl.colormaps[self.cmap] if isinstance(self.cmap, str) else self.cmap

    def of_dots(self, table: Explanation, totals: np.ndarray, area: float = _AREA) -> SwarmLook:
        """How the dots of a table look."""
        plain = colors.BLUE if self.color is None else colors.named(self.color)
        single = plain if table.data is None else colors.GREY
        unit = linear_below(totals) if self.is_log else None
        return SwarmLook(self.map(), single, area, self.alpha, unit, 0 if self.rng is None else self.rng)
