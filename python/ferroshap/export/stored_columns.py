"""Arrays of objects as typed columns: words, numbers, truth values, times and what is missing, without a pickle.

An array is cut along its last axis. A column whose present entries are all of one kind is
``{"kind": ..., ...}`` with arrays beside the header; else ``{"kind": "mixed", "entries": [...]}`` has them one by one.

========== ========================================================================================
kind       what stands beside it
========== ========================================================================================
words      "levels", the distinct words; "codes", the array of their numbers
float, int, bool   "values", an array
timestamp  "values", an array of datetime64: pandas' timestamps without a zone
mixed      "entries": JSON's own values, or ``[type, content]``
========== ========================================================================================

"missing" names an array of bytes where there are gaps: 0 present, 1 None, 2 NaN, 3 pandas' NA, 4 NaT, 5 absent.
"""

import datetime as dt
import decimal
import importlib
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ferroshap.export.absent import ABSENT, Absent

Keep = Callable[[np.ndarray, str], str]  # keeps an array beside the header and tells its name

_NONE, _NAN, _NA, _NAT, _ABSENT = 1, 2, 3, 4, 5
_FITS = 2**63


def written_objects(array: np.ndarray, where: str, keep: Keep) -> dict[str, Any]:
    """Describe an array of objects, column by column.

    Raises
    ------
    TypeError
        Naming the first entry that no file can keep.
    """
    width = array.shape[-1] if array.ndim else 1
    cells = array.reshape(-1, width) if array.size else np.empty((0, width), dtype=object)
    columns = [_written(cells[:, at].tolist(), where, keep) for at in range(width)]
    return {"shape": list(array.shape), "columns": columns}


def _written(entries: list[Any], where: str, keep: Keep) -> dict[str, Any]:
    gaps = np.array([_gap(entry) for entry in entries], dtype=np.uint8)
    present = [entry for entry, gap in zip(entries, gaps, strict=True) if not gap]
    kinds = {type(entry) for entry in present}
    described: dict[str, Any] | None = None
    if kinds == {str}:
        levels = dict.fromkeys(present)
        rank = {word: number for number, word in enumerate(levels)}
        codes = np.array([rank[word] for word in present], dtype=np.int32)
        described = {"kind": "words", "levels": list(levels), "codes": keep(codes, where)}
    elif kinds in ({float}, {bool}):
        described = {"kind": next(iter(kinds)).__name__, "values": keep(np.array(present), where)}
    elif kinds == {int} and all(-_FITS <= entry < _FITS for entry in present):
        described = {"kind": "int", "values": keep(np.array(present, dtype=np.int64), where)}
    elif len(kinds) == 1 and _is_plain_timestamp(present):
        units = {entry.unit for entry in present}
        if len(units) == 1:
            times = np.array([entry.to_datetime64() for entry in present], dtype=f"datetime64[{units.pop()}]")
            described = {"kind": "timestamp", "values": keep(times, where)}
    if described is None:
        described = {"kind": "mixed", "entries": [_tagged(entry, where) for entry in present]}
    if gaps.any():
        described["missing"] = keep(gaps, where)
    return described


def _gap(entry: Any) -> int:
    """The number of the kind of gap, 0 for none."""
    if entry is None:
        return _NONE
    if type(entry) is float:
        return _NAN if math.isnan(entry) else 0
    if isinstance(entry, Absent):
        return _ABSENT
    pandas = sys.modules.get("pandas")  # whoever has its values has loaded it
    if pandas is None:
        return 0
    return _NA if entry is pandas.NA else _NAT if entry is pandas.NaT else 0


def _is_plain_timestamp(present: list[Any]) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and all(isinstance(e, pandas.Timestamp) and e.tzinfo is None for e in present)


def _tagged(entry: Any, where: str) -> Any:
    """One entry by itself: JSON's own, or what it is with what it holds."""
    if type(entry) in {bool, int, str}:
        return entry
    if type(entry) is float:
        return entry if math.isfinite(entry) else ["float", repr(entry)]
    if isinstance(entry, np.generic):
        from ferroshap.export.stored import scalar

        return ["scalar", scalar(entry)]
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(entry, pandas.Timestamp):
        return ["timestamp", [entry.isoformat(), entry.unit, None if entry.tz is None else str(entry.tz)]]
    if pandas is not None and isinstance(entry, pandas.Timedelta):
        return ["interval", [entry.isoformat(), entry.unit]]
    kind = type(entry)
    if kind in {dt.datetime, dt.date, dt.time}:
        return [kind.__name__, entry.isoformat()]
    if kind is dt.timedelta:
        return ["timedelta", [entry.days, entry.seconds, entry.microseconds]]
    if kind is decimal.Decimal:
        return ["decimal", str(entry)]
    if kind is bytes:
        return ["bytes", entry.hex()]
    if kind is tuple:
        return ["tuple", [_tagged(part, where) if part is not None else None for part in entry]]
    msg = f"`{where}` holds {entry!r} of {kind.__module__}.{kind.__qualname__}, which no file can keep: make it a word"
    raise TypeError(msg)


def read_objects(parts: dict[str, Any], array: Callable[[str], np.ndarray]) -> np.ndarray:
    """Build an array of objects from its description."""
    shape = tuple(parts["shape"])
    columns = parts["columns"]
    n_rows = math.prod(shape[:-1]) if math.prod(shape) else 0
    cells = np.empty((n_rows, len(columns)), dtype=object)
    for at, column in enumerate(columns):
        present = _read(column, array)
        if "missing" in column:
            gaps = array(column["missing"])
            cells[gaps == 0, at] = present
            for row in np.flatnonzero(gaps):
                cells[row, at] = _read_gap(int(gaps[row]))
        else:
            cells[:, at] = present
    return cells.reshape(shape)


def _read(column: dict[str, Any], array: Callable[[str], np.ndarray]) -> np.ndarray:
    kind = column["kind"]
    if kind == "words":
        levels = np.empty(len(column["levels"]), dtype=object)
        levels[:] = column["levels"]
        return np.asarray(levels[array(column["codes"])])
    if kind in {"float", "int", "bool"}:
        entries = array(column["values"]).tolist()
    elif kind == "timestamp":
        pandas = importlib.import_module("pandas")
        entries = [pandas.Timestamp(value) for value in array(column["values"])]
    elif kind == "mixed":
        entries = [_untagged(entry) for entry in column["entries"]]
    else:
        msg = f"a column of the unknown kind {kind!r}"
        raise ValueError(msg)
    present = np.empty(len(entries), dtype=object)
    for at, entry in enumerate(entries):  # one by one: NumPy would take tuples apart
        present[at] = entry
    return present


def _read_gap(kind: int) -> Any:
    if kind in {_NA, _NAT}:
        pandas = importlib.import_module("pandas")
        return pandas.NA if kind == _NA else pandas.NaT
    return {_NONE: None, _NAN: math.nan, _ABSENT: ABSENT}[kind]


def _untagged(entry: Any) -> Any:
    if not isinstance(entry, list):
        return entry
    kind, content = entry
    if kind == "scalar":
        from ferroshap.export.stored import Reading

        return Reading(lambda name: np.empty(0)).restored({"scalar": content})  # noqa: ARG005 - it names no array
    if kind in {"timestamp", "interval"}:
        pandas = importlib.import_module("pandas")
        if kind == "interval":
            return pandas.Timedelta(content[0]).as_unit(content[1])
        stamp = pandas.Timestamp(content[0])
        stamp = stamp if content[2] is None else stamp.tz_convert(content[2])
        return stamp.as_unit(content[1])
    builders: dict[str, Callable[[Any], Any]] = {
        "float": float,
        "datetime": dt.datetime.fromisoformat,
        "date": dt.date.fromisoformat,
        "time": dt.time.fromisoformat,
        "timedelta": lambda parts: dt.timedelta(*parts),
        "decimal": decimal.Decimal,
        "bytes": bytes.fromhex,
        "tuple": lambda parts: tuple(map(_untagged, parts)),
    }
    if kind not in builders:
        msg = f"an entry of the unknown kind {kind!r}"
        raise ValueError(msg)
    return builders[kind](content)
