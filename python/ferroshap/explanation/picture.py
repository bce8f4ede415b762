"""What an image and its values look like: pixels to show, a grey image, a symmetric scale, colours over grey."""

from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

UP, DOWN = (255, 13, 87), (30, 136, 229)  # pushes up; pushes down
GREY_SHARE = 0.15  # how much is seen of the grey image beneath the values
PERCENTILE = 99.9  # of the magnitudes: a handful of pixels does not make all others pale
_LUMINANCE = np.array([0.299, 0.587, 0.114])
_SWEEPS = 10


def shown_pixels(image: npt.NDArray[Any]) -> Bytes:
    """Bring an image into bytes: ``(height, width[, channels])`` to ``(height, width, 3)``.

    Bytes stay as they are. Other numbers are taken as parts of 1 if all lie
    between 0 and 1, as parts of 255 if all lie between 0 and 255 and some beyond
    127, else from the smallest (black) to the largest (white). Two channels are averaged, more
    than three are shown by the means of three groups of similar ones.
    """
    pixels = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    low, high = float(pixels.min(initial=0.0)), float(pixels.max(initial=0.0))
    if image.dtype == np.uint8 or (low >= 0.0 and 127.0 < high <= 255.0):
        parts = pixels / 255.0
    elif low >= 0.0 and high <= 1.0:
        parts = pixels
    else:
        low = float(pixels.min())
        high = float(pixels.max())
        parts = (pixels - low) / (high - low) if high > low else np.full(pixels.shape, 0.5)
    if parts.ndim == 2:
        parts = parts[..., None]
    if parts.shape[-1] > 3:
        parts = three_groups(parts)
    elif parts.shape[-1] != 3:
        parts = np.repeat(parts.mean(axis=-1, keepdims=True), 3, axis=-1)
    return np.rint(255.0 * parts).astype(np.uint8)


def three_groups(channels: Floats) -> Floats:
    """Average similar channels: k-means over ``(height, width, channels)``, started from channels far apart."""
    columns = channels.reshape(-1, channels.shape[-1]).T  # (channels, pixels)
    chosen = [0]
    for _ in range(2):
        distance = np.min([((columns - columns[k]) ** 2).sum(axis=1) for k in chosen], axis=0)
        chosen.append(int(np.argmax(distance)))
    centres = columns[chosen]
    group = np.full(len(columns), -1)
    for _ in range(_SWEEPS):
        nearest = np.argmin([((columns - centre) ** 2).sum(axis=1) for centre in centres], axis=0)
        if np.array_equal(nearest, group):
            break
        group = nearest
        centres = np.array([columns[group == k].mean(axis=0) if (group == k).any() else centres[k] for k in range(3)])
    return centres.T.reshape(*channels.shape[:-1], 3)


def grey_of(pixels: Bytes) -> Floats:
    """Luminance between 0 and 1: ``(height, width, 3)`` to ``(height, width)``."""
    grey: Floats = pixels @ _LUMINANCE / 255.0
    return grey


def symmetric_scale(values: npt.NDArray[Any]) -> float:
    """The magnitude that gets the full colour: the 99.9th percentile, 1 if all values are zero or unknown."""
    magnitudes = np.abs(values[np.isfinite(values)])
    if magnitudes.size == 0:
        return 1.0
    largest = float(magnitudes.max())
    return float(np.percentile(magnitudes, PERCENTILE)) or largest or 1.0


def coloured(values: npt.NDArray[Any], scale: float, grey: npt.NDArray[Any] | None) -> Bytes:
    """Lay red (up) and blue (down) over a faint grey image; zero is transparent; ``(height, width, 3)``."""
    if grey is None:
        grey = np.ones(values.shape)
    beneath = (1.0 - GREY_SHARE * (1.0 - grey))[..., None]
    strength = np.clip(np.nan_to_num(values), -scale, scale)[..., None] / scale
    hue = np.where(strength > 0.0, np.array(UP) / 255.0, np.array(DOWN) / 255.0)
    mixed = beneath + np.abs(strength) * (hue - beneath)
    colours: Bytes = np.rint(255.0 * mixed).astype(np.uint8)
    return colours


def shrunk(array: npt.NDArray[Any], side: int) -> npt.NDArray[Any]:
    """Average pixels by the area they cover until the longer side is at most `side`; smaller pictures stay."""
    height, width = array.shape[:2]
    ratio = side / max(height, width)
    if ratio >= 1.0:
        return array
    rows, columns = (_shares(length, max(round(length * ratio), 1)) for length in (height, width))
    means: npt.NDArray[Any] = np.einsum("ih,hw...,jw->ij...", rows, array.astype(np.float64), columns, optimize=True)
    return np.rint(means).astype(array.dtype) if array.dtype.kind in "iu" else means


def _shares(length: int, new_length: int) -> Floats:
    """The share of each pixel in each of the fewer new ones."""
    ends = np.linspace(0.0, length, new_length + 1)
    starts = np.arange(length)
    covered = np.minimum(ends[1:, None], starts + 1) - np.maximum(ends[:-1, None], starts)
    shares: Floats = np.maximum(covered, 0.0) * (new_length / length)
    return shares
