"""Which features a picture shows, in which order, and what is summed into its last row."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation, OpChain
from ferroshap.plots.reading.accept import looks_like_explanation


@dataclass(frozen=True)
class Rows:
    """The rows of a picture, strongest first: single features, then what the rest come to."""

    shown: np.ndarray  # positions of the features that have a row of their own, or are the strongest of theirs
    merged: np.ndarray  # positions of those that share the last row
    groups: tuple[np.ndarray, ...] = ()  # of the features of each row but the last, if some share one; else empty

    @property
    def n_rows(self) -> int:
        """Count the rows, the shared one included."""
        return len(self.shown) + (len(self.merged) > 0)

    def is_single(self, row: int) -> bool:
        """Tell whether a row shows one feature and not a sum."""
        return row < len(self.shown) and (not self.groups or len(self.groups[row]) == 1)

    def totals(self, values: np.ndarray) -> np.ndarray:
        """Bring values to rows along the first axis; NaN counts as nothing in a sum."""
        shown: np.ndarray = values[self.shown]
        for k, group in enumerate(self.groups):
            if len(group) > 1:
                shown[k] = np.nan_to_num(values[group]).sum(axis=0)
        if not len(self.merged):
            return shown
        rest = np.nan_to_num(values[self.merged]).sum(axis=0, keepdims=True)
        return np.concatenate([shown, rest])


def rows_of(order: np.ndarray, max_display: int | None, *, group: bool = True) -> Rows:
    """Cut an order of features to `max_display` rows; the last one sums what remains.

    Raises
    ------
    OptionError
        If `max_display` is not at least 1.
    """
    if max_display is not None and max_display < 1:
        msg = f"`max_display` is {max_display}: give at least 1, or None for all features"
        raise OptionError(msg)
    if max_display is None or len(order) <= max_display:
        return Rows(order, order[:0])
    if not group:
        return Rows(order[:max_display], order[:0])
    return Rows(order[: max_display - 1], order[max_display - 1 :])


def ordered(order: Any, explanation: Explanation, role: str = "feature", argument: str = "order") -> np.ndarray:
    """Positions of all features (or rows) in the order asked for.

    Parameters
    ----------
    order : OpChain, Explanation or array
        A chain without `argsort` or `hclust`, or numbers one a feature, are sorted descending;
        positions are taken as they are, features left out of them follow by number.
    explanation : Explanation
        What a chain is applied to.
    role : "feature" or "row"
        What is put into order.
    argument : str
        What the caller calls the order.

    Raises
    ------
    OptionError
        If the result is neither one number a feature nor positions of features.
    """
    numbers, is_order = numbers_of(order, explanation)
    size = explanation.shape[explanation.axes.index(role)]
    if numbers.ndim != 1:
        msg = f"`{argument}` gives numbers of shape {numbers.shape}, not one for each of the {size} {role}s"
        raise OptionError(msg)
    if is_order and numbers.dtype.kind in "iu":
        chosen = _checked(numbers, size, argument)
        return np.concatenate([chosen, np.setdiff1d(np.arange(size), chosen)])
    if len(numbers) != size:
        msg = f"`{argument}` gives {len(numbers)} numbers, but there are {size} {role}s"
        raise OptionError(msg)
    strongest_first: np.ndarray = np.argsort(-np.nan_to_num(numbers.astype(float), nan=-np.inf), kind="stable")
    return strongest_first


def numbers_of(order: Any, explanation: Explanation) -> tuple[np.ndarray, bool]:
    """Read a chain, an Explanation or an array: its numbers, and whether whole ones are positions.

    The incumbent's chains and Explanations mean what ours mean.
    """
    if isinstance(order, OpChain) or type(order).__name__ == "OpChain":
        links = repr(order)  # the incumbent's chain answers every other name with another link
        numbers, _ = numbers_of(order.apply(explanation), explanation)
        return numbers, ".argsort" in links or ".hclust" in links
    if isinstance(order, Explanation) or looks_like_explanation(order):
        history = getattr(order, "op_history", None) or ()
        return np.asarray(order.values), any(item.name == "argsort" for item in history)
    if callable(order):  # a chain that ended in a method without its brackets
        return numbers_of(order(), explanation)
    return np.asarray(order), isinstance(order, (np.ndarray, list, tuple))


def _checked(positions: np.ndarray, size: int, argument: str) -> np.ndarray:
    """Refuse positions that are out of range or stand twice."""
    inside = (positions >= 0) & (positions < size)
    if not inside.all() or len(np.unique(positions)) != len(positions):
        msg = f"`{argument}` is {positions.tolist()!r}: give different positions from 0 to {size - 1}"
        raise OptionError(msg)
    return positions.astype(np.intp)
