"""What is asked about each target: one number of the detections in one image."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidModelError
from ferroshap.models.boxes import overlaps
from ferroshap.models.detections import Detections
from ferroshap.models.similarity import similarities
from ferroshap.models.targets import Targets

Floats = NDArray[np.float64]
#: From detections and targets to one number a target: ``(T,)``.
Attribute = Callable[[Detections, Targets], Floats]

#: Detections that overlap less are not of the target.
SAME_OBJECT = 0.5


def likeness(found: Detections, targets: Targets) -> Floats:
    """How like each target each detection is (:func:`ferroshap.models.similarity.similarities`): ``(J, T)``."""
    probs = targets.probabilities(_n_classes(found, targets))
    width = max(found.class_probs.shape[1], probs.shape[1])  # of labels, only as many columns are known as were seen
    alike: Floats = similarities(
        found.boxes, found.objectness, _widened(found.class_probs, width), targets.boxes, _widened(probs, width)
    )
    return alike


def similarity(found: Detections, targets: Targets) -> Floats:
    """The likeness of the detection that is most like the target, 0 without any: ``(T,)``.

    Examples
    --------
    >>> box = np.array([[0.0, 0.0, 4.0, 4.0]])
    >>> similarity(Detections(box, np.array([0.9]), np.array([[1.0]])), Targets(box, [0]))
    array([0.9])
    """
    # A cosine may exceed 1 by its rounding.
    worths: Floats = np.minimum(np.max(likeness(found, targets), axis=0, initial=0.0), 1.0)
    return worths


def class_probability(found: Detections, targets: Targets) -> Floats:
    """The probability of the target's class where the overlap is largest; 0 where that is under one half.

    Of several that overlap equally, the largest probability.
    """
    overlap = overlaps(found.boxes, targets.boxes)  # (J, T)
    best = np.max(overlap, axis=0, initial=0.0)
    is_best = (overlap == best) & (best >= SAME_OBJECT)
    probs = _widened(found.class_probs, _n_classes(found, targets))[:, targets.classes]
    worths: Floats = np.max(np.where(is_best, probs, 0.0), axis=0, initial=0.0)
    return worths


def largest_overlap(found: Detections, targets: Targets) -> Floats:
    """The largest overlap with a detection whose likeliest class is the target's."""
    n_classes = _n_classes(found, targets)
    if len(found) == 0:
        return np.zeros(len(targets))
    is_same = _widened(found.class_probs, n_classes).argmax(axis=1)[:, None] == targets.classes
    worths: Floats = np.max(np.where(is_same, overlaps(found.boxes, targets.boxes), 0.0), axis=0, initial=0.0)
    return worths


def _edge(place: int) -> Attribute:
    def edge(found: Detections, targets: Targets) -> Floats:
        if targets.anchors is None or len(found) != targets.n_anchors:
            msg = (
                f"the detector returned {len(found)} boxes for one image and {targets.n_anchors} for another: edges of "
                "a box need the same outputs for every image, without suppression, for else the box may vanish. "
                "Explain attribute='iou'."
            )
            raise InvalidModelError(msg)
        edges: Floats = found.boxes[targets.anchors, place]
        return edges

    return edge


#: Attributes by name. Edges are in pixels, and belong to the output of the detector that the target is.
ATTRIBUTES: dict[str, Attribute] = {
    "similarity": similarity,
    "class": class_probability,
    "iou": largest_overlap,
    "left": _edge(0),
    "top": _edge(1),
    "right": _edge(2),
    "bottom": _edge(3),
}
EDGES = ("left", "top", "right", "bottom")


def _n_classes(found: Detections, targets: Targets) -> int:
    """How many columns of probabilities are needed: those of the detector, and of labels those of the targets too."""
    n_classes: int = found.class_probs.shape[1]
    needed = int(targets.classes.max(initial=-1)) + 1
    if needed > n_classes and len(found) and not found.is_labelled:
        msg = f"`targets` have the class {needed - 1}, but the detector has {n_classes} classes, numbered from 0"
        raise DimensionError(msg)
    return max(needed, n_classes)


def _widened(probs: Floats, width: int) -> Floats:
    return probs if probs.shape[1] == width else np.pad(probs, [(0, 0), (0, width - probs.shape[1])])
