"""Targets of a dense detector as outputs of its own that can be differentiated."""

from collections.abc import Callable
from typing import Any

from ferroshap.errors import DimensionError, OptionError, nearest
from ferroshap.models.arrays import constant_like
from ferroshap.models.dense import part_of
from ferroshap.models.model import described
from ferroshap.models.targets import Targets

#: What can be pinned, by the arrays of the detector that are needed for it.
PARTS = {"class": "class_logits", "objectness": "objectness_logits", "box": "boxes"}


class PinnedTarget:
    r"""One output of a dense detector for each target: images in, ``(m, T)`` out.

    The detector's output of the same number (its anchor) is followed, wherever its box goes: the class logit of the
    target's class (``"class"``), the logit of the objectness (``"objectness"``), or minus the distance of its box from
    the target's, :math:`-\lVert b - b_t \rVert_1` (``"box"``). Logits, for where a probability is near 1 its gradient
    has vanished: 1.6e-3 at 0.9997.

    Parameters
    ----------
    detect : callable
        Returns a dict of ``boxes (m, J, 4)``, ``class_logits (m, J, C)`` or ``objectness_logits (m, J)``, whichever is
        needed, as arrays of NumPy, torch, jax or autograd.
    targets : Targets
        With anchors.
    part : {"class", "objectness", "box"}
        What is followed.
    names : list of str
        One a target.

    Examples
    --------
    >>> def detect(images):
    ...     return {"class_logits": images[:, :4, None] * [1.0, -1.0]}
    >>> targets = Targets([[0, 0, 9, 9]], [1], anchors=[2], n_anchors=4)
    >>> PinnedTarget(detect, targets, "class", ["cat"])(np.array([[0.1, 0.2, 0.3, 0.4]]))
    array([[-0.3]])
    """

    def __init__(self, detect: Callable[[Any], Any], targets: Targets, part: str, names: list[str]) -> None:
        """Refuse parts that are not known, and targets that are not tied to outputs."""
        if part not in PARTS:
            msg = f"`part={part!r}` is not known{nearest(str(part), PARTS)} Known: {', '.join(PARTS)}"
            raise OptionError(msg)
        if targets.anchors is None:
            msg = (
                "which output of the detector each target is, is not known: find targets by "
                "`Detector.of(detect, image)`, or tie them with `pin(image)`."
            )
            raise OptionError(msg)
        self.detect = detect
        self.targets = targets
        self.part = part
        self.output_names = names

    def __call__(self, images: Any) -> Any:
        """Follow each target: ``(m, T)``, in the library of the images."""
        found = part_of(self.detect(images), PARTS[self.part], self.detect)
        wanted = {"class": 3, "objectness": 2, "box": 3}[self.part]
        if self.part == "class" and found.ndim == 2:  # a detector of one class
            found = found[..., None]
        n_anchors = self.targets.n_anchors
        if found.ndim != wanted or (n_anchors is not None and found.shape[1] != n_anchors):
            msg = (
                f"{described(self.detect)} returned {PARTS[self.part]} of shape {tuple(found.shape)}, but {wanted} "
                f"axes and the {n_anchors} outputs are needed that there were when the targets were found."
            )
            raise DimensionError(msg)
        anchors: Any = self.targets.anchors
        if self.part == "box":
            chosen = found[:, anchors]
            return -abs(chosen - constant_like(chosen, self.targets.boxes)).sum(-1)
        return found[:, anchors] if self.part == "objectness" else found[:, anchors, self.targets.classes]
