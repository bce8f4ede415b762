"""The games of many rows at once: one coalition, one worth for each row and output."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import WorthError
from ferroshap.game.batches import batch_rows
from ferroshap.game.players import Players, as_words
from ferroshap.game.reference import Reference
from ferroshap.inputs import Pairing

Floats = NDArray[np.float64]


class MaskedGame:
    """Worths of coalitions by asking a model about masked rows, in batches that span rows.

    Parameters
    ----------
    reference : Reference
        Model, background and link.
    pairing : Pairing
        Rows and background as words.
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
        pairing: Pairing,
        players: Players,
        full: Floats,
        *,
        batch_size: int | str = "auto",
        n_threads: int = 1,
    ) -> None:
        """Gather the words of the rows."""
        self.reference = reference
        self.pairing = pairing
        self.players = players
        self.full = full
        self.n_players = players.n_players
        self.n_threads = n_threads
        self.n_model_rows = 0
        n_features = pairing.n_columns
        self._background = [as_words(block.background) for block in pairing.blocks]
        self._rows = [np.ascontiguousarray(as_words(block.rows)[players.rows]) for block in pairing.blocks]
        self._owners = [players.column_player(block.columns, n_features) for block in pairing.blocks]
        self._dtypes = [block.background.dtype for block in pairing.blocks]
        row_bytes = sum(words.shape[1] * words.itemsize for words in self._background) + 8 * reference.n_outputs
        self.batch_rows = batch_rows(batch_size, row_bytes)
        self._buffers: list[NDArray[Any]] | None = None

    @property
    def n_outputs(self) -> int:
        """Worths of one coalition: rows times outputs."""
        return len(self.players.rows) * self.reference.n_outputs

    def endpoints(self) -> tuple[Floats, Floats, Floats]:
        """Worths of nobody ``(n_blocks, n_outputs)`` and of everybody ``(n_outputs,)``, and the blocks' weights."""
        empty = np.tile(self.reference.empty, (1, len(self.players.rows)))
        return empty, self.full[self.players.rows].reshape(-1), self.reference.blocks.weights

    def evaluations_per_batch(self) -> int:
        """Evaluations that fill one batch; at least one."""
        block_rows = max(np.diff(self.reference.blocks.starts))
        return max(1, int(self.batch_rows // (len(self.players.rows) * block_rows)))

    def worths(self, words: NDArray[np.uint64], blocks: NDArray[np.uint32]) -> Floats:
        """Evaluate coalitions: ``(count, n_outputs)``.

        Parameters
        ----------
        words : ndarray of shape ``(count, words)``
            Coalitions of players, as bits.
        blocks : ndarray of shape ``(count,)``
            The block of the background that each is evaluated on.

        Raises
        ------
        WorthError
            When the model returns NaN or infinity, naming row and features.
        """
        starts = self.reference.blocks.starts
        n_rows = len(self.players.rows)
        average = _native.Average(n_rows, starts, blocks, self.reference.fold_weights)
        total = int(n_rows * np.diff(starts)[blocks].sum())
        for first in range(0, total, self.batch_rows):
            count = min(self.batch_rows, total - first)
            average.add(self._ask_model(words, blocks, first, count))
        means = average.worths().reshape(len(blocks), n_rows * self.reference.n_outputs)
        worths = self.reference.worths_of(means)
        if not np.isfinite(worths).all():
            self._refuse(words, worths)
        return worths

    def _ask_model(self, words: NDArray[np.uint64], blocks: NDArray[np.uint32], first: int, count: int) -> Floats:
        buffers = self._fill(words, blocks, first, count)
        filled = [out[:count].view(dtype) for out, dtype in zip(buffers, self._dtypes, strict=True)]
        outputs = self.reference.outputs_of(self.pairing.build(filled), count)
        self.n_model_rows += count
        del filled
        # The next batch is written over this one, unless somebody has kept it: then it is theirs.
        if most_references(buffers) <= UNSHARED:
            self._buffers = buffers
        return outputs

    def _fill(
        self, words: NDArray[np.uint64], blocks: NDArray[np.uint32], first: int, count: int
    ) -> list[NDArray[Any]]:
        starts = self.reference.blocks.starts
        buffers, self._buffers = self._buffers, None
        if buffers is None or len(buffers[0]) < count:
            buffers = [aligned(count, known) for known in self._background]
        for out, background, rows, owners in zip(buffers, self._background, self._rows, self._owners, strict=True):
            _native.fill_masked(out[:count], background, rows, owners, words, starts, blocks, first, self.n_threads)
        return buffers

    def _refuse(self, words: NDArray[np.uint64], worths: Floats) -> None:
        evaluation, place = np.argwhere(~np.isfinite(worths))[0]
        row, output = divmod(int(place), self.reference.n_outputs)
        present = _native.unpack_coalitions(words[evaluation : evaluation + 1], self.n_players)[0]
        names = self.reference.table.names or [f"Feature {column}" for column in range(self.pairing.n_columns)]
        shown = [names[feature] for feature in self.players.features[row][present]]
        features = ", ".join(shown[:10]) + (", ..." if len(shown) > 10 else "")  # noqa: PLR2004 - what fits a line
        msg = (
            f"`model` is worth {worths[evaluation, place]} (output {output}) for row {self.players.rows[row]} when "
            f"[{features}] come from it and the rest from the background: outputs must be finite"
        )
        raise WorthError(msg)


def aligned(n_rows: int, like: NDArray[Any]) -> NDArray[Any]:
    """Make an array of `n_rows` rows like those of `like`, on a cache line: a quarter faster to fill."""
    n_bytes = n_rows * like.shape[1] * like.itemsize
    store = np.empty(n_bytes + CACHE_LINE, dtype=np.uint8)
    skipped = -store.ctypes.data % CACHE_LINE
    return store[skipped : skipped + n_bytes].view(like.dtype).reshape(n_rows, like.shape[1])


def most_references(buffers: list[NDArray[Any]]) -> int:
    """References to the memory of the buffer that has the most: every view of it is one."""
    return max(sys.getrefcount(out.base) for out in buffers)


CACHE_LINE = 64
#: What `most_references` says of buffers that nobody else holds; interpreters differ.
UNSHARED = most_references([aligned(1, np.empty((1, 1)))])
