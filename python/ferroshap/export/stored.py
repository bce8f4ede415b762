"""Fields as JSON beside NumPy arrays, and back: the values that a file can keep.

What JSON has stands there as it is; everything else is an object of one key that says what its value is:

========== ==========================================================================================
key        value
========== ==========================================================================================
float      "nan", "inf" or "-inf"
array      the member of the zip that holds the NumPy array
scalar     dtype and number of one NumPy number; dates as their count
objects    shape, and the columns of an array of objects: see :mod:`ferroshap.export.stored_columns`
names      a list of names along an axis
features   "tables", the names along each axis of features (null: none); "picked", of one that was picked
list, tuple, slice   their parts
dict       pairs of key and value
record     class, text and fields of a plan or a plausibility
text       what is left of an object that is known by its text only
========== ==========================================================================================
"""

import dataclasses
import importlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ferroshap.explanation.names import FeatureNames, NameTable
from ferroshap.export.stored_columns import read_objects, written_objects

#: Classes of ours that fields may hold; nothing else is built from a file.
RECORDS = {
    "Plan": "ferroshap.explainers.plan:Plan",
    "Plausibility": "ferroshap.maskers.plausibility:Plausibility",
}


class Writing:
    """What goes into a file: descriptions for the header, and the arrays they name."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def array(self, value: np.ndarray, where: str) -> str:
        """Keep an array under the name of the field, numbered if that has several."""
        name, count = f"{where}.npy", 1
        while name in self.arrays:
            name, count = f"{where}-{count}.npy", count + 1
        self.arrays[name] = value
        return name

    def described(self, value: Any, where: str) -> Any:
        """Describe a value, keeping what is large beside the header."""
        if value is None or (isinstance(value, (bool, int)) and not isinstance(value, np.generic)):
            return value
        if type(value) is str:
            return value
        if isinstance(value, np.ndarray):
            if value.dtype == object:
                return {"objects": written_objects(value, where, self.array)}
            return {"array": self.array(value, where)}
        if isinstance(value, np.generic):
            return {"scalar": scalar(value)}
        if isinstance(value, float):
            return value if math.isfinite(value) else {"float": repr(value)}
        if isinstance(value, NameTable):
            return {"names": value.names}
        if isinstance(value, FeatureNames):
            tables = [None if table is None else table.names for table in value.tables]
            return {"features": {"tables": tables, "picked": value.picked}}
        return self._described_parts(value, where)

    def _described_parts(self, value: Any, where: str) -> Any:
        if type(value) in {list, tuple}:
            return {type(value).__name__: [self.described(part, where) for part in value]}
        if type(value) is slice:
            return {"slice": [self.described(part, where) for part in (value.start, value.stop, value.step)]}
        if isinstance(value, dict):
            return {"dict": [[self.described(k, where), self.described(v, where)] for k, v in value.items()]}
        if type(value).__name__ in RECORDS and dataclasses.is_dataclass(value):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
            described = {name: self.described(part, where) for name, part in fields.items()}
            return {"record": {"class": type(value).__name__, "text": str(value), "fields": described}}
        name = getattr(value, "name", None)  # a status is known by its name
        return {"text": name if isinstance(name, str) else str(value)}


def scalar(value: np.generic) -> list[Any]:
    """The dtype of a NumPy number, and the number; of dates their count.

    Examples
    --------
    >>> scalar(np.float32(0.5)), scalar(np.datetime64("1970-01-03"))
    (['<f4', 0.5], ['<M8[D]', 2])
    """
    dtype = np.asarray(value).dtype
    if dtype.kind in "mM":
        return [dtype.str, int(value.astype(np.int64))]
    item = value.item()
    if isinstance(item, float) and not math.isfinite(item):
        item = repr(item)
    return [dtype.str, item]


class Reading:
    """What came out of a file: arrays by the names that descriptions give them."""

    def __init__(self, array: Callable[[str], np.ndarray]) -> None:
        self.array = array

    def restored(self, description: Any) -> Any:
        """Build a value from its description.

        Raises
        ------
        ValueError
            When the description is of a kind that there is not.
        """
        if not isinstance(description, dict):
            return description
        ((kind, content),) = description.items()
        build = getattr(self, f"_{kind}", None)
        if build is None:
            msg = f"a value of the unknown kind {kind!r}"
            raise ValueError(msg)
        return build(content)

    def _float(self, text: str) -> float:
        return float(text)

    def _array(self, name: str) -> np.ndarray:
        return self.array(name)

    def _scalar(self, parts: list[Any]) -> Any:
        return np.array(parts[1], dtype=parts[0])[()] if parts[0][1:2] not in "mM" else _date(*parts)

    def _objects(self, parts: dict[str, Any]) -> np.ndarray:
        return read_objects(parts, self.array)

    def _names(self, names: list[str]) -> NameTable:
        return NameTable(names)

    def _features(self, parts: dict[str, Any]) -> FeatureNames:
        tables: list[NameTable | None] = []
        for names in parts["tables"]:
            known = next((table for table in tables if table is not None and table.names == names), None)
            tables.append(known if known is not None or names is None else NameTable(names))
        return FeatureNames(tuple(tables), parts["picked"])

    def _list(self, parts: list[Any]) -> list[Any]:
        return [self.restored(part) for part in parts]

    def _tuple(self, parts: list[Any]) -> tuple[Any, ...]:
        return tuple(self._list(parts))

    def _slice(self, parts: list[Any]) -> slice:
        return slice(*self._list(parts))

    def _dict(self, pairs: list[list[Any]]) -> dict[Any, Any]:
        return {self.restored(key): self.restored(part) for key, part in pairs}

    def _record(self, parts: dict[str, Any]) -> Any:
        room, _, name = RECORDS[parts["class"]].partition(":")
        cls = getattr(importlib.import_module(room), name)
        known = {field.name for field in dataclasses.fields(cls) if field.init}
        fields = {name: self.restored(part) for name, part in parts["fields"].items() if name in known}
        try:
            return cls(**fields)
        except TypeError:  # of a version with other fields
            return parts["text"]

    def _text(self, text: str) -> str:
        return text


def _date(dtype: str, count: int) -> Any:
    return np.array(count, dtype=np.int64).view(dtype)[()]
