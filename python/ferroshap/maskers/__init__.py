"""Maskers: what stands for a feature that is missing."""

import importlib
from typing import TYPE_CHECKING, Any

from ferroshap.maskers.background import kmeans, sample
from ferroshap.maskers.compression import compress
from ferroshap.maskers.conditional import Averaging, Conditional, Draws, Prepared
from ferroshap.maskers.dense_data import DenseData
from ferroshap.maskers.gaussian import Gaussian
from ferroshap.maskers.groups import Groups, group_units
from ferroshap.maskers.impute import Impute
from ferroshap.maskers.independent import Baseline, Independent
from ferroshap.maskers.masker import Masker
from ferroshap.maskers.recognition import as_marginal, as_masker, is_marginal
from ferroshap.maskers.units import Units

if TYPE_CHECKING:
    from ferroshap.maskers.composite import Composite, Fixed, FixedComposite, OutputComposite
    from ferroshap.maskers.copula import Copula
    from ferroshap.maskers.empirical import Empirical
    from ferroshap.maskers.forest import Forest
    from ferroshap.maskers.image import Image
    from ferroshap.maskers.partition import Partition
    from ferroshap.maskers.plausibility import Plausibility
    from ferroshap.maskers.surrogate import Surrogate

#: Files of the maskers that are imported when somebody asks for them.
MET_RARELY = {
    "Composite": "composite",
    "Copula": "copula",
    "Empirical": "empirical",
    "Fixed": "composite",
    "FixedComposite": "composite",
    "Forest": "forest",
    "Image": "image",
    "OutputComposite": "composite",
    "Partition": "partition",
    "Plausibility": "plausibility",
    "Surrogate": "surrogate",
}

__all__ = [
    "Averaging",
    "Baseline",
    "Composite",
    "Conditional",
    "Copula",
    "DenseData",
    "Draws",
    "Empirical",
    "Fixed",
    "FixedComposite",
    "Forest",
    "Gaussian",
    "Groups",
    "Image",
    "Impute",
    "Independent",
    "Masker",
    "OutputComposite",
    "Partition",
    "Plausibility",
    "Prepared",
    "Surrogate",
    "Units",
    "as_marginal",
    "as_masker",
    "compress",
    "group_units",
    "is_marginal",
    "kmeans",
    "sample",
]


def __getattr__(name: str) -> Any:
    """Import the maskers that are met only when somebody asks for them."""
    if name in MET_RARELY:
        return getattr(importlib.import_module(f"ferroshap.maskers.{MET_RARELY[name]}"), name)
    if name == "Text":  # shap's own
        return importlib.import_module("ferroshap.delegation").delegated("maskers.Text")
    msg = f"module 'ferroshap.maskers' has no attribute {name!r}"
    raise AttributeError(msg)
