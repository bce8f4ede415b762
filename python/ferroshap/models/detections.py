"""What a detector finds in one image, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidModelError
from ferroshap.inputs.foreign import is_instance, tensor_to_numpy

Floats = NDArray[np.float64]

#: How far a probability may leave [0, 1]: the rounding of float16.
ROUNDING = 1e-3
ACCEPTED = (
    "(boxes (J, 4), objectness (J,), class_probs (J, C)) for each image, a dict of these names, "
    "or a dict of `boxes`, `scores` and `labels`"
)


@dataclass(frozen=True, eq=False)
class Detections:
    """The J detections in one image.

    Attributes
    ----------
    boxes : ndarray of shape ``(J, 4)``
        ``(x0, y0, x1, y1)`` in pixels.
    objectness : ndarray of shape ``(J,)``
        The probability that there is anything.
    class_probs : ndarray of shape ``(J, C)``
        The probability of each class, given that there is something.
    is_labelled : bool
        Whether the detector named one class a box, of nobody knows how many: C is then no more than the last one seen.
    """

    boxes: Floats
    objectness: Floats
    class_probs: Floats
    is_labelled: bool = False

    def __len__(self) -> int:
        """How many there are."""
        return len(self.boxes)

    @property
    def scores(self) -> Floats:
        """Objectness times the probability of the likeliest class: ``(J,)``."""
        if self.class_probs.shape[1] == 0:
            return np.zeros(len(self))
        scores: Floats = self.objectness * self.class_probs.max(axis=1)
        return scores


def read_detections(output: Any, n_images: int, n_classes: int | None, detector: str) -> list[Detections]:
    """Read what a detector returned for a batch: one `Detections` an image.

    Parameters
    ----------
    output : list, dict or tuple
        One item an image; or the three arrays of a dense detector, ``(m, J, 4)``, ``(m, J)`` and ``(m, J, C)``, in a
        dict or a tuple.
    n_images : int
        How many images the detector was given.
    n_classes : int or None
        How many classes there are, if it is known.
    detector : str
        What the detector is called in messages.

    Raises
    ------
    InvalidModelError
        It is no such thing, or holds what is no probability.
    DimensionError
        The number of images, detections or classes does not fit.
    """
    if isinstance(output, Mapping) or (isinstance(output, tuple) and _is_dense(output)):
        output = _by_image(output, detector)
    if not isinstance(output, list | tuple):
        msg = f"{detector} returned a {type(output).__name__}: it must return {ACCEPTED}."
        raise InvalidModelError(msg)
    if len(output) != n_images:
        msg = f"{detector} returned {len(output)} items for {n_images} images: it must return one for each."
        raise DimensionError(msg)
    return [_read_one(item, n_classes, f"{detector}, image {place} of its batch,") for place, item in enumerate(output)]


def _is_dense(output: tuple[Any, ...]) -> bool:
    return len(output) == 3 and _are_dense([getattr(array, "ndim", 0) for array in output])


def _are_dense(n_axes: list[int]) -> bool:
    """Whether arrays have the axes of a dense detector; one of a single class may leave out that of the classes."""
    return n_axes in ([3, 2, 3], [3, 2, 2])


def _by_image(output: Any, detector: str) -> list[Any]:
    """Cut the arrays of a dense detector into images."""
    if isinstance(output, Mapping):
        missing = [name for name in ("boxes", "objectness", "class_probs") if name not in output]
        if missing:
            msg = f"{detector} returned a dict without {missing}: it must return {ACCEPTED}."
            raise InvalidModelError(msg)
        output = (output["boxes"], output["objectness"], output["class_probs"])
    arrays = [as_numpy(array) for array in output]
    if not _are_dense([array.ndim for array in arrays]) or len({array.shape[:2] for array in arrays}) != 1:
        msg = (
            f"{detector} returned arrays of shapes {', '.join(str(array.shape) for array in arrays)}: "
            "a dense detector returns (m, J, 4), (m, J) and (m, J, C)."
        )
        raise DimensionError(msg)
    return list(zip(*arrays, strict=True))


def _read_one(item: Any, n_classes: int | None, where: str) -> Detections:
    is_labelled = n_classes is None and isinstance(item, Mapping) and "labels" in item
    if isinstance(item, Mapping):
        item = _of_dict(item, n_classes, where)
    if not isinstance(item, list | tuple) or len(item) != 3:
        msg = f"{where} returned a {type(item).__name__}: it must return {ACCEPTED}."
        raise InvalidModelError(msg)
    boxes, objectness, class_probs = (_floats(array, where) for array in item)
    n_found = objectness.size
    if n_found == 0 and boxes.size == 0:
        width = class_probs.shape[-1] if class_probs.ndim == 2 else n_classes or 0
        return Detections(np.zeros((0, 4)), np.zeros(0), np.zeros((0, width)), is_labelled)
    if class_probs.ndim == 1:  # a detector of one class
        class_probs = class_probs[:, None]
    if boxes.shape != (n_found, 4) or objectness.ndim != 1 or class_probs.ndim != 2 or len(class_probs) != n_found:
        msg = (
            f"{where} returned boxes {boxes.shape}, objectness {objectness.shape} and class_probs {class_probs.shape}, "
            "but they must be (J, 4), (J,) and (J, C)."
        )
        raise DimensionError(msg)
    if n_classes is not None and class_probs.shape[1] != n_classes:
        msg = f"{where} returned probabilities of {class_probs.shape[1]} classes, but there are {n_classes}."
        raise DimensionError(msg)
    if not np.isfinite(boxes).all():
        msg = f"{where} returned the box {boxes[~np.isfinite(boxes).all(axis=1)][0].tolist()}: boxes must be finite."
        raise InvalidModelError(msg)
    objectness = _probabilities(objectness, "objectness", where)
    return Detections(boxes, objectness, _probabilities(class_probs, "class_probs", where), is_labelled)


def _of_dict(item: Mapping[str, Any], n_classes: int | None, where: str) -> tuple[Any, Any, Any]:
    """Read the two kinds of dicts; a label becomes a probability of 1, its score the objectness."""
    if {"boxes", "objectness", "class_probs"} <= item.keys():
        return item["boxes"], item["objectness"], item["class_probs"]
    if not {"boxes", "scores", "labels"} <= item.keys():
        msg = f"{where} returned a dict of {sorted(map(str, item))}: it must return {ACCEPTED}."
        raise InvalidModelError(msg)
    labels = as_numpy(item["labels"]).reshape(-1)
    if labels.size and (labels.dtype.kind not in "iuf" or (labels % 1 != 0).any() or labels.min() < 0):
        msg = f"{where} returned the labels {labels[:5].tolist()}: they must be numbers of classes, 0 or more."
        raise InvalidModelError(msg)
    labels = labels.astype(np.int64)
    if n_classes is not None and labels.size and labels.max() >= n_classes:
        msg = f"{where} returned the label {labels.max()}, but there are {n_classes} classes, numbered from 0."
        raise DimensionError(msg)
    width = n_classes or int(labels.max(initial=-1)) + 1
    return item["boxes"], item["scores"], (labels[:, None] == np.arange(width)).astype(np.float64)


def as_numpy(array: Any) -> NDArray[Any]:
    """Take an array out of its library; tensors leave their graph and their device."""
    return np.asarray(tensor_to_numpy(array) if is_instance(array, "torch", "Tensor") else array)


def _floats(array: Any, where: str) -> Floats:
    try:
        return as_numpy(array).astype(np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{where} returned a {type(array).__name__} that is no array of numbers ({error})."
        raise InvalidModelError(msg) from error


def _probabilities(values: Floats, name: str, where: str) -> Floats:
    """Refuse logits: their cosine may be negative, and so may the worth."""
    with np.errstate(invalid="ignore"):
        is_wrong = ~((values >= -ROUNDING) & (values <= 1.0 + ROUNDING))
    if is_wrong.any():
        msg = (
            f"{where} returned the {name} {values[is_wrong][0]:g}, but probabilities in [0, 1] are needed: "
            "apply softmax or sigmoid to logits."
        )
        raise InvalidModelError(msg)
    return np.clip(values, 0.0, 1.0)
