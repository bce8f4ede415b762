"""The games of many rows whose absent features are drawn given those that are present."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.game.batches import batch_rows
from ferroshap.game.masked import refusal
from ferroshap.game.of_rows import GameOfRows
from ferroshap.game.players import Players
from ferroshap.game.reference import Reference
from ferroshap.inputs import Pairing
from ferroshap.maskers import Draws, Prepared

Floats = NDArray[np.float64]

#: Batches of the model that coalitions are drawn for at once: drawing has a price a call, and threads to share it.
BATCHES = 8


class ConditionalGame(GameOfRows):
    """Worths of coalitions by asking a model about conditional rows, in batches that span rows.

    The worth of nobody is the mean over the background, the worth of everybody the model on the row itself.

    Parameters
    ----------
    reference : Reference
        Model, background and link.
    pairing : Pairing
        Rows and background as words.
    prepared : Prepared
        What the masker made of the rows.
    players : Players
        The rows of this game; every feature plays.
    full : ndarray of shape ``(n_rows, n_outputs)``
        The worths of everybody: the model on the rows themselves, linked.
    batch_size : int or "auto"
        The most model rows in one call of the model.
    n_threads : int
        Threads that draw.
    """

    def __init__(
        self,
        reference: Reference,
        pairing: Pairing,
        prepared: Prepared,
        players: Players,
        full: Floats,
        *,
        batch_size: int | str = "auto",
        n_threads: int = 1,
    ) -> None:
        """Nothing is drawn yet."""
        super().__init__(reference, pairing, players, full, n_threads=n_threads)
        self.prepared = prepared
        self._dtypes = [block.background.dtype for block in pairing.blocks]
        row_bytes = sum(words.shape[1] * words.itemsize for words in prepared.like) + 8 * reference.n_outputs
        self.batch_rows = batch_rows(batch_size, row_bytes)
        self._per_batch = max(1, BATCHES * self.batch_rows // (len(players.rows) * prepared.most_model_rows()))

    @property
    def most_model_rows(self) -> int:
        """The most model rows of one evaluation of one row."""
        return self.prepared.most_model_rows()

    def evaluations_per_batch(self) -> int:
        """Evaluations that are drawn at once; at least one."""
        return self._per_batch

    def worths(self, words: NDArray[np.uint64], blocks: NDArray[np.uint32]) -> Floats:
        """Evaluate coalitions of players: ``(count, n_outputs)``."""
        return self.finish(self.begin(words, blocks))

    def begin(self, words: NDArray[np.uint64], blocks: NDArray[np.uint32]) -> "Drawn":
        """Draw the rows of coalitions, and begin to fill their first batch."""
        drawn = Drawn(words, blocks)
        at = self._to_draw(words)
        if len(at):
            coalitions = words if len(at) == len(words) else np.ascontiguousarray(words[at])
            drawn.at = at
            drawn.draws = self.prepared.draw(self._of_columns(coalitions), self.players.rows, n_threads=self.n_threads)
            self._fill(drawn, drawn.draws, 0)
        return drawn

    def finish(self, drawn: "Drawn") -> Floats:
        """Ask the model about what `begin` has drawn: the worths ``(count, n_outputs)``."""
        n_rows, n_outputs = len(self.players.rows), self.reference.n_outputs
        worths = np.empty((len(drawn.words), n_rows * n_outputs))
        if len(drawn.at) < len(drawn.words):
            ends = self.endpoints()
            for number in np.setdiff1d(np.arange(len(worths)), drawn.at):
                worths[number] = ends.full if drawn.words[number].any() else ends.empty[0]
        draws = drawn.draws
        if draws is not None:
            average = draws.average(n_outputs)
            first = 0
            while first < draws.n_model_rows:
                filling, buffers, count = drawn.batch
                filling.wait()
                first += count
                if first < draws.n_model_rows:
                    self._fill(drawn, draws, first)
                average.add(self._ask_model(buffers, count))
            means = average.worths().reshape(len(drawn.at), n_rows * n_outputs)
            worths[drawn.at] = self.reference.worths_of(means)
        if self.is_checked and not math.isfinite(worths.sum()) and not np.isfinite(worths).all():
            raise refusal(self.reference, self.players, drawn.words, worths)
        return worths

    def _to_draw(self, words: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Positions of the coalitions that are neither nobody nor everybody, whose worths are known."""
        sizes = _native.unpack_coalitions(words, self.n_players).sum(axis=1)
        return np.flatnonzero((sizes > 0) & (sizes < self.n_players))

    def _of_columns(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """The columns of coalitions of players."""
        owners = self.players.owners
        if owners is None:
            return words
        present = _native.unpack_coalitions(words, self.n_players)
        return _native.pack_coalitions(np.ascontiguousarray(present[:, owners]))

    def _fill(self, drawn: "Drawn", draws: Draws, first: int) -> None:
        """Begin to fill the batch of the model rows from `first` on."""
        count = min(self.batch_rows, draws.n_model_rows - first)
        buffers = self.reference.buffers.take(self.prepared.like, count)
        out = [buffer[:count] for buffer in buffers]
        drawn.batch = draws.fill(out, first, is_immediate=not self.looks_ahead), buffers, count

    def _ask_model(self, buffers: list[NDArray[Any]], count: int) -> Floats:
        filled = [out[:count] for out in buffers]
        outputs = self.prepared.outputs(filled, count)
        if outputs is None:
            typed = [words.view(dtype) for words, dtype in zip(filled, self._dtypes, strict=True)]
            outputs = self.reference.outputs_of(self.pairing.build(typed), count)
            self.n_model_rows += count
            del typed
        del filled
        self.reference.buffers.give_back(buffers)
        return outputs


class Drawn:
    """Coalitions whose rows were drawn, and the batch of theirs that was filled last."""

    __slots__ = ("at", "batch", "blocks", "draws", "words")

    def __init__(self, words: NDArray[np.uint64], blocks: NDArray[np.uint32]) -> None:
        """Keep what was asked for."""
        self.words = words
        self.blocks = blocks
        #: Positions of the coalitions that take rows.
        self.at: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self.draws: Draws | None = None
        self.batch: tuple[_native.Filling, list[NDArray[Any]], int]
