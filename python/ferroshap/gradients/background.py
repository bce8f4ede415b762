"""The background made ready: weights, order, outputs, and a few rows instead of many images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import DimensionError, OptionError, WeightsError
from ferroshap.gradients.protocol import Arrays, GradFn
from ferroshap.gradients.shapes import Floats, InputShape, pooled

#: Rows that more background images are summarised to.
IMAGE_ROWS = 16
#: Blocks to a side that images are pooled to before they are compared.
SIDE = 32

Kept = int | Literal["auto"] | None


@dataclass(frozen=True, eq=False)
class Background:
    """Background rows with what is computed once for all explained rows.

    Attributes
    ----------
    inputs : tuple of ndarray
        Each ``(n_rows, *shape)``, in the dtype of the model, C-contiguous.
    flat : ndarray of shape ``(n_rows, d)``
        All inputs side by side.
    weights : ndarray of shape ``(n_rows,)``
        They sum to one.
    ranks : ndarray of shape ``(n_rows,)``
        The order along the first principal component.
    scores : ndarray of shape ``(n_rows, k)``
        The first principal scores, two at most, of unit variance.
    index : ndarray of shape ``(n_rows,)``
        Where each row stood in what the user gave.
    n_given : int
        Rows with weight that the user gave.
    """

    inputs: Arrays
    flat: NDArray[Any]
    weights: Floats
    ranks: NDArray[np.uint32]
    scores: Floats
    index: NDArray[np.intp]
    n_given: int

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.weights)

    @property
    def is_summary(self) -> bool:
        """Whether rows stand for others."""
        return self.n_rows < self.n_given


def prepare(inputs: Arrays, shapes: Sequence[InputShape], weights: Any, kept: Kept, grad_fn: GradFn) -> Background:
    """Drop rows without weight, summarise if asked or if they are many images, and order what is left."""
    shares = checked_weights(weights, len(inputs[0]))
    rows = np.flatnonzero(shares)
    n_given = len(rows)
    shares = shares[rows] / shares.sum()
    features = _features([values[rows] for values in inputs], shapes)
    # In a unit of their own, a power of two, squares of squares neither overflow nor vanish.
    features = np.ldexp(features, -np.frexp(np.abs(features).max(initial=0.0))[1])
    keep = _n_kept(kept, shapes)
    if keep is not None and n_given > keep:
        index, shares = _native.background_summary(features, shares, keep)
        chosen = index.astype(np.intp)
        rows, features = rows[chosen], np.ascontiguousarray(features[chosen])
    ready = tuple(np.ascontiguousarray(values[rows], grad_fn.dtype) for values in inputs)
    ranks, scores = _native.background_order(features, shares)
    return Background(ready, side_by_side(ready), shares, ranks, scores, rows, n_given)


def side_by_side(inputs: Arrays) -> NDArray[Any]:
    """Return all inputs as one table ``(rows, d)``."""
    tables = [flat(values) for values in inputs]
    return tables[0] if len(tables) == 1 else np.ascontiguousarray(np.hstack(tables))


def flat(values: NDArray[Any]) -> NDArray[Any]:
    """Return ``(rows, *shape)`` as ``(rows, features)``, also where there are no rows."""
    return values.reshape(len(values), math.prod(values.shape[1:]))


def checked_weights(weights: Any, n_rows: int) -> Floats:
    """Return one weight for each background row, not all of them zero.

    Raises
    ------
    WeightsError
        For weights that are negative, not finite, all zero or too few.
    """
    if weights is None:
        return np.ones(n_rows)
    try:
        found: Floats = np.array(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"`weights` is {weights!r}, but must hold one number for each of the {n_rows} background rows"
        raise WeightsError(msg) from error
    if found.shape != (n_rows,):
        msg = f"`weights` has shape {found.shape}, but the background has {n_rows} rows: pass one for each"
        raise WeightsError(msg)
    if not np.isfinite(found).all() or (found < 0).any() or not found.any():
        msg = "`weights` must be finite, not negative, and not all zero"
        raise WeightsError(msg)
    found /= found.max()  # tiny or huge weights: their sum is finite
    return found


def _n_kept(kept: Kept, shapes: Sequence[InputShape]) -> int | None:
    if kept is None:
        return None
    if kept == "auto":
        return IMAGE_ROWS if any(shape.is_large_image for shape in shapes) else None
    if not hasattr(kept, "__index__") or isinstance(kept, bool) or int(kept) < 1:
        msg = f"`background_rows` is {kept!r}, but must be 'auto', a positive integer or None (all)"
        raise OptionError(msg)
    return int(kept)


def _features(inputs: list[NDArray[Any]], shapes: Sequence[InputShape]) -> Floats:
    """What rows are compared by: images pooled to at most 32 x 32 blocks, all else as it is."""
    parts = []
    for values, shape in zip(inputs, shapes, strict=True):
        numbers = np.asarray(values, dtype=np.float64)
        if shape.layout is not None:
            height, width = shape.spatial
            if shape.layout == "NHWC":
                numbers = np.moveaxis(numbers, -1, -3)
            block = -(-height // SIDE), -(-width // SIDE)
            if block != (1, 1):
                numbers = pooled(numbers, *block) / pooled(np.ones((height, width)), *block)
        parts.append(numbers.reshape(len(numbers), -1))
    return np.ascontiguousarray(np.hstack(parts))


def check_rows_agree(inputs: Arrays, argument: str) -> None:
    """Refuse several inputs of unequal numbers of rows.

    Raises
    ------
    DimensionError
        With the numbers.
    """
    counts = [len(values) for values in inputs]
    if len(set(counts)) > 1:
        msg = f"`{argument}` has inputs of {', '.join(map(str, counts))} rows: pass as many rows in each"
        raise DimensionError(msg)
