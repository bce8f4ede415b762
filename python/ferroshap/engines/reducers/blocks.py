"""Blocks of explained rows, as reducers take them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation


class Block(NamedTuple):
    """What reducers see of a block of rows.

    Attributes
    ----------
    values : ndarray of shape ``(rows, features, outputs)``
        Singles or doubles, whole in memory, in any order of axes.
    base_values : ndarray of shape ``(rows, outputs)``
        Their base values.
    error_std : ndarray of the shape of `values`, or None
        Standard errors, where values are sampled.
    data : ndarray of shape ``(rows, features)``, or None
        What the features were.
    first_row : int
        The number of the first row in the whole table.
    row_keys : ndarray of shape ``(rows,)``, "content" or None
        Numbers that tell rows apart; None: they are counted from `first_row`.
    feature_names, output_names : tuple of str
        One a feature, one an output.
    """

    values: NDArray[Any]
    base_values: NDArray[Any]
    error_std: NDArray[Any] | None
    data: NDArray[Any] | None
    first_row: int
    row_keys: Any
    feature_names: tuple[str, ...]
    output_names: tuple[str, ...]


def as_block(explained: Any) -> Block:
    """Return the block of an `Explained` (what `engines.arrow.explain_block` returns), or of an Explanation.

    Raises
    ------
    DimensionError
        For interactions, and for an Explanation of one row or of images.
    OptionError
        For anything else.
    """
    if isinstance(explained, Explanation):
        explained = _Parts.of(explained)
    elif not hasattr(explained, "first_row"):
        msg = (
            f"`explained` is a {type(explained).__name__}, but must be what `explain_block` returns, or an Explanation"
        )
        raise OptionError(msg)
    values = np.asarray(explained.values)
    if values.ndim != 3 or getattr(explained, "pairs", None) is not None:
        what = "interactions" if values.ndim in (3, 4) else f"{values.ndim} axes"
        msg = f"`explained` has {what}, shape {values.shape}, but reducers take values (rows, features, outputs)"
        raise DimensionError(msg)
    _, n_features, n_outputs = values.shape
    return Block(
        _whole(values),
        np.asarray(explained.base_values),
        explained.error_std,
        explained.data,
        explained.first_row,
        getattr(explained, "row_keys", None),
        _names(explained, "feature_names", "Feature", n_features),
        _names(explained, "output_names", "Output", n_outputs),
    )


class _Parts(NamedTuple):
    """An Explanation in the form of an `Explained`."""

    values: Any
    base_values: Any
    error_std: Any
    data: Any
    first_row: int
    feature_names: Any
    output_names: Any

    @classmethod
    def of(cls, explanation: Explanation) -> "_Parts":
        axes = tuple(explanation.axes)
        if axes[:2] != ("row", "feature") or axes.count("feature") > 1:
            msg = f"`explained` has axes {axes}, but reducers take values (rows, features[, outputs])"
            raise DimensionError(msg)
        values = np.asarray(explanation.values)
        cube = values.reshape(*values.shape[:2], -1)
        base = explanation.base_values
        base = np.full(1, np.nan) if base is None else np.asarray(base)
        base = np.broadcast_to(base.reshape(len(base), -1) if base.ndim else base, (len(cube), cube.shape[2]))
        error_std = None if explanation.error_std is None else np.reshape(explanation.error_std, cube.shape)
        names = explanation.output_names if "output" in axes else None
        return cls(cube, base, error_std, explanation.data, 0, explanation.feature_names, names)


def _names(explained: Any, field: str, stem: str, count: int) -> tuple[str, ...]:
    names = getattr(explained, field, None)
    names = () if names is None else tuple(str(name) for name in names)
    return names if len(names) == count else tuple(f"{stem} {i}" for i in range(count))


def as_floats(data: Any, wanted_by: str) -> NDArray[Any]:
    """Return data as a C-contiguous array of singles or doubles.

    Raises
    ------
    OptionError
        Where it holds text.
    """
    found = np.asarray(data)
    try:
        kind = found.dtype if found.dtype in (np.float32, np.float64) else np.float64
        return np.ascontiguousarray(found, dtype=kind)
    except (TypeError, ValueError):
        msg = f"`explained.data` holds text, but {wanted_by} needs numbers: pass what `explain_block` returns"
        raise OptionError(msg) from None


def _whole(values: NDArray[Any]) -> NDArray[Any]:
    """Singles or doubles without gaps; a view of every second row, say, is copied."""
    if values.dtype not in (np.float32, np.float64) or not values.dtype.isnative:
        values = values.astype(np.float64)
    order = sorted(range(3), key=lambda axis: -values.strides[axis])
    has_gaps = not values.transpose(order).flags.c_contiguous
    return np.ascontiguousarray(values) if has_gaps else values
