"""Hierarchical clustering from distances, in SciPy's linkage format."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidClusteringError, OptionError, nearest

Floats = NDArray[np.float64]

METHODS = ("single", "complete", "average", "ward")


def linkage(distances: Any, method: str = "single") -> Floats:
    r"""Merge the two nearest clusters until one is left.

    ========== ==============================================================================
    method     distance of two clusters
    ========== ==============================================================================
    "single"   the least distance between their members
    "complete" the largest
    "average"  the mean
    "ward"     :math:`\sqrt{2 |A| |B| / (|A| + |B|)}` times the distance of their centres;
               the distances given must be Euclidean
    ========== ==============================================================================

    Equal distances are settled by the order of the points, never by chance.

    Parameters
    ----------
    distances : array of shape ``(n, n)`` or ``(n * (n - 1) / 2,)``
        Distances of all pairs of points: square and symmetric, or its upper triangle row by row.
    method : {"single", "complete", "average", "ward"}
        What the distance of two clusters is.

    Returns
    -------
    ndarray of shape ``(n - 1, 4)``
        One row a merge, the nearest first: the numbers of the two clusters (points are ``0 .. n - 1``, the merge in
        row ``k`` makes cluster ``n + k``), their distance, and how many points the new cluster has.

    Raises
    ------
    DimensionError
        When the shape is none of these.
    InvalidClusteringError
        When distances are negative, not finite or not symmetric.
    OptionError
        For an unknown method.

    Notes
    -----
    O(n^2) time and memory: a minimum spanning tree for "single", chains of nearest neighbours for the others
    (Müllner 2011, "Modern hierarchical, agglomerative clustering algorithms").

    Examples
    --------
    >>> linkage([1.0, 4.0, 3.0])
    array([[0., 1., 1., 2.],
           [2., 3., 3., 3.]])
    """
    if method not in METHODS:
        msg = f"`method={method!r}` is not known{nearest(str(method), METHODS)} Known: {', '.join(METHODS)}"
        raise OptionError(msg)
    square = as_square(distances)
    merges = _spanning_tree(square) if method == "single" else _nearest_chains(square, method)
    return _numbered(merges, len(square))


def as_square(distances: Any) -> Floats:
    """Return distances as a symmetric square matrix of its own memory."""
    try:
        given = np.array(distances, dtype=np.float64)
    except (TypeError, ValueError):
        msg = "`distances` must hold one number for each pair of points"
        raise InvalidClusteringError(msg) from None
    if given.ndim == 1:
        n_points = (1 + int(np.sqrt(1 + 8 * len(given)))) // 2
        if n_points * (n_points - 1) // 2 != len(given):
            msg = f"`distances` has {len(given)} numbers, but n points have n * (n - 1) / 2 pairs: pass one for each"
            raise DimensionError(msg)
        square = np.zeros((n_points, n_points))
        square[np.triu_indices(n_points, 1)] = given
        square += square.T
    elif given.ndim == 2 and given.shape[0] == given.shape[1] and len(given):
        square = given
        if not np.array_equal(square, square.T, equal_nan=True):
            msg = "`distances` is a square matrix, but not symmetric: distances are the same in both directions"
            raise InvalidClusteringError(msg)
    else:
        msg = f"`distances` has shape {given.shape}, but must be (n, n) or (n * (n - 1) / 2,)"
        raise DimensionError(msg)
    if not np.isfinite(square).all() or (square < 0).any():
        msg = "`distances` must be finite and not negative"
        raise InvalidClusteringError(msg)
    return square


def _spanning_tree(distances: Floats) -> Floats:
    """Edges ``(a, b, length)`` of a minimum spanning tree, in the order in which Prim's algorithm meets them."""
    n_points = len(distances)
    edges = np.empty((n_points - 1, 3))
    reach = np.full(n_points, np.inf)  # of the tree so far, to each point outside
    sources = np.zeros(n_points, dtype=np.intp)
    is_outside = np.ones(n_points, dtype=np.bool_)
    point = 0
    for step in range(n_points - 1):
        is_outside[point] = False
        is_nearer = is_outside & (distances[point] < reach)
        reach[is_nearer] = distances[point, is_nearer]
        sources[is_nearer] = point
        reach[point] = np.inf
        point = int(reach.argmin())
        edges[step] = sources[point], point, reach[point]
    return edges


def _nearest_chains(distances: Floats, method: str) -> Floats:
    """Merges ``(a, b, distance)`` of pairs that are each other's nearest; a cluster is known by one of its points."""
    n_points = len(distances)
    np.fill_diagonal(distances, np.inf)
    sizes, heights = np.ones(n_points), np.zeros(n_points)
    merges = np.empty((n_points - 1, 3))
    chain: list[int] = []
    is_left = np.ones(n_points, dtype=np.bool_)
    for step in range(n_points - 1):
        if not chain:
            chain.append(int(is_left.argmax()))
        while True:
            last = chain[-1]
            near = int(distances[last].argmin())
            # On ties the one before: else chains could go round in circles.
            if len(chain) > 1 and distances[last, chain[-2]] <= distances[last, near]:
                near = chain[-2]
                break
            chain.append(near)
        del chain[-2:]
        kept, gone = last, near
        # Rounding alone could put a merge below those it is made of.
        height = max(distances[kept, gone], heights[kept], heights[gone])
        merges[step] = kept, gone, height
        merged = _distance_to_union(distances, kept, gone, sizes, method)
        is_left[gone] = False
        merged[~is_left] = merged[kept] = np.inf
        distances[kept] = distances[:, kept] = merged
        distances[gone] = distances[:, gone] = np.inf
        sizes[kept] += sizes[gone]
        heights[kept] = height
    return merges


def _distance_to_union(distances: Floats, first: int, second: int, sizes: Floats, method: str) -> Floats:
    """Distances of all clusters to the union of two (Lance, Williams 1967)."""
    a, b = distances[first], distances[second]
    if method == "complete":
        return np.asarray(np.maximum(a, b))
    if method == "average":
        return np.asarray((sizes[first] * a + sizes[second] * b) / (sizes[first] + sizes[second]))
    with np.errstate(invalid="ignore"):  # where clusters are gone
        squares = (sizes + sizes[first]) * a**2 + (sizes + sizes[second]) * b**2 - sizes * distances[first, second] ** 2
        return np.asarray(np.sqrt(np.maximum(squares / (sizes + sizes[first] + sizes[second]), 0.0)))


def _numbered(merges: Floats, n_points: int) -> Floats:
    """Sort merges by distance and call clusters by their numbers: ``(n_points - 1, 4)``."""
    table = np.empty((n_points - 1, 4))
    cluster = list(range(n_points))  # number of the cluster that a point stands for
    parent = list(range(n_points))
    count = dict.fromkeys(cluster, 1)
    for row, step in enumerate(np.argsort(merges[:, 2], kind="stable")):
        first, second = (_root(parent, int(point)) for point in merges[step, :2])
        numbers = sorted((cluster[first], cluster[second]))
        n_inside = count[numbers[0]] + count[numbers[1]]
        table[row] = *numbers, merges[step, 2], n_inside
        parent[second] = first
        cluster[first] = n_points + row
        count[n_points + row] = n_inside
    return table


def _root(parent: list[int], point: int) -> int:
    while parent[point] != point:
        parent[point] = parent[parent[point]]
        point = parent[point]
    return point
