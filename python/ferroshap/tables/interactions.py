"""What small sets of players receive together, exact or estimated."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ferroshap.errors import OptionError, nearest
from ferroshap.explanation.student import student_quantile

Floats = npt.NDArray[np.float64]

INDICES = ("SII", "k-SII", "STII", "FSII", "BII", "FBII")
# Indices whose single players receive their whole value, not what is left of it beside the larger sets.
WHOLE_VALUES = ("SII", "BII")


@dataclass(frozen=True, eq=False)
class Interactions:
    """What every small set of players receives together, under a named index.

    Attributes
    ----------
    sets : tuple of tuples of int
        The sets of 1 to `order` players, by size, then lexicographic.
    values : ndarray, ``(sets,)`` or ``(sets, outputs)``
        The interaction of each set, undivided.
    index : str
        The name of the index.
    order : int
        The number of players of the largest sets.
    std_errors : ndarray, of the shape of `values`
        One standard error each; 0 where exact, NaN where unknown.
    diagonal_errors : ndarray, ``(n,)`` or ``(n, outputs)``
        Standard errors of the diagonal of `matrix()`.
    interval_df : float
        Degrees of freedom of Student's interval; NaN where nothing is uncertain.
    n_evaluations : int
        Worths used, both endpoints counted.
    status : str
        "EXACT", "CONVERGED", "BUDGET_SPENT" or "INTERRUPTED".
    """

    sets: tuple[tuple[int, ...], ...]
    values: Floats
    index: str
    order: int
    std_errors: Floats = field(repr=False, kw_only=True)
    diagonal_errors: Floats = field(repr=False, kw_only=True)
    interval_df: float = field(default=np.nan, repr=False, kw_only=True)
    n_evaluations: int = field(kw_only=True)
    status: str = field(default="EXACT", kw_only=True)

    def confidence_interval(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """Lower and upper ends of Student's interval at `level`, NaN where the error is unknown."""
        half = np.where(self.std_errors == 0.0, 0.0, student_quantile(level, self.interval_df) * self.std_errors)
        return self.values - half, self.values + half

    def matrix(self) -> Floats:
        r"""Lay pairs out as a symmetric matrix, each interaction split in halves between its two entries.

        Rows sum to the values of the players. Under SII and BII these are the Shapley and Banzhaf values, and the
        diagonal is what they leave: :math:`\phi_i - \frac12 \sum_j I_{ij}`. Under the other indices the diagonal is
        the interaction of the player alone, and a row's sum the player's part when every pair shares equally: the
        Shapley value under k-SII.

        Returns
        -------
        ndarray, ``(n, n)`` or ``(n, n, outputs)``

        Raises
        ------
        OptionError
            When the order is not 2.

        Examples
        --------
        Two players worth 1 and 2 alone, and 5 together:

        >>> from ferroshap import interaction_values
        >>> interaction_values([0, 1, 2, 5]).matrix()
        array([[1., 1.],
               [1., 2.]])
        """
        return self._laid_out(self.values)

    def matrix_errors(self) -> Floats:
        """Standard errors of `matrix()`, of the same shape."""
        errors = self._laid_out(self.std_errors)
        players = np.arange(len(errors))
        errors[players, players] = self.diagonal_errors
        return errors

    def _laid_out(self, numbers: Floats) -> Floats:
        if self.order != 2:
            msg = f"`matrix()` shows interactions of order 2, but these have `order={self.order}`"
            raise OptionError(msg)
        n_players = sum(len(players) == 1 for players in self.sets)
        singles, pairs = np.split(numbers, [n_players])
        first, second = np.triu_indices(n_players, k=1)  # the lexicographic order of the pairs
        matrix = np.zeros((n_players, n_players, *numbers.shape[1:]))
        matrix[first, second] = matrix[second, first] = pairs / 2
        diagonal = singles.copy()
        if self.index in WHOLE_VALUES:
            for column in range(n_players):  # in this order however many outputs there are: the bits are the same
                diagonal -= matrix[:, column]
        matrix[np.arange(n_players), np.arange(n_players)] = diagonal
        return matrix


def sets_by_size(n_players: int, order: int) -> Iterator[tuple[int, ...]]:
    """All sets of 1 to `order` players, by size, then lexicographic."""
    for size in range(1, min(order, n_players) + 1):
        yield from combinations(range(n_players), size)


def as_index(name: object) -> str:
    """Return the name of an interaction index.

    Raises
    ------
    OptionError
        For one that is not known.
    """
    if name in INDICES:
        return str(name)
    by_lower_case = {known.lower(): known for known in INDICES}
    meant = nearest(by_lower_case.get(str(name).lower(), str(name)), INDICES)
    msg = f"`index` is {name!r}, which is not known{meant} Known: {', '.join(INDICES)}."
    raise OptionError(msg)
