"""Columns of NumPy arrays."""

from collections.abc import Hashable
from functools import cached_property
from typing import Self

import numpy as np

from ferroshap.inputs.column import Column, Native
from ferroshap.inputs.exactness import NUMBER_KINDS, Array, is_plain, key_of, object_array, real_numbers


class ArrayColumn(Column):
    """A column of a NumPy array: words, or any dtype that is none (objects, strings, long doubles)."""

    @cached_property
    def plain(self) -> Array | None:
        """The array itself, if its values are words."""
        return self.native if is_plain(self.native.dtype) else None

    def exchange(self) -> Array:
        """The array itself."""
        values: Array = self.native
        return values

    def objects(self) -> Array:
        """Python objects, but dates stay NumPy's own scalars."""
        if self.native.dtype.kind not in "mM":
            values: Array = self.native.astype(object)
            return values
        return object_array(list(self.native))  # `astype(object)` would turn nanoseconds into integers

    def numbers(self) -> Array | None:
        """The array itself, or floats where every object is a number."""
        if self.native.dtype.kind in NUMBER_KINDS:
            numbers: Array = self.native
            return numbers
        return real_numbers(self.native.tolist()) if self.native.dtype == object else None

    def keys(self) -> list[Hashable]:
        """Keys of the values."""
        return [key_of(value) for value in self.native.tolist()]

    def take(self, positions: Array) -> Native:
        """Index by position."""
        return self.native[positions]

    def extended(self, other: Self) -> Self:
        """Concatenate; text widens."""
        return type(self)(np.concatenate([self.native, other.native]))

    def reconciled(self, other: Column) -> tuple[Self, Self] | None:
        """Both as they are if of one dtype, or text of any lengths."""
        theirs = other.exchange()
        one_dtype = theirs.dtype == self.native.dtype or theirs.dtype.kind == self.native.dtype.kind == "U"
        return (self, type(self)(theirs)) if one_dtype else None
