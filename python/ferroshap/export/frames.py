"""Frames of pandas and polars."""

from typing import Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explanation import Explanation
from ferroshap.explanation.levels import is_missing
from ferroshap.export.columns import columns_of, entries_of
from ferroshap.export.libraries import met


def to_pandas(explanation: Explanation, field: str = "values", form: str = "wide", output: Any = None) -> Any:
    """Return a pandas frame: `Explanation.to_pandas`."""
    pandas = met("pandas", "to_pandas")
    columns = columns_of(explanation, field, form, output)
    index = None if columns.rows is None else pandas.Index(columns.rows)
    series = [_pandas_series(pandas, array, index) for array in columns.arrays]
    if not series:
        return pandas.DataFrame(index=index)
    frame = pandas.concat(series, axis=1)
    frame.columns = columns.names  # names may come twice, as in the Explanation
    return frame


def _pandas_series(pandas: Any, array: np.ndarray, index: Any) -> Any:
    """A column in pandas' own dtype: whole numbers and truth values with gaps in those that know gaps."""
    if array.dtype != object:
        return pandas.Series(array, index=index)
    present = [value for value in array.tolist() if not is_missing(value)]
    has_gaps = len(present) < len(array)
    kinds = {type(value) for value in present}
    for kind, dtype in ((bool, "boolean"), (int, "Int64")):
        if has_gaps and kinds == {kind} and all(-(2**63) <= value < 2**63 for value in present):
            return pandas.Series([None if is_missing(v) else v for v in array.tolist()], index=index, dtype=dtype)
    return pandas.Series(array, index=index, dtype=object).infer_objects()


def to_polars(explanation: Explanation, field: str = "values", form: str = "wide", output: Any = None) -> Any:
    """Return a polars frame: `Explanation.to_polars`."""
    polars = met("polars", "to_polars")
    columns = columns_of(explanation, field, form, output)
    refuse_doubles(columns.names, "polars")
    named = zip(columns.names, columns.arrays, strict=True)
    return polars.DataFrame({name: _polars_series(polars, array) for name, array in named})


def _polars_series(polars: Any, array: np.ndarray) -> Any:
    """A column in polars' own dtype; kinds that do not go together are written as words."""
    if array.dtype != object:
        if array.dtype.kind in "US":
            return polars.Series("", array.tolist(), dtype=polars.String)
        return polars.Series("", np.ascontiguousarray(array))
    entries = entries_of(array)
    has_none = all(entry is None for entry in entries)
    return polars.Series("", entries, dtype=polars.String if has_none else None)


def refuse_doubles(names: list[str], library: str) -> None:
    """Ask for names of their own where the library needs them.

    Raises
    ------
    OptionError
        Naming the first name that comes twice.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            msg = f"{library} needs different names, but {name!r} comes twice: set `feature_names`, or use form='long'"
            raise OptionError(msg)
        seen.add(name)
