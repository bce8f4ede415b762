"""`Detector`: an object detector as a model with one output a target."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidModelError, OptionError, nearest
from ferroshap.models.attributes import ATTRIBUTES, EDGES, likeness
from ferroshap.models.boxes import suppressed
from ferroshap.models.detections import ACCEPTED, Detections, read_detections
from ferroshap.models.model import described
from ferroshap.models.pinned_target import PinnedTarget
from ferroshap.models.soft_target import TEMPERATURE, SoftTarget
from ferroshap.models.targets import Targets, as_targets

Floats = NDArray[np.float64]

LAYOUTS = ("NHWC", "NCHW")


class Detector:
    r"""How well a detector still finds each target in masked images: images in, ``(m, T)`` out.

    The worth of an image is that of the detection most like the target,

    .. math:: v_t = \max_j\; \mathrm{IoU}(b_t, b_j) \cdot o_j \cdot \cos(p_t, p_j)

    with boxes :math:`b`, objectness :math:`o` and class probabilities :math:`p`; 0 where nothing is detected. It is in
    [0, 1], and in the image where the detector found the target it is at least the target's objectness. Everything
    that explains images takes this object as its model; one call of `detect` scores all targets, so that more targets
    cost nothing.

    Parameters
    ----------
    detect : callable
        ``detect(images)`` returns, for each of the m images, ``(boxes (J, 4), objectness (J,), class_probs (J, C))``:
        corners ``(x0, y0, x1, y1)`` in pixels and probabilities, J free and possibly 0, C = 1 for a detector of one
        class. Dicts of these names are accepted, for a dense detector also one dict of arrays with all images, and
        dicts of ``boxes``, ``scores`` and ``labels``: a score is then the objectness, the label's probability 1.
        Outputs before suppression (NMS) are better, for that makes worths jump.
    targets : Targets, pair or dict, optional
        What is explained: boxes and classes. :meth:`of` finds them on an image.
    attribute : str
        What is explained about them. ``"similarity"``, as above. ``"class"``: the probability of the target's class
        where the overlap is largest, 0 where that is under 0.5. ``"iou"``: the largest overlap with a detection of that
        class. ``"left"``, ``"top"``, ``"right"``, ``"bottom"``: an edge in pixels, for detectors with the same number
        of outputs for every image, and targets that were found on one (:meth:`of`, :meth:`pin`).
    class_names : sequence of str, optional
        Names of the C classes.
    layout : {"NHWC", "NCHW"}
        Where images have their height and width.

    Attributes
    ----------
    targets : Targets or None
    output_names : list of str
        One a target: ``"cat 0.93 [8, 8, 24, 24]"``.

    Notes
    -----
    Cost: one detection a masked image, and ``J * T`` overlaps. Base values are measured on the masked image, and need
    not be 0.

    References
    ----------
    Petsiuk et al. (2021), "Black-box explanation of object detectors via saliency maps". Differs: Shapley or Owen
    values of the similarity, instead of its mean over random masks.

    Examples
    --------
    A detector of the one bright rectangle:

    >>> def detect(images):
    ...     found = []
    ...     for image in images[..., 0]:
    ...         rows, columns = np.nonzero(image > 0.5)
    ...         if len(rows) == 0:
    ...             found.append(([], [], []))
    ...         else:
    ...             box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    ...             found.append(([box], [0.9], [1.0]))
    ...     return found
    >>> image = np.zeros((8, 8, 1))
    >>> image[2:6, 1:5] = 1.0
    >>> detector = Detector.of(detect, image, class_names=["lamp"])
    >>> detector.output_names
    ['lamp 0.90 [1, 2, 5, 6]']
    >>> detector(np.stack([image, np.zeros((8, 8, 1))]))
    array([[0.9],
           [0. ]])
    """

    def __init__(
        self,
        detect: Callable[[Any], Any],
        targets: Any = None,
        *,
        attribute: str = "similarity",
        class_names: Sequence[str] | None = None,
        layout: str = "NHWC",
    ) -> None:
        if not callable(detect):
            msg = f"`detect` is a {type(detect).__name__}, but must be a function of images that returns {ACCEPTED}."
            raise InvalidModelError(msg)
        if attribute not in ATTRIBUTES:
            msg = f"`attribute={attribute!r}` is not known{nearest(str(attribute), ATTRIBUTES)} Known: "
            raise OptionError(msg + ", ".join(ATTRIBUTES))
        if layout not in LAYOUTS:
            msg = f"`layout={layout!r}` is not known: images are {' or '.join(LAYOUTS)}"
            raise OptionError(msg)
        self.detect = detect
        self.attribute = attribute
        self.class_names = None if class_names is None else [str(name) for name in class_names]
        self.layout = layout
        self.targets = None if targets is None else as_targets(targets, self.class_names)
        if self.targets is not None:
            self._check_targets(self.targets)

    @classmethod
    def of(
        cls,
        detect: Callable[[Any], Any],
        image: Any,
        *,
        attribute: str = "similarity",
        class_names: Sequence[str] | None = None,
        layout: str = "NHWC",
        min_score: float = 0.5,
        max_iou: float = 0.5,
    ) -> "Detector":
        """Explain what is detected in an image (:meth:`targets_of`).

        Raises
        ------
        OptionError
            Nothing is detected there.
        """
        bare = cls(detect, class_names=class_names, layout=layout)
        targets = bare.targets_of(image, min_score=min_score, max_iou=max_iou)
        if len(targets) == 0:
            msg = f"nothing is detected in `image` with a score above {min_score}: lower `min_score`, or give `targets`"
            raise OptionError(msg)
        return cls(detect, targets, attribute=attribute, class_names=class_names, layout=layout)

    def targets_of(self, image: Any, *, min_score: float = 0.5, max_iou: float = 0.5) -> Targets:
        """Find what is detected in an image: scores above `min_score`, of overlapping ones the best.

        A score is the objectness times the probability of the likeliest class. Boxes that overlap a better one by more
        than `max_iou`, whatever their class, are left out.

        Returns
        -------
        Targets
            The best first; possibly none.
        """
        found = self._detections_in(image)
        hopeful = np.flatnonzero(found.scores > min_score)
        chosen = hopeful[suppressed(found.boxes[hopeful], found.scores[hopeful], max_iou)]
        classes = found.class_probs[chosen].argmax(axis=1) if found.is_labelled else None
        return Targets(
            found.boxes[chosen],
            classes,
            found.class_probs[chosen] if classes is None else None,
            scores=found.scores[chosen],
            anchors=chosen,
            n_anchors=len(found),
        )

    def pin(self, image: Any) -> "Detector":
        """Tie each target to the detection in an image that is most like it.

        What gradients and edges need of targets that were given: which of the detector's outputs they are.

        Raises
        ------
        OptionError
            Nothing there overlaps the target and is of its class.
        """
        targets, found = self._targets(), self._detections_in(image)
        alike = likeness(found, targets)
        best = np.max(alike, axis=0, initial=0.0)
        if not best.all():
            msg = f"no detection in `image` is like the target {self.output_names[int(best.argmin())]!r}"
            raise OptionError(msg)
        pinned = Targets(
            targets.boxes,
            targets.classes if targets.class_probs is None else None,
            targets.class_probs,
            scores=targets.scores,
            anchors=alike.argmax(axis=0),
            n_anchors=len(found),
        )
        return Detector(self.detect, pinned, attribute=self.attribute, class_names=self.class_names, layout=self.layout)

    def pinned(self, part: str = "class", *, detect: Callable[[Any], Any] | None = None) -> PinnedTarget:
        """Follow the detector's own output of each target, for gradients: a model of ``(m, T)``.

        Parameters
        ----------
        part : {"class", "objectness", "box"}
            The logit of the target's class, the logit of the objectness, or minus the distance between the boxes.
        detect : callable, optional
            The detector as a function of the framework's arrays, where ``detect`` is not that: it returns a dict of
            ``class_logits (m, J, C)``, ``objectness_logits (m, J)`` or ``boxes (m, J, 4)``.

        Returns
        -------
        PinnedTarget
            What :class:`ferroshap.GradientExplainer` takes as its model.
        """
        return PinnedTarget(self.detect if detect is None else detect, self._targets(), part, self.output_names)

    def soft(self, temperature: float = TEMPERATURE, *, detect: Callable[[Any], Any] | None = None) -> SoftTarget:
        """Take a soft maximum over the similarities, for gradients: a model of ``(m, T)``.

        Parameters
        ----------
        temperature : float
            The lower, the nearer to the maximum.
        detect : callable, optional
            The detector as a function of the framework's arrays, where ``detect`` is not that: it returns ``boxes``,
            ``objectness`` and ``class_probs`` of all images together.

        Returns
        -------
        SoftTarget
            What :class:`ferroshap.GradientExplainer` takes as its model.
        """
        return SoftTarget(self.detect if detect is None else detect, self._targets(), temperature, self.output_names)

    @property
    def output_names(self) -> list[str]:
        """One name a target, by class, score and box."""
        names = self._targets().names(self.class_names)
        return names if self.attribute == "similarity" else [f"{self.attribute} of {name}" for name in names]

    def __call__(self, images: Any) -> Floats:
        """Score each target in each image: ``(m, T)``."""
        targets = self._targets()
        targets.check_inside(*self._size_of(images))
        attribute = ATTRIBUTES[self.attribute]
        worths = [attribute(found, targets) for found in self._read(self.detect(images), len(images))]
        return np.reshape(np.array(worths, dtype=np.float64), (len(worths), len(targets)))

    def __repr__(self) -> str:
        """Say what is detected by what."""
        told = "without targets" if self.targets is None else f"of {', '.join(self.output_names)}"
        return f"<Detector {described(self.detect)} {told}>"

    def _targets(self) -> Targets:
        if self.targets is None:
            msg = "this Detector has no `targets`: give boxes and classes, or find them by `Detector.of(detect, image)`"
            raise OptionError(msg)
        return self.targets

    def _check_targets(self, targets: Targets) -> None:
        if len(targets) == 0:
            msg = "`targets` are empty: there is nothing to explain"
            raise OptionError(msg)
        if self.attribute in EDGES and targets.anchors is None:
            msg = (
                f"`attribute={self.attribute!r}` needs to know which output of the detector each target is: "
                "find targets by `Detector.of(detect, image)`, or tie them with `pin(image)`."
            )
            raise OptionError(msg)
        wanted = None if self.class_names is None else len(self.class_names)
        if wanted is not None and targets.class_probs is not None and targets.class_probs.shape[1] != wanted:
            got = targets.class_probs.shape[1]
            msg = f"`targets` have probabilities of {got} classes, but `class_names` names {wanted}"
            raise DimensionError(msg)

    def _n_classes(self) -> int | None:
        if self.class_names is not None:
            return len(self.class_names)
        probs = None if self.targets is None else self.targets.class_probs
        return None if probs is None else probs.shape[1]

    def _read(self, output: Any, n_images: int) -> list[Detections]:
        return read_detections(output, n_images, self._n_classes(), described(self.detect))

    def _detections_in(self, image: Any) -> Detections:
        array = np.asarray(image)
        if array.ndim not in {2, 3}:
            msg = f"`image` has shape {array.shape}: one image is needed, (H, W, C), (C, H, W) or (H, W)"
            raise DimensionError(msg)
        return self._read(self.detect(array[None]), 1)[0]

    def _size_of(self, images: Any) -> tuple[int, int]:
        """Height and width of a batch."""
        shape = np.shape(images)
        if len(shape) not in {3, 4}:
            msg = f"a batch of images has the shape {shape}, but (m, H, W, C), (m, C, H, W) or (m, H, W) is needed"
            raise DimensionError(msg)
        return (shape[2], shape[3]) if len(shape) == 4 and self.layout == "NCHW" else (shape[1], shape[2])
