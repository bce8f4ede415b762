"""Columns of polars frames: gapless numbers as words, every other type by codes."""

import importlib
from collections.abc import Hashable
from functools import cached_property
from typing import Self

import numpy as np

from ferroshap.inputs.column import Column, Native
from ferroshap.inputs.exactness import NUMBER_KINDS, Array, in_common, is_plain, key_of, object_array, real_numbers


class PolarsColumn(Column):
    """A Series of polars."""

    @cached_property
    def plain(self) -> Array | None:
        """Numbers and booleans without nulls."""
        dtype = self.native.dtype
        if not (dtype.is_numeric() or dtype == _polars().Boolean) or self.native.null_count():
            return None
        values: Array = self.native.to_numpy()
        return values if values.dtype.kind in NUMBER_KINDS and is_plain(values.dtype) else None

    def exchange(self) -> Array:
        """Words, dates and times of NumPy with their nanoseconds, else objects."""
        if self.plain is not None:
            return self.plain
        if self.native.dtype.is_temporal() and self.native.dtype != _polars().Time:
            values: Array = self.native.to_numpy()  # Python's own datetime has no nanoseconds
            return values
        return self.objects()

    def objects(self) -> Array:
        """The values as Python objects."""
        return object_array(self.native.to_list())

    def numbers(self) -> Array | None:
        """Nulls become NaN; None if the type is not numeric."""
        if self.plain is not None:
            return self.plain
        dtype = self.native.dtype
        if not (dtype.is_numeric() or dtype == _polars().Boolean):
            return None
        return real_numbers(self.native.to_list())

    def keys(self) -> list[Hashable]:
        """Keys of the physical values, so that times keep all digits; of categories by their text."""
        polars = _polars()
        if self.native.dtype in (polars.Categorical, polars.Enum):
            return [key_of(value) for value in self.native.cast(polars.String).to_list()]
        return [key_of(value) for value in self.native.to_physical().to_list()]

    def take(self, positions: Array) -> Native:
        """Gather by position."""
        return self.native.gather(positions)

    def extended(self, other: Self) -> Self:
        """Concatenate two Series of one type."""
        return type(self)(_polars().concat([self.native, other.native]))

    def reconciled(self, other: Column) -> tuple[Self, Self] | None:
        """Cast the other column, or meet in a numeric type."""
        cls, polars = type(self), _polars()
        theirs = other.native if isinstance(other, PolarsColumn) else _series(other.exchange())
        if theirs is None:
            return None
        if theirs.dtype == self.native.dtype:
            return self, cls(theirs)
        if self.native.dtype == polars.Null:
            return cls(self.native.cast(theirs.dtype)), cls(theirs)
        cast = _cast(theirs, self.native.dtype)
        if cast is not None:
            return self, cls(cast)
        mine, numbers = self.numbers(), cls(theirs).numbers()
        common = None if mine is None or numbers is None else in_common(mine, numbers)
        return None if common is None else (cls(polars.Series(common[0])), cls(polars.Series(common[1])))


def _series(values: Array) -> Native | None:
    """A Series of what another library holds, or None where polars has no type for it."""
    try:
        return _polars().Series(values.tolist() if values.dtype == object else np.ascontiguousarray(values))
    except (TypeError, ValueError, OverflowError, _polars().exceptions.PolarsError):
        return None


def _cast(series: Native, dtype: Native) -> Native | None:
    """Cast a Series, or give None if a value would change."""
    polars = _polars()
    texts = (polars.String, polars.Categorical, polars.Enum)
    if series.dtype != polars.Null and (series.dtype in texts) != (dtype in texts):
        return None  # a library would parse text into numbers
    try:
        cast = series.cast(dtype)
        back = cast.cast(series.dtype)
    except polars.exceptions.PolarsError:
        return None
    return cast if series.equals(back) else None


def _polars() -> Native:
    return importlib.import_module("polars")
