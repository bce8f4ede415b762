"""Whether maps point to where the object is, for images whose objects are known."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError
from ferroshap.metrics.maps import Maps, as_pictures

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def pointing_game(explanation: Any, inside: Any) -> Any:
    """Tell whether the pixel of largest value lies inside of the object.

    Parameters
    ----------
    explanation : Explanation of images, or array of shape ``(H, W)``, ``(N, H, W)`` or ``(N, H, W, K)``
        Values are summed over channels; an array holds such sums.
    inside : array of bool of shape ``(H, W)``, ``(N, H, W)`` or ``(N, H, W, K)``, or of numbers ``(..., 4)``
        Masks, or boxes ``(x0, y0, x1, y1)`` in pixels: one for all maps, one a row, or one a row and output. With
        several outputs and a single image also one an output. A pixel is inside where its middle is.

    Returns
    -------
    float, or ndarray of shape ``(N,)``, ``(K,)`` or ``(N, K)``
        1 inside, 0 outside; of several pixels with the largest value, the share that is inside. The mean over maps is
        the score of the game.

    References
    ----------
    Zhang, Bargal, Lin, Brandt, Shen, Sclaroff (2018), "Top-down neural attention by excitation backprop", section 4.2.
    Differs: no tolerance of 15 pixels; ties count by their share.

    Examples
    --------
    >>> values = np.zeros((4, 4))
    >>> values[1, 2] = 1.0
    >>> pointing_game(values, [2, 1, 4, 3])
    1.0
    """
    maps, values, masks = _read(explanation, inside)
    is_top = values == values.max(axis=1, keepdims=True)
    return maps.answer((is_top & masks).sum(axis=1) / is_top.sum(axis=1))


def energy_inside(explanation: Any, inside: Any) -> Any:
    r"""Share of the positive values that lie inside of the object.

    .. math:: \frac{\sum_{i \in \mathrm{inside}} \max(\phi_i, 0)}{\sum_i \max(\phi_i, 0)}

    0 for a map without positive values. Arguments and result are as for :func:`pointing_game`.

    References
    ----------
    Wang et al. (2020), "Score-CAM: score-weighted visual explanations for convolutional neural networks", section 4.3.

    Examples
    --------
    >>> energy_inside([[3.0, 1.0], [-2.0, 0.0]], [[True, False], [True, False]])
    0.75
    """
    maps, values, masks = _read(explanation, inside)
    positive = np.maximum(values, 0.0)
    total = positive.sum(axis=1)
    within = (positive * masks).sum(axis=1)
    return maps.answer(np.divide(within, total, out=np.zeros_like(total), where=total > 0.0))


def iou_at_size(explanation: Any, inside: Any) -> Any:
    r"""Overlap of the object with as many pixels of largest value as it has.

    .. math:: \frac{|A \cap M|}{|A \cup M|}, \qquad |A| = |M|

    Of pixels with the same value at the border of :math:`A`, each belongs to it by the same share. Arguments and result
    are as for :func:`pointing_game`.

    Examples
    --------
    >>> iou_at_size([[3.0, 1.0], [2.0, 0.0]], [[True, True], [False, False]])
    0.3333333333333333
    """
    maps, values, masks = _read(explanation, inside)
    within, _, cuts = _hits(values, masks)
    found = np.empty(cuts.shape[:1] + cuts.shape[2:])
    for row, output in np.ndindex(found.shape):
        ends = np.flatnonzero(cuts[row, :, output])  # the last pixel of each run of equal values
        area = masks[row, :, output].sum()
        # Linear inside of a run: that is what the shares add up to.
        shared = np.interp(area, [0, *(ends + 1)], [0.0, *within[row, ends, output]])
        found[row, output] = shared / (2.0 * area - shared)
    return maps.answer(found)


def best_iou(explanation: Any, inside: Any) -> Any:
    r"""Overlap of the object with the pixels above a threshold, the best that any threshold gives.

    .. math:: \max_\theta \frac{|\{\phi \ge \theta\} \cap M|}{|\{\phi \ge \theta\} \cup M|}

    A constant map gets the object's share of the image. Arguments and result are as for :func:`pointing_game`.

    Examples
    --------
    >>> best_iou([[3.0, 1.0], [2.0, 0.0]], [[True, True], [False, False]])
    0.6666666666666666
    """
    maps, values, masks = _read(explanation, inside)
    within, size, cuts = _hits(values, masks)
    overlap = within / (size + masks.sum(axis=1, keepdims=True) - within)
    return maps.answer(np.where(cuts, overlap, 0.0).max(axis=1))


def _hits(values: Floats, masks: Bools) -> tuple[Floats, Floats, Bools]:
    """From the largest value down: pixels inside so far, pixels so far, and whether the next value is another."""
    order = np.argsort(-values, axis=1, kind="stable")
    within = np.cumsum(np.take_along_axis(masks, order, axis=1), axis=1, dtype=np.float64)
    falling = np.take_along_axis(values, order, axis=1)
    cuts = np.ones(values.shape, dtype=bool)
    cuts[:, :-1] = falling[:, 1:] != falling[:, :-1]
    return within, np.arange(1.0, values.shape[1] + 1.0)[None, :, None], cuts


def _read(explanation: Any, inside: Any) -> tuple[Maps, Floats, Bools]:
    """Maps, their values and their masks with pixels in one axis: each ``(N, H * W, K)``."""
    maps = as_pictures(explanation)
    values = maps.by_position()
    masks = _masks(inside, maps)
    if not masks.any(axis=1).all():
        msg = "`inside` holds a box or a mask without any pixel of the image"
        raise OptionError(msg)
    return maps, values, masks


def _masks(inside: Any, maps: Maps) -> Bools:
    try:
        given = np.asarray(inside)
        given = given if given.dtype.kind == "b" else given.astype(np.float64)
    except (TypeError, ValueError) as error:
        msg = (
            "`inside` is neither a mask of bool nor an array of boxes (x0, y0, x1, y1): pass as many boxes for each row"
        )
        raise OptionError(msg) from error
    height, width = maps.positions
    n_rows, n_maps = len(maps.values), maps.values.shape[-1]
    is_mask = given.dtype.kind == "b"
    spread = _spread_masks(given) if is_mask else _spread_boxes(given, maps)
    try:
        if not is_mask and given.shape[-1:] != (4,):
            raise ValueError  # noqa: TRY301 - refused as any other shape is
        spread = np.broadcast_to(spread, (n_rows, height, width, n_maps) if is_mask else (n_rows, n_maps, 4))
    except ValueError as error:
        kind = "bool" if is_mask else "numbers"
        msg = (
            f"`inside` has shape {given.shape} and holds {kind}, but "
            f"{n_rows} rows of {n_maps} maps of {height} by {width} pixels need "
            "masks (H, W), (N, H, W) or (N, H, W, K) of bool, or boxes (4,), (N, 4) or (N, K, 4)"
        )
        raise DimensionError(msg) from error
    if not is_mask:
        x0, y0, x1, y1 = np.moveaxis(spread, -1, 0)[:, :, None, None, :]  # each (N, 1, 1, K)
        y, x = np.mgrid[:height, :width][..., None] + 0.5
        spread = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    masks: Bools = spread.reshape(n_rows, height * width, n_maps)
    return masks


def _spread_masks(masks: NDArray[Any]) -> NDArray[Any]:
    """Give masks their axes of rows and outputs."""
    masks = masks[None] if masks.ndim == 2 else masks
    return masks[..., None] if masks.ndim == 3 else masks


def _spread_boxes(boxes: NDArray[Any], maps: Maps) -> NDArray[Any]:
    """Give boxes an axis of outputs; of a single image, their one axis is that."""
    is_of_outputs = len(maps.values) == 1 and len(boxes) == maps.values.shape[-1]
    return boxes[:, None] if boxes.ndim == 2 and not is_of_outputs else boxes
