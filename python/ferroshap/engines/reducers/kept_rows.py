"""The rows that a reservoir keeps: those with the smallest priorities, and all that belongs to them."""

import math
import struct
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import ReducerError

Array = NDArray[Any]

#: Rows to keep, rows seen, rows kept; bytes of a number of each part, 0 where there is none.
_HEAD = struct.Struct("<QQQ6s")


@dataclass
class KeptRows:
    """At most `size` rows of all that were seen, in the order of their priorities.

    Equal priorities (rows told apart by their content, that are equal) are ordered by what is in the rows, so that it
    does not matter which came first.

    Attributes
    ----------
    size : int
        Rows to keep.
    n_rows : int
        Rows seen.
    priorities, keys : ndarray of uint64 of shape ``(kept,)``
        The order, and the numbers it was made from.
    values, data, error_std : ndarray of shape ``(kept, features, outputs)``, ``(kept, features)``, as the values
        `data` and `error_std` may be None.
    base_values : ndarray of shape ``(kept, outputs)``
        Of these rows.
    """

    size: int
    n_rows: int
    priorities: Array
    keys: Array
    values: Array
    base_values: Array
    data: Array | None
    error_std: Array | None

    def merge(self, other: "KeptRows") -> None:
        """Keep the rows with the smallest priorities of both."""
        for name in self._parts():
            own, theirs = getattr(self, name), getattr(other, name)
            if (own is None) != (theirs is None):
                msg = f"rows with `{name}` cannot be merged with rows without"
                raise ReducerError(msg)
            if own is not None:
                setattr(self, name, np.concatenate([own, theirs]))
        self.n_rows += other.n_rows
        self._cut()

    def copy(self) -> "KeptRows":
        """Return the same rows in other memory."""
        parts: dict[str, Any] = {name: None if part is None else part.copy() for name, part in self._filled().items()}
        return KeptRows(self.size, self.n_rows, **parts)

    def to_bytes(self) -> bytes:
        """Return the rows as bytes: a head, then the parts, one after the other."""
        parts = self._filled().values()
        sizes = bytes(0 if part is None else part.itemsize for part in parts)
        head = _HEAD.pack(self.size, self.n_rows, len(self.keys), sizes)
        little = (part.astype(part.dtype.newbyteorder("<"), copy=False) for part in parts if part is not None)
        return head + b"".join(part.tobytes() for part in little)

    @classmethod
    def from_bytes(cls, data: bytes, n_features: int, n_outputs: int, size: int) -> Self:
        """Return the rows that `to_bytes` made bytes of.

        Raises
        ------
        ReducerError
            Where the bytes hold something else.
        """
        if len(data) < _HEAD.size:
            msg = f"`data` has {len(data)} bytes of rows, too few"
            raise ReducerError(msg)
        found, n_rows, kept, sizes = _HEAD.unpack_from(data)
        wide = (kept, n_features, n_outputs)
        shapes = {"values": wide, "base_values": (kept, n_outputs), "data": (kept, n_features), "error_std": wide}
        parts: dict[str, Any] = {}
        at = _HEAD.size
        for name, itemsize in zip(cls._parts(), sizes, strict=True):
            known = {"priorities": (8,), "keys": (8,), "data": (0, 8), "error_std": (0, 4, 8)}.get(name, (4, 8))
            shape = shapes.get(name, (kept,))
            end = at + itemsize * math.prod(shape)
            if itemsize not in known or end > len(data):
                msg = f"`data` has {len(data) - at} bytes left for {name} of shape {shape}, {itemsize} bytes each"
                raise ReducerError(msg)
            kind = "u" if name in {"priorities", "keys"} else "f"
            array = np.frombuffer(data[at:end], dtype=f"<{kind}{itemsize}") if itemsize else None
            parts[name] = None if array is None else array.reshape(shape)
            at = end
        if found != size or kept != min(n_rows, size) or at != len(data) or _is_falling(parts["priorities"]):
            msg = f"`data` has {kept} of {n_rows} rows, where a reservoir of {size} has {min(n_rows, size)} in order"
            raise ReducerError(msg)
        return cls(size, n_rows, **parts)

    @classmethod
    def _parts(cls) -> list[str]:
        return [field.name for field in fields(cls)[2:]]

    def _filled(self) -> dict[str, Array | None]:
        return {name: getattr(self, name) for name in self._parts()}

    def _cut(self) -> None:
        """Order the rows, and let go of all but the first."""
        order = np.argsort(self.priorities, kind="stable")
        ordered = self.priorities[order]
        if (ordered[1:] == ordered[:-1]).any():
            contents = [part.reshape(len(order), -1).T for part in (self.data, self.values) if part is not None]
            order = np.lexsort([*np.concatenate(contents), self.keys, self.priorities])
        order = order[: self.size]
        for name, part in self._filled().items():
            if part is not None:
                setattr(self, name, part[order])


def _is_falling(numbers: Array) -> bool:
    return bool((numbers[1:] < numbers[:-1]).any())
