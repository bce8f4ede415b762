"""Ends of an axis, as the user may give them."""

import re
from typing import Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.plots.canvas.stage import widened
from ferroshap.plots.reading.accept import looks_like_explanation

_PERCENTILE = re.compile(r"percentile\(\s*([0-9.]+)\s*\)")
_SHARE = 1 / 20  # of the range is left free where no limit was given


def limits(low: Any, high: Any, numbers: np.ndarray, *, axis: str, margin: float = 0.0) -> tuple[float, float]:
    """Ends of an axis over `numbers`; where none is given, 1/20 of the range beyond them (at least `margin`).

    Parameters
    ----------
    low, high : float, str, Explanation or None
        A number, ``"percentile(99)"`` of the numbers, or an aggregated column.
    numbers : ndarray
        What is drawn along the axis, NaN ignored.
    axis : {"x", "y"}
        Whether an Explanation stands for the value of the feature or for its SHAP value.
    margin : float
        Room that must be left beyond the numbers.

    Examples
    --------
    >>> limits(None, 5.0, np.array([0.0, 10.0]), axis="x")
    (-0.25, 5.0)
    >>> limits("percentile(50)", None, np.array([0.0, 10.0]), axis="y")
    (5.0, 10.25)
    """
    known = numbers[np.isfinite(numbers)]
    start, end = limit(low, known, f"{axis}min"), limit(high, known, f"{axis}max")
    first = (float(known.min()) if len(known) else 0.0) if start is None else start
    last = (float(known.max()) if len(known) else 0.0) if end is None else end
    if start is None and end is None:
        first, last = widened(first, last)
    spare = max(_SHARE * (last - first), margin)
    first, last = first - spare * (start is None), last + spare * (end is None)
    return (first, last) if first != last else (first - 0.5, last + 0.5)


def limit(given: Any, known: np.ndarray, argument: str) -> float | None:
    """Read one end; None if it is left to us.

    Raises
    ------
    OptionError
        If it is neither a number nor one of the other forms.
    """
    if given is None:
        return None
    if isinstance(given, str):
        match = _PERCENTILE.fullmatch(given.strip())
        if match is None or not 0.0 <= float(match[1]) <= 100.0:
            msg = f"`{argument}` is {given!r}: give a number, 'percentile(99)' or a column's, as sv[:, 0].max(0)"
            raise OptionError(msg)
        return float(np.percentile(known, float(match[1]))) if len(known) else None
    number = given
    if looks_like_explanation(given):
        number = given.data if argument.startswith("x") else given.values
    try:
        end = float(np.asarray(number, dtype=float).reshape(()))
    except (TypeError, ValueError):
        end = np.nan
    if not np.isfinite(end):
        msg = f"`{argument}` is no finite number: give one, 'percentile(99)' or a column's, as sv[:, 0].max(0)"
        raise OptionError(msg)
    return end
