"""Evaluating coalitions that are known beforehand, some batches ahead."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.run.loop import BlockNumbers, Source, Words

Floats = NDArray[np.float64]


def in_batches(words: Words, blocks: BlockNumbers, count: int) -> Iterator[tuple[Words, BlockNumbers]]:
    """Cut coalitions into batches of `count`.

    Examples
    --------
    >>> [len(batch) for batch, _ in in_batches(np.zeros((5, 1), np.uint64), np.zeros(5, np.uint32), 2)]
    [2, 2, 1]
    """
    for first in range(0, len(words), count):
        yield np.ascontiguousarray(words[first : first + count]), blocks[first : first + count]


def worths_ahead(source: Source, asked: Iterable[tuple[Words, BlockNumbers]]) -> Iterator[Floats]:
    """Yield the worths ``(count, n_outputs)`` of batch after batch, with as many begun as the source wants.

    Batches are taken from `asked` only when they are begun, and taken back when nobody waits any more.
    """
    begun: deque[Any] = deque()
    batches = iter(asked)
    is_more = True
    try:
        while is_more or begun:
            while is_more and source.wants_more(len(begun)):
                batch = next(batches, None)
                if batch is None:
                    is_more = False
                    break
                begun.append(source.begin(*batch))
            if begun:
                yield source.finish(begun.popleft())
    finally:
        for one in reversed(begun):
            source.withdraw(one)
