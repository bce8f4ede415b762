"""From coalitions of regions to images: visible regions as they are, hidden ones filled."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import DimensionError, InvalidMaskerError, OptionError
from ferroshap.maskers.image_regions import Regions

Pixels = NDArray[Any]
Words = NDArray[np.uint64]
Bools = NDArray[np.bool_]

#: Pixels around a hidden one from which OpenCV paints it.
INPAINT_RADIUS = 3


class Painter(Protocol):
    """Writes the images of coalitions of one image's regions."""

    #: Whether it is worth doing in another thread: it runs no Python.
    is_quick: bool

    def paint(self, words: Words, fill: int, out: Pixels, n_threads: int) -> None:
        """Write ``(m, H, W, C)``, or ``(m, C, H, W)``, with hidden regions as in the fill of that number."""


class Fixed:
    """Hidden pixels are those of a fill that does not depend on what is hidden.

    Parameters
    ----------
    image : ndarray of shape ``(H, W, C)``
        The image.
    fills : sequence of ndarrays like it
        What hidden pixels are, one after the other.
    regions : Regions
        The players.
    channels_first : bool
        Whether images are written ``(C, H, W)``.
    """

    is_quick = True

    def __init__(self, image: Pixels, fills: Sequence[Pixels], regions: Regions, *, channels_first: bool) -> None:
        """Keep half floats as words of their size: selecting does not calculate."""
        self._image, self._fills = _bits(image), [_bits(fill) for fill in fills]
        self._labels, self._channels_first = regions.labels, channels_first

    def paint(self, words: Words, fill: int, out: Pixels, n_threads: int) -> None:
        """Select each pixel from the image or the fill."""
        _native.render(self._image, self._fills[fill], self._labels, words, _bits(out), n_threads, self._channels_first)


class Filled:
    """Hidden pixels are filled from the visible ones around them: pull-push."""

    is_quick = True

    def __init__(self, image: Pixels, regions: Regions, *, channels_first: bool) -> None:
        """Keep the image, float16 as float32."""
        self._is_half = image.dtype == np.float16
        self._image = image.astype(np.float32) if self._is_half else image
        self._labels, self._channels_first = regions.labels, channels_first

    def paint(self, words: Words, fill: int, out: Pixels, n_threads: int) -> None:
        """Fill what each coalition hides."""
        del fill
        canvas = np.empty(out.shape, dtype=np.float32) if self._is_half else out
        _native.render_filled(self._image, self._labels, words, canvas, n_threads, self._channels_first)
        if self._is_half:
            out[...] = canvas


class Called:
    """Hidden pixels are what a function makes of the image and what is hidden; visible ones stay.

    Parameters
    ----------
    image : ndarray of shape ``(H, W, C)``
        The image.
    function : callable
        ``(image, hidden (H, W) bool) -> image``; it gets a read-only image, ``(H, W)`` where images are grey.
    regions : Regions
        The players.
    is_grey, channels_first : bool
        Whether images have no axis of channels; whether they are written ``(C, H, W)``.
    """

    is_quick = False

    def __init__(
        self,
        image: Pixels,
        function: Callable[[Pixels, Bools], Any],
        regions: Regions,
        *,
        is_grey: bool,
        channels_first: bool,
    ) -> None:
        """Keep the image safe from the function."""
        self._image = image.copy()
        self._image.flags.writeable = False
        self._shown = self._image[:, :, 0] if is_grey else self._image
        self._function, self._regions, self._channels_first = function, regions, channels_first

    def paint(self, words: Words, fill: int, out: Pixels, n_threads: int) -> None:
        """Call the function for each coalition that hides something."""
        del fill, n_threads
        labels, n_players = self._regions.labels, self._regions.n_players
        for canvas, present in zip(out, _native.unpack_coalitions(words, n_players), strict=True):
            # The last place is that of -1, which is always visible.
            hidden = ~np.append(present, True)[labels]
            painted = self._painted(hidden) if hidden.any() else self._image
            canvas[...] = painted.transpose(2, 0, 1) if self._channels_first else painted

    def _painted(self, hidden: Bools) -> Pixels:
        painted = np.asarray(self._function(self._shown, hidden))
        if painted.shape != self._shown.shape:
            msg = (
                f"`mask_value` returned shape {painted.shape} for an image of shape {self._shown.shape}: a function of "
                "(image, hidden) must return the whole image"
            )
            raise DimensionError(msg)
        fill = as_pixels(painted, self._image.dtype, "mask_value").reshape(self._image.shape)
        return np.where(hidden[:, :, None], fill, self._image)


def inpainter(method: str) -> Callable[[Pixels, Bools], Pixels]:
    """Return a function that paints hidden pixels with OpenCV.

    Raises
    ------
    InvalidMaskerError
        Where OpenCV is not installed.
    """
    try:
        cv2: Any = importlib.import_module("cv2")
    except ImportError as error:
        msg = (
            f"`mask_value={method!r}` needs OpenCV, which is not installed: use mask_value='fill', which is built in "
            "and some fifty times faster, or pip install opencv-python-headless"
        )
        raise InvalidMaskerError(msg) from error
    flag = cv2.INPAINT_TELEA if method == "inpaint_telea" else cv2.INPAINT_NS

    def inpainted(image: Pixels, hidden: Bools) -> Pixels:
        mask = hidden.astype(np.uint8)
        if hidden.all():  # nothing to paint from
            return np.broadcast_to(mean_colour(image), image.shape)
        if image.dtype == np.uint8 and image.shape[2:] in {(), (1,), (3,)}:
            return np.asarray(cv2.inpaint(image, mask, INPAINT_RADIUS, flag)).reshape(image.shape)
        kept = image if image.dtype == np.uint8 else image.astype(np.float32)
        channels = kept.reshape(*hidden.shape, -1)
        painted = [cv2.inpaint(channels[:, :, k].copy(), mask, INPAINT_RADIUS, flag) for k in range(channels.shape[2])]
        return np.stack(painted, axis=-1).reshape(image.shape)

    return inpainted


def mean_colour(image: Pixels) -> Pixels:
    """Return the mean of each channel, of the image's type."""
    return as_pixels(image.mean(axis=(0, 1), dtype=np.float64), image.dtype, "mask_value")


def as_pixels(values: Pixels, dtype: np.dtype[Any], argument: str) -> Pixels:
    """Bring numbers to the type of pixels; bytes are rounded half to even.

    Raises
    ------
    OptionError
        When they are no finite numbers, or out of the range of bytes.

    Examples
    --------
    >>> as_pixels(np.array([0.5, 1.5]), np.dtype(np.uint8), "mask_value")
    array([0, 2], dtype=uint8)
    """
    if values.dtype.kind not in "biuf":
        msg = f"`{argument}` has values of type {values.dtype}, but pixels are numbers"
        raise OptionError(msg)
    if not np.isfinite(values).all():
        msg = f"`{argument}` holds {values[~np.isfinite(values)].flat[0]}, but pixels must be finite"
        raise OptionError(msg)
    if dtype == np.uint8 and values.dtype != np.uint8:
        rounded = np.rint(values)
        if values.size and (rounded.min() < 0 or rounded.max() > 255):
            msg = f"`{argument}` reaches from {values.min()} to {values.max()}, but the images hold bytes, 0 to 255"
            raise OptionError(msg)
        values = rounded
    with np.errstate(over="ignore"):
        pixels = values.astype(dtype)
    if dtype.kind == "f" and not np.isfinite(pixels).all():
        msg = f"`{argument}` reaches from {values.min()} to {values.max()}, which the images' type {dtype} cannot hold"
        raise OptionError(msg)
    return pixels


def _bits(image: Pixels) -> Pixels:
    """Half floats as words of their size: selecting does not calculate."""
    return image.view(np.uint16) if image.dtype == np.float16 else image
