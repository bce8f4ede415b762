"""`DenseData`: a background with weights and groups of columns, as shap's old interface has it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError


def shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights whose sum is 1; those that are so but for rounding stay the very same.

    Examples
    --------
    >>> shares(np.array([3.0, 1.0]))
    array([0.75, 0.25])
    """
    total = float(weights.sum())
    return weights if abs(total - 1.0) <= len(weights) * np.finfo(np.float64).eps else weights / total


class DenseData:
    """Rows of a background, their weights, and which columns belong together.

    As a background, groups of several columns are the players.

    Parameters
    ----------
    data : array of shape ``(n_rows, n_columns)``
        The rows.
    group_names : list of str
        The names of the groups; of the columns, where there are no groups.
    groups : list of arrays of int, optional
        The columns of each group. One column each by default.
    weights : array of shape ``(n_rows,)``, optional
        Weights of the rows, normalised to sum 1. Equal by default.

    Raises
    ------
    DimensionError
        When names, groups and columns, or weights and rows, are not equally many.

    Examples
    --------
    >>> data = DenseData([[0.0, 1.0, 2.0]], ["size", "place"], [[0], [1, 2]])
    >>> data.groups_size, data.weights
    (2, array([1.]))
    """

    data: Any
    weights: Any
    group_names: list[str]
    groups: list[Any]
    groups_size: int
    #: Whether rows stand in columns: never.
    transposed: bool = False
    #: The table that `data` shows as an array, where it is one.
    source: Any = None

    def __init__(
        self, data: Any, group_names: Sequence[str], groups: Sequence[Any] | None = None, weights: Any = None
    ) -> None:
        """Check that everything fits."""
        self.data = np.atleast_2d(np.asarray(data))
        self.group_names = [str(name) for name in group_names]
        n_rows, n_columns = self.data.shape
        given = [[column] for column in range(n_columns)] if groups is None else groups
        self.groups = [np.asarray(columns, dtype=np.int64).reshape(-1) for columns in given]
        self.groups_size = len(self.groups)
        if len(self.group_names) != self.groups_size:
            msg = f"`group_names` has {len(self.group_names)} names, but there are {self.groups_size} groups"
            raise DimensionError(msg)
        if sorted(int(column) for columns in self.groups for column in columns) != list(range(n_columns)):
            msg = f"`groups` is {given!r}, but must hold each of the {n_columns} columns once"
            raise DimensionError(msg)
        given_weights = np.ones(n_rows) if weights is None else np.asarray(weights, dtype=np.float64)
        if given_weights.shape != (n_rows,):
            msg = f"`weights` has shape {given_weights.shape}, but there are {n_rows} rows: pass one number for each"
            raise DimensionError(msg)
        self.weights = shares(given_weights)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.weights)
