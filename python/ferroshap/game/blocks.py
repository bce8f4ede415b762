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
        Background rows, block after block. A heavy row may stand in several blocks.
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
    """Cut a background into blocks of at most `rows_per_eval` rows, by the seed, unless all fit into one.

    Rows of equal weight are shuffled and cut into equal parts (give or take one row), so that the
    mean over all blocks is the mean over the whole background. Rows of unequal weight are drawn
    systematically, in proportion to their weights, and count alike inside a block: every block is then
    an unbiased estimate of the weighted mean.

    Examples
    --------
    >>> cut(np.full(5, 0.2), 2, seed=0).starts
    [0, 2, 4, 5]
    >>> sorted(cut(np.array([0.5, 0.25, 0.25]), 2, seed=0).order.tolist())
    [0, 0, 1, 2]
    """
    n_rows = len(weights)
    n_blocks = 1 if rows_per_eval is None else -(-n_rows // rows_per_eval)
    if rows_per_eval is None or n_blocks == 1:
        return Blocks(np.arange(n_rows), [0, n_rows], weights, np.ones(1))
    stream = np.random.Generator(np.random.Philox(key=[seed, BLOCKS]))
    if (weights == weights[0]).all():
        order = np.arange(n_rows)
        sizes = np.full(n_blocks, n_rows // n_blocks)
        sizes[: n_rows % n_blocks] += 1
    else:
        sizes = np.full(n_blocks, rows_per_eval)
        order = _systematic(weights, int(sizes.sum()), stream)
    stream.shuffle(order)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return Blocks(order, starts.tolist(), np.repeat(1.0 / sizes, sizes), sizes / sizes.sum())


def _systematic(weights: Floats, count: int, stream: np.random.Generator) -> NDArray[np.int64]:
    """Draw `count` rows in proportion to their weights: each as often as it should, rounded up or down."""
    shuffled = stream.permutation(len(weights))
    marks = (np.arange(count) + stream.random()) / count
    ends = np.cumsum(weights[shuffled])
    drawn: NDArray[np.int64] = np.searchsorted(ends / ends[-1], marks, side="right").clip(max=len(weights) - 1)
    rows: NDArray[np.int64] = shuffled[drawn]
    return rows
