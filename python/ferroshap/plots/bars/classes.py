"""The outputs of a stack of bars: which ones, in which order, under which names and in which colours."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.plots import colors


@dataclass(frozen=True)
class Classes:
    """What the caller asked for; None is left to `settled`."""

    inds: Any = None
    names_given: Any = None
    color: Any = None
    shows_values: bool = False
    order: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    hues: list[Any] = field(default_factory=list)

    def settled(self, magnitude: Explanation, values: np.ndarray) -> "Classes":
        """Fill in order, names and colours for magnitudes ``(features, outputs)``.

        Raises
        ------
        OptionError
            If `class_inds` names an output that is not there.
        DimensionError
            If there are not as many `class_names` as outputs.
        """
        n_outputs = values.shape[1]
        order = self._order(values)
        table = magnitude.names_along(magnitude.axes.index("output"))
        names = [f"Output {k}" for k in range(n_outputs)] if table is None else list(table.names)
        if self.names_given is not None:
            names = [str(name) for name in self.names_given]
            if len(names) != n_outputs:
                msg = f"`class_names` has {len(names)} names, but there are {n_outputs} outputs"
                raise DimensionError(msg)
        shown = [names[k] for k in order]
        if self.shows_values:
            means = values.mean(axis=0)
            positive = means[means > 0]
            n_digits = max(1 - int(np.floor(np.log10(positive.min()))), 2) if len(positive) else 2
            shown = [f"{name} ({means[k]:.{n_digits}f})" for name, k in zip(shown, order, strict=True)]
        return Classes(order=order, names=shown, hues=[self._hue(i, len(order)) for i in range(len(order))])

    def _order(self, values: np.ndarray) -> list[int]:
        n_outputs = values.shape[1]
        if self.inds is None:
            return [int(k) for k in np.argsort(-values.sum(axis=0), kind="stable")]
        if isinstance(self.inds, str):
            if self.inds != "original":
                msg = f"`class_inds` is {self.inds!r}: give the numbers of outputs, or 'original'"
                raise OptionError(msg)
            return list(range(n_outputs))
        order = [int(k) for k in self.inds]
        if not order or not all(0 <= k < n_outputs for k in order) or len(set(order)) < len(order):
            msg = f"`class_inds` is {order}: give different numbers from 0 to {n_outputs - 1}, or 'original'"
            raise OptionError(msg)
        return order

    def _hue(self, i: int, n_shown: int) -> Any:
        """The colour of the i-th output shown: of a function, a map, a list, or our own circle."""
        import matplotlib as mpl

        chosen = (
            mpl.colormaps[self.color] if isinstance(self.color, str) and self.color in mpl.colormaps else self.color
        )
        if chosen is None:
            return colors.red_blue_circle(i / n_shown)
        if isinstance(chosen, mpl.colors.Colormap):
            return chosen(i / max(n_shown - 1, 1))
        if callable(chosen):
            return chosen(i)
        return chosen[i % len(chosen)] if isinstance(chosen, (list, tuple)) else colors.named(chosen)
