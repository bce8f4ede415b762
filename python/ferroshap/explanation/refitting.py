"""New values for an Explanation that is there: which roles their axes have, and which fields stay."""

from typing import Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explanation import checks
from ferroshap.explanation.axes import Axes

Shape = tuple[int, ...]


def refitted(values: Any, shape: Shape, axes: Axes) -> tuple[np.ndarray, Axes]:
    """Read new values, and find the roles of their axes by those of the old ones.

    The same axes, of any lengths (the fields decide whether those fit); or the old shape
    without its output axis, with an output axis more, or without the axis of its single row.
    A list of one array an output, as the incumbent's images are shown, is stacked along the outputs.

    Raises
    ------
    DimensionError
        When there is no such way.
    """
    per_output = _stacked(values, shape, axes)
    array = checks.as_numbers("values", values) if per_output is None else per_output
    if array.ndim == len(axes):
        return array, axes
    for fitting in (shape, (1, *shape) if "row" not in axes else shape[1:] if shape[:1] == (1,) else shape):
        roles = axes if fitting == shape else ("row", *axes) if "row" not in axes else axes[1:]
        if array.shape == fitting:
            return array, roles
        if "output" in roles and array.shape == fitting[:-1]:
            return array, roles[:-1]
        if "output" not in roles and "feature" in roles and array.shape[:-1] == fitting:
            return array, (*roles, "output")
    msg = (
        f"`values` has shape {array.shape}, but this Explanation has {shape} ({' x '.join(axes)}): give these axes, "
        "without the outputs or with outputs more; to choose rows or features, index the Explanation itself"
    )
    raise DimensionError(msg)


def _stacked(values: Any, shape: Shape, axes: Axes) -> np.ndarray | None:
    """Put a list of arrays, one an output, along a last axis; None if it is something else."""
    if not isinstance(values, (list, tuple)) or not all(isinstance(part, np.ndarray) for part in values):
        return None
    whole = shape[:-1] if "output" in axes else shape
    single = whole[1:] if whole[:1] == (1,) and "row" in axes else whole
    inner = {part.shape for part in values}
    if "feature" not in axes or len(inner) != 1 or "output" not in axes:
        return None
    if inner == {whole}:
        return np.stack([checks.as_numbers("values", part) for part in values], axis=-1)
    if inner == {single}:
        return np.stack([checks.as_numbers("values", part) for part in values], axis=-1)[None]
    return None


def kept_fields(fields: dict[str, Any], shape: Shape, axes: Axes, before: Axes) -> dict[str, Any]:
    """Check every field against the new values; where axes came or went, what does not fit is dropped.

    Raises
    ------
    DimensionError
        When the axes are the same and a field does not fit their lengths.
    """
    if axes == before:
        return checks.all_fitted(fields, shape, axes)
    if "output" not in axes and "output" in before:
        base = np.asarray(fields.get("base_values", np.nan))
        # One number a row was repeated for all outputs: it is still one number a row.
        if base.ndim and np.all(base == base[..., :1]):
            fields["base_values"] = base[..., 0]
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        try:
            kept[name] = checks.fitted(name, value, shape, axes)
        except DimensionError:
            continue
    return checks.all_fitted(kept, shape, axes)
