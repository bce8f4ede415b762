"""Gains of the nodes of an image's tree in one context: with nobody else visible, or with everybody else."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.game import Endpoints
from ferroshap.maskers.image_regions import Regions
from ferroshap.run.loop import BlockNumbers, Words

Floats = NDArray[np.float64]

#: Nodes that are split before any worth of them is looked at: part of the definition, whatever the model's batches.
WAVE = 8


class Context:
    """Splits the nodes with the largest gains; what children leave of a node's gain is shared by its pixels.

    A node gains ``v(node) - v({})`` with nobody else, or ``v(N) - v(N without node)`` with everybody else. Values add
    up at every budget, and are no Owen values: two evaluations a node, where those take two in each of its contexts.

    Parameters
    ----------
    regions : Regions
        The players and their tree.
    ends : Endpoints
        Worths of nobody and everybody.
    granted : int
        Evaluations, endpoints counted.
    context : {0, 1}
        Nobody else, or everybody else.
    """

    def __init__(self, regions: Regions, ends: Endpoints, granted: int, context: int) -> None:
        """Begin with the root."""
        self._regions, self._ends, self._with_others = regions, ends, bool(context)
        self._spare = granted - 2
        n = regions.n_players
        merges = regions.merges or (np.empty(0, dtype=np.uint32),) * 2
        self._children = np.stack(merges, axis=1).astype(np.int64)
        self._first, self._last, self._order = _intervals(self._children, n)
        self._areas = np.concatenate([[0.0], np.cumsum(regions.areas[self._order])])
        root = 2 * n - 2
        self._gains: dict[int, Floats] = {root: ends.full - ends.base}
        #: What is at stake in nodes to be split, negative, which came first, and who they are.
        self._queue: list[tuple[float, int, int]] = []
        self._n_seen = 0
        #: Nodes asked for, in order; those before `_n_begun` were handed out, those before `_n_told` are known.
        self._asked: list[int] = []
        self._n_begun = self._n_told = 0
        self._parents: dict[int, int] = {}
        self._enter(root)

    def ask(self, max: int, /) -> tuple[int, Words, BlockNumbers]:  # noqa: A002 - the core's name
        """Return the coalitions of the next wave, at most `max` of them at a time."""
        if self._n_begun == len(self._asked) == self._n_told:
            self._begin_wave()
        first = self._n_begun
        self._n_begun = min(len(self._asked), first + max)
        nodes = self._asked[first : self._n_begun]
        return first, self._words(nodes), np.zeros(len(nodes), dtype=np.uint32)

    def tell(self, first: int, worths: Floats, /) -> None:
        """Take the worths of the nodes from number `first` on."""
        for node, worth in zip(self._asked[first:], worths, strict=False):
            self._gains[node] = self._ends.full - worth if self._with_others else worth - self._ends.base
            self._enter(node)
        self._n_told = first + len(worths)

    def estimate(self, n_threads: int, /, *surrogates: Any) -> tuple[Any, ...]:
        """Share what nodes gain beyond their children among their pixels, in proportion to areas."""
        del n_threads, surrogates
        n = self._regions.n_players
        in_order = np.zeros((n, len(self._ends.full)))  # what a pixel gets
        is_whole = True
        for node, gain in self._gains.items():
            if node in self._parents and not self._is_split(self._parents[node]):
                continue  # its sibling is not known: the parent shares all of its gain
            if self._is_split(node):
                left, right = self._children[node - n].tolist()
                own = gain - self._gains[left] - self._gains[right]
            else:
                own, is_whole = gain, is_whole and node < n
            first, last = self._first[node], self._last[node]
            in_order[first:last] += own / (self._areas[last] - self._areas[first])
        values = np.empty_like(in_order)
        values[self._order] = in_order
        values *= self._regions.areas[:, None]
        gain = self._ends.full - self._ends.base
        status = "EXACT" if is_whole else "BUDGET_SPENT"
        errors = np.full_like(values, 0.0 if is_whole else np.nan)
        return values, errors, np.array([np.nan]), self._ends.base, np.zeros_like(gain), self._n_told, status, None

    def _enter(self, node: int) -> None:
        if node >= self._regions.n_players:
            heappush(self._queue, (-float(np.abs(self._gains[node]).max()), self._n_seen, node))
            self._n_seen += 1

    def _begin_wave(self) -> None:
        for _ in range(WAVE):
            if not self._queue or self._spare < 2:
                return
            _, _, node = heappop(self._queue)
            children = self._children[node - self._regions.n_players].tolist()
            self._asked += children
            self._parents |= dict.fromkeys(children, node)
            self._spare -= 2

    def _words(self, nodes: Sequence[int]) -> Words:
        """The coalitions of nodes: their players, or all others."""
        n = self._regions.n_players
        present = np.full((len(nodes), n), self._with_others)
        for row, node in zip(present, nodes, strict=True):
            row[self._order[self._first[node] : self._last[node]]] ^= True
        return _native.pack_coalitions(present)

    def _is_split(self, node: int) -> bool:
        """Whether both children are known."""
        n = self._regions.n_players
        return node >= n and all(child in self._gains for child in self._children[node - n].tolist())


def _intervals(
    children: NDArray[np.int64], n_players: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Bring players into an order in which each node is an interval: its first and last place, and the order."""
    n_nodes = 2 * n_players - 1
    sizes = np.ones(n_nodes, dtype=np.int64)
    for node, (left, right) in enumerate(children.tolist()):
        sizes[n_players + node] = sizes[left] + sizes[right]
    first = np.zeros(n_nodes, dtype=np.int64)
    for node in range(len(children) - 1, -1, -1):
        left, right = children[node]
        first[left] = first[n_players + node]
        first[right] = first[left] + sizes[left]
    order = np.empty(n_players, dtype=np.int64)
    order[first[:n_players]] = np.arange(n_players)
    return first, first + sizes, order
