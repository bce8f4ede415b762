"""Worths of different coalitions for different rows, by asking the model once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ferroshap.game.conditional import ConditionalGame
from ferroshap.game.masked import MaskedGame
from ferroshap.game.of_rows import GameOfRows
from ferroshap.game.rows import AnyMaskedGame

if TYPE_CHECKING:
    from ferroshap.game.sparse import SparseGame

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
BlockNumbers = NDArray[np.uint32]


class BegunAbreast(Protocol):
    """Coalitions of several games that are to be evaluated at once."""

    def worths(self) -> list[Floats]:
        """Wait for the worths of each game, ``(count, n_outputs)``."""

    def withdraw(self) -> bool:
        """Take them back, and say so; False where somebody works on them."""


class Later(NamedTuple):
    """Those that are evaluated when they are waited for."""

    games: Sequence[AnyMaskedGame]
    words: Sequence[Words]
    blocks: Sequence[BlockNumbers]

    def worths(self) -> list[Floats]:
        """Evaluate them."""
        return worths_abreast(self.games, self.words, self.blocks)

    def withdraw(self) -> bool:
        """Forget them."""
        return True


def begin_abreast(
    games: Sequence[AnyMaskedGame], words: Sequence[Words], blocks: Sequence[BlockNumbers]
) -> BegunAbreast:
    """Begin to evaluate the coalitions of each game, where workers do; else keep them until they are waited for.

    The parameters are those of `worths_abreast`.
    """
    if isinstance(games[0], GameOfRows):
        return Later(games, words, blocks)
    from ferroshap.game.elsewhere import Away

    return Away(games, words, blocks)


def worths_abreast(
    games: Sequence[AnyMaskedGame], words: Sequence[Words], blocks: Sequence[BlockNumbers]
) -> list[Floats]:
    """Evaluate the coalitions of each game: one ``(count, n_outputs)`` for each.

    Parameters
    ----------
    games : sequence of masked games
        Games of one call: they have model, background and batch size in common.
    words : sequence of ndarray ``(count, words)``
        Coalitions of the players of each game, as bits.
    blocks : sequence of ndarray ``(count,)``
        The block of the background that each is evaluated on.
    """
    worths: list[Floats] = [np.empty(0)] * len(games)
    waiting: list[tuple[int, MaskedGame | SparseGame]] = []
    n_waiting = 0

    def ask() -> None:
        places = [k for k, _ in waiting]
        found = _at_once([game for _, game in waiting], [words[k] for k in places], [blocks[k] for k in places])
        for k, numbers in zip(places, found, strict=True):
            worths[k] = numbers
        waiting.clear()

    for k, game in enumerate(games):
        n_rows = 0 if isinstance(game, ConditionalGame) else game.n_model_rows_of(blocks[k])
        asks_once = isinstance(game, MaskedGame) and game.asks_once
        if isinstance(game, ConditionalGame) or asks_once or n_rows > game.batch_rows:
            worths[k] = game.worths(words[k], blocks[k])
            continue
        if n_waiting + n_rows > game.batch_rows:
            ask()
            n_waiting = 0
        waiting.append((k, game))
        n_waiting += n_rows
    if waiting:
        ask()
    return worths


def _at_once(
    games: Sequence["MaskedGame | SparseGame"], words: Sequence[Words], blocks: Sequence[BlockNumbers]
) -> list[Floats]:
    """Fill one batch with the masked rows of all games."""
    counts = [game.n_model_rows_of(own) for game, own in zip(games, blocks, strict=True)]
    ends = np.cumsum([0, *counts]).tolist()
    dense = [game for game in games if isinstance(game, MaskedGame)]
    if dense:
        buffers = dense[0].take_buffers(ends[-1])
        for k, game in enumerate(dense):
            game.fill([buffer[ends[k] : ends[k + 1]] for buffer in buffers], words[k], blocks[k])
        outputs = dense[0].ask_model(buffers, ends[-1])
    else:
        from ferroshap.game.sparse import SparseGame, joined

        sparse = [game for game in games if isinstance(game, SparseGame)]
        parts = [game.filled(words[k], blocks[k], 0, counts[k]) for k, game in enumerate(sparse)]
        outputs = sparse[0].ask_model(joined(parts), ends[-1])
    return [game.worths_from(outputs[ends[k] : ends[k + 1]], words[k], blocks[k]) for k, game in enumerate(games)]
