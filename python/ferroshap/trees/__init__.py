"""Tree ensembles of any library, brought to the neutral forest of the core."""

from ferroshap.trees.loading import load
from ferroshap.trees.tree_model import TreeModel

__all__ = ["TreeModel", "load"]
