"""Values as maps: rows, positions, channels and outputs, whether they came with all these axes or not."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Maps:
    """Values with an axis of rows and one of outputs, and the rows they explain.

    Attributes
    ----------
    values : ndarray of shape ``(N, *features, K)``
    data : ndarray of shape ``(N, *features)``, or None
        Images keep their channels where values are summed over them: ``(N, H, W, C)`` of ``(N, H, W, K)``.
    has_rows, has_outputs : bool
        Whether the axes were there: answers have them then.
    outputs : ndarray of int of shape ``(N, K)``, or None
        Which output of the model each map explains, if that is known.
    """

    values: Floats
    data: NDArray[Any] | None
    has_rows: bool
    has_outputs: bool
    outputs: Integers | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """How many features along each of their axes."""
        return self.values.shape[1:-1]

    @property
    def positions(self) -> tuple[int, ...]:
        """The axes without channels: the last of three or more feature axes has the channels."""
        return self.shape[:-1] if len(self.shape) > 2 else self.shape

    def by_position(self) -> Floats:
        """Values summed over channels, positions in one axis: ``(N, P, K)``."""
        n_rows, n_outputs = len(self.values), self.values.shape[-1]
        summed: Floats = self.values.reshape(n_rows, int(np.prod(self.positions)), -1, n_outputs).sum(axis=2)
        return summed

    def rows(self) -> NDArray[Any]:
        """Return the explained rows.

        Raises
        ------
        OptionError
            They were not kept.
        """
        if self.data is None:
            msg = "`explanation` has no data: pass the explained rows as `data`"
            raise OptionError(msg)
        return self.data

    def answer(self, numbers: Floats) -> Any:
        """Give one number a map, ``(N, K, ...)``, the axes of the question: a float for one map without axes."""
        if not self.has_outputs:
            numbers = numbers[:, 0]
        if not self.has_rows:
            numbers = numbers[0]
        return float(numbers) if np.ndim(numbers) == 0 else numbers


def as_maps(explanation: Any, data: Any = None) -> Maps:
    """Read an Explanation, or an array of values ``(N, *features[, K])`` with the rows ``(N, *features)``.

    Raises
    ------
    OptionError
        An array came without `data`.
    DimensionError
        The shapes do not fit, or the Explanation has no features left.
    """
    if isinstance(explanation, Explanation):
        return _of_explanation(explanation, data)
    values = _numbers(explanation)
    if data is None:
        msg = "`explanation` is an array: pass the explained rows as `data`, or an Explanation, which has them"
        raise OptionError(msg)
    rows = np.asarray(data)
    has_outputs = values.ndim == rows.ndim + 1
    if rows.ndim < 2 or values.shape[: rows.ndim] != rows.shape or values.ndim > rows.ndim + 1:
        msg = f"`explanation` has shape {values.shape}, but the rows {rows.shape} need {rows.shape} or {rows.shape}, K"
        raise DimensionError(msg)
    return Maps(values if has_outputs else values[..., None], rows, has_rows=True, has_outputs=has_outputs)


def as_pictures(explanation: Any) -> Maps:
    """Read an Explanation of images, or maps ``(H, W)``, ``(N, H, W)`` or ``(N, H, W, K)``, channels summed already."""
    if isinstance(explanation, Explanation):
        maps = _of_explanation(explanation, None)
    else:
        values = _numbers(explanation)
        if values.ndim not in {2, 3, 4}:
            msg = f"`explanation` has shape {values.shape}, but maps are (H, W), (N, H, W) or (N, H, W, K)"
            raise DimensionError(msg)
        has_rows, has_outputs = values.ndim > 2, values.ndim > 3
        values = values if has_rows else values[None]
        maps = Maps(values if has_outputs else values[..., None], None, has_rows, has_outputs)
    if len(maps.positions) != 2:
        msg = f"`explanation` has features of shape {maps.shape}, but images (H, W, C) or (H, W) are needed"
        raise DimensionError(msg)
    if not np.isfinite(maps.values).all():
        msg = "`explanation` holds values that are not finite"
        raise OptionError(msg)
    return maps


def _numbers(explanation: Any) -> Floats:
    try:
        return np.asarray(explanation, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"`explanation` is a {type(explanation).__name__}, but must be an Explanation or an array of values"
        raise OptionError(msg) from error


def _of_explanation(explanation: Explanation, data: Any) -> Maps:
    axes = explanation.axes
    if "feature" not in axes:
        msg = f"`explanation` has the axes {axes}, but no feature among them"
        raise DimensionError(msg)
    has_rows, has_outputs = axes[0] == "row", axes[-1] == "output"
    values = np.asarray(explanation.values, dtype=np.float64)
    values = values if has_rows else values[None]
    values = values if has_outputs else values[..., None]
    rows = explanation.data if data is None else data
    if rows is not None:
        rows = np.asarray(rows)
        lacks_rows = not has_rows and (data is None or rows.ndim == values.ndim - 2)
        rows = rows[None] if lacks_rows else rows
        # Summed channels: the images keep theirs.
        if rows.shape != values.shape[:-1] and (rows.shape[:-1] != values.shape[:-1] or values.ndim != 4):
            name = "`explanation.data`" if data is None else "`data`"
            msg = f"{name} has shape {rows.shape}, but `explanation` explains rows of shape {values.shape[:-1]}"
            raise DimensionError(msg)
    outputs = explanation.output_indexes
    if outputs is not None:
        outputs = np.broadcast_to(np.asarray(outputs, dtype=np.int64), (len(values), values.shape[-1]))
    return Maps(values, rows, has_rows, has_outputs, outputs)
