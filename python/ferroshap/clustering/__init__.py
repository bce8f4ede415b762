"""Clusters of columns and the trees made of them. Needs no SciPy."""

from ferroshap.clustering.distances import column_distances
from ferroshap.clustering.hierarchy import hclust, partition_tree
from ferroshap.clustering.leaf_order import optimal_leaf_order
from ferroshap.clustering.linkage import linkage
from ferroshap.clustering.nesting import as_tree
from ferroshap.clustering.row_order import hclust_ordering
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
    "hclust_ordering",
    "leaves_of",
    "linkage",
    "linkage_from_tree",
    "n_coalitions",
    "optimal_leaf_order",
    "partition_tree",
    "relabelled_linkage",
    "relabelled_tree",
    "tree_from_linkage",
]
