"""Tables of finite numbers, for maskers that measure distances; anything else is refused by column."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidMaskerError, OptionError
from ferroshap.inputs import Table

Floats = NDArray[np.float64]


def finite_numbers(table: Table, masker: str) -> Floats:
    """Give a table as finite numbers, ``(rows, columns)``, C-contiguous.

    Parameters
    ----------
    table : Table
        The background, or rows to explain.
    masker : str
        The masker that needs numbers, for messages.

    Raises
    ------
    InvalidMaskerError
        When a column holds categories or dates, naming it.
    OptionError
        When a value is missing or infinite, naming its column.
    """
    known = table.numeric
    if known is None:
        columns = [column.numbers() for column in table.columns]
        for position, values in enumerate(columns):
            if values is None:
                raise _refusal(table, position, masker)
        known = np.column_stack([np.asarray(values, dtype=np.float64) for values in columns])
    numbers: Floats = np.ascontiguousarray(known, dtype=np.float64)
    is_finite = np.isfinite(numbers)
    if not is_finite.all():
        row, position = np.argwhere(~is_finite)[0]
        msg = (
            f"column {column_label(table, position)} of `{table.argument}` holds {numbers[row, position]} in row {row}, "
            f"but maskers.{masker} needs finite numbers: fill the gaps, or use maskers.Forest, which takes them"
        )
        raise OptionError(msg)
    return numbers


def column_label(table: Table, position: Any) -> str:
    """Name a column for people: its name in quotes, or its number."""
    return str(position) if table.names is None else repr(table.names[position])


def _refusal(table: Table, position: int, masker: str) -> InvalidMaskerError:
    return InvalidMaskerError(
        f"column {column_label(table, position)} of `{table.argument}` is {table.columns[position].dtype_name}, but "
        f"maskers.{masker} needs numbers: encode it, or use maskers.Forest, which takes categories"
    )
