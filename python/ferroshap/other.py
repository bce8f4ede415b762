"""Simple attributions to compare with (:mod:`ferroshap.explainers.other`), under the name that shap has for them."""

import importlib
from typing import Any

from ferroshap.explainers.other import Coefficient, Random, TreeGain

__all__ = ["Coefficient", "Random", "TreeGain"]


def __getattr__(name: str) -> Any:
    """Give what is shap's own, where it is installed."""
    return getattr(importlib.import_module("ferroshap.explainers.other"), name)
