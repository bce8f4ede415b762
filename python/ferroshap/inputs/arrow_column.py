"""Columns of pyarrow tables: gapless numbers as words, every other type by codes."""

import importlib
from collections.abc import Hashable
from functools import cache, cached_property
from typing import Any, Self

import numpy as np

from ferroshap.inputs.column import Column, Native
from ferroshap.inputs.exactness import Array, cast_exactly, in_common, key_of, object_array


class ArrowColumn(Column):
    """A ChunkedArray of pyarrow, or a plain Array."""

    @cached_property
    def plain(self) -> Array | None:
        """Numbers and booleans without nulls."""
        if not _is_number(self.native.type) or self.native.null_count:
            return None
        return _words(self.native)

    @property
    def dtype_name(self) -> str:
        """What pyarrow calls the type."""
        return str(self.native.type)

    def exchange(self) -> Array:
        """Words, timestamps of NumPy with their nanoseconds, else objects."""
        if self.plain is not None:
            return self.plain
        types = _arrow().types
        if types.is_timestamp(self.native.type) or types.is_duration(self.native.type):
            return _to_numpy(_joined(self.native))  # Python's own datetime has no nanoseconds
        return self.objects()

    def objects(self) -> Array:
        """The values as Python objects."""
        return object_array(self.native.to_pylist())

    def numbers(self) -> Array | None:
        """Nulls become NaN, decimals the nearest doubles; None if the type is not numeric."""
        if self.plain is not None:
            return self.plain
        if _arrow().types.is_decimal(self.native.type):
            return _with_gaps(self.native.cast(_arrow().float64()))
        return _with_gaps(self.native) if _is_number(self.native.type) else None

    def keys(self) -> list[Hashable]:
        """Keys of the values, of times by their integers, of dictionaries by what they stand for."""
        types, values = _arrow().types, _joined(self.native)
        if types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if types.is_temporal(values.type) and not types.is_interval(values.type):
            word = _arrow().int32() if values.type.bit_width == 32 else _arrow().int64()
            values = values.view(word)
        if _is_text(values.type):
            values = values.dictionary_encode()
            known = [key_of(value) for value in values.dictionary.to_pylist()]
            return [key_of(None) if code is None else known[code] for code in values.indices.to_pylist()]
        return [key_of(value) for value in values.to_pylist()]

    def distinct(self) -> tuple[list[Any], Array]:
        """Each value of a dictionary is read once, not once a row."""
        values = _joined(self.native)
        types = _arrow().types
        if not (types.is_dictionary(values.type) or _is_text(values.type)):
            return super().distinct()
        if not types.is_dictionary(values.type):
            values = values.dictionary_encode()
        codes = ArrowColumn(values.indices).numbers()
        if codes is None:
            return super().distinct()
        known, places = values.dictionary.to_pylist(), np.where(np.isnan(codes), -1, codes).astype(np.intp)
        used, codes = np.unique(places, return_inverse=True)
        # What the dictionary has beside is no value of the column, and it may have nulls of its own.
        found = [known[place] for place in used if place >= 0 and known[place] is not None]
        numbers = np.full(len(used), -1)
        numbers[[place >= 0 and known[place] is not None for place in used]] = np.arange(len(found))
        return found, numbers[codes]

    def take(self, positions: Array) -> Native:
        """Take by position, as one Array."""
        return _joined(self.native).take(_arrow().array(positions))

    def extended(self, other: Self) -> Self:
        """Concatenate; two dictionaries become one."""
        chunks = [_joined(self.native), _joined(other.native)]
        return type(self)(_joined(_arrow().chunked_array(chunks)))

    def reconciled(self, other: Column) -> tuple[Self, Self] | None:
        """Cast the other column, or meet in a numeric type."""
        cls, arrow = type(self), _arrow()
        theirs = other.native if isinstance(other, ArrowColumn) else _array(other.exchange())
        if theirs is None:
            return None
        if theirs.type == self.native.type:
            return self, cls(theirs)
        if arrow.types.is_null(self.native.type):
            return cls(self.native.cast(theirs.type)), cls(theirs)
        cast = _cast(theirs, self.native.type)
        if cast is not None:
            return self, cls(cast)
        mine, numbers = self.numbers(), cls(theirs).numbers()
        common = None if mine is None or numbers is None else in_common(mine, numbers)
        return None if common is None else (cls(arrow.array(common[0])), cls(arrow.array(common[1])))


def _is_number(kind: Native) -> bool:
    types = _arrow().types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))


def _words(values: Native) -> Array:
    """Numbers and booleans without nulls; pyarrow's own way would import pandas, which takes a second."""
    chunks = [_words_of(chunk) for chunk in (values.chunks if _is_chunked(values) else [values])]
    if len(chunks) == 1:
        return chunks[0]
    return np.concatenate(chunks) if chunks else np.empty(0, _dtype(values.type))


def _words_of(values: Native) -> Array:
    """The words of an Array, whatever its gaps hold: a view, but of booleans, which Arrow packs."""
    _, buffer = values.buffers()
    first, last = values.offset, values.offset + len(values)
    if buffer is None or not len(values):
        return np.zeros(len(values), _dtype(values.type))
    if _arrow().types.is_boolean(values.type):
        return _bits(buffer, first, last)
    words: Array = np.frombuffer(buffer, _dtype(values.type), last)[first:]
    return words


def _bits(buffer: Native, first: int, last: int) -> Array:
    """Booleans out of a bitmap."""
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), count=last, bitorder="little")
    return bits[first:].view(np.bool_)


def _dtype(kind: Native) -> np.dtype[np.generic]:
    dtype: np.dtype[np.generic] = np.dtype(kind.to_pandas_dtype())  # NumPy's, in spite of its name
    return dtype


def _with_gaps(values: Native) -> Array | None:
    """Numbers with NaN in the gaps; None where an integer is too large for that."""
    dtype = _dtype(values.type)
    floats = dtype if dtype.kind == "f" else np.dtype(np.float64)
    chunks = []
    for chunk in values.chunks if _is_chunked(values) else [values]:
        words = _words_of(chunk)
        numbers = words.astype(floats)
        valid = chunk.buffers()[0]
        present = np.ones(len(chunk), np.bool_)
        if valid is not None and chunk.null_count:
            present = _bits(valid, chunk.offset, chunk.offset + len(chunk))
        if dtype.kind in "iu" and dtype.itemsize == 8 and cast_exactly(words[present], floats) is None:
            return None
        numbers[~present] = np.nan
        chunks.append(numbers)
    return np.concatenate(chunks)


def _is_chunked(values: Native) -> bool:
    return isinstance(values, _arrow().ChunkedArray)


def _to_numpy(values: Native) -> Array:
    array: Array = values.to_numpy(zero_copy_only=False)
    return array


def _joined(values: Native) -> Native:
    """One Array; the dictionaries of its chunks become one."""
    if not _is_chunked(values):
        return values
    if _arrow().types.is_dictionary(values.type) and any(chunk.dictionary.null_count for chunk in values.chunks):
        # pyarrow unifies no dictionaries that have nulls: in these it is the code that is missing.
        chunks = [chunk.dictionary_decode().dictionary_encode().cast(values.type) for chunk in values.chunks]
        values = _arrow().chunked_array(chunks, values.type)
    joined = values.unify_dictionaries().combine_chunks()
    return joined.chunk(0) if _is_chunked(joined) and joined.num_chunks == 1 else joined


def _array(values: Array) -> Native | None:
    """Give an Array of what another library holds, or None where Arrow has no type for it."""
    try:
        return _arrow().array(values.tolist() if values.dtype == object else np.ascontiguousarray(values))
    except (_arrow().ArrowException, TypeError, ValueError, OverflowError):
        return None


def _cast(values: Native, kind: Native) -> Native | None:
    """Cast an Array, or give None if a value would change."""
    arrow = _arrow()
    if arrow.types.is_null(values.type):
        return values.cast(kind)
    if _is_text(values.type) != _is_text(kind):
        return None  # a library would parse text into numbers
    try:
        if arrow.types.is_dictionary(kind):
            flat = values.dictionary_decode() if arrow.types.is_dictionary(values.type) else values
            return flat.cast(kind.value_type).dictionary_encode().cast(kind)
        cast = values.cast(kind)
        return cast if _joined(cast.cast(values.type)).equals(_joined(values)) else None
    except (arrow.ArrowException, TypeError, ValueError, OverflowError):
        return None


def _is_text(kind: Native) -> bool:
    types = _arrow().types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


@cache
def _arrow() -> Native:
    return importlib.import_module("pyarrow")
