"""Roles of axes: rows first, then features, outputs last. Stored, never guessed again."""

from typing import TypeAlias

import numpy as np

from ferroshap.errors import DimensionError

Key: TypeAlias = int | slice | np.ndarray | None  # None: the whole axis
Axes: TypeAlias = tuple[str, ...]

_WHOLE = slice(None)
ROLES = ("row", "feature", "output")


def checked_axes(axes: object, n_dims: int) -> Axes:
    """Accept roles given by the caller: rows, then features, then outputs, one role an axis of `values`.

    Raises
    ------
    DimensionError
        If their number or order is not that of the axes of `values`.
    """
    roles = tuple(axes) if isinstance(axes, (tuple, list)) else (axes,)
    if len(roles) != n_dims:
        msg = f"`axes` names {len(roles)} roles {roles!r}, but `values` has {n_dims} axes: give one role an axis"
        raise DimensionError(msg)
    ranks = [ROLES.index(role) if role in ROLES else -1 for role in roles]
    if -1 in ranks or ranks != sorted(ranks) or ranks.count(0) > 1 or ranks.count(2) > 1:
        msg = f"`axes` is {roles!r}: at most one 'row', then 'feature' axes, at most one 'output' last"
        raise DimensionError(msg)
    return tuple(str(role) for role in roles)


def inferred_axes(
    shape: tuple[int, ...],
    data_shape: tuple[int, ...] | None,
    base_shape: tuple[int, ...] | None,
    *,
    is_column: bool,
) -> Axes:
    """Infer the roles of the axes of plain arrays.

    A row axis exists if the data have two axes or more, or there are no data
    and the values have two, or `is_column` (the values of one named feature).
    Three axes with data of four are maps of pictures, channels summed. Axes
    beyond those of the data are outputs, except one that has the length of the
    features while the base values have no output axis: interactions.

    Raises
    ------
    DimensionError
        If the values have fewer axes than the data, or more than can be told apart.
    """
    n_dims = len(shape)
    if is_column:
        if n_dims > 2:
            msg = f"`feature_names` is one string, but `values` has shape {shape}: give a list of names"
            raise DimensionError(msg)
        return checked_axes(("row", "output")[:n_dims], n_dims)
    if data_shape is None:
        return _without_data(n_dims)
    rows: Axes = ("row",) if len(data_shape) >= 2 else ()
    known = rows + ("feature",) * (len(data_shape) - len(rows))
    extra = n_dims - len(known)
    if extra == -1 and n_dims == 3:
        return ("row", "feature", "feature")  # maps without channels of pictures that have some
    if extra < 0:
        msg = f"`data` has shape {data_shape}, but `values` has shape {shape}: too few axes"
        raise DimensionError(msg)
    if extra == 0:
        return known
    if extra == 1:
        base_has_no_outputs = base_shape is not None and len(base_shape) <= len(rows)
        # One row with (K,) base values has outputs; with a scalar base it has none.
        is_interaction = known.count("feature") == 1 and shape[-1] == shape[-2] and base_has_no_outputs
        return (*known, "feature" if is_interaction else "output")
    if extra == 2 and known.count("feature") == 1:
        return (*known, "feature", "output")
    msg = f"`values` has shape {shape} and `data` {data_shape}: name the roles of the axes with `axes=`"
    raise DimensionError(msg)


def _without_data(n_dims: int) -> Axes:
    """Rows x features, then outputs; four axes are interactions with outputs."""
    known: tuple[Axes, ...] = (
        (),
        ("feature",),
        ("row", "feature"),
        ("row", "feature", "output"),
        ("row", "feature", "feature", "output"),
        ("row", "feature", "feature", "feature", "output"),
    )
    if n_dims >= len(known):
        msg = f"`values` has {n_dims} axes: name their roles with `axes=`"
        raise DimensionError(msg)
    return known[n_dims]


def described(axes: Axes, axis: int) -> str:
    """Say what an axis means: ``axis 1 (features)``."""
    return f"axis {axis} ({axes[axis]}s)"


def keys_of(role: str, axes: Axes, keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """Select the keys that belong to the axes of one role."""
    return tuple(key for axis, key in zip(axes, keys, strict=True) if axis == role)


def take_axes(array: np.ndarray, keys: tuple[Key, ...]) -> np.ndarray:
    """Select on each axis by itself: NumPy's own result for one array, `np.ix_` for several.

    Ints and slices first, as a view; then each array along its axis.
    """
    basic: list[int | slice] = []
    has_arrays = False
    for key in keys:
        if key is None:
            basic.append(_WHOLE)
        elif isinstance(key, np.ndarray):
            basic.append(_WHOLE)
            has_arrays = True
        else:
            basic.append(key)
    cut = array[tuple(basic)]
    if not has_arrays:
        return cut
    axis = 0
    for key in keys:
        if isinstance(key, np.ndarray):
            cut = cut.take(key, axis)
        axis += not isinstance(key, int)
    return cut
