"""What the games of many rows at once have in common, however absent features are filled."""

import numpy as np
from numpy.typing import NDArray

from ferroshap.game.endpoints import Endpoints
from ferroshap.game.players import Players
from ferroshap.game.reference import Reference
from ferroshap.inputs import Pairing

Floats = NDArray[np.float64]


class GameOfRows:
    """Worths of coalitions for rows that stand side by side: one coalition, one worth for each row and output.

    Not to be made directly.

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
    n_threads : int
        Threads that fill the batches.
    """

    def __init__(
        self, reference: Reference, pairing: Pairing, players: Players, full: Floats, *, n_threads: int
    ) -> None:
        """Keep what is played with."""
        self.reference = reference
        self.pairing = pairing
        self.players = players
        self.full = full
        self.n_players = players.n_players
        self.n_threads = n_threads
        self.n_model_rows = 0
        #: Whether worths that are not finite are refused here.
        self.is_checked = True

    @property
    def n_outputs(self) -> int:
        """Worths of one coalition: rows times outputs."""
        return len(self.players.rows) * self.reference.n_outputs

    @property
    def n_rows(self) -> int:
        """Explained rows, whose worths lie side by side."""
        return len(self.players.rows)

    @property
    def most_model_rows(self) -> int:
        """The most model rows of one evaluation of one row."""
        return int(self.reference.blocks.largest)

    @property
    def looks_ahead(self) -> bool:
        """Whether batches are filled while the model is asked about the one before."""
        return self.n_threads > 1

    def wants_more(self, n_begun: int, /) -> bool:
        """Whether to begin a batch beside others: one is filled ahead where that pays."""
        return n_begun < (2 if self.looks_ahead else 1)

    def withdraw(self, _begun: object, /) -> bool:
        """Forget what was begun: a batch that was filled, and that the model was not asked about."""
        return True

    def endpoints(self) -> Endpoints:
        """Worths of nobody and of everybody, for all rows and outputs."""
        reference, n_rows = self.reference, len(self.players.rows)
        full = self.full[self.players.rows].reshape(-1)
        empty, base = np.tile(reference.empty, (1, n_rows)), np.tile(reference.base, n_rows)
        return Endpoints(empty, full, reference.blocks.weights, base)
