"""Rows that ask for the same coalitions, each until its own errors are small enough."""

import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import InternalError
from ferroshap.estimators import Method
from ferroshap.progress import Progress
from ferroshap.run.loop import N_ENDPOINTS, Outcome, Source, resolved


class Round(NamedTuple):
    """A batch that all rows asked for: the number of its first evaluation, and what the source has begun."""

    first: int
    begun: Any


Narrowed = Callable[[NDArray[np.intp]], Source]


class Together:
    """Estimations of many rows in step: they share the batches, and each ends where it would end alone.

    A row by itself would call the model for as little as a few dozen coalitions at a time. With one seed and
    row key all rows ask for the same coalitions until they stop, so those that go on are asked about together.

    Parameters
    ----------
    narrowed : callable
        From positions of rows to the source of their worths.
    n_rows : int
        Number of rows.
    method, budget, tol, seed, row_key, n_threads, deadline, progress
        As for a :class:`Loop`.
    """

    def __init__(
        self,
        narrowed: Narrowed,
        n_rows: int,
        method: Method,
        *,
        budget: int,
        tol: float,
        seed: int,
        row_key: int,
        n_threads: int,
        deadline: float | None,
        progress: Progress,
    ) -> None:
        """Fix the method, and begin a run for each row."""
        self._narrowed = narrowed
        self._n_threads = n_threads
        self._deadline = deadline
        self._progress = progress
        #: Rows that go on, and where their worths come from.
        self._going = np.arange(n_rows, dtype=np.intp)
        self._source = narrowed(self._going)
        self._n_outputs = self._source.n_outputs // n_rows
        #: What is asked and not told, oldest first.
        self._asked: deque[Round] = deque()
        ends = self._source.endpoints()
        self.method_name, options = resolved(method, self._source.n_players, budget, len(ends.weights), tol)
        self._runs = [
            _native.Estimator(
                self.method_name,
                self._source.n_players,
                self._n_outputs,
                budget - N_ENDPOINTS,
                seed,
                row_key,
                (np.ascontiguousarray(ends.empty[:, own]), ends.full[own], ends.weights, ends.base[own]),
                1,
                options,
                tol,
            )
            for own in map(self._columns, range(n_rows))
        ]

    def step(self) -> bool:
        """Evaluate one batch for all rows that go on; False when none does."""
        self.begin()
        if not self._asked:
            return False
        batch = self._asked.popleft()
        worths = self._source.finish(batch.begun)
        for place, row in enumerate(self._going):
            self._runs[row].tell(batch.first, np.ascontiguousarray(worths[:, self._columns(place)]))
        self._progress.add(len(worths) * len(self._going))
        return True

    def begin(self) -> None:
        """Have as many batches begun as the source wants; after the deadline take back those that nobody works on."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self.withdraw()
            return
        while self._source.wants_more(len(self._asked)) and self._ask():
            pass

    def withdraw(self) -> None:
        """Take back the batches that nobody works on."""
        self._asked = deque(batch for batch in self._asked if not self._source.withdraw(batch.begun))

    def outcomes(self) -> list[Outcome]:
        """What is known now of each row."""
        _native.look(self._runs, self._n_threads)
        found = (Outcome(*run.estimate(1)) for run in self._runs)
        return [outcome._replace(n_evaluations=outcome.n_evaluations + N_ENDPOINTS) for outcome in found]

    def _ask(self) -> bool:
        """Ask every row for its next coalitions, and go on with those that have some.

        Who stops is decided when everything that was asked is told, so that rows whose batches are under way are the
        same that are asked again.
        """
        _native.look([self._runs[row] for row in self._going], self._n_threads)
        count = self._source.evaluations_per_batch()
        asked = {row: self._runs[row].ask(count) for row in self._going}
        going = np.array([row for row, (_, words, _) in asked.items() if len(words)], dtype=np.intp)
        if len(going) == 0:
            if not self._asked:
                self._going = going
            return False
        first, words, blocks = asked[going[0]]
        is_parted = bool(self._asked) and len(going) < len(self._going)
        if is_parted or any(asked[row][0] != first or not np.array_equal(asked[row][1], words) for row in going[1:]):
            msg = f"rows that share a design of {self.method_name!r} asked for different coalitions: please report it"
            raise InternalError(msg)
        if len(going) < len(self._going):
            self._going, self._source = going, self._narrowed(going)
        self._asked.append(Round(first, self._source.begin(words, blocks)))
        return True

    def _columns(self, place: int) -> slice:
        """Where the outputs of a row are among those of the source."""
        return slice(place * self._n_outputs, (place + 1) * self._n_outputs)
