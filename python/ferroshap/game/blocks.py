"""A background cut into blocks, so that one evaluation costs a block instead of every row."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The purpose number of this stream among those of the core's `random.rs`.
BLOCKS = 4


@dataclass(frozen=True)
class Blocks:
    """Which background rows the blocks hold, and what the rows and the blocks weigh.

    Attributes
    ----------
    order : ndarray of int64
        Background rows, block after block.
    starts : list of int
        First position of each block, and the end of the last.
    row_weights : ndarray of shape ``(len(order),)``
        Weights inside a block; sum 1 in each.
    weights : ndarray of shape ``(n_blocks,)``
        The share of each block; sum 1.
    """

    order: NDArray[np.int64]
    starts: list[int]
    row_weights: Floats
    weights: Floats

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Rows of each block."""
        return np.diff(np.array(self.starts))

    @cached_property
    def largest(self) -> int:
        """Rows of the largest block."""
        return int(self.sizes.max())

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.weights)


def cut(weights: Floats, rows_per_eval: int | None, seed: int) -> Blocks:
    """Cut a background into equal blocks (give or take one row) of at most `rows_per_eval` rows.

    Rows are shuffled by the seed, unless all fit into one block. Inside a block rows keep their
    proportions, and a block weighs what its rows do together, so that the mean over all blocks is
    the mean over the whole background.

    Examples
    --------
    >>> cut(np.full(5, 0.2), 2, seed=0).starts
    [0, 2, 4, 5]
    """
    n_rows = len(weights)
    n_blocks = 1 if rows_per_eval is None else -(-n_rows // rows_per_eval)
    order = np.arange(n_rows)
    if n_blocks == 1:
        return Blocks(order, [0, n_rows], weights, np.ones(1))
    stream = np.random.Generator(np.random.Philox(key=[seed, BLOCKS]))
    stream.shuffle(order)
    sizes = np.full(n_blocks, n_rows // n_blocks)
    sizes[: n_rows % n_blocks] += 1
    starts = np.concatenate([[0], np.cumsum(sizes)])
    shares = np.add.reduceat(weights[order], starts[:-1])
    return Blocks(order, starts.tolist(), weights[order] / np.repeat(shares, sizes), shares / shares.sum())
