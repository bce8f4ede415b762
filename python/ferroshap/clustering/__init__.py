"""Clusters of columns and the trees made of them. Needs no SciPy."""

from ferroshap.clustering.distances import column_distances
from ferroshap.clustering.hierarchy import hclust
from ferroshap.clustering.linkage import linkage
from ferroshap.clustering.nesting import as_tree
from ferroshap.clustering.trees import (
    Tree,
    checked_linkage,
    leaves_of,
    linkage_from_tree,
    n_coalitions,
    relabelled_linkage,
    relabelled_tree,
    tree_from_linkage,
)

__all__ = [
    "Tree",
    "as_tree",
    "checked_linkage",
    "column_distances",
    "hclust",
    "leaves_of",
    "linkage",
    "linkage_from_tree",
    "n_coalitions",
    "relabelled_linkage",
    "relabelled_tree",
    "tree_from_linkage",
]
