"""Digests of objects by what they hold: the same in every process, whatever was computed meanwhile."""

import copy
import hashlib
import struct
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from functools import cached_property
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explainers.fingerprints.functions import is_of_a_library, parts_of_code, parts_of_function
from ferroshap.explainers.pickling import ByValue
from ferroshap.inputs import Table
from ferroshap.inputs.column import Column
from ferroshap.inputs.foreign import is_instance, tensor_to_numpy

#: What changes no value: threads, memory, progress, and what is found out or kept on the way.
PASSED_OVER = {
    "buffers",
    "executor",
    "memory_limit",
    "moved",
    "n_forward_rows",
    "n_jobs",
    "partial",
    "plan",
    "progress",
    "_crew",
    "_fingerprint",
    "_is_silent",
    "_limited",
    "_margin_plans",
    "_memory_bytes",
    "_memory_limit",
    "_n_compared",
    "_n_threads",
    "_plans",
    "_progress",
    "_verification",
}
#: Libraries that an object may only be of if they are loaded, and how it is read.
FRAMES = (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table"))


class Digester:
    """Digests objects; each only once, so that what refers to itself has an end."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._known: dict[int, tuple[Any, bytes]] = {}
        self._open: dict[int, int] = {}

    def of(self, value: Any) -> bytes:
        """Return the digest of an object.

        Raises
        ------
        OptionError
            For objects that no pickle can hold, and so nothing can tell apart.
        """
        plain = _plain(value)
        if plain is not None:
            return plain
        key = id(value)
        if key in self._known:
            return self._known[key][1]
        if key in self._open:
            # Back to something above: how far says which.
            return _digest(b"above", [str(len(self._open) - self._open[key]).encode()])
        self._open[key] = len(self._open)
        try:
            found = self._digested(value)
        finally:
            del self._open[key]
        self._known[key] = (value, found)  # kept, so that its id stays its own
        return found

    def _digested(self, value: Any) -> bytes:
        kind = type(value)
        if kind in (list, tuple):
            return self._all(kind.__name__, value)
        if kind is dict:
            return self._all("dict", [part for item in value.items() for part in item])
        if kind in (set, frozenset):
            return _digest(b"set", sorted(map(self.of, value)))
        if isinstance(value, np.ndarray):
            return self._of_array(value)
        if isinstance(value, ByValue):
            return self.of(value.model)
        if isinstance(value, FunctionType | MethodType | BuiltinFunctionType | CodeType | ModuleType | type | np.ufunc):
            return self._of_code(value)
        if is_instance(value, "torch", "Tensor"):
            return self._all("tensor", [tensor_to_numpy(value)])
        frame = any(is_instance(value, library, name) for library, name in FRAMES)
        if frame or (kind.__module__ == "ferroshap.inputs.table" and isinstance(value, Table)):
            return self._of_table(value)
        return self._of_state(value)

    def _of_array(self, array: np.ndarray) -> bytes:
        if array.dtype.names is not None:  # what lies between fields may be anything
            return self._all("records", [array.shape, *((name, array[name].copy()) for name in array.dtype.names)])
        if array.dtype.hasobject:
            return self._all("objects", [array.shape, *array.ravel().tolist()])
        words = np.ascontiguousarray(array)
        return _digest(b"array", [array.dtype.str.encode(), repr(array.shape).encode(), words.view(np.uint8).data])

    def _of_table(self, value: Any) -> bytes:
        from ferroshap.inputs import read_table

        table = value if isinstance(value, Table) else read_table(value, argument="table")
        if not table.is_frame:
            return self._all("table", [table.kind, table.names, table.source])
        return self._all("table", [table.kind, table.names, *map(self._of_column, table.columns)])

    def _of_column(self, column: Column) -> list[Any]:
        return [column.dtype_name, column.keys() if column.plain is None else column.plain]

    def _of_code(self, value: Any) -> bytes:
        """Code of a library by its name; the user's by what it does."""
        if isinstance(value, MethodType):
            return self._all("method", [value.__self__, value.__func__])
        if isinstance(value, CodeType):
            return self._all("code", parts_of_code(value))
        name = getattr(value, "__qualname__", getattr(value, "__name__", ""))
        if isinstance(value, ModuleType):
            return _digest(b"module", [value.__name__.encode()])
        owner = getattr(value, "__self__", None)
        if isinstance(value, BuiltinFunctionType) and owner is not None and not isinstance(owner, ModuleType | type):
            return self._all("method", [owner, value.__name__])
        if not isinstance(value, FunctionType | type) or is_of_a_library(value):
            return _digest(b"name", [str(getattr(value, "__module__", "")).encode(), str(name).encode()])
        if isinstance(value, type):
            own = {key: part for key, part in vars(value).items() if _is_of_the_class(part)}
            return self._all("class", [name, list(value.__bases__), own])
        return self._all("function", parts_of_function(value))

    def _of_state(self, value: Any) -> bytes:
        """An object of any class: ours by attributes, others as they would be pickled."""
        kind = type(value)
        if kind.__module__.startswith("ferroshap."):
            state = _state_of(value)
            if state is not None:
                return self._all("ours", [kind.__qualname__, state])
        if is_instance(value, "catboost", "CatBoost"):
            value = copy.deepcopy(
                value
            )  # whose bytes are those of a model that was read, not those of one just trained
        try:
            reduced = value.__reduce_ex__(5)
        except Exception as error:
            name = f"{kind.__module__}.{kind.__qualname__}"
            msg = (
                f"the explainer holds a {name}, of which nothing can be told in another process ({error}): set "
                "`explainer.fingerprint` to a word of your own, and change it whenever values change"
            )
            raise OptionError(msg) from error
        if isinstance(reduced, str):
            return _digest(b"name", [kind.__module__.encode(), reduced.encode()])
        function, arguments, *rest = reduced
        state, items, pairs = [*rest, None, None, None][:3]
        parts = [function, arguments, state, *([] if items is None else items)]
        return self._all("object", [*parts, *([] if pairs is None else map(list, pairs))])

    def _all(self, tag: str, parts: Iterable[Any]) -> bytes:
        return _digest(tag.encode(), [self.of(part) for part in parts])


def _state_of(value: Any) -> dict[str, Any] | None:
    """What an object of ours is made of; None where it pickles in a way of its own."""
    kind = type(value)
    if is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in fields(kind)}
    if any("__reduce__" in vars(base) for base in kind.__mro__[:-1]):
        return None
    if not hasattr(value, "__dict__"):
        slots = sorted({name for base in kind.__mro__ for name in getattr(base, "__slots__", ())})
        return {name: getattr(value, name, None) for name in slots}
    state: dict[str, Any] = value.__getstate__()
    kept = {name for name in state if name not in PASSED_OVER}
    kept = {name for name in kept if not isinstance(getattr(kind, name, None), cached_property)}
    return {name: state[name] for name in sorted(kept)}


def _is_of_the_class(part: Any) -> bool:
    """Whether a member of a class says what its objects do."""
    function = getattr(part, "__func__", getattr(part, "fget", part))
    return isinstance(function, FunctionType | int | float | str | tuple)


def _plain(value: Any) -> bytes | None:
    """The digest of what has no parts; None for the others."""
    kind = type(value)
    if value is None or kind is bool or kind is int or kind is str:
        return _digest(kind.__name__.encode(), [str(value).encode(errors="surrogatepass")])
    if kind is float:
        return _digest(b"float", [struct.pack("<d", value)])
    if kind in (bytes, bytearray):
        return _digest(b"bytes", [value])
    if isinstance(value, np.generic) and not value.dtype.hasobject and value.dtype.names is None:
        return _digest(b"scalar", [value.dtype.str.encode(), value.tobytes()])
    if isinstance(value, np.dtype):
        return _digest(b"dtype", [str(value.descr if value.names else value.str).encode()])
    if value is Ellipsis or value is NotImplemented or kind is complex:
        return _digest(b"constant", [repr(value).encode()])
    return None


def _digest(tag: bytes, parts: Iterable[Any]) -> bytes:
    state = hashlib.blake2b(tag + b"\0", digest_size=16)
    for part in parts:
        state.update(len(memoryview(part).cast("B") if not isinstance(part, bytes) else part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()
