"""Columns of any kind as ranks of their distinct values: what thresholds and correlations need."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Levels(NamedTuple):
    """A column by its distinct values: their ranks, -1 where the value is missing."""

    codes: NDArray[np.intp]  # (rows,)
    values: np.ndarray  # the distinct values, sorted
    is_number: bool  # whether half-way between two values means something


def levels_of(column: np.ndarray) -> Levels:
    """Rank the values of a column: numbers by size, times by date, words by alphabet.

    Examples
    --------
    >>> levels_of(np.array(["b", None, "a", "b"], dtype=object))
    Levels(codes=array([ 1, -1,  0,  1]), values=array(['a', 'b'], dtype=object), is_number=False)
    """
    if column.dtype == object:
        return _levels_of_objects(column)
    missing = np.isnat(column) if column.dtype.kind in "mM" else column != column  # noqa: PLR0124 - NaN alone differs
    codes = np.full(len(column), -1, dtype=np.intp)
    values, codes[~missing] = np.unique(column[~missing], return_inverse=True)
    return Levels(codes, values, column.dtype.kind in "iuf")


def numbers_of(column: np.ndarray) -> Floats:
    """A column as floats: its numbers, or the ranks of what is no number; NaN where a value is missing."""
    if column.dtype.kind in "biuf":
        return column.astype(np.float64)
    levels = levels_of(column)
    values = levels.values if levels.is_number else np.arange(len(levels.values))
    known = np.append(values.astype(np.float64), np.nan)
    return known[levels.codes]  # the rank -1 meets the NaN at the end


def is_missing(value: Any) -> bool:
    """Tell None and everything that does not equal itself: NaN, NaT, the missing values of tables."""
    if value is None:
        return True
    if isinstance(value, str):
        return False
    try:
        return bool(value != value)  # noqa: PLR0124 - that is how a missing value is known
    except (TypeError, ValueError):  # pandas' NA has no truth value
        return True


def _levels_of_objects(column: np.ndarray) -> Levels:
    known = np.array([not is_missing(value) for value in column], dtype=bool)
    present = column[known].tolist()
    if present and all(isinstance(value, (bool, int, float, np.number, np.bool_)) for value in present):
        plain = np.array(present)
        if plain.dtype != object:
            inner = levels_of(plain)
            codes = np.full(len(column), -1, dtype=np.intp)
            codes[known] = inner.codes
            return Levels(codes, inner.values, inner.is_number)
    try:
        ordered = sorted(set(present))
    except TypeError:  # kinds that cannot be compared, or have no hash
        present = [str(value) for value in present]
        ordered = sorted(set(present))
    rank = {value: position for position, value in enumerate(ordered)}
    codes = np.full(len(column), -1, dtype=np.intp)
    codes[known] = [rank[value] for value in present]
    values = np.empty(len(ordered), dtype=object)
    values[:] = ordered
    return Levels(codes, values, is_number=False)
