"""A tree of players as users write it: nested tuples, or what SciPy's clustering returns."""

from typing import Any

import numpy as np

from ferroshap.errors import OptionError

#: Columns of a linkage: the two that merge, their distance, how many players they have together.
LINKAGE_COLUMNS = 4


def walked(tree: Any) -> tuple[int, ...]:
    """Return a tree as its walk: a node before its children; a player as its number, a node as minus its children.

    Parameters
    ----------
    tree : int, nested tuples or lists of int, or ndarray of shape ``(n_players - 1, 4)``
        Player numbers, each from 0 on exactly once; or a linkage as of ``scipy.cluster.hierarchy``.

    Raises
    ------
    OptionError
        For anything else, naming what is wrong.

    Examples
    --------
    >>> walked(((0, 1), 2))
    (-2, -2, 0, 1, 2)
    >>> walked(np.array([[1.0, 2.0, 0.5, 2.0], [0.0, 3.0, 1.0, 3.0]]))
    (-2, 0, -2, 1, 2)
    """
    walk: list[int] = []
    if isinstance(tree, np.ndarray) and tree.ndim == 2:
        tree = _merged(tree)
    # A stack of our own: clusterings of many players are as deep as these are many.
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple | list):
            if not node:
                msg = "`tree` has a group without players: leave it out"
                raise OptionError(msg)
            walk.append(-len(node))
            waiting.extend(reversed(node))
        elif isinstance(node, int | np.integer) and not isinstance(node, bool) and node >= 0:
            walk.append(int(node))
        else:
            msg = (
                f"`tree` holds {node!r}, but must be nested tuples of player numbers such as ((0, 1), (2, 3)), or a "
                "linkage of shape (n_players - 1, 4)"
            )
            raise OptionError(msg)
    _check_players([step for step in walk if step >= 0])
    return tuple(walk)


def nested(walk: tuple[int, ...]) -> Any:
    """Return the nested tuples of a walk.

    Examples
    --------
    >>> nested((-2, -2, 0, 1, 2))
    ((0, 1), 2)
    """
    built: list[Any] = []
    for step in reversed(walk):
        built.append(step if step >= 0 else tuple(built.pop() for _ in range(-step)))
    return built[0]


def _merged(linkage: Any) -> Any:
    """Return the tree that a table of merges builds."""
    if linkage.shape[1] != LINKAGE_COLUMNS or not np.issubdtype(linkage.dtype, np.number):
        msg = (
            f"`tree` is an array of shape {linkage.shape} and type {linkage.dtype}, but a linkage has "
            f"{LINKAGE_COLUMNS} columns of numbers"
        )
        raise OptionError(msg)
    n_players = len(linkage) + 1
    nodes: list[Any] = [*range(n_players)]
    for number, pair in enumerate(linkage[:, :2].tolist()):
        known = n_players + number
        if (
            any(end != int(end) or not 0 <= end < known or nodes[int(end)] is None for end in pair)
            or pair[0] == pair[1]
        ):
            ends = f"{pair[0]:g} and {pair[1]:g}"
            msg = f"`tree` merges {ends} in row {number}, but one of them does not exist or is merged already"
            raise OptionError(msg)
        left, right = (int(end) for end in pair)
        nodes.append((nodes[left], nodes[right]))
        nodes[left] = nodes[right] = None
    return nodes[-1]


def _check_players(players: list[int]) -> None:
    seen = np.bincount(players, minlength=len(players)) if max(players) < 2 * len(players) else None
    expected = f"must hold the players 0 to {len(players) - 1}, each once"
    if seen is not None and (seen > 1).any():
        msg = f"`tree` holds player {int(np.argmax(seen > 1))} more than once, but {expected}"
        raise OptionError(msg)
    if seen is None or len(seen) > len(players):
        msg = f"`tree` has {len(players)} leaves, player {max(players)} among them, but {expected}"
        raise OptionError(msg)
