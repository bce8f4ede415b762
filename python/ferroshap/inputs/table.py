"""`Table`: what the user gave, unchanged, with the ways to look at it by columns."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ferroshap.inputs.array_column import ArrayColumn
from ferroshap.inputs.borrowing import borrowable
from ferroshap.inputs.column import Column
from ferroshap.inputs.exactness import Array, cast_exactly, is_plain
from ferroshap.inputs.sparse import mark_absent

Source: TypeAlias = Any  # an ndarray, a frame of pandas, polars or pyarrow, or a CSR matrix

MOST_STACKS = 16  # rows that force other dtypes on the background each need another one

FRAME_COLUMNS = {
    "pandas": "ferroshap.inputs.pandas_column:PandasColumn",
    "polars": "ferroshap.inputs.polars_column:PolarsColumn",
    "pyarrow": "ferroshap.inputs.arrow_column:ArrowColumn",
}


@dataclass(frozen=True, eq=False)
class Table:
    """A table the user gave, with what is needed to give rows of the same kind back.

    Attributes
    ----------
    argument : str
        What the caller named the table, for messages.
    kind : {"array", "pandas", "polars", "pyarrow", "sparse"}
        The library that `source` belongs to.
    source : object
        The table itself, two-dimensional, never changed; arrays are in native byte order.
    n_rows, n_columns : int
        Its shape.
    names : list of str or None
        The names of the columns, None where the input had none.
    is_single_row : bool
        Whether a one-dimensional array, a Series or a dict was given for one row.
    """

    argument: str
    kind: str
    source: Source
    n_rows: int
    n_columns: int
    names: list[str] | None = None
    is_single_row: bool = False

    def __getstate__(self) -> dict[str, Any]:
        """Give what came, without what was made of it since: that is made again."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __repr__(self) -> str:
        """Say the kind and the shape."""
        return f"<Table {self.argument}: {self.kind}, {self.n_rows} rows, {self.n_columns} columns>"

    @property
    def is_frame(self) -> bool:
        """Whether the table belongs to a library of data frames."""
        return self.kind in FRAME_COLUMNS

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns as their own library stores them; those of a sparse matrix are dense."""
        if not self.is_frame:
            values = self.source.toarray() if self.kind == "sparse" else self.source
            return tuple(map(ArrayColumn, values.T))
        room, _, name = FRAME_COLUMNS[self.kind].partition(":")
        column = getattr(importlib.import_module(room), name)
        if self.kind == "pandas":
            return tuple(column(series) for _, series in self.source.items())
        return tuple(map(column, self.source.iter_columns() if self.kind == "polars" else self.source.columns))

    @cached_property
    def matrix(self) -> Array | None:
        """All values as one array `(rows, columns)`, C-contiguous; None unless all are words of one dtype."""
        if self.kind == "sparse":
            values = self.source.toarray()
        elif self.kind == "array":
            values = self.source
        elif self.kind == "pandas":
            dtypes = set(self.source.dtypes)
            if len(dtypes) > 1 or not isinstance(next(iter(dtypes)), np.dtype):
                return None
            values = self.source.to_numpy()
        else:
            plain = [column.plain for column in self.columns]
            if any(values is None or values.dtype != plain[0].dtype for values in plain):  # type: ignore[union-attr]
                return None
            values = np.column_stack(plain)  # type: ignore[arg-type]
        return borrowable(values) if is_plain(values.dtype) else None

    @cached_property
    def numeric(self) -> Array | None:
        """All values as one array of real numbers, NaN where one is missing; None if that changes a value."""
        if self.matrix is not None:
            return self.matrix if self.matrix.dtype.kind not in "mM" else None
        numbers = [column.numbers() for column in self.columns]
        if any(values is None for values in numbers):
            return None
        common = np.result_type(*{values.dtype for values in numbers if values is not None})
        cast = [cast_exactly(values, common) for values in numbers if values is not None]
        if not is_plain(common) or any(values is None for values in cast):
            return None
        return np.column_stack(cast)  # type: ignore[arg-type]  # no None is left

    @cached_property
    def positions(self) -> npt.NDArray[np.int64]:
        """The numbers of the columns."""
        return np.arange(self.n_columns, dtype=np.int64)

    @property
    def labels(self) -> Source:
        """What the library of a frame needs to name the columns as they were."""
        return self.source.schema if self.kind == "pyarrow" else self.source.columns

    @property
    def display(self) -> Array:
        """The values `(rows, columns)` for people: numbers if all are numbers, else the original objects.

        An array that was given as an array is returned itself, not a copy.
        """
        if self.kind == "array" and self.source.dtype != object:
            source: Array = self.source
            return source
        if self.numeric is not None:
            return self.numeric
        return stack_objects([column.objects() for column in self.columns], self.n_rows)

    @cached_property
    def marked(self) -> tuple[Array, int]:
        """The dense words of a sparse matrix, and the bits of the entries that are not stored."""
        return mark_absent(self.source)

    def boxed(self, position: int) -> ArrayColumn:
        """Give a column as an array of Python objects; made once."""
        if position not in self._boxed:
            self._boxed[position] = ArrayColumn(self.columns[position].objects())
        return self._boxed[position]

    @cached_property
    def _boxed(self) -> dict[int, ArrayColumn]:
        return {}

    def stacked(self, columns: Sequence[Array]) -> Array:
        """Put words of this table side by side, C-contiguous; made once for the same arrays."""
        key = tuple(map(id, columns))
        known = self._stacks.get(key)
        if known is None:
            if len(self._stacks) >= MOST_STACKS:
                self._stacks.clear()
            known = np.column_stack(columns), columns  # kept with its columns, so that their ids stay theirs
            self._stacks[key] = known
        return known[0]

    @cached_property
    def _stacks(self) -> dict[tuple[int, ...], tuple[Array, Sequence[Array]]]:
        return {}

    def take_rows(self, index: slice | npt.ArrayLike) -> "Table":
        """Give the rows that a slice, a mask or a list of positions selects, as a table of the same kind."""
        positions = np.arange(self.n_rows)[index]  # type: ignore[index]  # whatever NumPy can index with
        source = self.source
        if self.kind == "pandas":
            rows = source.iloc[positions]
        elif self.kind == "pyarrow":
            rows = source.take(positions)
        else:
            rows = source[positions]
        return Table(self.argument, self.kind, rows, len(positions), self.n_columns, self.names)

    def reorder(self, positions: Sequence[int] | npt.NDArray[np.intp]) -> "Table":
        """Give the same rows with the columns at `positions`, in that order."""
        order = [int(position) for position in positions]
        source = self.source
        if self.kind == "pandas":
            columns = source.iloc[:, order]
        elif self.kind == "pyarrow":
            columns = source.select(order)
        else:
            columns = source[:, order]
        names = None if self.names is None else [self.names[position] for position in order]
        return Table(self.argument, self.kind, columns, self.n_rows, len(order), names, self.is_single_row)


def stack_objects(columns: Sequence[Array], n_rows: int) -> Array:
    """Put columns side by side in one object array `(rows, columns)`."""
    values = np.empty((n_rows, len(columns)), object)
    for position, column in enumerate(columns):
        values[:, position] = column
    return values
