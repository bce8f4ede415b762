"""Which way values along a tree of the features are found."""

from dataclasses import dataclass
from typing import Any

from ferroshap.clustering import Tree, leaves_of, n_coalitions
from ferroshap.estimators import Owen, chosen
from ferroshap.estimators.owen import Sampling
from ferroshap.maskers import Masker, as_masker

#: Coalitions that are spelled out; more are given as a power of ten.
MOST_SPELLED = 10**6


@dataclass(frozen=True)
class Way:
    """How a budget is spent on a tree.

    Attributes
    ----------
    sampling : {"exact", "adaptive", "orders"}
        Every coalition of the tree; clusters with most at stake split first; random orders.
    n_evaluations : int
        The most evaluations of a row.
    reason : str
        The sentence after "a tree that".
    """

    sampling: str
    n_evaluations: int
    reason: str

    @property
    def has_errors(self) -> bool:
        """Whether standard errors are known."""
        return self.sampling == "orders"


def method_along(masker: Masker, sampling: Sampling = "auto") -> Owen:
    """Return the estimator of values along a masker's tree."""
    clustering = getattr(masker, "clustering", None)  # of a binary tree, which may be too deep for nested tuples
    return Owen(tree=masker.tree if clustering is None else clustering, sampling=sampling)


def way_along(masker: Masker, granted: int) -> Way:
    """Tell how `granted` evaluations, endpoints counted, are spent on a masker's tree."""
    count = n_coalitions(masker.tree)
    shown = str(count) if count <= MOST_SPELLED else f"about 10^{len(str(count)) - 1}"
    taken = chosen(method_along(masker), masker.n_players, granted)[1]["sampling"]
    sentence = f"has {shown} coalitions"
    if taken == "exact":
        return Way(taken, count, f"{sentence}, which are all evaluated")
    if taken == "adaptive":
        spent = f"so the clusters with most at stake are split until {granted} evaluations are spent"
        return Way(taken, granted, f"{sentence}, {spent}")
    return Way(taken, granted, f"{sentence}, so random orders along it are averaged")


def least_budget(tree: Tree) -> int:
    """Return the evaluations, endpoints counted, that split the root, or pay for an order and its reversal."""
    n_children = len(tree) if isinstance(tree, tuple) else 1
    return int(min(2**n_children, max(2, 2 * len(leaves_of(tree)))))


def with_tree(masker: Any, weights: Any) -> tuple[Masker, str]:
    """Return a masker that has a tree, and where the tree is from.

    Columns without one are clustered by correlation, and by association where some are no numbers.
    """
    found = as_masker(masker, weights=weights)
    if found.tree is not None:
        return found, "the masker's tree"
    from ferroshap.maskers import Partition

    metric = "correlation" if all(column.numbers() is not None for column in found.table.columns) else "association"
    return Partition(found, clustering=metric), f"the tree of the columns by {metric!r}"
