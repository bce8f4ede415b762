"""The front doors: one class a route, and `Explainer`, which chooses among them."""

from ferroshap.explainers.exact import ExactExplainer
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.kernel import KernelExplainer
from ferroshap.explainers.linear import LinearExplainer
from ferroshap.explainers.permutation import PermutationExplainer
from ferroshap.explainers.plan import Plan
from ferroshap.explainers.sampling import SamplingExplainer
from ferroshap.explainers.tree import TreeExplainer

# The short names that shap has beside the long ones.
Exact = ExactExplainer
Kernel = KernelExplainer
Linear = LinearExplainer
Permutation = PermutationExplainer
Sampling = SamplingExplainer
Tree = TreeExplainer

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
