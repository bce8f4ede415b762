"""A column as its own library stores it, and the one dictionary that background and rows share.

Masked rows are put together by selecting original values. Numbers without
gaps are selected as they are; every other column is a list of positions
(codes) in a dictionary of its own library, so that what comes back has the
dtype that went in, whatever that was.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from ferroshap.inputs.exactness import Array, is_missing, key_of

Native: TypeAlias = Any  # a Series, ChunkedArray or ndarray of the user's library


class Column(ABC):
    """One column of a table, kept in the library it came from.

    `native` is the library's own object; nothing here changes it.
    """

    def __init__(self, native: Native) -> None:
        """Wrap the library's own column."""
        self.native = native

    @cached_property
    @abstractmethod
    def plain(self) -> Array | None:
        """The values as words, `(rows,)`, or None where codes are needed."""

    @property
    def dtype_name(self) -> str:
        """What the library calls the dtype, for messages."""
        return str(self.native.dtype)

    @abstractmethod
    def exchange(self) -> Array:
        """The values without loss as an array that any other library reads."""

    @abstractmethod
    def objects(self) -> Array:
        """The values as Python objects, `(rows,)`."""

    @abstractmethod
    def numbers(self) -> Array | None:
        """The values as real numbers, NaN where one is missing, or None if they are no numbers."""

    @abstractmethod
    def keys(self) -> list[Hashable]:
        """One hashable a value, equal exactly where the values are the same."""

    def distinct(self) -> tuple[list[Any], Array]:
        """The different values as Python objects, and which of them each row has, -1 where one is missing."""
        places: dict[Hashable, int] = {}
        values: list[Any] = []
        codes = np.empty(len(rows := self.objects().tolist()), np.intp)
        for row, value in enumerate(rows):
            codes[row] = -1 if is_missing(value) else places.setdefault(key_of(value), len(values))
            if codes[row] == len(values):
                values.append(value)
        return values, codes

    @abstractmethod
    def take(self, positions: Array) -> Native:
        """The library's own column of the values at `positions`."""

    @abstractmethod
    def extended(self, other: Self) -> Self:
        """Append `other`, which has the same dtype."""

    @abstractmethod
    def reconciled(self, other: "Column") -> tuple[Self, Self] | None:
        """Both columns in one dtype of this library, no value changed; None if there is none.

        This column's own dtype wins wherever it can hold the other's values.
        """

    @cached_property
    def encoding(self) -> "Encoding":
        """The codes of this column in the dictionary of its own distinct values."""
        index: dict[Hashable, int] = {}
        codes = np.array([index.setdefault(key, len(index)) for key in self.keys()], np.int32)
        _, first = np.unique(codes, return_index=True)
        return Encoding(codes, index, self.alike(self.take(first)))

    def alike(self, native: Native) -> Self:
        """Wrap what `take` gave."""
        return type(self)(native)


@dataclass(frozen=True, eq=False)
class Encoding:
    """Codes `(rows,)` of a column, where each key stands, and the dictionary they point into."""

    codes: npt.NDArray[np.int32]
    index: dict[Hashable, int]
    dictionary: Column

    def of_rows(self, rows: Column) -> tuple[npt.NDArray[np.int32], Column]:
        """Codes of other rows, and the dictionary with the values that only they have at its end."""
        index = self.index
        n_known = len(index)
        added: dict[Hashable, int] = {}
        first_rows: list[int] = []
        codes = np.empty(len(keys := rows.keys()), np.int32)
        for row, key in enumerate(keys):
            code = index.get(key)
            if code is None:
                code = added.setdefault(key, n_known + len(added))
                if code == n_known + len(first_rows):
                    first_rows.append(row)
            codes[row] = code
        if not added:
            return codes, self.dictionary
        new = rows.alike(rows.take(np.array(first_rows)))
        return codes, self.dictionary.extended(new)
