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
    from ferroshap.explainers.tree import TreeExplainer
    from ferroshap.explainers.tree import TreeExplainer as Tree

# The short names that shap has beside the long ones.
Exact = ExactExplainer
Kernel = KernelExplainer
Linear = LinearExplainer
Permutation = PermutationExplainer
Sampling = SamplingExplainer

__all__ = [
    "Exact",
    "ExactExplainer",
    "Explainer",
    "Kernel",
    "KernelExplainer",
    "Linear",
    "LinearExplainer",
    "Permutation",
    "PermutationExplainer",
    "Plan",
    "Sampling",
    "SamplingExplainer",
    "Tree",
    "TreeExplainer",
]


def __getattr__(name: str) -> Any:
    """Import the tree route when somebody asks for it: it has many files, and `import ferroshap` few to spare."""
    if name in {"Tree", "TreeExplainer"}:
        return importlib.import_module("ferroshap.explainers.tree").TreeExplainer
    msg = f"module 'ferroshap.explainers' has no attribute {name!r}"
    raise AttributeError(msg)
