"""Columns of numbers without gaps and without their means."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def filled_with_mean(values: NDArray[Any], shares: Floats) -> Floats:
    """Replace NaN by the mean of the others, 0 where there are none.

    Examples
    --------
    >>> filled_with_mean(np.array([1.0, np.nan, 3.0]), np.full(3, 1 / 3))
    array([1., 2., 3.])
    """
    column = np.array(values, dtype=np.float64)
    is_missing = np.isnan(column)
    if is_missing.any():
        there = ~is_missing
        total = shares[there].sum()
        column[is_missing] = (shares[there] * column[there]).sum() / total if total > 0 else 0.0
    return column


def centred(columns: Floats, shares: Floats) -> Floats:
    """Subtract the mean of each column; a constant one becomes exactly zero, whatever rounding makes of its mean."""
    moved = columns - columns[:, :1]
    moved -= (moved @ shares)[:, None]
    moved[(columns == columns[:, :1]).all(axis=1)] = 0.0
    return moved
