"""Games that users write themselves, as a source of worths."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import DimensionError, OptionError, WorthError
from ferroshap.game import Endpoints
from ferroshap.run.loop import N_ENDPOINTS, BlockNumbers, Words

Floats = NDArray[np.float64]

#: Coalitions that a user's game gets at once, unless it is told otherwise.
COALITIONS_PER_CALL = 4096


class CallableGame:
    """A user's own game: bool coalitions ``(count, n_players)`` to worths ``(count,)`` or ``(count, n_outputs)``."""

    def __init__(self, game: Callable[[NDArray[np.bool_]], Any], n_players: int, batch_size: int | str) -> None:
        """Ask for the endpoints: they tell the number of outputs."""
        self._game = game
        self._batch_size = COALITIONS_PER_CALL if batch_size == "auto" else positive(batch_size, "batch_size")
        self.n_players = n_players
        ends = np.array([[False] * n_players, [True] * n_players])
        parts = [ends] if self._batch_size > 1 else [ends[:1], ends[1:]]
        worths = [self._ask(part) for part in parts]
        self.is_vector = worths[0].ndim == 1
        self._ends = np.concatenate(worths).reshape(N_ENDPOINTS, -1)
        self.n_outputs = self._ends.shape[1]
        self.n_rows = 1

    def endpoints(self) -> Endpoints:
        """Worths of nobody and of everybody; one block."""
        return Endpoints(self._ends[:1], self._ends[1], np.ones(1), self._ends[0])

    def evaluations_per_batch(self) -> int:
        """Coalitions in one call of the game."""
        return self._batch_size

    def wants_more(self, n_begun: int, /) -> bool:
        """Whether to begin a batch beside others: a user's game has nothing to prepare."""
        return n_begun == 0

    def withdraw(self, _words: Words, /) -> bool:
        """Nothing was begun."""
        return True

    def begin(self, words: Words, _blocks: BlockNumbers) -> Words:
        """Nothing to begin."""
        return words

    def finish(self, words: Words) -> Floats:
        """Evaluate coalitions."""
        return self._ask(_native.unpack_coalitions(words, self.n_players)).reshape(-1, self.n_outputs)

    def _ask(self, coalitions: NDArray[np.bool_]) -> Floats:
        returned = self._game(coalitions)
        worths = np.ascontiguousarray(returned, dtype=np.float64)
        if worths.ndim not in (1, 2) or len(worths) != len(coalitions) or worths.size == 0:
            msg = (
                f"`game` returned shape {worths.shape} for {len(coalitions)} coalitions, but must return "
                f"({len(coalitions)},) or ({len(coalitions)}, outputs)"
            )
            raise DimensionError(msg)
        if hasattr(self, "n_outputs") and worths.size != len(coalitions) * self.n_outputs:
            msg = f"`game` returned shape {worths.shape}, but {self.n_outputs} outputs for the endpoints"
            raise DimensionError(msg)
        if not np.isfinite(worths).all():
            bad = int(np.flatnonzero(~np.isfinite(worths.reshape(len(worths), -1)).all(axis=1))[0])
            players = np.flatnonzero(coalitions[bad]).tolist()
            msg = f"`game` is worth {worths[bad]} for the coalition {players}: worths must be finite"
            raise WorthError(msg)
        return worths


def positive(number: Any, argument: str) -> int:
    """Return a count that the user gave, or refuse it by the argument's name."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        or_auto = "" if argument == "n_players" else " or 'auto'"
        msg = f"`{argument}` is {number!r}, but must be a positive integer{or_auto}"
        raise OptionError(msg)
    return int(number)
