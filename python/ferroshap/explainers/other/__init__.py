"""Simple attributions to compare Shapley values with; they are none themselves."""

import importlib
from typing import Any

from ferroshap.explainers.other.importances import Coefficient, TreeGain
from ferroshap.explainers.other.random import Random

#: Kept by shap itself.
DELEGATED = ("LimeTabular", "Maple", "TreeMaple")

__all__ = ["Coefficient", "Random", "TreeGain"]


def __getattr__(name: str) -> Any:
    """Give what is shap's own, where it is installed."""
    if name in DELEGATED:
        return importlib.import_module("ferroshap.delegation").delegated(f"explainers.other.{name}")
    msg = f"module 'ferroshap.explainers.other' has no attribute {name!r}"
    raise AttributeError(msg)
