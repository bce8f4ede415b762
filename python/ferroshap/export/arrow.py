"""Arrow tables, and the stream that other libraries read without a copy."""

from importlib.util import find_spec
from typing import Any

import numpy as np

from ferroshap.explanation import Explanation
from ferroshap.export.columns import columns_of, entries_of
from ferroshap.export.frames import refuse_doubles, to_polars
from ferroshap.export.libraries import met


def to_arrow(explanation: Explanation, field: str = "values", form: str = "wide", output: Any = None) -> Any:
    """Return a pyarrow table: `Explanation.to_arrow`."""
    arrow = met("pyarrow", "to_arrow")
    columns = columns_of(explanation, field, form, output)
    refuse_doubles(columns.names, "Arrow")
    return arrow.table([_arrow_array(arrow, array) for array in columns.arrays], names=columns.names)


def _arrow_array(arrow: Any, array: np.ndarray) -> Any:
    """A column in Arrow's own type; kinds that do not go together are written as words."""
    if array.dtype != object:
        if array.dtype.kind in "US":
            return arrow.array(array.tolist(), arrow.string())
        return arrow.array(np.ascontiguousarray(array))
    entries = entries_of(array)
    has_none = all(entry is None for entry in entries)
    return arrow.array(entries, arrow.string()) if has_none else arrow.array(entries)


def stream(explanation: Explanation, requested_schema: Any = None) -> Any:
    """Return an Arrow stream: `Explanation.__arrow_c_stream__`."""
    form = "long" if _is_long(explanation) else "wide"
    if find_spec("pyarrow") is None and find_spec("polars") is not None:
        return to_polars(explanation, form=form).__arrow_c_stream__(requested_schema)
    table = to_arrow(explanation, form=form)
    return table.__arrow_c_stream__(requested_schema)


def _is_long(explanation: Explanation) -> bool:
    """Whether one column a feature has no room for all values."""
    n_outputs = explanation.shape[-1] if explanation.axes[-1:] == ("output",) else 1
    return n_outputs != 1 or explanation.axes.count("feature") > 1
