"""What shap's users reach for under `shap.utils`: names from the rooms they belong to, and nothing else."""

from ferroshap.clustering import hclust, hclust_ordering, partition_tree
from ferroshap.explanation import OpChain
from ferroshap.explanation.apparent import approximate_interactions, potential_interactions
from ferroshap.explanation.feature_text import convert_name, format_value
from ferroshap.inputs.class_paths import safe_isinstance
from ferroshap.maskers import sample
from ferroshap.tables.coefficients import shapley_coefficients

__all__ = [
    "OpChain",
    "approximate_interactions",
    "convert_name",
    "format_value",
    "hclust",
    "hclust_ordering",
    "partition_tree",
    "potential_interactions",
    "safe_isinstance",
    "sample",
    "shapley_coefficients",
]
