"""Which class explains images, where a class for tables meets a masker of images."""

import importlib

from ferroshap.errors import InvalidMaskerError
from ferroshap.explainers.explainer import Explainer

CLASSES = {
    "ExactExplainer": "exact:ImageExactExplainer",
    "KernelExplainer": "kernel:ImageKernelExplainer",
    "PartitionExplainer": "partition:ImagePartitionExplainer",
    "PermutationExplainer": "permutation:ImagePermutationExplainer",
}


def for_images(cls: type[Explainer]) -> type[Explainer]:
    """Return the subclass of a route for images.

    Raises
    ------
    InvalidMaskerError
        Where the route has none.
    """
    if hasattr(cls, "of_tables"):
        return cls
    if cls.__name__ not in CLASSES or not cls.__module__.startswith("ferroshap."):
        known = ", ".join(CLASSES)
        msg = f"the masker is one of images, which {cls.__name__} does not explain: use Explainer, {known}"
        raise InvalidMaskerError(msg)
    room, _, name = CLASSES[cls.__name__].partition(":")
    found: type[Explainer] = getattr(importlib.import_module(f"ferroshap.explainers.images.{room}"), name)
    return found
