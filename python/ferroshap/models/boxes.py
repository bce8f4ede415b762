"""Boxes ``(x0, y0, x1, y1)`` in pixels: their overlap, and the best of many that overlap."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.models.arrays import constant_like, namespace_of

Floats = NDArray[np.float64]


def overlaps(boxes: Any, targets: Any) -> Any:
    r"""Intersection over union of each box with each target.

    .. math:: \mathrm{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|}

    0 where the union is empty. A box whose corners are swapped is empty.

    Parameters
    ----------
    boxes : array of shape ``(..., J, 4)``
        Of NumPy, torch, jax or autograd: the result can be differentiated there.
    targets : array_like of shape ``(T, 4)``
        Fixed boxes.

    Returns
    -------
    array of shape ``(..., J, T)``

    Examples
    --------
    >>> overlaps(np.array([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 0.0, 0.0]]), [[1.0, 0.0, 3.0, 2.0]])
    array([[0.33333333],
           [0.        ]])
    """
    xp = namespace_of(boxes)
    fixed = np.asarray(targets, dtype=np.float64)
    x0, y0, x1, y1 = (constant_like(boxes, fixed[:, place]) for place in range(4))
    own = boxes[..., :, None, :]  # (..., J, 1, 4)
    nothing = constant_like(boxes, 0.0)

    def area(width: Any, height: Any) -> Any:
        return xp.maximum(width, nothing) * xp.maximum(height, nothing)

    shared = area(
        xp.minimum(own[..., 2], x1) - xp.maximum(own[..., 0], x0),
        xp.minimum(own[..., 3], y1) - xp.maximum(own[..., 1], y0),
    )
    union = area(own[..., 2] - own[..., 0], own[..., 3] - own[..., 1]) + area(x1 - x0, y1 - y0) - shared
    # Dividing by 1 where the union is empty keeps the gradient finite there, too.
    is_empty = union <= 0.0
    return xp.where(is_empty, nothing, shared / xp.where(is_empty, constant_like(boxes, 1.0), union))


def suppressed(boxes: Floats, scores: Floats, max_iou: float = 0.5) -> NDArray[np.intp]:
    """Choose boxes from the best score down, leaving out those that overlap a chosen one more than `max_iou`.

    Non-maximum suppression over all classes together. Of equal scores the first counts as the best. Costs the square
    of the number of boxes: leave out hopeless scores before.

    Returns
    -------
    ndarray of int
        Positions of the chosen boxes, the best first.

    Examples
    --------
    >>> boxes = np.array([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 8.0], [20.0, 0.0, 29.0, 9.0]])
    >>> suppressed(boxes, np.array([0.7, 0.9, 0.8]))
    array([1, 2])
    """
    left = np.argsort(-scores, kind="stable")
    chosen = []
    while len(left):
        best, left = left[0], left[1:]
        chosen.append(best)
        left = left[overlaps(boxes[left], boxes[best][None])[:, 0] <= max_iou]
    return np.array(chosen, dtype=np.intp)
