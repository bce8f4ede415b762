"""What the players are made of: one column each, or groups of columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Units:
    """The players of a table, each made of one column or more; every column belongs to exactly one.

    Attributes
    ----------
    columns : list of ndarray
        The positions of each player's columns.
    names : list of str or None
        The names of the players; None where a player is called as its only column.

    Examples
    --------
    >>> units = Units([np.array([0, 2]), np.array([1])], ["size", "age"])
    >>> units.owners
    array([0, 1, 0])
    """

    columns: Sequence[NDArray[np.int64]]
    names: list[str]

    @property
    def n_players(self) -> int:
        """Number of players."""
        return len(self.columns)

    @property
    def owners(self) -> NDArray[np.int64]:
        """The player that each column belongs to."""
        owners = np.empty(sum(map(len, self.columns)), dtype=np.int64)
        for player, columns in enumerate(self.columns):
            owners[columns] = player
        return owners

    def reordered(self, positions: Sequence[int] | NDArray[np.intp]) -> "Units":
        """Give the same players of a table whose columns are those at `positions`, in that order."""
        place = np.argsort(np.asarray(positions))
        return Units([np.sort(place[columns]) for columns in self.columns], self.names)
