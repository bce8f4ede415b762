"""How one input of a model is shaped: which of its axes are space, which is colour."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError, nearest

Floats: TypeAlias = NDArray[np.float64]

LAYOUTS = ("NCHW", "NHWC")
#: Counts of channels that an axis is taken for colour by.
CHANNELS = (1, 3, 4)
#: The least height and width of what is a grey image rather than a sequence of vectors.
LEAST_SIDE = 16
#: Features from which an image is large: it needs many places on few paths.
LARGE = 1024
#: The side of the blocks whose sums are judged.
POOLED = 8
#: Fewer blocks say little, for all of them together are known.
LEAST_BLOCKS = 16


@dataclass(frozen=True)
class InputShape:
    """The axes of one input, rows left out.

    Attributes
    ----------
    shape : tuple of int
        Their lengths, as the model has them.
    layout : {"NCHW", "NHWC", "NHW"} or None
        None: no image.
    """

    shape: tuple[int, ...]
    layout: str | None

    @property
    def size(self) -> int:
        """Number of features."""
        return int(np.prod(self.shape))

    @property
    def is_large_image(self) -> bool:
        """Whether gradients vary along the path more than from background row to row."""
        return self.layout is not None and self.size >= LARGE

    @property
    def has_many_blocks(self) -> bool:
        """Whether errors are judged on sums of blocks of pixels."""
        if self.layout is None:
            return False
        height, width = self.spatial
        return -(-height // POOLED) * -(-width // POOLED) >= LEAST_BLOCKS

    @property
    def spatial(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.shape[1:] if self.layout == "NCHW" else self.shape[:2]
        return height, width

    def channels_last(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return a view ``(..., height, width, channels)`` of values ``(..., *shape)``; no image stays as it is."""
        return np.moveaxis(values, -3, -1) if self.layout == "NCHW" else values

    def own_layout(self, values: NDArray[Any], *, n_lead: int) -> NDArray[Any]:
        """Return values ``(lead axes, height, width, channels, ...)`` in the layout of the model."""
        return np.moveaxis(values, n_lead + 2, n_lead) if self.layout == "NCHW" else values

    def flat_images(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values ``(..., size)`` as ``(..., height, width)``, summed over channels."""
        shaped = values.reshape(*values.shape[:-1], *self.shape)
        return shaped if self.layout == "NHW" else shaped.sum(axis=-3 if self.layout == "NCHW" else -1)


def pooled(images: NDArray[Any], rows: int = POOLED, columns: int = POOLED) -> NDArray[Any]:
    """Sum blocks of pixels of images ``(..., height, width)``; those at the edges are smaller.

    Examples
    --------
    >>> pooled(np.ones((9, 16)))
    array([[64., 64.],
           [ 8.,  8.]])
    """
    summed = np.add.reduceat(images, np.arange(0, images.shape[-2], rows), axis=-2)
    found: NDArray[Any] = np.add.reduceat(summed, np.arange(0, images.shape[-1], columns), axis=-1)
    return found


def input_shape(shape: tuple[int, ...], layout: str | None, model_layout: str | None) -> InputShape:
    """Find out how an input is shaped.

    Parameters
    ----------
    shape : tuple of int
        The lengths of its axes, rows left out.
    layout : {"NCHW", "NHWC"} or None
        What the user says.
    model_layout : str or None
        How models of its framework want images, where the channels do not tell.

    Examples
    --------
    >>> input_shape((3, 8, 8), None, None).layout, input_shape((8, 8, 3), None, None).layout
    ('NCHW', 'NHWC')
    >>> input_shape((28, 28), None, None).layout, input_shape((50, 4), None, None).layout
    ('NHW', None)
    """
    if len(shape) == 2:
        return InputShape(shape, "NHW" if min(shape) >= LEAST_SIDE else None)
    if len(shape) != 3:
        return InputShape(shape, None)
    is_first, is_last = shape[0] in CHANNELS, shape[2] in CHANNELS
    if layout is None and is_first != is_last:
        layout = "NCHW" if is_first else "NHWC"
    return InputShape(shape, layout or model_layout or "NHWC")


def check_layout(layout: str | None, shapes: list[tuple[int, ...]]) -> None:
    """Refuse a layout that is not known, or that no input can have.

    Raises
    ------
    OptionError
        Naming the layouts.
    """
    if layout is None:
        return
    if layout not in LAYOUTS:
        msg = f"`layout={layout!r}` is not known{nearest(str(layout), LAYOUTS)} Known: {', '.join(LAYOUTS)}"
        raise OptionError(msg)
    if all(len(shape) != 3 for shape in shapes):
        msg = f"`layout` is {layout!r}, but no input has rows of three axes: leave it out"
        raise OptionError(msg)
