"""Maskers: what stands for a feature that is missing."""

from ferroshap.maskers.background import kmeans, sample
from ferroshap.maskers.compression import compress
from ferroshap.maskers.independent import Baseline, Independent, as_masker

__all__ = ["Baseline", "Independent", "as_masker", "compress", "kmeans", "sample"]
