"""The detections that are explained: boxes with their classes, which stay as they are while images are masked."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError, nearest
from ferroshap.models.detections import as_numpy

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Targets:
    """Boxes and what is in them: T of them.

    Parameters
    ----------
    boxes : array_like of shape ``(T, 4)`` or ``(4,)``
        ``(x0, y0, x1, y1)`` in pixels.
    classes : sequence of int or str, optional
        Numbers of classes, or their names. One of `classes` and `class_probs` is needed.
    class_probs : array_like of shape ``(T, C)``, optional
        The probability of each class.
    scores : array_like of shape ``(T,)``, optional
        How sure the detector was; shown, nothing else.
    anchors : array_like of int of shape ``(T,)``, optional
        Which of the detector's `n_anchors` outputs each target is, where a detector has as many for every image.
    n_anchors : int, optional
        How many outputs that is.
    class_names : sequence of str, optional
        By which `classes` may be named.

    Raises
    ------
    OptionError
        A box is empty, not finite or has swapped corners; a class is not known.
    DimensionError
        The shapes do not fit.

    Examples
    --------
    >>> targets = Targets([[8, 8, 24, 24], [0, 4, 10, 12]], ["cat", "dog"], class_names=["cat", "dog"])
    >>> len(targets), targets.classes, targets[1].boxes
    (2, array([0, 1]), array([[ 0.,  4., 10., 12.]]))
    """

    __slots__ = ("anchors", "boxes", "class_probs", "classes", "n_anchors", "scores")

    def __init__(
        self,
        boxes: Any,
        classes: Any = None,
        class_probs: Any = None,
        *,
        scores: Any = None,
        anchors: Any = None,
        n_anchors: int | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.boxes = _boxes(boxes)
        count = len(self.boxes)
        if (classes is None) == (class_probs is None):
            msg = "`targets` need either `classes` or `class_probs` beside their boxes"
            raise OptionError(msg)
        #: ``(T, C)``, or None where only the classes are known.
        self.class_probs: Floats | None = None
        if class_probs is not None:
            self.class_probs = _class_probs(class_probs, count)
            self.classes: Integers = self.class_probs.argmax(axis=1) if count else np.zeros(0, dtype=np.int64)
        else:
            self.classes = _classes(classes, count, class_names)
        #: ``(T,)`` or None.
        self.scores: Floats | None = None if scores is None else _fitting(scores, count, "scores").astype(np.float64)
        #: ``(T,)`` or None.
        self.anchors: Integers | None = (
            None if anchors is None else _fitting(anchors, count, "anchors").astype(np.int64)
        )
        self.n_anchors = n_anchors

    def __len__(self) -> int:
        """How many there are."""
        return len(self.boxes)

    def __repr__(self) -> str:
        """Say where they are."""
        return f"<Targets {', '.join(self.names(None))}>"

    def __getitem__(self, chosen: Any) -> "Targets":
        """Choose some of them: an integer, a slice, a list of integers or a mask."""
        places = np.atleast_1d(np.arange(len(self))[chosen])

        def cut(array: Any) -> Any:
            return None if array is None else array[places]

        return Targets(
            self.boxes[places],
            None if self.class_probs is not None else self.classes[places],
            cut(self.class_probs),
            scores=cut(self.scores),
            anchors=cut(self.anchors),
            n_anchors=self.n_anchors,
        )

    def probabilities(self, n_classes: int) -> Floats:
        """Class probabilities ``(T, n_classes)``; of a target without any, 1 for its class.

        Examples
        --------
        >>> Targets([0, 0, 4, 4], [1]).probabilities(3)
        array([[0., 1., 0.]])
        """
        if self.class_probs is None:
            probs: Floats = (self.classes[:, None] == np.arange(n_classes)).astype(np.float64)
            return probs
        return self.class_probs

    def names(self, class_names: Sequence[str] | None) -> list[str]:
        """Name each by class, score and box.

        Examples
        --------
        >>> Targets([[8, 8, 24, 24]], [1], scores=[0.934]).names(["dog", "cat"])
        ['cat 0.93 [8, 8, 24, 24]']
        """
        named = [f"class {place}" if class_names is None else class_names[place] for place in self.classes]
        scores = [""] * len(self) if self.scores is None else [f" {score:.2f}" for score in self.scores]
        boxes = [f"[{', '.join(str(round(edge)) for edge in box)}]" for box in self.boxes.tolist()]
        return [f"{name}{score} {box}" for name, score, box in zip(named, scores, boxes, strict=True)]

    def check_inside(self, height: int, width: int) -> None:
        """Refuse targets that have no pixel in the image.

        Raises
        ------
        OptionError
            A box ends before the image begins, or begins where it has ended.
        """
        ends = np.array([width, height])
        is_outside = ((self.boxes[:, 2:] <= 0.0) | (self.boxes[:, :2] >= ends)).any(axis=1)
        if is_outside.any():
            msg = (
                f"`targets` hold the box {self.boxes[is_outside][0].tolist()}, which is outside of the image of "
                f"{width} by {height} pixels: boxes are (x0, y0, x1, y1) in pixels; `layout` says which axes these are."
            )
            raise OptionError(msg)


def as_targets(targets: Any, class_names: Sequence[str] | None) -> Targets:
    """Read `Targets`, a pair of boxes and classes (numbers, names, or probabilities), or a dict of these.

    Examples
    --------
    >>> as_targets(([[0, 0, 9, 9]], ["cat"]), ["cat", "dog"])
    <Targets class 0 [0, 0, 9, 9]>
    """
    if isinstance(targets, Targets):
        return targets
    if isinstance(targets, Mapping):
        known = {"boxes", "classes", "labels", "class_probs", "scores"}
        given = dict(targets)
        wrong = next((name for name in given if name not in known), None)
        if wrong is not None or "boxes" not in given:
            told = "lack `boxes`" if wrong is None else f"have {wrong!r}{nearest(str(wrong), known)}"
            msg = f"`targets` {told} Known: {', '.join(sorted(known))}"
            raise OptionError(msg)
        if "labels" in given:
            given["classes"] = given.pop("labels")
        return Targets(**given, class_names=class_names)
    if isinstance(targets, list | tuple) and len(targets) == 2:
        boxes, kinds = targets
        if as_numpy(kinds).ndim == 2:
            return Targets(boxes, class_probs=kinds)
        return Targets(boxes, kinds, class_names=class_names)
    msg = (
        f"`targets` are a {type(targets).__name__}, but must be Targets, a pair (boxes (T, 4), classes (T,)), "
        "a pair (boxes, class_probs (T, C)), or a dict of these."
    )
    raise OptionError(msg)


def _boxes(boxes: Any) -> Floats:
    read = np.atleast_2d(as_numpy(boxes).astype(np.float64))
    if read.ndim != 2 or read.shape[1] != 4:
        msg = f"`targets` have boxes of shape {np.shape(boxes)}, but they must be (T, 4)"
        raise DimensionError(msg)
    is_wrong = ~np.isfinite(read).all(axis=1) | ~(read[:, 2:] > read[:, :2]).all(axis=1)
    if is_wrong.any():
        msg = (
            f"`targets` hold the box {read[is_wrong][0].tolist()}, which is empty or not finite: "
            "boxes are (x0, y0, x1, y1) in pixels, with x0 < x1 and y0 < y1 (not x, y, width, height)."
        )
        raise OptionError(msg)
    return read


def _class_probs(class_probs: Any, count: int) -> Floats:
    read = as_numpy(class_probs).astype(np.float64)
    if read.ndim != 2 or len(read) != count or (read.shape[1] == 0 and count):
        msg = f"`targets` have class_probs of shape {read.shape}, but {count} boxes: they must be ({count}, C)"
        raise DimensionError(msg)
    if not ((read >= 0.0).all() and (read <= 1.0).all()):
        msg = "`targets` have class_probs outside of [0, 1]: pass probabilities, not logits"
        raise OptionError(msg)
    return read


def _classes(classes: Any, count: int, class_names: Sequence[str] | None) -> Integers:
    listed = np.atleast_1d(as_numpy(classes)).tolist()
    found = []
    for kind in _fitting(listed, count, "classes").tolist():
        if isinstance(kind, str):
            if class_names is None or kind not in class_names:
                msg = f"`targets` have the class {kind!r}, which is not known"
                if class_names is None:
                    msg += ": give `class_names` to the detector"
                else:
                    msg += f"{nearest(kind, class_names)} Known: {', '.join(class_names)}"
                raise OptionError(msg)
            kind = list(class_names).index(kind)  # noqa: PLW2901 - the number of the name
        if isinstance(kind, bool) or kind != int(kind) or kind < 0:
            msg = f"`targets` have the class {kind!r}: classes are numbers from 0, or names"
            raise OptionError(msg)
        if class_names is not None and kind >= len(class_names):
            msg = f"`targets` have the class {kind}, but there are {len(class_names)} classes, numbered from 0"
            raise OptionError(msg)
        found.append(int(kind))
    return np.array(found, dtype=np.int64)


def _fitting(array: Any, count: int, name: str) -> NDArray[Any]:
    read = as_numpy(array)
    if read.shape != (count,):
        msg = f"`targets` have {name} of shape {read.shape}, but {count} boxes: they must be ({count},)"
        raise DimensionError(msg)
    return read
