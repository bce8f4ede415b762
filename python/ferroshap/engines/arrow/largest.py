"""The largest values of a row, whatever rows stand beside it."""

import numpy as np
from numpy.typing import NDArray


def largest(values: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """Return the places of the `k` values that are largest in size, ``(rows, k)``, the largest first.

    Of values of the same size the one that stands first comes first; NaN is larger than all.

    Examples
    --------
    >>> largest(np.array([[1.0, -3.0, 3.0, 2.0]]), 2)
    array([[1, 2]])
    """
    n_rows, n_columns = values.shape
    sizes = np.abs(values)
    sizes[np.isnan(sizes)] = np.inf
    if k < n_columns:
        least = np.partition(sizes, n_columns - k, axis=1)[:, n_columns - k, None]
        taken = sizes > least
        ties = sizes == least
        room = k - np.count_nonzero(taken, axis=1)[:, None]
        taken |= ties & (np.cumsum(ties, axis=1) <= room)
        places = np.nonzero(taken)[1].reshape(n_rows, k)
    else:
        places = np.broadcast_to(np.arange(n_columns), values.shape)
    order = np.argsort(-np.take_along_axis(sizes, places, axis=1), axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1)


def rest_of(values: NDArray[np.floating], places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return what the values of each row beside those at `places` add up to, ``(rows,)``.

    Examples
    --------
    >>> rest_of(np.array([[1.0, -3.0, 3.0, 2.0]]), np.array([[1, 2]]))
    array([3.])
    """
    others = np.array(values, dtype=np.float64, order="C")
    np.put_along_axis(others, places, 0.0, axis=1)
    rest: NDArray[np.float64] = others.sum(axis=1)
    return rest
