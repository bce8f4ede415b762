"""Rows that each ask for coalitions of their own, about which the model is asked at once."""

import time
from collections import deque
from collections.abc import Sequence

from ferroshap import _native
from ferroshap.estimators import Method
from ferroshap.game import AnyMaskedGame, worths_abreast
from ferroshap.progress import Progress
from ferroshap.run.loop import N_ENDPOINTS, BlockNumbers, Outcome, Words, resolved


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
        #: Rows that go on, the next to be asked first.
        self._going = deque(range(len(games)))
        #: What rows asked for and were not told.
        self._asked: dict[int, tuple[int, Words, BlockNumbers]] = {}
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
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return False
        if not self._asked and not self._ask():
            return False
        rows = list(self._asked)
        words, blocks = [self._asked[row][1] for row in rows], [self._asked[row][2] for row in rows]
        worths = worths_abreast([self._games[row] for row in rows], words, blocks)
        n_told = 0
        for row, told in zip(rows, worths, strict=True):
            self._runs[row].tell(self._asked[row][0], told)
            n_told += len(told)
        self._asked = {}
        self._progress.add(n_told)
        return True

    def outcomes(self) -> list[Outcome]:
        """What is known now of each row."""
        found = (Outcome(*run.estimate(1)) for run in self._runs)
        return [outcome._replace(n_evaluations=outcome.n_evaluations + N_ENDPOINTS) for outcome in found]

    def _ask(self) -> bool:
        """Ask rows in turn for their next coalitions until a batch is full; rows that have none are at their end."""
        spare = self._games[0].evaluations_per_batch()
        for _ in range(len(self._going)):
            if spare <= 0:
                break
            row = self._going.popleft()
            batch = self._runs[row].ask(spare)
            if len(batch[1]):
                self._asked[row] = batch
                self._going.append(row)
                spare -= len(batch[1])
        return bool(self._asked)
