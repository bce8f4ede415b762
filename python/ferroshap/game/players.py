"""Which features of which row can matter at all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.inputs import Pairing

WORDS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


def as_words(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """View values as the unsigned integers of their width: the core selects bits and computes nothing."""
    return values.view(WORDS[values.dtype.itemsize])


@dataclass(frozen=True)
class Players:
    """The features in which a row differs from some background row, for rows with equally many of them.

    Attributes
    ----------
    rows : ndarray of shape ``(n_rows,)``
        Positions of the rows in the table.
    features : ndarray of shape ``(n_rows, n_players)``
        The feature that each player stands for.
    """

    rows: NDArray[np.intp]
    features: NDArray[np.intp]

    @property
    def n_players(self) -> int:
        """Number of players of each row."""
        return int(self.features.shape[1])

    def column_player(self, columns: NDArray[np.int64], n_features: int) -> NDArray[np.int32]:
        """Tell which player each of `columns` belongs to, -1 where it is nobody's: ``(n_rows, len(columns))``."""
        owner = np.full((len(self.rows), n_features), -1, dtype=np.int32)
        owner[np.arange(len(self.rows))[:, None], self.features] = np.arange(self.n_players)
        return owner if len(columns) == n_features else np.ascontiguousarray(owner[:, columns])


def find_players(pairing: Pairing, n_rows: int) -> list[Players]:
    """Group rows by their number of players, most players first.

    A feature plays unless every background row has the very same bits: a tolerance would
    take identifiers and timestamps, whose relative differences are tiny, out of the game.
    """
    varying = np.zeros((n_rows, pairing.n_columns), dtype=np.bool_)
    for block in pairing.blocks:
        part = _native.varying(as_words(block.background), as_words(block.rows))
        varying[:, block.columns] = part.reshape(n_rows, len(block.columns))
    counts = varying.sum(axis=1).tolist()
    groups = []
    for n_players in sorted(set(counts), reverse=True):
        rows = np.array([row for row, count in enumerate(counts) if count == n_players], dtype=np.intp)
        features = np.nonzero(varying[rows])[1].reshape(len(rows), n_players)
        groups.append(Players(rows, features))
    return groups
