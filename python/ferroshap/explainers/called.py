"""Explainers whose masker is a function, one for each route that can call it."""

from typing import Any

from ferroshap.clustering import n_coalitions, tree_from_linkage
from ferroshap.errors import BudgetError, InvalidClusteringError
from ferroshap.estimators import Auto, Exact, Method, Owen, Permutation, as_method
from ferroshap.explainers.called_route import CalledRoute
from ferroshap.explainers.calls import positive
from ferroshap.explainers.exact import ExactExplainer
from ferroshap.explainers.kernel import SPARE_EVALUATIONS, KernelExplainer
from ferroshap.explainers.partition import MAX_EVALS as MAX_EVALS_OF_TREES
from ferroshap.explainers.partition import PartitionExplainer
from ferroshap.explainers.permutation import MAX_EVALS, PermutationExplainer
from ferroshap.run.loop import N_ENDPOINTS


class CalledExactExplainer(CalledRoute, ExactExplainer):
    """Exact values under a masker that is a function; Owen values where it has a tree.

    Made by :class:`ExactExplainer`.

    Examples
    --------
    >>> import numpy as np
    >>> explainer = ExactExplainer(lambda X: X[:, 0] * X[:, 1], lambda mask, x: (x * mask)[None])
    >>> explainer(np.array([[2.0, 3.0]])).values
    array([[3., 3.]])
    """

    of_tables = ExactExplainer
    method: Any = None

    def _chosen(self, n_players: int, clustering: Any, given: dict[str, Any]) -> tuple[Method, Any]:
        most = 100_000 if given["max_evals"] == "auto" else positive(given["max_evals"], "max_evals")
        method: Method = Exact() if clustering is None else Owen(tree=clustering, sampling="exact")

        def granted(playing: int) -> int:
            count = 2**playing if clustering is None else n_coalitions(tree_from_linkage(clustering, n_players))
            if count > most:
                msg = (
                    f"`max_evals` is {most}, but {playing} players have {count} coalitions: raise it, or use "
                    "PermutationExplainer"
                )
                raise BudgetError(msg)
            return int(count)

        return method, granted


class CalledPermutationExplainer(CalledRoute, PermutationExplainer):
    """Values by joining orders under a masker that is a function; along its tree, where it has one.

    Made by :class:`PermutationExplainer`.
    """

    of_tables = PermutationExplainer
    method: Any = None

    def _chosen(self, n_players: int, clustering: Any, given: dict[str, Any]) -> tuple[Method, Any]:
        del n_players
        if self._method is not None:
            method = as_method(self._method)
        else:
            method = Permutation() if clustering is None else Owen(tree=clustering, sampling="orders")
        return method, lambda playing: _budget(given["max_evals"], MAX_EVALS, playing)


class CalledKernelExplainer(CalledRoute, KernelExplainer):
    """Values by regression under a masker that is a function.

    Made by :class:`KernelExplainer`.
    """

    of_tables = KernelExplainer
    method: Any = None

    def _chosen(self, n_players: int, clustering: Any, given: dict[str, Any]) -> tuple[Method, Any]:
        del n_players, clustering
        method = Auto() if self._method is None else as_method(self._method)
        nsamples = given["nsamples"]

        def granted(playing: int) -> int:
            if isinstance(nsamples, str) and nsamples == "auto":
                return 2 * playing + SPARE_EVALUATIONS + N_ENDPOINTS
            return positive(nsamples, "nsamples") + N_ENDPOINTS

        return method, granted


class CalledPartitionExplainer(CalledRoute, PartitionExplainer):
    """Owen values along the tree of a masker that is a function.

    Made by :class:`PartitionExplainer`.
    """

    of_tables = PartitionExplainer
    method: Any = None

    def _chosen(self, n_players: int, clustering: Any, given: dict[str, Any]) -> tuple[Method, Any]:
        if clustering is None and n_players > 1:
            msg = (
                f"`masker` is {self.masker!r}, which has no `clustering` of its {n_players} players: give it one, or "
                "use PermutationExplainer"
            )
            raise InvalidClusteringError(msg)
        method = Owen(tree=clustering, sampling=self._sampling) if n_players > 1 else Exact()
        return method, lambda playing: _budget(given["max_evals"], MAX_EVALS_OF_TREES, playing)


def _budget(max_evals: Any, untouched: int, playing: int) -> int:
    least = 2 * playing + 1
    if max_evals is untouched:
        return max(int(untouched), least)
    if isinstance(max_evals, str) and max_evals == "auto":
        return 10 * least
    granted = positive(max_evals, "max_evals")
    if granted < least:
        msg = f"`max_evals` is {granted}, but {playing} players need at least {least}: raise it, or pass 'auto'"
        raise BudgetError(msg)
    return granted


CLASSES = {
    "ExactExplainer": CalledExactExplainer,
    "KernelExplainer": CalledKernelExplainer,
    "PartitionExplainer": CalledPartitionExplainer,
    "PermutationExplainer": CalledPermutationExplainer,
}


def for_called(cls: type) -> type:
    """Return the subclass of a route whose masker is called; the class itself where it calls none."""
    if hasattr(cls, "of_tables") or not cls.__module__.startswith("ferroshap."):
        return cls
    return CLASSES.get(cls.__name__, cls)
