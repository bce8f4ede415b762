"""`shap.explainers._coalition`: the explainer, and its tree of names as nested dictionaries."""

from typing import Any

from ferroshap.explainers.coalition import CoalitionExplainer
from ferroshap.inputs import read_table

__all__ = ["CoalitionExplainer", "create_partition_hierarchy"]


def create_partition_hierarchy(linkage_matrix: Any, columns: list[str]) -> dict[str, Any]:
    """Write a SciPy linkage as the nested dictionary that `CoalitionExplainer(partition_tree=)` takes.

    Examples
    --------
    >>> create_partition_hierarchy([[0, 1, 0.1, 2], [2, 3, 0.5, 3]], ["a", "b", "c"])
    {'Cluster_1': {'c': 'c', 'Cluster_0': {'a': 'a', 'b': 'b'}}}
    """
    rows = read_table(linkage_matrix, argument="linkage_matrix").display
    nodes: list[dict[str, Any]] = [{name: name} for name in columns]
    for i, row in enumerate(rows):
        left, right = nodes[int(row[0])], nodes[int(row[1])]
        nodes.append({f"Cluster_{i}": left | right})
    return nodes[-1]
