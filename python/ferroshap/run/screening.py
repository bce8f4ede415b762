"""Who was screened out, and what is known of them together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Screening:
    """The players of a second pass: those that a first pass found, and groups of all others.

    Attributes
    ----------
    groups : tuple of ndarray of int
        The players, or features, that each stands for: one, or the members of a group, ascending.
    values : ndarray of shape ``(len(groups),)`` or ``(len(groups), n_outputs)``
        What each is worth; a group's was shared among its members.
    std_errors : ndarray of the same shape
        One standard error each.
    spread : float or ndarray of shape ``(n_outputs,)``
        Root mean square error of members about what they got, as random halves of all players tell.

    Examples
    --------
    >>> import ferroshap
    >>> game = lambda s: 2.0 * s[:, 17] - s[:, 400]
    >>> found = ferroshap.estimate(game, "screened", n_players=1_000, budget=200)
    >>> alone = [group[0] for group in found.screening.groups if len(group) == 1]
    >>> 17 in alone, 400 in alone, sum(map(len, found.screening.groups))
    (True, True, 1000)
    """

    groups: tuple[NDArray[np.intp], ...]
    values: Floats
    std_errors: Floats
    spread: float | Floats

    def __repr__(self) -> str:
        """Count those who play for themselves, and the groups."""
        n_alone = sum(len(group) == 1 for group in self.groups)
        return f"Screening({n_alone} alone, {len(self.groups) - n_alone} groups of the others)"


def screening_of(
    found: tuple[NDArray[np.uint32], Floats, Floats, Floats] | None, features: NDArray[np.intp], *, is_vector: bool
) -> Screening | None:
    """Name by `features` what the core says of a second pass."""
    if found is None:
        return None
    owners, values, std_errors, spread = found
    order = np.argsort(owners, kind="stable")
    ends = np.cumsum(np.bincount(owners, minlength=len(values)))[:-1]
    groups = tuple(np.split(features[order], ends))
    if is_vector:
        return Screening(groups, values[:, 0], std_errors[:, 0], float(spread[0]))
    return Screening(groups, values, std_errors, spread)
