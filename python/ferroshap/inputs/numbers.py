"""Tables as numbers, for what measures distances or fits: values as they are, categories by number."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ferroshap.inputs.column import Column
from ferroshap.inputs.exactness import Array, real_numbers
from ferroshap.inputs.pairing import Pairing, pair
from ferroshap.inputs.table import Table

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Numbers:
    """Two tables as numbers.

    Attributes
    ----------
    background, rows : ndarray
        ``(background rows, columns)`` and ``(rows, columns)``; NaN where a number is missing. Categories are
        numbered by their first row in the background; those it lacks come after.
    is_category : bool ndarray of shape ``(columns,)``
        Columns whose values are no numbers: equal or not. Booleans are such.
    """

    background: Floats
    rows: Floats
    is_category: Bools


def as_numbers(background: Table, rows: Table, pairing: Pairing | None = None) -> Numbers:
    """Encode two tables with the same columns; dates and times count in their own unit.

    Examples
    --------
    >>> from ferroshap.inputs import read_table
    >>> first = read_table(np.array([[20, "rent"], [50, "own"]], dtype=object), argument="first")
    >>> second = read_table(np.array([[30, "own"], [None, "lease"]], dtype=object), argument="second")
    >>> found = as_numbers(first, second)
    >>> found.background.tolist(), found.rows.tolist(), found.is_category.tolist()
    ([[20.0, 0.0], [50.0, 1.0]], [[30.0, 1.0], [nan, 2.0]], [False, True])
    """
    pairing = pair(background, rows, as_frame=None) if pairing is None else pairing
    shape = background.n_columns
    known, given = np.empty((background.n_rows, shape)), np.empty((rows.n_rows, shape))
    is_category = np.zeros(shape, dtype=np.bool_)
    for block in pairing.blocks:
        for place, position in enumerate(block.columns):
            mine = _as_floats(background.columns[position])
            theirs = None if mine is None else _as_floats(rows.columns[position])
            if mine is None or theirs is None:
                mine, theirs = _codes(block.background[:, place], block.rows[:, place])
                is_category[position] = True
            known[:, position], given[:, position] = mine, theirs
    return Numbers(known, given, is_category)


def as_real(table: Table) -> Floats | None:
    """Give a table as real numbers, also where objects or categories hold them; None where something is no number.

    Examples
    --------
    >>> from ferroshap.inputs import read_table
    >>> as_real(read_table([[1, None], [True, 2.5]], argument="X"))
    array([[1. , nan],
           [1. , 2.5]])
    """
    if table.numeric is not None:
        return np.asarray(table.numeric, dtype=np.float64)
    found = []
    for column in table.columns:
        numbers = column.numbers()
        if numbers is None and column.plain is None:
            numbers = real_numbers(column.objects().tolist())
        if numbers is None:
            return None
        found.append(np.asarray(numbers, dtype=np.float64))
    return np.column_stack(found)


def _as_floats(column: Column) -> Floats | None:
    """The values of a column of numbers or times; None of anything else."""
    numbers = column.numbers()
    if numbers is not None and numbers.dtype.kind != "b":
        return numbers.astype(np.float64)
    times = column.plain
    if times is None or times.dtype.kind not in "mM":
        return None
    floats: Floats = times.astype(np.int64).astype(np.float64)
    floats[np.isnat(times)] = np.nan
    return floats


def _codes(background: Array, rows: Array) -> tuple[Floats, Floats]:
    """Number words by the first time they are met: the same word, the same number."""
    words = np.concatenate([background, rows])
    words = words.view(f"u{words.dtype.itemsize}")
    _, first, codes = np.unique(words, return_index=True, return_inverse=True)
    ranks = np.empty(len(first), dtype=np.float64)
    ranks[np.argsort(first)] = np.arange(len(first))
    numbered: Floats = ranks[codes.reshape(-1)]
    return numbered[: len(background)], numbered[len(background) :]
