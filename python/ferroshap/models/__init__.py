"""Anything that predicts, as one callable from rows to numbers."""

import importlib
from typing import TYPE_CHECKING, Any

from ferroshap.models.model import Model
from ferroshap.models.parting import parted
from ferroshap.models.recognition import as_model

if TYPE_CHECKING:
    from ferroshap.models.detector import Detector
    from ferroshap.models.front import Front
    from ferroshap.models.targets import Targets

__all__ = ["Detector", "Front", "Model", "Targets", "as_model", "parted"]

#: Met only when somebody asks for them.
LAZY = {
    "Detector": "ferroshap.models.detector",
    "Front": "ferroshap.models.front",
    "Targets": "ferroshap.models.targets",
}
#: What is shap's own.
DELEGATED = ("TeacherForcing", "TextGeneration", "TopKLM", "TransformersPipeline")


def __getattr__(name: str) -> Any:
    """Import what few need when it is asked for."""
    if name in LAZY:
        return getattr(importlib.import_module(LAZY[name]), name)
    if name in DELEGATED:
        return importlib.import_module("ferroshap.delegation").delegated(f"models.{name}")
    msg = f"module 'ferroshap.models' has no attribute {name!r}"
    raise AttributeError(msg)
