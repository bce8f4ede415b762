"""Insertion and deletion: the model's output while pixels appear, or vanish, in the order of their values."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import DimensionError, OptionError, nearest
from ferroshap.explainers.calls import positive
from ferroshap.maskers.image_fills import PASSES, default_width
from ferroshap.metrics.asking import TIES, Asked, stream
from ferroshap.metrics.maps import Maps, as_maps
from ferroshap.seeds import Seed, as_seed

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PixelCurve:
    """Outputs along the way, and the area below them: the result of :func:`insertion` and :func:`deletion`.

    Attributes
    ----------
    area : float, or ndarray of shape ``(N,)``, ``(K,)`` or ``(N, K)``
        By the trapezoidal rule over [0, 1]: one number a map.
    fractions : ndarray of shape ``(n_steps + 1,)``
        The share of the pixels that were changed, from 0 to 1.
    outputs : ndarray of shape ``(N, K, n_steps + 1)``, without the axes that the Explanation lacks
        What the model returned there.
    """

    area: Any
    fractions: Floats = field(repr=False)
    outputs: Floats = field(repr=False)


def insertion(
    explanation: Any,
    model: Any,
    *,
    data: Any = None,
    fill: Any = "blur",
    n_steps: int = 100,
    layout: str = "NHWC",
    batch_size: int | str = "auto",
    rng: Seed = None,
) -> PixelCurve:
    r"""Measure how soon the model's output rises when the pixels of largest value appear first (RISE).

    Pixels are sorted by their values, summed over channels. Those of equal value come in a random order (that of their
    positions would draw the edge of a raster). All channels of a pixel change together. A high area is good.

    It is a check of sanity and of localisation. It *cannot* rank estimators: on 60 digits exact values had an area of
    0.938, and estimates from 8 samples, of 41 % error, 0.933. Rank them by :func:`relative_rmse`.

    Parameters
    ----------
    explanation : Explanation or array of shape ``(N, *features[, K])``
        Images ``(H, W, C)`` or ``(H, W)``, or rows of tables, whose pixels are their features.
    model : callable, estimator or bound method
        What was explained, best as a probability: areas of different rows then compare.
    data : array, optional
        The explained rows, where the Explanation does not hold them.
    fill : "blur", "mean", number or array
        What a pixel is before it appears: the blurred image (as :class:`ferroshap.maskers.Image` has it), the mean of
        each channel, or one or all features of a row. Tables need a number or an array.
    n_steps : int
        In how many steps all pixels change; no more than there are pixels.
    layout : {"NHWC", "NCHW"}
        Where the model wants the channels of images.
    batch_size : int or "auto"
        The most rows in one call of the model.
    rng : seed
        Where the order of equal values comes from.

    Returns
    -------
    PixelCurve

    Notes
    -----
    Cost: ``N * K * (n_steps + 1)`` rows of the model.

    References
    ----------
    Petsiuk, Das, Saenko (2018), "RISE: randomized input sampling for explanation of black-box models", section 4.2.

    Examples
    --------
    Half of the pixels matter, and they come first:

    >>> image = np.ones((1, 2, 2))
    >>> values = np.array([[[0.5, 0.5], [0.0, 0.0]]])
    >>> insertion(values, lambda images: images[:, 0].mean(axis=1), data=image, fill=0.0)
    PixelCurve(area=array([0.75]))
    """
    return _curve(explanation, model, data, fill, n_steps, layout, batch_size, rng, is_insertion=True)


def deletion(
    explanation: Any,
    model: Any,
    *,
    data: Any = None,
    fill: Any = "mean",
    n_steps: int = 100,
    layout: str = "NHWC",
    batch_size: int | str = "auto",
    rng: Seed = None,
) -> PixelCurve:
    """Measure how soon the model's output falls when the pixels of largest value vanish first (RISE).

    A low area is good. All else is as for :func:`insertion`; pixels are replaced by the mean of their channel unless
    `fill` says otherwise.

    Examples
    --------
    >>> values = np.array([[[0.5, 0.5], [0.0, 0.0]]])
    >>> deletion(values, lambda images: images[:, 0].mean(axis=1), data=np.ones((1, 2, 2)), fill=0.0)
    PixelCurve(area=array([0.25]))
    """
    return _curve(explanation, model, data, fill, n_steps, layout, batch_size, rng, is_insertion=False)


def _curve(
    explanation: Any,
    model: Any,
    data: Any,
    fill: Any,
    n_steps: int,
    layout: str,
    batch_size: int | str,
    rng: Seed,
    *,
    is_insertion: bool,
) -> PixelCurve:
    maps = as_maps(explanation, data)
    asked = Asked(model, maps, layout=layout, batch_size=batch_size)
    rows, others = maps.rows(), _filled(maps, fill)
    ranks = _ranks(maps, as_seed(rng))  # (N, K, P)
    n_rows, n_maps, n_positions = ranks.shape
    n_steps = min(positive(n_steps, "n_steps", or_auto=False), n_positions)
    cuts = np.rint(np.arange(n_steps + 1) * (n_positions / n_steps)).astype(np.int64)
    found = np.empty(n_rows * n_maps * len(cuts))
    shape = maps.positions + (1,) * (rows.ndim - 1 - len(maps.positions))
    for batch in asked.batches(len(found)):
        row, of_map, step = np.unravel_index(np.arange(batch.start, batch.stop), (n_rows, n_maps, len(cuts)))
        is_changed = (ranks[row, of_map] < cuts[step][:, None]).reshape(-1, *shape)
        outputs = asked(np.where(is_changed == is_insertion, rows[row], others[row]))
        found[batch] = outputs[np.arange(len(row)), asked.columns(outputs.shape[1])[row, of_map]]
    curves = found.reshape(n_rows, n_maps, len(cuts))
    fractions = cuts / n_positions
    areas = ((curves[..., 1:] + curves[..., :-1]) / 2.0 * np.diff(fractions)).sum(axis=-1)
    return PixelCurve(maps.answer(areas), fractions, np.asarray(maps.answer(curves)))


def _ranks(maps: Maps, seed: int) -> NDArray[np.int32]:
    """The place of each position in the order of falling values: ``(N, K, P)``."""
    values = np.moveaxis(maps.by_position(), -1, 1)
    ranks = np.empty(values.shape, dtype=np.int32)
    places = np.arange(values.shape[-1], dtype=np.int32)
    for row, of_row in enumerate(values):
        ties = stream(seed, row, TIES).random(of_row.shape[1])  # the same for all maps of a row
        for number, one in enumerate(of_row):
            ranks[row, number, np.lexsort((ties, -one))] = places
    return ranks


def _filled(maps: Maps, fill: Any) -> NDArray[Any]:
    """Rows without any of their pixels: ``(N, *features)``, in the dtype of the rows."""
    rows = maps.rows()
    if isinstance(fill, str):
        if fill not in {"blur", "mean"}:
            msg = f"`fill={fill!r}` is not known{nearest(fill, ['blur', 'mean'])} Known: blur, mean, a number, an array"
            raise OptionError(msg)
        if len(maps.positions) != 2:
            msg = f"`fill={fill!r}` is for images, but rows have the shape {maps.shape}: pass a number or an array"
            raise OptionError(msg)
        others = _blurred(rows) if fill == "blur" else rows.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
    else:
        others = np.asarray(fill)
    try:
        others = np.broadcast_to(others, rows.shape)
    except ValueError as error:
        msg = f"`fill` has shape {np.shape(fill)}, but rows have {maps.shape}: pass a number, channels, or one row"
        raise DimensionError(msg) from error
    return np.rint(others).astype(rows.dtype) if rows.dtype.kind in "iu" else others.astype(rows.dtype)


def _blurred(images: NDArray[Any]) -> Floats:
    """Blur as :class:`ferroshap.maskers.Image` does unless told otherwise."""
    pictures = np.asarray(images, dtype=np.float64).reshape(*images.shape[:3], -1)
    width = default_width(pictures[0])
    done = [_native.image_blur(np.ascontiguousarray(picture), width, width, PASSES) for picture in pictures]
    return np.stack(done).reshape(images.shape)
