"""The front doors: one class a route, and `Explainer`, which chooses among them."""

import importlib
from typing import TYPE_CHECKING, Any

from ferroshap.explainers.exact import ExactExplainer
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.kernel import KernelExplainer
from ferroshap.explainers.linear import LinearExplainer
from ferroshap.explainers.permutation import PermutationExplainer
from ferroshap.explainers.plan import Plan
from ferroshap.explainers.sampling import SamplingExplainer

if TYPE_CHECKING:
    from ferroshap.explainers.coalition import CoalitionExplainer
    from ferroshap.explainers.coalition import CoalitionExplainer as Coalition
    from ferroshap.explainers.gradient import GradientExplainer
    from ferroshap.explainers.gradient import GradientExplainer as Gradient
    from ferroshap.explainers.partition import PartitionExplainer
    from ferroshap.explainers.partition import PartitionExplainer as Partition
    from ferroshap.explainers.tree import TreeExplainer
    from ferroshap.explainers.tree import TreeExplainer as Tree

# The short names that shap has beside the long ones.
Exact = ExactExplainer
Kernel = KernelExplainer
Linear = LinearExplainer
Permutation = PermutationExplainer
Sampling = SamplingExplainer

#: Routes that are imported when somebody asks for them: they have many files, and `import ferroshap` few to spare.
MET_RARELY = {
    "Coalition": "coalition:CoalitionExplainer",
    "CoalitionExplainer": "coalition:CoalitionExplainer",
    "Gradient": "gradient:GradientExplainer",
    "GradientExplainer": "gradient:GradientExplainer",
    "Partition": "partition:PartitionExplainer",
    "PartitionExplainer": "partition:PartitionExplainer",
    "Tree": "tree:TreeExplainer",
    "TreeExplainer": "tree:TreeExplainer",
}

__all__ = [
    "Coalition",
    "CoalitionExplainer",
    "Exact",
    "ExactExplainer",
    "Explainer",
    "Gradient",
    "GradientExplainer",
    "Kernel",
    "KernelExplainer",
    "Linear",
    "LinearExplainer",
    "Partition",
    "PartitionExplainer",
    "Permutation",
    "PermutationExplainer",
    "Plan",
    "Sampling",
    "SamplingExplainer",
    "Tree",
    "TreeExplainer",
]


def __getattr__(name: str) -> Any:
    """Import the routes that are met only when somebody asks for them."""
    if name in MET_RARELY:
        room, _, explainer = MET_RARELY[name].partition(":")
        return getattr(importlib.import_module(f"ferroshap.explainers.{room}"), explainer)
    msg = f"module 'ferroshap.explainers' has no attribute {name!r}"
    raise AttributeError(msg)
