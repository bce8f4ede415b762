"""Whatever comes as rows, brought to a table whose columns are found by name."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.engines.arrow.needed import column_at
from ferroshap.errors import OptionError
from ferroshap.export.libraries import met
from ferroshap.inputs import Table, read_table
from ferroshap.inputs.foreign import is_instance


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as their own library has them.

    Attributes
    ----------
    kind : {"pyarrow", "pandas", "polars"}
        The library.
    source : object
        The table.
    names : list of str
        Its columns.
    n_rows : int
        Its rows.
    """

    kind: str
    source: Any
    names: list[str]
    n_rows: int

    def table(self, places: list[int]) -> Table:
        """Take the columns at some places, in that order."""
        if self.kind == "pandas":
            chosen = self.source.iloc[:, places]
        elif self.kind == "polars":
            chosen = self.source[:, places]
        else:
            chosen = self.source.select(places)
        return read_table(chosen, argument="data")

    def row_key(self, row_key: Any, first_row: int) -> NDArray[Any]:
        """Return what tells rows apart: their numbers, or those in a column; nothing yet for "content".

        Raises
        ------
        OptionError
            For a column that is not of integers, or has nulls or negative ones.
        """
        if row_key is None or (isinstance(row_key, str) and row_key == "content"):
            return np.arange(first_row, first_row + self.n_rows, dtype=np.int64)
        if not isinstance(row_key, str):
            msg = f"`row_key` is {row_key!r}, but must be None, 'content' or the name of a column of integers"
            raise OptionError(msg)
        column = self.table([column_at(self.names, row_key, "row_key")]).columns[0]
        numbers = column.numbers()
        if numbers is None or numbers.dtype.kind not in "iu" or (numbers < 0).any():
            msg = (
                f"`row_key` is {row_key!r}, a column of {column.dtype_name} values, but must be one of non-negative "
                "integers without nulls"
            )
            raise OptionError(msg)
        return numbers


def as_rows(data: Any) -> Rows:
    """Read Arrow of any origin; frames of pandas and polars stay what they are.

    Raises
    ------
    OptionError
        For what is none of these.
    """
    for kind in ("pandas", "polars"):
        if is_instance(data, kind, "DataFrame"):
            return Rows(kind, data, [str(name) for name in data.columns], len(data))
    table = as_arrow(data)
    return Rows("pyarrow", table, list(table.column_names), table.num_rows)


def as_arrow(data: Any) -> Any:
    """Read Arrow of any origin as a pyarrow table.

    Raises
    ------
    OptionError
        For what is no table.
    """
    arrow = met("pyarrow", "explain_arrow")
    if isinstance(data, arrow.Table):
        return data
    if isinstance(data, arrow.RecordBatch):
        return arrow.Table.from_batches([data])
    if isinstance(data, arrow.RecordBatchReader):
        return data.read_all()
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        try:
            is_stream = hasattr(data, "__arrow_c_stream__")
            return arrow.table(data) if is_stream else arrow.Table.from_batches([arrow.record_batch(data)])
        except (arrow.ArrowInvalid, TypeError) as error:
            msg = f"`data` is a {type(data).__module__}.{type(data).__qualname__}, which holds no table: {error}"
            raise OptionError(msg) from None
    msg = (
        f"`data` is a {type(data).__module__}.{type(data).__qualname__}: pass a record batch or table of Arrow, or "
        "anything else with `__arrow_c_stream__` or `__arrow_c_array__`; explain_frame takes other frames"
    )
    raise OptionError(msg)
