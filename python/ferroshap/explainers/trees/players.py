"""Who shares the worth of a tree model, where it is not each column by itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native


@dataclass(frozen=True, eq=False)
class TreePlayers:
    """Groups of the forest's columns, each group one player.

    A path's conditions on all columns of a player are met by its row together or not at all, so the game of a leaf is
    the one that single columns play, and every kernel takes it as it is: groups cost nothing.

    Attributes
    ----------
    owners : ndarray of shape ``(columns,)``
        The player of each column of the forest.
    count : int
        Players, some of whom may own no column at all: a pipeline may drop what it is given.

    Examples
    --------
    >>> players = TreePlayers(np.array([2, 0, 2]), 3)
    >>> players.spread(np.array([[1.0, 5.0]]), 1)
    array([[1., 0., 5.]])
    """

    owners: NDArray[np.int64]
    count: int

    @property
    def _used(self) -> NDArray[np.int64]:
        """The players who own columns; the forest numbers them without gaps."""
        return np.unique(self.owners)

    def given_to(self, forest: _native.Forest) -> _native.Forest:
        """Return the forest whose splits belong to these players."""
        return forest.with_players(np.searchsorted(self._used, self.owners).tolist())

    @property
    def all_own(self) -> bool:
        """Whether every player owns a column, so that the core's numbers are the result."""
        return len(self._used) == self.count

    def spread(self, values: NDArray[Any], n_axes: int) -> NDArray[Any]:
        """Give players without columns their zeros, along the axes after the rows."""
        if self.all_own:
            return values
        for axis in range(1, 1 + n_axes):
            shape = (*values.shape[:axis], self.count, *values.shape[axis + 1 :])
            wide = np.zeros(shape, dtype=values.dtype)
            wide[(slice(None),) * axis + (self._used,)] = values
            values = wide
        return values

    def numbered(self, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give pairs of the forest's players the numbers that the user counts by."""
        return self._used[pairs]
