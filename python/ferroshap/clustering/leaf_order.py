"""The order of the leaves of a tree of clusters that keeps neighbours alike."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.clustering.linkage import as_square
from ferroshap.clustering.trees import checked_linkage

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_AT_ONCE = 1 << 16  # sums that are laid out in one piece: beyond it, memory costs more than the calls
_IN_CACHE = 1 << 15  # numbers of a block that stays in the second-level cache, with its scratch


def optimal_leaf_order(clustering: Any, distances: Any) -> Rows:
    r"""Order the points of a linkage so that neighbours are as near as the tree allows.

    Of the :math:`2^{n-1}` orders that turning round the two sides of each merge can give, one with the least sum of
    distances between neighbours. The sides of the last merge stay as they are, of equally good orders the first is
    taken: nothing is random.

    Parameters
    ----------
    clustering : array of shape ``(n - 1, 4)``
        The merges, as :func:`linkage` gives them.
    distances : array of shape ``(n, n)`` or ``(n * (n - 1) / 2,)``
        The distances that they were made from.

    Returns
    -------
    ndarray of int, shape ``(n,)``
        The points, first to last.

    Raises
    ------
    InvalidClusteringError, DimensionError
        When the two do not fit each other.

    Notes
    -----
    O(n^3) time and O(n^2) memory: Bar-Joseph, Gifford, Jaakkola (2001), "Fast optimal leaf ordering for hierarchical
    clustering". 2,000 points take seconds.

    Examples
    --------
    >>> points = np.array([0.0, 4.0, 1.0, 3.0])
    >>> apart = np.abs(points[:, None] - points)
    >>> optimal_leaf_order([[0, 2, 1.0, 2], [1, 3, 1.0, 2], [4, 5, 4.0, 4]], apart)
    array([0, 2, 3, 1])
    """
    square = as_square(distances)
    table = checked_linkage(clustering, len(square))
    if len(square) == 1:
        return np.zeros(1, dtype=np.intp)
    nodes: list[_Node] = [_Node(np.array([point])) for point in range(len(square))]
    for first, second in table[:, :2].astype(np.intp).tolist():
        nodes.append(_Node.joining(nodes[first], nodes[second], square))
    return _traced(nodes[-1], square)


class _Node:
    """A cluster: its points, those of its first side before the others, and what arranging them costs.

    ``costs[i, j]`` is the least sum of distances between neighbours with the i-th point of the first side at one end
    and the j-th of the second at the other.
    """

    __slots__ = ("costs", "leaves", "sides")

    def __init__(self, leaves: Rows, costs: Floats | None = None, sides: "tuple[_Node, _Node] | None" = None) -> None:
        self.leaves = leaves
        self.costs = costs
        self.sides = sides

    @classmethod
    def joining(cls, first: "_Node", second: "_Node", distances: Floats) -> "_Node":
        """Put two clusters side by side: the cheapest inner ends for each pair of outer ends."""
        between = distances[np.ix_(first.leaves, second.leaves)]
        halfway = first.crossed(between)
        costs = second.crossed(halfway.T).T
        return cls(np.concatenate([first.leaves, second.leaves]), np.ascontiguousarray(costs), (first, second))

    def crossed(self, onward: Floats) -> Floats:
        """Least cost from each point as outer end, through this cluster, to each column of `onward`."""
        if self.costs is None:
            return onward
        n_first = len(self.costs)
        reached = np.empty(onward.shape)
        reached[:n_first] = _least_sums(self.costs, onward[n_first:])
        reached[n_first:] = _least_sums(self.costs.T, onward[:n_first])
        return reached

    def from_end(self, end: int) -> tuple[Rows, Floats]:
        """Points that can be the other end when the point in place `end` is one, and what each costs."""
        if self.costs is None:
            return np.zeros(1, dtype=np.intp), np.zeros(1)
        n_first = len(self.costs)
        if end < n_first:
            return np.arange(n_first, len(self.leaves)), self.costs[end]
        return np.arange(n_first), self.costs[:, end - n_first]


def _least_sums(a: Floats, b: Floats) -> Floats:
    """Least ``a[i, k] + b[k, j]`` over k: the matrix product of sums and minima."""
    if a.size * b.shape[1] <= _AT_ONCE:
        return np.asarray((a[:, :, None] + b[None]).min(axis=1))
    b = np.ascontiguousarray(b)
    least = np.full((len(a), b.shape[1]), np.inf)
    height = max(1, _IN_CACHE // b.shape[1])
    scratch = np.empty((min(height, len(a)), b.shape[1]))
    for top in range(0, len(a), height):
        block = least[top : top + height]
        columns = np.ascontiguousarray(a[top : top + height].T)[:, :, None]
        room = scratch[: len(block)]
        for column, row in zip(columns, b, strict=True):
            np.add(column, row, out=room)
            np.minimum(block, room, out=block)
    return least


def _traced(root: _Node, distances: Floats) -> Rows:
    """Go down from the best pair of ends, and find the inner ends that made it the best."""
    costs = root.costs
    assert costs is not None  # noqa: S101 - a root has two sides, for mypy
    first, last = divmod(int(costs.argmin()), costs.shape[1])
    order: list[int] = []
    ahead = [(root, first, len(costs) + last)]
    while ahead:
        node, start, end = ahead.pop()
        if node.sides is None:
            order.append(int(node.leaves[0]))
            continue
        left, right = node.sides
        n_left = len(left.leaves)
        is_turned = start >= n_left
        if is_turned:
            start, end = end, start
        end -= n_left
        from_left, left_costs = left.from_end(start)
        from_right, right_costs = right.from_end(end)
        between = distances[np.ix_(left.leaves[from_left], right.leaves[from_right])]
        total = left_costs[:, None] + between + right_costs
        k, m = divmod(int(total.argmin()), total.shape[1])
        inner_left, inner_right = int(from_left[k]), int(from_right[m])
        if is_turned:
            ahead += [(left, inner_left, start), (right, end, inner_right)]
        else:
            ahead += [(right, inner_right, end), (left, start, inner_left)]
    return np.array(order, dtype=np.intp)
