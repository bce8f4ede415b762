"""Targets of a dense detector as similarities that can be differentiated: the largest has no useful slope."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ferroshap.errors import DimensionError, InvalidModelError, OptionError
from ferroshap.models.arrays import namespace_of
from ferroshap.models.dense import part_of
from ferroshap.models.model import described
from ferroshap.models.similarity import similarities
from ferroshap.models.targets import Targets

#: Of the soft maximum.
TEMPERATURE = 0.05


class SoftTarget:
    r"""A soft maximum over the similarities of all of a dense detector's outputs to each target: ``(m, T)``.

    .. math:: \tau \log\Bigl(1 + \sum_j \bigl(e^{s_j / \tau} - 1\bigr)\Bigr)

    with the similarities :math:`s_j` of :func:`ferroshap.models.similarity.similarities`. 0 where all are 0, and
    between their maximum and that plus :math:`\tau \log J`. (Without the two ones an empty image would be worth
    :math:`\tau \log J`, which is 0.37 for 1,681 outputs, and that would be in the base value.)

    Parameters
    ----------
    detect : callable
        Returns ``boxes (m, J, 4)``, ``objectness (m, J)`` and ``class_probs (m, J, C)`` in a dict or a tuple, as arrays
        of NumPy, torch, jax or autograd.
    targets : Targets
        Which similarities are taken.
    temperature : float
        :math:`\tau`; the lower, the nearer to the maximum.
    names : list of str
        One a target.

    Examples
    --------
    >>> def detect(images):
    ...     return np.tile([0.0, 0, 9, 9], (len(images), 2, 1)), images, np.ones((len(images), 2, 1))
    >>> target = SoftTarget(detect, Targets([[0, 0, 9, 9]], [0]), 0.05, ["cat"])
    >>> target(np.array([[0.0, 0.0], [0.9, 0.1]])).round(3)
    array([[0. ],
           [0.9]])
    """

    def __init__(self, detect: Callable[[Any], Any], targets: Targets, temperature: float, names: list[str]) -> None:
        """Refuse temperatures that are not above 0."""
        if not (isinstance(temperature, int | float) and 0.0 < temperature < np.inf):
            msg = f"`temperature` is {temperature!r}, but must be a positive number"
            raise OptionError(msg)
        self.detect = detect
        self.targets = targets
        self.temperature = temperature
        self.output_names = names

    def __call__(self, images: Any) -> Any:
        """Score each target: ``(m, T)``, in the library of the images."""
        output = self.detect(images)
        if not isinstance(output, Mapping):
            if not isinstance(output, list | tuple) or len(output) != 3:
                msg = f"{described(self.detect)} must return boxes, objectness and class_probs of all images together"
                raise InvalidModelError(msg)
            output = dict(zip(("boxes", "objectness", "class_probs"), output, strict=True))
        boxes, objectness, class_probs = (
            part_of(output, name, self.detect) for name in ("boxes", "objectness", "class_probs")
        )
        class_probs = class_probs[..., None] if class_probs.ndim == 2 else class_probs
        shapes = [tuple(array.shape) for array in (boxes, objectness, class_probs)]
        if [len(shape) for shape in shapes] != [3, 2, 3] or len({shape[:2] for shape in shapes}) != 1:
            msg = (
                f"{described(self.detect)} returned arrays of shapes {shapes}: (m, J, 4), (m, J), (m, J, C) are needed"
            )
            raise DimensionError(msg)
        probs = self.targets.probabilities(shapes[2][2])
        if probs.shape[1] != shapes[2][2] or (self.targets.classes >= shapes[2][2]).any():
            msg = f"{described(self.detect)} has {shapes[2][2]} classes, which are not those of the targets"
            raise DimensionError(msg)
        return soft_maximum(similarities(boxes, objectness, class_probs, self.targets.boxes, probs), self.temperature)


def soft_maximum(scores: Any, temperature: float) -> Any:
    r"""Take :math:`\tau \log(1 + \sum_j (e^{s_j / \tau} - 1))` over the last axis but one.

    Nothing overflows, whatever the temperature, and the slope is finite everywhere.

    Parameters
    ----------
    scores : array of shape ``(..., J, T)``
        Of NumPy, torch, jax or autograd; 0 or more.
    temperature : float
        Above 0.

    Returns
    -------
    array of shape ``(..., T)``

    Examples
    --------
    >>> soft_maximum(np.array([[0.0, 0.2], [0.0, 1.0]]), 1e-3)
    array([0., 1.])
    """
    xp = namespace_of(scores)
    if scores.shape[-2] == 0:
        return scores.sum(-2)
    top = xp.amax(scores, -2)
    without = xp.exp(-top / temperature)
    # Each term less what the detection would add if it were worth nothing.
    total = (xp.exp((scores - top[..., None, :]) / temperature) - without[..., None, :]).sum(-2)
    return top + temperature * xp.log(without + total)
