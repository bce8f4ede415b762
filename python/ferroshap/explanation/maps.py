"""Coarser maps of images: channels summed, and blocks of pixels, with errors that were computed for these sums."""

import operator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation.field import Body
from ferroshap.explanation.fields import BLOCK, FOLLOWS, LIKE_VALUES, OF_MAPS
from ferroshap.explanation.history import OpHistoryItem

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation


class Maps(Body):
    """What only images can be asked for."""

    __slots__ = ()

    def sum_channels(self) -> "Explanation":
        """Add the channels of each pixel: ``(rows, height, width[, outputs])``.

        The errors are those of the sums, `channel_error_std`: they follow from
        the replicates, never from the errors of single channels, whose noise
        goes up and down together. NaN where nobody computed them. The data keep
        their channels, so that the picture can still be drawn.

        Raises
        ------
        DimensionError
            If these are not values of images.

        Examples
        --------
        >>> from ferroshap import Explanation
        >>> images = np.zeros((2, 4, 5, 3))
        >>> sv = Explanation(np.ones((2, 4, 5, 3)), data=images, channel_error_std=np.full((2, 4, 5), 0.1))
        >>> summed = sv.sum_channels()
        >>> summed.shape, float(summed.values[0, 0, 0]), float(summed.error_std[0, 0, 0])
        ((2, 4, 5), 3.0, 0.1)
        """
        first = refuse_what_is_no_image(self, "sum_channels")
        if self.axes.count("feature") == 2:
            return cast("Explanation", self)
        channel, axes = first + 2, self.axes[: first + 2] + self.axes[first + 3 :]
        values = np.asarray(self.values).sum(axis=channel)
        replicates = None if self.replicates is None else self.replicates.sum(axis=channel + 1)
        changed = _without_what_followed_pixels() | {
            "error_std": _error_of_sums(self, self.channel_error_std, replicates, values, first),
            "channel_error_std": self.channel_error_std,
            "pooled_error_std": self.pooled_error_std,
            "replicates": replicates,
            "relative_error": self.relative_error,
            "segments": self.segments,
            "clustering": None,
            "feature_names": None,
        }
        return self.derived(values, axes, changed, OpHistoryItem("sum_channels", self.shape))

    def pooled(self, size: int = BLOCK) -> "Explanation":
        """Add the values of blocks of ``size x size`` pixels and all channels; blocks at the far edges may be smaller.

        The errors are those of the sums: for blocks of 8 `pooled_error_std`, for
        others they come from `replicates`, and they are NaN where these were not
        kept. The data become the mean colours of the blocks.

        Raises
        ------
        DimensionError
            If these are not values of images.
        OptionError
            If `size` is not a whole number above zero.

        Examples
        --------
        >>> from ferroshap import Explanation
        >>> sv = Explanation(np.ones((1, 12, 8, 3)), data=np.zeros((1, 12, 8, 3)))
        >>> sv.pooled(8).values
        array([[[192.],
                [ 96.]]])
        """
        first = refuse_what_is_no_image(self, "pooled")
        try:
            side = operator.index(size)
        except TypeError:
            side = 0
        if side < 1:
            msg = f"`size` is {size!r}: give the pixels along a side of a block, 1 or more"
            raise OptionError(msg)
        summed = self.sum_channels()
        values = block_sums(np.asarray(summed.values), first, side)
        replicates = None if summed.replicates is None else block_sums(summed.replicates, first + 1, side)
        known = self.pooled_error_std if side == BLOCK else None
        changed = _without_what_followed_pixels() | {
            "error_std": summed.error_std if side == 1 else _error_of_sums(self, known, replicates, values, first),
            "replicates": replicates,
            "relative_error": self.relative_error,
            "data": _block_means(self.data, first, side),
            "display_data": _block_means(self.display_data, first, side),
            "clustering": None,
            "feature_names": None,
        }
        return self.derived(values, summed.axes, changed, OpHistoryItem("pooled", self.shape, (side,)))

    def to_png(self, file: Any) -> None:
        """Write the images beside their values as a PNG file; no drawing library is needed.

        One line an image: the image, then a map for each output with f(x), base
        value, gap and relative error. Channels are summed; red pushes up, blue
        down; the scale is symmetric about zero, transparent, and ends at the
        99.9th percentile of the magnitudes over the outputs of one image.
        Pictures of more than 512 pixels a side are shrunk.

        Parameters
        ----------
        file : path or binary file
            Where the picture goes.

        Raises
        ------
        DimensionError
            If these are not values of images.

        Examples
        --------
        >>> import io
        >>> from ferroshap import Explanation
        >>> file = io.BytesIO()
        >>> Explanation(np.ones((1, 8, 8)), 0.0, np.zeros((1, 8, 8))).to_png(file)
        >>> file.getvalue()[1:4]
        b'PNG'
        """
        from ferroshap.explanation.poster import write_png

        refuse_what_is_no_image(self, "to_png")
        write_png(cast("Explanation", self), file)


def is_image(explanation: Any) -> bool:
    """Tell values of images: three feature axes, or two that the data share or that were three before.

    Interactions have two as well, but their data one.
    """
    axes = explanation.axes
    n_feature_axes = axes.count("feature")
    if n_feature_axes != 2:
        return bool(n_feature_axes == 3)
    data = explanation.data
    if data is not None:
        return bool(np.ndim(data) - axes.count("row") >= 2)
    return any(item.name in {"sum_channels", "pooled"} for item in explanation.op_history)


def refuse_what_is_no_image(explanation: Any, what: str) -> int:
    """Return the first pixel axis.

    Raises
    ------
    DimensionError
        If these are not values of images.
    """
    if not is_image(explanation):
        msg = (
            f"`{what}` is for images, whose `values` and `data` have the axes (height, width[, channels]), "
            f"but this Explanation has {explanation.axes} of {explanation.shape}"
        )
        raise DimensionError(msg)
    return int(explanation.axes.index("feature"))


def block_sums(array: np.ndarray, first: int, side: int) -> np.ndarray:
    """Sum blocks of ``side x side`` along two neighbouring axes."""
    for axis in (first, first + 1):
        array = np.add.reduceat(array, np.arange(0, array.shape[axis], side), axis=axis)
    return array


def _block_means(data: Any, first: int, side: int) -> np.ndarray | None:
    """Mean colours of blocks, in the numbers that the picture is made of."""
    if data is None or data.dtype.kind not in "biuf":
        return None
    ones = np.ones(data.shape[first : first + 2])
    counts = block_sums(ones, 0, side).reshape(
        (1,) * first + (-1, -(-ones.shape[1] // side)) + (1,) * (data.ndim - first - 2)
    )
    means: np.ndarray = block_sums(data.astype(np.float64), first, side) / counts
    return means.astype(data.dtype) if data.dtype.kind == "f" else np.rint(means).astype(data.dtype)


def _without_what_followed_pixels() -> dict[str, Any]:
    return {name: None for name, follows in FOLLOWS.items() if follows == LIKE_VALUES or follows in OF_MAPS}


def _error_of_sums(
    explanation: Any, known: np.ndarray | None, replicates: np.ndarray | None, values: np.ndarray, rows: int
) -> np.ndarray | None:
    """Errors that are known, or follow from the replicates; zero where all pixels are exact, NaN where nobody knows."""
    if known is not None:
        return known
    if replicates is not None:
        n_replicates = replicates.shape[rows]
        if n_replicates > 1:
            from_mean = replicates - np.mean(replicates, axis=rows, keepdims=True)
            errors: np.ndarray = np.sqrt((from_mean**2).sum(axis=rows) / (n_replicates * (n_replicates - 1)))
            return errors
    error_std = explanation.error_std
    if error_std is None:
        return None
    return np.full(values.shape, np.nan if np.any(error_std != 0.0) else 0.0)
