"""Pieces of a table that engines hand out: what tells their rows apart, and what errors call them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from ferroshap.engines.arrow.layout import Layout
from ferroshap.errors import OptionError, check_options


@contextmanager
def naming(piece: str) -> Iterator[None]:
    """Add the name of a piece of work to whatever error it ends with, which comes out as the same object.

    Parameters
    ----------
    piece : str
        Which one, as the user would find it: "partition 3 (100 rows)".

    Examples
    --------
    >>> try:
    ...     with naming("partition 3 (100 rows)"):
    ...         raise KeyError("age")
    ... except KeyError as error:
    ...     error.__notes__
    ['ferroshap was explaining partition 3 (100 rows)']
    """
    try:
        yield
    except Exception as error:
        note = f"ferroshap was explaining {piece}"
        if note not in getattr(error, "__notes__", ()):  # the same object may be raised by call after call
            error.add_note(note)
        raise


def partition_name(number: Any, n_rows: int, index: Any = None) -> str:
    """Name a partition by its number, rows, and the first and last label of its index if it has one.

    Examples
    --------
    >>> partition_name(3, 100), partition_name(0, 2, ["a", "b"])
    ('partition 3 (100 rows)', "partition 0 (2 rows, from 'a' to 'b')")
    """
    ends = f", from {index[0]!r} to {index[-1]!r}" if index is not None and n_rows else ""
    return f"partition {number} ({n_rows} rows{ends})"


def check_call(engine: str, row_key: Any, layout: Iterable[str]) -> None:
    """Refuse options here that every worker would refuse.

    Parameters
    ----------
    engine : str
        Its name.
    row_key : object
        "content" or the name of a column: in a piece nobody knows the numbers of its rows.
    layout : iterable of str
        Names of options.

    Raises
    ------
    OptionError, UnknownOptionError
        For anything else, and for options that a layout does not have.

    Examples
    --------
    >>> check_call("dask", "content", ["top_k"])
    """
    if not isinstance(row_key, str):
        msg = (
            f"`row_key` is {row_key!r}, but a piece of {engine.title()} does not know which rows of the table it has: "
            "pass 'content', or the name of a column of integers"
        )
        raise OptionError(msg)
    check_options(layout, [field.name for field in fields(Layout)], f"engines.{engine}.explain")
