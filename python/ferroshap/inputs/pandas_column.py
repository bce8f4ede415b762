"""Columns of pandas frames: NumPy dtypes as words, extension dtypes and objects by codes."""

import importlib
from collections.abc import Hashable
from functools import cached_property
from typing import Self

import numpy as np

from ferroshap.inputs.column import Column, Native
from ferroshap.inputs.exactness import (
    NUMBER_KINDS,
    Array,
    cast_exactly,
    in_common,
    is_missing,
    is_plain,
    key_of,
    real_numbers,
    same_values,
)


class PandasColumn(Column):
    """A Series; its index means nothing here."""

    @cached_property
    def plain(self) -> Array | None:
        """The values, where the dtype is one of NumPy's and its values are words."""
        dtype = self.native.dtype
        return self.native.to_numpy() if isinstance(dtype, np.dtype) and is_plain(dtype) else None

    def exchange(self) -> Array:
        """Words where there are some, else objects."""
        return self.objects() if self.plain is None else self.plain

    def objects(self) -> Array:
        """The values as pandas boxes them: `Timestamp`, `NA`, numbers of Python."""
        values: Array = self.native.astype(object).to_numpy()
        return values

    def numbers(self) -> Array | None:
        """Nullable numbers become floats with NaN only where one is missing."""
        if self.plain is not None:
            return self.plain if self.plain.dtype.kind in NUMBER_KINDS else None
        if not _pandas().api.types.is_numeric_dtype(self.native.dtype):
            return None
        return real_numbers(self.objects().tolist())

    def keys(self) -> list[Hashable]:
        """Keys of the objects; of categories once each."""
        categories = getattr(self.native.dtype, "categories", None)
        if categories is None:
            return [key_of(value) for value in self.objects().tolist()]
        known = [*(key_of(value) for value in categories.tolist()), None]  # code -1: missing
        return [known[code] for code in self.native.cat.codes.tolist()]

    def take(self, positions: Array) -> Native:
        """Select by position; objects stay objects, where pandas would infer text."""
        if self.native.dtype == object:
            return _pandas().Series(self.native.to_numpy().take(positions), dtype=object)
        return self.native.array.take(positions)

    def alike(self, native: Native) -> Self:
        """Wrap an extension array, which keeps its dtype, in a Series."""
        return type(self)(_pandas().Series(native))

    def extended(self, other: Self) -> Self:
        """Concatenate; equal dtypes stay as they are."""
        return type(self)(_pandas().concat([self.native, other.native], ignore_index=True))

    def reconciled(self, other: Column) -> tuple[Self, Self] | None:
        """Cast the other column, meet in a numeric dtype, or add categories."""
        cls = type(self)
        if isinstance(other, PandasColumn) and other.native.dtype == self.native.dtype:
            return self, cls(other.native)
        cast = self._cast(other)
        if cast is not None:
            return self, cls(cast)
        mine, theirs = self.numbers(), other.numbers()
        if mine is not None and theirs is not None:
            common = in_common(mine, theirs)
            if common is not None:
                return cls(_pandas().Series(common[0])), cls(_pandas().Series(common[1]))
        return self._with_more_categories(other)

    def _cast(self, other: Column) -> Native | None:
        """Give the other column in this one's dtype, or None if a value would change."""
        values, dtype = other.exchange(), self.native.dtype
        if self.plain is not None and values.dtype.kind in NUMBER_KINDS and dtype.kind in NUMBER_KINDS:
            cast = cast_exactly(values, dtype)
            return None if cast is None else _pandas().Series(cast)
        try:
            if _strangers(values, dtype):
                return None
            given = object if values.dtype == object else None  # else pandas takes a lone NaT for a date
            native = _pandas().Series(values, dtype=given).astype(dtype)
        except (TypeError, ValueError, OverflowError, ArithmeticError, NotImplementedError):
            return None
        before = values if values.dtype == object else _pandas().Series(values).astype(object).to_numpy()
        return native if same_values(native.astype(object).to_numpy(), before) else None

    def _with_more_categories(self, other: Column) -> tuple[Self, Self] | None:
        """Append to this column's categories what only the other one holds."""
        dtype = self.native.dtype
        added = _strangers(values := other.objects(), dtype)
        if not added:
            return None
        pandas, cls = _pandas(), type(self)
        wider = pandas.CategoricalDtype([*dtype.categories, *added], ordered=dtype.ordered)
        return cls(self.native.astype(wider)), cls(pandas.Series(values).astype(wider))


def _strangers(values: Array, dtype: Native) -> list[object]:
    """The values that a categorical dtype does not know, each once; none for any other dtype."""
    if getattr(dtype, "categories", None) is None:
        return []
    known = set(dtype.categories)
    return [value for value in dict.fromkeys(values.tolist()) if not is_missing(value) and value not in known]


def _pandas() -> Native:
    return importlib.import_module("pandas")
