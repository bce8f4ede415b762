"""From the core's numbers to what the user sees: columns in their order, axes as the model has them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, MemoryLimitError, OptionError, nearest
from ferroshap.explainers.names import Positions
from ferroshap.explainers.trees.inputs import RowsAsked
from ferroshap.memory import as_bytes
from ferroshap.trees.rows import NativeRows

#: Results below that are not worth a look at the memory, where no limit was given.
SMALL_BYTES = 1 << 26
FLOATS = ("float32", "float64")


class SparseInteractions(NamedTuple):
    """Interactions of the pairs that can have any.

    Attributes
    ----------
    pairs : ndarray of shape ``(pairs, 2)``
        Columns of the rows explained, the smaller number first. All other pairs have interaction 0.
    values : ndarray of shape ``(rows, pairs)`` or ``(rows, pairs, outputs)``
        Undivided: an off-diagonal entry of the dense matrix is half of it.
    """

    pairs: NDArray[np.int64]
    values: NDArray[Any]


def in_user_order(values: NDArray[Any], positions: Positions, n_axes: int) -> NDArray[Any]:
    """Bring feature axes, which follow the rows, from the model's order to that of the table."""
    if positions is None:
        return values
    back = np.argsort(positions)
    for axis in range(1, 1 + n_axes):
        values = values.take(back, axis)
    return values


def shaped(values: NDArray[Any], asked: RowsAsked, *, is_vector: bool) -> NDArray[Any]:
    """Drop the axes that a single row and a single output do not have; a view."""
    if is_vector:
        values = values[..., 0]
    return values[0] if asked.table.is_single_row else values


def float_name(dtype: Any) -> str | None:
    """Return the name of a float type; None for None.

    Examples
    --------
    >>> float_name(np.float32), float_name("float64"), float_name(None)
    ('float32', 'float64', None)
    """
    if dtype is None:
        return None
    try:
        name = str(np.dtype(dtype).name)
    except TypeError:
        name = str(dtype)
    if name not in FLOATS:
        msg = f"`dtype` is {dtype!r}, but must be float32 or float64, or None for the arithmetic of the model's library"
        raise OptionError(msg)
    return name


def writable(out: Any, shape: tuple[int, ...], dtype: str | None, rows: NativeRows) -> str:
    """Check the array that results are to be written into, and return its type.

    Raises
    ------
    DimensionError
        When it is not a C-contiguous array of floats of that shape that can be written.
    OptionError
        When it shares memory with the rows.
    """
    found = float_name(getattr(out, "dtype", type(out).__name__))
    if not isinstance(out, np.ndarray) or out.shape != shape or not out.flags.c_contiguous or not out.flags.writeable:
        came = getattr(out, "shape", type(out).__name__)
        msg = f"`out` is {came}, but must be a writable C-contiguous array of shape {shape}"
        raise DimensionError(msg)
    if dtype is not None and found != dtype:
        msg = f"`out` holds {found}, but `dtype` is {dtype}: pass one of them"
        raise OptionError(msg)
    if any(np.may_share_memory(out, part) for part in (rows if isinstance(rows, tuple) else (rows,))):
        msg = "`out` overlaps `X` in memory, so that results would overwrite rows to come: pass another array"
        raise OptionError(msg)
    return found or "float64"


def check_memory(shape: tuple[int, ...], dtype: str, memory_limit: int | str | None, remedy: str) -> None:
    """Refuse a result that is larger than the memory granted.

    Raises
    ------
    MemoryLimitError
        Naming its size, the limit and what to do.
    """
    n_bytes = int(np.dtype(dtype).itemsize)
    for axis in shape:
        n_bytes *= int(axis)
    if memory_limit is None and n_bytes <= SMALL_BYTES:
        return
    limit = as_bytes(memory_limit)
    if n_bytes > limit:
        msg = (
            f"the result of shape {shape} in {dtype} takes {_size(n_bytes)}, more than "
            f"the {_size(limit)} of `memory_limit`: {remedy}"
        )
        raise MemoryLimitError(msg)


def _size(n_bytes: int) -> str:
    if n_bytes < 2**20:
        return f"{n_bytes:,} bytes"
    return f"{n_bytes / 2**30:,.1f} GiB" if n_bytes >= 2**26 else f"{n_bytes / 2**20:,.1f} MiB"


def chosen_features(features: Any, names: list[str]) -> NDArray[np.int64]:
    """Positions of the features that a user named or numbered."""
    listed = [features] if isinstance(features, str | int) else list(features)
    chosen = []
    for feature in listed:
        if isinstance(feature, str):
            if feature not in names:
                msg = f"`features` has {feature!r}, which is no column{nearest(feature, names)}"
                raise OptionError(msg)
            chosen.append(names.index(feature))
        elif isinstance(feature, bool) or not hasattr(feature, "__index__") or not -len(names) <= feature < len(names):
            msg = f"`features` has {feature!r}, but must hold names or numbers of the {len(names)} columns"
            raise OptionError(msg)
        else:
            chosen.append(int(feature) % len(names))
        if chosen[-1] in chosen[:-1]:
            msg = f"`features` has {feature!r} twice (column {chosen[-1]}): name every column once"
            raise OptionError(msg)
    return np.array(chosen, dtype=np.int64)
