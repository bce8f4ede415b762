"""A blurred image: where pixels start from that are not there yet."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

N_PASSES = 3


def blurred(images: NDArray[Any], positions: tuple[int, ...]) -> Floats:
    """Take the mean over a window of odd width three times, along each axis of `positions`, borders mirrored.

    The width is the odd number nearest to a sixth of the shortest side, and no more than the image has.

    Examples
    --------
    >>> blurred(np.array([[0.0, 0, 0, 3, 0, 0, 0]])[:, :, None] + np.zeros((1, 1, 3)), (7, 3))[0, :, 0].round(2)
    array([0., 0., 0., 3., 0., 0., 0.])
    """
    side = min(positions)
    half = round((side / 6.0 - 1.0) / 2.0)
    half = min(max(half, 0), side - 1)
    result: Floats = np.asarray(images, dtype=np.float64)
    for axis in range(1, 1 + len(positions)):
        for _ in range(N_PASSES if half else 0):
            result = _window_mean(result, axis, half)
    return result


def _window_mean(images: Floats, axis: int, half: int) -> Floats:
    """The mean of each entry and `half` neighbours on both sides; the border is mirrored with its edge."""
    wings = [(0, 0)] * images.ndim
    wings[axis] = (half + 1, half)
    sums = np.moveaxis(np.pad(images, wings, mode="symmetric"), axis, 0)
    sums = np.cumsum(sums, axis=0)
    width = 2 * half + 1
    means: Floats = np.moveaxis((sums[width:] - sums[:-width]) / width, 0, axis)
    return means
