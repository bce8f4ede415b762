"""Features that tell much the same stand together, and share a row before one of them is left out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap.clustering import checked_linkage
from ferroshap.explanation import Explanation
from ferroshap.plots.reading.ordering import Rows, numbers_of, ordered, rows_of

Rank = Callable[[list[np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Bracket:
    """Where two branches meet: the rows that they come from, their heights, and the height of their meeting."""

    rows: tuple[float, float]
    heights: tuple[float, float]
    height: float


def clustering_of(explanation: Explanation, clustering: Any) -> np.ndarray | None:
    """The tree to draw by: the one given, else the Explanation's own if all rows share it; False: none.

    Raises
    ------
    InvalidClusteringError
        If what was given is no linkage of the features.
    """
    if clustering is False:
        return None
    n_features = explanation.shape[explanation.axes.index("feature")]
    if clustering is not None:
        return checked_linkage(clustering, n_features)
    known = explanation.clustering
    if known is None or n_features < 2:
        return None
    known = np.asarray(known, dtype=float)
    if known.ndim == 3:
        known = known[0] if len(known) and (known == known[0]).all() else known[:0]
    return known if known.shape == (n_features - 1, 4) else None


def ranking(order: Any, explanations: list[Explanation]) -> Rank:
    """Rank groups of features by the order asked for, strongest first.

    A chain is applied to the values of the groups, each the sum of its
    features'; numbers and positions that were given rank a group by its best
    feature. Of several Explanations, numbers are averaged, and else places.
    """
    features = explanations[0].axes.index("feature")

    def rank(groups: list[np.ndarray]) -> np.ndarray:
        if all(len(group) == 1 for group in groups):
            places = _places(order, explanations)
        elif not _is_chain(order):
            best = _places(order, explanations)
            places = np.array([best[group].min() for group in groups])
        else:
            places = _places(order, [_summed(one, groups, features) for one in explanations])
        line: np.ndarray = np.argsort(places, kind="stable")
        return line

    return rank


def _places(order: Any, explanations: list[Explanation]) -> np.ndarray:
    """The place of each feature in the order, 0 for the first."""
    read = [numbers_of(order, one) for one in explanations]
    if len(read) > 1 and not any(are_positions for _, are_positions in read):
        numbers = [np.nan_to_num(one.astype(float)) for one, _ in read]
        return _inverse(ordered(np.mean(numbers, axis=0), explanations[0]))
    places: np.ndarray = np.mean([_inverse(ordered(order, one)) for one in explanations], axis=0)
    return places


def _is_chain(order: Any) -> bool:
    return type(order).__name__ == "OpChain"  # ours, or the incumbent's


def _inverse(order: np.ndarray) -> np.ndarray:
    places = np.empty(len(order))
    places[order] = np.arange(len(order))
    return places


def _summed(explanation: Explanation, groups: list[np.ndarray], axis: int) -> Explanation:
    values = np.asarray(explanation.values, dtype=float)
    sums = [np.take(values, group, axis=axis).sum(axis=axis) for group in groups]
    return Explanation(np.stack(sums, axis=axis), axes=explanation.axes)


def arranged(
    rank: Rank,
    strengths: np.ndarray,
    max_display: int | None,
    tree: tuple[np.ndarray | None, float] = (None, 0.0),
    *,
    group: bool = True,
) -> tuple[Rows, list[Bracket]]:
    """Lay features out in rows, strongest first, those of a cluster next to each other.

    Parameters
    ----------
    rank : function
        From groups of features to their order.
    strengths : ndarray of shape ``(features,)``
        How much each matters: the two weakest that belong together share a row first.
    max_display : int or None
        Rows that there may be.
    tree : pair
        A linkage or None, and the height up to which its branches count.
    group : bool
        Whether the last row sums what remains.

    Returns
    -------
    Rows and the brackets that are drawn beside them.
    """
    linkage, cutoff = tree
    if linkage is None:
        return rows_of(rank([np.array([i]) for i in range(len(strengths))]), max_display, group=group), []
    clusters = Clusters(linkage, cutoff)
    rows_of(np.arange(len(strengths)), max_display)  # refuses a wrong `max_display`
    limit = np.inf if max_display is None else max_display
    line = clusters.line(rank)
    while len(line) > limit and clusters.is_cut(line, int(limit) - group) and clusters.merge(strengths):
        line = clusters.line(rank)
    n_shown = len(line) if len(line) <= limit else int(limit) - group
    groups = tuple(np.sort(clusters.leaves[node]) for node in line)
    strongest = np.array([one[np.argmax(strengths[one])] for one in groups[:n_shown]], dtype=np.intp)
    rest = np.concatenate([np.zeros(0, np.intp), *groups[n_shown:]]) if group else np.zeros(0, np.intp)
    has_sums = any(len(one) > 1 for one in groups[:n_shown])
    rows = Rows(strongest, rest, groups[:n_shown] if has_sums else ())
    return rows, clusters.brackets(line[:n_shown])


class Clusters:
    """A tree whose branches below the cutoff stay together; leaves that were merged count as one."""

    def __init__(self, linkage: np.ndarray, cutoff: float) -> None:
        self.n_features = len(linkage) + 1
        self.children = linkage[:, :2].astype(int)
        self.heights = linkage[:, 2]
        self.cutoff = cutoff
        self.leaves = {i: np.array([i]) for i in range(self.n_features)}
        self._root_of: dict[int, int] = {}

    def line(self, rank: Rank) -> list[int]:
        """Put the leaves into rows: clusters by their best leaf, and inside them no branch is torn apart."""
        nodes = list(self.leaves)
        best = np.full(self.n_features + len(self.children), np.inf)
        best[np.array(nodes)[rank(list(self.leaves.values()))]] = np.arange(len(nodes))
        for k, pair in enumerate(self.children):
            best[self.n_features + k] = min(best[self.n_features + k], best[pair].min())
        roots = sorted(self._roots(), key=lambda node: best[node])
        self._root_of = {}
        ordered_leaves = []
        for root in roots:
            stack = [root]
            while stack:
                node = stack.pop()
                if node in self.leaves:
                    self._root_of[node] = root
                    ordered_leaves.append(node)
                else:
                    stack += sorted(self.children[node - self.n_features].tolist(), key=lambda one: -best[one])
        return ordered_leaves

    def is_cut(self, line: list[int], n_shown: int) -> bool:
        """Tell whether the end of the picture would go through a cluster."""
        return 0 < n_shown < len(line) and self._root_of[line[n_shown - 1]] == self._root_of[line[n_shown]]

    def merge(self, strengths: np.ndarray) -> bool:
        """Let the two weakest leaves that are next of kin share a row; False if there are none below the cutoff."""
        pairs = [
            (float(sum(strengths[self.leaves[node]].sum() for node in pair)), k)
            for k, pair in enumerate(self.children.tolist())
            if self.heights[k] <= self.cutoff and all(node in self.leaves for node in pair)
        ]
        if not pairs:
            return False
        _, k = min(pairs)
        parts = [self.leaves.pop(node) for node in self.children[k].tolist()]
        self.leaves[self.n_features + k] = np.concatenate(parts)
        return True

    def brackets(self, shown: list[int]) -> list[Bracket]:
        """The branches below the cutoff whose leaves are all shown."""
        place: dict[int, float] = {node: float(row) for row, node in enumerate(shown)}
        height = dict.fromkeys(shown, 0.0)
        found = []
        for k, (left, right) in enumerate(self.children.tolist()):
            if self.heights[k] <= self.cutoff and left in place and right in place:
                node = self.n_features + k
                found.append(
                    Bracket((place[left], place[right]), (height[left], height[right]), float(self.heights[k]))
                )
                place[node], height[node] = (place[left] + place[right]) / 2, float(self.heights[k])
        return found

    def _roots(self) -> list[int]:
        """The highest branches below the cutoff, and the leaves that are in none."""
        stack, roots = [self.n_features + len(self.children) - 1], []
        while stack:
            node = stack.pop()
            if node in self.leaves or self.heights[node - self.n_features] <= self.cutoff:
                roots.append(node)
            else:
                stack += self.children[node - self.n_features].tolist()
        return roots
