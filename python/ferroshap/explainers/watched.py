"""A game whose worths are noted as they pass by."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ferroshap.game import AnyMaskedGame, Endpoints

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
BlockNumbers = NDArray[np.uint32]


class Begun(NamedTuple):
    """What was asked, and what the game has begun of it."""

    words: Words
    blocks: BlockNumbers
    inner: Any


class Watched:
    """Hands every question on to a game, and every answer to `note`.

    Parameters
    ----------
    game : AnyMaskedGame
        The game.
    """

    def __init__(self, game: AnyMaskedGame) -> None:
        """Nothing has passed by yet."""
        self.game = game

    @property
    def n_players(self) -> int:
        """Number of players."""
        return self.game.n_players

    @property
    def n_outputs(self) -> int:
        """Worths of one coalition."""
        return self.game.n_outputs

    @property
    def n_rows(self) -> int:
        """Explained rows, whose worths lie side by side."""
        return self.game.n_rows

    def wants_more(self, n_begun: int, /) -> bool:
        """Whether to begin a batch beside others."""
        return self.game.wants_more(n_begun)

    def withdraw(self, begun: Any, /) -> bool:
        """Take a batch back, where nothing was done about it."""
        return self.game.withdraw(begun.inner)

    def endpoints(self) -> Endpoints:
        """Worths of nobody and of everybody."""
        return self.game.endpoints()

    def evaluations_per_batch(self) -> int:
        """How many evaluations to ask for at once."""
        return self.game.evaluations_per_batch()

    def begin(self, words: Words, blocks: BlockNumbers, /) -> Any:
        """Begin to evaluate coalitions."""
        return Begun(words, blocks, self.game.begin(words, blocks))

    def finish(self, begun: Any, /) -> Floats:
        """Finish what was begun: the worths ``(count, n_outputs)``."""
        worths = self.game.finish(begun.inner)
        self.note(begun.words, begun.blocks, worths)
        return worths

    def note(self, words: Words, blocks: BlockNumbers, worths: Floats) -> None:
        """Look at what passes by."""
        raise NotImplementedError
