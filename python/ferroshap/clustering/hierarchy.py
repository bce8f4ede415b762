"""Clusters of columns, with the call that users know."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.clustering.distances import column_distances
from ferroshap.clustering.linkage import METHODS
from ferroshap.clustering.linkage import linkage as merged
from ferroshap.clustering.redundancy import redundancies
from ferroshap.errors import InvalidClusteringError, OptionError, PlausibilityWarning, nearest, warn_user
from ferroshap.inputs import read_table

Floats = NDArray[np.float64]

#: Of the two directions of a distance that has two.
DIRECTIONS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "single": np.minimum,
    "complete": np.maximum,
    "average": lambda there, back: (there + back) / 2.0,
}


def hclust(
    X: Any, y: Any = None, linkage: str = "single", metric: str = "auto", random_state: int = 0, *, weights: Any = None
) -> Floats:
    """Cluster the columns of a table.

    Parameters
    ----------
    X : array, frame or sparse matrix ``(n_rows, n_columns)``
        The table.
    y : array of shape ``(n_rows,)``, optional
        What the columns predict, for "xgboost_distances_r2".
    linkage : {"single", "complete", "average", "ward"}
        What the distance of two clusters is; "ward" is for "euclidean" alone.
    metric : str
        A metric of :func:`column_distances` ("correlation", "cosine", "euclidean", ..., "association" for tables with
        columns that are no numbers), or "xgboost_distances_r2": how little one column tells of what another tells
        of `y`. "auto" is that with `y` and "cosine" without.
    random_state : int
        Draws the rows that "xgboost_distances_r2" holds out; all else is not random.
    weights : array of shape ``(n_rows,)``, optional
        How much each row counts; not for "xgboost_distances_r2".

    Returns
    -------
    ndarray of shape ``(n_columns - 1, 4)``
        The merges in SciPy's linkage format; equal distances are settled by the order of the columns.

    Raises
    ------
    InvalidClusteringError
        Naming a column that the metric cannot take; where xgboost or `y` is missing.
    OptionError
        For an unknown metric or linkage.

    Examples
    --------
    >>> hclust([[1.0, 2.0, 0.0], [2.0, 4.0, 1.0], [3.0, 6.0, 0.0]], metric="correlation").round(12)
    array([[0., 1., 0., 2.],
           [2., 3., 1., 3.]])
    """
    table = read_table(X, argument="X")
    if linkage not in METHODS:
        msg = f"`linkage={linkage!r}` is not known{nearest(str(linkage), METHODS)} Known: {', '.join(METHODS)}"
        raise OptionError(msg)
    if metric == "auto":
        metric = "cosine" if y is None else "xgboost_distances_r2"
    if linkage == "ward" and metric != "euclidean":
        msg = f"`linkage='ward'` is a sum of squared distances, so `metric` must be 'euclidean', not {metric!r}"
        raise OptionError(msg)
    if metric == "xgboost_distances_r2":
        if weights is not None:
            msg = "`weights` were given, which `metric='xgboost_distances_r2'` does not take: name another metric"
            raise InvalidClusteringError(msg)
        there = redundancies(table, y, random_state)
        return merged(DIRECTIONS[linkage](there, there.T), linkage)
    if y is not None:
        warn_user(f"`y` is not looked at by `metric={metric!r}`: leave it out", PlausibilityWarning)
    counts = None if weights is None else np.asarray(weights, dtype=np.float64)
    return merged(column_distances(table, metric, weights=counts), linkage)


def partition_tree(X: Any, metric: str = "correlation") -> Floats:
    """Cluster the columns of a table by complete linkage: the tree that hierarchical values go along.

    Parameters
    ----------
    X : array, frame or sparse matrix ``(n_rows, n_columns)``
        The table. Missing numbers are replaced by the mean of their column.
    metric : str
        A metric of :func:`column_distances`.

    Returns
    -------
    ndarray of shape ``(n_columns - 1, 4)``
        The merges in SciPy's linkage format. A constant column has distance 1 to all others, ties are settled by the
        order of the columns: no noise is added, and two calls agree to the last bit.

    Examples
    --------
    >>> partition_tree([[1.0, 2.0, 0.0], [2.0, 4.0, 1.0], [3.0, 6.0, 0.0]]).round(12)
    array([[0., 1., 0., 2.],
           [2., 3., 1., 3.]])
    """
    return hclust(X, linkage="complete", metric=metric)
