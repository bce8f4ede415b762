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
    from ferroshap.explainers import other
    from ferroshap.explainers.additive import AdditiveExplainer
    from ferroshap.explainers.additive import AdditiveExplainer as Additive
    from ferroshap.explainers.coalition import CoalitionExplainer
    from ferroshap.explainers.coalition import CoalitionExplainer as Coalition
    from ferroshap.explainers.gpu_tree import GPUTreeExplainer
    from ferroshap.explainers.gpu_tree import GPUTreeExplainer as GPUTree
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
    "Additive": "additive:AdditiveExplainer",
    "AdditiveExplainer": "additive:AdditiveExplainer",
    "Coalition": "coalition:CoalitionExplainer",
    "CoalitionExplainer": "coalition:CoalitionExplainer",
    "GPUTree": "gpu_tree:GPUTreeExplainer",
    "GPUTreeExplainer": "gpu_tree:GPUTreeExplainer",
    "Gradient": "gradient:GradientExplainer",
    "GradientExplainer": "gradient:GradientExplainer",
    "Partition": "partition:PartitionExplainer",
    "PartitionExplainer": "partition:PartitionExplainer",
    "Tree": "tree:TreeExplainer",
    "TreeExplainer": "tree:TreeExplainer",
    "other": "other",
}
#: What is shap's own.
DELEGATED = {"Deep": "DeepExplainer", "DeepExplainer": "DeepExplainer"}

__all__ = [
    "Additive",
    "AdditiveExplainer",
    "Coalition",
    "CoalitionExplainer",
    "Exact",
    "ExactExplainer",
    "Explainer",
    "GPUTree",
    "GPUTreeExplainer",
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
    "other",
]


def __getattr__(name: str) -> Any:
    """Import the routes that are met only when somebody asks for them."""
    if name in MET_RARELY:
        room, _, explainer = MET_RARELY[name].partition(":")
        module = importlib.import_module(f"ferroshap.explainers.{room}")
        return getattr(module, explainer) if explainer else module
    if name in DELEGATED:
        return getattr(importlib.import_module("ferroshap.delegation"), DELEGATED[name])
    msg = f"module 'ferroshap.explainers' has no attribute {name!r}"
    raise AttributeError(msg)
