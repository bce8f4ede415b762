"""The game whose worth is a model's performance on rows with known answers."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, WorthError
from ferroshap.game import Endpoints, Players, Reference, Rows, find_players
from ferroshap.game.blocks import Blocks, cut
from ferroshap.inputs import Pairing, match_columns, read_table
from ferroshap.metrics.losses import Loss, as_answers

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
BlockNumbers = NDArray[np.uint32]


class LossGame:
    """What coalitions of features take off the loss, less what all of them do: everybody is worth 0.

    A source of worths for :class:`ferroshap.Run`. Rows are cut into blocks as a background is, so whatever
    estimates from blocks of a background does so from blocks of rows.

    Parameters
    ----------
    reference : Reference
        Model and background.
    X, y : tables
        Rows and their true answers.
    loss : callable
        Of answers and predictions.
    rows_per_eval : int or None
        Rows of a block.
    seed : int
        Where the cut starts from.
    batch_size : int or "auto"
        The most model rows in one call of the model.
    n_threads : int
        Threads that fill batches.
    """

    n_outputs = 1
    n_rows = 1

    def __init__(
        self,
        reference: Reference,
        X: Any,
        y: Any,
        loss: Loss,
        *,
        rows_per_eval: int | None,
        seed: int,
        batch_size: int | str,
        n_threads: int,
    ) -> None:
        """Ask the model about the rows, and find the features that matter to any of them."""
        table = read_table(X, argument="X")
        positions = match_columns(table, reference.table.names, argument="X", reference="the background")
        table = table if positions is None else table.reorder(positions)
        if table.n_rows == 0:
            msg = "`X` has 0 rows, but a loss is measured on at least one"
            raise DimensionError(msg)
        self._reference, self._loss = reference, loss
        self.n_features = reference.masker.n_players
        masker = reference.masker
        names = masker.feature_names or table.names
        self.names = names or [f"Feature {column}" for column in range(table.n_columns)]
        pairing = reference.pair(table)
        groups = find_players(pairing, table.n_rows, masker.units, everyone=masker.is_conditional)
        self.features = np.unique(np.concatenate([group.features.ravel() for group in groups]))
        self._owners = groups[0].owners
        self.n_players = len(self.features)
        blocks = cut(np.full(table.n_rows, 1.0 / table.n_rows), rows_per_eval, seed)
        full = self._full(pairing, table.n_rows)
        shape = full.shape[:1] if reference.is_vector else full.shape
        self._answers = as_answers(y, loss, reference.model, shape)[blocks.order]
        self._blocks: Blocks = blocks
        played = Rows(reference, pairing, table, n_threads=n_threads)
        self._games = [
            played.game(self._players(rows), full, batch_size=batch_size, n_threads=n_threads)
            for rows in np.split(blocks.order, blocks.starts[1:-1])
        ]
        self._least = self._losses(self._answers, full[blocks.order])
        nothing = np.repeat(reference.base[None, :], table.n_rows, axis=0)
        gain = self._losses(self._answers, nothing) - self._least
        weighted = [-(gain[part] * blocks.row_weights[part]).sum() for part in self._parts()]
        self._empty = np.array(weighted)[:, None]
        #: The loss of the model as it is.
        self.least_loss = float(self._least.mean())

    def endpoints(self) -> Endpoints:
        """Minus what is lost without any feature, on each block; nothing is lost with all."""
        weights = self._blocks.weights
        return Endpoints(self._empty, np.zeros(1), weights, weights @ self._empty)

    def evaluations_per_batch(self) -> int:
        """Coalitions to evaluate at once."""
        return min(game.evaluations_per_batch() for game in self._games)

    def begin(self, words: Words, blocks: BlockNumbers, /) -> tuple[Words, BlockNumbers]:
        """Nothing to begin."""
        return words, blocks

    def finish(self, begun: tuple[Words, BlockNumbers], /) -> Floats:
        """Evaluate coalitions, each on the rows of its block."""
        words, blocks = begun
        worths = np.empty((len(words), 1))
        parts = self._parts()
        for block in np.unique(blocks):
            chosen, part = np.flatnonzero(blocks == block), parts[block]
            whole = np.zeros(len(chosen), dtype=np.uint32)
            means = self._games[block].worths(words[chosen], whole).reshape(-1, self._reference.n_outputs)
            answers = np.concatenate([self._answers[part]] * len(chosen))
            losses = self._losses(answers, means).reshape(len(chosen), -1) - self._least[part]
            worths[chosen, 0] = -(losses * self._blocks.row_weights[part]).sum(axis=1)
        return worths

    def wants_more(self, n_begun: int, /) -> bool:
        """Whether to begin a batch beside others: there is nothing to prepare."""
        return n_begun == 0

    def withdraw(self, _begun: object, /) -> bool:
        """Nothing was begun."""
        return True

    def _parts(self) -> list[slice]:
        return [slice(first, end) for first, end in pairwise(self._blocks.starts)]

    def _players(self, rows: NDArray[np.int64]) -> Players:
        return Players(rows, np.repeat(self.features[None, :], len(rows), axis=0), self._owners)

    def _full(self, pairing: Pairing, n_rows: int, step: int = 4096) -> Floats:
        """Ask the model about the rows as they are."""
        parts = []
        for first in range(0, n_rows, step):
            batch = slice(first, first + step)
            parts.append(self._reference.outputs_of(pairing.given(batch), min(step, n_rows - first)))
        return np.concatenate(parts)

    def _losses(self, answers: NDArray[Any], predictions: Floats) -> Floats:
        losses = np.asarray(
            self._loss(answers, predictions[:, 0] if self._reference.is_vector else predictions), dtype=np.float64
        )
        if losses.shape != (len(answers),):
            msg = f"`loss` returned shape {losses.shape} for {len(answers)} rows, but must return one number a row"
            raise DimensionError(msg)
        if not np.isfinite(losses).all():
            msg = f"`loss` returned {losses[~np.isfinite(losses)][0]}: losses must be finite"
            raise WorthError(msg)
        return losses
