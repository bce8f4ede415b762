"""How much a detection is like a target: the worth of a masked image in D-RISE."""

from typing import Any

import numpy as np

from ferroshap.models.arrays import constant_like, namespace_of
from ferroshap.models.boxes import overlaps


def cosines(class_probs: Any, targets: Any) -> Any:
    """Cosine between the class probabilities of each detection and of each target; 0 with a vector of zeros.

    Parameters
    ----------
    class_probs : array of shape ``(..., J, C)``
        Of NumPy, torch, jax or autograd.
    targets : array_like of shape ``(T, C)``

    Returns
    -------
    array of shape ``(..., J, T)``

    Examples
    --------
    >>> cosines(np.array([[0.6, 0.8], [0.0, 0.0]]), [[0.0, 2.0]])
    array([[0.8],
           [0. ]])
    """
    xp = namespace_of(class_probs)
    fixed = np.asarray(targets, dtype=np.float64)
    lengths = np.sqrt((fixed**2).sum(axis=1, keepdims=True))
    fixed /= np.where(lengths == 0.0, 1.0, lengths)
    squares = (class_probs**2).sum(-1)[..., None]  # (..., J, 1)
    # Taken of 1 where the vector is zero: the slope of the root is infinite at 0, and times 0 it would be NaN.
    is_zero = squares <= 0.0
    length = xp.sqrt(xp.where(is_zero, constant_like(class_probs, 1.0), squares))
    return xp.matmul(class_probs, constant_like(class_probs, fixed.T)) / length


def similarities(boxes: Any, objectness: Any, class_probs: Any, target_boxes: Any, target_probs: Any) -> Any:
    r"""Similarity of each detection `j` to each target `t`.

    .. math:: s(t, j) = \mathrm{IoU}(b_t, b_j) \cdot o_j \cdot \cos(p_t, p_j)

    In [0, 1] for probabilities. The target's own objectness plays no part.

    Parameters
    ----------
    boxes, objectness, class_probs : arrays of shapes ``(..., J, 4)``, ``(..., J)`` and ``(..., J, C)``
        Detections, as arrays of NumPy, torch, jax or autograd.
    target_boxes, target_probs : array_like of shapes ``(T, 4)`` and ``(T, C)``

    Returns
    -------
    array of shape ``(..., J, T)``

    References
    ----------
    Petsiuk et al. (2021), "Black-box explanation of object detectors via saliency maps".

    Examples
    --------
    >>> boxes = np.array([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 2.0]])
    >>> similarities(boxes, np.array([0.9, 0.8]), np.array([[1.0, 0.0], [1.0, 0.0]]), boxes[:1], [[1.0, 0.0]])
    array([[0.9],
           [0.4]])
    """
    return overlaps(boxes, target_boxes) * objectness[..., None] * cosines(class_probs, target_probs)
