"""Anything that predicts, as one callable from rows to numbers."""

from ferroshap.models.model import Model
from ferroshap.models.recognition import as_model

__all__ = ["Model", "as_model"]
