"""The games of sparse rows: masked rows are made of what is stored, and the model gets sparse matrices."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.game.masked import BatchedGame, worths_from_means
from ferroshap.game.players import Players
from ferroshap.game.reference import Reference
from ferroshap.inputs import SparsePairing
from ferroshap.inputs.sparse_pairing import Compressed, compressed

Floats = NDArray[np.float64]


class SparseGame(BatchedGame):
    """Worths of coalitions by asking a model about sparse masked rows, in batches that span rows.

    A masked row costs what the explained row and the background row store, however many columns there are.

    Parameters
    ----------
    reference : Reference
        Model, background and link.
    pairing : SparsePairing
        Rows and background.
    players : Players
        The rows of this game and their features.
    full : ndarray of shape ``(n_rows, n_outputs)``
        The worths of everybody: the model on the rows themselves, linked.
    batch_size : int or "auto"
        The most model rows in one call of the model.
    n_threads : int
        Threads that fill the batches.
    """

    def __init__(
        self,
        reference: Reference,
        pairing: SparsePairing,
        players: Players,
        full: Floats,
        *,
        batch_size: int | str = "auto",
        n_threads: int = 1,
    ) -> None:
        """Take the entries of the rows that play."""
        super().__init__(reference, pairing, players, full, batch_size=batch_size, n_threads=n_threads)
        self._pairing = pairing
        self._background = compressed(pairing.background)
        self._rows = compressed(pairing.rows[players.rows])
        columns = np.arange(pairing.n_columns, dtype=np.int64)
        self._owners = players.column_player(columns, pairing.n_columns)

    @property
    def looks_ahead(self) -> bool:
        """No: filling is a small part of what a sparse model takes."""
        return False

    def worths(self, words: NDArray[np.uint64], blocks: NDArray[np.uint32]) -> Floats:
        """Evaluate coalitions, as those of a :class:`MaskedGame`: ``(count, n_outputs)``."""
        return self.finish(self.begin(words, blocks))

    def begin(
        self, words: NDArray[np.uint64], blocks: NDArray[np.uint32]
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        """Nothing to begin."""
        return words, blocks

    def finish(self, begun: tuple[NDArray[np.uint64], NDArray[np.uint32]]) -> Floats:
        """Ask the model: the worths ``(count, n_outputs)``."""
        words, blocks = begun
        average = self._average(blocks)
        n_model_rows = self.n_model_rows_of(blocks)
        for first in range(0, n_model_rows, self.batch_rows):
            count = min(self.batch_rows, n_model_rows - first)
            average.add(self.ask_model(self.filled(words, blocks, first, count), count))
        return worths_from_means(self, average, words)

    def filled(self, words: NDArray[np.uint64], blocks: NDArray[np.uint32], first: int, count: int) -> Compressed:
        """Make the model rows ``first..first + count`` of some evaluations."""
        known = self._background, self._rows, self._owners
        return _native.fill_sparse(*known, words, self._starts, blocks, first, count, self.n_threads)

    def ask_model(self, filled: Compressed, count: int) -> Floats:
        """Ask about masked rows."""
        self.n_model_rows += count
        return self.reference.outputs_of(self._pairing.assembled(filled), count)


def joined(parts: Sequence[Compressed]) -> Compressed:
    """Compressed rows one below the other."""
    ends = np.cumsum([0, *(len(columns) for _, columns, _ in parts)])
    starts = [part[0][1:] + end for part, end in zip(parts, ends, strict=False)]
    return (
        np.concatenate([np.zeros(1, dtype=np.int64), *starts]),
        np.concatenate([columns for _, columns, _ in parts]),
        np.concatenate([words for _, _, words in parts]),
    )
