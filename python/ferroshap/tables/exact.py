"""Games whose worths are all known: exact values and interactions, in one read of the table."""

import operator

import numpy as np
import numpy.typing as npt

from ferroshap import _native
from ferroshap.errors import DimensionError, OptionError, WorthError
from ferroshap.memory import as_bytes
from ferroshap.tables.interactions import Interactions, as_index, sets_by_size
from ferroshap.threads import as_threads

Floats = npt.NDArray[np.float64]


def shapley_values(worths: npt.ArrayLike, *, n_jobs: int | None = None) -> Floats:
    r"""Exact Shapley values of a game, from the worths of all its coalitions.

    .. math:: \phi_i = \sum_{S \not\ni i} \frac{|S|!\,(n - |S| - 1)!}{n!} \, (v(S \cup \{i\}) - v(S))

    Exact but for rounding: up to 30 players the error is below 1e-13 of the largest ``abs(worths - worths[0])``.

    Parameters
    ----------
    worths : array_like, ``(2**n,)`` or ``(2**n, outputs)``
        Row ``s`` is the worth of the coalition of the players ``i`` for whom bit ``i`` of ``s`` is set; row 0 is
        nobody's. Contiguous float64 is read in place, anything else is copied once.
    n_jobs : int, optional
        Threads; -1 for all, None for what the environment says. They never change a bit of the result.

    Returns
    -------
    ndarray, ``(n,)`` or ``(n, outputs)``
        They add up to ``worths[-1] - worths[0]``.

    Raises
    ------
    DimensionError
        When the number of rows is not a power of two.
    WorthError
        When a worth is NaN, infinite or no real number.

    Notes
    -----
    Time grows as ``2**n``, for all players together. Shapley (1953), "A value for n-person games".

    Examples
    --------
    Two left gloves and a right one; only a pair is worth anything:

    >>> shapley_values([0, 0, 0, 0, 0, 1, 1, 1])
    array([0.16666667, 0.16666667, 0.66666667])
    """
    table, is_flat = _as_table(worths)
    values = _native.table_values(table, as_threads(n_jobs))
    return values[:, 0] if is_flat else values


def interaction_values(
    worths: npt.ArrayLike, index: str = "SII", order: int = 2, *, n_jobs: int | None = None
) -> Interactions:
    r"""Exact interactions of all sets of up to `order` players, from the worths of all coalitions.

    .. math:: I(S) = \sum_{T \subseteq N \setminus S} w_{|T|} \sum_{A \subseteq S} (-1)^{|S| - |A|} \, v(T \cup A)

    where the weights :math:`w` name the index. ``"SII"`` and ``"BII"`` extend the Shapley and the Banzhaf value;
    ``"k-SII"``, ``"STII"`` and ``"FSII"`` share out ``worths[-1] - worths[0]`` among all the sets; ``"FSII"`` and
    ``"FBII"`` are the polynomials of degree `order` closest to the game.

    Parameters
    ----------
    worths : array_like, ``(2**n,)`` or ``(2**n, outputs)``
        As for `shapley_values`.
    index : str
        One of ``"SII"``, ``"k-SII"``, ``"STII"``, ``"FSII"``, ``"BII"``, ``"FBII"``.
    order : int
        Players of the largest sets. Above the number of players it means all sets.
    n_jobs : int, optional
        Threads, as for `shapley_values`.

    Returns
    -------
    Interactions

    Raises
    ------
    DimensionError, WorthError
        As for `shapley_values`.
    OptionError
        For an unknown index or an order below 1.
    MemoryError
        When there are so many sets that they would take more than half of the free memory.

    Notes
    -----
    Time grows as ``order**3 * 2**n`` while sets are few. Grabisch, Roubens (1999) for SII and BII; Bord, von Luxburg
    (2023) for k-SII; Sundararajan, Dhamdhere, Agarwal (2020) for STII; Tsai, Yeh, Ravikumar (2023) for FSII and FBII.

    Examples
    --------
    Two players worth 1 and 2 alone, and 5 together:

    >>> found = interaction_values([0, 1, 2, 5], index="STII")
    >>> found.sets
    ((0,), (1,), (0, 1))
    >>> found.values
    array([1., 2., 2.])
    """
    index = as_index(index)
    order = _as_order(order)
    table, is_flat = _as_table(worths)
    values = _native.table_interactions(table, index, order, as_bytes(None), as_threads(n_jobs))
    n_players = len(table).bit_length() - 1
    sets = tuple(sets_by_size(n_players, order))
    found = values[:, 0] if is_flat else values
    return Interactions(
        sets,
        found,
        index,
        order,
        std_errors=np.zeros(found.shape),
        diagonal_errors=np.zeros((n_players, *found.shape[1:])),
        n_evaluations=len(table),
    )


def _as_order(order: object) -> int:
    try:
        number = operator.index(order)  # type: ignore[arg-type]  # what has no index is refused
    except TypeError:
        number = 0
    if number < 1 or isinstance(order, bool):
        msg = f"`order` is {order!r}, but must be an integer of at least 1"
        raise OptionError(msg)
    return number


def _as_table(worths: npt.ArrayLike) -> tuple[Floats, bool]:
    """Return worths as ``(coalitions, outputs)``, contiguous, and whether they came without outputs."""
    try:
        array = np.asarray(worths)
    except ValueError as error:
        msg = "`worths` must be one number, or one row of numbers, for each coalition: its rows differ in length"
        raise DimensionError(msg) from error
    if array.ndim not in {1, 2} or 0 in array.shape[1:]:
        msg = f"`worths` has shape {array.shape}, but must be (2**n,) or (2**n, outputs)"
        raise DimensionError(msg)
    if array.dtype.kind not in "biuf" and len(array):
        msg = f"`worths` has dtype {array.dtype}, but must hold real numbers"
        raise WorthError(msg)
    table = np.ascontiguousarray(array, dtype=np.float64)
    return table.reshape(len(table), -1) if len(table) else table.reshape(0, 1), array.ndim == 1
