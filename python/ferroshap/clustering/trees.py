"""Trees of players: nested tuples of their numbers, and linkage arrays."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidClusteringError

Floats = NDArray[np.float64]

#: A player, or the trees that are siblings. No function here recurses: a chain of 1,000 players is 999 deep.
Tree: TypeAlias = int | tuple["Tree", ...]


def checked_linkage(clustering: Any, n_players: int) -> Floats:
    """Return a linkage array whose every cluster is merged once.

    Raises
    ------
    InvalidClusteringError
        When it has another shape, names clusters that do not exist yet, or names one twice.

    Examples
    --------
    >>> checked_linkage([[0, 1, 0.5, 2], [2, 4, 0.7, 2]], 3)
    Traceback (most recent call last):
    ...
    ferroshap.errors.InvalidClusteringError: row 1 of `clustering` merges cluster 4, but so far there are clusters
    0 to 3
    """
    try:
        table = np.array(clustering, dtype=np.float64)
    except (TypeError, ValueError):
        msg = "`clustering` is an array that does not hold numbers: pass a linkage array"
        raise InvalidClusteringError(msg) from None
    if table.shape != (n_players - 1, 4):
        msg = (
            f"`clustering` has shape {table.shape}, but a linkage array of {n_players} players has {(n_players - 1, 4)}"
        )
        raise InvalidClusteringError(msg)
    if not np.isfinite(table).all() or (table[:, :2] % 1).any():
        msg = "`clustering` must hold whole numbers of clusters in its first two columns, and finite distances"
        raise InvalidClusteringError(msg)
    merged_in: dict[int, int] = {}
    counts = [1] * n_players
    for row, pair in enumerate(table[:, :2].astype(np.int64).tolist()):
        for number in pair:
            if not 0 <= number < n_players + row:
                msg = (
                    f"row {row} of `clustering` merges cluster {number}, but so far there are clusters 0 to "
                    f"{n_players + row - 1}"
                )
                raise InvalidClusteringError(msg)
            if number in merged_in:
                msg = f"`clustering` merges cluster {number} in row {merged_in[number]} and again in row {row}"
                raise InvalidClusteringError(msg)
            merged_in[number] = row
        counts.append(counts[pair[0]] + counts[pair[1]])
    table[:, 3] = counts[n_players:]
    return table


def tree_from_linkage(clustering: Any, n_players: int | None = None) -> Tree:
    """Return the binary tree of a linkage array as nested tuples of player numbers.

    Raises
    ------
    InvalidClusteringError
        When it is no linkage array of that many players.

    Examples
    --------
    >>> tree_from_linkage([[0, 2, 0.5, 2], [1, 3, 0.7, 3]])
    (1, (0, 2))
    """
    table = checked_linkage(clustering, len(clustering) + 1 if n_players is None else n_players)
    nodes: list[Tree] = list(range(len(table) + 1))
    for first, second in table[:, :2].astype(np.int64).tolist():
        nodes.append((nodes[first], nodes[second]))
    return nodes[-1]


def linkage_from_tree(tree: Tree) -> Floats | None:
    """Return the linkage array of a binary tree; None for a tree with larger families.

    Nested tuples know no distances: a cluster's is the number of levels below it, as a share of the root's.

    Examples
    --------
    >>> linkage_from_tree((1, (0, 2)))
    array([[0. , 2. , 0.5, 2. ],
           [1. , 3. , 1. , 3. ]])
    >>> linkage_from_tree((0, 1, 2)) is None
    True
    """
    inner = _inner_nodes(tree)
    if any(len(children) != 2 for children in inner):
        return None
    n_players = len(inner) + 1
    levels: dict[int, int] = {}  # by the identity of a node, which `tree` keeps alive
    for children in inner:
        levels[id(children)] = 1 + max(levels.get(id(child), 0) for child in children)
    order = sorted(range(len(inner)), key=lambda place: levels[id(inner[place])])
    table = np.empty((len(inner), 4))
    numbers: dict[int, int] = {}
    for row, place in enumerate(order):
        children = inner[place]
        pair = sorted(child if isinstance(child, int) else numbers[id(child)] for child in children)
        n_inside = sum(1 if number < n_players else int(table[number - n_players, 3]) for number in pair)
        table[row] = *pair, levels[id(children)] / levels[id(inner[-1])], n_inside
        numbers[id(children)] = n_players + row
    return table


def leaves_of(tree: Tree) -> list[int]:
    """List the players of a tree, first siblings first.

    Examples
    --------
    >>> leaves_of(((2, 0), 1))
    [2, 0, 1]
    """
    leaves = []
    ahead = [tree]
    while ahead:
        node = ahead.pop()
        if isinstance(node, tuple):
            ahead.extend(reversed(node))
        else:
            leaves.append(node)
    return leaves


def n_coalitions(tree: Tree) -> int:
    """Count the coalitions that occur in orders along a tree: nobody, and what the first players of an order make.

    A node with ``k`` children in ``c`` contexts has ``c * (2 ** k - 2)``, and each child ``c * 2 ** (k - 1)`` contexts.

    Examples
    --------
    >>> n_coalitions((0, 1, 2)), n_coalitions(((0, 1), (2, 3))), n_coalitions((((0, 1), 2), 3))
    (8, 12, 16)
    """
    count = 2
    ahead = [(tree, 1)]
    while ahead:
        node, n_contexts = ahead.pop()
        if isinstance(node, tuple):
            count += n_contexts * (2 ** len(node) - 2)
            ahead.extend((child, n_contexts * 2 ** (len(node) - 1)) for child in node)
    return count


def relabelled_tree(tree: Tree, numbers: Any) -> Tree:
    """Give each player ``p`` of a tree the number ``numbers[p]``.

    Examples
    --------
    >>> relabelled_tree(((2, 0), 1), [7, 8, 9])
    ((9, 7), 8)
    """
    known: dict[int, Tree] = {}
    for children in _inner_nodes(tree):
        known[id(children)] = tuple(
            int(numbers[child]) if isinstance(child, int) else known[id(child)] for child in children
        )
    return int(numbers[tree]) if isinstance(tree, int) else known[id(tree)]


def relabelled_linkage(clustering: Floats, numbers: Any) -> Floats:
    """Give each player ``p`` of a linkage array the number ``numbers[p]``, a permutation.

    Examples
    --------
    >>> relabelled_linkage(np.array([[0, 2, 0.5, 2], [1, 3, 0.7, 3]]), [2, 0, 1])
    array([[1. , 2. , 0.5, 2. ],
           [0. , 3. , 0.7, 3. ]])
    """
    n_players = len(clustering) + 1
    names = np.concatenate([np.asarray(numbers, dtype=np.float64), np.arange(n_players, 2 * n_players)])
    table = clustering.copy()
    table[:, :2] = np.sort(names[clustering[:, :2].astype(np.int64)], axis=1)
    return table


def _inner_nodes(tree: Tree) -> list[tuple[Tree, ...]]:
    """All nodes that have children, children before their parents."""
    ahead, met = [tree], []
    while ahead:
        node = ahead.pop()
        if isinstance(node, tuple):
            met.append(node)
            ahead.extend(node)
    return met[::-1]
