"""Memory for batches, used again from batch to batch and from call to call."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[Any]

#: Sets of buffers that are kept: one is filled while the model reads another.
MOST_KEPT = 2
CACHE_LINE = 64


class Buffers:
    """Sets of arrays to be written over; fresh memory would cost more than filling it.

    A set that somebody else still refers to when it is given back is not used again: a model may keep
    what it was asked about.
    """

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: list[list[Words]] = []

    def take(self, like: list[Words], n_rows: int) -> list[Words]:
        """Return arrays of at least `n_rows` rows, one for each in `like`, of its columns and type."""
        while self._kept:
            buffers = self._kept.pop()
            if len(buffers) == len(like) and all(
                len(out) >= n_rows and out.shape[1] == known.shape[1] and out.dtype == known.dtype
                for out, known in zip(buffers, like, strict=True)
            ):
                return buffers
        return [aligned(n_rows, known) for known in like]

    def give_back(self, buffers: list[Words]) -> None:
        """Keep arrays for the next batch, unless somebody else refers to them."""
        if len(self._kept) < MOST_KEPT and most_references(buffers) <= UNSHARED:
            self._kept.append(buffers)

    def __reduce__(self) -> tuple[type["Buffers"], tuple[()]]:
        """Pickle without the memory."""
        return Buffers, ()


def aligned(n_rows: int, like: Words) -> Words:
    """Make an array of `n_rows` rows like those of `like`, on a cache line: a quarter faster to fill."""
    n_bytes = n_rows * like.shape[1] * like.itemsize
    store = np.empty(n_bytes + CACHE_LINE, dtype=np.uint8)
    skipped = -store.ctypes.data % CACHE_LINE
    return store[skipped : skipped + n_bytes].view(like.dtype).reshape(n_rows, like.shape[1])


def most_references(buffers: list[Words]) -> int:
    """References to the memory of the buffer that has the most: every view of it is one."""
    return max(sys.getrefcount(out.base) for out in buffers)


#: What `most_references` says of buffers that nobody else holds; interpreters differ.
UNSHARED = most_references([aligned(1, np.empty((1, 1)))])
