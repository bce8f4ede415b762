"""When two values are the same, and casts that change none.

A value taken from the background for one that merely compares equal would
change what the model receives, so sameness here is by type and bits.
"""

from collections.abc import Hashable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]

PLAIN_KINDS = frozenset("biufmM")
NUMBER_KINDS = frozenset("biuf")
IMMUTABLE_KINDS = frozenset({str, int, bool, bytes, type(None)})


def is_plain(dtype: np.dtype[Any]) -> bool:
    """Whether values of `dtype` can be copied as words of 1, 2, 4 or 8 bytes."""
    return dtype.kind in PLAIN_KINDS and dtype.itemsize <= 8


def key_of(value: object) -> Hashable:
    """Give a hashable that is equal exactly for values a model cannot tell apart.

    Python calls `1`, `1.0` and `True` equal, and `0.0` and `-0.0`; selecting one
    for the other would change what the model receives. NaN is one value.

    Examples
    --------
    >>> key_of(1) == key_of(True), key_of(0.0) == key_of(-0.0)
    (False, False)
    >>> key_of(float("nan")) == key_of(float("nan")), key_of(["a"]) == key_of(["a"])
    (True, True)
    """
    kind = type(value)
    if kind is str:
        return value
    if kind in IMMUTABLE_KINDS:
        return (kind, value)
    if kind is float:
        return (kind, "nan" if value != value else float.hex(value))  # type: ignore[arg-type]  # noqa: PLR0124
    if isinstance(value, list | tuple):
        return (kind, *map(key_of, value))
    if isinstance(value, dict):
        return (kind, *((key_of(name), key_of(item)) for name, item in value.items()))
    if isinstance(value, np.ndarray) and value.dtype != object:
        return (kind, value.dtype.str, value.shape, value.tobytes())
    if is_missing(value):
        return (kind, "missing")
    try:
        hash(value)
    except TypeError:
        return object()  # equal to nothing else: an unneeded evaluation rather than a wrong zero
    return (kind, repr(value), value)


def object_array(values: list[Any]) -> Array:
    """Put objects into an array one by one: NumPy would take equally long lists for another axis."""
    array: Array = np.fromiter(values, object, len(values))
    return array


def cast_exactly(values: Array, dtype: np.dtype[Any]) -> Array | None:
    """Give `values` in another dtype, or None if a single one of them would change.

    Examples
    --------
    >>> cast_exactly(np.array([3.0, 4.0]), np.dtype(int))
    array([3, 4])
    >>> cast_exactly(np.array([2**53 + 1]), np.dtype(float)) is None
    True
    """
    if values.dtype == dtype:
        return values
    if values.dtype.kind not in NUMBER_KINDS or dtype.kind not in NUMBER_KINDS:
        return None
    with np.errstate(all="ignore"):
        cast = values.astype(dtype)
        back = cast.astype(values.dtype)
        same = (back == values) | ((back != back) & (values != values))  # noqa: PLR0124
    # A float just outside the integers' range comes back saturated on some processors: seemingly equal.
    for integers, floats in ((values, cast), (cast, values)):
        if integers.dtype.kind in "iu" and floats.dtype.kind == "f":
            info = np.iinfo(integers.dtype)
            same &= (floats >= float(info.min)) & (floats < float(info.max // 2 + 1) * 2.0)
    return cast if same.all() else None


def real_numbers(values: list[Any]) -> Array | None:
    """Give Python objects as real numbers, NaN where one is missing, or None if that changes a value.

    Examples
    --------
    >>> real_numbers([1, None, 2.5])
    array([1. , nan, 2.5])
    >>> real_numbers([2**53 + 1, None]) is None, real_numbers([1, "2"]) is None
    (True, True)
    """
    filled = [np.nan if is_missing(value) else value for value in values]
    if not all(isinstance(value, int | float | np.number | np.bool_) for value in filled):
        return None
    numbers = np.array(filled)
    if numbers.dtype.kind not in NUMBER_KINDS:
        return None
    pairs = zip(numbers.tolist(), filled, strict=True)
    return numbers if all(number == value or is_missing(value) for number, value in pairs) else None


def in_common(first: Array, second: Array) -> tuple[Array, Array] | None:
    """Give both arrays of numbers in the dtype that NumPy gives their mixture, if exactly."""
    dtype = np.result_type(first.dtype, second.dtype)
    cast = cast_exactly(first, dtype), cast_exactly(second, dtype)
    return None if cast[0] is None or cast[1] is None else (cast[0], cast[1])


def same_values(first: Array, second: Array) -> bool:
    """Whether two object arrays hold equal values, missing ones in the same places.

    Text never equals a number here, though a library would parse one into the other.
    """
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    return all(_same(left, right) for left, right in pairs)


def _same(left: object, right: object) -> bool:
    if is_missing(left) or is_missing(right):
        return is_missing(left) and is_missing(right)
    return isinstance(left, str) == isinstance(right, str) and bool(left == right)


def is_missing(value: object) -> bool:
    """Whether a value is None, NaN, NaT or pandas' NA, without asking pandas.

    Examples
    --------
    >>> is_missing(None), is_missing(np.nan), is_missing(np.datetime64("NaT")), is_missing(0)
    (True, True, True, False)
    """
    if value is None or type(value).__name__ == "NAType":
        return True
    if isinstance(value, float | np.generic) or type(value).__name__ == "NaTType":
        return bool(value != value)  # noqa: PLR0124 - true of NaN and NaT alone
    return False
