"""Interactions of the features of explained rows, from the worths of all their coalitions."""

import numpy as np
from numpy.typing import NDArray

from ferroshap.explainers.rows import RowsExplained, Settings
from ferroshap.game import Players, Reference
from ferroshap.inputs import Table
from ferroshap.progress import Progress
from ferroshap.tables import interaction_values

Floats = NDArray[np.float64]


class InteractionsOfRows(RowsExplained):
    """Interactions of order 2: values are ``(n_rows, n_features, n_features, n_outputs)``."""

    #: The interaction index.
    index = "STII"

    def __init__(self, reference: Reference, rows: Table, settings: Settings) -> None:
        """Make room for a matrix a row."""
        super().__init__(reference, rows, settings)
        n_features = self.pairing.n_columns
        self.values = np.zeros((self.n_rows, n_features, n_features, reference.n_outputs))
        self.std_errors = np.zeros(self.values.shape)

    @classmethod
    def of(cls, index: str) -> type["InteractionsOfRows"]:
        """The class for an index."""
        return cls if index == cls.index else SIIOfRows

    def kept_worths(self, n_players: int, budget: int) -> int:
        """All of them, and the matrix."""
        return budget + n_players**2

    def _play_part(
        self,
        part: Players,
        budget: int,
        row_key: int,  # noqa: ARG002 - nothing is drawn
        deadline: float | None,  # noqa: ARG002 - half a table knows no interactions
        progress: Progress,
    ) -> None:
        n_players = part.n_players
        game = self.game(part)
        endpoints = game.endpoints()
        worths = np.empty((budget, game.n_outputs))
        worths[0], worths[-1] = endpoints.base, endpoints.full
        numbers = np.arange(budget, dtype=np.uint64)[:, None]  # bit i says that player i is in
        step = game.evaluations_per_batch()
        for first in range(1, budget - 1, step):
            last = min(first + step, budget - 1)
            words = np.ascontiguousarray(numbers[first:last])
            worths[first:last] = game.worths(words, np.zeros(last - first, dtype=np.uint32))
            progress.add((last - first) * len(part.rows))
        found = interaction_values(worths, index=self.index, order=2, n_jobs=self.settings.n_threads)
        matrices = np.asarray(found.matrix()).reshape(n_players, n_players, len(part.rows), -1)
        rows = part.rows[:, None, None]
        self.values[rows, part.features[:, :, None], part.features[:, None, :]] = matrices.transpose(2, 0, 1, 3)
        self.n_evaluations[part.rows] = budget
        self.begun[part.rows] = True


class SIIOfRows(InteractionsOfRows):
    """The matrix whose rows add up to the values."""

    index = "SII"
