"""Maskers: what stands for a feature that is missing."""

from ferroshap.maskers.background import kmeans, sample
from ferroshap.maskers.compression import compress
from ferroshap.maskers.conditional import Averaging, Conditional, Draws, Prepared
from ferroshap.maskers.groups import Groups
from ferroshap.maskers.independent import Baseline, Independent
from ferroshap.maskers.masker import Masker
from ferroshap.maskers.recognition import as_marginal, as_masker
from ferroshap.maskers.units import Units

__all__ = [
    "Averaging",
    "Baseline",
    "Conditional",
    "Draws",
    "Groups",
    "Independent",
    "Masker",
    "Prepared",
    "Units",
    "as_marginal",
    "as_masker",
    "compress",
    "kmeans",
    "sample",
]
