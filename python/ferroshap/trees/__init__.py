"""Tree ensembles of any library, brought to the neutral forest of the core."""

from ferroshap.trees.arrays import from_arrays
from ferroshap.trees.loading import load
from ferroshap.trees.surrogate import Surrogate
from ferroshap.trees.tree_model import TreeModel

__all__ = ["Surrogate", "TreeModel", "from_arrays", "load"]
