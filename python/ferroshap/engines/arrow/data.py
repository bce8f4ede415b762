"""What features were, as numbers: for reducers, which know curves and not words."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.inputs import Table
from ferroshap.inputs.column import Column
from ferroshap.inputs.exactness import key_of

#: The code of text that the background does not have.
UNSEEN = -1.0


def data_of(explainer: Any, table: Table) -> NDArray[np.float64]:
    """Return the data of rows ``(rows, features)``: numbers, codes in the background's order, NaN where missing.

    Parameters
    ----------
    explainer : Explainer
        Its background, if it has one, says which codes text has.
    table : Table
        The columns explained, in the explainer's order.
    """
    columns = getattr(explainer, "_columns", None)
    units = getattr(getattr(columns, "matched", columns), "units", None)
    known = _background_columns(explainer, table)
    if units is None:
        return np.column_stack([_numbers(column, known[place]) for place, column in enumerate(table.columns)])
    order = _order(columns, table.n_columns)
    data = np.full((table.n_rows, units.n_players), np.nan)
    for player, members in enumerate(units.columns):
        if len(members) == 1:
            place = order[members[0]]
            data[:, player] = _numbers(table.columns[place], known[place])
    return data


def _order(columns: Any, n_columns: int) -> NDArray[np.intp]:
    """Where each column of the model stands among those explained."""
    order = getattr(columns, "background_order", None)
    return np.arange(n_columns) if order is None else np.asarray(order)


def _background_columns(explainer: Any, table: Table) -> list[Column | None]:
    """The background's columns in the explainer's order."""
    masker = getattr(explainer, "masker", None)
    background = getattr(masker, "table", None)
    if not isinstance(background, Table) or background.n_columns != table.n_columns:
        return [None] * table.n_columns
    columns = getattr(explainer, "_columns", None)
    order = _order(getattr(columns, "matched", columns), table.n_columns)
    by_place: list[Column | None] = [None] * table.n_columns
    for model_place, place in enumerate(order):
        by_place[place] = background.columns[model_place]
    return by_place


def _numbers(column: Column, known: Column | None) -> NDArray[np.float64]:
    numbers = column.numbers()
    if numbers is not None:
        return numbers.astype(np.float64)
    objects = column.exchange()
    if objects.dtype.kind in "mM":
        times = objects.astype(np.int64).astype(np.float64)
        times[np.isnat(objects)] = np.nan
        return times
    codes = {} if known is None else known.encoding.index
    values, places = column.distinct()
    found: NDArray[np.float64] = np.array([*(codes.get(key_of(value), UNSEEN) for value in values), np.nan])[places]
    return found
