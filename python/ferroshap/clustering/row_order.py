"""An order of rows in which neighbours are alike: for heat maps and stacked force plots."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.clustering.centres import centred_groups
from ferroshap.clustering.distances import column_distances
from ferroshap.clustering.leaf_order import optimal_leaf_order
from ferroshap.clustering.linkage import linkage
from ferroshap.errors import DimensionError

#: More rows than these are gathered around centres first: the exact order takes n^3 time.
MOST_ROWS, N_CENTRES = 2048, 512


def hclust_ordering(X: Any, metric: str = "sqeuclidean", anchor_first: bool = False) -> NDArray[np.intp]:
    """Order rows so that neighbours are alike: complete linkage, then the best order of its leaves.

    Up to 2,048 rows the order is the best that the tree allows. More rows are gathered around 512 centres by k-means
    first; the centres are ordered so, and rows of one centre follow each other by their sum, smallest first.

    Parameters
    ----------
    X : array of shape ``(n_rows, n_columns)``
        Finite numbers.
    metric : str
        A metric of :func:`column_distances`, between rows: "sqeuclidean", "euclidean", "cityblock", "correlation", ...
    anchor_first : bool
        Turn the order round if row 0 stands in its second half.

    Returns
    -------
    ndarray of int, shape ``(n_rows,)``
        The rows, first to last.

    Raises
    ------
    DimensionError
        When `X` has not two axes.
    OptionError
        For an unknown metric.

    Notes
    -----
    O(n^3) up to 2,048 rows, which take seconds; O(n) beyond.

    Examples
    --------
    >>> hclust_ordering([[0.0], [9.0], [1.0], [8.0]])
    array([0, 2, 3, 1])
    """
    rows = np.asarray(X, dtype=np.float64)
    if rows.ndim != 2:
        msg = f"`X` has shape {rows.shape}: pass rows and columns"
        raise DimensionError(msg)
    # Scaled by a power of two, which no order depends on: squares of huge and tiny values stay within range.
    largest = float(np.max(np.abs(rows), where=np.isfinite(rows), initial=0.0))
    rows = np.ldexp(rows, -int(np.frexp(largest)[1]))
    if len(rows) <= MOST_ROWS:
        order = _exact(rows, metric)
    else:
        sums = rows.sum(axis=1)
        centres, numbers = centred_groups(rows, sums, N_CENTRES)
        place = np.argsort(_exact(centres, metric))
        order = np.lexsort((sums, place[numbers]))
    if anchor_first and len(order) and int(np.flatnonzero(order == 0)[0]) * 2 > len(order) - 1:
        return order[::-1].copy()
    return order


def _exact(rows: NDArray[np.float64], metric: str) -> NDArray[np.intp]:
    if len(rows) < 3 or rows.shape[1] == 0:
        return np.arange(len(rows))
    distances = column_distances(rows.T, metric)
    return optimal_leaf_order(linkage(distances, "complete"), distances)
