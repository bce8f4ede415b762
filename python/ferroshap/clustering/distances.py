"""How far apart columns are."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.clustering.association import association_distances
from ferroshap.clustering.centring import centred, filled_with_mean
from ferroshap.errors import DimensionError, InvalidClusteringError, OptionError, WeightsError, nearest
from ferroshap.inputs import Table, read_table

Floats = NDArray[np.float64]


def column_distances(data: Any, metric: str = "correlation", *, weights: Floats | None = None) -> Floats:
    r"""Return the distances between all pairs of columns.

    ================= ==========================================================================
    metric            distance of columns :math:`a` and :math:`b`
    ================= ==========================================================================
    "correlation"     one minus Pearson's correlation
    "cosine"          one minus the cosine of their angle
    "euclidean"       :math:`\sqrt{\sum (a - b)^2}`
    "sqeuclidean"     :math:`\sum (a - b)^2`
    "cityblock"       :math:`\sum |a - b|`
    "chebyshev"       :math:`\max |a - b|`
    "association"     one minus how well one tells the other, whether they are numbers or
                      categories: :func:`ferroshap.clustering.association.association_distances`
    ================= ==========================================================================

    Under "correlation" and "cosine" a column without direction (a constant one; one of zeros) has distance 1 to all
    others. Missing numbers are replaced by the mean of their column.

    Parameters
    ----------
    data : array, frame or sparse matrix ``(n_rows, n_columns)``
        The table.
    metric : str
        One of the above; all but "association" need columns of numbers.
    weights : ndarray of shape ``(n_rows,)``, optional
        How much each row counts, as if it came that often; of any sum.

    Returns
    -------
    ndarray of shape ``(n_columns, n_columns)``
        Symmetric, with zeros on the diagonal.

    Raises
    ------
    InvalidClusteringError
        Naming a column that holds no numbers, or infinite ones.
    DimensionError
        When there are no rows.
    WeightsError
        When weights are not one a row, negative, not finite or all zero.
    OptionError
        For an unknown metric.

    Notes
    -----
    O(rows * columns^2) time; one matrix product for "correlation", "cosine" and numbers under "association".

    Examples
    --------
    >>> column_distances([[1.0, 2.0, 0.0], [2.0, 4.0, 1.0], [3.0, 6.0, 0.0]]).round(12)
    array([[0., 0., 1.],
           [0., 0., 1.],
           [1., 1., 0.]])
    """
    table = read_table(data, argument="data")
    known = [*METRICS, "association"]
    if metric not in known:
        msg = f"`metric={metric!r}` is not known{nearest(str(metric), known)} Known: {', '.join(known)}"
        raise OptionError(msg)
    shares = _shares(weights, table.n_rows)
    if metric == "association":
        distances = association_distances(table, shares)
    else:
        distances = METRICS[metric](numbers_of(table, metric, shares), shares)
    distances = np.maximum((distances + distances.T) / 2.0, 0.0)
    np.fill_diagonal(distances, 0.0)
    return distances


def _shares(weights: Floats | None, n_rows: int) -> Floats:
    if not n_rows:
        msg = "`data` has 0 rows, but distances of columns need at least one"
        raise DimensionError(msg)
    if weights is None:
        return np.full(n_rows, 1.0 / n_rows)
    if weights.shape != (n_rows,) or not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        msg = f"`weights` must be one number for each of the {n_rows} rows, finite, not negative, and not all zero"
        raise WeightsError(msg)
    return np.asarray(weights / weights.sum())


def numbers_of(table: Table, metric: str, shares: Floats) -> Floats:
    """Return a table of numbers with each missing one replaced by the mean of its column: C-contiguous columns.

    Raises
    ------
    InvalidClusteringError
        Naming the first column that holds something else.
    """
    numbers = np.empty((table.n_columns, table.n_rows))
    for position, column in enumerate(table.columns):
        values = column.numbers()
        if values is None:
            msg = (
                f"column {_label(table, position)} of `{table.argument}` holds no numbers, which {metric!r} needs: "
                "use the metric 'association', or give the tree as a nested dict of columns"
            )
            raise InvalidClusteringError(msg)
        numbers[position] = filled_with_mean(values, shares)
    infinite = ~np.isfinite(numbers).all(axis=1)
    if infinite.any():
        label = _label(table, int(infinite.argmax()))
        msg = f"column {label} of `{table.argument}` holds infinity: distances need finite numbers"
        raise InvalidClusteringError(msg)
    return numbers


def _label(table: Table, position: int) -> str:
    return repr(table.names[position]) if table.names else str(position)


def cosine_distances(columns: Floats, shares: Floats) -> Floats:
    """One minus cosines; 1 where a column is zero throughout."""
    scales = np.abs(columns).max(axis=1, initial=0.0)
    is_zero = scales == 0.0
    directions = columns / np.where(is_zero, 1.0, scales)[:, None] * np.sqrt(shares)
    norms = np.sqrt((directions**2).sum(axis=1))
    directions /= np.where(is_zero, 1.0, norms)[:, None]
    distances: Floats = 1.0 - directions @ directions.T
    return distances


def correlation_distances(columns: Floats, shares: Floats) -> Floats:
    """One minus correlations; 1 where a column is constant."""
    return cosine_distances(centred(columns, shares), shares)


def _by_differences(of_differences: Callable[[Floats, Floats], Floats]) -> Callable[[Floats, Floats], Floats]:
    """Distances as a function of absolute differences ``(columns, rows)`` and how often each row counts."""

    def distances(columns: Floats, shares: Floats) -> Floats:
        counts = shares * len(shares)
        square = np.zeros((len(columns), len(columns)))
        for position in range(len(columns) - 1):
            apart = of_differences(np.abs(columns[position + 1 :] - columns[position]), counts)
            square[position, position + 1 :] = square[position + 1 :, position] = apart
        return square

    return distances


METRICS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "correlation": correlation_distances,
    "cosine": cosine_distances,
    "euclidean": _by_differences(lambda differences, counts: np.sqrt(differences**2 @ counts)),
    "sqeuclidean": _by_differences(lambda differences, counts: differences**2 @ counts),
    "cityblock": _by_differences(lambda differences, counts: differences @ counts),
    "chebyshev": _by_differences(lambda differences, _: differences.max(axis=1)),
}
