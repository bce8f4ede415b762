"""Sources of any kind whose coalitions are evaluated by the workers of an executor."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.executors.parcels import Parcel
from ferroshap.executors.sender import Sender, Task
from ferroshap.game import Endpoints
from ferroshap.game.elsewhere import TASKS_FOR_EACH
from ferroshap.run.loop import BlockNumbers, Source, Words

Floats = NDArray[np.float64]


def finished(opened: Sequence[Any], words: Words, blocks: BlockNumbers) -> Floats:
    """Evaluate coalitions on a worker."""
    source: Source = opened[0]
    return source.finish(source.begin(words, blocks))


class SourceElsewhere:
    """A source that travels to the workers as a whole, once.

    Parameters
    ----------
    source : Source
        What evaluates coalitions; it has been asked about its endpoints here.
    what : str
        What messages call it.
    sender : Sender
        Whom to send by.
    n_evaluations : int
        How many coalitions will be asked for in all.
    """

    def __init__(self, source: Source, what: str, sender: Sender, n_evaluations: int) -> None:
        """Nothing is asked yet."""
        self._source, self._sender = source, sender
        self._parcel = Parcel(source, what)
        self.n_players, self.n_outputs, self.n_rows = source.n_players, source.n_outputs, source.n_rows
        share = -(-n_evaluations // (TASKS_FOR_EACH * sender.n_workers))
        self._per_task = max(1, min(share, source.evaluations_per_batch()))

    def endpoints(self) -> Endpoints:
        """Worths of nobody and of everybody."""
        return self._source.endpoints()

    def evaluations_per_batch(self) -> int:
        """Coalitions of one task."""
        return self._per_task

    def wants_more(self, n_begun: int, /) -> bool:
        """Whether to send a task beside others: where workers have room for it."""
        return n_begun == 0 or self._sender.room > 0

    def begin(self, words: Words, blocks: BlockNumbers, /) -> Task:
        """Send coalitions to a worker."""
        return self._sender.send(finished, [self._parcel], words, blocks)

    def finish(self, task: Task, /) -> Floats:
        """Wait for the worths."""
        worths: Floats = task.result()
        return worths

    def withdraw(self, task: Task, /) -> bool:
        """Take coalitions back; False where a worker has begun."""
        return task.cancel()
