"""What hidden pixels become: reading `mask_value`."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import DimensionError, OptionError, WeightsError, nearest
from ferroshap.inputs.images import Images
from ferroshap.maskers.background import normalised_weights
from ferroshap.maskers.image_painters import Called, Filled, Fixed, Painter, as_pixels, inpainter, mean_colour
from ferroshap.maskers.image_regions import Regions

Pixels = NDArray[Any]
Floats = NDArray[np.float64]

#: Box passes of the default blur: nearly a Gaussian.
PASSES = 3
NAMES = ("blur", "fill", "mean", "segment_mean", "inpaint_telea", "inpaint_ns")


class Filling:
    """How hidden pixels are filled.

    Parameters
    ----------
    mask_value : str, number, array or callable
        As the user wrote it.
    weights : array, optional
        Weights of background images.
    size : tuple of int, optional
        The size of an image in the user's layout, where it is known; three axes otherwise.
    layout : {"NHWC", "NCHW"}
        Where its channels are.

    Attributes
    ----------
    kind : str
        A name, "boxes" for a blur of given width, "call" or "values".
    weights : ndarray of shape ``(n_fills,)``
        The share of each fill; one unless there are background images.
    """

    def __init__(
        self, mask_value: Any, weights: Any = None, size: tuple[int, ...] | None = None, layout: str = "NHWC"
    ) -> None:
        """Read what the user wrote."""
        self._layout = layout
        self.boxes: tuple[int, int] | None = None
        self.function: Callable[..., Any] | None = None
        self.values: Pixels = np.empty(0)
        self.weights: Floats = np.ones(1)
        self.is_background = False
        if isinstance(mask_value, str):
            self.kind, self.boxes = _named(mask_value)
            if self.kind.startswith("inpaint"):
                inpainter(self.kind)  # refuses where OpenCV is missing
        elif callable(mask_value):
            self.kind, self.function = "call", mask_value
        else:
            self.kind = "values"
            self._read_values(mask_value, size)
        if self.is_background:
            self.weights = normalised_weights(weights, len(self.values))
        elif weights is not None:
            msg = "`weights` are those of background images, but `mask_value` holds none: leave them out"
            raise WeightsError(msg)

    def _read_values(self, mask_value: Any, size: tuple[int, ...] | None) -> None:
        """Read numbers, and tell one image from many."""
        values = _numbers(mask_value)
        is_table = size is not None and values.ndim == 2 and values.shape != size
        if size is not None and is_table and values.shape[1] == math.prod(size):
            values = values.reshape(-1, *size)  # flat rows
        self.values = values
        self.is_background = values.ndim == (3 if size is None else len(size)) + 1
        if self.is_background and not len(values):
            msg = f"`mask_value` has shape {values.shape}: a background needs at least one image"
            raise DimensionError(msg)
        if size is not None:
            self.check_size(size)

    def check_size(self, size: tuple[int, ...]) -> None:
        """Refuse values that do not fit images of a size, in the user's layout.

        Raises
        ------
        DimensionError
            When they do not fit.
        """
        shape = self.values.shape[1:] if self.is_background else self.values.shape
        is_colour = not self.is_background and len(shape) == 1 and len(size) == 3
        if self.kind != "values" or shape == size or (not self.is_background and shape in {(), (math.prod(size),)}):
            return
        if is_colour and shape[0] in {1, size[2 if self._layout == "NHWC" else 0]}:
            return
        msg = (
            f"`mask_value` has shape {self.values.shape}, which fits no image of shape {size}: pass a number, a colour "
            f"of one number a channel, an image of shape {size}, or background images (m, {', '.join(map(str, size))})"
        )
        raise DimensionError(msg)

    def painter(self, images: Images, image: Pixels, regions: Regions, n_threads: int) -> Painter:
        """Return what writes the coalitions of an image ``(H, W, C)``."""
        first = images.channels_first
        if self.kind == "fill":
            return Filled(image, regions, channels_first=first)
        if self.function is not None or self.kind.startswith("inpaint"):
            function = self.function or inpainter(self.kind)
            return Called(image, function, regions, is_grey=images.is_grey, channels_first=first)
        return Fixed(image, self._fills(images, image, regions, n_threads), regions, channels_first=first)

    def _fills(self, images: Images, image: Pixels, regions: Regions, n_threads: int) -> list[Pixels]:
        """The fills that do not depend on what is hidden."""
        del n_threads
        if self.kind == "values":
            return [as_fill(value, images, image) for value in (self.values if self.is_background else [self.values])]
        if self.kind == "mean":
            return [_spread(mean_colour(image), image)]
        precise = image.astype(np.float32) if image.dtype == np.float16 else image
        if self.kind == "segment_mean":
            means = _native.segment_means(precise, regions.labels, regions.n_players)
            return [np.ascontiguousarray(means.astype(image.dtype))]
        kx, ky = self.boxes or (default_width(image), default_width(image))
        blurred = _native.image_blur(precise, kx, ky, 1 if self.boxes else PASSES)
        return [np.ascontiguousarray(blurred.astype(image.dtype, copy=False))]

    def __str__(self) -> str:
        """Say what hidden regions become."""
        if self.kind == "values":
            if len(self.weights) > 1:
                return f"taken from {len(self.weights)} background images"
            return f"of the value {self.values[()]}" if self.values.ndim == 0 else "taken from a fixed image or colour"
        width = "" if self.boxes is None else f" by boxes of {self.boxes[0]} x {self.boxes[1]}"
        return {
            "blur": "blurred",
            "boxes": f"blurred{width}",
            "fill": "filled from the visible pixels around them",
            "mean": "of the image's mean colour",
            "segment_mean": "of their own mean colour, which hides texture and not colour",
            "inpaint_telea": "painted by OpenCV (Telea)",
            "inpaint_ns": "painted by OpenCV (Navier-Stokes)",
            "call": "filled by a function of the user's",
        }[self.kind]


def default_width(image: Pixels) -> int:
    """Return the width of the default blur: the odd number nearest to a sixth of the shorter side, at least 3.

    Examples
    --------
    >>> default_width(np.zeros((224, 300, 3))), default_width(np.zeros((8, 8, 1)))
    (37, 3)
    """
    shorter = float(min(image.shape[:2]))
    return max(3, 2 * round((shorter / 6 - 1) / 2) + 1)


def as_fill(value: Pixels, images: Images, image: Pixels) -> Pixels:
    """Return a number, a colour or an image of the user's layout as pixels ``(H, W, C)``."""
    pixels = as_pixels(value, image.dtype, "mask_value")
    is_colour = value.ndim == 0 or value.shape in {(1,), image.shape[2:]}
    return _spread(pixels, image) if is_colour else images.channels_last(pixels)


def _spread(colour: Pixels, image: Pixels) -> Pixels:
    return np.ascontiguousarray(np.broadcast_to(colour, image.shape))


def _named(mask_value: str) -> tuple[str, tuple[int, int] | None]:
    found = re.fullmatch(r"\s*blur\(\s*(\d+)\s*,\s*(\d+)\s*\)\s*", mask_value)
    if found:
        boxes = int(found[1]), int(found[2])
        if min(boxes) < 1:
            msg = f"`mask_value={mask_value!r}` blurs by boxes without pixels: name two positive widths"
            raise OptionError(msg)
        return "boxes", boxes
    if mask_value not in NAMES:
        known = (
            f"{', '.join(map(repr, NAMES))}, 'blur(kx,ky)', a number, a colour, an image, background images, a function"
        )
        msg = f"`mask_value={mask_value!r}` is not known{nearest(mask_value, NAMES)} Known: {known}"
        raise OptionError(msg)
    return mask_value, None


def _numbers(mask_value: Any) -> Pixels:
    try:
        values = np.asarray(mask_value)
    except ValueError as error:
        msg = f"`mask_value` is no array ({error})"
        raise OptionError(msg) from error
    as_pixels(values, np.dtype(np.float64), "mask_value")
    return values
