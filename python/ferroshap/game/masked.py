"""The games of many rows at once: one coalition, one worth for each row and output."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import WorthError
from ferroshap.game.batches import batch_rows
from ferroshap.game.of_rows import GameOfRows
from ferroshap.game.players import Players, as_words
from ferroshap.game.reference import Reference
from ferroshap.inputs import Pairing

Floats = NDArray[np.float64]


class BatchedGame(GameOfRows):
    """What games share whose masked rows are made of a row and a background, dense or sparse: batches and averages.

    Not to be made directly. The parameters are those of :class:`MaskedGame`.
    """

    def __init__(
        self,
        reference: Reference,
        pairing: Pairing,
        players: Players,
        full: Floats,
        *,
        batch_size: int | str,
        n_threads: int,
    ) -> None:
        """Plan the batches."""
        super().__init__(reference, pairing, players, full, n_threads=n_threads)
        self.batch_rows = batch_rows(batch_size, pairing.row_bytes + 8 * reference.n_outputs)
        self._starts = reference.blocks.starts
        self._rows_of_block = len(players.rows) * reference.blocks.sizes
        self._per_batch = max(1, self.batch_rows // (len(players.rows) * reference.blocks.largest))

    def evaluations_per_batch(self) -> int:
        """Evaluations that fill one batch; at least one."""
        return self._per_batch

    def n_model_rows_of(self, blocks: NDArray[np.uint32]) -> int:
        """Model rows of evaluations on these blocks of the background."""
        if len(self._rows_of_block) > 1:
            return int(self._rows_of_block[blocks].sum())
        return len(blocks) * int(self._rows_of_block[0])

    def worths_from(self, outputs: Floats, words: NDArray[np.uint64], blocks: NDArray[np.uint32]) -> Floats:
        """Average the model's outputs ``(n_model_rows, n_outputs)`` on all rows of some evaluations: the worths."""
        average = self._average(blocks)
        average.add(outputs)
        return worths_from_means(self, average, words)

    def _average(self, blocks: NDArray[np.uint32]) -> "_native.Average":
        """Begin an average over the model rows of some evaluations."""
        return _native.Average(len(self.players.rows), self._starts, blocks, self.reference.fold_weights)


class MaskedGame(BatchedGame):
    """Worths of coalitions by asking a model about masked rows, in batches that span rows.

    Where rows and background have many entries in common, masked rows come again; the model is then asked about
    each once, and its answers are kept (at most 64 MB). An answer must not depend on the rows beside it.

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
        super().__init__(reference, pairing, players, full, batch_size=batch_size, n_threads=n_threads)
        n_features = pairing.n_columns
        self._background = [as_words(block.background) for block in pairing.blocks]
        self._rows = [as_words(block.rows)[players.rows] for block in pairing.blocks]
        self._owners = [players.column_player(block.columns, n_features) for block in pairing.blocks]
        self._dtypes = [block.background.dtype for block in pairing.blocks]
        self._distinct = self._find_distinct()

    @property
    def looks_ahead(self) -> bool:
        """Whether batches are filled while the model is asked about the one before."""
        return self.n_threads > 1 and self._distinct is None

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
        return self.finish(self.begin(words, blocks))

    def begin(self, words: NDArray[np.uint64], blocks: NDArray[np.uint32]) -> "Evaluation":
        """Begin to evaluate coalitions: their first batch is filled while others do something else."""
        evaluation = Evaluation(words, blocks, self.n_model_rows_of(blocks))
        if len(blocks) and self._distinct is None:
            self._fill(evaluation, 0)
        return evaluation

    def finish(self, evaluation: "Evaluation") -> Floats:
        """Ask the model about what `begin` has begun: the worths ``(count, n_outputs)``."""
        words, blocks = evaluation.words, evaluation.blocks
        average = self._average(blocks)
        if self._distinct is not None:
            average.add(self._distinct_outputs(self._distinct, words, blocks))
        for first in range(0, evaluation.n_model_rows if self._distinct is None else 0, self.batch_rows):
            filling, buffers, count = evaluation.batch
            filling.wait()
            if first + count < evaluation.n_model_rows:
                self._fill(evaluation, first + count)
            average.add(self.ask_model(buffers, count))
        return worths_from_means(self, average, words)

    @property
    def asks_once(self) -> bool:
        """Whether masked rows that come again are looked up, so that evaluations take fewer model rows."""
        return self._distinct is not None

    def fill(self, out: list[NDArray[np.generic]], words: NDArray[np.uint64], blocks: NDArray[np.uint32]) -> None:
        """Write all model rows of some evaluations, here and now."""
        known = self._background, self._rows, self._owners
        _native.fill_ahead(out, *known, words, self._starts, blocks, 0, is_immediate=True)

    def _fill(self, evaluation: "Evaluation", first: int) -> None:
        """Begin to fill the batch of the model rows from `first` on."""
        count = min(self.batch_rows, evaluation.n_model_rows - first)
        buffers = self.take_buffers(count)
        out = [buffer[:count] for buffer in buffers]
        known = self._background, self._rows, self._owners
        filling = _native.fill_ahead(
            out, *known, evaluation.words, self._starts, evaluation.blocks, first, is_immediate=not self.looks_ahead
        )
        evaluation.batch = filling, buffers, count

    def _find_distinct(self) -> "_native.Distinct | None":
        """Prepare for masked rows that come again, where enough of them do; None also where evaluations are huge."""
        if len(self.players.rows) * self.reference.blocks.largest > self.batch_rows:
            return None
        known = self._background, self._rows, self._owners
        return _native.Distinct.find(*known, self.n_players, self.reference.n_outputs)

    def _distinct_outputs(
        self, distinct: "_native.Distinct", words: NDArray[np.uint64], blocks: NDArray[np.uint32]
    ) -> Floats:
        """Ask the model about the masked rows that it was not asked about yet: the outputs of all of them."""
        n_new, looked = distinct.look(words, self._starts, blocks, len(self.players.rows))
        outputs = np.empty((n_new, self.reference.n_outputs))
        for first in range(0, n_new, self.batch_rows):
            count = min(self.batch_rows, n_new - first)
            buffers = self.take_buffers(count)
            out = [buffer[:count] for buffer in buffers]
            _native.fill_rows(out, self._background, self._rows, self._owners, words, looked, first, count)
            del out
            outputs[first : first + count] = self.ask_model(buffers, count)
        return distinct.tell(looked, outputs)

    def take_buffers(self, count: int) -> list[NDArray[Any]]:
        """Give arrays of at least `count` rows to be filled."""
        return self.reference.buffers.take(self._background, count)

    def ask_model(self, buffers: list[NDArray[Any]], count: int) -> Floats:
        """Ask about the first `count` rows of buffers, and take these back."""
        filled = [out[:count].view(dtype) for out, dtype in zip(buffers, self._dtypes, strict=True)]
        outputs = self.reference.outputs_of(self.pairing.build(filled), count)
        self.n_model_rows += count
        del filled
        self.reference.buffers.give_back(buffers)
        return outputs


class Evaluation:
    """Coalitions that are being evaluated, and the batch of theirs that was filled last."""

    __slots__ = ("batch", "blocks", "n_model_rows", "words")

    def __init__(self, words: NDArray[np.uint64], blocks: NDArray[np.uint32], n_model_rows: int) -> None:
        """Keep what was asked for."""
        self.words = words
        self.blocks = blocks
        self.n_model_rows = n_model_rows
        self.batch: tuple[_native.Filling, list[NDArray[Any]], int]


def worths_from_means(game: GameOfRows, average: "_native.Average", words: NDArray[np.uint64]) -> Floats:
    """Take what was averaged to worths ``(count, n_outputs)``, and refuse those that are not finite."""
    worths = game.reference.worths_of(average.worths().reshape(len(words), game.n_outputs))
    # A sum is the cheapest look at all of them; only a suspicious one is looked at in detail.
    if game.is_checked and not math.isfinite(worths.sum()) and not np.isfinite(worths).all():
        raise refusal(game.reference, game.players, words, worths)
    return worths


def refusal(reference: Reference, players: Players, words: NDArray[np.uint64], worths: Floats) -> WorthError:
    """Name the first row and coalition whose worth is not finite."""
    evaluation, place = np.argwhere(~np.isfinite(worths))[0]
    row, output = divmod(int(place), reference.n_outputs)
    present = _native.unpack_coalitions(words[evaluation : evaluation + 1], players.n_players)[0]
    masker = reference.masker
    names = masker.feature_names or [f"Feature {unit}" for unit in range(masker.n_players)]
    shown = [names[unit] for unit in players.features[row][present]]
    features = ", ".join(shown[:10]) + (", ..." if len(shown) > 10 else "")
    msg = (
        f"`model` is worth {worths[evaluation, place]} (output {output}) for row {players.rows[row]} when "
        f"[{features}] come from it and the rest from the background: outputs must be finite"
    )
    return WorthError(msg)
