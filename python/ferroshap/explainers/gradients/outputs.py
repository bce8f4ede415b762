"""Which outputs of each row are explained: all, some for all rows, or those that rank highest in each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError, nearest
from ferroshap.explainers.outputs import OutputChoice

Floats = NDArray[np.float64]

ORDERS = ("max", "min", "max_abs", "custom")


def ranked(full: Floats, count: Any, order: str) -> NDArray[np.intp]:
    """Return the numbers of the `count` outputs of each row that rank first, ``(rows, count)``.

    Parameters
    ----------
    full : ndarray of shape ``(rows, outputs)``
        The outputs of the rows.
    count : int, or ndarray of shape ``(rows, count)``
        How many; with the order "custom" their numbers.
    order : {"max", "min", "max_abs", "custom"}
        The largest first, the smallest, the largest by size, or as given. Of equals the lower number comes first.

    Raises
    ------
    OptionError
        For orders that are not known, and for more outputs than there are.

    Examples
    --------
    >>> ranked(np.array([[1.0, -5.0, 3.0]]), 2, "max_abs")
    array([[1, 2]])
    """
    if order not in ORDERS:
        msg = f"`output_rank_order={order!r}` is not known{nearest(str(order), ORDERS)} Known: {', '.join(ORDERS)}"
        raise OptionError(msg)
    n_rows, n_outputs = full.shape
    if order == "custom":
        chosen = np.asarray(count)
        if chosen.ndim == 1:
            chosen = np.broadcast_to(chosen, (n_rows, len(chosen)))
        is_fit = chosen.ndim == 2 and len(chosen) == n_rows and chosen.dtype.kind in "iu"
        if not is_fit or (chosen < 0).any() or (chosen >= n_outputs).any():
            msg = (
                f"`ranked_outputs` is {count!r}, but with output_rank_order='custom' it must be output numbers, "
                f"({n_rows}, k), from 0 to {n_outputs - 1}"
            )
            raise OptionError(msg)
        return chosen.astype(np.intp)
    if not hasattr(count, "__index__") or isinstance(count, bool) or not 1 <= int(count) <= n_outputs:
        msg = f"`ranked_outputs` is {count!r}, but must be an integer from 1 to {n_outputs}, the outputs of the model"
        raise OptionError(msg)
    score = {"max": -full, "min": full, "max_abs": -np.abs(full)}[order]
    return np.argsort(score, axis=1, kind="stable")[:, : int(count)]


def chosen_outputs(
    full: Floats, outputs: Any, ranked_outputs: Any, order: str, names: list[str], *, is_vector: bool
) -> NDArray[np.intp] | None:
    """Return the numbers of the outputs asked for, ``(k,)`` or ``(rows, k)``; None for all.

    Raises
    ------
    OptionError
        When both ways of asking are used, or there is nothing to choose.
    """
    if outputs is not None and ranked_outputs is not None:
        msg = "`outputs` and `ranked_outputs` were given, which both choose outputs: pass one of them"
        raise OptionError(msg)
    if ranked_outputs is not None:
        if is_vector:
            msg = f"`ranked_outputs` is {ranked_outputs!r}, but the model returns one number a row: leave it out"
            raise OptionError(msg)
        return ranked(full, ranked_outputs, order)
    return None if outputs is None else OutputChoice(outputs, names, is_vector=is_vector).numbers(full)
