"""The one door for data: every accepted input becomes a `Table` here, or is refused."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.inputs.array_column import ArrayColumn
from ferroshap.inputs.column import Native
from ferroshap.inputs.exactness import Array, is_plain, object_array
from ferroshap.inputs.foreign import ACCEPTED, as_array, eager_frame, is_instance
from ferroshap.inputs.table import Table, stack_objects

READY_KINDS = frozenset("biufmMOUS")


def read_table(data: object, *, argument: str, allow_single_row: bool = False) -> Table:
    """Read whatever the user gave as a table, or refuse it by name.

    Parameters
    ----------
    data : object
        A NumPy array, a `scipy.sparse` matrix, a frame of pandas, polars, pyarrow or
        another library that narwhals or Arrow's C stream reaches, a list of rows, or an
        object with `__dlpack__` or `__array__`.
    argument : str
        The caller's name for it, used in messages.
    allow_single_row : bool
        Whether one row may come as a one-dimensional array, a Series or a dict.

    Returns
    -------
    Table
        The same values, not copied unless the byte order or the sparse format is foreign.

    Raises
    ------
    DimensionError
        No columns, rows of different lengths, not two-dimensional.
    OptionError
        Duplicate column names, complex numbers, a lazy frame, no table at all.

    Examples
    --------
    >>> read_table([[39, "State-gov"], [50, "Private"]], argument="X")
    <Table X: array, 2 rows, 2 columns>
    """
    if type(data) is np.ndarray:
        return _read_array(data, argument, allow_single_row=allow_single_row)
    if isinstance(data, Table):
        return data
    table = _read_native(data, argument)
    if table is not None:
        return table
    if isinstance(data, list) and data and all(isinstance(row, Mapping) for row in data):
        return _read_records(data, argument)
    if isinstance(data, Mapping):
        return _read_named_row(data, argument, allow_single_row=allow_single_row)
    if is_instance(data, "pandas", "Series"):
        return _read_pandas_row(data, argument, allow_single_row=allow_single_row)
    foreign = eager_frame(data, argument)
    if foreign is not None:
        return read_table(foreign, argument=argument)
    return _read_array(as_array(data, argument), argument, allow_single_row=allow_single_row)


def _read_array(array: Array, argument: str, *, allow_single_row: bool) -> Table:
    dtype = array.dtype
    if dtype.names and array.ndim == 1:
        return _of_named([array[name] for name in dtype.names], list(dtype.names), argument)
    if dtype.kind not in READY_KINDS:
        raise _wrong_dtype(dtype, argument)
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
    if array.ndim == 2:
        n_rows, n_columns = array.shape
        if n_columns == 0:
            raise _no_columns(argument)
        return Table(argument, "array", array, n_rows, n_columns)
    if array.ndim != 1 or not allow_single_row:
        raise _wrong_rank(array.shape, argument)
    if not len(array):
        raise _no_columns(argument)
    return Table(argument, "array", array[None, :], 1, len(array), is_single_row=True)


def _read_native(data: Native, argument: str) -> Table | None:
    """Read a two-dimensional table of a library that is loaded already; None if it is none."""
    if is_instance(data, "pandas", "DataFrame"):
        for dtype in data.dtypes:
            if getattr(dtype, "kind", "") == "c":
                raise _wrong_dtype(dtype, argument)
        return _framed("pandas", data, data.columns, argument)
    if is_instance(data, "polars", "DataFrame"):
        return _framed("polars", data, data.columns, argument)
    if is_instance(data, "pyarrow", "RecordBatch"):
        data = sys.modules["pyarrow"].Table.from_batches([data])
    if is_instance(data, "pyarrow", "Table"):
        return _framed("pyarrow", data, data.column_names, argument)
    if is_instance(data, "scipy.sparse", "spmatrix") or is_instance(data, "scipy.sparse", "sparray"):
        return _read_sparse(data, argument)
    return None


def _framed(kind: str, data: Native, labels: Sequence[object], argument: str) -> Table:
    names = [str(label) for label in labels]
    if not names:
        raise _no_columns(argument)
    if len(set(names)) < len(names):
        twice = ", ".join(repr(name) for name, count in Counter(names).items() if count > 1)
        msg = f"`{argument}` has several columns of the name {twice}: rename them."
        raise OptionError(msg)
    return Table(argument, kind, data, len(data), len(names), names)


def _read_sparse(data: Native, argument: str) -> Table:
    if data.ndim != 2:
        raise _wrong_rank(data.shape, argument)
    if not is_plain(data.dtype):
        raise _wrong_dtype(data.dtype, argument)
    if not data.shape[1]:
        raise _no_columns(argument)
    rows = data.tocsr()
    if not rows.has_canonical_format:
        rows = rows.copy()  # sorting would change the user's matrix
        rows.sum_duplicates()
    return Table(argument, "sparse", rows, *rows.shape)


def _read_records(rows: list[Mapping[object, object]], argument: str) -> Table:
    """Read a list of rows given as dicts, all with the same keys."""
    labels = list(rows[0])
    for number, row in enumerate(rows):
        if row.keys() != rows[0].keys():
            strange = ", ".join(sorted(repr(key) for key in row.keys() ^ rows[0].keys()))
            msg = (
                f"`{argument}` is a list of dicts, but row {number} differs from row 0 in {strange}: give all the same"
            )
            raise DimensionError(msg)
    return _of_named([object_array([row[label] for row in rows]) for label in labels], labels, argument)


def _of_named(columns: list[Array], labels: list[object], argument: str) -> Table:
    """Make a table of arrays with names: numbers side by side if all are numbers, else objects."""
    numbers = [ArrayColumn(column).numbers() for column in columns]
    values: Array
    if columns and all(column is not None for column in numbers):
        values = np.column_stack([np.asarray(column, dtype=np.float64) for column in numbers])
    else:
        values = stack_objects([column.astype(object) for column in columns], len(columns[0]) if columns else 0)
    return _framed("array", values, labels, argument)


def _read_named_row(row: Mapping[object, object], argument: str, *, allow_single_row: bool) -> Table:
    """Read one row given as a dict of scalars."""
    values = list(row.values())
    if not allow_single_row or all(hasattr(value, "__len__") and not isinstance(value, str) for value in values):
        accepted = "a dict is one row of scalars" if allow_single_row else "a dict holds one row only"
        msg = f"`{argument}` is a dict, but {accepted}: pass {ACCEPTED}."
        raise DimensionError(msg)
    table = _framed("array", object_array(values)[None, :], list(row), argument)
    return replace(table, is_single_row=True)


def _read_pandas_row(series: Native, argument: str, *, allow_single_row: bool) -> Table:
    """Read one row given as a Series: its index names the columns."""
    if not allow_single_row:
        raise _wrong_rank(series.shape, argument)
    return replace(_framed("pandas", series.to_frame().T, series.index, argument), is_single_row=True)


def _wrong_rank(shape: tuple[int, ...], argument: str) -> DimensionError:
    remedy = f"for one row, pass `{argument}[None, :]`" if len(shape) == 1 else "flatten the other axes"
    return DimensionError(f"`{argument}` has shape {shape}, but a table of shape (rows, columns) is needed: {remedy}.")


def _wrong_dtype(dtype: np.dtype[Any], argument: str) -> OptionError:
    return OptionError(f"`{argument}` holds {dtype} values: pass real numbers, text, dates or Python objects.")


def _no_columns(argument: str) -> DimensionError:
    return DimensionError(f"`{argument}` has 0 columns: at least one is needed.")
