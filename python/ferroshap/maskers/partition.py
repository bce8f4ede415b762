"""A hierarchy of the players, for values that respect it."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ferroshap.clustering import (
    Tree,
    as_tree,
    checked_linkage,
    column_distances,
    linkage,
    linkage_from_tree,
    relabelled_linkage,
    relabelled_tree,
    tree_from_linkage,
)
from ferroshap.errors import InvalidClusteringError, InvalidMaskerError
from ferroshap.maskers.independent import Independent
from ferroshap.maskers.masker import Masker

Floats = NDArray[np.float64]


class Partition(Masker):
    """Give the players a tree, whose clusters join and leave coalitions as one.

    Absent columns are filled as before; what changes are the values: a cluster receives what it is worth as a
    player among its siblings, and shares it among its members (Owen values). Columns that tell the same then share
    what one of them is worth, and a tree takes about as many evaluations as the square of its players where it is
    balanced.

    Parameters
    ----------
    data : array, frame, sparse matrix, summary of a background, or masker
        The background; or any masker for tables, whose filling is used. Over :class:`Groups` the leaves of the tree
        are the groups.
    max_samples : int, optional
        Keep that many random rows of a background. All rows by default.
    clustering : str, dict, list, tuple, linkage array or None
        The tree. A metric of :func:`ferroshap.clustering.column_distances`: columns are clustered by single linkage
        ("correlation" for tables of numbers, "association" for any table). An array of shape
        ``(n_players - 1, 4)``: SciPy's linkage format. None: a root with every player as its child, so that values
        are Shapley values. A nested dict or list of names or positions:
        ``{"person": ["age", "sex"], "blood": {"lipids": ["s1", "s2"], "glucose": "s6"}}``; players named nowhere are
        children of the root.
    weights : array of shape ``(n_background,)``, optional
        Non-negative weights of the rows; clusters feel them as well.

    Attributes
    ----------
    tree : nested tuples of int
        The players, siblings in a tuple; a single player is its number.
    clustering : ndarray of shape ``(n_players - 1, 4)``, or None
        The tree in SciPy's linkage format, None where a node has more than two children. Without distances of
        clusters to take, a cluster has the number of levels below it, as a share of the root's.

    Raises
    ------
    InvalidClusteringError
        When the tree does not fit the players, naming what does not; when the metric cannot take a column.
    InvalidMaskerError
        When a masker was given along with `max_samples` or `weights`, or its players have a tree already.

    References
    ----------
    Owen (1977), "Values of games with a priori unions"; Winter (1989), "A value for cooperative games with levels
    structure of cooperation".

    Examples
    --------
    >>> masker = Partition([[0.0, 0.0, 1.0], [1.0, 2.0, 0.0], [2.0, 4.0, 1.0]])
    >>> masker.tree
    (2, (0, 1))
    >>> Partition(np.zeros((1, 4)), clustering={"left": [0, 1], "right": [2, 3]}).tree
    ((0, 1), (2, 3))
    """

    tree: Tree

    def __init__(
        self, data: Any, max_samples: int | None = None, clustering: Any = "correlation", *, weights: Any = None
    ) -> None:
        """Read the background and make the tree."""
        inner = _filling(data, max_samples, weights)
        self.inner: Masker = inner
        self.table, self.weights, self.units = inner.table, inner.weights, inner.units
        self.n_summarised = inner.n_summarised
        self.is_conditional = inner.is_conditional
        self.clustering: Floats | None
        self.tree, self.clustering = _tree_and_linkage(clustering, inner)

    @property
    def filler(self) -> Masker:
        """The masker that fills absent columns."""
        return self.inner.filler

    def reordered(self, positions: Any) -> Self:
        """Give the same masker for a table whose columns are those at `positions`, in that order."""
        twin = super().reordered(positions)
        twin.inner = self.inner.reordered(positions)
        if self.units is None:
            place = np.argsort(np.asarray(positions))
            if self.clustering is None:
                twin.tree = relabelled_tree(self.tree, place)
            else:
                twin.clustering = relabelled_linkage(self.clustering, place)
                twin.tree = tree_from_linkage(twin.clustering, self.n_players)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs; a binary tree as its linkage array, as pickle cannot go deep into tuples."""
        state = self.__dict__.copy()
        if self.clustering is not None:
            del state["tree"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read a pickle."""
        self.__dict__.update(state)
        if self.clustering is not None:
            self.tree = tree_from_linkage(self.clustering, self.n_players)

    def __repr__(self) -> str:
        """Name what fills, and count the players."""
        return f"Partition({self.inner!r}, {self.n_players} players)"


def _filling(data: Any, max_samples: int | None, weights: Any) -> Masker:
    """The masker that is meant by a background, or the masker itself."""
    if not isinstance(data, Masker):
        return Independent(data, max_samples, weights=weights)
    name = type(data).__name__
    given = [key for key, value in (("max_samples", max_samples), ("weights", weights)) if value is not None]
    if given:
        msg = f"`{given[0]}` and a masker were given: pass it to maskers.{name}(data, {given[0]}=...)"
        raise InvalidMaskerError(msg)
    if data.tree is not None:
        msg = f"`data` is {data!r}, whose players have a tree already: give maskers.Partition the masker inside it"
        raise InvalidMaskerError(msg)
    return data


def _tree_and_linkage(clustering: Any, masker: Masker) -> tuple[Tree, Floats | None]:
    n_players = masker.n_players
    if clustering is None:
        return tuple(range(n_players)) if n_players > 1 else 0, None
    if isinstance(clustering, dict | list | tuple):
        word = "column" if masker.units is None else "player"
        tree = as_tree(clustering, masker.feature_names, n_players, word=word)
        found = linkage_from_tree(tree)
        if found is None:
            return tree, None
        table = found  # so that siblings come in the order in which a pickle brings them back
    elif isinstance(clustering, str):
        table = linkage(_player_distances(masker, clustering))
    elif isinstance(clustering, np.ndarray):
        table = checked_linkage(clustering, n_players)
    else:
        msg = (
            f"`clustering` is {clustering!r}, but must be a metric such as 'correlation', a linkage array, "
            "or a nested dict or list of columns"
        )
        raise InvalidClusteringError(msg)
    return tree_from_linkage(table, n_players), table


def _player_distances(masker: Masker, metric: str) -> Floats:
    """Distances of the players; of groups the least between their columns, as single linkage has it."""
    distances = column_distances(masker.table, metric, weights=masker.weights)
    if masker.units is None:
        return distances
    starts = np.cumsum([0, *map(len, masker.units.columns)])[:-1]
    order = np.concatenate(masker.units.columns)
    apart = np.minimum.reduceat(distances[np.ix_(order, order)], starts, axis=0)
    least: Floats = np.minimum.reduceat(apart, starts, axis=1)
    np.fill_diagonal(least, 0.0)
    return least
