"""Centres of many rows, and the centre that each row belongs to."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LOOKED_AT = 8192  # rows that the centres are fitted to
_ROUNDS = 10
_CHUNK = 4096  # rows whose distances to all centres are held at a time


def centred_groups(rows: Floats, ranks: Floats, n_centres: int) -> tuple[Floats, NDArray[np.intp]]:
    """k-means of rows: the centres ``(at most n_centres, columns)`` and the number of each row's own.

    Starts at rows evenly spaced along `ranks` (one number a row), does ten rounds over at most 8,192 rows, and then
    assigns all: nothing is random.
    """
    by_rank = np.argsort(ranks, kind="stable")
    looked_at = rows[by_rank[_spread(len(rows), _LOOKED_AT)]]
    centres = looked_at[_spread(len(looked_at), n_centres)]
    for _ in range(_ROUNDS):
        nearest = _nearest(looked_at, centres)
        counts = np.bincount(nearest, minlength=len(centres))
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, looked_at)
        moved = sums[counts > 0] / counts[counts > 0, None]
        if len(moved) == len(centres) and np.array_equal(moved, centres):
            break
        centres = moved
    nearest = _nearest(rows, centres)
    kept, numbers = np.unique(nearest, return_inverse=True)
    return centres[kept], numbers.astype(np.intp)


def _spread(n_rows: int, n_chosen: int) -> NDArray[np.intp]:
    """Positions evenly spaced from first to last."""
    if n_rows <= n_chosen:
        return np.arange(n_rows)
    return np.linspace(0, n_rows - 1, n_chosen).round().astype(np.intp)


def _nearest(rows: Floats, centres: Floats) -> NDArray[np.intp]:
    """The nearest centre of each row, the first of several."""
    halves = (centres**2).sum(axis=1) / 2.0
    chunks = [
        (halves - rows[start : start + _CHUNK] @ centres.T).argmin(axis=1) for start in range(0, len(rows), _CHUNK)
    ]
    return np.concatenate(chunks)
