"""Which way values along a tree of the features are found."""

from dataclasses import dataclass
from typing import Any

from ferroshap.clustering import n_coalitions
from ferroshap.errors import OptionError, nearest
from ferroshap.estimators import Owen
from ferroshap.estimators.method import chosen
from ferroshap.estimators.owen import Sampling
from ferroshap.maskers import Masker, as_masker

#: Coalitions that are spelled out; more are given as a power of two.
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

    sampling: Sampling
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


def way_along(masker: Masker, granted: int, sampling: Sampling = "auto") -> Way:
    """Tell how `granted` evaluations, endpoints counted, are spent on a masker's tree."""
    count = n_coalitions(masker.tree)
    shown = spelled(count)
    if count <= granted and sampling != "orders":
        return Way("exact", count, f"has {shown} coalitions, which are all evaluated")
    _, options = chosen(method_along(masker, sampling), masker.n_players, granted)
    if options.get("sampling", "orders") == "adaptive":
        spent = f"so the clusters with most at stake are split until {granted} evaluations are spent"
        return Way("adaptive", granted, f"has {shown} coalitions, {spent}")
    return Way("orders", granted, f"has {shown} coalitions, so random orders along it are averaged")


def spelled(count: int) -> str:
    """Write a number of coalitions, which may have more digits than Python is willing to write.

    Examples
    --------
    >>> spelled(172), spelled(3 * 2**40)
    ('172', 'about 2^41')
    """
    return str(count) if count <= MOST_SPELLED else f"about 2^{count.bit_length() - 1}"


def least_budget(masker: Masker, sampling: Sampling = "auto") -> int:
    """Return the evaluations, endpoints counted, that split the root, or pay for an order and its reversal."""
    n_children = len(masker.tree) if isinstance(masker.tree, tuple) else 1
    of_split, of_orders = 2**n_children, max(2, 2 * masker.n_players)
    return int({"adaptive": of_split, "orders": of_orders}.get(sampling, min(of_split, of_orders)))


def checked_sampling(sampling: Any) -> Sampling:
    """Return the way that the user wants.

    Raises
    ------
    OptionError
        For one that is not known.
    """
    known = ("auto", "adaptive", "orders")
    if sampling not in known:
        msg = f"`sampling={sampling!r}` is not known{nearest(str(sampling), known)} Known: {', '.join(known)}"
        raise OptionError(msg)
    return sampling  # type: ignore[no-any-return]  # one of those


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
