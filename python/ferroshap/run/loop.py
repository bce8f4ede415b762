"""Ask, evaluate, tell: the only loop, for one game or for many rows at once."""

import time
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import BudgetError
from ferroshap.estimators import Method, resolve
from ferroshap.progress import Progress

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
BlockNumbers = NDArray[np.uint32]

#: Endpoints, `v({})` and `v(N)`, are part of every budget.
N_ENDPOINTS = 2


class Source(Protocol):
    """Where worths come from. An output is one of the worths that a coalition has at once."""

    @property
    def n_players(self) -> int:
        """Number of players."""

    @property
    def n_outputs(self) -> int:
        """Worths of one coalition."""

    def endpoints(self) -> tuple[Floats, Floats, Floats]:
        """Worths of nobody ``(n_blocks, n_outputs)`` and of everybody ``(n_outputs,)``, and the blocks' weights."""

    def evaluations_per_batch(self) -> int:
        """How many evaluations to ask for at once."""

    def worths(self, words: Words, blocks: BlockNumbers, /) -> Floats:
        """Evaluate coalitions: ``(count, n_outputs)``."""


class Outcome(NamedTuple):
    """What the core says of a run: values and errors ``(n_players, n_outputs)``, the rest per output or once."""

    values: Floats
    std_errors: Floats
    interval_df: float
    base: Floats
    gap: Floats
    n_evaluations: int
    status: str


class Loop:
    """One estimation in progress.

    An exception of the source, and Ctrl-C, leave it usable: `estimate` answers from what was
    told before, and going on evaluates the batch again that was lost.

    Parameters
    ----------
    source : Source
        Where worths come from.
    method : Method
        The estimator.
    budget : int
        Evaluations granted, endpoints included.
    seed, row_key : int
        Where randomness starts from; `row_key` is 0 for a design that rows share.
    n_threads : int
        Threads of the solve.
    deadline : float, optional
        The time on the monotonic clock at which to stop.
    progress : Progress, optional
        Told how many evaluations each batch had, times its weight.
    progress_weight : int
        Evaluations that one of ours counts for.
    """

    def __init__(
        self,
        source: Source,
        method: Method,
        *,
        budget: int,
        seed: int = 0,
        row_key: int = 0,
        n_threads: int = 1,
        deadline: float | None = None,
        progress: Progress | None = None,
        progress_weight: int = 1,
    ) -> None:
        """Ask for the endpoints and fix the method."""
        if budget < N_ENDPOINTS:
            msg = f"`budget` is {budget}, but the empty and the full coalition alone are {N_ENDPOINTS} evaluations"
            raise BudgetError(msg)
        self.source = source
        endpoints = source.endpoints()
        self.method_name = resolve(method, source.n_players, budget, len(endpoints[2]))
        self._n_threads = n_threads
        self._deadline = deadline
        self._progress = progress
        self._progress_weight = progress_weight
        self._batch: tuple[int, Words, BlockNumbers] | None = None
        self.n_evaluations = N_ENDPOINTS
        self._estimator = _native.Estimator(
            self.method_name, source.n_players, source.n_outputs, budget - N_ENDPOINTS, seed, row_key, endpoints
        )

    def step(self, most: int | None = None) -> bool:
        """Evaluate one batch of at most `most` evaluations; False when nothing is left to do."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return False
        if self._batch is None:
            count = self.source.evaluations_per_batch()
            self._batch = self._estimator.ask(count if most is None else min(count, most))
        first, words, blocks = self._batch
        if len(words) == 0:
            return False
        self._estimator.tell(first, self.source.worths(words, blocks))
        self._batch = None
        self.n_evaluations += len(words)
        if self._progress is not None:
            self._progress.add(len(words) * self._progress_weight)
        return True

    def finish(self) -> Outcome:
        """Evaluate to the end, and estimate."""
        while self.step():
            pass
        return self.estimate()

    def estimate(self) -> Outcome:
        """What is known now."""
        outcome = Outcome(*self._estimator.estimate(self._n_threads))
        return outcome._replace(n_evaluations=outcome.n_evaluations + N_ENDPOINTS)
