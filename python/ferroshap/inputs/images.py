"""Images: where arrays of pixels are read, checked, and brought to one layout."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError, nearest
from ferroshap.inputs.foreign import as_array

Pixels = NDArray[Any]

LAYOUTS = ("NHWC", "NCHW")
#: Types of numbers that pixels keep on their way to the model.
PIXEL_TYPES = ("uint8", "float16", "float32", "float64")
#: Channels that pictures usually have.
USUAL_CHANNELS = (1, 3, 4)


class Images:
    """Images of one size, as the user has them and with channels last.

    Attributes
    ----------
    rows : ndarray of shape ``(n_images, *row_shape)``
        The images as the model wants them.
    is_single : bool
        Whether the user gave one image without the axis of rows.
    is_grey : bool
        Whether images have no axis of channels.
    channels_first : bool
        Whether the model wants ``(C, H, W)``.
    size : tuple of int
        The size in the user's layout, two numbers where images are grey.
    height, width, n_channels : int
        The same by name.
    """

    def __init__(self, rows: Pixels, size: tuple[int, ...], *, layout: str, is_single: bool) -> None:
        """Keep what `read_images` found."""
        self.rows = rows
        self.size = size
        self.is_single = is_single
        self.is_grey = len(size) == 2
        self.channels_first = layout == "NCHW" and not self.is_grey
        if self.is_grey:
            self.height, self.width, self.n_channels = *size, 1
        elif self.channels_first:
            self.n_channels, self.height, self.width = size
        else:
            self.height, self.width, self.n_channels = size

    def __len__(self) -> int:
        """Count the images."""
        return len(self.rows)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the pixels."""
        return self.rows.dtype

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of one image as the model wants it; flat where the user's rows are."""
        return self.rows.shape[1:]

    @property
    def canvas_shape(self) -> tuple[int, int, int]:
        """The same with all three axes: ``(H, W, C)``, or ``(C, H, W)``."""
        if self.channels_first:
            return self.n_channels, self.height, self.width
        return self.height, self.width, self.n_channels

    @property
    def shown_shape(self) -> tuple[int, ...]:
        """The shape of one image in an Explanation: channels last, no such axis where images are grey."""
        return (self.height, self.width) if self.is_grey else (self.height, self.width, self.n_channels)

    def image(self, number: int) -> Pixels:
        """Return an image as ``(H, W, C)``, C-contiguous."""
        return self.channels_last(self.rows[number])

    def channels_last(self, row: Pixels) -> Pixels:
        """Bring one image of the user's layout to ``(H, W, C)``, C-contiguous."""
        canvas = row.reshape(self.canvas_shape)
        return np.ascontiguousarray(canvas.transpose(1, 2, 0) if self.channels_first else canvas)

    def shown(self) -> Pixels:
        """Return all images as an Explanation shows them."""
        canvases = self.rows.reshape(len(self.rows), *self.canvas_shape)
        if self.channels_first:
            canvases = canvases.transpose(0, 2, 3, 1)
        return canvases.reshape(len(self.rows), *self.shown_shape)


def read_images(data: Any, shape: tuple[int, ...] | None, layout: str, *, argument: str = "X") -> Images:
    """Read images: ``(n_images, *shape)``, flat rows, or one image of exactly `shape`.

    Parameters
    ----------
    data : array, tensor or list of arrays
        The images, all of one size; uint8, float16, float32 or float64.
    shape : tuple of int, or None
        The size of one image in the user's layout; ``(H, W)`` for grey ones. None: `data` has four axes.
    layout : {"NHWC", "NCHW"}
        Where channels are.

    Raises
    ------
    DimensionError
        When shapes do not fit.
    OptionError
        When pixels are not of a type that is kept, or not finite.

    Examples
    --------
    >>> images = read_images(np.zeros((2, 3, 4, 5)), None, "NCHW")
    >>> images.height, images.width, images.n_channels, images.shown_shape
    (4, 5, 3, (4, 5, 3))
    """
    array = _stacked(data, argument) if _is_list(data) else _pixels(data, argument)
    rows, size, is_single = _as_rows(array, shape, layout, argument)
    if rows.dtype.name not in PIXEL_TYPES or not rows.dtype.isnative:
        msg = f"`{argument}` has pixels of type {rows.dtype}, but they must be {', '.join(PIXEL_TYPES)}: use `.astype`"
        raise OptionError(msg)
    if min(size) == 0:
        msg = f"`{argument}` has shape {array.shape}: there is no pixel to explain"
        raise DimensionError(msg)
    _check_finite(rows, argument)
    return Images(np.ascontiguousarray(rows), size, layout=layout, is_single=is_single)


def _is_list(data: Any) -> bool:
    """Whether these are several images, rather than numbers in lists."""
    return isinstance(data, list | tuple) and len(data) > 0 and not isinstance(data[0], list | tuple)


def _stacked(data: Any, argument: str) -> Pixels:
    images = [_pixels(image, argument) for image in data]
    sizes = sorted({image.shape for image in images})
    if len(sizes) > 1:
        msg = (
            f"`{argument}` holds images of different sizes, such as {sizes[0]} and {sizes[-1]}: explain one size a call"
        )
        raise DimensionError(msg)
    return np.stack(images)


def _pixels(image: Any, argument: str) -> Pixels:
    """Read an array, a tensor, or a picture of an imaging library."""
    return np.asarray(image) if hasattr(image, "__array_interface__") else as_array(image, argument)


def _as_rows(
    array: Pixels, shape: tuple[int, ...] | None, layout: str, argument: str
) -> tuple[Pixels, tuple[int, ...], bool]:
    """Images one a row, the size of one, and whether there was no axis of rows."""
    if shape is not None:
        if array.shape[1:] == shape or (array.ndim == 2 and array.shape[1] == math.prod(shape)):
            return array, shape, False
        if array.shape == shape or array.shape == (math.prod(shape),):
            return array[None], shape, True
        msg = (
            f"`{argument}` has shape {array.shape}, but maskers.Image was made with shape={shape}: pass images "
            f"(n_images, {', '.join(map(str, shape))}), or one flat row of {math.prod(shape)} numbers each"
        )
        raise DimensionError(msg)
    if array.ndim != 4:
        msg = (
            f"`{argument}` has shape {array.shape}, but images have four axes, {layout}: pass one image as "
            "image[None], and name the size of grey images and of flat rows: maskers.Image(..., shape=(H, W))"
        )
        raise DimensionError(msg)
    here, there = (-1, 1) if layout == "NHWC" else (1, -1)
    if array.shape[here] > max(USUAL_CHANNELS) and array.shape[there] in USUAL_CHANNELS:
        other = LAYOUTS[layout == "NHWC"]
        msg = (
            f"`{argument}` has shape {array.shape}, which are {array.shape[here]} channels with layout={layout!r}: "
            f"pass maskers.Image(..., layout={other!r}), or, if it is so, shape={array.shape[1:]}"
        )
        raise DimensionError(msg)
    return array, array.shape[1:], False


def _check_finite(rows: Pixels, argument: str) -> None:
    if rows.dtype.kind != "f" or np.isfinite(rows).all():
        return
    place = np.argwhere(~np.isfinite(rows))[0].tolist()
    msg = f"`{argument}` is {rows[tuple(place)]} in image {place[0]} at {tuple(place[1:])}: pixels must be finite"
    raise OptionError(msg)


def checked_size(shape: Any, layout: str) -> tuple[int, ...] | None:
    """Return the size of an image as the user gave it.

    Raises
    ------
    DimensionError
        Unless it is two or three positive integers.
    """
    if shape is None:
        return None
    numbers = tuple(shape) if isinstance(shape, Sequence | np.ndarray) and not isinstance(shape, str) else (shape,)
    fits = len(numbers) in {2, 3} and all(
        isinstance(number, int | np.integer) and not isinstance(number, bool) and number > 0 for number in numbers
    )
    if not fits:
        accepted = "(H, W) or (H, W, C)" if layout == "NHWC" else "(H, W) or (C, H, W)"
        msg = f"`shape` is {shape!r}, but must be the size of one image, {accepted}"
        raise DimensionError(msg)
    return tuple(int(number) for number in numbers)


def checked_layout(layout: Any) -> str:
    """Return where channels are.

    Raises
    ------
    OptionError
        For a layout that is not known.
    """
    if layout not in LAYOUTS:
        msg = f"`layout={layout!r}` is not known{nearest(str(layout), LAYOUTS)} Known: {', '.join(LAYOUTS)}"
        raise OptionError(msg)
    return str(layout)
