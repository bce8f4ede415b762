"""Each cluster of a tree looked at once: with nobody else present, or with everybody else."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.clustering import Tree
from ferroshap.errors import BudgetError, OptionError
from ferroshap.explainers.rows import RowsExplained
from ferroshap.game import Players
from ferroshap.progress import Progress
from ferroshap.run import Outcome, Source
from ferroshap.run.ahead import in_batches, worths_ahead
from ferroshap.run.loop import N_ENDPOINTS

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Clusters:
    """The nodes of a tree, parents before their children, the root first.

    Attributes
    ----------
    parents : list of int
        The node above each; -1 for the root.
    members : bool ndarray ``(n_nodes, n_players)``
        The players of each.
    """

    parents: list[int]
    members: NDArray[np.bool_]


def clusters_of(tree: Tree, n_players: int) -> Clusters:
    """List the nodes of a tree.

    Examples
    --------
    >>> clusters_of((2, (0, 1)), 3).parents
    [-1, 0, 0, 2, 2]
    """
    nodes: list[Tree] = [tree]
    parents = [-1]
    for node, children in enumerate(nodes):  # which grows meanwhile
        if isinstance(children, tuple):
            nodes.extend(children)
            parents.extend([node] * len(children))
    members = np.zeros((len(nodes), n_players), dtype=np.bool_)
    for node in range(len(nodes) - 1, -1, -1):
        player = nodes[node]
        if isinstance(player, int):
            members[node, player] = True
        if parents[node] >= 0:
            members[parents[node]] |= members[node]
    return Clusters(parents, members)


def shared_out(clusters: Clusters, gains: Floats, is_known: NDArray[np.bool_]) -> Floats:
    """Give players what the clusters above them gain beyond their children, equal shares: ``(n_players, n_outputs)``.

    `gains` is ``(n_nodes, n_outputs)``. A cluster with a child whose gain is not known shares all of its own.
    """
    n_nodes, n_players = clusters.members.shape
    of_children = np.zeros_like(gains)
    is_split = np.zeros(n_nodes, dtype=np.bool_)
    is_split[clusters.parents[1:]] = True
    for node in range(1, n_nodes):
        of_children[clusters.parents[node]] += gains[node]
        is_split[clusters.parents[node]] &= is_known[node]
    values = np.zeros((n_players, gains.shape[1]))
    is_reached = np.ones(n_nodes, dtype=np.bool_)
    for node in range(n_nodes):
        parent = clusters.parents[node]
        is_reached[node] = parent < 0 or (is_reached[parent] and is_split[parent])
        if is_reached[node]:
            own = gains[node] - of_children[node] if is_split[node] else gains[node]
            inside = clusters.members[node]
            values[inside] += own / inside.sum()
    return values


class FixedContextRows(RowsExplained):
    """Values of rows by the gain of each cluster in one context."""

    context: int

    def _play_part(
        self, part: Players, budget: int, row_key: int, deadline: float | None, progress: Progress
    ) -> Iterator[None]:
        del row_key
        source = self.source(part)
        clusters = clusters_of(self.reference.masker.tree, part.n_players)
        n_asked = len(clusters.parents) - 1
        if n_asked + N_ENDPOINTS > budget:
            msg = (
                f"`max_evals` is {budget}, but `fixed_context={self.context}` looks at {n_asked} clusters and both "
                f"endpoints: raise it to {n_asked + N_ENDPOINTS}"
            )
            raise BudgetError(msg)
        present = clusters.members[1:] if self.context == 0 else ~clusters.members[1:]
        words = _native.pack_coalitions(np.ascontiguousarray(present))
        worths = np.full((n_asked, source.n_outputs), np.nan)
        n_told = 0
        batches = in_batches(words, np.zeros(n_asked, dtype=np.uint32), source.evaluations_per_batch())
        batches = takewhile(lambda _: deadline is None or time.monotonic() < deadline, batches)
        try:
            for found in worths_ahead(source, batches):
                worths[n_told : n_told + len(found)] = found
                n_told += len(found)
                progress.add(len(found) * len(part.rows))
                yield
        finally:
            # If the model failed or Ctrl-C came, clusters that are not known share what those above gain.
            self._record(part, self._outcome(clusters, worths, n_told, source))
        self.finish_part(part, source)

    def _outcome(self, clusters: Clusters, worths: Floats, n_told: int, source: Source) -> Outcome:
        ends = source.endpoints()
        empty, full = ends.base, ends.full
        gains = np.vstack([full - empty, worths - empty if self.context == 0 else full - worths])
        is_known = np.arange(len(gains)) <= n_told
        gains[~is_known] = 0.0
        values = shared_out(clusters, gains, is_known)
        status = "EXACT" if is_known.all() else "INTERRUPTED"
        nothing = np.zeros(len(full))
        unknown = np.full(source.n_rows, np.nan)
        return Outcome(values, np.zeros_like(values), unknown, empty, nothing, n_told + N_ENDPOINTS, status, None)


class WithoutOthers(FixedContextRows):
    """Each cluster with nobody else present."""

    context = 0


class WithOthers(FixedContextRows):
    """Each cluster with everybody else present."""

    context = 1


def rows_in_context(fixed_context: Any, *, main_effects: bool) -> type[RowsExplained]:
    """Return how rows are explained in a context.

    Raises
    ------
    OptionError
        For another context than 0 and 1, or beside main effects.
    """
    if isinstance(fixed_context, bool) or fixed_context not in {0, 1}:
        msg = f"`fixed_context` is {fixed_context!r}, but must be 0, 1 or None"
        raise OptionError(msg)
    if main_effects:
        msg = "`main_effects` and `fixed_context` were given: with fixed_context=0 leaves are looked at alone anyway"
        raise OptionError(msg)
    return WithoutOthers if fixed_context == 0 else WithOthers
