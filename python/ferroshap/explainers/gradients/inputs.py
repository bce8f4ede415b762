"""What users of gradients pass: tables, images, tensors, or several of them, as arrays of floats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError
from ferroshap.inputs import Table, match_columns, read_table
from ferroshap.inputs.foreign import as_array, is_instance

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class GivenInputs:
    """Rows of one or several inputs.

    Attributes
    ----------
    arrays : tuple of ndarray
        Each ``(rows, *shape)``, as the user gave it, its columns in the order of the background.
    names : list
        Of the columns of each input, in the user's order; None where there are none.
    positions : list
        Where each column of the background stands in the user's table; None for the same order.
    display : list of ndarray
        What is shown as the rows' data.
    is_list : bool
        Whether several inputs were given, or one in a list.
    is_single_row : bool
        Whether one row came without the axis of rows.
    """

    arrays: tuple[Array, ...]
    names: list[list[str] | None]
    positions: list[NDArray[np.intp] | None]
    display: list[Array]
    is_list: bool
    is_single_row: bool = False

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.arrays[0])


def read_inputs(data: Any, argument: str, background: GivenInputs | None = None) -> GivenInputs:
    """Read what was given as rows, and match them to the background.

    Raises
    ------
    DimensionError
        When shapes differ from those of the background, or inputs have unequal numbers of rows.
    OptionError
        When entries are no numbers, or not finite.
    """
    if background is not None and background.is_list:
        is_list = isinstance(data, list | tuple)
        if not is_list or len(data) != len(background.arrays):
            came = f"{len(data)} inputs" if is_list else f"a {type(data).__name__}"
            msg = f"`{argument}` is {came}, but the background has {len(background.arrays)} inputs: pass a list of them"
            raise DimensionError(msg)
    else:
        is_list = background is None and _holds_inputs(data)
    parts = list(data) if is_list else [data]
    found = [
        _read_one(part, argument if not is_list else f"{argument}[{place}]", _of(background, place))
        for place, part in enumerate(parts)
    ]
    counts = {len(array) for array, *_ in found}
    if len(counts) > 1:
        shown = ", ".join(str(len(array)) for array, *_ in found)
        msg = f"`{argument}` has inputs of {shown} rows: pass as many rows in each"
        raise DimensionError(msg)
    arrays, names, positions, display, single = zip(*found, strict=True)
    return GivenInputs(arrays, list(names), list(positions), list(display), is_list, all(single))


def as_floats(array: Array, dtype: Any, argument: str, *, reads_integers: bool) -> Array:
    """Return numbers in the dtype of the model, C-contiguous; whole numbers that may be tokens are refused.

    Raises
    ------
    OptionError
        For whole numbers, and for what is not finite.
    """
    is_image = array.dtype == np.uint8 and array.ndim >= 3
    if array.dtype.kind in "iub" and not (reads_integers or is_image):
        msg = (
            f"`{argument}` has dtype {array.dtype}, but gradients are taken between the values: if they are "
            f"numbers, pass {argument}.astype('float32'); if they are tokens or categories, split the model into "
            "(encoder, head) and explain what the encoder makes of them"
        )
        raise OptionError(msg)
    with np.errstate(over="ignore"):  # said below, with the row
        ready = np.ascontiguousarray(array, dtype)
    if not np.isfinite(ready).all():
        bad = np.argwhere(~np.isfinite(ready))[0].tolist()
        msg = (
            f"`{argument}` has {array[tuple(bad)]} in row {bad[0]} at {tuple(bad[1:])}, and a path through it is "
            "undefined: fill it first"
        )
        raise OptionError(msg)
    return ready


def _holds_inputs(data: Any) -> bool:
    """Whether a list holds inputs rather than rows: all of them have axes of their own."""
    return (
        isinstance(data, list | tuple) and len(data) > 0 and all(len(getattr(part, "shape", ())) >= 2 for part in data)
    )


def _of(background: GivenInputs | None, place: int) -> tuple[Array, list[str] | None] | None:
    return None if background is None else (background.arrays[place], background.names[place])


def _read_one(
    data: Any, argument: str, background: tuple[Array, list[str] | None] | None
) -> tuple[Array, list[str] | None, NDArray[np.intp] | None, Array, bool]:
    known = None if background is None else background[0]
    if _is_table(data):
        table = read_table(data, argument=argument, allow_single_row=known is not None)
        positions = None
        if background is not None:
            positions = match_columns(table, background[1], argument=argument, reference="the background")
        ordered = table if positions is None else table.reorder(positions)
        array, display, single = _numbers(ordered, argument), table.display, table.is_single_row
        names = table.names
    else:
        array, names, positions = as_array(data, argument), None, None
        if array.dtype.kind not in "biuf":
            msg = f"`{argument}` has {array.dtype} entries: gradients need real numbers"
            raise OptionError(msg)
        single = known is not None and array.ndim == known.ndim - 1
        array = display = array[None] if single else array
    if known is None:
        if array.ndim < 2 or 0 in array.shape:
            msg = f"`{argument}` has shape {array.shape}: pass background rows, (rows, ...), one at least"
            raise DimensionError(msg)
    elif array.shape[1:] != known.shape[1:]:
        raise _wrong_shape(array.shape, known.shape, argument)
    return array, names, positions, display, single


def _is_table(data: Any) -> bool:
    """Whether something has columns that may have names; tensors are read as arrays."""
    is_row = isinstance(data, dict) or is_instance(data, "pandas", "Series")
    return is_row or hasattr(data, "columns") or hasattr(data, "tocsr")


def _numbers(table: Table, argument: str) -> Array:
    numbers = table.numeric
    if numbers is None:
        msg = f"`{argument}` has columns that are no numbers: encode them first, a gradient has no meaning for them"
        raise OptionError(msg)
    return numbers


def _wrong_shape(came: Sequence[int], known: Sequence[int], argument: str) -> DimensionError:
    turned = len(came) == 4 and len(known) == 4 and sorted(came[1:]) == sorted(known[1:])
    remedy = ": the axis of channels stands elsewhere" if turned else ""
    msg = (
        f"`{argument}` has rows of shape {tuple(came[1:])}, but those of the background are {tuple(known[1:])}{remedy}"
    )
    return DimensionError(msg)
