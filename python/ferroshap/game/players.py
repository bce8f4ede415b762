"""Which features of which row can matter at all."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.inputs import Pairing, SparsePairing
from ferroshap.maskers import Units

WORDS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


def as_words(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """View values as the unsigned integers of their width: the core selects bits and computes nothing."""
    return values.view(WORDS[values.dtype.itemsize])


@dataclass(frozen=True)
class Players:
    """The units in which a row differs from some background row, for rows with equally many of them.

    A unit is a column, or a group of columns.

    Attributes
    ----------
    rows : ndarray of shape ``(n_rows,)``
        Positions of the rows in the table.
    features : ndarray of shape ``(n_rows, n_players)``
        The unit that each player stands for.
    owners : ndarray of shape ``(n_columns,)``, or None
        The unit that each column belongs to; None where each column is one.
    """

    rows: NDArray[np.intp]
    features: NDArray[np.intp]
    owners: NDArray[np.int64] | None = None

    @property
    def n_players(self) -> int:
        """Number of players of each row."""
        return int(self.features.shape[1])

    def part(self, which: Any) -> "Players":
        """Some of the rows: those at `which`, as NumPy indexes."""
        return Players(self.rows[which], self.features[which], self.owners)

    def column_player(self, columns: NDArray[np.int64], n_columns: int) -> NDArray[np.int32]:
        """Tell which player each of `columns` belongs to, -1 where it is nobody's: ``(n_rows, len(columns))``."""
        n_units = n_columns if self.owners is None else int(self.owners.max()) + 1
        player = np.full((len(self.rows), n_units), -1, dtype=np.int32)
        player[np.arange(len(self.rows))[:, None], self.features] = np.arange(self.n_players)
        if self.owners is not None:
            return np.ascontiguousarray(player[:, self.owners[columns]])
        return player if len(columns) == n_columns else np.ascontiguousarray(player[:, columns])


def find_players(pairing: Pairing, n_rows: int, units: Units | None = None, *, everyone: bool = False) -> list[Players]:
    """Group rows by their number of players, most players first.

    A unit plays unless every background row has the very same bits in all its columns: a tolerance would
    take identifiers and timestamps, whose relative differences are tiny, out of the game. With `everyone`
    every unit plays: dependence gives those value that do not vary, and hierarchies count them.
    """
    owners = None if units is None else units.owners
    if everyone:
        n_units = pairing.n_columns if units is None else units.n_players
        features = np.repeat(np.arange(n_units, dtype=np.intp)[None, :], n_rows, axis=0)
        return [Players(np.arange(n_rows, dtype=np.intp), features, owners)] if n_rows else []
    if isinstance(pairing, SparsePairing):
        return _grouped(_sparse_players(pairing, owners), owners)
    varying = np.zeros((n_rows, pairing.n_columns), dtype=np.bool_)
    for block in pairing.blocks:
        part = _native.varying(as_words(block.background), as_words(block.rows))
        varying[:, block.columns] = part.reshape(n_rows, len(block.columns))
    if units is not None:
        varying = np.column_stack([varying[:, columns].any(axis=1) for columns in units.columns])
    return _grouped([np.flatnonzero(row) for row in varying], owners)


def _sparse_players(pairing: SparsePairing, owners: NDArray[np.int64] | None) -> list[NDArray[np.intp]]:
    """The units of each row in which it differs from some background row, ascending."""
    varying = pairing.varying()
    return varying if owners is None else [np.unique(owners[columns]).astype(np.intp) for columns in varying]


def _grouped(features: list[NDArray[np.intp]], owners: NDArray[np.int64] | None) -> list[Players]:
    """Rows with equally many players side by side, most players first."""
    rows_of: dict[int, list[int]] = {}
    for row, own in enumerate(features):
        rows_of.setdefault(len(own), []).append(row)
    groups = []
    for n_players in sorted(rows_of, reverse=True):
        rows = rows_of[n_players]
        own = np.array([features[row] for row in rows], dtype=np.intp).reshape(len(rows), n_players)
        groups.append(Players(np.array(rows, dtype=np.intp), own, owners))
    return groups
