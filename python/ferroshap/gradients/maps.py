"""What was found of each row: values and errors in the shapes that the user sees."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import MemoryLimitError
from ferroshap.gradients.shapes import Floats, InputShape, pooled


class Maps:
    """Values, errors and sums of all rows of a call; NaN where nothing is known yet.

    Of every input: ``(rows, *shape, T)``, images with their channels last.

    Parameters
    ----------
    n_rows, n_outputs : int
        Rows, and outputs of each.
    shapes : sequence of InputShape
        Of the inputs.
    n_replicates : int
        Maps to keep of each row if `keeps_replicates`.
    memory_bytes : int
        The most that may be taken.

    Raises
    ------
    MemoryLimitError
        When that is not enough.
    """

    def __init__(
        self,
        n_rows: int,
        n_outputs: int,
        shapes: Sequence[InputShape],
        n_replicates: int,
        memory_bytes: int,
        *,
        keeps_replicates: bool = False,
    ) -> None:
        """Make room."""
        self.shapes = shapes
        n_kept = n_replicates if keeps_replicates else 0
        needed = 8 * n_rows * n_outputs * (2 + n_kept) * sum(shape.size for shape in shapes)
        if needed > memory_bytes:
            msg = (
                f"values and errors of {n_rows} rows and {n_outputs} outputs take {needed:,} bytes, but "
                f"`memory_limit` allows {memory_bytes:,}: explain fewer rows a call, or fewer outputs "
                "(`ranked_outputs=1`, or `outputs=[...]`)"
            )
            raise MemoryLimitError(msg)
        self.values = [_unknown(n_rows, self._last(shape), n_outputs) for shape in shapes]
        self.errors = [_unknown(n_rows, self._last(shape), n_outputs) for shape in shapes]
        self.channel_errors = [_unknown(n_rows, self._image(shape), n_outputs) for shape in shapes]
        self.pooled_errors = [_unknown(n_rows, self._image(shape, side=8), n_outputs) for shape in shapes]
        self.replicates = [
            np.full((n_rows, n_kept, *self._last(shape), n_outputs), np.nan) if n_kept else None for shape in shapes
        ]
        self.gap = np.full((n_rows, n_outputs), np.nan)
        self.relative = np.full((n_rows, n_outputs), np.nan)
        #: Squares of the errors and of the maps by which errors are judged.
        self.squares = np.zeros((2, n_rows, n_outputs))

    def store(self, rows: NDArray[np.intp], found: Sequence[Floats], share: Floats) -> None:
        """Keep what the core made of the sums of some rows; `share` is ``(rows, n_replicates)``."""
        values, self.gap[rows], errors, replicates = found
        self._judge(rows, np.square(errors).sum(axis=2), np.square(values).sum(axis=2))
        offset = 0
        for place, shape in enumerate(self.shapes):
            at = slice(offset, offset + shape.size)
            offset += shape.size
            self.values[place][rows] = _shown(values[..., at], shape)
            self.errors[place][rows] = _shown(errors[..., at], shape)
            kept = self.replicates[place]
            if kept is not None:
                equal = _equal_weights(values[..., at], replicates[..., at], share)
                kept[rows] = np.moveaxis(shape.channels_last(_shaped(equal, shape)), 1, -1)
            if shape.layout is not None:
                self._store_image(rows, place, values[..., at], replicates[..., at], share)

    def _store_image(
        self, rows: NDArray[np.intp], place: int, values: Floats, replicates: Floats, share: Floats
    ) -> None:
        """Errors of sums over channels and over blocks, from the replicates' own sums."""
        shape = self.shapes[place]
        images, parts = shape.flat_images(values), shape.flat_images(replicates)
        self.channel_errors[place][rows] = np.moveaxis(errors_of(images, parts, share), 1, -1)
        blocks, block_parts = pooled(images), pooled(parts)
        errors = errors_of(blocks, block_parts, share)
        self.pooled_errors[place][rows] = np.moveaxis(errors, 1, -1)
        if len(self.shapes) == 1 and shape.has_many_blocks:
            self._judge(rows, np.square(errors).sum(axis=(2, 3)), np.square(blocks).sum(axis=(2, 3)))

    def _judge(self, rows: NDArray[np.intp], noise: Floats, power: Floats) -> None:
        self.squares[0, rows], self.squares[1, rows] = noise, power
        self.relative[rows] = relative_error(noise, power)

    @staticmethod
    def _last(shape: InputShape) -> tuple[int, ...]:
        return (*shape.shape[1:], shape.shape[0]) if shape.layout == "NCHW" else shape.shape

    @staticmethod
    def _image(shape: InputShape, *, side: int = 1) -> tuple[int, ...] | None:
        if shape.layout is None:
            return None
        height, width = shape.spatial
        return -(-height // side), -(-width // side)


def relative_error(noise: Any, power: Any) -> Any:
    """Return the relative standard error of maps, whose squares have errors in them, too.

    Infinite where there is more noise than anything else, NaN where the noise is not known.

    Examples
    --------
    >>> relative_error(np.array([9.0, 25.0, 0.0]), np.array([25.0, 25.0, 0.0]))
    array([0.75,  inf, 0.  ])
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        relative = np.sqrt(noise / np.maximum(power - noise, 0.0))
    return np.where(noise == 0, 0.0, relative)


def errors_of(values: Floats, replicates: Floats, share: Floats) -> Floats:
    """Return standard errors of values ``(rows, T, ...)`` from those of replicates ``(rows, T, R, ...)``.

    `share` ``(rows, R)`` is the part of all points that a replicate has. NaN where fewer than two have any.
    """
    is_filled = share > 0
    n_filled = is_filled.sum(axis=1)
    weights = np.square(share)
    total = np.zeros(values.shape)
    between = (slice(None), None) + (None,) * (values.ndim - 2)
    for k in range(share.shape[1]):
        away = np.where(is_filled[:, k][between], replicates[:, :, k] - values, 0.0)
        total += weights[:, k][between] * np.square(away)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(n_filled > 1, n_filled / (n_filled - 1.0), np.nan)
    found: Floats = np.sqrt(total * factor[between])
    return found


def _equal_weights(values: Floats, replicates: Floats, share: Floats) -> Floats:
    """Stretch maps of unequal weight about the values, so that maps of equal weight have the same errors and mean."""
    n_filled = (share > 0).sum(axis=1, keepdims=True)
    stretch = (share * n_filled)[:, None, :, None]
    away = np.where(share[:, None, :, None] > 0, replicates - values[:, :, None], np.nan)
    found: Floats = values[:, :, None] + stretch * away
    return found


def _unknown(n_rows: int, shape: tuple[int, ...] | None, n_outputs: int) -> Any:
    return None if shape is None else np.full((n_rows, *shape, n_outputs), np.nan)


def _shaped(flat: Floats, shape: InputShape) -> Floats:
    return flat.reshape(*flat.shape[:-1], *shape.shape)


def _shown(flat: Floats, shape: InputShape) -> Floats:
    """``(rows, T, d)`` as ``(rows, *shape, T)``, channels last."""
    return np.moveaxis(shape.channels_last(_shaped(flat, shape)), 1, -1)
