"""NumPy arrays as Arrow arrays over the same memory; pyarrow's own way would import pandas, which takes a second."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.export.libraries import met

#: Rows of a strip: both sides of the transposition stay in the cache.
STRIP_ROWS = 256


def floats(values: NDArray[Any]) -> Any:
    """Wrap one contiguous column of float32 or float64."""
    arrow = met("pyarrow", "explain_arrow")
    return arrow.Array.from_buffers(kind_of(values.dtype), len(values), [None, arrow.py_buffer(values)])


def kind_of(dtype: Any) -> Any:
    """Return Arrow's type of floats."""
    arrow = met("pyarrow", "explain_arrow")
    return arrow.float32() if np.dtype(dtype) == np.float32 else arrow.float64()


def by_column(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Bring ``(rows, columns)`` to ``(columns, rows)`` in memory of its own, strip by strip.

    Examples
    --------
    >>> by_column(np.array([[1.0, 2.0], [3.0, 4.0]]), "float32")
    array([[1., 3.],
           [2., 4.]], dtype=float32)
    """
    n_rows, n_columns = values.shape
    columns = np.empty((n_columns, n_rows), dtype=dtype)
    for first in range(0, n_rows, STRIP_ROWS):
        columns[:, first : first + STRIP_ROWS] = values[first : first + STRIP_ROWS].T
    return columns


def columns_of(values: NDArray[Any], dtype: str) -> list[Any]:
    """Wrap ``(rows, columns)`` as one array a column."""
    arrow, kind, n_rows = met("pyarrow", "explain_arrow"), kind_of(dtype), len(values)
    columns = by_column(values, dtype)
    return [arrow.Array.from_buffers(kind, n_rows, [None, arrow.py_buffer(column)]) for column in columns]


def lists_of(values: NDArray[Any], dtype: str) -> Any:
    """Wrap ``(rows, columns)`` as one fixed-size list a row."""
    arrow = met("pyarrow", "explain_arrow")
    flat = np.array(values, dtype=dtype, order="C").reshape(-1)
    return arrow.FixedSizeListArray.from_arrays(floats(flat), values.shape[1])


def integers(values: NDArray[Any]) -> Any:
    """Wrap int32."""
    arrow = met("pyarrow", "explain_arrow")
    whole = np.ascontiguousarray(values, dtype=np.int32).reshape(-1)
    return arrow.Array.from_buffers(arrow.int32(), len(whole), [None, arrow.py_buffer(whole)])


def text(words: list[str]) -> Any:
    """Make an array of text."""
    arrow = met("pyarrow", "explain_arrow")
    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    return arrow.StringArray.from_buffers(len(words), arrow.py_buffer(ends), arrow.py_buffer(b"".join(encoded)))


def named(codes: NDArray[Any], names: Any) -> Any:
    """Make a dictionary-encoded array of names."""
    return met("pyarrow", "explain_arrow").DictionaryArray.from_arrays(integers(codes), names)


def nothing(n_rows: int, kind: Any) -> Any:
    """Make a column of nulls."""
    return met("pyarrow", "explain_arrow").nulls(n_rows, kind)
