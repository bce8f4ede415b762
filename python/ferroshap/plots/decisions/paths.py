"""The paths of a decision plot: which features, in which order, from which base value."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap.clustering.row_order import hclust_ordering
from ferroshap.errors import DimensionError, OptionError, nearest
from ferroshap.links import Logit, resolve
from ferroshap.plots.canvas.stage import widened
from ferroshap.plots.reading.arrays import Arrays

_SHOWN = slice(-1, -21, -1)
_ORDERS = ("importance", "hclust", "none")
_PROBABILITIES = (-0.02, 1.02)


@dataclass(frozen=True)
class Window:
    """The ordered features that are shown, ``first`` to ``last`` exclusive, and whether the last stands on top."""

    first: int
    last: int
    is_descending: bool


@dataclass(frozen=True)
class Display:
    """What the user asked for along x."""

    link: Any = "identity"
    xlim: Any = None
    highlight: Any = None


@dataclass(frozen=True)
class Paths:
    """Lines on the axis that is shown: ``(rows, features shown + 1)``, where they begin, and the ends of the axis."""

    points: np.ndarray
    base: float
    xlim: tuple[float, float]
    is_highlighted: np.ndarray  # (rows,)

    @classmethod
    def through(cls, base: float, values: np.ndarray, window: Window, display: Display) -> "Paths":
        """Add up ordered values from the base on; features below the window have been added before."""
        link = resolve(display.link)
        steps = np.concatenate([np.full((len(values), 1), base), np.nan_to_num(values)], axis=1)
        points = np.cumsum(steps, axis=1)[:, window.first : window.last + 1]
        points, start = link.inverse(points), float(link.inverse(np.asarray([base]))[0])
        highlighted = np.zeros(len(values), dtype=bool)
        if display.highlight is not None:
            try:
                highlighted[display.highlight] = True
            except IndexError as error:
                msg = f"`highlight` does not index {len(values)} rows: {error}"
                raise OptionError(msg) from error
        return cls(points, start, _ends(display, points, start, is_logit=isinstance(link, Logit)), highlighted)


def _ends(display: Display, points: np.ndarray, base: float, *, is_logit: bool) -> tuple[float, float]:
    """Ends of the axis: those given, all probabilities, or as far to either side of the base value."""
    if display.xlim is not None:
        low, high = (float(end) for end in display.xlim)
        if not (np.isfinite([low, high]).all() and low != high):
            msg = f"`xlim` is {display.xlim!r}: give two different finite numbers"
            raise OptionError(msg)
        return low, high
    if is_logit:
        return _PROBABILITIES
    reach = float(np.max(np.abs(points - base), initial=0.0))
    low, high = widened(base - reach, base + reach)
    margin = 0.02 * (high - low)
    return low - margin, high + margin


def without_pairs(arrays: Arrays, values: np.ndarray | None = None) -> tuple[np.ndarray, list[str], np.ndarray | None]:
    """Lay interactions out as features: main effects, then each pair once, doubled because it is stored in two halves.

    Raises
    ------
    DimensionError
        If the values have three axes but are no interactions.
    """
    cube = arrays.values if values is None else values
    if cube.ndim == 2:
        return cube, arrays.names, arrays.features if arrays.display is None else arrays.display
    if cube.shape[1] != cube.shape[2]:
        msg = f"`shap_values` has shape {cube.shape}, as several outputs have: pass shap_values[..., k] or all to "
        raise DimensionError(msg + "`multioutput_decision_plot`")
    n = cube.shape[1]
    row, column = np.triu_indices(n, 1)
    main = cube[:, np.arange(n), np.arange(n)]
    names = [*arrays.names, *(f"{arrays.names[i]} *\n{arrays.names[j]}" for i, j in zip(row, column, strict=True))]
    return np.concatenate([main, 2.0 * cube[:, row, column]], axis=1), names, None


def shifted(values: np.ndarray, base: float, new_base: float) -> np.ndarray:
    r"""Share the way from one base value to another out over the features, so that the sums stay what they were.

    Each of :math:`M` values grows by :math:`(b - b') / M`. Of interactions with
    :math:`T = M (M + 1) / 2` terms each entry grows by :math:`(b - b') / (2 T)`, the diagonal by twice that:
    a pair stands in the matrix twice, a main effect once.

    Examples
    --------
    >>> shifted(np.array([[1.0, 2.0]]), 1.0, 0.0)
    array([[1.5, 2.5]])
    """
    n = values.shape[1]
    is_cube = values.ndim == 3
    shares = (1.0 + np.eye(n)) / (n * (n + 1)) if is_cube else np.full(n, 1.0 / n)
    moved: np.ndarray = values + (base - new_base) * shares
    return moved


def order_of(feature_order: Any, values: np.ndarray) -> np.ndarray:
    """Positions of the features from the bottom up.

    Raises
    ------
    OptionError
        If the order is unknown or does not hold every position once.
    """
    n = values.shape[1]
    if feature_order is None or isinstance(feature_order, str):
        name = "none" if feature_order is None else feature_order.lower()
        if name == "importance":
            weakest_first: np.ndarray = np.argsort(np.abs(np.nan_to_num(values)).sum(axis=0), kind="stable")
            return weakest_first
        if name == "hclust":
            return np.asarray(hclust_ordering(np.nan_to_num(values).T), dtype=np.intp)
        if name == "none":
            return np.arange(n)
        msg = f"`feature_order` is {feature_order!r}{nearest(name, _ORDERS)} Known: {', '.join(_ORDERS)}"
        raise OptionError(msg)
    order = np.asarray(feature_order)
    if order.shape != (n,) or order.dtype.kind not in "iu" or not np.array_equal(np.sort(order), np.arange(n)):
        msg = f"`feature_order` must hold the positions 0 to {n - 1}, each once, or be one of {', '.join(_ORDERS)}"
        raise OptionError(msg)
    return order.astype(np.intp)


def window_of(shown: Any, n_features: int) -> Window:
    """Read which of the ordered features are shown, and whether the last stands on top.

    Raises
    ------
    TypeError
        If it is neither a slice nor a range.
    OptionError
        If its step is not 1 or -1, or nothing is left.
    """
    shown = _SHOWN if shown is None else shown
    if not isinstance(shown, (slice, range)):
        msg = f"`feature_display_range` is a {type(shown).__name__}: give a slice or a range"
        raise TypeError(msg)
    if shown.step not in (-1, 1, None):
        msg = f"`feature_display_range` has a step of {shown.step}: give 1 or -1"
        raise OptionError(msg)
    if isinstance(shown, range):  # a range that ends at -1 goes down to 0, a slice would go nowhere
        positions = [k for k in shown if 0 <= k < n_features]
    else:
        positions = list(range(*shown.indices(n_features)))
    if not positions:
        msg = f"`feature_display_range` is {shown}, which leaves none of the {n_features} features"
        raise OptionError(msg)
    return Window(min(positions), max(positions) + 1, shown.step == -1)
