"""Rows to explain, and the games that some of them play."""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ferroshap.game.conditional import BATCHES, ConditionalGame
from ferroshap.game.masked import MaskedGame
from ferroshap.game.players import Players
from ferroshap.game.reference import Reference
from ferroshap.inputs import Pairing, SparsePairing, Table
from ferroshap.maskers import Conditional, Prepared

if TYPE_CHECKING:
    from ferroshap.executors.crew import Crew
    from ferroshap.game.elsewhere import Call
    from ferroshap.game.sparse import SparseGame

Floats = NDArray[np.float64]
if TYPE_CHECKING:
    AnyMaskedGame: TypeAlias = MaskedGame | SparseGame | ConditionalGame
else:
    AnyMaskedGame = MaskedGame | ConditionalGame  # the sparse one is imported where there is any


class Rows:
    """The rows of one call beside a background; a conditional masker gets ready for them once.

    Parameters
    ----------
    reference : Reference
        Model, background and link.
    pairing : Pairing
        Rows and background as words.
    rows : Table
        The rows, their columns as those of the background.
    n_threads : int
        Threads that get ready.
    prepared : Prepared, optional
        What a conditional masker has made of these rows before.
    """

    def __init__(
        self,
        reference: Reference,
        pairing: Pairing,
        rows: Table | None,
        *,
        n_threads: int = 1,
        prepared: Prepared | None = None,
    ) -> None:
        """Let the masker look at the rows, where it must."""
        self.reference = reference
        self.pairing = pairing
        #: The rows; None where nobody looks at more of them than the pairing has.
        self.table = rows
        masker = reference.filler
        self.prepared = prepared
        if prepared is None and isinstance(masker, Conditional) and rows is not None and rows.n_rows:
            self.prepared = masker.prepare(pairing, rows, n_threads=n_threads)

    @property
    def most_model_rows(self) -> int:
        """The most model rows of one evaluation of one row."""
        return int(self.reference.blocks.largest) if self.prepared is None else self.prepared.most_model_rows()

    @property
    def batches_held(self) -> int:
        """Batches of the model whose rows, or what they are made of, are in memory at once."""
        return 1 if self.prepared is None else 1 + BATCHES

    def call(self, crew: "Crew") -> "Call":
        """What the workers of a crew are told of these rows."""
        from ferroshap.game.elsewhere import Call

        return Call(self, crew.sender())

    def game(self, players: Players, full: Floats, *, batch_size: int | str, n_threads: int) -> AnyMaskedGame:
        """The games of the rows of `players`, as one."""
        if self.prepared is None and isinstance(self.pairing, SparsePairing):
            from ferroshap.game.sparse import SparseGame

            return SparseGame(self.reference, self.pairing, players, full, batch_size=batch_size, n_threads=n_threads)
        if self.prepared is None:
            return MaskedGame(self.reference, self.pairing, players, full, batch_size=batch_size, n_threads=n_threads)
        return ConditionalGame(
            self.reference, self.pairing, self.prepared, players, full, batch_size=batch_size, n_threads=n_threads
        )
