"""The weights of Shapley's formula."""

import math

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError


def shapley_coefficients(n: int) -> NDArray[np.float64]:
    r"""Weights of one player's gains, by how many players were in before it.

    .. math:: w_s = \frac{s!\,(n - s - 1)!}{n!} = \frac{1}{n \binom{n-1}{s}}

    Parameters
    ----------
    n : int
        How many players there are.

    Returns
    -------
    ndarray of shape ``(n,)``
        The weight for 0, 1, ..., n - 1 players. Each rounds once; times their numbers of coalitions they sum to 1.

    Raises
    ------
    OptionError
        When `n` is not a positive number of players.

    Examples
    --------
    >>> shapley_coefficients(3)
    array([0.33333333, 0.16666667, 0.33333333])
    """
    if not isinstance(n, (int, np.integer)) or n < 1:
        msg = f"`n` is {n!r}: pass a number of players"
        raise OptionError(msg)
    # Whole numbers of any size: the quotient of two of them rounds once, and never overflows.
    return np.array([1 / (int(n) * math.comb(int(n) - 1, size)) for size in range(int(n))])
