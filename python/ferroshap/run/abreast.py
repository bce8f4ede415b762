"""Rows that each ask for coalitions of their own, about which the model is asked at once."""

import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from ferroshap import _native
from ferroshap.estimators import Method
from ferroshap.game import AnyMaskedGame, BegunAbreast, begin_abreast
from ferroshap.progress import Progress
from ferroshap.run.loop import N_ENDPOINTS, BlockNumbers, Outcome, Words, resolved


class Shared(NamedTuple):
    """A batch of several rows: each row and the number of its first evaluation, and what is begun of them."""

    firsts: list[tuple[int, int]]
    begun: BegunAbreast


class Abreast:
    """Estimations of many rows side by side: they share batches, though what each asks for depends on its worths.

    A row by itself would call the model for a wave of coalitions at a time, and wait.

    Parameters
    ----------
    games : sequence of masked games
        One game a row.
    method, budget, seed, row_key, deadline, progress
        As for a :class:`Loop`.
    """

    def __init__(
        self,
        games: Sequence[AnyMaskedGame],
        method: Method,
        *,
        budget: int,
        seed: int,
        row_key: int,
        deadline: float | None,
        progress: Progress,
    ) -> None:
        """Begin a run for each row."""
        self._games = games
        self._deadline = deadline
        self._progress = progress
        #: Rows that go on and wait for nothing, the next to be asked first.
        self._going = deque(range(len(games)))
        #: What rows asked for and were not told, oldest first.
        self._asked: deque[Shared] = deque()
        self._runs = []
        for game in games:
            ends = game.endpoints()
            name, options = resolved(method, game.n_players, budget, len(ends.weights), None)
            self._runs.append(
                _native.Estimator(
                    name, game.n_players, game.n_outputs, budget - N_ENDPOINTS, seed, row_key, ends, 1, options, None
                )
            )

    def step(self) -> bool:
        """Evaluate one batch for all rows that go on; False when none does."""
        self.begin()
        if not self._asked:
            return False
        batch = self._asked.popleft()
        n_told = 0
        for (row, first), told in zip(batch.firsts, batch.begun.worths(), strict=True):
            self._runs[row].tell(first, told)
            n_told += len(told)
            self._going.append(row)
        self._progress.add(n_told)
        return True

    def begin(self) -> None:
        """Have as many batches begun as the games want; after the deadline take back those that nobody works on."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self.withdraw()
            return
        while self._games[0].wants_more(len(self._asked)) and self._ask():
            pass

    def withdraw(self) -> None:
        """Take back the batches that nobody works on."""
        self._asked = deque(batch for batch in self._asked if not batch.begun.withdraw())

    def outcomes(self) -> list[Outcome]:
        """What is known now of each row."""
        found = (Outcome(*run.estimate(1)) for run in self._runs)
        return [outcome._replace(n_evaluations=outcome.n_evaluations + N_ENDPOINTS) for outcome in found]

    def _ask(self) -> bool:
        """Ask rows in turn for their next coalitions until a batch is full; rows that have none are at their end."""
        spare = self._games[0].evaluations_per_batch()
        firsts: list[tuple[int, int]] = []
        words: list[Words] = []
        blocks: list[BlockNumbers] = []
        while self._going and spare > 0:
            row = self._going.popleft()
            first, asked, on = self._runs[row].ask(spare)
            if len(asked):
                firsts.append((row, first))
                words.append(asked)
                blocks.append(on)
                spare -= len(asked)
        if firsts:
            begun = begin_abreast([self._games[row] for row, _ in firsts], words, blocks)
            self._asked.append(Shared(firsts, begun))
        return bool(firsts)
