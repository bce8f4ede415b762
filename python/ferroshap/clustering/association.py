"""How well one column tells another, for numbers and categories alike."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.clustering.centring import centred, filled_with_mean
from ferroshap.inputs import Table

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def association_distances(table: Table, shares: Floats) -> Floats:
    r"""One minus the association of each pair of columns: 0 where one tells the other, about 1 where it tells nothing.

    ====================== =================================================================
    pair                   association
    ====================== =================================================================
    two numbers            Pearson's correlation, without its sign
    a number, a category   the correlation ratio :math:`\eta`, the share of the number's
                           standard deviation that lies between categories
    two categories         Cramér's :math:`V`, :math:`\sqrt{\phi^2 / \min(r - 1, c - 1)}`
    ====================== =================================================================

    Each is adjusted for what chance alone gives in few rows and many categories: the squares by
    :math:`1 - (1 - s) (n - 1) / (n - k)` with :math:`k` categories (2 for two numbers; Kelley 1935) and :math:`V` after
    Bergsma (2013, "A bias-correction for Cramér's V and Tschuprow's T"); negative squares become 0. For columns of
    two values all three are the same number. A column without variation has distance 1 to all others. A missing
    number is replaced by the mean of its column; missing values of another column are a category of their own.

    Parameters
    ----------
    table : Table
        Columns that hold anything but numbers are categories.
    shares : ndarray of shape ``(n_rows,)``
        Weights of the rows, of sum 1; as many rows count as ``1 / sum(shares ** 2)``.

    Returns
    -------
    ndarray of shape ``(n_columns, n_columns)``
        Symmetric; the diagonal means nothing.

    Examples
    --------
    >>> from ferroshap.inputs import read_table
    >>> rows = [["a", 1.0, "x"], ["b", 5.0, "x"], ["a", 1.0, "y"], ["b", 5.0, "y"]]
    >>> table = read_table(np.array(rows, dtype=object), argument="rows")
    >>> association_distances(table, np.full(4, 0.25))[0, 1:]
    array([0., 1.])
    """
    n_effective = 1.0 / (shares**2).sum()
    numbers = [column.numbers() for column in table.columns]
    is_number = np.array([values is not None for values in numbers])
    squares = np.zeros((table.n_columns, table.n_columns))
    columns = np.array([filled_with_mean(values, shares) for values in numbers if values is not None])
    scores = _standardised(centred(columns, shares), shares) if len(columns) else np.zeros((0, table.n_rows))
    at = np.flatnonzero(is_number)
    squares[np.ix_(at, at)] = _adjusted((scores * shares @ scores.T) ** 2, 2, n_effective)
    categories = {
        position: _codes(table.columns[position].encoding.codes) for position in np.flatnonzero(~is_number).tolist()
    }
    for position, codes in categories.items():
        told = _adjusted(_between(scores, codes, shares), int(codes.max()) + 1, n_effective)
        squares[position, at] = squares[at, position] = told
        for other, their in categories.items():
            if other > position:
                squares[position, other] = squares[other, position] = _cramer(codes, their, shares, n_effective)
    distances: Floats = 1.0 - np.sqrt(np.clip(squares, 0.0, 1.0))
    return distances


def _codes(codes: Any) -> Codes:
    """Numbers of the categories that occur, without gaps."""
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64).reshape(-1)


def _standardised(columns: Floats, shares: Floats) -> Floats:
    """Centred columns of variance 1; a constant one stays zero."""
    scales = np.abs(columns).max(axis=1)
    columns = columns / np.where(scales == 0.0, 1.0, scales)[:, None]
    deviations = np.sqrt(columns**2 @ shares)
    return np.asarray(columns / np.where(deviations == 0.0, 1.0, deviations)[:, None])


def _adjusted(squares: Floats, n_categories: int, n_effective: float) -> Floats:
    """Take away the share of variance that so many categories explain by chance; 0 where that is all."""
    if n_effective <= n_categories:
        return np.zeros_like(squares)
    return np.asarray(1.0 - (1.0 - squares) * (n_effective - 1.0) / (n_effective - n_categories))


def _between(scores: Floats, codes: Codes, shares: Floats) -> Floats:
    """The share of each column's variance that lies between categories: ``(n_columns,)``."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    sums = np.add.reduceat((scores * shares)[:, order], starts, axis=1)
    return np.asarray((sums**2 / np.add.reduceat(shares[order], starts)).sum(axis=1))


def _cramer(first: Codes, second: Codes, shares: Floats, n_effective: float) -> float:
    """Square of Cramér's V, adjusted."""
    n_first, n_second = int(first.max()) + 1, int(second.max()) + 1
    if min(n_first, n_second) < 2 or n_effective <= 2.0:
        return 0.0
    # Cells that occur: the whole table of two columns of names would not fit into memory.
    cells, place = np.unique(first * n_second + second, return_inverse=True)
    together = np.bincount(place.reshape(-1), weights=shares)
    alone = np.bincount(first, weights=shares)[cells // n_second], np.bincount(second, weights=shares)[cells % n_second]
    contingency = (together**2 / (alone[0] * alone[1])).sum() - 1.0
    rest = n_effective - 1.0
    least = min(n - 1 - (n - 1) ** 2 / rest for n in (n_first, n_second))
    if least <= 0.0:  # about as many categories as rows: any two such columns fit each other
        return 0.0
    return float((contingency - (n_first - 1) * (n_second - 1) / rest) / least)
