"""What values add up to over many rows: how much each feature matters, to outputs and to a loss."""

from ferroshap.metrics.importance import Importance, global_importance
from ferroshap.metrics.performance import sage

__all__ = ["Importance", "global_importance", "sage"]
