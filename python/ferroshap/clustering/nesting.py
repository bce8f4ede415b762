"""Trees as users write them: nested dicts and lists of names or positions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ferroshap.clustering.trees import Tree, leaves_of
from ferroshap.errors import InvalidClusteringError, nearest


def as_tree(
    nested: Any,
    names: Sequence[str] | None,
    n_players: int,
    *,
    word: str = "column",
    argument: str = "clustering",
) -> Tree:
    """Return a nested dict or list of players as nested tuples of their numbers.

    Parameters
    ----------
    nested : dict, list or tuple
        Siblings: the items of a list, or the values of a dict, whose keys only say what they are. An item is the name
        of a player, its position, or siblings again. Players named nowhere become children of the root; siblings
        that are alone take the place of their parent.
    names : sequence of str or None
        What the players are called, where they are called anything.
    n_players : int
        How many there are.
    word, argument : str
        What errors call a player, and the tree.

    Raises
    ------
    InvalidClusteringError
        When a name or position does not exist, or comes twice, or siblings are none.

    Examples
    --------
    >>> tree = {"person": ["age", "sex"], "blood": {"lipids": ["s1", "s2"], "glucose": "s6"}}
    >>> as_tree(tree, ["age", "sex", "bmi", "s1", "s2", "s6"], 6)
    ((0, 1), ((3, 4), 5), 2)
    >>> as_tree({"person": ["age", "six"]}, ["age", "sex"], 2)
    Traceback (most recent call last):
    ...
    ferroshap.errors.InvalidClusteringError: `clustering` names 'six', which is no column; did you mean 'sex'?
    """
    positions = {} if names is None else {name: position for position, name in enumerate(names)}
    reader = _Reader(positions, n_players, word, argument)
    families = [reader.family(part, where) for part, where in reader.parts(nested, f"`{argument}`")]
    named = [player for family in families for player in leaves_of(family)]
    twice = sorted({player for player in named if named.count(player) > 1}) if len(set(named)) < len(named) else []
    if twice:
        shown = ", ".join(f"{word} {player}" if names is None else repr(names[player]) for player in twice)
        msg = f"`{argument}` names {shown} more than once: a {word} has one place in the tree"
        raise InvalidClusteringError(msg)
    roots = (*families, *sorted(set(range(n_players)).difference(named)))
    return roots if len(roots) > 1 else roots[0]


class _Reader:
    """What is known of the players while a tree is read."""

    def __init__(self, positions: Mapping[str, int], n_players: int, word: str, argument: str) -> None:
        self.argument = argument
        self.positions = positions
        self.n_players = n_players
        self.word = word

    def parts(self, node: Any, where: str) -> list[tuple[Any, str]]:
        """The siblings inside a container, each with where it stands."""
        if isinstance(node, Mapping):
            parts = [(part, f"{where} at {key!r}") for key, part in node.items()]
        elif isinstance(node, list | tuple | np.ndarray):
            parts = [(part, where) for part in node]
        else:
            msg = f"{where} holds {node!r}: pass names or positions of {self.word}s, in lists, tuples or dicts"
            raise InvalidClusteringError(msg)
        if not parts:
            msg = f"{where} holds no {self.word}s: leave it out, or name some"
            raise InvalidClusteringError(msg)
        return parts

    def family(self, node: Any, where: str) -> Tree:
        """A player, or siblings; those that are alone take the place of their parent."""
        if isinstance(node, str | int | np.integer):
            return self.position(node)
        children = tuple(self.family(part, at) for part, at in self.parts(node, where))
        return children if len(children) > 1 else children[0]

    def position(self, player: str | int | np.integer[Any]) -> int:
        """The number of a player."""
        if isinstance(player, str):
            if player in self.positions:
                return self.positions[player]
            remedy = (
                nearest(player, self.positions) if self.positions else f": no {self.word} has a name, so pass positions"
            )
            msg = f"`{self.argument}` names {player!r}, which is no {self.word}{remedy}"
            raise InvalidClusteringError(msg)
        if isinstance(player, bool) or not 0 <= player < self.n_players:
            msg = f"`{self.argument}` names position {player}, but {self.word}s are 0 to {self.n_players - 1}"
            raise InvalidClusteringError(msg)
        return int(player)
