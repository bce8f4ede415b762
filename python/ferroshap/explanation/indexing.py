"""What stands between the brackets of ``explanation[...]`` becomes one key an axis."""

import operator
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.explanation.axes import Key, described
from ferroshap.explanation.names import NameTable
from ferroshap.explanation.op_chain import OpChain

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

_WHOLE = slice(None)
_OUTPUT_NUMBER = re.compile(r"Output (\d+)")


def resolved(item: Any, owner: "Explanation") -> tuple[Key, ...]:
    """One key for each axis of `owner`: an int, a slice, an array of positions, or None for the whole axis.

    Raises
    ------
    IndexError
        Out of range, too many indices, a mask of the wrong length, or numbers that are not whole.
    KeyError
        For a name that the axis does not have, or has twice.
    """
    items = item if type(item) is tuple else (item,)
    n_axes, shape = len(owner.axes), owner.shape
    keys: list[Key] = []
    is_unfolded = False
    for part in items:  # the commonest kinds stand here: a call costs what they cost
        kind, axis = type(part), len(keys)
        if part is Ellipsis:
            if is_unfolded:
                msg = "an index can only have a single ellipsis ('...')"
                raise IndexError(msg)
            is_unfolded = True
            keys.extend([None] * (n_axes - len(items) + 1))
        elif axis == n_axes:
            raise IndexError(_too_many(len(items) - is_unfolded, owner))
        elif kind is slice:
            keys.append(None if part == _WHOLE else part)
        elif kind is int and 0 <= part < shape[axis]:
            keys.append(part)
        elif kind is str:
            keys.append(_position(part, axis, owner))
        else:
            keys.append(_key(part, axis, owner))
    if len(keys) < n_axes:
        keys.extend([None] * (n_axes - len(keys)))
    return tuple(keys)


def out_of_range(keys: tuple[Key, ...], owner: "Explanation") -> str:
    """Say which of the keys that could not be taken points beyond its axis."""
    for axis, key in enumerate(keys):
        if isinstance(key, np.ndarray) and key.size:
            size = owner.shape[axis]
            worst = int(key.max() if key.max() >= size else key.min())
            if not -size <= worst < size:
                return _out_of_range(worst, axis, owner)
    return "an index is out of range"


def _key(part: Any, axis: int, owner: "Explanation") -> Key:
    if type(part) is int:
        size = owner.shape[axis]
        if -size <= part < size:
            return part if part >= 0 else part + size
        raise IndexError(_out_of_range(part, axis, owner))
    return _rarer_key(part, axis, owner)


def _rarer_key(part: Any, axis: int, owner: "Explanation") -> Key:
    """Arrays, lists, names in lists, Explanations, op-chains, and numbers that are not Python ints."""
    if isinstance(part, OpChain):
        part = part.apply(owner)
    if isinstance(part, str):  # a subclass, as NumPy's strings are
        return _position(str(part), axis, owner)
    if part is None or isinstance(part, (bool, np.bool_)):
        msg = f"{part!r} is no index for {described(owner.axes, axis)}: give numbers, names, a slice or a mask"
        raise IndexError(msg)
    if isinstance(part, list) and any(isinstance(entry, str) for entry in part):
        return np.array([_entry(entry, axis, owner) for entry in part], dtype=np.intp)
    array = np.asarray(part)
    if array.ndim == 0:
        return _key(_whole_number(part, axis, owner), axis, owner)
    if array.ndim != 1:
        msg = f"an index with {array.ndim} axes came for {described(owner.axes, axis)}: give one axis"
        raise IndexError(msg)
    if array.dtype.kind in "UTO" and array.size:
        return np.array([_entry(entry, axis, owner) for entry in array.tolist()], dtype=np.intp)
    return _positions(array, axis, owner)


def _positions(array: np.ndarray, axis: int, owner: "Explanation") -> np.ndarray:
    """Check a mask, or that positions are whole numbers; whether they are in range is seen when they are taken."""
    if array.dtype.kind in "iu":
        return array.astype(np.intp, copy=False)
    size = owner.shape[axis]
    if array.dtype == bool:
        if len(array) != size:
            msg = f"the mask has {len(array)} entries, but {described(owner.axes, axis)} has {size}"
            raise IndexError(msg)
        return np.flatnonzero(array)
    if array.size == 0:
        return np.zeros(0, dtype=np.intp)
    msg = f"{described(owner.axes, axis)} is indexed by whole numbers, names or masks, got {array.dtype}"
    raise IndexError(msg)


def _entry(entry: Any, axis: int, owner: "Explanation") -> int:
    """One entry of a list that has names in it."""
    if isinstance(entry, str):
        return _position(entry, axis, owner)
    key = _key(_whole_number(entry, axis, owner), axis, owner)
    return operator.index(key)  # type: ignore[arg-type] # a whole number gives an int


def _whole_number(part: Any, axis: int, owner: "Explanation") -> int:
    try:
        return operator.index(part.values if hasattr(part, "values") else part)
    except TypeError:
        msg = f"{described(owner.axes, axis)} is indexed by whole numbers, names or masks, got {part!r}"
        raise IndexError(msg) from None


def _position(name: str, axis: int, owner: "Explanation") -> int:
    """Look a name up among the names of one axis."""
    role = owner.axes[axis]
    table = owner.names_along(axis)
    if role == "output":
        number = _OUTPUT_NUMBER.fullmatch(name)
        if number is not None and (table is None or name not in table.names):
            position = _key(int(number[1]), axis, owner)
            return operator.index(position)  # type: ignore[arg-type] # an int comes back for an int
    if not isinstance(table, NameTable):
        article = "names that differ from row to row: pick a row first" if table is not None else "no names"
        msg = f"{described(owner.axes, axis)} has {article}, so {name!r} cannot be looked up: index by number"
        raise KeyError(msg)
    return table.position(name, role)


def _too_many(n_items: int, owner: "Explanation") -> str:
    """Say which axis the surplus index may have been meant for."""
    axes = owner.axes
    shown = " x ".join(f"{role}s" for role in axes) or "a single number"
    text = f"{n_items} indices came, but this Explanation has {len(axes)} axes ({shown})"
    if "output" not in axes:
        text += "; no output axis: the model has one output, or one was picked"
    elif "row" not in axes:
        text += "; no row axis: one row was explained or picked"
    return text


def _out_of_range(index: int, axis: int, owner: "Explanation") -> str:
    size = owner.shape[axis]
    return f"index {index} is out of range for {described(owner.axes, axis)} with {size} entries"
