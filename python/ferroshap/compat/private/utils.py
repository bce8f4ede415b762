"""What `shap.utils` has beside its users' names; bound to our room of that name while the alias is on."""

import importlib
from typing import Any

import numpy as np

from ferroshap.clustering import hclust, hclust_ordering, partition_tree
from ferroshap.seeds import as_seed

__all__ = [
    "assert_import",
    "hclust",
    "hclust_ordering",
    "partition_tree",
    "partition_tree_shuffle",
    "record_import_error",
]

_failed: dict[str, ImportError] = {}


def record_import_error(package_name: str, msg: str, e: ImportError) -> None:
    """Remember why an optional package could not be imported.

    Parameters
    ----------
    package_name : str
        Its name.
    msg : str
        What to tell whoever needs it.
    e : ImportError
        What happened.
    """
    e.add_note(msg)
    _failed[package_name] = e


def assert_import(package_name: str) -> None:
    """Raise what was recorded of a package, or what importing it raises.

    Examples
    --------
    >>> assert_import("numpy")
    """
    if package_name in _failed:
        raise _failed[package_name]
    importlib.import_module(package_name)


def partition_tree_shuffle(indexes: Any, index_mask: Any, partition_tree: Any, rng: Any = None) -> None:
    """Write the chosen leaves of a tree in a random order in which every branch stays together.

    Parameters
    ----------
    indexes : array of int, one place for each chosen leaf
        Written over.
    index_mask : array of bool, ``(n_leaves,)``
        Which leaves are chosen.
    partition_tree : array of shape ``(n_leaves - 1, 4)``
        A SciPy linkage.
    rng : int, Generator or None
        Seed of the order; the global generator is left alone.

    Examples
    --------
    >>> places = np.empty(3, dtype=int)
    >>> partition_tree_shuffle(places, [True, True, True], [[0, 1, 0.1, 2], [2, 3, 0.5, 3]])
    >>> abs(int(np.flatnonzero(places == 0)[0] - np.flatnonzero(places == 1)[0]))
    1
    """
    chosen, draws = np.asarray(index_mask, dtype=bool), np.random.default_rng(as_seed(rng))
    n_leaves, children = len(chosen), np.asarray(partition_tree)[:, :2].astype(int)
    waiting = [n_leaves + len(children) - 1]
    order: list[int] = []
    while waiting:
        node = waiting.pop()
        if node < n_leaves:
            order += [node] if chosen[node] else []
        else:
            waiting += draws.permutation(children[node - n_leaves]).tolist()
    indexes[:] = order
