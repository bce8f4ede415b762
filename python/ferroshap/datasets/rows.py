"""Some of a table's rows, the same that shap takes."""

from typing import Any

import numpy as np

from ferroshap.errors import OptionError


def some(n_points: int | None, *tables: Any) -> tuple[Any, ...]:
    """Return `n_points` random rows of tables of equal length, of each the same; all of them for None.

    The rows are those of :func:`ferroshap.sample` with seed 0.

    Examples
    --------
    >>> some(2, np.arange(5), list("abcde"))
    (array([2, 0]), ['c', 'a'])
    """
    n_rows = tables[0].shape[0] if hasattr(tables[0], "shape") else len(tables[0])
    if n_points is None or n_points >= n_rows:
        return tables
    if isinstance(n_points, bool) or not hasattr(n_points, "__index__") or n_points < 0:
        msg = f"`n_points` is {n_points!r}, but must be a number of rows or None (all)"
        raise OptionError(msg)
    kept = np.arange(n_rows)
    # The legacy generator on purpose: it gives the rows that users know from shap.
    np.random.RandomState(0).shuffle(kept)
    return tuple(_taken(table, kept[:n_points]) for table in tables)


def _taken(table: Any, kept: Any) -> Any:
    if hasattr(table, "iloc"):
        return table.iloc[kept]
    return [table[row] for row in kept] if isinstance(table, list) else table[kept]
