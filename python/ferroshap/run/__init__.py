"""The loop: ask which coalitions come next, evaluate them, tell their worths, estimate at any moment."""

from ferroshap.run.estimate import Estimate
from ferroshap.run.loop import Loop, Outcome, Source
from ferroshap.run.run import Run, estimate
from ferroshap.run.together import Together

__all__ = ["Estimate", "Loop", "Outcome", "Run", "Source", "Together", "estimate"]
