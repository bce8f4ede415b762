"""Ask, evaluate, tell: the only loop, for one game or for many rows at once."""

import time
from collections import deque
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import BudgetError
from ferroshap.estimators import Method, asks_by_worths, chosen
from ferroshap.game import Endpoints
from ferroshap.progress import Progress
from ferroshap.run.surrogates import Fitted, Training, fit_folds

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
BlockNumbers = NDArray[np.uint32]

#: Endpoints, `v({})` and `v(N)`, are part of every budget.
N_ENDPOINTS = 2


#: Games with at most this many evaluations a player are played in full, rather than until their errors are small.
FEW_COALITIONS = 8


def resolved(
    method: Method, n_players: int, budget: int, n_blocks: int, tol: float | None
) -> tuple[str, dict[str, Any]]:
    """Name and options of the method of the core that will run, and stop at `tol` unless that is None.

    All coalitions know no errors on the way, so a run of them could not stop before the last. Where the choice
    is ours and they are many, a sampling method is taken instead, which is exact too once it has seen them all.
    """
    if tol is not None and method.native_name == "auto" and 2**n_players > FEW_COALITIONS * n_players:
        budget = min(budget, 2**n_players - 1)
    return chosen(method, n_players, budget, n_blocks)


@runtime_checkable
class Source(Protocol):
    """Where worths come from. An output is one of the worths that a coalition has at once."""

    @property
    def n_players(self) -> int:
        """Number of players."""

    @property
    def n_outputs(self) -> int:
        """Worths of one coalition."""

    @property
    def n_rows(self) -> int:
        """Explained rows whose worths these are, row after row."""

    def endpoints(self) -> Endpoints:
        """Worths of nobody and of everybody."""

    def wants_more(self, n_begun: int, /) -> bool:
        """Whether to begin a batch beside others that are begun and not finished; at least where there is none."""

    def evaluations_per_batch(self) -> int:
        """How many evaluations to ask for at once."""

    def begin(self, words: Words, blocks: BlockNumbers, /) -> Any:
        """Begin to evaluate coalitions; whatever `finish` needs is returned."""

    def finish(self, begun: Any, /) -> Floats:
        """Finish what was begun: the worths ``(count, n_outputs)``."""

    def withdraw(self, begun: Any, /) -> bool:
        """Take back what was begun, and say so; False where it is worked on, or done."""


class Outcome(NamedTuple):
    """What the core says of a run: values and errors ``(n_players, n_outputs)``, the rest per output or once."""

    values: Floats
    std_errors: Floats
    interval_df: Floats
    base: Floats
    gap: Floats
    n_evaluations: int
    status: str
    predicted_budget: int | None


class Sampled(NamedTuple):
    """What the core says of interactions: ``(sets, n_outputs)``, errors of a matrix's diagonal, df a row."""

    values: Floats
    std_errors: Floats
    diagonal_errors: Floats
    interval_df: Floats


class Batch:
    """Coalitions asked: the number of the first, and what the source has begun of them."""

    __slots__ = ("begun", "blocks", "first", "words")

    def __init__(self, first: int, words: Words, blocks: BlockNumbers) -> None:
        """Nothing is begun yet."""
        self.first = first
        self.words = words
        self.blocks = blocks
        self.begun: Any = None


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
    tol : float, optional
        Stop as soon as no interval of 90 % reaches further than this share of the range of the values.
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
        tol: float | None = None,
    ) -> None:
        """Ask for the endpoints and fix the method."""
        if budget < N_ENDPOINTS:
            msg = f"`budget` is {budget}, but the empty and the full coalition alone are {N_ENDPOINTS} evaluations"
            raise BudgetError(msg)
        self.source = source
        endpoints = source.endpoints()
        self.method_name, options = resolved(method, source.n_players, budget, len(endpoints.weights), tol)
        self.asks_by_worths = asks_by_worths(self.method_name, options)
        self._n_threads = n_threads
        self._surrogate = method.outside_surrogate
        self._stops = tol is not None
        self._deadline = deadline
        self._progress = progress
        self._progress_weight = progress_weight
        # Batches asked and not told yet, oldest first.
        self._asked: deque[Batch] = deque()
        self.n_evaluations = N_ENDPOINTS
        self._estimator = _native.Estimator(
            self.method_name,
            source.n_players,
            source.n_outputs,
            budget - N_ENDPOINTS,
            seed,
            row_key,
            endpoints,
            source.n_rows,
            options,
            tol,
        )

    def step(self, most: int | None = None) -> bool:
        """Evaluate one batch of at most `most` evaluations; False when nothing is left to do."""
        try:
            self.begin(most)
            if not self._asked or self._asked[0].begun is None:
                return False
            batch = self._asked[0]
            begun, batch.begun = batch.begun, None
            self._estimator.tell(batch.first, self.source.finish(begun))
        except BaseException:
            # The model failed or Ctrl-C came: nobody is to work for nothing.
            self.withdraw()
            raise
        self._asked.popleft()
        self.n_evaluations += len(batch.words)
        if self._progress is not None:
            self._progress.add(len(batch.words) * self._progress_weight)
        return True

    def begin(self, most: int | None = None) -> None:
        """Have as many batches begun as the source wants, of at most `most` evaluations in all.

        After the deadline nothing is asked, and what nobody works on is taken back.
        """
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self.withdraw()
            return
        if self._stops:
            _native.look([self._estimator], self._n_threads)
        count = self.source.evaluations_per_batch()
        left = most
        if most is not None:
            left = most - sum(len(batch.words) for batch in self._asked)
        for batch in self._asked:  # an exception may have left some that are not begun
            if batch.begun is None:
                batch.begun = self.source.begin(batch.words, batch.blocks)
        while self.source.wants_more(len(self._asked)) and (left is None or left > 0):
            first, words, blocks = self._estimator.ask(count if left is None else min(count, left))
            if len(words) == 0:
                break
            batch = Batch(first, words, blocks)
            self._asked.append(batch)
            batch.begun = self.source.begin(words, blocks)
            left = left if left is None else left - len(words)

    def withdraw(self) -> None:
        """Take back the batches that nobody works on; they are begun again by whoever goes on."""
        for batch in reversed(self._asked):
            if batch.begun is not None and self.source.withdraw(batch.begun):
                batch.begun = None

    def finish(self) -> Outcome:
        """Evaluate to the end, and estimate."""
        while self.step():
            pass
        return self.estimate()

    def estimate(self) -> Outcome:
        """What is known now."""
        if self._stops:
            _native.look([self._estimator], self._n_threads)
        outcome = Outcome(*self._estimator.estimate(self._n_threads, self._surrogates()))
        return outcome._replace(n_evaluations=outcome.n_evaluations + N_ENDPOINTS)

    def screening(self) -> Any:
        """What a second pass played with, as the core says it; None where nobody is screened out."""
        return self._estimator.screening(self._n_threads)

    def interactions(self) -> Sampled | None:
        """What is known of interactions now; None where the method estimates values alone."""
        found = self._estimator.interactions(self._n_threads)
        return None if found is None else Sampled(*found)

    def _surrogates(self) -> list[Fitted] | None:
        """Fit the method's surrogate to what was told, where it has one of the user's."""
        training = None if self._surrogate is None else self._estimator.training()
        if training is None:
            return None
        return fit_folds(self._surrogate, Training(*training), self.source.n_players)
