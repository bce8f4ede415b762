"""Numbers that tell rows apart where each draws coalitions of its own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import OptionError
from ferroshap.inputs import Table
from ferroshap.inputs.exactness import is_missing
from ferroshap.threads import as_threads

Keys = NDArray[np.uint64]

_START = np.uint64(0x9E3779B97F4A7C15)
_NAN = np.array(np.nan).view(np.uint64)
#: What NumPy turns into floats without reading text; it makes None NaN.
_NUMBERS = (bool, int, float, np.number, np.bool_)


def row_keys(row_key: Any, rows: Table) -> Keys:
    """Return one number a row.

    Parameters
    ----------
    row_key : None, int, sequence of int or "content"
        None: the row's position. Numbers: one a row, what they were in the table that the rows are
        a part of. "content": derived from the row itself, for engines that know no order of rows.
    rows : Table
        The rows.

    Raises
    ------
    OptionError
        For anything else, or not one number a row.
    """
    if row_key is None:
        return np.arange(rows.n_rows, dtype=np.uint64)
    if isinstance(row_key, str) and row_key == "content":
        return _of_content(rows)
    numbers = np.atleast_1d(np.asarray(row_key))
    if numbers.dtype.kind not in "iu" or numbers.shape != (rows.n_rows,) or (numbers < 0).any():
        accepted = f"one non-negative integer for each of {rows.n_rows} rows, or 'content'"
        msg = f"`row_key` is {row_key!r}, but must be {accepted}"
        raise OptionError(msg)
    return numbers.astype(np.uint64)


def _of_content(rows: Table) -> Keys:
    """Fold the columns' words, one after the other."""
    table = rows.display
    if table.dtype in (np.float32, np.float64) and table.dtype.isnative:
        return _native.content_keys(np.ascontiguousarray(table), as_threads(None))
    keys = np.full(rows.n_rows, _START)
    for column in range(table.shape[1]):
        keys = _mixed(keys ^ _words(table[:, column]))
    return keys


def _words(values: NDArray[Any]) -> Keys:
    """A column as words: numbers by their bits (one zero, one NaN), anything else by a digest of its text.

    What is missing is NaN: one table has NaN, None or NA there, by the library that holds it.
    """
    if values.dtype == object:
        if not all(issubclass(kind, (*_NUMBERS, type(None))) for kind in set(map(type, values.tolist()))):
            return np.array([_word(value) for value in values.tolist()], dtype=np.uint64)
        values = values.astype(np.float64)
    if values.dtype.kind not in "biuf":
        return np.array([_digest(value) for value in values.tolist()], dtype=np.uint64)
    numbers = values.astype(np.float64) + 0.0  # -0.0 becomes 0.0
    return np.where(np.isnan(numbers), _NAN, numbers.view(np.uint64))


def _word(value: Any) -> int:
    if is_missing(value):
        return int(_NAN)
    return int(_words(np.array([float(value)]))[0]) if isinstance(value, _NUMBERS) else _digest(value)


def _digest(value: Any) -> int:
    import hashlib

    return int.from_bytes(hashlib.blake2b(str(value).encode(), digest_size=8).digest(), "little")


def _mixed(words: Keys) -> Keys:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)
